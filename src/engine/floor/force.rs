//! What supervisors force on agents (AGT-154), and calls that they end by hand (强行释放).

use super::{Cause, Event, Floor, OrderRefused, Phase, offers::NotTaken};
use crate::{
    agent::{State, Unready, WorkMode},
    ids::{AgentId, CallId},
    time::Millis,
};

/// A step of an agent that a supervisor takes in the agent's place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Forced {
    /// 强制签出: now, or as soon as the call is over that the agent is in; without after-call work.
    SignOut,
    /// 强制离席: now, or after the call.
    Leave { reason: Option<String> },
    /// 强制回席: now, or after the call; from after-call work and a preview too.
    Resume,
    /// 强制结束后处理: also while the agent still owes a disposition.
    FinishWrapUp,
    /// 强制工作模式: now, or after the call; ready from after-call work and a preview too.
    WorkMode {
        mode: WorkMode,
        reason: Option<String>,
    },
}

impl Forced {
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::SignOut => "sign_out",
            Self::Leave { .. } => "leave",
            Self::Resume => "resume",
            Self::FinishWrapUp => "finish_wrap_up",
            Self::WorkMode { .. } => "work_mode",
        }
    }

    /// The work mode that was asked for by name.
    fn mode(&self) -> Option<&'static str> {
        match self {
            Self::WorkMode { mode, .. } => Some(mode.as_str()),
            _ => None,
        }
    }
}

impl Floor {
    pub(super) fn force(
        &mut self,
        by: &str,
        id: &AgentId,
        what: Forced,
        now: Millis,
    ) -> Result<(), OrderRefused> {
        if !self.agents.contains_key(id) {
            let text = format!("there is no agent {id}");
            return Err(OrderRefused::new("NO_SUCH_AGENT", text));
        }
        let (how, mode) = (what.as_str(), what.mode());
        match what {
            Forced::SignOut => self.force_sign_out(id, now)?,
            Forced::Leave { reason } => {
                let mode = WorkMode::Unready(Unready::Custom);
                self.set_work_mode(id, mode, reason, now)?;
            }
            Forced::Resume => self.set_work_mode(id, WorkMode::Ready, None, now)?,
            Forced::WorkMode { mode, reason } => self.set_work_mode(id, mode, reason, now)?,
            Forced::FinishWrapUp => {
                self.step(id, now, |machine| machine.wrap_up_over(now))?;
                self.go_on_previewing(id);
            }
        }
        self.tell(Event::Forced {
            agent: id.clone(),
            by: by.to_owned(),
            what: how,
            mode,
        });
        Ok(())
    }

    fn set_work_mode(
        &mut self,
        id: &AgentId,
        mode: WorkMode,
        reason: Option<String>,
        now: Millis,
    ) -> Result<(), OrderRefused> {
        self.leave_preview(id, now);
        self.step(id, now, |machine| match mode {
            WorkMode::Ready => machine.ready(now),
            WorkMode::Unready(sub) => machine.not_ready(sub, reason, now),
        })?;
        self.stays(id);
        Ok(())
    }

    /// A call that rings at the agent goes back where it was; one that is up is talked to its end.
    fn force_sign_out(&mut self, id: &AgentId, now: Millis) -> Result<(), OrderRefused> {
        if let Some(agent) = self.agents.get_mut(id) {
            agent.signs_out = agent.machine.is_signed_in();
        }
        let call = self.agents[id].machine.call();
        match self.agents[id].machine.state() {
            State::Busy { .. } => {
                if let Some(call) = call {
                    self.stop_ringing(call, id, now);
                }
                self.let_go_of(id, now);
                Ok(())
            }
            _ => self.sign_out(id, now),
        }
    }

    /// The agent's phone rings no longer for a call: it is where it was, with its caller. False when the
    /// agent has it already, or is asked about it.
    fn stop_ringing(&mut self, call: CallId, id: &AgentId, now: Millis) -> bool {
        match self.calls.get(&call).map(|call| &call.phase) {
            Some(Phase::Offered { .. }) => self.offer_failed(call, id, NotTaken::Rejected, now),
            Some(Phase::Transferring) => self.transfer_failed(call, "released", now),
            _ => return self.goes_back_in_line(call, now),
        }
        true
    }

    /// 强拆: the agent's call ends. Who only waits for the agent waits on.
    pub(super) fn force_release(
        &mut self,
        by: &str,
        id: &AgentId,
        now: Millis,
    ) -> Result<(), OrderRefused> {
        let busy = self.agents.get(id).and_then(|agent| {
            let busy = matches!(agent.machine.state(), State::Busy { .. });
            agent.machine.call().filter(|_| busy)
        });
        let Some(call) = busy.filter(|call| self.calls.contains_key(call)) else {
            let text = "that agent is in no call";
            return Err(OrderRefused::new("NO_SUCH_CALL", text));
        };
        let by = by.to_owned();
        self.tell(Event::Supervised {
            agent: id.clone(),
            call_id: call,
            by,
            how: "release",
        });
        if let Some(leg) = self.consulted_on(id, call) {
            self.called_gone(call, leg, "released", now);
        } else if !self.stop_ringing(call, id, now) {
            self.leave(call, Cause::Normal, now);
        }
        Ok(())
    }

    /// A sign-out that waits for the end of a call is off: the supervisor's last word counts.
    fn stays(&mut self, id: &AgentId) {
        if let Some(agent) = self.agents.get_mut(id) {
            agent.signs_out = false;
        }
    }

    /// Ends a call, whoever is in it: a caller who waits, leaves a message or was put through too.
    pub(super) fn end_call(&mut self, id: CallId, now: Millis) -> Result<(), OrderRefused> {
        if !self.calls.contains_key(&id) {
            let text = "there is no such call";
            return Err(OrderRefused::new("NO_SUCH_CALL", text));
        }
        self.leave(id, Cause::Normal, now);
        Ok(())
    }
}
