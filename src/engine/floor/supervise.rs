//! Supervisors in calls: they listen, whisper, barge in, take the customer over, or end a call
//! (AGT-146 to AGT-150); from one to the other without being called again.

use serde::Serialize;

use super::{
    Call, Cause, Command, Event, Floor, Forced, MemberOrder, OrderRefused, Phase, Role,
    party::{Party, Reach, Round, Who},
};
use crate::{
    agent::State,
    ids::{AgentId, CallId, LegId},
    time::Millis,
};

const RING_MS: i64 = 30_000;
/// Supervisors in one call.
const MOST: usize = 4;

/// How a supervisor takes part in a call. Both sides are heard in every way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Monitor {
    /// Heard by nobody (监听).
    Listen,
    /// Heard by the agent (密语).
    Whisper,
    /// Heard by both (强插).
    Barge,
}

/// What a supervisor may order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SupervisorOrder {
    /// Take part in the agent's call; the phone of `extension` rings unless it is up already.
    Monitor {
        agent: AgentId,
        extension: String,
        monitor: Monitor,
    },
    /// Take the customer; the agent is released (拦截).
    Intercept { agent: AgentId, extension: String },
    /// End the agent's call (强拆).
    Release { agent: AgentId },
    /// The agent is not heard, or is heard again.
    Mute { agent: AgentId, on: bool },
    /// Take a step in the agent's place.
    Force { agent: AgentId, what: Forced },
    /// Something about one party of a call.
    Member { call: CallId, order: MemberOrder },
    /// End a call, whoever is in it.
    End { call: CallId },
    /// Take a promise back that still waits: nobody is called.
    CancelCallBack { call: CallId },
    /// Leave the call.
    Leave,
}

/// A supervisor's leg.
#[derive(Debug, Clone)]
pub(super) struct Supervisor {
    /// Who gave the order.
    pub by: String,
    pub extension: String,
    pub agent: AgentId,
    pub call: CallId,
    pub monitor: Monitor,
    /// Takes the customer as soon as the phone is up.
    pub intercepts: bool,
    pub up: bool,
}

impl Floor {
    /// Carries out what a supervisor asks for. Whether they may, the caller has settled.
    ///
    /// # Errors
    /// [`OrderRefused`] when call or phone does not allow it.
    pub fn supervise(
        &mut self,
        by: &str,
        order: SupervisorOrder,
        now: Millis,
    ) -> Result<(), OrderRefused> {
        let done = match order {
            SupervisorOrder::Monitor {
                agent,
                extension,
                monitor,
            } => self.monitor(by, &agent, extension, monitor, now),
            SupervisorOrder::Intercept { agent, extension } => {
                self.order_intercept(by, &agent, extension, now)
            }
            SupervisorOrder::Release { agent } => self.force_release(by, &agent, now),
            SupervisorOrder::Mute { agent, on } => self.mute(&agent, on),
            SupervisorOrder::Force { agent, what } => self.force(by, &agent, what, now),
            SupervisorOrder::Member { call, order } => {
                self.change_others_talk(by, call, order, now)
            }
            SupervisorOrder::End { call } => self.end_call(call, now),
            SupervisorOrder::CancelCallBack { call } => self.cancel_call_back(call, now),
            SupervisorOrder::Leave => self.supervisor_leaves(by, now),
        };
        self.settle(now);
        done
    }

    fn monitor(
        &mut self,
        by: &str,
        agent: &AgentId,
        extension: String,
        monitor: Monitor,
        now: Millis,
    ) -> Result<(), OrderRefused> {
        let leg = self.supervisor_of(by, agent, extension, now)?;
        if let Some(supervisor) = self.supervisors.get_mut(&leg) {
            supervisor.monitor = monitor;
            supervisor.intercepts = false;
        }
        self.take_part(leg);
        Ok(())
    }

    fn order_intercept(
        &mut self,
        by: &str,
        agent: &AgentId,
        extension: String,
        now: Millis,
    ) -> Result<(), OrderRefused> {
        let leg = self.supervisor_of(by, agent, extension, now)?;
        if let Some(supervisor) = self.supervisors.get_mut(&leg) {
            supervisor.intercepts = true;
        }
        self.intercept(leg, now);
        Ok(())
    }

    /// The supervisor's leg, in the agent's call; its phone rings unless it is up.
    fn supervisor_of(
        &mut self,
        by: &str,
        agent: &AgentId,
        extension: String,
        now: Millis,
    ) -> Result<LegId, OrderRefused> {
        let call = self.call_to_supervise(agent)?;
        if let Some(leg) = self.leg_of_supervisor(by) {
            self.turn_supervisor_to(leg, agent, call, now)?;
            return Ok(leg);
        }
        self.has_room_to_supervise(call)?;
        self.may_ring_supervisor(&extension, agent)?;
        let leg = LegId(self.numbers.take());
        self.legs.insert(leg, Role::Supervisor);
        self.in_use.insert(extension.clone());
        self.commands.push_back(Command::RingPhone {
            leg,
            extension: extension.clone(),
            caller: agent.to_string(),
            ring_ms: RING_MS,
        });
        self.supervisor_began(call, leg, &extension, now);
        let supervisor = Supervisor {
            by: by.to_owned(),
            extension,
            agent: agent.clone(),
            call,
            monitor: Monitor::Listen,
            intercepts: false,
            up: false,
        };
        self.supervisors.insert(leg, supervisor);
        Ok(leg)
    }

    fn leg_of_supervisor(&self, by: &str) -> Option<LegId> {
        let mut all = self.supervisors.iter();
        all.find(|(_, seen)| seen.by == by).map(|(leg, _)| *leg)
    }

    /// A supervisor whose phone rings or is up already turns to this agent, maybe in another call.
    fn turn_supervisor_to(
        &mut self,
        leg: LegId,
        agent: &AgentId,
        call: CallId,
        now: Millis,
    ) -> Result<(), OrderRefused> {
        let Some(before) = self.supervisors.get(&leg).cloned() else {
            return Ok(());
        };
        let after = Supervisor {
            agent: agent.clone(),
            call,
            ..before.clone()
        };
        if before.call != call {
            self.has_room_to_supervise(call)?;
            self.leg_over(before.call, leg, "left", now);
            self.supervisor_began(call, leg, &after.extension, now);
        }
        if before.call != call && before.up {
            self.leg_up(call, leg, now);
            if self.ear_for(&after).is_none() {
                // There is nothing to hear yet, and the other call is no longer to be heard.
                let music = None;
                self.commands.push_back(Command::Park { leg, music });
            }
        }
        if before.agent != *agent && before.up {
            self.tell_supervised(&before, "left");
        }
        self.supervisors.insert(leg, after);
        Ok(())
    }

    fn has_room_to_supervise(&self, call: CallId) -> Result<(), OrderRefused> {
        let present = self.supervisors.values().filter(|seen| seen.call == call);
        if present.count() >= MOST {
            let text = "as many supervisors as may be are in that call";
            return Err(OrderRefused::new("TOO_MANY_CALLS", text));
        }
        Ok(())
    }

    fn call_to_supervise(&self, id: &AgentId) -> Result<CallId, OrderRefused> {
        let agent = self.agents.get(id);
        let call = agent.and_then(|agent| agent.machine.call());
        let call = call.and_then(|call| self.calls.get(&call));
        let talks = |call: &&super::Call| {
            call.phase == Phase::Talking
                && (call.agent.as_ref() == Some(id) || self.is_consulted(id, call.id))
        };
        let none = || OrderRefused::new("NO_SUCH_CALL", "that agent is in no call");
        call.filter(talks).map(|call| call.id).ok_or_else(none)
    }

    fn may_ring_supervisor(&self, extension: &str, of: &AgentId) -> Result<(), OrderRefused> {
        if !self.registered.contains(extension) {
            let text = format!("the phone of extension {extension} is not registered");
            return Err(OrderRefused::new("PHONE_NOT_REGISTERED", text));
        }
        let mut agents = self.agents.values();
        let at_work = agents.any(|agent| {
            let idle = matches!(
                agent.machine.state(),
                State::LoggedOut | State::Unready { .. }
            );
            let same = agent.extension == extension;
            same && (!idle || agent.nailed_up.is_some() || agent.spec.id == *of)
        });
        if at_work || self.in_use.contains(extension) {
            let text = "that phone is in a call, or takes calls of a queue";
            return Err(OrderRefused::new("BUSY", text));
        }
        Ok(())
    }

    pub(super) fn supervisor_answered(&mut self, leg: LegId, now: Millis) {
        let Some(supervisor) = self.supervisors.get_mut(&leg) else {
            return;
        };
        supervisor.up = true;
        let (call, intercepts) = (supervisor.call, supervisor.intercepts);
        self.leg_up(call, leg, now);
        if !intercepts {
            self.take_part(leg);
        } else if !self.intercept(leg, now) {
            self.comes_too_late(leg, now);
        }
    }

    /// Nobody talks in the call any more, or not yet: there is no customer to be taken from an agent.
    fn comes_too_late(&mut self, leg: LegId, now: Millis) {
        if let Some(supervisor) = self.supervisors.get(&leg).cloned() {
            self.tell_supervised(&supervisor, "too_late");
        }
        self.dismiss(leg, "too_late", now);
    }

    /// Puts a supervisor whose phone is up where the order says.
    fn take_part(&mut self, leg: LegId) {
        let Some(supervisor) = self.supervisors.get(&leg).filter(|seen| seen.up).cloned() else {
            return;
        };
        if let Some(agent) = self.ear_for(&supervisor) {
            self.commands.push_back(Command::Supervise {
                leg,
                agent,
                monitor: supervisor.monitor,
            });
        }
        let how = match supervisor.monitor {
            Monitor::Listen => "listen",
            Monitor::Whisper => "whisper",
            Monitor::Barge => "barge",
        };
        self.tell_supervised(&supervisor, how);
    }

    fn tell_supervised(&mut self, supervisor: &Supervisor, how: &'static str) {
        self.tell(Event::Supervised {
            agent: supervisor.agent.clone(),
            call_id: supervisor.call,
            by: supervisor.by.clone(),
            how,
        });
    }

    /// The leg at which a supervisor hears the call; `None` while there is nothing to hear.
    fn ear_for(&self, supervisor: &Supervisor) -> Option<LegId> {
        let call = self.calls.get(&supervisor.call)?;
        if call.phase != Phase::Talking {
            return None;
        }
        let parties = &call.parties;
        let second = parties.second.as_ref();
        let mut called = parties.called();
        let of_second = called.find(|party| party.is_agent(&supervisor.agent));
        let of_second = of_second.filter(|party| party.is_up());
        let via = second.and_then(|second| second.via.as_ref());
        if let Some(via) = via.filter(|via| via.up && !via.held) {
            return Some(of_second.map_or(via.leg, |second| second.leg));
        }
        match (second, parties.round) {
            (Some(second), _) if second.via.is_some() => call.own_leg().filter(|_| !parties.held),
            (Some(_), Round::Customer) => call.own_leg(),
            (Some(_), Round::All) => of_second.map(|it| it.leg).or(call.own_leg()),
            (Some(second), _) if second.is_up() => of_second.map(|it| it.leg).or(call.own_leg()),
            (Some(_), _) => None,
            (None, _) if parties.held => None,
            (None, _) => call.own_leg(),
        }
    }

    /// Who heard whom has changed: the supervisors of the call hear on.
    pub(super) fn attend(&mut self, id: CallId) {
        let here = |(_, seen): &(&LegId, &Supervisor)| seen.call == id && seen.up;
        let present: Vec<(LegId, Supervisor)> = self
            .supervisors
            .iter()
            .filter(here)
            .map(|(leg, seen)| (*leg, seen.clone()))
            .collect();
        for (leg, supervisor) in present {
            if let Some(agent) = self.ear_for(&supervisor) {
                self.commands.push_back(Command::Supervise {
                    leg,
                    agent,
                    monitor: supervisor.monitor,
                });
            }
        }
    }

    /// The supervisor takes the customer, once the phone is up. False while nobody talks with the customer,
    /// or the phone is still rung.
    fn intercept(&mut self, leg: LegId, now: Millis) -> bool {
        let Some(supervisor) = self.supervisors.get(&leg).filter(|seen| seen.up).cloned() else {
            return false;
        };
        let id = supervisor.call;
        // The order was about this agent: whoever has the customer by now is another's to command.
        let is_theirs = |call: &Call| {
            let who = Who::Agent(supervisor.agent.clone());
            call.agent.as_ref() == Some(&supervisor.agent)
                || call.parties.all().any(|one| one.who == who)
        };
        let may_take = |call: &Call| call.phase == Phase::Talking && is_theirs(call);
        if !self.calls.get(&id).is_some_and(may_take) {
            return false;
        }
        self.supervisors.remove(&leg);
        self.tell_supervised(&supervisor, "intercept");
        let Some(call) = self.calls.get_mut(&id) else {
            return false;
        };
        let parties = &mut call.parties;
        let mut others: Vec<Party> = std::iter::from_fn(|| parties.take_second()).collect();
        others.extend(parties.other.take());
        for party in others {
            self.drop_party(id, &party, "intercepted", now);
        }
        self.part(id, "intercepted", now);
        self.legs.insert(leg, Role::Party(id));
        let mut party = Party::ringing(Who::Extension(supervisor.extension), leg);
        party.reach = Reach::Up;
        if let Some(call) = self.calls.get_mut(&id) {
            call.parties.other = Some(party);
        }
        self.leg_joined(id, leg, now);
        self.arrange(id);
        true
    }

    fn supervisor_leaves(&mut self, by: &str, now: Millis) -> Result<(), OrderRefused> {
        let Some(leg) = self.leg_of_supervisor(by) else {
            let text = "you are in nobody's call";
            return Err(OrderRefused::new("NO_SUCH_CALL", text));
        };
        self.dismiss(leg, "left", now);
        Ok(())
    }

    /// A supervisor's phone hung up, or did not answer.
    pub(super) fn supervisor_gone(&mut self, leg: LegId, now: Millis) {
        if let Some(supervisor) = self.supervisors.remove(&leg) {
            self.in_use.remove(&supervisor.extension);
            self.leg_over(supervisor.call, leg, "hung_up", now);
            self.tell_supervised(&supervisor, "left");
        }
    }

    fn dismiss(&mut self, leg: LegId, why: &'static str, now: Millis) {
        let Some(supervisor) = self.supervisors.remove(&leg) else {
            return;
        };
        self.in_use.remove(&supervisor.extension);
        self.legs.remove(&leg);
        self.leg_over(supervisor.call, leg, why, now);
        let cause = Cause::Normal;
        self.commands.push_back(Command::Hangup { leg, cause });
        self.tell_supervised(&supervisor, "left");
    }

    /// The call is over: its supervisors are let go.
    pub(super) fn dismiss_supervisors(&mut self, id: CallId, now: Millis) {
        let here = |(_, seen): &(&LegId, &Supervisor)| seen.call == id;
        let present = self.supervisors.iter().filter(here);
        let present: Vec<LegId> = present.map(|(leg, _)| *leg).collect();
        for leg in present {
            self.dismiss(leg, "call_over", now);
        }
    }
}
