//! The switch as others may look at it: gateways, phones, who is shut out, signalling. Nothing here
//! starts, changes or ends a call, but for a key of a phone that is pressed as its user would.

use std::{
    collections::{HashMap, VecDeque},
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use engine::ids::CallId;
pub use switch::{
    AddressStatus, Ban, Capabilities, GatewayState, GatewayStatus, LegId, PhoneKey, Registration,
    Traced,
};
use switch::{Refused, Switch};

/// Calls whose legs are remembered; the oldest go first.
const REMEMBERED: usize = 20_000;

/// A phone that has not answered to a key by then does not answer.
const PHONE_PATIENCE: Duration = Duration::from_secs(3);

/// A key of a phone was pressed to no effect; its call is as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotPressed {
    #[error("no call is there that the key is for")]
    NoCall,
    #[error("the phone lets nobody press that key")]
    NotTaken,
    /// With this SIP status, as 489 or 481.
    #[error("the phone answered {0}")]
    Refused(u16),
    #[error("the phone did not answer within three seconds")]
    Silent,
}

/// A handle on the lines; cheap to clone. That of a floor that has ended has none.
#[derive(Clone, Default)]
pub struct Lines {
    switch: Option<Arc<dyn Switch>>,
    legs: Arc<Mutex<Legs>>,
}

/// The legs that each call had.
#[derive(Default)]
struct Legs {
    of: HashMap<CallId, Vec<LegId>>,
    order: VecDeque<CallId>,
}

/// One leg's messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegTrace {
    pub leg: LegId,
    pub messages: Vec<Traced>,
}

impl std::fmt::Debug for Lines {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lines").finish_non_exhaustive()
    }
}

impl Lines {
    /// The lines of a switch.
    #[must_use]
    pub fn of(switch: Arc<dyn Switch>) -> Self {
        Self {
            switch: Some(switch),
            legs: Arc::default(),
        }
    }

    /// What the switch can do beyond the basic verbs. Lines without a switch, on which nothing can be
    /// done at all, hide nothing.
    #[must_use]
    pub fn capabilities(&self) -> Capabilities {
        let all = Capabilities {
            machine_detection: true,
            speech_detection: true,
            recording: true,
            mixing: true,
        };
        let able = self.switch.as_deref().map(Switch::capabilities);
        able.unwrap_or(all)
    }

    /// How every gateway is, those included whose name has no address.
    #[must_use]
    pub fn gateways(&self) -> Vec<GatewayStatus> {
        self.ask(|switch| switch.gateways())
    }

    /// Every contact of every registered phone.
    #[must_use]
    pub fn registrations(&self) -> Vec<Registration> {
        self.ask(|switch| switch.registrations())
    }

    /// Forgets a phone's contacts; false when it has none.
    #[must_use]
    pub fn drop_registration(&self, extension: &str) -> bool {
        let dropped = self
            .switch
            .as_ref()
            .map(|it| it.drop_registration(extension));
        matches!(dropped, Some(Ok(())))
    }

    /// Presses a key at the phone of an extension over SIP, and waits for its answer, at most three
    /// seconds. What the phone does then the floor hears as of the phone's own.
    ///
    /// # Errors
    /// [`NotPressed`].
    pub async fn press(&self, extension: &str, key: PhoneKey) -> Result<(), NotPressed> {
        let pressed = self.switch.as_ref().map(|it| it.press(extension, key));
        let answer = match pressed {
            Some(Ok(answer)) => answer,
            Some(Err(Refused::NoSuchLeg)) => return Err(NotPressed::NoCall),
            Some(Err(_)) | None => return Err(NotPressed::NotTaken),
        };
        match tokio::time::timeout(PHONE_PATIENCE, answer).await {
            Ok(Ok(200..300)) => Ok(()),
            Ok(Ok(408)) | Err(_) => Err(NotPressed::Silent),
            Ok(Ok(status)) => Err(NotPressed::Refused(status)),
            // The call was over before the phone answered.
            Ok(Err(_)) => Err(NotPressed::NoCall),
        }
    }

    /// The addresses that are shut out, the newest first.
    #[must_use]
    pub fn bans(&self) -> Vec<Ban> {
        self.ask(|switch| switch.bans())
    }

    /// Listens again to an address; false when it was not shut out.
    #[must_use]
    pub fn pardon(&self, source: IpAddr) -> bool {
        let banned = self.bans().iter().any(|ban| ban.source == source);
        if let (Some(switch), true) = (&self.switch, banned) {
            switch.pardon(source);
        }
        banned
    }

    /// The signalling of a call's legs in the order in which they came up, as far as it is
    /// remembered: of the newest calls, those over included.
    #[must_use]
    pub fn trace(&self, call: CallId) -> Vec<LegTrace> {
        let legs = self.legs().of.get(&call).cloned().unwrap_or_default();
        let Some(switch) = &self.switch else {
            return Vec::new();
        };
        let traced = legs.into_iter().map(|leg| LegTrace {
            leg,
            messages: switch.trace(leg),
        });
        traced.filter(|leg| !leg.messages.is_empty()).collect()
    }

    /// Notes that a leg belongs to a call.
    pub(crate) fn note(&self, call: CallId, leg: LegId) {
        let mut legs = self.legs();
        let is_new = !legs.of.contains_key(&call);
        let known = legs.of.entry(call).or_default();
        if known.contains(&leg) {
            return;
        }
        known.push(leg);
        if is_new {
            legs.order.push_back(call);
        }
        if legs.order.len() > REMEMBERED
            && let Some(oldest) = legs.order.pop_front()
        {
            legs.of.remove(&oldest);
        }
    }

    fn legs(&self) -> std::sync::MutexGuard<'_, Legs> {
        self.legs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ask<T: Default>(&self, ask: impl Fn(&dyn Switch) -> T) -> T {
        self.switch.as_deref().map(ask).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_lines_can_do_what_their_switch_can() {
        let (simple, _far) = switch::sim::pair("gw", "hello", Duration::from_secs(1));
        simple.only_bridge();
        let able = simple.capabilities();
        assert!(!able.mixing);
        assert_eq!(Lines::of(simple).capabilities(), able);
        assert!(Lines::default().capabilities().mixing, "hides nothing");
    }
}
