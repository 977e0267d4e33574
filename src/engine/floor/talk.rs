//! Who hears whom in a call that talks; hold, mute, and keys.

use super::{
    Call, Command, Event, Floor, OrderRefused, Phase, Role,
    hook_flash::DIAL_TONE,
    party::{Round, Who},
};
use crate::{
    agent::Busy,
    ids::{AgentId, CallId, LegId},
    time::Millis,
};

/// What a held customer hears when the call is of no queue.
const MUSIC: &str = "music";
pub(super) const RINGBACK: &str = "ringback";
/// Keys that are sent at once.
const DIGITS: usize = 32;

impl Floor {
    /// The call that this agent talks in.
    pub(super) fn talking(&self, id: &AgentId) -> Result<CallId, OrderRefused> {
        let call = self.agents.get(id).and_then(|agent| agent.machine.call());
        let call = call.and_then(|call| self.calls.get(&call));
        match call {
            Some(call) if call.is_talked_in_by(id) => Ok(call.id),
            _ => Err(OrderRefused::new(
                "NO_SUCH_CALL",
                "there is no customer to talk to",
            )),
        }
    }

    /// The customer hears music until it is taken up again.
    pub(super) fn hold(&mut self, id: &AgentId, now: Millis) -> Result<(), OrderRefused> {
        let call = self.alone(id)?;
        self.set_held(call, true, now);
        Ok(())
    }

    pub(super) fn retrieve(&mut self, id: &AgentId, now: Millis) -> Result<(), OrderRefused> {
        let call = self.alone(id)?;
        // A phone that holds by itself stays silent until it takes the call up by itself.
        let own = self.calls[&call].own_leg();
        if let Some(leg) = own.filter(|leg| self.holding.contains(leg)) {
            self.commands.push_back(Command::TakeUp { leg });
        }
        self.set_held(call, false, now);
        Ok(())
    }

    pub(super) fn set_held(&mut self, id: CallId, held: bool, now: Millis) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        if call.parties.held == held {
            return;
        }
        match held {
            true => call.parties.held = true,
            false => call.parties.take_up(),
        }
        self.arrange(id);
        self.show_round(id, now);
    }

    /// The talk of an agent who has called nobody besides.
    fn alone(&self, id: &AgentId) -> Result<CallId, OrderRefused> {
        let call = self.talking(id)?;
        match self.calls[&call].parties.second {
            None => Ok(call),
            Some(_) => Err(second_is_up()),
        }
    }

    /// A leg that stays up after the call is heard again, and so are its keys.
    pub(super) fn unmute(&mut self, call: &Call) {
        self.forget_code(call);
        self.hear_all_again(call);
        if let Some(leg) = call.agent_leg.filter(|_| call.parties.muted)
            && matches!(self.legs.get(&leg), Some(Role::NailedUp(_)))
        {
            self.commands.push_back(Command::Mute { leg, on: false });
        }
    }

    pub(super) fn mute(&mut self, id: &AgentId, on: bool) -> Result<(), OrderRefused> {
        let id = self.talking(id)?;
        self.mute_own(id, on);
        Ok(())
    }

    /// Whoever has the customer is not heard, or is heard again.
    pub(super) fn mute_own(&mut self, id: CallId, on: bool) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        if call.parties.muted == on {
            return;
        }
        call.parties.muted = on;
        // A phone that asks somebody by a call of its own speaks on two legs.
        let via = call.via().filter(|via| via.up).map(|via| via.leg);
        for leg in call.own_leg().into_iter().chain(via) {
            self.commands.push_back(Command::Mute { leg, on });
        }
        self.tell_call(id);
    }

    /// Presses keys at whoever the agent talks with.
    pub(super) fn press(&mut self, id: &AgentId, digits: &str) -> Result<(), OrderRefused> {
        let call = self.talking(id)?;
        let is_key = |key: char| key.is_ascii_digit() || matches!(key, '*' | '#' | 'A'..='D');
        if digits.is_empty() || digits.len() > DIGITS || !digits.chars().all(is_key) {
            let text = "1 to 32 keys, each of 0-9, *, #, A-D";
            return Err(OrderRefused::new("BAD_DIGITS", text));
        }
        let Some(leg) = self.calls[&call].spoken_to() else {
            let text = "nobody hears the agent now";
            return Err(OrderRefused::new("NOBODY_HEARS", text));
        };
        let digits = digits.to_owned();
        self.commands.push_back(Command::SendDtmf { leg, digits });
        Ok(())
    }

    /// Lets everybody of a talk hear whom they are to hear.
    pub(super) fn arrange(&mut self, id: CallId) {
        let Some(call) = self
            .calls
            .get(&id)
            .filter(|call| call.phase == Phase::Talking)
        else {
            return;
        };
        let (Some(customer), Some(own)) = (call.customer, call.own_leg()) else {
            return;
        };
        let music = self.music_of(call);
        let park = |leg: LegId, music: &str| Command::Park {
            leg,
            music: Some(music.to_owned()),
        };
        let silence = |leg: LegId| Command::Park { leg, music: None };
        let bridge = |a: LegId, b: LegId| Command::Bridge { a, b };
        let confer = |leg: LegId| Command::Confer { leg, call: id };
        let parties = &call.parties;
        let at_phone = parties.second.as_ref();
        let at_phone = at_phone.and_then(|second| Some((second, second.via.as_ref()?)));
        let todo = match (&parties.second, parties.round) {
            _ if at_phone.is_some() => {
                at_phone.map_or_else(Vec::new, |(second, via)| self.apart(call, second, via))
            }
            (Some(_), Round::All) => {
                let called = parties.called().filter(|party| party.is_up());
                let legs = [customer, own].into_iter();
                legs.chain(called.map(|party| party.leg))
                    .map(confer)
                    .collect()
            }
            (Some(second), Round::Second) if second.is_up() => {
                vec![park(customer, &music), bridge(second.leg, own)]
            }
            (Some(second), Round::Second) if second.sounds => {
                let (leg, of) = (own, second.leg);
                vec![park(customer, &music), Command::HearEarly { leg, of }]
            }
            (Some(_), Round::Second) => vec![park(customer, &music), park(own, RINGBACK)],
            (Some(second), Round::Customer) if second.is_up() => {
                vec![park(second.leg, &music), bridge(customer, own)]
            }
            (None, _) if parties.held && hears_dial_tone(call) => {
                vec![park(customer, &music), park(own, DIAL_TONE)]
            }
            (None, _) if parties.held => vec![park(customer, &music), silence(own)],
            (None, _) if parties.caller_holds => vec![silence(customer), park(own, &music)],
            _ => vec![bridge(customer, own)],
        };
        self.commands.extend(todo);
        self.attend(id);
    }

    /// What a customer hears who is held.
    pub(super) fn music_of(&self, call: &Call) -> String {
        let queue = call.queue.as_ref().and_then(|id| self.queues.get(id));
        queue.map_or(MUSIC.to_owned(), |queue| queue.settings.music.clone())
    }

    /// The agent's state says what the agent does in the call.
    pub(super) fn show_round(&mut self, id: CallId, now: Millis) {
        let Some(call) = self.calls.get(&id) else {
            return;
        };
        let parties = &call.parties;
        let sub = match (&parties.second, parties.round) {
            (Some(_), Round::All) => Busy::Conference,
            (Some(_), _) => Busy::Transfer,
            (None, _) if parties.held => Busy::Hold,
            (None, _) => Busy::Answered,
        };
        let called = parties.called().filter(|party| party.is_up());
        let colleagues = called.filter_map(|party| match &party.who {
            Who::Agent(agent) => Some(agent.clone()),
            _ => None,
        });
        let colleagues: Vec<AgentId> = colleagues.collect();
        let beside = match parties.round {
            Round::All => Busy::Conference,
            _ => Busy::Answered,
        };
        if let Some(agent) = call.agent.clone() {
            let _ = self.step(&agent, now, |machine| machine.turn(sub, now));
        }
        for agent in colleagues {
            let _ = self.step(&agent, now, |machine| machine.turn(beside, now));
        }
        self.tell_call(id);
    }

    /// Tells the agent of a call how its parties stand now.
    pub(super) fn tell_call(&mut self, id: CallId) {
        let Some(call) = self.calls.get(&id) else {
            return;
        };
        if let Some(agent) = call.agent.clone() {
            let state = super::CallState::of(call);
            let (call_id, state) = (id, Box::new(state));
            self.tell(Event::CallChanged {
                agent,
                call_id,
                state,
            });
        }
    }
}

impl Call {
    /// Who hears whoever has the customer; in a conference who was called last.
    pub(super) fn spoken_to(&self) -> Option<LegId> {
        let parties = &self.parties;
        let customer = self.customer.filter(|_| !parties.held);
        let Some(second) = &parties.second else {
            return customer;
        };
        match &second.via {
            Some(via) if via.up && !via.held && second.is_up() => Some(second.leg),
            Some(_) => customer,
            None if parties.round == Round::Customer => customer,
            None => {
                let mut newest_first = parties.called().rev();
                newest_first
                    .find(|party| party.is_up())
                    .map(|party| party.leg)
            }
        }
    }
}

/// Its phone's hook was tapped, and no key pressed yet.
fn hears_dial_tone(call: &Call) -> bool {
    let dialling = call.parties.dialling.as_ref();
    dialling.is_some_and(|dialling| !dialling.has_begun())
}

pub(super) fn second_is_up() -> OrderRefused {
    let text = "somebody else has been called; complete, cancel or swap first";
    OrderRefused::new("SECOND_CALL_UP", text)
}
