//! Callers who do not want to wait keep their place and are called back.

use super::{Call, Command, Floor, Phase, Role, Why};
use crate::{
    ids::{CallId, LegId},
    outcome::Outcome,
    time::Millis,
};

/// Without a line out it is looked for again after this.
const LOOK_MS: i64 = 1_000;

impl Floor {
    pub(super) fn is_call_back(&self, id: CallId) -> bool {
        let call = self.calls.get(&id);
        call.is_some_and(|call| call.way.is_call_back)
    }

    /// Takes the place of a waiting caller for a call back. False when the number cannot be called, or
    /// is going to be already; then the caller goes on waiting.
    pub(super) fn promise_call_back(&mut self, id: CallId, now: Millis) -> bool {
        let Some(call) = self.calls.get(&id).filter(|call| call.is_inbound()) else {
            return false;
        };
        let (number, house) = (call.caller.clone(), call.callee.clone());
        let is_promised = |other: &Call| other.way.is_call_back && other.callee == number;
        let is_dialable = !number.is_empty() && self.way_out(&number, now).is_some();
        if !is_dialable || self.calls.values().any(is_promised) {
            return false;
        }
        let Some(call) = self.calls.get(&id) else {
            return false;
        };
        let mut back = Call::new(CallId(self.numbers.take()), house, number, now);
        back.way.is_call_back = true;
        back.queue.clone_from(&call.queue);
        back.priority = call.priority;
        back.waits_since = call.waits_since;
        back.times.queued = Some(now);
        back.phase = Phase::Waiting;
        let within = call.queue.as_ref().and_then(|queue| {
            let queue = self.queues.get(queue)?;
            Some(queue.settings.call_back_within_ms)
        });
        let old = Why::CallBackIsOld(back.id);
        self.timers.set(now.plus(within.unwrap_or_default()), old);
        let open = Command::OpenCall(Box::new(back.beginning()));
        self.commands.push_back(open);
        self.calls.insert(back.id, back);
        true
    }

    /// Whether a call back, whose turn it may be, has a line out. Looked at again when it has none.
    pub(super) fn may_call_back(&mut self, id: CallId, now: Millis) -> bool {
        let Some(call) = self.calls.get(&id) else {
            return false;
        };
        let number = call.callee.clone();
        let has_line = self.way_out(&number, now).is_some();
        if !has_line {
            let next = Millis((now.0 / LOOK_MS + 1) * LOOK_MS);
            self.timers.set(next, Why::CallBackDue(id));
        }
        has_line
    }

    /// The agent has picked up: now the caller is dialled.
    pub(super) fn call_back(&mut self, id: CallId, now: Millis) {
        let Some(call) = self.calls.get(&id) else {
            return;
        };
        let (number, house, agent_leg) = (call.callee.clone(), call.caller.clone(), call.agent_leg);
        let Some(way) = self.way_out(&number, now) else {
            self.finish(id, Outcome::Congestion, now);
            return;
        };
        let leg = LegId(self.numbers.take());
        if let Some(gateway) = self.gateways.get_mut(&way.gateway) {
            let _ = gateway.state.admit(now);
        }
        if let Some(call) = self.calls.get_mut(&id) {
            call.gateway = Some(way.gateway.clone());
            call.holds_channel = true;
            call.customer = Some(leg);
            call.phase = Phase::Dialling;
        }
        self.legs.insert(leg, Role::Customer(id));
        if let Some(leg) = agent_leg {
            let music = Some("ringback".to_owned());
            self.commands.push_back(Command::Park { leg, music });
        }
        self.commands.push_back(Command::Dial {
            leg,
            gateway: way.gateway,
            number: way.number,
            caller: way.rule.caller.unwrap_or(house),
            ring_ms: i64::from(way.rule.ring_timeout_s) * 1000,
        });
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
