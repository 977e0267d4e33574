//! The line of a queue: who is next, at which place a caller stands, and which agents may be asked.

use std::{cmp::Reverse, collections::BTreeSet};

use super::{Call, Floor, Phase, WaitingView, agents::Agent};
use crate::{
    ids::{AgentId, CallId, QueueId},
    queue::{
        Strategy,
        strategy::{self, Candidate},
    },
    time::Millis,
};

/// Who comes first: calls we dialled (OUT-254), then a higher priority, then who has waited longest.
type Turn = (bool, Reverse<u8>, Millis, CallId);

impl Floor {
    fn turn(&self, call: &Call, now: Millis) -> Turn {
        let dialled = call.may_be_abandoned();
        let priority = self.priority_of(call);
        let since = call.waits_since.unwrap_or(now);
        (!dialled, Reverse(priority), since, call.id)
    }

    /// The call's own priority on top of its queue's; a fifo queue knows none.
    fn priority_of(&self, call: &Call) -> u8 {
        let queue = call.queue.as_ref().and_then(|id| self.queues.get(id));
        match queue {
            Some(queue) if !queue.settings.fifo => {
                queue.settings.priority.saturating_add(call.priority)
            }
            _ => 0,
        }
    }

    /// Calls that wait and are not offered to anybody, in their order.
    pub(super) fn next_in_line(&self, now: Millis) -> Vec<CallId> {
        let waiting = self.calls.values();
        let mut turns: Vec<Turn> = waiting
            .filter(|call| call.phase == Phase::Waiting && !call.way.is_direct)
            .map(|call| self.turn(call, now))
            .collect();
        turns.sort_unstable();
        turns.into_iter().map(|(.., call)| call).collect()
    }

    /// Everybody who has no agent yet in this queue, in order.
    pub(super) fn line_of(&self, queue: &QueueId, now: Millis) -> Vec<CallId> {
        let mut turns: Vec<Turn> = self
            .calls
            .values()
            .filter(|call| call.is_waiting() && call.queue.as_ref() == Some(queue))
            .map(|call| self.turn(call, now))
            .collect();
        turns.sort_unstable();
        turns.into_iter().map(|(.., call)| call).collect()
    }

    /// The line as people see it (RPT-013).
    pub(super) fn view_line(&self, queue: &QueueId, now: Millis) -> Vec<WaitingView> {
        let line = self.line_of(queue, now);
        let calls = line.iter().filter_map(|id| self.calls.get(id));
        calls
            .zip(1..)
            .map(|(call, place)| WaitingView {
                call_id: call.id,
                direction: call.direction(),
                number: call.number().to_owned(),
                called: call.callee.clone(),
                place,
                priority: self.priority_of(call),
                since: call.times.queued.unwrap_or(now),
                waited_ms: call.times.queued.map_or(0, |since| now.since(since)),
            })
            .collect()
    }

    /// The agents that are to be rung for a call now: one, or several when all are to ring.
    pub(super) fn choose(&mut self, id: CallId, now: Millis) -> Vec<AgentId> {
        let Some(call) = self.calls.get(&id) else {
            return Vec::new();
        };
        let (Some(queue_id), since) = (call.queue.clone(), call.waits_since) else {
            return Vec::new();
        };
        let Some(queue) = self.queues.get(&queue_id) else {
            return Vec::new();
        };
        let rule = queue.settings.strategy();
        let waited = since.map_or(0, |since| now.since(since));
        let idle = self.idle_agents(&queue_id, waited, now);
        let asked = strategy::order(rule, idle, queue.last_rung.as_ref());
        let mut agents: Vec<AgentId> = asked.into_iter().map(|one| one.agent).collect();
        let Some(call) = self.calls.get(&id).filter(|_| !agents.is_empty()) else {
            return Vec::new();
        };
        if call.way.is_call_back && !self.may_call_back(id, now) {
            return Vec::new();
        }
        agents.retain(|agent| self.has_line(agent, id, now));
        if agents.is_empty() {
            return agents;
        }
        let Some(call) = self.calls.get_mut(&id) else {
            return Vec::new();
        };
        if agents.iter().all(|agent| call.tried.contains(agent)) {
            // Everybody who is idle has let it ring: begin again.
            call.tried.clear();
        }
        agents.retain(|agent| !call.tried.contains(agent));
        let is_up = |agent: &AgentId| {
            let agent = self.agents.get(agent);
            agent.is_some_and(|agent| agent.nailed_up.is_some())
        };
        match agents.iter().position(is_up) {
            // A leg that is up needs no ringing.
            Some(first) if rule == Strategy::RingAll => vec![agents.swap_remove(first)],
            _ if rule == Strategy::RingAll => agents,
            _ => agents.into_iter().take(1).collect(),
        }
    }

    /// Whom the queue would ring now for a call that waits for no tier.
    pub(super) fn first_idle(&self, id: &QueueId, now: Millis) -> Option<AgentId> {
        let queue = self.queues.get(id)?;
        let idle = self.idle_agents(id, i64::MAX, now);
        let rule = queue.settings.strategy();
        let order = strategy::order(rule, idle, queue.last_rung.as_ref());
        order.into_iter().next().map(|one| one.agent)
    }

    /// Idle agents of a queue whose phone can be reached and whose tier's time has come.
    pub(super) fn idle_agents(&self, id: &QueueId, waited_ms: i64, now: Millis) -> Vec<Candidate> {
        let Some(queue) = self.queues.get(id) else {
            return Vec::new();
        };
        let is_idle = |agent: &&Agent| {
            agent.machine.is_ready() && self.is_reachable(agent) && agent.rests_until <= now
        };
        let mut idle: Vec<Candidate> = self
            .staff(id)
            .filter(is_idle)
            .map(|agent| {
                let member = queue.member(&agent.spec.id);
                let is_equal = queue.settings.fifo;
                Candidate {
                    agent: agent.spec.id.clone(),
                    level: if is_equal { 1 } else { member.level },
                    position: member.position,
                    idle_since: agent.machine.since(),
                    calls: agent.calls,
                    talk_ms: agent.talk_ms,
                }
            })
            .collect();
        if queue.settings.tiers.apply && !queue.settings.fifo && !idle.is_empty() {
            let open = self.open_tiers(id, waited_ms);
            idle.retain(|one| open.contains(&one.level));
        }
        idle
    }

    fn open_tiers(&self, id: &QueueId, waited_ms: i64) -> BTreeSet<u32> {
        let available = self.staff(id).filter(|agent| agent.machine.takes_calls());
        let available = self.levels(id, available);
        self.queues.get(id).map_or_else(BTreeSet::new, |queue| {
            let all = self.all_levels(id);
            queue.settings.tiers.open(&all, &available, waited_ms)
        })
    }

    /// When a call may ask the next tier; `None` when it may ask all.
    pub(super) fn next_tier_at(&self, id: CallId) -> Option<Millis> {
        let call = self.calls.get(&id).filter(|call| call.is_waiting())?;
        let (queue_id, since) = (call.queue.as_ref()?, call.waits_since?);
        let settings = &self.queues.get(queue_id)?.settings;
        let tiers = Some(&settings.tiers).filter(|tiers| tiers.apply && !settings.fifo)?;
        let waited = call.tier_asked_ms;
        let next = tiers.next_opening(&self.all_levels(queue_id), waited)?;
        Some(since.plus(next))
    }

    fn all_levels(&self, id: &QueueId) -> BTreeSet<u32> {
        let of_queue = |agent: &&Agent| agent.spec.queues.contains(id);
        self.levels(id, self.agents.values().filter(of_queue))
    }

    fn levels<'a>(&self, id: &QueueId, agents: impl Iterator<Item = &'a Agent>) -> BTreeSet<u32> {
        let Some(queue) = self.queues.get(id) else {
            return BTreeSet::new();
        };
        agents
            .map(|agent| queue.member(&agent.spec.id).level)
            .collect()
    }
}
