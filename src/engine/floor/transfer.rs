//! A call goes from its agent to somebody else: blind, or as what is left of a consultation.

use super::{
    AnswerClass, Call, Cause, Command, Floor, OrderRefused, Phase, Role,
    agents::{Agent, LastCall},
    party::{Party, Who},
    talk::second_is_up,
};
use crate::{
    agent::State,
    destination::Destination,
    ids::{AgentId, CallId, MenuId, QueueId},
    phone,
    time::Millis,
};

/// What a customer hears for whom nobody is left and who waits in no queue.
const SORRY: &str = "sorry";

impl Floor {
    /// Sends the customer on at once; the agent wraps up. Who does not take the call sends it back.
    pub(super) fn transfer(
        &mut self,
        id: &AgentId,
        to: Destination,
        now: Millis,
    ) -> Result<(), OrderRefused> {
        let call = self.talking(id)?;
        self.send_customer(&Who::Agent(id.clone()), call, to, now)
    }

    /// `by` has the customer.
    pub(super) fn send_customer(
        &mut self,
        by: &Who,
        call: CallId,
        to: Destination,
        now: Millis,
    ) -> Result<(), OrderRefused> {
        if self.calls[&call].parties.second.is_some() {
            return Err(second_is_up());
        }
        if let Destination::Queue { queue } = to {
            if !self.queues.contains_key(&queue) {
                return Err(no_such_queue());
            }
            self.part(call, "transferred", now);
            self.queue_again(call, queue, now);
            return Ok(());
        }
        if let Destination::Ivr { menu } = to {
            if !self.menus.contains_key(&menu) {
                let text = "there is no such voice menu";
                return Err(OrderRefused::new("NO_SUCH_MENU", text));
            }
            self.part(call, "transferred", now);
            self.send_to_menu(call, &menu, now);
            return Ok(());
        }
        let who = self.find(by, call, to, now)?;
        let mut party = self.call_party(call, who, now)?;
        party.by = Some(by.clone());
        let from = self.part(call, "transferred", now);
        self.send_to(call, party, from, now);
        Ok(())
    }

    /// Whom a destination means now. A phone counts before an agent's number (AGT-143).
    pub(super) fn find(
        &mut self,
        by: &Who,
        call: CallId,
        to: Destination,
        now: Millis,
    ) -> Result<Who, OrderRefused> {
        match to {
            Destination::Agent { agent } => self.find_agent(by, agent, now),
            Destination::Queue { queue } => {
                if !self.queues.contains_key(&queue) {
                    return Err(no_such_queue());
                }
                let nobody = || OrderRefused::new("NOBODY_FREE", "no agent of the queue is free");
                self.first_idle(&queue, now)
                    .map(Who::Agent)
                    .ok_or_else(nobody)
            }
            Destination::Extension { extension } => {
                let signed_in =
                    |agent: &&Agent| agent.machine.is_signed_in() && agent.extension == extension;
                if let Some(agent) = self.agents.values().find(signed_in) {
                    let agent = agent.spec.id.clone();
                    return self.find_agent(by, agent, now);
                }
                if !self.registered.contains(&extension) {
                    return Err(not_registered(&extension));
                }
                if self.in_use.contains(&extension) {
                    return Err(OrderRefused::new("BUSY", "that phone is in a call"));
                }
                Ok(Who::Extension(extension))
            }
            Destination::Number { number } => {
                let number = phone::of_text(&number)
                    .map_err(|error| OrderRefused::new("BAD_NUMBER", error.to_string()))?;
                self.may_call_outside(by, call, &number.number, now)?;
                Ok(Who::Outside(number.number))
            }
            Destination::Voicemail { .. }
            | Destination::Ivr { .. }
            | Destination::Callback
            | Destination::Hangup => {
                let text = "an agent calls an agent, a queue, an extension or a number";
                Err(OrderRefused::new("BAD_DESTINATION", text))
            }
        }
    }

    fn find_agent(&self, by: &Who, id: AgentId, now: Millis) -> Result<Who, OrderRefused> {
        let is_oneself = *by == Who::Agent(id.clone());
        let agent = self.agents.get(&id).filter(|_| !is_oneself);
        let Some(agent) = agent.filter(|agent| agent.machine.is_signed_in()) else {
            let text = "that agent is not signed in";
            return Err(OrderRefused::new("NO_SUCH_AGENT", text));
        };
        let free = matches!(agent.machine.state(), State::Ready | State::Unready { .. });
        if !free || agent.rests_until > now {
            return Err(OrderRefused::new("BUSY", "that agent is busy"));
        }
        if agent.machine.state().is_not_to_be_disturbed() {
            let text = "that agent does not want to be disturbed";
            return Err(OrderRefused::new("BUSY", text));
        }
        if !self.is_reachable(agent) {
            return Err(not_registered(&agent.extension));
        }
        Ok(Who::Agent(id))
    }

    /// Whoever has the customer leaves a call that goes on without.
    pub(super) fn part(&mut self, id: CallId, why: &'static str, now: Millis) -> Option<Who> {
        self.end_pause(id);
        let call = self.calls.get_mut(&id)?;
        let before = call.clone();
        let (agent, leg) = (call.agent.take(), call.agent_leg.take());
        call.parties.take_up();
        call.parties.muted = false;
        self.unmute(&before);
        let call = self.calls.get_mut(&id)?;
        if let Some(other) = call.parties.other.take() {
            self.drop_party(id, &other, why, now);
            return Some(other.who);
        }
        if let Some(leg) = leg {
            self.leg_over(id, leg, why, now);
        }
        self.drop_agent_leg(&before);
        match agent {
            Some(agent) => {
                self.part_agent(&agent, &before, now);
                Some(Who::Agent(agent))
            }
            None => self.free_rung_phone(id).map(Who::Extension),
        }
    }

    fn part_agent(&mut self, agent: &AgentId, before: &Call, now: Millis) {
        if let Some(call) = self.calls.get_mut(&before.id) {
            call.parties.last_agent = Some(agent.clone());
        }
        let wrap_up = self.wrap_up_of(agent, before);
        let _ = self.step(agent, now, |machine| machine.call_over(wrap_up, now));
        if wrap_up.is_none() {
            self.go_on_previewing(agent);
        }
        self.let_go_of(agent, now);
    }

    /// The customer waits for one who is being rung, or has them at once.
    pub(super) fn send_to(&mut self, id: CallId, party: Party, from: Option<Who>, now: Millis) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        call.phase = Phase::Transferring;
        call.parties.from = from;
        let is_up = party.is_up();
        match &party.who {
            Who::Agent(agent) => {
                call.agent = Some(agent.clone());
                call.agent_leg = Some(party.leg);
                if let Some(role @ Role::Party(_)) = self.legs.get_mut(&party.leg) {
                    *role = Role::AgentFor(id);
                }
            }
            _ => call.parties.other = Some(party),
        }
        if is_up {
            self.join(id, now);
            return;
        }
        let Some(call) = self.calls.get(&id) else {
            return;
        };
        let (leg, music) = (call.customer, Some(self.music_of(call)));
        if let Some(leg) = leg {
            self.commands.push_back(Command::Park { leg, music });
        }
    }

    /// Somebody who is no agent has answered and takes the customer.
    pub(super) fn other_takes_over(&mut self, id: CallId) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        if call.phase == Phase::Transferring {
            call.phase = Phase::Talking;
            call.parties.from = None;
            self.arrange(id);
        }
    }

    /// The one to whom the customer was sent does not take it: back to who sent it, else to the
    /// queue, else to nobody.
    pub(super) fn transfer_failed(&mut self, id: CallId, why: &'static str, now: Millis) {
        let Some(who) = self.stop_transfer(id, why, now) else {
            return;
        };
        self.tell_party_left(id, &who, why);
        self.transfer_went_wrong(id, now);
    }

    /// Nobody is rung for the customer any more.
    pub(super) fn transfer_went_wrong(&mut self, id: CallId, now: Millis) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        let (from, queue) = (call.parties.from.take(), call.queue.clone());
        let back = from.and_then(|who| self.ring_sender(id, who, now));
        match (back, queue) {
            (Some(party), _) => self.send_to(id, party, None, now),
            (None, Some(queue)) => self.queue_again(id, queue, now),
            (None, None) => self.say_sorry(id, Some(SORRY.to_owned()), now),
        }
    }

    /// Rings whoever transferred a call that nobody took.
    fn ring_sender(&mut self, id: CallId, who: Who, now: Millis) -> Option<Party> {
        let is_there = match &who {
            Who::Agent(agent) => {
                let seen = self.agents.get(agent)?;
                !seen.gone && self.may_be_rung(seen)
            }
            Who::Extension(phone) => {
                self.registered.contains(phone) && self.phone_is_free(phone).is_ok()
            }
            Who::Outside(_) => false,
        };
        match is_there {
            true => self.call_party(id, who, now).ok(),
            false => None,
        }
    }

    /// The caller is gone, or nobody took the call: who was rung is let go. Nothing when no transfer
    /// is under way.
    pub(super) fn stop_transfer(
        &mut self,
        id: CallId,
        why: &'static str,
        now: Millis,
    ) -> Option<Who> {
        let call = self.calls.get_mut(&id)?;
        if call.phase != Phase::Transferring {
            return None;
        }
        call.phase = Phase::Waiting;
        if let Some(party) = call.parties.other.take() {
            self.drop_party(id, &party, why, now);
            return Some(party.who);
        }
        let (agent, leg) = (call.agent.take()?, call.agent_leg.take());
        if let Some(leg) = leg {
            self.leg_over(id, leg, why, now);
            if matches!(self.legs.get(&leg), Some(Role::AgentFor(_))) {
                self.legs.remove(&leg);
                let cause = Cause::NoAnswer;
                self.commands.push_back(Command::Hangup { leg, cause });
            }
        }
        // Who transferred a call and does not take it back is not there.
        let on_break = self.calls.get(&id).is_some_and(|call| {
            call.parties.from.is_none() && call.parties.last_agent.as_ref() == Some(&agent)
        });
        let on_break = on_break && !matches!(why, "call_over" | "withdrawn");
        let work = (!on_break)
            .then(|| self.work_left(id, &agent, why))
            .flatten();
        let _ = self.step(&agent, now, |machine| match work {
            Some(ms) => machine.call_over(Some(ms), now),
            None => machine.offer_over(on_break, now),
        });
        self.go_on_previewing(&agent);
        self.let_go_of(&agent, now);
        Some(Who::Agent(agent))
    }

    /// The after-call work of one who had the customer, and to whom the call came back or was to: a
    /// disposition that is owed, or what the ringing broke off.
    fn work_left(&self, id: CallId, agent: &AgentId, why: &str) -> Option<i64> {
        let call = self.calls.get(&id)?;
        let last = self.agents.get(agent)?.last_call.as_ref();
        let owes = last.is_some_and(|last| last.id == id && last.is_owed());
        let parties = &call.parties;
        let came_back = parties.from.is_none() && parties.last_agent.as_ref() == Some(agent);
        (owes || (came_back && why == "call_over"))
            .then(|| self.wrap_up_of(agent, call))
            .flatten()
    }

    /// The customer waits in a queue, as a caller does and not as one who was dialled: there has been
    /// an agent.
    fn queue_again(&mut self, id: CallId, queue: QueueId, now: Millis) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        call.before.get_or_insert(call.times);
        call.parties.from = None;
        self.enter_queue(id, Some(queue), now);
    }

    /// The customer goes on where nobody is rung for them.
    pub(super) fn wait_for_sent(&mut self, id: CallId, to: Destination, now: Millis) {
        match to {
            Destination::Queue { queue } => self.queue_again(id, queue, now),
            Destination::Ivr { menu } => self.send_to_menu(id, &menu, now),
            _ => {}
        }
    }

    /// The customer is in a voice menu, and goes on from there as a caller does.
    fn send_to_menu(&mut self, id: CallId, menu: &MenuId, now: Millis) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        call.before.get_or_insert(call.times);
        call.parties.from = None;
        // A person has sent it on: it does not go in a circle by itself.
        call.way.moves = 0;
        self.enter_menu(id, menu, now);
    }

    /// An agent has the customer, and a disposition to give afterwards.
    pub(super) fn has_customer(&mut self, id: CallId, agent: &AgentId) {
        let Some(call) = self.calls.get(&id) else {
            return;
        };
        let required = self.disposition_required(call.campaign.as_ref());
        let last = LastCall {
            id,
            attempts: call.attempts_before + 1,
            campaign: call.campaign.clone(),
            lead: call.lead.clone(),
            required,
            disposed: false,
            as_machine: call.class == AnswerClass::Machine && call.times.bridged.is_some(),
            is_unsaid: call.disposed.is_none(),
        };
        if let Some(agent) = self.agents.get_mut(agent) {
            agent.no_answers = 0;
            agent.calls += 1;
            agent.last_call = Some(last);
        }
    }
}

fn no_such_queue() -> OrderRefused {
    OrderRefused::new("NO_SUCH_QUEUE", "there is no such queue")
}

fn not_registered(extension: &str) -> OrderRefused {
    let text = format!("the phone of extension {extension} is not registered");
    OrderRefused::new("PHONE_NOT_REGISTERED", text)
}
