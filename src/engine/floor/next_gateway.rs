//! A gateway could not carry a call: the next one is to.
//!
//! A campaign's dial stays the same attempt, with one INVITE a gateway. It goes on only while nobody's
//! phone can have rung and the dial is still wanted; the DNC lists are asked again, and each gateway
//! takes it under limits of its own.

use super::{By, Call, Command, Ended, Floor, Phase, Role, came_to::outcome_of, way::Out};
use crate::{
    campaign::Settings,
    ids::{CallId, GatewayId, LegId},
    outcome::Outcome,
    time::Millis,
};

impl Floor {
    /// Whether a call whose leg is over, or was never taken (`ended` is `None`), goes on by another
    /// gateway.
    pub(super) fn next_gateway_takes(
        &mut self,
        role: &Role,
        leg: LegId,
        ended: Option<&Ended>,
        now: Millis,
    ) -> bool {
        let by_status = ended.is_none_or(|ended| why_gone(ended) == "gateway");
        match role {
            Role::Customer(call) if self.is_attempt(*call) => self.dial_on(*call, ended, now),
            Role::Customer(call) => by_status && self.dial_back_again(*call, now),
            Role::AgentFor(call) => by_status && self.dial_through_again(*call, leg, now),
            Role::NailedUp(_)
            | Role::Party(_)
            | Role::Own(_)
            | Role::TakesOver(_)
            | Role::Supervisor => false,
        }
    }

    pub(super) fn is_attempt(&self, id: CallId) -> bool {
        let call = self.calls.get(&id);
        call.is_some_and(|call| call.attempt.is_some())
    }

    fn dial_on(&mut self, id: CallId, ended: Option<&Ended>, now: Millis) -> bool {
        let Some(call) = self.calls.get(&id).filter(|call| was_not_heard_of(call)) else {
            return false;
        };
        let is_fault = ended.is_none_or(|ended| outcome_of(call, ended).is_gateway_fault());
        let (Some(gateway), Some(settings)) = (call.gateway.clone(), self.settings_of(call)) else {
            return false;
        };
        let number = call.callee.clone();
        let home = settings.home_country.clone();
        let mut refused = call
            .way
            .out
            .as_ref()
            .map_or_else(Vec::new, |out| out.refused.clone());
        refused.push(gateway.clone());
        let goes_on = is_fault && self.is_still_wanted(call, now);
        if !goes_on || self.next_gateway(id, &refused, now).is_none() {
            return false;
        }
        let leg = LegId(self.numbers.take());
        let Some(call) = self.calls.get_mut(&id) else {
            return false;
        };
        call.phase = Phase::Asking;
        call.customer = None;
        call.holds_channel = false;
        call.ended = ended.cloned();
        call.way.out = Some(Out {
            leg,
            number: number.clone(),
            channel: None,
            shows: None,
            refused,
        });
        self.legs.insert(leg, Role::Customer(id));
        self.gateway_refused(&gateway, now);
        self.ask_in(id, leg, &number, &home, now);
        true
    }

    /// The store has answered about the number of a dial that is to go on.
    pub(super) fn dial_on_checked(&mut self, id: CallId, leg: LegId, allowed: bool, now: Millis) {
        let Some(call) = self.calls.get(&id) else {
            return;
        };
        let out = call.way.out.as_ref();
        if call.phase != Phase::Asking || !out.is_some_and(|out| out.is_asked_about(leg)) {
            return;
        }
        let refused = out.map_or_else(Vec::new, |out| out.refused.clone());
        let wanted = allowed && self.is_still_wanted(call, now);
        let gateway = match wanted {
            true => self.next_gateway(id, &refused, now),
            false => None,
        };
        match gateway {
            Some(gateway) if self.takes(&gateway, now) => {
                self.dial_customer(id, leg, gateway);
            }
            // Its own gateway could not carry it, and that is what it came to.
            _ => self.finish(id, Outcome::Congestion, now),
        }
    }

    fn takes(&mut self, gateway: &GatewayId, now: Millis) -> bool {
        let gateway = self.gateways.get_mut(gateway);
        gateway.is_some_and(|gateway| gateway.state.admit(now).is_ok())
    }

    /// The first gateway of a dial that has room, has not refused it, and through which its caller
    /// number may be shown.
    fn next_gateway(
        &mut self,
        id: CallId,
        refused: &[GatewayId],
        now: Millis,
    ) -> Option<GatewayId> {
        let call = self.calls.get(&id)?;
        let settings = self.settings_of(call)?;
        let pool = settings.gateway.iter().chain(&settings.fallback_gateways);
        let may_show = |id: &&GatewayId| self.callers.pool.fits(&call.caller, Some(*id));
        let pool = pool.filter(|id| !refused.contains(id)).filter(may_show);
        let pool: Vec<GatewayId> = pool.cloned().collect();
        let mut has_room = |id: &GatewayId| {
            let gateway = self.gateways.get_mut(id);
            gateway.is_some_and(|seen| !seen.gone && seen.state.room(now).is_ok())
        };
        pool.into_iter().find(|id| has_room(id))
    }

    /// By what a call is dialled: its test, or its campaign.
    pub(super) fn settings_of<'a>(&'a self, call: &'a Call) -> Option<&'a Settings> {
        let campaign = call.campaign.as_ref().and_then(|id| self.campaigns.get(id));
        let campaign = campaign.map(|campaign| &campaign.spec.settings);
        call.test.as_ref().map(|test| &test.settings).or(campaign)
    }

    /// The INVITE of an attempt leaves.
    pub(super) fn dial_customer(&mut self, id: CallId, leg: LegId, gateway: GatewayId) {
        let Some(call) = self.calls.get(&id) else {
            return;
        };
        let ring_s = self
            .settings_of(call)
            .map_or(30, |settings| settings.ring_timeout_s);
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        call.customer = Some(leg);
        call.phase = Phase::Dialling;
        call.gateway = Some(gateway.clone());
        call.holds_channel = true;
        call.invites += 1;
        let is_first = call.invites == 1;
        let campaign = call.campaign.as_ref().filter(|_| is_first);
        if let Some(campaign) = campaign.and_then(|id| self.campaigns.get_mut(id)) {
            campaign.counts.dialled += 1;
        }
        self.legs.insert(leg, Role::Customer(id));
        self.commands.push_back(Command::Dial {
            leg,
            gateway,
            number: call.callee.clone(),
            caller: call.caller.clone(),
            ring_ms: i64::from(ring_s.max(call.min_ring_s)) * 1000,
        });
    }

    /// The switch did not take an attempt's leg on: no INVITE left.
    pub(super) fn not_dialled(&mut self, id: CallId) {
        let call = self.calls.get_mut(&id);
        let Some(call) = call.filter(|call| call.invites > 0) else {
            return;
        };
        call.invites -= 1;
        let is_none = call.invites == 0;
        let campaign = call.campaign.as_ref().filter(|_| is_none);
        if let Some(campaign) = campaign.and_then(|id| self.campaigns.get_mut(id)) {
            campaign.counts.dialled = campaign.counts.dialled.saturating_sub(1);
        }
    }
}

/// Dialled, and nobody's phone can have rung.
fn was_not_heard_of(call: &Call) -> bool {
    let dialled = call.phase == Phase::Dialling && call.holds_channel;
    dialled && !call.cancelled && call.times.ringing.is_none()
}

/// How a party was lost, in a word.
pub(super) fn why_gone(ended: &Ended) -> &'static str {
    match ended.sip_status {
        None => "hung_up",
        // A 408 of our own making: the gateway said nothing at all.
        Some(408) if ended.by != By::Them => "gateway",
        Some(486 | 600) => "busy",
        Some(408 | 480 | 487) => "no_answer",
        Some(404 | 410 | 484 | 604) => "bad_number",
        Some(500..600) => "gateway",
        Some(_) => "rejected",
    }
}
