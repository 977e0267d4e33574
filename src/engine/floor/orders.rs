//! What agents ask for, and why they may be refused.

use super::{
    AgentOrder, Cause, Command, Floor, LegId, Phase, Role, agents::LastCall, offers::NotTaken,
    party::Round,
};
use crate::{
    agent::{IllegalTransition, State},
    disposition::{Code, Disposition, Step},
    ids::{AgentId, CallId, QueueId},
    outcome::Outcome,
    time::Millis,
};

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
            AgentOrder::Ready => self.become_ready(agent, now),
            AgentOrder::NotReady { sub, reason } => {
                self.leave_preview(agent, now);
                self.step(agent, now, |machine| machine.not_ready(sub, reason, now))
                    .map_err(Into::into)
            }
            AgentOrder::NextPreview { campaign } => self.next_preview(agent, campaign, None, now),
            AgentOrder::Pick {
                campaign,
                lead,
                dial,
            } => self.next_preview(agent, campaign, Some((lead, dial)), now),
            AgentOrder::DialPreview => self.dial_preview(agent, now),
            AgentOrder::SkipPreview => self.skip_preview(agent, now),
            AgentOrder::PickUp { what } => self.pick_up(agent, &what, now),
            AgentOrder::Survey => self.agent_asks(agent, now),
            AgentOrder::InCall(order) => self.in_call(agent, order, now),
            AgentOrder::Hangup => self.agent_hangs_up(agent, now),
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
        self.may_work_at(id, &extension, now)?;
        let registered = self.has_phone(&extension);
        if nailed_up && !registered {
            let text = format!("the phone of extension {extension} is not registered");
            return Err(OrderRefused::new("PHONE_NOT_REGISTERED", text));
        }
        self.step(id, now, |machine| machine.sign_in(now))?;
        let Some(agent) = self.agents.get_mut(id) else {
            return Ok(());
        };
        agent.extension = extension;
        agent.refused_by.clear();
        agent.signed_in_at = Some(now);
        agent.busy_ms = 0;
        agent.talk_ms = 0;
        agent.calls = 0;
        agent.no_answers = 0;
        agent.rests_until = now;
        let auto_ready = agent.spec.auto_ready;
        if nailed_up {
            let leg = LegId(self.numbers.take());
            if let Some(agent) = self.agents.get_mut(id) {
                agent.nailed_up = Some((leg, false));
            }
            self.legs.insert(leg, Role::NailedUp(id.clone()));
            let ring_ms = 30_000;
            self.ring_telephone(leg, id, None, id.to_string(), ring_ms);
        }
        match auto_ready {
            true if registered => self.step(id, now, |machine| machine.ready(now))?,
            waits => {
                if let Some(agent) = self.agents.get_mut(id) {
                    agent.awaits_phone = waits;
                }
            }
        }
        Ok(())
    }

    pub(super) fn sign_out(&mut self, id: &AgentId, now: Millis) -> Result<(), OrderRefused> {
        if !matches!(self.agents[id].machine.state(), State::Busy { .. }) {
            self.leave_preview(id, now);
        }
        self.step(id, now, |machine| machine.sign_out(now))?;
        let Some(agent) = self.agents.get_mut(id) else {
            return Ok(());
        };
        agent.signed_in_at = None;
        agent.signs_out = false;
        agent.last_call = None;
        let queues: Vec<QueueId> = agent.spec.queues.iter().cloned().collect();
        if let Some((leg, _)) = agent.nailed_up.take() {
            self.legs.remove(&leg);
            self.commands.push_back(Command::Hangup {
                leg,
                cause: Cause::Normal,
            });
        }
        self.staff_left(&queues, now);
        Ok(())
    }

    fn become_ready(&mut self, id: &AgentId, now: Millis) -> Result<(), OrderRefused> {
        self.has_disposed(id)?;
        self.leave_preview(id, now);
        self.step(id, now, |machine| machine.ready(now))?;
        Ok(())
    }

    fn agent_hangs_up(&mut self, id: &AgentId, now: Millis) -> Result<(), OrderRefused> {
        let busy = matches!(self.agents[id].machine.state(), State::Busy { .. });
        let call = self.agents[id].machine.call().filter(|_| busy);
        let Some(call) = call.filter(|call| self.calls.contains_key(call)) else {
            return Err(OrderRefused::new(
                "NO_SUCH_CALL",
                "there is no call to hang up",
            ));
        };
        if let Some(leg) = self.consulted_on(id, call) {
            self.called_gone(call, leg, "hung_up", now);
            return Ok(());
        }
        let parties = &self.calls[&call].parties;
        match self.calls[&call].phase {
            // The agent rejects the offer; the caller goes on waiting.
            Phase::Offered { .. } => self.offer_failed(call, id, NotTaken::Rejected, now),
            Phase::Transferring => self.transfer_failed(call, "rejected", now),
            // A conference goes on without the agent; a question ends, and the customer is still there.
            Phase::Talking if parties.second.is_some() => match parties.round {
                Round::All => self.leave_conference(call, now),
                _ => self.end_question(call, now),
            },
            _ => {
                if !self.goes_back_in_line(call, now) {
                    self.talk_over(call, now);
                }
            }
        }
        Ok(())
    }

    /// The customer says how it was, whatever the queue wants by itself.
    fn agent_asks(&mut self, id: &AgentId, now: Millis) -> Result<(), OrderRefused> {
        let call = self.agents[id].machine.call();
        let Some(call) = call.filter(|call| self.may_be_asked(*call, now)) else {
            let text = "there is no conversation to ask about";
            return Err(OrderRefused::new("NO_SUCH_CALL", text));
        };
        self.ask_by_hand(call, now);
        Ok(())
    }

    fn finish_wrap_up(&mut self, id: &AgentId, now: Millis) -> Result<(), OrderRefused> {
        self.has_disposed(id)?;
        self.step(id, now, |machine| machine.wrap_up_over(now))?;
        self.go_on_previewing(id);
        Ok(())
    }

    /// After-call work whose campaign wants a disposition ends with one.
    fn has_disposed(&self, id: &AgentId) -> Result<(), OrderRefused> {
        let agent = &self.agents[id];
        let wraps_up = matches!(agent.machine.state(), State::WrapUp { .. });
        if wraps_up && agent.last_call.as_ref().is_some_and(LastCall::is_owed) {
            let text = "say what came of the call first";
            return Err(OrderRefused::new("DISPOSITION_REQUIRED", text));
        }
        Ok(())
    }

    fn dispose(
        &mut self,
        id: &AgentId,
        call: CallId,
        disposition: Disposition,
        now: Millis,
    ) -> Result<(), OrderRefused> {
        let mut step = disposition
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
        let is_first = last.is_unsaid;
        let (lead, campaign) = (last.lead.clone(), last.campaign.clone());
        let (attempts, as_machine) = (last.attempts, last.as_machine);
        if let Some(campaign) = campaign.and_then(|id| self.campaigns.get_mut(&id)) {
            campaign.answer_is_old = campaign.drawing;
            if disposition.code == Code::Machine {
                let again = campaign
                    .spec
                    .settings
                    .retry
                    .next(Outcome::Machine, attempts, now);
                step = again.map_or(step, Step::TryAgain);
            }
            if is_first {
                let is_machine = disposition.code == Code::Machine;
                campaign.book_said(as_machine, is_machine, now);
            }
        }
        if let Some(call) = self.calls.get_mut(&call) {
            call.disposed = Some(step);
        }
        let last_calls = self
            .agents
            .values_mut()
            .filter_map(|it| it.last_call.as_mut());
        for last in last_calls.filter(|last| last.id == call) {
            last.is_unsaid = false;
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
}
