//! Single parties of a call: they may only listen or are heard again (AGT-151), are called in, or let go.

use super::{
    Call, Command, Event, Floor, OrderRefused, Phase, Role,
    party::{Party, Who},
};
use crate::{
    destination::Destination,
    ids::{AgentId, CallId, LegId},
    time::Millis,
};

/// What may be done about one party of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MemberOrder {
    /// It may only listen, or is heard again.
    Mute { member: LegId, on: bool },
    /// It is let go, and the others talk on.
    Drop { member: LegId },
    /// Somebody is called in, and heard by all from the answer on. `ends_all`: it is over for all when
    /// the agent hangs up.
    Invite { to: Destination, ends_all: bool },
}

impl MemberOrder {
    fn as_str(&self) -> &'static str {
        match self {
            Self::Mute { on: true, .. } => "mute",
            Self::Mute { on: false, .. } => "unmute",
            Self::Drop { .. } => "drop",
            Self::Invite { .. } => "invite",
        }
    }
}

impl Floor {
    /// An agent changes the talk that the agent has.
    pub(super) fn change_own_talk(
        &mut self,
        agent: &AgentId,
        call: CallId,
        order: MemberOrder,
        now: Millis,
    ) -> Result<(), OrderRefused> {
        if self.talking(agent)? != call {
            let text = "the agent does not have that call";
            return Err(OrderRefused::new("NO_SUCH_CALL", text));
        }
        self.change_talk(&Who::Agent(agent.clone()), call, order, now)
    }

    /// A supervisor changes a talk; the agent who has it is told. Outside numbers count under the
    /// supervisor's own name.
    pub(super) fn change_others_talk(
        &mut self,
        by: &str,
        call: CallId,
        order: MemberOrder,
        now: Millis,
    ) -> Result<(), OrderRefused> {
        let how = order.as_str();
        self.change_talk(&Who::Agent(by.into()), call, order, now)?;
        let agent = self.calls.get(&call).and_then(|call| call.agent.clone());
        if let Some(agent) = agent {
            self.tell(Event::Supervised {
                agent,
                call_id: call,
                by: by.to_owned(),
                how,
            });
        }
        Ok(())
    }

    fn change_talk(
        &mut self,
        by: &Who,
        id: CallId,
        order: MemberOrder,
        now: Millis,
    ) -> Result<(), OrderRefused> {
        let talks = |call: &Call| call.phase == Phase::Talking;
        if !self.calls.get(&id).is_some_and(talks) {
            let text = "nobody talks in that call";
            return Err(OrderRefused::new("NO_SUCH_CALL", text));
        }
        match order {
            MemberOrder::Mute { member, on } => self.mute_member(id, member, on),
            MemberOrder::Drop { member } if self.is_called(id, member) => {
                self.called_gone(id, member, "released", now);
                Ok(())
            }
            MemberOrder::Drop { .. } => Err(no_such_member("nobody who was called in has that id")),
            MemberOrder::Invite { to, ends_all } => self.invite_into(by, id, to, ends_all, now),
        }
    }

    fn mute_member(&mut self, id: CallId, leg: LegId, on: bool) -> Result<(), OrderRefused> {
        let Some(call) = self.calls.get_mut(&id) else {
            return Ok(());
        };
        if call.own_leg() == Some(leg) {
            self.mute_own(id, on);
            return Ok(());
        }
        let is_it = |party: &Party| party.leg == leg && party.is_up();
        if !call.parties.called().any(is_it) && call.customer != Some(leg) {
            return Err(no_such_member("nobody who talks has that id"));
        }
        let hushed = &mut call.parties.hushed;
        let is_news = match on {
            true => hushed.insert(leg),
            false => hushed.remove(&leg),
        };
        if is_news {
            self.commands.push_back(Command::Mute { leg, on });
            self.tell_call(id);
        }
        Ok(())
    }

    /// Whoever had the customer leaves, or the call is over: whose leg stays up is heard again.
    pub(super) fn hear_all_again(&mut self, call: &Call) {
        let goes_on = self.calls.contains_key(&call.id);
        for &leg in &call.parties.hushed {
            let role = self.legs.get(&leg);
            let is_kept = matches!(role, Some(Role::NailedUp(_)));
            if is_kept || (goes_on && role.is_some()) {
                self.commands.push_back(Command::Mute { leg, on: false });
            }
        }
        if let Some(call) = self.calls.get_mut(&call.id) {
            call.parties.hushed.clear();
        }
    }

    /// One party leaves; its leg may stay up for others.
    pub(super) fn hear_again(&mut self, id: CallId, leg: LegId) {
        let call = self.calls.get_mut(&id);
        let was_hushed = call.is_some_and(|call| call.parties.hushed.remove(&leg));
        if was_hushed && matches!(self.legs.get(&leg), Some(Role::NailedUp(_))) {
            self.commands.push_back(Command::Mute { leg, on: false });
        }
    }
}

impl Call {
    /// Whether nobody hears this leg.
    pub(super) fn is_muted(&self, leg: LegId) -> bool {
        let own = self.own_leg() == Some(leg);
        self.parties.hushed.contains(&leg) || (own && self.parties.muted)
    }
}

fn no_such_member(text: &str) -> OrderRefused {
    OrderRefused::new("NO_SUCH_MEMBER", text)
}
