//! Outside numbers that agents call for a customer: what an agent's desk is worth at most when
//! somebody else sits at it, and the gate before the INVITE.

use std::collections::{BTreeMap, VecDeque};

use super::{
    Call, Command, Floor, OrderRefused, Role,
    parties::{Party, Reach, Who},
};
use crate::{
    ids::{AgentId, CallId, GatewayId, LegId},
    phone,
    time::Millis,
};

const HOUR_MS: i64 = 3_600_000;

/// Bounds on the outside numbers that one agent can have called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutsideLimits {
    /// Calls to outside numbers at once.
    pub at_once: u32,
    /// Calls to outside numbers within an hour.
    pub per_hour: u32,
    /// Starts of numbers that may not be called.
    pub denied: Vec<String>,
}

impl Default for OutsideLimits {
    fn default() -> Self {
        Self {
            at_once: 4,
            per_hour: 120,
            denied: Vec::new(),
        }
    }
}

/// See the module.
#[derive(Debug, Clone, Default)]
pub(super) struct Outside {
    limits: OutsideLimits,
    /// When each agent had outside numbers called within the last hour.
    made: BTreeMap<AgentId, VecDeque<Millis>>,
}

impl Outside {
    /// Every time in it.
    pub fn times(&mut self) -> impl Iterator<Item = &mut Millis> {
        self.made.values_mut().flatten()
    }
}

impl Floor {
    pub fn limit_outside(&mut self, limits: OutsideLimits) {
        self.outside.limits = limits;
    }

    /// Whether the agent may have this number called now; or counts the call.
    pub(super) fn may_call_outside(
        &mut self,
        by: &AgentId,
        id: CallId,
        number: &str,
        now: Millis,
    ) -> Result<(), OrderRefused> {
        let refused = |code, text: &str| Err(OrderRefused::new(code, text));
        if self.draining {
            return refused("DRAINING", "no new calls: the server is shutting down");
        }
        let Some(call) = self.calls.get(&id) else {
            return Ok(());
        };
        let spellings = phone::spellings(number, &self.home_of(call));
        let gateway = call.gateway.clone();
        let is_of = |call: &&Call| {
            call.agent.as_ref() == Some(by) || call.parties.last_agent.as_ref() == Some(by)
        };
        let is_outside = |party: &&Party| matches!(party.who, Who::Outside(_));
        let calls = self.calls.values().filter(is_of);
        let parties = calls.flat_map(|call| [&call.parties.second, &call.parties.other]);
        let up = parties.flatten().filter(is_outside).count();
        let limits = &self.outside.limits;
        let starts = |number: &String| limits.denied.iter().any(|start| number.starts_with(start));
        if spellings.iter().any(starts) {
            return refused("BARRED", "that number may not be called");
        }
        if up >= limits.at_once as usize {
            return refused(
                "TOO_MANY_CALLS",
                "too many calls to outside numbers at once",
            );
        }
        let made = self.outside.made.entry(by.clone()).or_default();
        while made.front().is_some_and(|at| now.since(*at) >= HOUR_MS) {
            made.pop_front();
        }
        if made.len() >= limits.per_hour as usize {
            return refused(
                "TOO_MANY_CALLS",
                "too many calls to outside numbers within an hour",
            );
        }
        let gateway = gateway.and_then(|id| self.gateways.get_mut(&id));
        let gateway = gateway.filter(|gateway| !gateway.gone);
        if gateway.is_none_or(|gateway| gateway.state.room(now).is_err()) {
            return refused("GATEWAY_BUSY", "the gateway takes no more calls now");
        }
        made.push_back(now);
        Ok(())
    }

    fn home_of(&self, call: &Call) -> String {
        let campaign = call.campaign.as_ref().and_then(|id| self.campaigns.get(id));
        campaign.map_or_else(
            || crate::campaign::Settings::default().home_country,
            |campaign| campaign.spec.settings.home_country.clone(),
        )
    }

    /// Asks the store whether a DNC list forbids the number.
    pub(super) fn ask_about(&mut self, id: CallId, leg: LegId, number: String) {
        let Some(call) = self.calls.get(&id) else {
            return;
        };
        let spellings = phone::spellings(&number, &self.home_of(call));
        let campaign = call.campaign.clone();
        self.commands.push_back(Command::CheckNumber {
            leg,
            call: id,
            campaign,
            spellings,
        });
    }

    /// The store has answered: the number is dialled, or the party is gone before it came.
    pub(super) fn number_checked(&mut self, leg: LegId, allowed: bool, now: Millis) {
        let Some(Role::Party(id)) = self.legs.get(&leg).cloned() else {
            return;
        };
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        let asked = call
            .parties
            .with(leg)
            .is_some_and(|party| party.reach == Reach::Asking);
        if !asked {
            return;
        }
        if !allowed {
            return self.party_gone(id, leg, "dnc", now);
        }
        match self.take_channel(id, now) {
            Some((gateway, caller)) => self.dial_party(leg, gateway, caller),
            None => self.party_gone(id, leg, "gateway", now),
        }
    }

    /// A channel of the gateway that the call itself has, and the house's number in that call.
    fn take_channel(&mut self, id: CallId, now: Millis) -> Option<(GatewayId, String)> {
        let call = self.calls.get(&id)?;
        let caller = match call.is_inbound() {
            true => call.callee.clone(),
            false => call.caller.clone(),
        };
        let id = call.gateway.clone()?;
        let gateway = self.gateways.get_mut(&id).filter(|gateway| !gateway.gone)?;
        if self.draining || gateway.state.admit(now).is_err() {
            return None;
        }
        Some((id, caller))
    }
}
