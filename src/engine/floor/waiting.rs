//! A call waits for an agent, as long as its queue lets it.

use super::{Command, Floor, Phase, Why};
use crate::{
    ids::{CallId, QueueId},
    queue::TimeBase,
    time::Millis,
};

impl Floor {
    /// The call waits for an agent: two seconds after the greeting when we dialled it, or after the
    /// answer where nobody listens for a greeting; longer when it came in.
    pub(super) fn enter_queue(&mut self, id: CallId, queue: Option<QueueId>, now: Millis) {
        let known = queue.filter(|queue| self.queues.contains_key(queue));
        let Some(queue_id) = known else {
            match self
                .calls
                .get(&id)
                .is_some_and(|call| call.class.is_no_person())
            {
                true => self.let_go(id, now),
                false => self.say_sorry(id, None, now),
            }
            return;
        };
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        let Some(queue) = self.queues.get_mut(&queue_id) else {
            return;
        };
        let began = match queue.settings.time_base {
            TimeBase::Queue => now,
            TimeBase::System => call.times.started,
        };
        let resumed = match call.is_inbound() {
            true => queue.resumed(&call.caller, now),
            false => None,
        };
        let music = queue.settings.music.clone();
        call.waits_since = Some(resumed.unwrap_or(began));
        call.tier_asked_ms = 0;
        call.queue = Some(queue_id);
        call.phase = Phase::Waiting;
        call.tried.clear();
        call.gave_up = None;
        call.way.is_served = false;
        call.way.is_direct = false;
        call.times.queued = Some(now);
        self.set_wait_timers(id, now);
        self.let_promised_go(id, now);
        self.route(now);
        let waits = self.calls.get(&id).filter(|call| call.is_waiting());
        if let Some(leg) = waits.and_then(|call| call.customer) {
            let music = Some(music);
            self.commands.push_back(Command::Park { leg, music });
            self.begin_announcing(id, now);
        }
    }

    /// The call waits on, at the place that it had.
    pub(super) fn wait_on(&mut self, id: CallId, queue: QueueId, now: Millis) {
        let Some(music) = self.queues.get(&queue).map(|it| it.settings.music.clone()) else {
            return self.enter_queue(id, Some(queue), now);
        };
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        call.phase = Phase::Waiting;
        let leg = call.customer;
        self.set_wait_timers(id, now);
        self.let_promised_go(id, now);
        self.route(now);
        let waits = self.calls.get(&id).is_some_and(super::Call::is_waiting);
        if let Some(leg) = leg.filter(|_| waits) {
            let music = Some(music);
            self.commands.push_back(Command::Park { leg, music });
            self.go_on_announcing(id, now);
        }
    }

    /// Whether a call finds no place in a queue: others fill it, or nobody is there.
    pub(super) fn turns_away(&self, queue: &QueueId, id: CallId, now: Millis) -> bool {
        let Some(known) = self.queues.get(queue) else {
            return true;
        };
        let most = known.settings.max_waiting as usize;
        let is_full = || {
            let waits = self.calls.values();
            let there = waits.filter(|call| {
                let comes = matches!(call.phase, Phase::Answering) || call.is_waiting();
                comes && call.queue.as_ref() == Some(queue) && call.id != id
            });
            there.count() >= most
        };
        let nobody = now < known.refuses_until && self.staff(queue).next().is_none();
        nobody || (most > 0 && is_full())
    }

    /// Sets what a waiting call is woken for, under its queue's present settings. An earlier wake-up
    /// finds out that it is not due.
    pub(super) fn set_wait_timers(&mut self, id: CallId, now: Millis) {
        let Some(call) = self.calls.get(&id).filter(|call| call.is_waiting()) else {
            return;
        };
        if call.way.is_call_back {
            return;
        }
        if call.may_be_abandoned() {
            let at = self.abandoned_at(id).unwrap_or(now);
            self.timers.set(at, Why::CallWouldBeAbandoned(id));
            return;
        }
        if let Some(at) = self.wait_over_at(id) {
            self.timers.set(at.max(now), Why::WaitIsOver(id));
        }
        if let Some(at) = self.no_agent_at(id) {
            self.timers.set(at.max(now), Why::NobodyIsThere(id));
        }
        if let Some(at) = self.next_tier_at(id) {
            self.timers.set(at.max(now), Why::TierOpens(id));
        }
    }

    fn abandoned_at(&self, id: CallId) -> Option<Millis> {
        let call = self.calls.get(&id)?;
        let settings = &self.queues.get(call.queue.as_ref()?)?.settings;
        let patience = call
            .message_within_ms
            .map_or(settings.abandon_after_ms, |most| {
                most.min(settings.abandon_after_ms)
            });
        let since = match call.class.is_no_person() {
            // It has no right to a clock; an agent has as long to take it as to take a person.
            true => call.times.queued,
            false => call.times.greeted.or(call.times.answered),
        };
        Some(since?.plus(patience))
    }

    /// A person whom we called may have waited as long as the law and the queue allow.
    pub(super) fn abandon_due(&mut self, id: CallId, now: Millis) {
        let is_one = |call: &super::Call| call.is_waiting() && call.may_be_abandoned();
        if !self.calls.get(&id).is_some_and(is_one) {
            return;
        }
        // Without a queue nobody is going to come.
        if self.abandoned_at(id).is_none_or(|at| at <= now) {
            self.waited_too_long(id, now);
        }
    }

    /// Counted from when the caller came into this queue: an earlier wait, or what came before the
    /// queue, gives a better place in its line but no shorter time in it.
    fn wait_over_at(&self, id: CallId) -> Option<Millis> {
        let call = self.calls.get(&id)?;
        let settings = &self.queues.get(call.queue.as_ref()?)?.settings;
        let most = Some(settings.max_wait_ms).filter(|ms| *ms > 0)?;
        Some(call.times.queued?.plus(most))
    }

    fn no_agent_at(&self, id: CallId) -> Option<Millis> {
        let call = self.calls.get(&id)?;
        let settings = &self.queues.get(call.queue.as_ref()?)?.settings;
        let most = Some(settings.max_wait_no_agent_ms).filter(|ms| *ms > 0)?;
        Some(call.times.queued?.plus(most))
    }

    /// A caller may have waited as long as the queue lets them.
    pub(super) fn wait_due(&mut self, id: CallId, now: Millis) {
        let is_gone = |floor: &Self| {
            let queue = floor.calls.get(&id).and_then(|call| call.queue.as_ref());
            queue.is_none_or(|queue| !floor.queues.contains_key(queue))
        };
        let is_due = self.wait_over_at(id).is_some_and(|at| at <= now);
        if is_due || is_gone(self) {
            self.waited_too_long(id, now);
        }
    }

    /// A caller may have waited too long for a queue that nobody is signed in to.
    pub(super) fn nobody_due(&mut self, id: CallId, now: Millis) {
        let Some(call) = self.calls.get(&id).filter(|call| call.is_waiting()) else {
            return;
        };
        let Some(queue_id) = call.queue.clone() else {
            return;
        };
        let is_due = self.no_agent_at(id).is_some_and(|at| at <= now);
        if !is_due || self.staff(&queue_id).next().is_some() {
            return;
        }
        if let Some(queue) = self.queues.get_mut(&queue_id) {
            queue.refuses_until = now.plus(queue.settings.refuse_after_no_agent_ms);
        }
        self.waited_too_long(id, now);
    }

    pub(super) fn tier_due(&mut self, id: CallId, now: Millis) {
        let Some(call) = self.calls.get_mut(&id).filter(|call| call.is_waiting()) else {
            return;
        };
        call.tier_asked_ms = call.waits_since.map_or(0, |since| now.since(since));
        if let Some(at) = self.next_tier_at(id) {
            self.timers.set(at, Why::TierOpens(id));
        }
    }

    /// An agent signed out: callers of queues that nobody serves any more are asked about.
    pub(super) fn staff_left(&mut self, queues: &[QueueId], now: Millis) {
        let left: Vec<CallId> = self
            .calls
            .values()
            .filter(|call| call.is_waiting())
            .filter(|call| call.queue.as_ref().is_some_and(|id| queues.contains(id)))
            .map(|call| call.id)
            .collect();
        for id in left {
            if let Some(at) = self.no_agent_at(id) {
                self.timers.set(at.max(now), Why::NobodyIsThere(id));
            }
        }
    }

    /// The caller hung up while waiting, and may have the place back.
    pub(super) fn gave_up_waiting(&mut self, id: CallId, now: Millis) {
        let Some(call) = self.calls.get(&id).filter(|call| call.is_in_line()) else {
            return;
        };
        let (Some(queue), Some(since)) = (call.queue.as_ref(), call.waits_since) else {
            return;
        };
        if let Some(queue) = self.queues.get_mut(queue).filter(|_| call.is_inbound()) {
            queue.remember(&call.caller, since, now);
        }
    }
}
