//! What the rest of the house holds of the live floor.

use std::sync::Arc;

use engine::{
    destination::Destination,
    floor::{
        AgentOrder, AgentView, Decided, InCall, OrderRefused, OutsideLimits, SupervisorOrder,
        TestCall, TwoParties, View,
    },
    gate::No,
    ids::{AgentId, CallId, CampaignId},
};
use tokio::sync::{mpsc, oneshot, watch};

use crate::{bus::Bus, lines::Lines};

/// A handle on the live floor; cheap to clone.
#[derive(Debug, Clone)]
pub struct Live {
    asks: mpsc::Sender<Ask>,
    view: watch::Receiver<Arc<View>>,
    bus: Bus,
    lines: Lines,
}

/// The floor does not do what was asked. Nothing has changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// Stable, upper case: `ILLEGAL_TRANSITION`, `NO_SUCH_AGENT`, `PHONE_NOT_REGISTERED`,
    /// `NO_PREVIEW`, `NO_SUCH_CALL`, `BAD_DISPOSITION`, `DISPOSITION_REQUIRED`, `GATE_REFUSED`,
    /// `DRAINING`; in calls
    /// `SECOND_CALL_UP`, `NO_SECOND_CALL`, `NOT_ANSWERED`, `IN_CONFERENCE`, `NO_SUCH_QUEUE`,
    /// `NOBODY_FREE`, `BUSY`, `BAD_NUMBER`, `BARRED`, `TOO_MANY_CALLS`, `GATEWAY_BUSY`, `NO_ROUTE`, `BAD_DIGITS`,
    /// `NOBODY_HEARS`, `AT_PHONE`, `NO_SUCH_MENU`, `CONFERENCE_FULL`, `NO_SUCH_MEMBER`, `NO_CALLER`; for calls that ring elsewhere `TOO_EARLY`; of a device outside
    /// `NOT_OWN_DEVICE`; of what is hidden from agents `FUNCTION_HIDDEN`.
    pub code: &'static str,
    pub message: String,
}

#[derive(Debug)]
pub(crate) enum Ask {
    Agent {
        agent: AgentId,
        order: AgentOrder,
        /// The agent's own, who is no supervisor.
        own: bool,
        answer: oneshot::Sender<Result<(), Refusal>>,
    },
    Supervisor {
        by: String,
        order: SupervisorOrder,
        answer: oneshot::Sender<Result<(), Refusal>>,
    },
    Presence {
        agent: AgentId,
        connected: bool,
    },
    Decided {
        campaign: CampaignId,
        answer: oneshot::Sender<Option<Decided>>,
    },
    Test {
        call: Box<TestCall>,
        answer: oneshot::Sender<Result<CallId, Refusal>>,
    },
    ConnectTwo {
        by: String,
        asked: TwoParties,
        answer: oneshot::Sender<Result<CallId, Refusal>>,
    },
    BreakOff {
        campaign: CampaignId,
        answer: oneshot::Sender<()>,
    },
    WhoIsIn {
        call: CallId,
        answer: oneshot::Sender<Option<InCall>>,
    },
    NamedAtPhone {
        number: String,
        answer: oneshot::Sender<Option<Option<Destination>>>,
    },
    Conferences {
        answer: oneshot::Sender<Vec<InCall>>,
    },
    PauseRecording {
        call: CallId,
        paused: bool,
        answer: oneshot::Sender<Result<(), Refusal>>,
    },
    LimitOutside(OutsideLimits),
    Reload,
    Drain,
}

impl Live {
    pub(crate) fn new(
        asks: mpsc::Sender<Ask>,
        view: watch::Receiver<Arc<View>>,
        bus: Bus,
        lines: Lines,
    ) -> Self {
        Self {
            asks,
            view,
            bus,
            lines,
        }
    }

    /// A handle on a floor that has ended: an empty view, every order refused.
    #[must_use]
    pub fn ended() -> Self {
        let (asks, _) = mpsc::channel(1);
        let (_, view) = watch::channel(Arc::default());
        Self::new(asks, view, Bus::default(), Lines::default())
    }

    /// The same over these lines.
    #[must_use]
    pub fn with(self, lines: Lines) -> Self {
        Self { lines, ..self }
    }

    /// The switch's gateways, phones and signalling.
    #[must_use]
    pub fn lines(&self) -> &Lines {
        &self.lines
    }

    /// Keeps what follows of a call's recording silent (card numbers and the like), or ends that.
    /// Repeating it is harmless.
    ///
    /// # Errors
    /// `NOT_RECORDED` when no recording of the call runs, `DRAINING`.
    pub async fn pause_recording(&self, call: CallId, paused: bool) -> Result<(), Refusal> {
        let (answer, answered) = oneshot::channel();
        let ask = Ask::PauseRecording {
            call,
            paused,
            answer,
        };
        self.asks.send(ask).await.map_err(|_| draining())?;
        answered.await.map_err(|_| draining())?
    }

    /// Carries out an agent's order and returns the agent as it then stands.
    ///
    /// # Errors
    /// [`Refusal`] when the agent's state, phone or call does not allow it.
    pub async fn agent(&self, agent: AgentId, order: AgentOrder) -> Result<AgentView, Refusal> {
        self.ask_agent(agent, order, false).await
    }

    /// The same for an agent who is no supervisor.
    ///
    /// # Errors
    /// `FUNCTION_HIDDEN`, and as [`Self::agent`].
    pub async fn own_order(&self, agent: AgentId, order: AgentOrder) -> Result<AgentView, Refusal> {
        self.ask_agent(agent, order, true).await
    }

    async fn ask_agent(
        &self,
        agent: AgentId,
        order: AgentOrder,
        own: bool,
    ) -> Result<AgentView, Refusal> {
        let (answer, answered) = oneshot::channel();
        self.asks
            .send(Ask::Agent {
                agent: agent.clone(),
                order,
                own,
                answer,
            })
            .await
            .map_err(|_| draining())?;
        answered.await.map_err(|_| draining())??;
        let view = self.view();
        view.agents
            .iter()
            .find(|seen| seen.id == agent)
            .cloned()
            .ok_or_else(|| Refusal {
                code: "NO_SUCH_AGENT",
                message: format!("there is no agent {agent}"),
            })
    }

    /// Carries out a supervisor's order; `by` names who gave it. Whether they may, the caller has
    /// settled.
    ///
    /// # Errors
    /// [`Refusal`] when call or phone does not allow it.
    pub async fn supervise(&self, by: String, order: SupervisorOrder) -> Result<(), Refusal> {
        let (answer, answered) = oneshot::channel();
        self.asks
            .send(Ask::Supervisor { by, order, answer })
            .await
            .map_err(|_| draining())?;
        answered.await.map_err(|_| draining())?
    }

    /// What a campaign's pacer decided lately, and what bound it; `None` for one that is not on the
    /// floor, or on a floor that has ended.
    pub async fn decided(&self, campaign: CampaignId) -> Option<Decided> {
        let (answer, answered) = oneshot::channel();
        self.asks
            .send(Ask::Decided { campaign, answer })
            .await
            .ok()?;
        answered.await.ok()?
    }

    /// Who is in a call now; `None` for one that is not up, or on a floor that has ended.
    pub async fn who_is_in(&self, call: CallId) -> Option<InCall> {
        let (answer, answered) = oneshot::channel();
        let ask = Ask::WhoIsIn { call, answer };
        self.asks.send(ask).await.ok()?;
        answered.await.ok()?
    }

    /// What a number names at a phone now, as [`Floor::named_at_phone`] says; `None` on a floor that has
    /// ended.
    ///
    /// [`Floor::named_at_phone`]: engine::floor::Floor::named_at_phone
    pub async fn named_at_phone(&self, number: String) -> Option<Option<Destination>> {
        let (answer, answered) = oneshot::channel();
        let ask = Ask::NamedAtPhone { number, answer };
        self.asks.send(ask).await.ok()?;
        answered.await.ok()?
    }

    /// The conferences of all tenants, newest first; none on a floor that has ended.
    pub async fn conferences(&self) -> Vec<InCall> {
        let (answer, answered) = oneshot::channel();
        let asked = self.asks.send(Ask::Conferences { answer }).await;
        match asked {
            Ok(()) => answered.await.unwrap_or_default(),
            Err(_) => Vec::new(),
        }
    }

    /// Makes one test call of a robot (OUT-219).
    ///
    /// # Errors
    /// `GATE_REFUSED` with what the gate found; then nobody is dialled.
    pub async fn test(&self, call: TestCall) -> Result<CallId, Refusal> {
        let (answer, answered) = oneshot::channel();
        let call = Box::new(call);
        self.asks
            .send(Ask::Test { call, answer })
            .await
            .map_err(|_| draining())?;
        answered.await.map_err(|_| draining())?
    }

    /// Begins a call between two parties (AGT-161).
    ///
    /// # Errors
    /// Why one of the two cannot be called; then nobody is.
    pub async fn connect_two(&self, by: String, asked: TwoParties) -> Result<CallId, Refusal> {
        let (answer, answered) = oneshot::channel();
        self.asks
            .send(Ask::ConnectTwo { by, asked, answer })
            .await
            .map_err(|_| draining())?;
        answered.await.map_err(|_| draining())?
    }

    /// Stops a campaign at once and hangs its calls up (OUT-222). Store first that it is stopped.
    pub async fn break_off(&self, campaign: CampaignId) {
        let (answer, answered) = oneshot::channel();
        // A floor that has ended has no calls.
        let _ = self.asks.send(Ask::BreakOff { campaign, answer }).await;
        let _ = answered.await;
    }

    /// The agent's event channel came up or went down (AGT-024).
    pub async fn presence(&self, agent: AgentId, connected: bool) {
        // A server that drains has no use for presence.
        let _ = self.asks.send(Ask::Presence { agent, connected }).await;
    }

    /// What agents and phones may have called outside from now on.
    pub async fn limit_outside(&self, limits: OutsideLimits) {
        // A floor that has ended has nobody called.
        let _ = self.asks.send(Ask::LimitOutside(limits)).await;
    }

    /// Reads agents, queues, gateways, routes and campaigns anew, at once. Call it after a change; what
    /// [`store::configuration::changed`] told of and campaigns are also watched every quarter of a second.
    pub async fn reload(&self) {
        let _ = self.asks.send(Ask::Reload).await;
    }

    /// The process is about to end: no new dials from now on.
    pub async fn drain(&self) {
        let _ = self.asks.send(Ask::Drain).await;
    }

    /// Done when the floor has ended, asked or not.
    pub async fn over(&self) {
        self.asks.closed().await;
    }

    /// The floor a moment ago; renewed with every agent order and at least four times a second.
    #[must_use]
    pub fn view(&self) -> Arc<View> {
        self.view.borrow().clone()
    }

    /// Wakes whenever the view is renewed.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<Arc<View>> {
        self.view.clone()
    }

    #[must_use]
    pub fn bus(&self) -> &Bus {
        &self.bus
    }
}

impl From<OrderRefused> for Refusal {
    fn from(refused: OrderRefused) -> Self {
        Self {
            code: refused.code,
            message: refused.message,
        }
    }
}

impl From<No> for Refusal {
    fn from(no: No) -> Self {
        let basis = no.basis.map(|basis| format!(": {basis}"));
        Self {
            code: "GATE_REFUSED",
            message: format!("{}{}", no.block.as_str(), basis.unwrap_or_default()),
        }
    }
}

fn draining() -> Refusal {
    Refusal {
        code: "DRAINING",
        message: "the server is shutting down".into(),
    }
}
