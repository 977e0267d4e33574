//! Consulting: the agent calls somebody while the customer waits; then swaps, joins all three, goes
//! back, or hands the customer over (AGT-158).

use super::{
    Call, Event, Floor, OrderRefused, Phase, Role,
    party::{Party, Reach, Round, Via, Who},
    talk::second_is_up,
};
use crate::{
    destination::Destination,
    ids::{AgentId, CallId, LegId},
    time::Millis,
};

impl Floor {
    pub(super) fn consult(
        &mut self,
        id: &AgentId,
        to: Destination,
        now: Millis,
    ) -> Result<(), OrderRefused> {
        let call = self.talking(id)?;
        self.ask_somebody(&Who::Agent(id.clone()), call, to, None, now)
    }

    /// `by` has the customer. `via`: the call with which the phone asks; then the phone says who is held.
    pub(super) fn ask_somebody(
        &mut self,
        by: &Who,
        call: CallId,
        to: Destination,
        via: Option<Via>,
        now: Millis,
    ) -> Result<(), OrderRefused> {
        if self.calls[&call].parties.second.is_some() {
            return Err(second_is_up());
        }
        let who = self.find(by, call, to, now)?;
        let mut second = self.call_party(call, who, now)?;
        let at_phone = via.is_some();
        second.by = Some(by.clone());
        second.via = via;
        let colleague = match (&second.who, second.reach) {
            (Who::Agent(agent), Reach::Up) => Some(agent.clone()),
            _ => None,
        };
        if let Some(call) = self.calls.get_mut(&call) {
            if !at_phone {
                call.parties.take_up();
            }
            call.parties.second = Some(second);
            call.parties.round = Round::Second;
        }
        if let Some(agent) = colleague {
            let _ = self.step(&agent, now, |machine| machine.answer(now));
        }
        self.arrange(call);
        self.show_round(call, now);
        Ok(())
    }

    /// The talk of an agent and its second party.
    fn with_second(&self, id: &AgentId) -> Result<(CallId, &Party), OrderRefused> {
        let call = self.talking(id)?;
        let second = self.calls[&call].parties.second.as_ref();
        let none = || OrderRefused::new("NO_SECOND_CALL", "nobody else has been called");
        second.map(|second| (call, second)).ok_or_else(none)
    }

    fn with_second_up(&self, id: &AgentId) -> Result<CallId, OrderRefused> {
        let (call, second) = self.with_second(id)?;
        match second.is_up() {
            true => Ok(call),
            false => Err(OrderRefused::new(
                "NOT_ANSWERED",
                "the second call has not been answered",
            )),
        }
    }

    /// The agent goes to the other of the two; the one who is left hears music.
    pub(super) fn swap(&mut self, id: &AgentId, now: Millis) -> Result<(), OrderRefused> {
        let (call, _) = self.with_second(id)?;
        self.is_asked_in_console(call)?;
        let round = match self.calls[&call].parties.round {
            Round::Customer => Round::Second,
            Round::Second => Round::Customer,
            Round::All => {
                let text = "all three hear one another";
                return Err(OrderRefused::new("IN_CONFERENCE", text));
            }
        };
        self.go_round(call, round, now);
        Ok(())
    }

    pub(super) fn confer(
        &mut self,
        id: &AgentId,
        ends_all: bool,
        now: Millis,
    ) -> Result<(), OrderRefused> {
        let call = self.with_second_up(id)?;
        self.is_asked_in_console(call)?;
        if let Some(call) = self.calls.get_mut(&call) {
            call.parties.ends_all = ends_all;
        }
        if self.calls[&call].parties.round != Round::All {
            self.go_round(call, Round::All, now);
        }
        Ok(())
    }

    /// What a phone keeps apart is swapped and joined at the phone.
    fn is_asked_in_console(&self, id: CallId) -> Result<(), OrderRefused> {
        let second = self.calls[&id].parties.second.as_ref();
        match second.is_some_and(Party::is_at_phone) {
            true => {
                let text = "the phone called somebody; swap and join the calls there";
                Err(OrderRefused::new("AT_PHONE", text))
            }
            false => Ok(()),
        }
    }

    pub(super) fn go_round(&mut self, id: CallId, round: Round, now: Millis) {
        if let Some(call) = self.calls.get_mut(&id) {
            call.parties.round = round;
            if round == Round::All {
                call.parties.conferred.get_or_insert(now);
            }
        }
        self.arrange(id);
        self.show_round(id, now);
    }

    /// Lets the second party go; the agent is back with the customer.
    pub(super) fn cancel_second(&mut self, id: &AgentId, now: Millis) -> Result<(), OrderRefused> {
        let (call, _) = self.with_second(id)?;
        self.drop_second(call, now);
        Ok(())
    }

    pub(super) fn drop_second(&mut self, id: CallId, now: Millis) {
        if let Some(second) = self.take_second(id) {
            self.drop_party(id, &second, "cancelled", now);
        }
        self.arrange(id);
        self.show_round(id, now);
    }

    /// Lets everybody go who was called; the agent is back with the customer.
    pub(super) fn end_question(&mut self, id: CallId, now: Millis) {
        self.drop_called(id, now);
        self.arrange(id);
        self.show_round(id, now);
    }

    /// The customer goes to the second party, who may still be ringing; the agent leaves.
    pub(super) fn complete(&mut self, id: &AgentId, now: Millis) -> Result<(), OrderRefused> {
        let (call, _) = self.with_second(id)?;
        self.complete_call(call, now)
    }

    pub(super) fn complete_call(&mut self, id: CallId, now: Millis) -> Result<(), OrderRefused> {
        let second = self.calls[&id].parties.second.as_ref();
        if second.is_none_or(|second| second.reach == Reach::Asking) {
            let text = "the number is still being checked";
            return Err(OrderRefused::new("NOT_ANSWERED", text));
        }
        self.hand_over(id, now);
        Ok(())
    }

    /// The agent leaves a conference, the others stay (AGT-160); or goes while the second party is
    /// called, who then gets the customer.
    pub(super) fn hand_over(&mut self, id: CallId, now: Millis) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        let Some(mut second) = call.parties.take_next() else {
            return;
        };
        if !second.is_up() {
            self.drop_called(id, now);
        }
        self.drop_own(&second);
        second.via = None;
        let asked_on = second.asked_on.take();
        self.tell_sent(asked_on);
        let from = self.part(id, "transferred", now);
        if second.is_up() {
            self.second_takes_over(id, second, now);
        } else {
            self.send_to(id, second, from, now);
        }
    }

    fn second_takes_over(&mut self, id: CallId, second: Party, now: Millis) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        let leg = second.leg;
        match second.who.clone() {
            Who::Agent(agent) => {
                call.agent = Some(agent.clone());
                call.agent_leg = Some(second.leg);
                if let Some(role @ Role::Party(_)) = self.legs.get_mut(&second.leg) {
                    *role = Role::AgentFor(id);
                }
                self.has_customer(id, &agent);
            }
            _ => call.parties.other = Some(second),
        }
        self.leg_joined(id, leg, now);
        self.arrange(id);
        self.show_round(id, now);
    }

    /// Who was called left, or did not come.
    pub(super) fn called_gone(&mut self, id: CallId, leg: LegId, why: &'static str, now: Millis) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        let round = call.parties.round;
        let Some(party) = call.parties.take_called(leg) else {
            return;
        };
        let is_alone = call.parties.second.is_none();
        self.drop_party(id, &party, why, now);
        if !party.is_at_phone()
            && is_alone
            && let Some(call) = self.calls.get_mut(&id)
        {
            // Who has just been left alone goes back to the customer when ready to.
            call.parties.held = round == Round::Second;
        }
        self.tell_party_left(id, &party.who, why);
        if round != Round::Customer {
            self.arrange(id);
        }
        self.tell_flashed(id, &party);
        self.show_round(id, now);
    }

    pub(super) fn tell_party_left(&mut self, id: CallId, who: &Who, why: &'static str) {
        let Some(call) = self.calls.get(&id) else {
            return;
        };
        let agent = match &call.parties.from {
            Some(Who::Agent(agent)) => Some(agent.clone()),
            // It was a phone without an agent that sent the customer on, or asked.
            Some(_) => None,
            None if call.phase == Phase::Talking => call.agent.clone(),
            None => call.agent.clone().or(call.parties.last_agent.clone()),
        };
        if let Some(agent) = agent {
            self.tell(Event::PartyLeft {
                agent,
                call_id: id,
                party: who.name().to_owned(),
                why,
            });
        }
    }

    fn take_second(&mut self, id: CallId) -> Option<Party> {
        self.calls.get_mut(&id)?.parties.take_second()
    }

    /// Whether an agent was called into a talk, or is asked about it.
    pub(super) fn is_consulted(&self, id: &AgentId, call: CallId) -> bool {
        self.consulted_on(id, call).is_some()
    }

    /// The leg on which that is.
    pub(super) fn consulted_on(&self, id: &AgentId, call: CallId) -> Option<LegId> {
        let talks = |call: &&Call| call.phase == Phase::Talking;
        let call = self.calls.get(&call).filter(talks)?;
        let mut called = call.parties.called();
        called.find(|party| party.is_agent(id)).map(|it| it.leg)
    }
}
