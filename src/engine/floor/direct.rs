//! A caller is put through to one phone: an extension of the house, or a number outside.

use super::{
    Call, Cause, Command, Floor, Phase, Role, Why,
    way::Out,
    way_out::{Leaving, NoWay},
};
use crate::{
    ids::{AgentId, CallId, LegId},
    phone,
    time::Millis,
};

const RING_MS: i64 = 30_000;
/// The phone itself ends its ringing; this guards against one that never tells.
const GUARD_MS: i64 = 1_000;

impl Floor {
    /// Rings one extension. An agent who is signed in there and in no call is reserved; who does not
    /// come to the phone gets a message.
    pub(super) fn ring_extension(&mut self, id: CallId, extension: String, now: Millis) {
        let agent = self.agent_at(&extension);
        let agent = agent.map(|id| (id.clone(), self.may_be_rung(&self.agents[id])));
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        call.way.is_served = true;
        match agent {
            Some((agent, true)) if self.reserve(id, &agent, now) => {
                self.ring_back(id);
                self.ring_agent(id, &agent, now);
            }
            None if self.registered.contains(&extension) && !self.in_use.contains(&extension) => {
                self.use_phone(id, &extension, now);
                self.ring_back(id);
                let leg = self.begin_reaching(id, RING_MS, now);
                self.phone_leg_began(id, leg, &extension, now);
                let caller = self.calls.get(&id).map(|call| call.number().to_owned());
                self.commands.push_back(Command::RingPhone {
                    leg,
                    extension,
                    caller: caller.unwrap_or_default(),
                    ring_ms: RING_MS,
                });
            }
            _ => self.greet(id, extension),
        }
    }

    /// Rings one agent, as far as free to take a call; else a message can be left.
    pub(super) fn ring_one_agent(&mut self, id: CallId, agent: AgentId, now: Millis) {
        let Some(seen) = self.agents.get(&agent) else {
            self.nobody_took(id, Cause::Unallocated);
            return;
        };
        let extension = match seen.machine.is_signed_in() {
            true => seen.extension.clone(),
            false => seen.spec.extension.clone(),
        };
        let can_be_rung = seen.machine.is_signed_in() && self.may_be_rung(seen);
        if let Some(call) = self.calls.get_mut(&id) {
            call.way.is_served = true;
        }
        if can_be_rung && self.reserve(id, &agent, now) {
            self.ring_back(id);
            self.ring_agent(id, &agent, now);
        } else {
            self.greet(id, extension);
        }
    }

    fn reserve(&mut self, id: CallId, agent: &AgentId, now: Millis) -> bool {
        self.step(agent, now, |machine| machine.ring(id, now))
            .is_ok()
    }

    fn ring_agent(&mut self, id: CallId, agent: &AgentId, now: Millis) {
        let until = now.plus(RING_MS + GUARD_MS);
        if let Some(call) = self.calls.get_mut(&id) {
            call.way.is_direct = true;
            call.times.offered = Some(now);
            call.agent = Some(agent.clone());
            call.phase = Phase::Offered {
                agent: agent.clone(),
                until,
            };
        }
        self.pop_up(agent, id);
        if self.take_nailed_up(id, agent) {
            self.agent_leg_began(id, agent, now);
            self.join(id, now);
            return;
        }
        let leg = self.ring_for(id, agent, RING_MS);
        self.offer_leg_began(id, agent, leg, now);
        if let Some(call) = self.calls.get_mut(&id) {
            call.agent_leg = Some(leg);
            call.sent_on.begin(leg);
        }
        let over = Why::OfferIsOver(id, agent.clone());
        self.timers.set(until, over);
    }

    /// The caller hears that it rings. One whom nothing reaches before the answer is told when it does.
    fn ring_back(&mut self, id: CallId) {
        let hears = |call: &&Call| !call.is_unanswered() || call.way.hears_early;
        let call = self.calls.get(&id).filter(hears);
        self.hear_ringback(call.and_then(|call| call.customer));
    }

    fn begin_reaching(&mut self, id: CallId, ring_ms: i64, now: Millis) -> LegId {
        let leg = LegId(self.numbers.take());
        self.legs.insert(leg, Role::AgentFor(id));
        if let Some(call) = self.calls.get_mut(&id) {
            call.agent_leg = Some(leg);
            call.sent_on.begin(leg);
            call.phase = Phase::Reaching;
        }
        let over = Why::ReachingIsOver(id, leg);
        self.timers.set(now.plus(ring_ms + GUARD_MS), over);
        leg
    }

    /// Puts the caller through to a number outside, unless it is barred or a DNC list forbids it.
    pub(super) fn put_through(&mut self, id: CallId, number: &str, now: Millis) {
        let spellings = phone::spellings(number, &self.home_of(None));
        if self.is_not_denied(&spellings).is_err() {
            return self.nobody_took(id, Cause::Declined);
        }
        let way = match self.way_out(number, &[], now) {
            Ok(way) => way,
            Err(NoWay::NoRoute) => return self.nobody_took(id, Cause::Unallocated),
            Err(NoWay::Full) => return self.nobody_took(id, Cause::Congestion),
        };
        self.ring_back(id);
        let leg = self.begin_reaching(id, way.ring_ms(), now);
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        call.way.is_served = true;
        call.way.out = Some(Out {
            leg,
            number: number.to_owned(),
            channel: None,
            shows: None,
            refused: Vec::new(),
        });
        self.outside_leg_began(id, leg, number, now);
        self.ask_about(id, leg, number, now);
    }

    /// The store has answered about the number.
    pub(super) fn through_checked(&mut self, id: CallId, leg: LegId, allowed: bool, now: Millis) {
        let asked = |call: &Call| {
            let out = call.way.out.as_ref();
            call.phase == Phase::Reaching && out.is_some_and(|out| out.is_asked_about(leg))
        };
        if !self.calls.get(&id).is_some_and(asked) {
            return;
        }
        if !allowed {
            self.leg_over(id, leg, "dnc", now);
            self.not_reached_for(id, Cause::Declined, now);
        } else if !self.dial_through(id, now) {
            self.not_reached_for(id, Cause::Congestion, now);
        }
    }

    fn dial_through(&mut self, id: CallId, now: Millis) -> bool {
        let Some(call) = self.calls.get(&id) else {
            return false;
        };
        let (own, out) = (call.caller.clone(), call.way.out.clone());
        let Some(out) = out else { return false };
        let phone = self.phone_behind(id, out.leg);
        let leaving = out.leaving_as(id, phone.as_deref(), &own);
        let Ok(way) = self.dial_out(leaving, now) else {
            return false;
        };
        if let Some(call) = self.calls.get_mut(&id) {
            call.way.unrecorded |= !way.rule.record;
            if let Some(out) = &mut call.way.out {
                out.channel = Some(way.gateway);
            }
        }
        if !way.rule.record {
            self.end_recording(id);
        }
        true
    }

    /// The gateway refused the number: the next one is asked. False when there is none.
    pub(super) fn dial_through_again(&mut self, id: CallId, old: LegId, now: Millis) -> bool {
        let leg = LegId(self.numbers.take());
        let call = self.calls.get_mut(&id);
        let call = call.filter(|call| call.phase == Phase::Reaching);
        let out = call.and_then(|call| call.way.out.as_mut());
        let Some(out) = out.filter(|out| out.leg == old) else {
            return false;
        };
        let Some(gateway) = out.channel.take() else {
            return false;
        };
        out.refused.push(gateway.clone());
        let (number, refused) = (out.number.clone(), out.refused.clone());
        self.gateway_refused(&gateway, now);
        let Ok(way) = self.way_out(&number, &refused, now) else {
            return false;
        };
        self.leg_over(id, old, "gateway", now);
        if let Some(call) = self.calls.get_mut(&id) {
            call.agent_leg = Some(leg);
            call.sent_on.exchange(old, leg);
            if let Some(out) = &mut call.way.out {
                out.leg = leg;
            }
        }
        self.legs.insert(leg, Role::AgentFor(id));
        self.outside_leg_began(id, leg, &number, now);
        let over = Why::ReachingIsOver(id, leg);
        self.timers.set(now.plus(way.ring_ms() + GUARD_MS), over);
        self.ring_back(id);
        if !self.dial_through(id, now) {
            self.not_reached_for(id, Cause::Congestion, now);
        }
        true
    }

    /// The phone that was rung for the caller was not picked up.
    pub(super) fn not_reached_for(&mut self, id: CallId, why: Cause, now: Millis) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        // One that was never dialled has nothing to hang up.
        let asked = |out: &Out| out.channel.is_none();
        let is_up = !call.reached_outside().is_some_and(asked);
        if let Some(leg) = call.agent_leg.take() {
            if self.legs.remove(&leg).is_some() && is_up {
                let cause = Cause::NoAnswer;
                self.commands.push_back(Command::Hangup { leg, cause });
            }
            self.leg_over(id, leg, why.of_leg(), now);
        }
        self.free_way_out(id, now);
        self.free_rung_phone(id);
        if !self.not_taken(id, now) {
            self.nobody_took(id, why);
        }
    }

    pub(super) fn reaching_due(&mut self, id: CallId, leg: LegId, now: Millis) {
        let rings = |call: &Call| call.phase == Phase::Reaching && call.agent_leg == Some(leg);
        if self.calls.get(&id).is_some_and(rings) {
            self.not_reached_for(id, Cause::NoAnswer, now);
        }
    }

    pub(super) fn free_way_out(&mut self, id: CallId, now: Millis) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        // A customer whom we dialled by it is the call's, not the agent's.
        let customer = call.customer;
        let out = call.way.out.take_if(|out| Some(out.leg) != customer);
        self.free_out(out.as_ref(), now);
    }

    /// The channel of a call that is over.
    pub(super) fn give_way_out_back(&mut self, call: &Call, now: Millis) {
        self.free_out(call.way.out.as_ref(), now);
    }

    fn free_out(&mut self, out: Option<&Out>, now: Millis) {
        let Some(out) = out else { return };
        if out.channel.is_none() {
            self.legs.remove(&out.leg);
        }
        let gateway = out.channel.as_ref();
        if let Some(gateway) = gateway.and_then(|id| self.gateways.get_mut(id)) {
            let _ = gateway.state.release(false, now);
        }
    }
}

impl Call {
    /// The number outside that its second leg is. What the customer was dialled by is not meant.
    pub(super) fn reached_outside(&self) -> Option<&Out> {
        let out = self.way.out.as_ref();
        out.filter(|out| Some(out.leg) == self.agent_leg)
    }
}

impl Out {
    /// Whether the store has not answered about it yet.
    pub fn is_asked_about(&self, leg: LegId) -> bool {
        self.leg == leg && self.channel.is_none()
    }

    pub fn leaving_as<'a>(
        &'a self,
        call: CallId,
        phone: Option<&'a str>,
        caller: &'a str,
    ) -> Leaving<'a> {
        Leaving {
            leg: self.leg,
            number: &self.number,
            phone,
            caller,
            shows: self.shows.as_deref().map(|shows| (call, shows)),
            refused: &self.refused,
        }
    }
}
