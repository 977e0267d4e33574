//! Who takes the call: the agent of the queue who has been idle longest.

use super::{Cause, Command, Floor, Phase, Role, Why, agents::Agent};
use crate::{
    agent::{Busy, State},
    campaign::Mode,
    ids::{AgentId, CallId, LegId, QueueId},
    pacing,
    time::Millis,
};

/// For a call whose queue is gone.
const RING_MS: i64 = 15_000;
/// The phone itself ends its ringing; this guards against one that never tells.
const OFFER_GUARD_MS: i64 = 1_000;
/// A phone that did not take a call is left alone this long: one that refuses everything at once
/// must not be rung without end.
const REST_MS: i64 = 1_000;

impl Floor {
    /// Gives waiting calls to idle agents: calls we dialled first, then by time waited (OUT-254).
    pub(super) fn route(&mut self, now: Millis) {
        let mut waiting: Vec<(bool, Millis, CallId)> = self
            .calls
            .values()
            .filter(|call| call.phase == Phase::Waiting)
            .map(|call| {
                let dialled = call.mode == Some(Mode::Predictive);
                (!dialled, call.times.queued.unwrap_or(now), call.id)
            })
            .collect();
        waiting.sort_unstable();
        for (_, _, call) in waiting {
            if let Some(agent) = self.longest_idle(call, now) {
                self.offer(call, &agent, now);
            }
        }
    }

    fn longest_idle(&mut self, id: CallId, now: Millis) -> Option<AgentId> {
        let call = self.calls.get(&id)?;
        let queue = call.queue.clone()?;
        let idle = self.idle_agents(&queue, now);
        if let Some((_, agent)) = idle.iter().find(|(_, agent)| !call.tried.contains(agent)) {
            return Some(agent.clone());
        }
        // Everybody who is idle has let it ring: begin again with the longest idle.
        let (_, agent) = idle.into_iter().next()?;
        self.calls.get_mut(&id)?.tried.clear();
        Some(agent)
    }

    /// Idle agents of a queue whose phone can be reached, longest idle first.
    fn idle_agents(&self, queue: &QueueId, now: Millis) -> Vec<(Millis, AgentId)> {
        let mut idle: Vec<(Millis, AgentId)> = self
            .agents
            .values()
            .filter(|agent| agent.machine.is_ready() && agent.spec.queues.contains(queue))
            .filter(|agent| self.is_reachable(agent) && agent.rests_until <= now)
            .map(|agent| (agent.machine.since(), agent.spec.id.clone()))
            .collect();
        idle.sort();
        idle
    }

    fn offer(&mut self, id: CallId, agent_id: &AgentId, now: Millis) {
        if self
            .step(agent_id, now, |machine| machine.offer(id, now))
            .is_err()
        {
            return;
        }
        let ring_ms = self.ring_ms_for(id);
        let until = now.plus(ring_ms + OFFER_GUARD_MS);
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        call.times.offered = Some(now);
        call.agent = Some(agent_id.clone());
        call.phase = Phase::Offered {
            agent: agent_id.clone(),
            until,
        };
        self.pop_up(agent_id, id);
        if self.reach(id, agent_id, ring_ms) {
            self.join(id, now);
        } else {
            let over = Why::OfferIsOver(id, agent_id.clone());
            self.timers.set(until, over);
        }
    }

    /// Gives the call the agent's leg; true when it is up already, otherwise the phone rings.
    fn reach(&mut self, id: CallId, agent: &AgentId, ring_ms: i64) -> bool {
        let caller = self.calls.get(&id).map(|call| self.number_for(agent, call));
        let (Some(caller), Some(agent), Some(call)) =
            (caller, self.agents.get(agent), self.calls.get_mut(&id))
        else {
            return false;
        };
        if let Some((leg, _)) = agent.nailed_up {
            call.agent_leg = Some(leg);
            return true;
        }
        let leg = LegId(self.numbers.take());
        call.agent_leg = Some(leg);
        self.legs.insert(leg, Role::AgentFor(id));
        self.commands.push_back(Command::RingPhone {
            leg,
            extension: agent.extension.clone(),
            caller,
            ring_ms,
        });
        false
    }

    fn ring_ms_for(&self, call: CallId) -> i64 {
        let queue = self.calls.get(&call).and_then(|call| call.queue.as_ref());
        queue
            .and_then(|queue| self.queues.get(queue))
            .map_or(RING_MS, |queue| queue.settings.ring_ms)
    }

    /// The agent's phone did not take the call: another agent's turn. `agents_part`: the agent let
    /// it ring or rejected it; otherwise the phone was never reached.
    pub(super) fn offer_failed(&mut self, id: CallId, agents_part: bool, now: Millis) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        let Phase::Offered { agent, .. } = call.phase.clone() else {
            return;
        };
        if let Some(leg) = call.agent_leg.take()
            && self.legs.remove(&leg).is_some()
        {
            self.commands.push_back(Command::Hangup {
                leg,
                cause: Cause::NoAnswer,
            });
        }
        call.phase = Phase::Waiting;
        call.agent = None;
        call.tried.insert(agent.clone());
        let limit = call
            .queue
            .as_ref()
            .and_then(|queue| self.queues.get(queue))
            .map_or(0, |queue| queue.settings.max_no_answer);
        let mut on_break = false;
        if let Some(agent) = self.agents.get_mut(&agent) {
            agent.rests_until = now.plus(REST_MS);
            agent.no_answers += u32::from(agents_part);
            on_break = limit > 0 && agent.no_answers >= limit;
            if on_break {
                agent.no_answers = 0;
            }
        }
        self.timers
            .set(now.plus(REST_MS), Why::RestIsOver(agent.clone()));
        let _ = self.step(&agent, now, |machine| machine.offer_over(on_break, now));
        if !on_break {
            self.go_on_previewing(&agent);
        }
    }

    pub(super) fn offer_due(&mut self, id: CallId, agent: &AgentId, now: Millis) {
        let due = self.calls.get(&id).is_some_and(|call| {
            matches!(&call.phase, Phase::Offered { agent: rung, until } if rung == agent && *until <= now)
        });
        if due {
            self.offer_failed(id, true, now);
        }
    }

    /// The caller is gone or given up: the agent did nothing wrong. Nothing when no offer rings.
    pub(super) fn withdraw_offer(&mut self, id: CallId, now: Millis) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        let Phase::Offered { agent, .. } = call.phase.clone() else {
            return;
        };
        call.phase = Phase::Waiting;
        call.agent = None;
        if let Some(leg) = call.agent_leg.take()
            && self.legs.remove(&leg).is_some()
        {
            self.commands.push_back(Command::Hangup {
                leg,
                cause: Cause::NoAnswer,
            });
        }
        let _ = self.step(&agent, now, |machine| machine.offer_over(false, now));
        self.go_on_previewing(&agent);
    }

    /// Whether a call can get to the agent at all.
    pub(super) fn is_reachable(&self, agent: &Agent) -> bool {
        match agent.nailed_up {
            Some((_, up)) => up,
            None => self.registered.contains(&agent.extension),
        }
    }

    /// The agents of a queue as the pacer sees them.
    pub(super) fn pacing_agents(&self, queue: &QueueId, now: Millis) -> Vec<pacing::Agent> {
        let is_idle = |agent: &Agent| self.is_reachable(agent) && agent.rests_until <= now;
        self.agents
            .values()
            .filter(|agent| agent.machine.is_signed_in() && agent.spec.queues.contains(queue))
            .map(|agent| pacing::Agent {
                state: match agent.machine.state() {
                    State::Ready if is_idle(agent) => pacing::AgentState::Idle,
                    State::Busy {
                        sub: Busy::Ringing, ..
                    } => pacing::AgentState::Offered,
                    State::Busy { .. } => pacing::AgentState::Talking,
                    State::WrapUp { .. } => pacing::AgentState::WrapUp,
                    _ => pacing::AgentState::Away,
                },
                since: agent.machine.since(),
                free_at: match agent.machine.state() {
                    State::WrapUp { until, .. } => *until,
                    _ => None,
                },
                leaves: super::learning::leaves(agent),
            })
            .collect()
    }
}
