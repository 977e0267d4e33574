//! The other parties of a call are called, answer, and are let go.

use super::{
    Call, Cause, Command, Floor, Role, Why,
    party::{Party, Reach, Who},
    way_out::Leaving,
};
use crate::{
    agent::{Busy, State},
    ids::{AgentId, CallId, LegId},
    time::Millis,
};

/// How long the phone of a party may ring; milliseconds.
const RING_MS: i64 = 30_000;
/// The switch ends the ringing itself; this guards against one that never tells; milliseconds.
const GUARD_MS: i64 = 1_000;

impl Floor {
    /// Begins to call somebody for a call that is up. An outside number is asked about first.
    pub(super) fn call_party(
        &mut self,
        id: CallId,
        who: Who,
        now: Millis,
    ) -> Result<Party, super::OrderRefused> {
        let leg = LegId(self.numbers.take());
        let mut party = Party::ringing(who, leg);
        let mut ring_ms = RING_MS;
        if let Some(call) = self.calls.get_mut(&id) {
            call.sent_on.begin(leg);
        }
        match &party.who {
            Who::Agent(agent) => {
                let agent = agent.clone();
                self.step(&agent, now, |machine| machine.ring_for(id, now))?;
                self.pop_up(&agent, id);
                let seen = &self.agents[&agent];
                match seen.nailed_up {
                    Some((leg, _)) => (party.leg, party.reach) = (leg, Reach::Up),
                    None => {
                        let caller = self.calls.get(&id);
                        let caller = caller.map(|call| self.number_for(&agent, call));
                        let caller = caller.unwrap_or_default();
                        self.ring_telephone(leg, &agent, Some(id), caller, RING_MS);
                    }
                }
            }
            Who::Extension(extension) => {
                let extension = extension.clone();
                self.in_use.insert(extension.clone());
                self.ring_party(id, leg, extension);
            }
            Who::Outside(number) => {
                ring_ms = self.way_out(number, &[], now)?.ring_ms();
                self.ask_about(id, leg, number, now);
                party.reach = Reach::Asking;
            }
        }
        if party.reach != Reach::Up {
            self.legs.insert(leg, Role::Party(id));
            let guard = Why::RingingIsOver(id, leg);
            self.timers.set(now.plus(ring_ms + GUARD_MS), guard);
        }
        self.leg_began(id, &party, now);
        Ok(party)
    }

    fn ring_party(&mut self, id: CallId, leg: LegId, extension: String) {
        let Some(call) = self.calls.get(&id) else {
            return;
        };
        let caller = call.number().to_owned();
        self.commands.push_back(Command::RingPhone {
            leg,
            extension,
            caller,
            ring_ms: RING_MS,
        });
    }

    /// The store has answered about an outside number.
    pub(super) fn party_checked(&mut self, id: CallId, leg: LegId, allowed: bool, now: Millis) {
        let call = self.calls.get_mut(&id);
        let party = call.and_then(|call| call.parties.with(leg));
        if party.is_none_or(|party| party.reach != Reach::Asking) {
            return;
        }
        if !allowed {
            self.party_gone(id, leg, "dnc", now);
        } else if !self.dial_party(id, leg, now) {
            self.party_gone(id, leg, "gateway", now);
        }
    }

    fn dial_party(&mut self, id: CallId, leg: LegId, now: Millis) -> bool {
        let (house, phone) = (self.house_in(id), self.phone_behind(id, leg));
        let call = self.calls.get_mut(&id);
        let Some(party) = call.and_then(|call| call.parties.with(leg)).cloned() else {
            return false;
        };
        let Who::Outside(number) = &party.who else {
            return false;
        };
        let leaving = Leaving {
            leg,
            number,
            phone: phone.as_deref(),
            caller: &house,
            shows: party.shows.as_deref().map(|shows| (id, shows)),
            refused: &party.refused,
        };
        let Ok(way) = self.dial_out(leaving, now) else {
            return false;
        };
        let call = self.calls.get_mut(&id);
        if let Some(party) = call.and_then(|call| call.parties.with(leg)) {
            party.reach = Reach::Ringing;
            party.channel = Some(way.gateway);
        }
        true
    }

    /// A party's leg is over. Where its gateway refused it, the next one is asked.
    pub(super) fn party_lost(&mut self, id: CallId, leg: LegId, why: &'static str, now: Millis) {
        if why != "gateway" || !self.dial_party_again(id, leg, now) {
            self.party_gone(id, leg, why, now);
        }
    }

    fn dial_party_again(&mut self, id: CallId, old: LegId, now: Millis) -> bool {
        let leg = LegId(self.numbers.take());
        let call = self.calls.get_mut(&id);
        let party = call.and_then(|call| call.parties.with(old));
        let Some(party) = party.filter(|party| party.reach == Reach::Ringing) else {
            return false;
        };
        let (Who::Outside(number), Some(gateway)) = (party.who.clone(), party.channel.take())
        else {
            return false;
        };
        party.refused.push(gateway.clone());
        let refused = party.refused.clone();
        self.gateway_refused(&gateway, now);
        let Ok(way) = self.way_out(&number, &refused, now) else {
            return false;
        };
        self.leg_over(id, old, "gateway", now);
        let call = self.calls.get_mut(&id);
        let Some(party) = call.and_then(|call| call.parties.with(old)) else {
            return false;
        };
        party.leg = leg;
        party.sounds = false;
        let party = party.clone();
        if let Some(call) = self.calls.get_mut(&id) {
            call.sent_on.exchange(old, leg);
        }
        self.legs.insert(leg, Role::Party(id));
        self.leg_began(id, &party, now);
        let guard = Why::RingingIsOver(id, leg);
        self.timers.set(now.plus(way.ring_ms() + GUARD_MS), guard);
        if !self.dial_party(id, leg, now) {
            self.legs.remove(&leg);
            self.party_gone(id, leg, "gateway", now);
        } else if self.is_second(id, leg) {
            self.arrange(id);
        }
        true
    }

    pub(super) fn party_answered(&mut self, id: CallId, leg: LegId, now: Millis) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        let Some(party) = call.parties.with(leg) else {
            return;
        };
        party.reach = Reach::Up;
        let who = party.who.clone();
        self.leg_up(id, leg, now);
        if self.is_called(id, leg) {
            if let Who::Agent(agent) = who {
                let _ = self.step(&agent, now, |machine| machine.answer(now));
            }
            if self.takes_sent(id, leg, now) {
                return;
            }
            self.answer_own(id);
            if !self.join_all(id, now) {
                self.arrange(id);
                self.tell_call(id);
            }
        } else {
            self.leg_joined(id, leg, now);
            self.other_takes_over(id);
        }
    }

    pub(super) fn is_second(&self, id: CallId, leg: LegId) -> bool {
        let second = self.calls.get(&id).and_then(|call| {
            let second = call.parties.second.as_ref();
            second.map(|party| party.leg)
        });
        second == Some(leg)
    }

    /// Whether somebody was called into a talk, or is asked about it, on this leg.
    pub(super) fn is_called(&self, id: CallId, leg: LegId) -> bool {
        let call = self.calls.get(&id);
        call.is_some_and(|call| call.parties.called().any(|party| party.leg == leg))
    }

    /// A party's leg is over, or never was; `why` in a word, for the agent.
    pub(super) fn party_gone(&mut self, id: CallId, leg: LegId, why: &'static str, now: Millis) {
        if self.is_called(id, leg) {
            self.called_gone(id, leg, why, now);
        } else if self
            .calls
            .get(&id)
            .is_some_and(|call| call.phase == super::Phase::Transferring)
        {
            self.transfer_failed(id, why, now);
        } else if self.calls.get(&id).is_some_and(asks_somebody) {
            // Whoever hangs up on two lets the two have each other.
            self.leave_conference(id, now);
        } else {
            self.other_gone(id, why, now);
        }
    }

    /// Whoever had the customer without being an agent has hung up: so do we.
    fn other_gone(&mut self, id: CallId, why: &'static str, now: Millis) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        let other = call.parties.other.take();
        call.phase = super::Phase::Leaving;
        if let Some(party) = other {
            self.drop_party(id, &party, why, now);
        }
        self.leave(id, Cause::Normal, now);
    }

    pub(super) fn ringing_due(&mut self, id: CallId, leg: LegId, now: Millis) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        let rings = |party: &mut Party| party.reach != Reach::Up;
        if call.parties.with(leg).is_some_and(rings) {
            self.party_gone(id, leg, "no_answer", now);
        } else if call.phase == super::Phase::Transferring && call.agent_leg == Some(leg) {
            self.transfer_failed(id, "no_answer", now);
        }
    }

    /// Lets go of a party: its leg, its channel, its agent.
    pub(super) fn drop_party(&mut self, id: CallId, party: &Party, why: &'static str, now: Millis) {
        self.drop_own(party);
        self.hear_again(id, party.leg);
        self.tell_not_sent(party.asked_on, why);
        self.leg_over(id, party.leg, why, now);
        let rang = self.legs.get(&party.leg) == Some(&Role::Party(id));
        if rang {
            self.legs.remove(&party.leg);
        }
        // One that was never dialled has nothing to hang up.
        if rang && party.reach != Reach::Asking {
            let cause = match party.is_up() {
                true => Cause::Normal,
                false => Cause::NoAnswer,
            };
            let leg = party.leg;
            self.commands.push_back(Command::Hangup { leg, cause });
        }
        self.free_party_channel(party, now);
        match &party.who {
            Who::Agent(agent) => self.let_colleague_go(id, agent, party.leg, now),
            Who::Extension(extension) => {
                self.in_use.remove(extension);
            }
            Who::Outside(_) => {}
        }
    }

    pub(super) fn free_party_channel(&mut self, party: &Party, now: Millis) {
        let channel = party.channel.as_ref();
        if let Some(gateway) = channel.and_then(|id| self.gateways.get_mut(id)) {
            gateway.state.release(false, now);
        }
    }

    /// An agent who was asked or rung goes back to what came before: there is nothing to wrap up.
    pub(super) fn let_colleague_go(
        &mut self,
        id: CallId,
        agent: &AgentId,
        leg: LegId,
        now: Millis,
    ) {
        if matches!(self.legs.get(&leg), Some(Role::NailedUp(of)) if of == agent) {
            self.commands.push_back(Command::Park { leg, music: None });
        }
        let state = self.agents.get(agent).map(|agent| agent.machine.state());
        let Some(State::Busy { sub, call }) = state else {
            return;
        };
        if *call != id {
            return;
        }
        let rings = *sub == Busy::Ringing;
        let _ = self.step(agent, now, |machine| match rings {
            true => machine.offer_over(false, now),
            false => machine.call_over(None, now),
        });
        self.go_on_previewing(agent);
        self.let_go_of(agent, now);
    }

    /// The call is over for everybody else too.
    pub(super) fn let_parties_go(&mut self, call: &Call, now: Millis) {
        for party in call.parties.all() {
            self.drop_party(call.id, party, "call_over", now);
        }
        self.dismiss_supervisors(call.id, now);
    }
}

fn asks_somebody(call: &Call) -> bool {
    call.phase == super::Phase::Talking && call.parties.second.is_some()
}
