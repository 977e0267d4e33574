//! The agent's states (AGT-009 to AGT-024), one machine for all five interfaces.
//!
//! ```text
//! LOGOUT --sign in--> UNREADY.WAIT <--> READY --offer--> BUSY.RINGING --answer--> BUSY.ANSWERED
//!                        |   ^             |                  | ring-out, reject       |
//!                        |   +-- not ready-+<-----------------+                        | call ends
//!                        +--dial / preview--> BUSY.CALLING --answered------------------+
//!                                                 | fails                              v
//!            READY or UNREADY as asked for <---- ACW <----------------------------- (wrap-up)
//! ```

mod state;

pub use state::{Busy, State, Unready, WorkMode};

use crate::{
    ids::{CallId, LeadId},
    time::Millis,
};

/// Where an agent goes after a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Return {
    Ready,
    Unready {
        sub: Unready,
        reason: Option<String>,
    },
}

/// A step that the state does not allow (AGT-019). The state is unchanged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an agent who is {from} cannot {step}")]
pub struct IllegalTransition {
    pub step: &'static str,
    pub from: &'static str,
}

/// An agent's state, since when, and where the agent goes after the call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    state: State,
    since: Millis,
    /// Since when the talk is up that the agent is in, whatever else is done meanwhile.
    talking_since: Option<Millis>,
    after_call: Return,
}

impl Default for Machine {
    fn default() -> Self {
        Self {
            state: State::LoggedOut,
            since: Millis(0),
            talking_since: None,
            after_call: Return::Ready,
        }
    }
}

impl Machine {
    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    #[must_use]
    pub fn since(&self) -> Millis {
        self.since
    }

    /// The wall clock was set: the state has lasted as long, and ends in as long.
    pub fn shift(&mut self, by_ms: i64) {
        self.since = self.since.plus(by_ms);
        self.talking_since = self.talking_since.map(|at| at.plus(by_ms));
        match &mut self.state {
            State::WrapUp { until: at, .. } | State::Preview { dial_at: at, .. } => {
                *at = at.map(|at| at.plus(by_ms));
            }
            _ => {}
        }
    }

    /// `None` outside of talks.
    #[must_use]
    pub fn talking_since(&self) -> Option<Millis> {
        self.talking_since
    }

    #[must_use]
    pub fn is_signed_in(&self) -> bool {
        self.state != State::LoggedOut
    }

    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.state == State::Ready
    }

    /// Ready, or ready again after the call that is up.
    #[must_use]
    pub fn takes_calls(&self) -> bool {
        match self.state {
            State::Ready => true,
            State::Busy { .. } | State::WrapUp { .. } => self.after_call == Return::Ready,
            _ => false,
        }
    }

    /// In a conversation, held or not.
    #[must_use]
    pub fn is_talking(&self) -> bool {
        match self.state {
            State::Busy { sub, .. } => !matches!(sub, Busy::Ringing | Busy::Calling),
            _ => false,
        }
    }

    /// The call the agent is busy with or wraps up.
    #[must_use]
    pub fn call(&self) -> Option<CallId> {
        match self.state {
            State::Busy { call, .. } | State::WrapUp { call, .. } => Some(call),
            _ => None,
        }
    }

    /// LOGIN passes to UNREADY.WAIT at once.
    ///
    /// # Errors
    /// When already signed in.
    pub fn sign_in(&mut self, now: Millis) -> Result<(), IllegalTransition> {
        match self.state {
            State::LoggedOut => {
                self.after_call = Return::Ready;
                self.enter(
                    State::Unready {
                        sub: Unready::Wait,
                        reason: None,
                    },
                    now,
                );
                Ok(())
            }
            _ => Err(self.refuse("sign in")),
        }
    }

    /// # Errors
    /// When on a call.
    pub fn sign_out(&mut self, now: Millis) -> Result<(), IllegalTransition> {
        match self.state {
            State::Busy { .. } | State::LoggedOut => Err(self.refuse("sign out")),
            _ => {
                self.enter(State::LoggedOut, now);
                Ok(())
            }
        }
    }

    /// Ready now, or after the call that is up.
    ///
    /// # Errors
    /// When not signed in.
    pub fn ready(&mut self, now: Millis) -> Result<(), IllegalTransition> {
        match self.state {
            State::LoggedOut => return Err(self.refuse("become ready")),
            State::Busy { .. } => self.after_call = Return::Ready,
            State::Ready => {}
            _ => {
                self.after_call = Return::Ready;
                self.enter(State::Ready, now);
            }
        }
        Ok(())
    }

    /// Not ready now, or after the call that is up (预离席).
    ///
    /// # Errors
    /// When not signed in.
    pub fn not_ready(
        &mut self,
        sub: Unready,
        reason: Option<String>,
        now: Millis,
    ) -> Result<(), IllegalTransition> {
        match self.state {
            State::LoggedOut => return Err(self.refuse("become unready")),
            State::Busy { .. } | State::WrapUp { .. } => {
                self.after_call = Return::Unready { sub, reason };
            }
            _ => {
                self.after_call = Return::Ready;
                self.enter(State::Unready { sub, reason }, now);
            }
        }
        Ok(())
    }

    /// A queue call is reserved for the agent.
    ///
    /// # Errors
    /// When not ready.
    pub fn offer(&mut self, call: CallId, now: Millis) -> Result<(), IllegalTransition> {
        match self.state {
            State::Ready => {
                self.after_call = Return::Ready;
                self.enter(
                    State::Busy {
                        sub: Busy::Ringing,
                        call,
                    },
                    now,
                );
                Ok(())
            }
            _ => Err(self.refuse("take an offer")),
        }
    }

    /// One phone is rung for one caller, who wants this agent and nobody else.
    ///
    /// # Errors
    /// When on a call, in after-call work, previewing, or not signed in.
    pub fn ring(&mut self, call: CallId, now: Millis) -> Result<(), IllegalTransition> {
        match self.state {
            State::Ready | State::Unready { .. } => {
                self.remember();
                let sub = Busy::Ringing;
                self.enter(State::Busy { sub, call }, now);
                Ok(())
            }
            _ => Err(self.refuse("be rung")),
        }
    }

    /// The offer was not taken: back to READY, or on a break (max no-answer).
    ///
    /// # Errors
    /// When no offer rings.
    pub fn offer_over(&mut self, on_break: bool, now: Millis) -> Result<(), IllegalTransition> {
        match self.state {
            State::Busy {
                sub: Busy::Ringing, ..
            } => {
                let reason = Some("NO_ANSWER".to_owned());
                let next = if on_break {
                    State::Unready {
                        sub: Unready::Break,
                        reason,
                    }
                } else {
                    self.returned()
                };
                self.enter(next, now);
                Ok(())
            }
            _ => Err(self.refuse("lose an offer")),
        }
    }

    /// Somebody sends the agent a call, or asks the agent about one; or the call that the agent wraps
    /// up comes back.
    ///
    /// # Errors
    /// When on another call, previewing, or not signed in.
    pub fn ring_for(&mut self, call: CallId, now: Millis) -> Result<(), IllegalTransition> {
        match self.state {
            State::Ready | State::Unready { .. } => self.remember(),
            State::WrapUp { call: last, .. } if last == call => {}
            _ => return Err(self.refuse("take a call")),
        }
        self.enter(
            State::Busy {
                sub: Busy::Ringing,
                call,
            },
            now,
        );
        Ok(())
    }

    /// What the agent does in the call that is up: talk, hold it, ask somebody, confer.
    ///
    /// # Errors
    /// When no call is up.
    pub fn turn(&mut self, to: Busy, now: Millis) -> Result<(), IllegalTransition> {
        match self.state {
            State::Busy { sub, call } if sub != Busy::Ringing && sub != Busy::Calling => {
                if sub != to {
                    self.enter(State::Busy { sub: to, call }, now);
                }
                Ok(())
            }
            _ => Err(self.refuse("change what is done in a call")),
        }
    }

    /// # Errors
    /// When neither ringing nor calling.
    pub fn answer(&mut self, now: Millis) -> Result<(), IllegalTransition> {
        match self.state {
            State::Busy {
                sub: Busy::Ringing | Busy::Calling,
                call,
            } => {
                self.enter(
                    State::Busy {
                        sub: Busy::Answered,
                        call,
                    },
                    now,
                );
                self.talking_since = Some(now);
                Ok(())
            }
            _ => Err(self.refuse("answer")),
        }
    }

    /// # Errors
    /// When on a call, in after-call work, or not signed in (OUT-208).
    pub fn preview(
        &mut self,
        lead: LeadId,
        dial_at: Option<Millis>,
        now: Millis,
    ) -> Result<(), IllegalTransition> {
        match self.state {
            State::Ready | State::Unready { .. } | State::Preview { .. } => {
                self.remember();
                self.enter(State::Preview { lead, dial_at }, now);
                Ok(())
            }
            _ => Err(self.refuse("preview a lead")),
        }
    }

    /// The agent leaves a preview without dialling.
    ///
    /// # Errors
    /// When not previewing.
    pub fn preview_over(&mut self, now: Millis) -> Result<(), IllegalTransition> {
        match self.state {
            State::Preview { .. } => {
                let next = self.returned();
                self.enter(next, now);
                Ok(())
            }
            _ => Err(self.refuse("leave a preview")),
        }
    }

    /// The agent dials, or the engine dials for the agent.
    ///
    /// # Errors
    /// When on a call, in after-call work, or not signed in.
    pub fn dial(&mut self, call: CallId, now: Millis) -> Result<(), IllegalTransition> {
        match self.state {
            State::Ready | State::Unready { .. } | State::Preview { .. } => {
                self.remember();
                self.enter(
                    State::Busy {
                        sub: Busy::Calling,
                        call,
                    },
                    now,
                );
                Ok(())
            }
            _ => Err(self.refuse("dial")),
        }
    }

    /// The call is over. `wrap_up_ms`: `None` skips after-call work, 0 leaves its end to the agent.
    ///
    /// # Errors
    /// When not busy.
    pub fn call_over(
        &mut self,
        wrap_up_ms: Option<i64>,
        now: Millis,
    ) -> Result<(), IllegalTransition> {
        let State::Busy { call, .. } = self.state else {
            return Err(self.refuse("end a call"));
        };
        let next = match wrap_up_ms {
            Some(ms) => State::WrapUp {
                call,
                until: (ms > 0).then(|| now.plus(ms)),
            },
            None => self.returned(),
        };
        self.enter(next, now);
        Ok(())
    }

    /// # Errors
    /// When not in after-call work.
    pub fn wrap_up_over(&mut self, now: Millis) -> Result<(), IllegalTransition> {
        match self.state {
            State::WrapUp { .. } => {
                let next = self.returned();
                self.enter(next, now);
                Ok(())
            }
            _ => Err(self.refuse("end after-call work")),
        }
    }

    fn enter(&mut self, state: State, now: Millis) {
        if !matches!(state, State::Busy { .. }) {
            self.talking_since = None;
        }
        self.state = state;
        self.since = now;
    }

    /// Where the agent came from is where the agent returns to.
    fn remember(&mut self) {
        match &self.state {
            State::Ready => self.after_call = Return::Ready,
            State::Unready { sub, reason } => {
                self.after_call = Return::Unready {
                    sub: *sub,
                    reason: reason.clone(),
                };
            }
            _ => {}
        }
    }

    fn returned(&mut self) -> State {
        match std::mem::replace(&mut self.after_call, Return::Ready) {
            Return::Ready => State::Ready,
            Return::Unready { sub, reason } => State::Unready { sub, reason },
        }
    }

    fn refuse(&self, step: &'static str) -> IllegalTransition {
        IllegalTransition {
            step,
            from: self.state.name(),
        }
    }
}

#[cfg(test)]
mod tests;
