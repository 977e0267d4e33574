//! A call is offered to agents: one after the other, or to all at once.

use super::{Call, Cause, Command, Floor, Phase, Role, Why, agents::Agent};
use crate::{
    agent::{Busy, State},
    ids::{AgentId, CallId, LegId, QueueId},
    pacing,
    time::Millis,
};

/// For a call whose queue is gone.
const RING_MS: i64 = 20_000;
/// The phone itself ends its ringing; this guards against one that never tells.
const OFFER_GUARD_MS: i64 = 1_000;
/// A phone that did not take a call is left alone this long: one that refuses everything at once
/// must not be rung without end.
const REST_MS: i64 = 1_000;

/// An agent whose phone rings beside that of the call's first agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rung {
    pub agent: AgentId,
    pub leg: LegId,
    /// When the phone must have told how its ringing ended.
    pub until: Millis,
}

/// Why an agent did not take an offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotTaken {
    RangOut,
    Rejected,
    Busy,
    /// The phone was never reached; the agent did nothing wrong.
    Unreached,
}

impl NotTaken {
    /// In a word, for the leg's record.
    fn as_str(self) -> &'static str {
        match self {
            Self::RangOut => "no_answer",
            Self::Rejected => "rejected",
            Self::Busy => "busy",
            Self::Unreached => "not_reached",
        }
    }

    /// What a phone meant that refused.
    pub fn of_status(status: Option<u16>) -> Self {
        match status {
            Some(486 | 600) => Self::Busy,
            // One that sends its calls on (3xx), and whose calls do not go there, takes none itself.
            Some(300..=399 | 403 | 603) => Self::Rejected,
            _ => Self::RangOut,
        }
    }
}

impl Floor {
    /// Gives waiting calls to idle agents.
    pub(super) fn route(&mut self, now: Millis) {
        for call in self.next_in_line(now) {
            for agent in self.choose(call, now) {
                self.offer(call, &agent, now);
            }
        }
    }

    /// Reserves an agent for the call and rings. The first one is the call's agent for the time
    /// being; the others ring beside.
    fn offer(&mut self, id: CallId, agent_id: &AgentId, now: Millis) {
        if self
            .step(agent_id, now, |machine| machine.offer(id, now))
            .is_err()
        {
            return;
        }
        let ring_ms = self.ring_ms_for(id, agent_id);
        let until = now.plus(ring_ms + OFFER_GUARD_MS);
        self.remember_rung(id, agent_id);
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        let is_first = call.phase == Phase::Waiting;
        if is_first {
            call.times.offered = Some(now);
            call.agent = Some(agent_id.clone());
            call.phase = Phase::Offered {
                agent: agent_id.clone(),
                until,
            };
        }
        self.pop_up(agent_id, id);
        if is_first && self.take_nailed_up(id, agent_id) {
            self.agent_leg_began(id, agent_id, now);
            self.taken_up(id, now);
            return;
        }
        let leg = self.ring_for(id, agent_id, ring_ms);
        self.offer_leg_began(id, agent_id, leg, now);
        if let Some(call) = self.calls.get_mut(&id) {
            if is_first {
                call.agent_leg = Some(leg);
            } else {
                let agent = agent_id.clone();
                call.also_rung.push(Rung { agent, leg, until });
            }
        }
        let over = Why::OfferIsOver(id, agent_id.clone());
        self.timers.set(until, over);
    }

    fn remember_rung(&mut self, call: CallId, agent: &AgentId) {
        let queue = self.calls.get(&call).and_then(|call| call.queue.as_ref());
        if let Some(queue) = queue.and_then(|queue| self.queues.get_mut(queue)) {
            queue.last_rung = Some((queue.member(agent).position, agent.clone()));
        }
    }

    /// Gives the call the agent's leg that is up for the whole shift; false when there is none.
    pub(super) fn take_nailed_up(&mut self, id: CallId, agent: &AgentId) -> bool {
        let up = self.agents.get(agent).and_then(|agent| agent.nailed_up);
        let (Some((leg, _)), Some(call)) = (up, self.calls.get_mut(&id)) else {
            return false;
        };
        call.agent_leg = Some(leg);
        true
    }

    pub(super) fn ring_for(&mut self, id: CallId, agent_id: &AgentId, ring_ms: i64) -> LegId {
        let leg = LegId(self.numbers.take());
        self.legs.insert(leg, Role::AgentFor(id));
        let call = self.calls.get(&id);
        let caller = call.map(|call| self.number_for(agent_id, call));
        let caller = caller.unwrap_or_default();
        self.ring_telephone(leg, agent_id, Some(id), caller, ring_ms);
        leg
    }

    fn ring_ms_for(&self, call: CallId, agent: &AgentId) -> i64 {
        let queue = self.calls.get(&call).and_then(|call| call.queue.as_ref());
        let known = queue.and_then(|queue| self.queues.get(queue));
        known.map_or(RING_MS, |queue| {
            let own = queue.member(agent).ring_ms;
            own.unwrap_or(queue.settings.ring_ms)
        })
    }

    /// One of the phones that ring for a call was picked up: the call is this agent's, the others
    /// are let go. False when none of them has this leg.
    pub(super) fn won_by(&mut self, id: CallId, leg: LegId, now: Millis) -> bool {
        let Some(call) = self.calls.get_mut(&id) else {
            return false;
        };
        if call.agent_leg != Some(leg) {
            let Some(at) = call.also_rung.iter().position(|rung| rung.leg == leg) else {
                return false;
            };
            let winner = call.also_rung.swap_remove(at);
            if let Some(loser) = call.lead_with(winner) {
                call.also_rung.push(loser);
            }
        }
        let losers = std::mem::take(&mut call.also_rung);
        for loser in losers {
            self.leg_over(id, loser.leg, "withdrawn", now);
            self.let_off(&loser.agent, Some(loser.leg), now);
        }
        true
    }

    /// An agent did not take the call: another's turn, unless others still ring.
    pub(super) fn offer_failed(
        &mut self,
        id: CallId,
        agent_id: &AgentId,
        why: NotTaken,
        now: Millis,
    ) {
        if self.end_offer(id, agent_id, why, now) {
            self.missed_by(id, agent_id, now);
            self.let_go_of(agent_id, now);
        }
    }

    /// The call is this agent's no longer, who did not take it. False where it was not offered.
    pub(super) fn end_offer(
        &mut self,
        id: CallId,
        agent_id: &AgentId,
        why: NotTaken,
        now: Millis,
    ) -> bool {
        let Some(call) = self.calls.get_mut(&id) else {
            return false;
        };
        let Some(leg) = call.take_offer(agent_id) else {
            return false;
        };
        call.tried.insert(agent_id.clone());
        let queue = call.queue.clone();
        if let Some(leg) = leg {
            self.leg_over(id, leg, why.as_str(), now);
        }
        self.drop_leg(leg);
        let on_break = self.rests(agent_id, queue.as_ref(), why, now);
        let _ = self.step(agent_id, now, |machine| machine.offer_over(on_break, now));
        if !on_break {
            self.go_on_previewing(agent_id);
        }
        true
    }

    /// An agent who did not take a call is left alone for a while. True: for longer, on a break, for too many
    /// have rung out.
    pub(super) fn rests(
        &mut self,
        agent_id: &AgentId,
        queue: Option<&QueueId>,
        why: NotTaken,
        now: Millis,
    ) -> bool {
        let member = self.member(queue, agent_id);
        let limit = member.max_no_answer.or_else(|| {
            let queue = self.queues.get(queue?)?;
            Some(queue.settings.max_no_answer)
        });
        let rest = match why {
            NotTaken::Rejected => member.reject_delay_ms.max(REST_MS),
            NotTaken::Busy => member.busy_delay_ms.max(REST_MS),
            NotTaken::RangOut | NotTaken::Unreached => REST_MS,
        };
        let mut on_break = false;
        if let Some(agent) = self.agents.get_mut(agent_id) {
            agent.rests_until = now.plus(rest);
            agent.no_answers += u32::from(why == NotTaken::RangOut);
            on_break = limit.is_some_and(|limit| limit > 0 && agent.no_answers >= limit);
            if on_break {
                agent.no_answers = 0;
            }
        }
        let over = Why::RestIsOver(agent_id.clone());
        self.timers.set(now.plus(rest), over);
        on_break
    }

    /// A call for one agent alone, who did not take it, goes to the agent's mailbox.
    fn missed_by(&mut self, id: CallId, agent: &AgentId, now: Millis) {
        if self.not_taken(id, now) {
            return;
        }
        let Some(call) = self.calls.get_mut(&id).filter(|call| call.way.is_direct) else {
            return;
        };
        call.way.is_direct = false;
        let extension = self.agents.get(agent).map(|agent| agent.extension.clone());
        self.greet(id, extension.unwrap_or_else(|| agent.to_string()));
    }

    pub(super) fn offer_due(&mut self, id: CallId, agent: &AgentId, now: Millis) {
        let until = self.calls.get(&id).and_then(|call| call.rings_until(agent));
        if until.is_some_and(|until| until <= now) {
            self.offer_failed(id, agent, NotTaken::RangOut, now);
        }
    }

    /// The caller is gone or given up: the agents did nothing wrong. Nothing when no offer rings.
    pub(super) fn withdraw_offer(&mut self, id: CallId, now: Millis) {
        self.stop_transfer(id, "call_over", now);
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        let others = std::mem::take(&mut call.also_rung);
        call.way.picked_from = None;
        let Phase::Offered { agent, .. } = call.phase.clone() else {
            return;
        };
        let leg = call.take_offer(&agent).flatten();
        if let Some(leg) = leg {
            self.leg_over(id, leg, "withdrawn", now);
        }
        self.let_off(&agent, leg, now);
        for rung in others {
            self.leg_over(id, rung.leg, "withdrawn", now);
            self.let_off(&rung.agent, Some(rung.leg), now);
        }
    }

    /// An agent whose offer is taken back is ready again.
    fn let_off(&mut self, agent: &AgentId, leg: Option<LegId>, now: Millis) {
        self.drop_leg(leg);
        let _ = self.step(agent, now, |machine| machine.offer_over(false, now));
        self.go_on_previewing(agent);
        self.let_go_of(agent, now);
    }

    fn drop_leg(&mut self, leg: Option<LegId>) {
        let rings = leg.filter(|leg| matches!(self.legs.get(leg), Some(Role::AgentFor(_))));
        if let Some(leg) = rings {
            self.legs.remove(&leg);
            let cause = Cause::NoAnswer;
            self.commands.push_back(Command::Hangup { leg, cause });
        }
    }

    /// Whether a call can get to the agent at all.
    pub(super) fn is_reachable(&self, agent: &Agent) -> bool {
        let has_phone = match agent.nailed_up {
            Some((_, up)) => up,
            None => self.has_phone(&agent.extension),
        };
        has_phone && !self.in_use.contains(&agent.extension)
    }

    /// The same for a call that is for this agent, ready or not.
    pub(super) fn may_be_rung(&self, agent: &Agent) -> bool {
        self.is_reachable(agent) && !agent.machine.state().is_not_to_be_disturbed()
    }

    /// The agents of a queue as the pacer sees them.
    pub(super) fn pacing_agents(&self, queue: &QueueId, now: Millis) -> Vec<pacing::Agent> {
        // A telephone that is still to be called takes longer than a dialled person may wait.
        let is_near = |agent: &Agent| agent.outside_number().is_none() || agent.nailed_up.is_some();
        let is_idle =
            |agent: &Agent| self.is_reachable(agent) && is_near(agent) && agent.rests_until <= now;
        self.staff(queue)
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

impl Call {
    /// Whether the call is offered to this agent, and until when the phone may ring.
    pub(super) fn rings_until(&self, agent: &AgentId) -> Option<Millis> {
        match &self.phase {
            Phase::Offered {
                agent: first,
                until,
            } if first == agent => Some(*until),
            Phase::Offered { .. } => {
                let rung = self.also_rung.iter().find(|rung| rung.agent == *agent)?;
                Some(rung.until)
            }
            _ => None,
        }
    }

    /// Who has this leg among the agents whose phone rings.
    pub(super) fn rung_on(&self, leg: LegId) -> Option<AgentId> {
        match &self.phase {
            Phase::Offered { agent, .. } if self.agent_leg == Some(leg) => Some(agent.clone()),
            _ => {
                let rung = self.also_rung.iter().find(|rung| rung.leg == leg)?;
                Some(rung.agent.clone())
            }
        }
    }

    /// Makes this agent the call's; gives back who was before.
    fn lead_with(&mut self, rung: Rung) -> Option<Rung> {
        let before = match &self.phase {
            Phase::Offered { agent, until } => self.agent_leg.map(|leg| Rung {
                agent: agent.clone(),
                leg,
                until: *until,
            }),
            _ => None,
        };
        self.agent = Some(rung.agent.clone());
        self.agent_leg = Some(rung.leg);
        self.phase = Phase::Offered {
            agent: rung.agent,
            until: rung.until,
        };
        before
    }

    /// The agent is offered the call no longer; gives the agent's leg, where there is one. With the
    /// last agent the call waits again. `None`: it was not offered to this agent.
    fn take_offer(&mut self, agent: &AgentId) -> Option<Option<LegId>> {
        let Phase::Offered { agent: first, .. } = &self.phase else {
            return None;
        };
        if first != agent {
            let at = self
                .also_rung
                .iter()
                .position(|rung| rung.agent == *agent)?;
            return Some(Some(self.also_rung.swap_remove(at).leg));
        }
        let leg = self.agent_leg.take();
        if self.also_rung.is_empty() {
            self.phase = Phase::Waiting;
            self.agent = None;
        } else {
            let next = self.also_rung.remove(0);
            self.lead_with(next);
        }
        Some(leg)
    }
}
