//! Another device of the same phone or agent takes a call over that is up (INVITE with Replaces, RFC 3891):
//! its leg is from then on what the other one's was, and that one is hung up.

use super::{
    Call, Cause, Command, Floor, OrderRefused, Phase, Role,
    party::{Party, Who},
    recording::Recording,
};
use crate::{
    ids::{AgentId, CallId, LegId},
    time::Millis,
};

impl Floor {
    /// An INVITE names a leg that is up. Only a device that is registered as the same phone may have it.
    pub(super) fn order_take_over(
        &mut self,
        leg: LegId,
        phone: &str,
        old: LegId,
    ) -> Result<(), OrderRefused> {
        let is_own = self.phone_of(old).is_some_and(|owner| owner == phone);
        if !is_own || !self.is_up(old) || self.is_recorded(old) {
            let text = "that call cannot be taken over from here";
            return Err(OrderRefused::new("NOT_YOURS", text));
        }
        self.legs.insert(leg, Role::TakesOver(old));
        self.commands.push_back(Command::Answer { leg });
        Ok(())
    }

    /// The other device is up: it has the old one's place, unless that is gone meanwhile.
    pub(super) fn takes_over(&mut self, leg: LegId, old: LegId, now: Millis) {
        if !self.is_up(old) {
            self.legs.remove(&leg);
            let cause = Cause::Normal;
            return self.commands.push_back(Command::Hangup { leg, cause });
        }
        let Some(role) = self.legs.remove(&old) else {
            return;
        };
        self.legs.insert(leg, role.clone());
        let id = match &role {
            Role::NailedUp(agent) => {
                let agent = self.agents.get_mut(agent);
                let call = agent.and_then(|agent| {
                    agent.nailed_up = Some((leg, true));
                    agent.machine.call()
                });
                self.commands.push_back(Command::Park { leg, music: None });
                call
            }
            Role::Supervisor => {
                if let Some(supervisor) = self.supervisors.remove(&old) {
                    if let Some(call) = self.calls.get_mut(&supervisor.call) {
                        call.log.exchange(old, leg, now);
                    }
                    self.supervisors.insert(leg, supervisor);
                }
                self.supervisor_answered(leg, now);
                None
            }
            Role::Customer(id) | Role::AgentFor(id) | Role::Party(id) | Role::Own(id) => Some(*id),
            Role::TakesOver(_) => None,
        };
        if let Some(id) = id {
            self.exchange(id, old, leg, now);
        }
        let (leg, cause) = (old, Cause::Normal);
        self.commands.push_back(Command::Hangup { leg, cause });
    }

    fn exchange(&mut self, id: CallId, old: LegId, leg: LegId, now: Millis) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        if call.agent_leg == Some(old)
            && let Some(agent) = call.agent.clone()
        {
            self.parting.insert(old, (id, agent));
        }
        call.exchange(old, leg);
        call.log.exchange(old, leg, now);
        let speaks = call.agent_leg == Some(leg) || call.via().is_some_and(|via| via.leg == leg);
        let was_hushed = call.parties.hushed.remove(&old);
        if was_hushed {
            call.parties.hushed.insert(leg);
        }
        if was_hushed || (call.parties.muted && speaks) {
            self.commands.push_back(Command::Mute { leg, on: true });
        }
        self.arrange(id);
        self.show_round(id, now);
    }

    /// The extension of the phone that has this leg.
    fn phone_of(&self, leg: LegId) -> Option<&str> {
        let of = |who: Option<Who>| match who? {
            Who::Agent(agent) => self.extension_of(&agent),
            Who::Extension(phone) => self.in_use.get(&phone).map(String::as_str),
            Who::Outside(_) => None,
        };
        match self.legs.get(&leg)? {
            Role::NailedUp(agent) => self.extension_of(agent),
            Role::Supervisor => Some(self.supervisors.get(&leg)?.extension.as_str()),
            Role::Customer(id) => self.calls.get(id)?.way.from_phone.as_deref(),
            Role::AgentFor(id) | Role::Own(id) => of(self.calls.get(id)?.holder()),
            Role::Party(id) => {
                let mut parties = self.calls.get(id)?.parties.all();
                of(Some(parties.find(|party| party.leg == leg)?.who.clone()))
            }
            Role::TakesOver(_) => None,
        }
    }

    fn extension_of(&self, agent: &AgentId) -> Option<&str> {
        Some(self.agents.get(agent)?.extension.as_str())
    }

    fn is_up(&self, leg: LegId) -> bool {
        let talks = |id: &CallId| {
            let call = self.calls.get(id);
            call.filter(|call| call.phase == Phase::Talking)
        };
        match self.legs.get(&leg) {
            Some(Role::Customer(id) | Role::AgentFor(id)) => talks(id).is_some(),
            Some(Role::Party(id)) => talks(id).is_some_and(|call| {
                let mut parties = call.parties.all();
                parties.any(|party| party.leg == leg && party.is_up())
            }),
            Some(Role::Own(id)) => talks(id).and_then(Call::via).is_some_and(|via| via.up),
            Some(Role::NailedUp(agent)) => {
                let agent = self.agents.get(agent);
                agent.is_some_and(|agent| agent.nailed_up == Some((leg, true)))
            }
            Some(Role::Supervisor) => self.supervisors.get(&leg).is_some_and(|seen| seen.up),
            Some(Role::TakesOver(_)) | None => false,
        }
    }

    /// A recording ends with its leg.
    fn is_recorded(&self, leg: LegId) -> bool {
        let Some(Role::Customer(id)) = self.legs.get(&leg) else {
            return false;
        };
        let call = self.calls.get(id);
        call.is_some_and(|call| call.way.recording == Recording::Runs(leg))
    }
}

impl Call {
    /// Puts a leg where another was; who holds with the other one holds no longer.
    fn exchange(&mut self, old: LegId, leg: LegId) {
        let parties = &mut self.parties;
        let put = |place: &mut LegId| {
            let is_here = *place == old;
            if is_here {
                *place = leg;
            }
            is_here
        };
        if self.customer.as_mut().is_some_and(put) {
            parties.caller_holds = false;
        }
        if self.agent_leg.as_mut().is_some_and(put) {
            parties.take_up();
        }
        if parties
            .other
            .as_mut()
            .is_some_and(|other| put(&mut other.leg))
        {
            parties.take_up();
        }
        for guest in &mut parties.guests {
            put(&mut guest.leg);
        }
        if let Some(Party { leg, via, .. }) = &mut parties.second {
            put(leg);
            if let Some(via) = via
                && put(&mut via.leg)
            {
                via.held = false;
            }
        }
    }
}
