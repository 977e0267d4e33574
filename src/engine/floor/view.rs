//! The floor as people see it: one snapshot of agents, queues, campaigns and gateways.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::{
    campaign::{Mode, State},
    desk::Function,
    gateway::Trouble,
    ids::{AgentId, CallId, CampaignId, GatewayId, LeadId, LegId, QueueId},
    outcome::Outcome,
    pacing::{Counts, Decision, Limit, Record},
    time::Millis,
};

#[derive(Debug, Clone, Default, Serialize)]
pub struct View {
    pub as_of: Millis,
    pub agents: Vec<AgentView>,
    pub queues: Vec<QueueView>,
    pub campaigns: Vec<CampaignView>,
    pub gateways: Vec<GatewayView>,
    pub supervisors: Vec<SupervisorView>,
}

#[derive(Debug, Clone, Serialize)]
pub struct AgentView {
    pub id: AgentId,
    pub name: String,
    pub extension: String,
    pub queues: Vec<QueueId>,
    pub state: &'static str,
    pub sub_state: Option<&'static str>,
    pub reason: Option<String>,
    pub since: Millis,
    /// The phone is registered.
    pub registered: bool,
    pub call: Option<CallView>,
    pub preview: Option<LeadId>,
    pub wrap_up_until: Option<Millis>,
    /// The call that after-call work is for.
    pub wrap_up_call: Option<CallId>,
    pub calls_today: u64,
    /// Milliseconds in calls and after-call work since sign-in.
    pub busy_ms: i64,
    pub signed_in_at: Option<Millis>,
    /// What the agent does not have at the telephone that it works at.
    pub hidden: BTreeSet<Function>,
}

#[derive(Debug, Clone, Serialize)]
pub struct CallView {
    pub id: CallId,
    pub direction: &'static str,
    pub number: String,
    /// The agent may not see the number.
    pub masked: bool,
    pub lead_id: Option<LeadId>,
    pub campaign_id: Option<CampaignId>,
    pub queue_id: Option<QueueId>,
    pub answered_at: Option<Millis>,
    pub bridged_at: Option<Millis>,
    /// The agent was called by another agent, who has the customer.
    pub consulted: bool,
    pub state: CallState,
}

/// How the parties of a call stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CallState {
    /// There is a customer to talk to.
    pub talking: bool,
    pub held: bool,
    pub muted: bool,
    /// Whom the agent hears while there is a second party: `customer`, `second` or `all`.
    pub hears: &'static str,
    pub second: Option<PartyView>,
    /// Others in the conference, the first first.
    pub guests: Vec<PartyView>,
    /// The customer may only listen.
    pub customer_muted: bool,
}

/// Whom an agent has called besides the customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PartyView {
    /// Names its leg.
    pub id: LegId,
    /// `agent`, `extension` or `outside`.
    pub kind: &'static str,
    pub name: String,
    /// `checking`, `ringing` or `up`.
    pub state: &'static str,
    /// It may only listen.
    pub muted: bool,
}

/// A supervisor in a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SupervisorView {
    pub by: String,
    pub extension: String,
    pub agent: AgentId,
    pub call_id: CallId,
    pub monitor: super::Monitor,
    /// The phone has answered.
    pub up: bool,
}

#[derive(Debug, Clone, Serialize)]
pub struct QueueView {
    pub id: QueueId,
    pub name: String,
    /// The change of the stored queue that is in effect.
    pub revision: i64,
    /// Everybody who waits, in order.
    pub line: Vec<WaitingView>,
    pub waiting: u32,
    pub longest_wait_ms: i64,
    pub signed_in: u32,
    pub ready: u32,
    pub busy: u32,
    pub wrap_up: u32,
}

/// A caller in the line of a queue (RPT-013).
#[derive(Debug, Clone, Serialize)]
pub struct WaitingView {
    pub call_id: CallId,
    pub direction: &'static str,
    pub number: String,
    pub called: String,
    /// From 1.
    pub place: u32,
    pub priority: u8,
    pub since: Millis,
    pub waited_ms: i64,
}

#[derive(Debug, Clone, Serialize)]
pub struct CampaignView {
    pub id: CampaignId,
    pub name: String,
    pub mode: Mode,
    pub state: State,
    /// Legs sent, no answer yet.
    pub dialling: u32,
    /// Of these, ringing.
    pub ringing: u32,
    /// Answered and with nobody: listened to, or a machine that is to record a message.
    pub listening: u32,
    pub waiting: u32,
    pub talking: u32,
    pub counts: Counts,
    pub outcomes: BTreeMap<Outcome, u64>,
    pub blocked: BTreeMap<crate::gate::Block, u64>,
    pub decision: Option<Decision>,
    /// Leads in hand, ready to dial.
    pub hopper: u32,
    /// Leads without a final state, as of the last draw.
    pub undone: u64,
    /// Abandoned share of the calls answered by persons, 0 to 1.
    pub abandon_rate: f64,
}

/// What the pacer of a campaign decided lately, and what bound it.
#[derive(Debug, Clone, Serialize)]
pub struct Decided {
    /// Oldest first.
    pub records: Vec<Record>,
    /// Milliseconds that each limit bound within the last hour.
    pub bound: BTreeMap<Limit, i64>,
}

#[derive(Debug, Clone, Serialize)]
pub struct GatewayView {
    pub id: GatewayId,
    pub name: String,
    pub in_use: u32,
    pub max_channels: u32,
    /// Why nothing is dialled through it now, and until when where that is known.
    pub trouble: Option<(Trouble, Option<Millis>)>,
}
