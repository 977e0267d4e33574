//! Agents at telephones outside (RPN, AGT-114, AGT-115): their device is `RP_` and a number, which is
//! called for each of their calls by the outbound routes. An agent who keeps the leg is called once, and
//! stays on the line between calls as a nailed-up agent does.
//!
//! What holds of every number outside holds of theirs: the DNC lists are asked before the INVITE, what
//! may not be called is not, and an hour has its bound.

use super::{
    Command, Floor, OrderRefused, Refusal, Role,
    agents::Agent,
    party::Who,
    timers::Why,
    way_out::{Leaving, NoWay},
};
use crate::{
    ids::{AgentId, CallId, GatewayId, LegId},
    phone,
    time::Millis,
};

/// Without a line it is looked for again after this.
const LOOK_MS: i64 = 1_000;

/// The telephone of an agent outside, while it is called and while it is up.
#[derive(Debug, Clone)]
pub(super) struct Remote {
    agent: AgentId,
    number: String,
    /// Shown where the route names no caller number.
    caller: String,
    /// The gateway of which it has a channel; `None` while the store is asked.
    pub channel: Option<GatewayId>,
}

/// The number of a device outside.
pub(super) fn number_of(extension: &str) -> Option<&str> {
    extension.strip_prefix(phone::REMOTE)
}

impl Agent {
    /// The number of the telephone outside at which the agent works.
    pub fn outside_number(&self) -> Option<&str> {
        number_of(&self.extension)
    }

    fn keeps_leg(&self) -> bool {
        self.spec.keep_leg && self.outside_number().is_some()
    }
}

impl Floor {
    /// Whether an agent may work at this device: one outside has to be the agent's own, as it was set
    /// up, and one that may be called.
    pub(super) fn may_work_at(
        &mut self,
        id: &AgentId,
        extension: &str,
        now: Millis,
    ) -> Result<(), OrderRefused> {
        let Some(number) = number_of(extension) else {
            return Ok(());
        };
        let own = self.agents.get(id).map(|agent| &agent.spec.extension);
        if own.is_none_or(|own| own != extension) {
            let text = "a telephone outside has to be set up as the agent's own";
            return Err(OrderRefused::new("NOT_OWN_DEVICE", text));
        }
        self.is_not_denied(&phone::spellings(number, &self.home_of(None)))?;
        match self.way_out(number, &[], now) {
            Err(no @ NoWay::NoRoute) => Err(no.into()),
            _ => Ok(()),
        }
    }

    /// Whether there is a telephone, be it outside.
    pub(super) fn has_phone(&self, extension: &str) -> bool {
        number_of(extension).is_some() || self.registered.contains(extension)
    }

    /// Rings an agent's telephone, wherever it is. `caller` is what a phone of the house shows.
    pub(super) fn ring_telephone(
        &mut self,
        leg: LegId,
        id: &AgentId,
        call: Option<CallId>,
        caller: String,
        ring_ms: i64,
    ) {
        let Some(agent) = self.agents.get(id) else {
            return;
        };
        let extension = agent.extension.clone();
        let Some(number) = number_of(&extension).map(str::to_owned) else {
            self.commands.push_back(Command::RingPhone {
                leg,
                extension,
                caller,
                ring_ms,
            });
            return;
        };
        let spellings = phone::spellings(&number, &self.home_of(None));
        let house = call.map(|call| self.house_in(call));
        let house = house.filter(|house| !house.is_empty());
        let remote = Remote {
            agent: id.clone(),
            number,
            caller: house.unwrap_or_else(|| id.to_string()),
            channel: None,
        };
        self.remote.insert(leg, remote);
        self.commands.push_back(Command::CheckPhone {
            leg,
            agent: id.clone(),
            spellings,
        });
    }

    /// Whether an agent's telephone can be rung now: one in the house, one that is up already, or one
    /// outside that has a line. It is looked again when it has none.
    pub(super) fn has_line(&mut self, id: &AgentId, call: CallId, now: Millis) -> bool {
        let Some(agent) = self.agents.get(id) else {
            return false;
        };
        let Some(number) = agent.outside_number().map(str::to_owned) else {
            return true;
        };
        if agent.nailed_up.is_some() {
            return true;
        }
        let refused = agent.refused_by.clone();
        let mut has_line = self.way_out(&number, &refused, now).is_ok();
        if !has_line && !refused.is_empty() {
            // Every gateway has refused: begin again.
            self.forget_refusals(id);
            has_line = self.way_out(&number, &[], now).is_ok();
        }
        has_line &= self.outside.is_within_hour(&Who::Agent(id.clone()), now) && !self.draining;
        if !has_line {
            let next = Millis((now.0 / LOOK_MS + 1) * LOOK_MS);
            self.timers.set(next, Why::CallBackDue(call));
        }
        has_line
    }

    fn forget_refusals(&mut self, id: &AgentId) {
        if let Some(agent) = self.agents.get_mut(id) {
            agent.refused_by.clear();
        }
    }

    /// The store has answered about the number: it is dialled, or the telephone is not reached. False
    /// when the leg is no telephone outside.
    pub(super) fn phone_checked(&mut self, leg: LegId, allowed: bool, now: Millis) -> bool {
        let Some(remote) = self.remote.get(&leg).cloned() else {
            return false;
        };
        if !self.legs.contains_key(&leg) {
            // Nobody wants it any more.
            self.remote.remove(&leg);
            return true;
        }
        let refused = self.agents.get(&remote.agent);
        let refused = refused.map_or_else(Vec::new, |agent| agent.refused_by.clone());
        let leaving = Leaving {
            leg,
            number: &remote.number,
            phone: None,
            caller: &remote.caller,
            shows: None,
            refused: &refused,
        };
        let by = Who::Agent(remote.agent.clone());
        let is_within = self.outside.is_within_hour(&by, now);
        let way = match allowed && is_within {
            true => self.dial_out(leaving, now).ok(),
            false => None,
        };
        match (way, self.remote.get_mut(&leg)) {
            (Some(way), Some(remote)) => {
                remote.channel = Some(way.gateway);
                self.outside.count(&by, now);
            }
            _ => self.leg_refused(leg, Refusal::Ours, now),
        }
        true
    }

    /// The leg of a telephone outside is over: its channel is free. `by_gateway`: it was refused on the
    /// way, so the next call takes another one.
    pub(super) fn remote_over(&mut self, leg: LegId, by_gateway: bool, now: Millis) {
        let Some(remote) = self.remote.remove(&leg) else {
            return;
        };
        let Some(channel) = remote.channel else {
            return;
        };
        if by_gateway {
            self.gateway_refused(&channel, now);
            if let Some(agent) = self.agents.get_mut(&remote.agent) {
                agent.refused_by.push(channel);
            }
        } else if let Some(gateway) = self.gateways.get_mut(&channel) {
            let _ = gateway.state.release(false, now);
        }
    }

    /// A telephone outside has answered. Where its agent keeps the leg, it stays up from now on.
    pub(super) fn remote_answered(&mut self, leg: LegId) {
        let Some(id) = self.remote.get(&leg).map(|remote| remote.agent.clone()) else {
            return;
        };
        self.forget_refusals(&id);
        let is_for_call = matches!(
            self.legs.get(&leg),
            Some(Role::AgentFor(_) | Role::Party(_))
        );
        let agent = self.agents.get_mut(&id);
        let keeps = agent.filter(|agent| agent.keeps_leg() && agent.nailed_up.is_none());
        if let (true, Some(agent)) = (is_for_call, keeps) {
            agent.nailed_up = Some((leg, true));
            self.legs.insert(leg, Role::NailedUp(id));
        }
    }
}
