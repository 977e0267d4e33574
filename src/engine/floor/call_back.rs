//! A promised call back is made when its turn has come and an agent has picked up. From the moment at
//! which it is taken in hand it is never made again, whatever becomes of the process.

use super::{Call, Command, Event, Floor, Phase, Role, Why, way::Out};
use crate::{
    ids::{CallId, LegId},
    outcome::Outcome,
    phone,
    time::Millis,
};

/// Without a line out it is looked for again after this.
const LOOK_MS: i64 = 1_000;

impl Floor {
    pub(super) fn is_call_back(&self, id: CallId) -> bool {
        let call = self.calls.get(&id);
        call.is_some_and(|call| call.way.is_call_back)
    }

    /// Whether a call back, whose turn it may be, has a line out. Looked at again when it has none.
    pub(super) fn may_call_back(&mut self, id: CallId, now: Millis) -> bool {
        let Some(call) = self.calls.get(&id).filter(|_| !self.draining) else {
            return false;
        };
        let number = call.callee.clone();
        let has_line = self.way_out(&number, &[], now).is_ok();
        if !has_line {
            let next = Millis((now.0 / LOOK_MS + 1) * LOOK_MS);
            self.timers.set(next, Why::CallBackDue(id));
        }
        has_line
    }

    /// The agent has picked up: now the caller is dialled, unless a DNC list has the number meanwhile.
    pub(super) fn call_back(&mut self, id: CallId, now: Millis) {
        let leg = LegId(self.numbers.take());
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        call.phase = Phase::Asking;
        let (number, agent_leg) = (call.callee.clone(), call.agent_leg);
        call.way.out = Some(Out {
            leg,
            number: number.clone(),
            channel: None,
            shows: None,
            refused: Vec::new(),
        });
        self.legs.insert(leg, Role::Customer(id));
        self.hear_ringback(agent_leg);
        let spellings = phone::spellings(&number, &self.home_of(None));
        let (callers, day_start) = self.ask_callers(id, leg, now);
        self.commands.push_back(Command::TakeCallBack {
            leg,
            call: id,
            spellings,
            callers,
            day_start,
        });
    }

    /// The store has answered about the number.
    pub(super) fn call_back_checked(&mut self, id: CallId, leg: LegId, allowed: bool, now: Millis) {
        let asked = |call: &Call| {
            let out = call.way.out.as_ref();
            call.phase == Phase::Asking && out.is_some_and(|out| out.is_asked_about(leg))
        };
        if !self.calls.get(&id).is_some_and(asked) {
            return;
        }
        let number = self.calls.get(&id).map(|call| call.callee.clone());
        let spellings = phone::spellings(&number.unwrap_or_default(), &self.home_of(None));
        if !allowed {
            self.tell_not_called(id, "dnc");
            self.finish(id, Outcome::Cancelled, now);
        } else if self.is_not_denied(&spellings).is_err() {
            self.tell_not_called(id, "barred");
            self.finish(id, Outcome::Cancelled, now);
        } else if !self.dial_back(id, now) {
            self.tell_not_called(id, "gateway");
            self.finish(id, Outcome::Congestion, now);
        }
    }

    fn dial_back(&mut self, id: CallId, now: Millis) -> bool {
        let Some(call) = self.calls.get(&id) else {
            return false;
        };
        let (house, out) = (call.caller.clone(), call.way.out.clone());
        let Some(out) = out else { return false };
        let phone = self.phone_behind(id, out.leg);
        let leaving = out.leaving_as(id, phone.as_deref(), &house);
        let Ok(way) = self.dial_out(leaving, now) else {
            return false;
        };
        self.legs.insert(out.leg, Role::Customer(id));
        if let Some(call) = self.calls.get_mut(&id) {
            call.gateway = Some(way.gateway);
            call.holds_channel = true;
            call.way.unrecorded = !way.rule.record;
            call.customer = Some(out.leg);
            call.phase = Phase::Dialling;
        }
        true
    }

    /// The gateway refused a call back: the next one is asked. False when there is none.
    pub(super) fn dial_back_again(&mut self, id: CallId, now: Millis) -> bool {
        let leg = LegId(self.numbers.take());
        let call = self.calls.get_mut(&id);
        let is_ours = |call: &&mut Call| call.way.is_call_back || call.way.is_ordered;
        let call = call.filter(|call| is_ours(call) && call.phase == Phase::Dialling);
        let Some(call) = call.filter(|call| call.holds_channel && !call.cancelled) else {
            return false;
        };
        let (Some(gateway), Some(out)) = (call.gateway.clone(), &mut call.way.out) else {
            return false;
        };
        out.refused.push(gateway.clone());
        let (number, refused) = (out.number.clone(), out.refused.clone());
        if self.way_out(&number, &refused, now).is_err() {
            return false;
        }
        let mut waits = None;
        if let Some(call) = self.calls.get_mut(&id) {
            call.holds_channel = false;
            call.customer = None;
            call.phase = Phase::Asking;
            waits = call.agent_leg;
            if let Some(out) = &mut call.way.out {
                out.leg = leg;
            }
        }
        self.hear_ringback(waits);
        self.gateway_refused(&gateway, now);
        if !self.dial_back(id, now) {
            self.tell_not_called(id, "gateway");
            self.finish(id, Outcome::Congestion, now);
        }
        true
    }

    fn tell_not_called(&mut self, id: CallId, why: &'static str) {
        let Some(call) = self.calls.get(&id) else {
            return;
        };
        if let Some(agent) = call.agent.clone() {
            let party = self.number_for(&agent, call);
            self.tell(Event::PartyLeft {
                agent,
                call_id: id,
                party,
                why,
            });
        }
    }

    /// Nobody could be found in all that time.
    pub(super) fn call_back_old(&mut self, id: CallId, now: Millis) {
        let waits = |call: &Call| call.way.is_call_back && call.is_waiting();
        if !self.calls.get(&id).is_some_and(waits) {
            return;
        }
        self.withdraw_offer(id, now);
        if let Some(call) = self.calls.get_mut(&id) {
            call.abandoned = true;
            call.gave_up = Some(now);
        }
        self.finish(id, Outcome::Abandoned, now);
    }
}
