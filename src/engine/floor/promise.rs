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
        if !kept {
            self.calls.remove(&id);
            return;
        }
        back.phase = Phase::Waiting;
        let (void, asked) = (back.cancelled, back.way.promised_to);
        match asked {
            _ if void => self.finish(id, Outcome::Cancelled, now),
            Some((caller, _)) => self.let_promised_go(caller, now),
            None => {}
        }
    }

    /// Whoever was promised a call back, and waits in a queue, hears of it and goes. One to whom somebody
    /// is on the way may still meet them, and one who is elsewhere in the house goes on there; with whoever has
    /// hung up, the promise stands.
    pub(super) fn let_promised_go(&mut self, caller: CallId, now: Millis) {
        let waits = self.calls.get(&caller).is_some_and(Call::is_waiting);
        let Some(back) = self.promise_to(caller).filter(|_| waits) else {
            return;
        };
        if back.phase == Phase::Opening {
            return;
        }
        if let Some((_, key)) = back.way.promised_to.take() {
            self.leave_queue_for(caller, key, Destination::Callback, now);
        }
    }

    /// Somebody came first: there is nothing left to call back about.
    pub(super) fn void_promise_to(&mut self, caller: CallId, now: Millis) {
        let Some(back) = self.promise_to(caller) else {
            return;
        };
        let id = back.id;
        match back.phase {
            // The books are told when they know of it.
            Phase::Opening => back.cancelled = true,
            _ if back.is_waiting() => {
                self.withdraw_offer(id, now);
                self.finish(id, Outcome::Cancelled, now);
            }
            _ => {}
        }
    }

    /// The call back that a caller who is still here was promised, or is about to be.
    fn promise_to(&mut self, caller: CallId) -> Option<&mut Call> {
        let is_theirs = |call: &&mut Call| {
            let to = call.way.promised_to.as_ref();
            to.is_some_and(|(id, _)| *id == caller)
        };
        self.calls.values_mut().find(is_theirs)
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
