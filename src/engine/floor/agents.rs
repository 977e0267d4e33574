//! The agents on the floor: their orders, and what every change of state brings with it.

use super::{AgentChange, AgentOrder, AgentSpec, Call, Cause, Command, Event, Floor, Role, Why};
use crate::{
    agent::{IllegalTransition, Machine, State, Unready},
    campaign,
    disposition::Disposition,
    ids::{AgentId, CallId, CampaignId, LeadId, LegId},
    time::Millis,
};

/// How long an agent's state outlives the agent's event channel (AGT-024).
const ABSENCE_MS: i64 = 30_000;

#[derive(Debug, Clone)]
pub(super) struct Agent {
    pub spec: AgentSpec,
    pub machine: Machine,
    /// The extension of this shift.
    pub extension: String,
    /// A leg that is up for the whole shift; false while it rings.
    pub nailed_up: Option<(LegId, bool)>,
    pub connected: bool,
    /// Offers in a row that rang out.
    pub no_answers: u32,
    /// The preview campaign the agent works through, and the lead on the screen.
    pub previewing: Option<CampaignId>,
    pub preview: Option<super::Lead>,
    pub last_call: Option<LastCall>,
    pub signed_in_at: Option<Millis>,
    pub busy_ms: i64,
    pub calls: u64,
}

/// The call a disposition may be for.
#[derive(Debug, Clone)]
pub(super) struct LastCall {
    pub id: CallId,
    pub lead: Option<LeadId>,
    /// The agent has to say what came of it before the next call.
    pub required: bool,
    pub disposed: bool,
}

/// An order that the floor does not carry out. Nothing has changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct OrderRefused {
    pub code: &'static str,
    pub message: String,
}

impl OrderRefused {
    pub(super) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }
}

impl From<IllegalTransition> for OrderRefused {
    fn from(error: IllegalTransition) -> Self {
        Self::new("ILLEGAL_TRANSITION", error.to_string())
    }
}

impl Agent {
    pub fn new(spec: AgentSpec) -> Self {
        Self {
            extension: spec.extension.clone(),
            spec,
            machine: Machine::default(),
            nailed_up: None,
            connected: false,
            no_answers: 0,
            previewing: None,
            preview: None,
            last_call: None,
            signed_in_at: None,
            busy_ms: 0,
            calls: 0,
        }
    }
}

impl Floor {
    /// Carries out what an agent asks for.
    ///
    /// # Errors
    /// [`OrderRefused`] when the agent's state, phone or call does not allow it.
    pub fn order(
        &mut self,
        agent: &AgentId,
        order: AgentOrder,
        now: Millis,
    ) -> Result<(), OrderRefused> {
        if !self.agents.contains_key(agent) {
            return Err(OrderRefused::new(
                "NO_SUCH_AGENT",
                format!("there is no agent {agent}"),
            ));
        }
        let done = match order {
            AgentOrder::SignIn {
                extension,
                nailed_up,
            } => self.sign_in(agent, extension, nailed_up, now),
            AgentOrder::SignOut => self.sign_out(agent, now),
            AgentOrder::Ready => {
                self.leave_preview(agent, now);
                self.step(agent, now, |machine| machine.ready(now))
                    .map_err(Into::into)
            }
            AgentOrder::NotReady { sub, reason } => {
                self.leave_preview(agent, now);
                self.step(agent, now, |machine| machine.not_ready(sub, reason, now))
                    .map_err(Into::into)
            }
            AgentOrder::NextPreview { campaign } => self.next_preview(agent, campaign, now),
            AgentOrder::DialPreview => self.dial_preview(agent, now),
            AgentOrder::SkipPreview => self.skip_preview(agent, now),
            AgentOrder::Hangup => self.agent_hangs_up(agent),
            AgentOrder::FinishWrapUp => self.finish_wrap_up(agent, now),
            AgentOrder::Dispose { call, disposition } => {
                self.dispose(agent, call, disposition, now)
            }
        };
        self.settle(now);
        done
    }

    fn sign_in(
        &mut self,
        id: &AgentId,
        extension: Option<String>,
        nailed_up: bool,
        now: Millis,
    ) -> Result<(), OrderRefused> {
        let extension = extension.unwrap_or_else(|| self.agents[id].spec.extension.clone());
        let taken = self.agents.iter().any(|(other, agent)| {
            other != id && agent.machine.is_signed_in() && agent.extension == extension
        });
        if taken {
            let text = format!("extension {extension} is in use by another agent");
            return Err(OrderRefused::new("EXTENSION_IN_USE", text));
        }
        let registered = self.registered.contains(&extension);
        if nailed_up && !registered {
            let text = format!("the phone of extension {extension} is not registered");
            return Err(OrderRefused::new("PHONE_NOT_REGISTERED", text));
        }
        self.step(id, now, |machine| machine.sign_in(now))?;
        let Some(agent) = self.agents.get_mut(id) else {
            return Ok(());
        };
        agent.extension = extension.clone();
        agent.signed_in_at = Some(now);
        agent.busy_ms = 0;
        agent.calls = 0;
        agent.no_answers = 0;
        let auto_ready = agent.spec.auto_ready;
        if nailed_up {
            let leg = LegId(self.numbers.take());
            if let Some(agent) = self.agents.get_mut(id) {
                agent.nailed_up = Some((leg, false));
            }
            self.legs.insert(leg, Role::NailedUp(id.clone()));
            self.commands.push_back(Command::RingPhone {
                leg,
                extension,
                caller: id.to_string(),
                ring_ms: 30_000,
            });
        }
        if auto_ready && registered {
            self.step(id, now, |machine| machine.ready(now))?;
        }
        Ok(())
    }

    fn sign_out(&mut self, id: &AgentId, now: Millis) -> Result<(), OrderRefused> {
        self.leave_preview(id, now);
        self.step(id, now, |machine| machine.sign_out(now))?;
        let Some(agent) = self.agents.get_mut(id) else {
            return Ok(());
        };
        agent.signed_in_at = None;
        agent.last_call = None;
        if let Some((leg, _)) = agent.nailed_up.take() {
            self.legs.remove(&leg);
            self.commands.push_back(Command::Hangup {
                leg,
                cause: Cause::Normal,
            });
        }
        Ok(())
    }

    fn agent_hangs_up(&mut self, id: &AgentId) -> Result<(), OrderRefused> {
        let busy = matches!(self.agents[id].machine.state(), State::Busy { .. });
        let call = self.agents[id].machine.call().filter(|_| busy);
        let Some(call) = call.filter(|call| self.calls.contains_key(call)) else {
            return Err(OrderRefused::new(
                "NO_SUCH_CALL",
                "there is no call to hang up",
            ));
        };
        self.leave(call, Cause::Normal);
        Ok(())
    }

    fn finish_wrap_up(&mut self, id: &AgentId, now: Millis) -> Result<(), OrderRefused> {
        let owed = |last: &LastCall| last.required && !last.disposed;
        if self.agents[id].last_call.as_ref().is_some_and(owed) {
            let text = "say what came of the call first";
            return Err(OrderRefused::new("DISPOSITION_REQUIRED", text));
        }
        self.step(id, now, |machine| machine.wrap_up_over(now))?;
        self.go_on_previewing(id);
        Ok(())
    }

    fn dispose(
        &mut self,
        id: &AgentId,
        call: CallId,
        disposition: Disposition,
        now: Millis,
    ) -> Result<(), OrderRefused> {
        let step = disposition
            .step(now)
            .map_err(|error| OrderRefused::new("BAD_DISPOSITION", error.to_string()))?;
        let Some(agent) = self.agents.get_mut(id) else {
            return Ok(());
        };
        let Some(last) = agent.last_call.as_mut().filter(|last| last.id == call) else {
            let text = format!("call {call} is not the agent's last call");
            return Err(OrderRefused::new("NO_SUCH_CALL", text));
        };
        last.disposed = true;
        let lead = last.lead.clone();
        if let Some(call) = self.calls.get_mut(&call) {
            call.disposed = Some(step);
        }
        self.commands.push_back(Command::Dispose {
            call,
            lead,
            disposition,
            step,
        });
        if matches!(self.agents[id].machine.state(), State::WrapUp { .. }) {
            self.step(id, now, |machine| machine.wrap_up_over(now))?;
            self.go_on_previewing(id);
        }
        Ok(())
    }

    pub(super) fn phone(&mut self, extension: &str, registered: bool, now: Millis) {
        if registered {
            self.registered.insert(extension.to_owned());
        } else {
            self.registered.remove(extension);
        }
        let waits_for_phone = |agent: &Agent| {
            agent.spec.auto_ready
                && agent.extension == extension
                && agent.machine.state().sub_name() == Some("wait")
        };
        let ready: Vec<AgentId> = self
            .agents
            .iter()
            .filter(|(_, agent)| registered && waits_for_phone(agent))
            .map(|(id, _)| id.clone())
            .collect();
        for id in ready {
            let _ = self.step(&id, now, |machine| machine.ready(now));
        }
    }

    pub(super) fn presence(&mut self, id: &AgentId, connected: bool, now: Millis) {
        let Some(agent) = self.agents.get_mut(id) else {
            return;
        };
        agent.connected = connected;
        if !connected {
            self.timers
                .set(now.plus(ABSENCE_MS), Why::AgentAbsent(id.clone()));
        }
    }

    pub(super) fn agent_absent(&mut self, id: &AgentId, now: Millis) {
        let Some(agent) = self.agents.get(id) else {
            return;
        };
        if !agent.connected && agent.machine.is_ready() {
            let reason = Some("CONNECTION_LOST".to_owned());
            let _ = self.step(id, now, |machine| {
                machine.not_ready(Unready::Away, reason, now)
            });
        }
    }

    pub(super) fn wrap_up_due(&mut self, id: &AgentId, now: Millis) {
        let Some(agent) = self.agents.get(id) else {
            return;
        };
        let due = matches!(
            agent.machine.state(),
            State::WrapUp { until: Some(until), .. } if *until <= now
        );
        if due {
            let _ = self.step(id, now, |machine| machine.wrap_up_over(now));
            self.go_on_previewing(id);
        }
    }

    /// The agent's phone fell off its shift-long leg.
    pub(super) fn nailed_leg_ended(&mut self, id: &AgentId, now: Millis) {
        let Some(agent) = self.agents.get_mut(id) else {
            return;
        };
        agent.nailed_up = None;
        if agent.machine.is_ready() {
            let reason = Some("PHONE_HUNG_UP".to_owned());
            let _ = self.step(id, now, |machine| {
                machine.not_ready(Unready::Away, reason, now)
            });
        }
    }

    /// After-call work as the campaign, the agent and the queue want it; see [`Machine::call_over`].
    pub(super) fn wrap_up_of(&self, id: &AgentId, call: &Call) -> Option<i64> {
        let agent = self.agents.get(id)?;
        let owed = |last: &LastCall| last.id == call.id && last.required && !last.disposed;
        if agent.last_call.as_ref().is_some_and(owed) {
            return Some(0);
        }
        let of_queue = call.queue.as_ref().and_then(|queue| self.queues.get(queue));
        let default = crate::queue::Settings::default().wrap_up_ms;
        let ms = agent
            .spec
            .wrap_up_ms
            .unwrap_or_else(|| of_queue.map_or(default, |queue| queue.settings.wrap_up_ms));
        Some(ms)
    }

    pub(super) fn disposition_required(&self, campaign: Option<&CampaignId>) -> bool {
        let settings: Option<&campaign::Settings> = campaign
            .and_then(|id| self.campaigns.get(id))
            .map(|seen| &seen.spec.settings);
        settings.is_some_and(|settings| settings.disposition_required)
    }

    /// The one door through which an agent's state changes: the change is stored and told.
    pub(super) fn step(
        &mut self,
        id: &AgentId,
        now: Millis,
        change: impl FnOnce(&mut Machine) -> Result<(), IllegalTransition>,
    ) -> Result<(), IllegalTransition> {
        let Some(agent) = self.agents.get_mut(id) else {
            return Ok(());
        };
        let before = agent.machine.clone();
        change(&mut agent.machine)?;
        if agent.machine.state() == before.state() {
            return Ok(());
        }
        let spent = now.since(before.since());
        if matches!(before.state(), State::Busy { .. } | State::WrapUp { .. }) {
            agent.busy_ms += spent;
        }
        let state = agent.machine.state().clone();
        let wrap_up_until = match state {
            State::WrapUp { until, .. } => until,
            _ => None,
        };
        self.commands
            .push_back(Command::AgentChanged(Box::new(AgentChange {
                agent: id.clone(),
                extension: agent.extension.clone(),
                from: before.state().name(),
                to: state.name(),
                sub: state.sub_name(),
                reason: state.reason().map(str::to_owned),
                at: now,
                ms: spent,
            })));
        self.commands.push_back(Command::Tell(Event::AgentState {
            agent: id.clone(),
            state: state.name(),
            sub_state: state.sub_name(),
            reason: state.reason().map(str::to_owned),
            since: now,
            call_id: agent.machine.call(),
            wrap_up_until,
        }));
        if let Some(until) = wrap_up_until {
            self.timers.set(until, Why::WrapUpOver(id.clone()));
        }
        self.touch_all(now);
        Ok(())
    }
}
