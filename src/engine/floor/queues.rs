//! The queues on the floor, and what they remember between calls.

use std::collections::BTreeMap;

use super::{Call, Floor, QueueSpec, Why, agents::Agent};
use crate::{
    ids::{AgentId, QueueId},
    queue::{self, Member},
    time::Millis,
};

/// Most callers that a queue remembers as having given up.
const REMEMBERED: usize = 1_000;
/// A call counts for one eighth of what is known of how long calls take.
const WEIGHT: i64 = 8;

#[derive(Debug, Clone)]
pub(super) struct Queue {
    pub name: String,
    pub settings: queue::Settings,
    /// Agents of whom the queue says something.
    members: BTreeMap<AgentId, Member>,
    pub revision: i64,
    /// Position and number of the agent who was rung last.
    pub last_rung: Option<(u32, AgentId)>,
    /// New calls are refused until then: nobody was there for too long.
    pub refuses_until: Millis,
    /// What a call takes an agent, after-call work included, as lately seen; milliseconds.
    pub handled_ms: Option<i64>,
    /// Caller number to since when it had waited, and when it gave up.
    pub(super) gave_up: BTreeMap<String, (Millis, Millis)>,
}

impl Queue {
    fn new(spec: QueueSpec) -> Self {
        Self {
            name: spec.name,
            settings: spec.settings,
            members: spec.members,
            revision: spec.revision,
            last_rung: None,
            refuses_until: Millis(i64::MIN),
            handled_ms: None,
            gave_up: BTreeMap::new(),
        }
    }

    /// The same queue as it is set up now.
    fn with(self, spec: QueueSpec) -> Self {
        Self {
            last_rung: self.last_rung,
            refuses_until: self.refuses_until,
            handled_ms: self.handled_ms,
            gave_up: self.gave_up,
            ..Self::new(spec)
        }
    }

    pub fn member(&self, agent: &AgentId) -> Member {
        self.members.get(agent).cloned().unwrap_or_default()
    }

    /// A caller gave up who had waited since then.
    pub fn remember(&mut self, caller: &str, since: Millis, now: Millis) {
        if !self.settings.resume || caller.is_empty() {
            return;
        }
        let within = self.settings.resume_within_ms;
        self.gave_up.retain(|_, (_, at)| now.since(*at) <= within);
        if self.gave_up.len() < REMEMBERED {
            self.gave_up.insert(caller.to_owned(), (since, now));
        }
    }

    /// Since when a caller has the place that is now taken up again.
    pub fn resumed(&mut self, caller: &str, now: Millis) -> Option<Millis> {
        let (since, at) = self.gave_up.remove(caller)?;
        let in_time = now.since(at) <= self.settings.resume_within_ms;
        (self.settings.resume && in_time).then_some(since)
    }
}

impl Floor {
    /// Takes over the queues as they are set up now. Calls that wait go on waiting, under the new
    /// settings; those of a queue that is gone are let go when their time is over.
    pub(super) fn configure_queues(&mut self, specs: Vec<QueueSpec>, now: Millis) {
        let mut old = std::mem::take(&mut self.queues);
        for spec in specs {
            let id = spec.id.clone();
            let queue = match old.remove(&id) {
                Some(queue) => queue.with(spec),
                None => Queue::new(spec),
            };
            self.queues.insert(id, queue);
        }
        let waiting: Vec<_> = self
            .calls
            .values()
            .filter(|call| call.is_waiting())
            .map(|call| (call.id, call.queue.clone()))
            .collect();
        for (call, queue) in waiting {
            let gone = queue.as_ref().and_then(|queue| old.get(queue));
            if gone.is_some_and(|queue| queue.settings.max_wait_ms == 0) {
                self.timers.set(now, Why::WaitIsOver(call));
            }
            if queue.is_none_or(|queue| !self.queues.contains_key(&queue)) {
                self.timers.set(now, Why::CallBackIsOld(call));
            }
            self.set_wait_timers(call, now);
        }
    }

    /// A call is over: the queue learns how long its calls keep an agent.
    pub(super) fn learn_handling(&mut self, call: &Call, now: Millis) {
        let (Some(id), Some(since)) = (call.queue.as_ref(), call.times.bridged) else {
            return;
        };
        let Some(queue) = self.queues.get_mut(id) else {
            return;
        };
        let talked = call.way.talked_until.unwrap_or(now).since(since);
        let took = talked + queue.settings.wrap_up_ms;
        let known = queue.handled_ms.unwrap_or(took);
        queue.handled_ms = Some(known + (took - known) / WEIGHT);
    }

    pub(super) fn member(&self, queue: Option<&QueueId>, agent: &AgentId) -> Member {
        let queue = queue.and_then(|id| self.queues.get(id));
        queue.map_or_else(Member::default, |queue| queue.member(agent))
    }

    /// Agents of a queue who are signed in, whatever they do.
    pub(super) fn staff<'a>(&'a self, queue: &'a QueueId) -> impl Iterator<Item = &'a Agent> {
        self.agents
            .values()
            .filter(|agent| agent.machine.is_signed_in() && agent.spec.queues.contains(queue))
    }
}
