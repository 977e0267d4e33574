//! Callers who do not want to wait keep their place and are promised a call back. The promise is
//! written down before the caller hears of it, so it outlives the process.

use super::{Call, CallBack, Command, Floor, OrderRefused, Phase, Why};
use crate::{
    destination::Destination,
    ids::{CallId, QueueId},
    outcome::Outcome,
    phone,
    time::Millis,
};

impl Floor {
    /// A waiting caller wants to be called back in turn. Whose number cannot be called, or is going to
    /// be already, goes on waiting.
    pub(super) fn promise_call_back(&mut self, id: CallId, key: char, now: Millis) {
        let Some(call) = self.calls.get(&id).filter(|call| call.is_inbound()) else {
            return;
        };
        let (number, house) = (call.caller.clone(), call.callee.clone());
        let is_promised = |other: &Call| other.way.is_call_back && other.callee == number;
        let spellings = phone::spellings(&number, &self.home_of(None));
        let is_dialable = !number.is_empty()
            && self.is_not_denied(&spellings).is_ok()
            && self.way_out(&number, &[], now).is_ok();
        if !is_dialable || self.calls.values().any(is_promised) {
            return;
        }
        let Some(call) = self.calls.get(&id) else {
            return;
        };
        let Some(queue) = call.queue.clone() else {
            return;
        };
        let (priority, since) = (call.priority, call.waits_since);
        let back = Call::new(CallId(self.numbers.take()), house, number, now);
        let within = self.queues.get(&queue);
        let within = within.map_or(0, |queue| queue.settings.call_back_within_ms);
        let mut back = back.waiting_in(queue.clone(), priority, since.unwrap_or(now));
        back.phase = Phase::Opening;
        back.way.promised_to = Some((id, key));
        let until = now.plus(within);
        let promise = CallBack {
            call: back.beginning(),
            queue,
            priority,
            waits_since: since.unwrap_or(now),
            until,
        };
        self.timers.set(until, Why::CallBackIsOld(back.id));
        self.commands.push_back(Command::Promise(Box::new(promise)));
        self.calls.insert(back.id, back);
    }

    /// The store has written the promise down, or has refused to.
    pub(super) fn promised(&mut self, id: CallId, kept: bool, now: Millis) {
        let call = self.calls.get_mut(&id);
        let Some(back) = call.filter(|call| call.way.is_call_back && call.phase == Phase::Opening)
        else {
            return;
        };
        let asked = back.way.promised_to.take();
        if !kept {
            self.calls.remove(&id);
            return;
        }
        back.phase = Phase::Waiting;
        let Some((caller, key)) = asked else { return };
        match self.calls.get(&caller) {
            Some(call) if call.is_waiting() => {
                self.leave_queue_for(caller, key, Destination::Callback, now);
            }
            // An agent came first: there is nothing left to call back about.
            Some(call) if call.is_talking() => self.finish(id, Outcome::Cancelled, now),
            _ => {}
        }
    }

    /// A promise is taken back by hand: a phone that rings for it is silent, and nobody is called.
    pub(super) fn cancel_call_back(&mut self, id: CallId, now: Millis) -> Result<(), OrderRefused> {
        let call = self.calls.get(&id).filter(|call| call.way.is_call_back);
        let Some(call) = call else {
            let text = "no promised call back waits under this id";
            return Err(OrderRefused::new("NO_SUCH_CALL", text));
        };
        if !call.is_waiting() {
            let text = "the caller is being called back";
            return Err(OrderRefused::new("CALL_BACK_BEGUN", text));
        }
        self.withdraw_offer(id, now);
        self.finish(id, Outcome::Cancelled, now);
        Ok(())
    }

    /// What an earlier process promised waits on at its place.
    pub(super) fn remember_promises(&mut self, promises: Vec<CallBack>) {
        for promise in promises {
            let call = promise.call;
            let back = Call::new(call.id, call.caller, call.callee, call.started_at);
            let back = back.waiting_in(promise.queue, promise.priority, promise.waits_since);
            let old = Why::CallBackIsOld(back.id);
            self.timers.set(promise.until, old);
            self.calls.insert(back.id, back);
        }
    }

    /// A process that is about to end takes no promise in hand; the next one keeps it.
    pub(super) fn let_promises_rest(&mut self, now: Millis) {
        let is_offered = |call: &&Call| call.way.is_call_back && call.is_waiting();
        let offered = self.calls.values().filter(is_offered).map(|call| call.id);
        for id in offered.collect::<Vec<CallId>>() {
            self.withdraw_offer(id, now);
        }
    }
}

impl Call {
    fn waiting_in(self, queue: QueueId, priority: u8, since: Millis) -> Self {
        let mut call = self;
        call.way.is_call_back = true;
        call.queue = Some(queue);
        call.priority = priority;
        call.waits_since = Some(since);
        call.times.queued = Some(call.times.started);
        call.phase = Phase::Waiting;
        call
    }
}
