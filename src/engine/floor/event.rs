//! What the floor tells people: pop-ups, state changes, warnings (RST-019, RST-021).

use serde::Serialize;

use crate::{
    gateway,
    ids::{AgentId, CallId, CampaignId, GatewayId, LeadId, QueueId},
    time::Millis,
};

/// One thing worth telling. [`Event::topic`] says to whom, [`Event::name`] what it is called.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Event {
    /// A call is offered to an agent, or one that the agent dialled is on its way or answered; the
    /// shell adds the lead's fields.
    Popup {
        agent: AgentId,
        call_id: CallId,
        direction: &'static str,
        /// Masked when `masked` says so.
        number: String,
        /// The agent may not see the number.
        masked: bool,
        lead_id: Option<LeadId>,
        campaign_id: Option<CampaignId>,
        queue_id: Option<QueueId>,
        /// It was taken for a machine: what the agent says of it measures how often that is wrong.
        taken_for_machine: bool,
    },
    /// A lead is offered before it is dialled; the shell adds its fields.
    Preview {
        agent: AgentId,
        lead_id: LeadId,
        campaign_id: CampaignId,
        countdown_s: u32,
        /// The agent may not see the number.
        masked: bool,
    },
    /// The agent's list has nothing due.
    PreviewEmpty {
        agent: AgentId,
        campaign_id: CampaignId,
    },
    /// The previewed lead could not be dialled.
    DialRefused {
        agent: AgentId,
        lead_id: LeadId,
        code: &'static str,
    },
    AgentState {
        agent: AgentId,
        state: &'static str,
        sub_state: Option<&'static str>,
        reason: Option<String>,
        since: Millis,
        call_id: Option<CallId>,
        wrap_up_until: Option<Millis>,
    },
    /// The agent's call stands otherwise: held, muted, somebody else called, and so on.
    CallChanged {
        agent: AgentId,
        call_id: CallId,
        #[serde(flatten)]
        state: Box<super::CallState>,
    },
    /// Somebody whom the agent called, or to whom the agent sent the customer, is gone or never came.
    PartyLeft {
        agent: AgentId,
        call_id: CallId,
        party: String,
        /// `busy`, `rejected`, `no_answer`, `not_reached`, `dnc`, `gateway`, `hung_up`, `released`.
        why: &'static str,
    },
    /// A supervisor takes part in the agent's call, or no longer does (AGT-154).
    Supervised {
        agent: AgentId,
        call_id: CallId,
        by: String,
        /// `listen`, `whisper`, `barge`, `intercept`, `too_late` (an intercept whose customer the agent has no
        /// longer), `release`, `left`; of a party `mute`, `unmute`, `drop`, `invite`.
        how: &'static str,
    },
    /// A supervisor took a step in the agent's place (AGT-154).
    Forced {
        agent: AgentId,
        by: String,
        /// `sign_out`, `leave`, `resume`, `finish_wrap_up`, `work_mode`.
        what: &'static str,
        /// With `work_mode`: `ready`, `wait`, `dnd`, `break`, `away`, `custom`.
        #[serde(skip_serializing_if = "Option::is_none")]
        mode: Option<&'static str>,
    },
    CallEnded {
        call_id: CallId,
        agent: Option<AgentId>,
        outcome: &'static str,
        talk_ms: Option<i64>,
    },
    /// Nothing is dialled through it for now.
    GatewayDegraded {
        gateway: GatewayId,
        why: gateway::Trouble,
        /// When it is tried again; `null`: when it answers.
        until: Option<Millis>,
    },
    /// It is dialled through again.
    GatewayRecovered {
        gateway: GatewayId,
    },
    /// An address guessed passwords or looked for phones, and is not listened to for a while.
    Banned {
        source: String,
        seconds: u64,
    },
    /// A phone's call was refused because it broke a limit.
    PhoneLimited {
        extension: String,
        why: &'static str,
    },
    CampaignFinished {
        campaign: CampaignId,
    },
}

impl Event {
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Popup { .. } => "call.popup",
            Self::Preview { .. } => "outbound.preview",
            Self::PreviewEmpty { .. } => "outbound.preview_empty",
            Self::DialRefused { .. } => "outbound.refused",
            Self::AgentState { .. } => "agent.state_changed",
            Self::CallChanged { .. } => "call.changed",
            Self::PartyLeft { .. } => "call.party_left",
            Self::Supervised { .. } => "call.supervised",
            Self::Forced { .. } => "agent.forced",
            Self::CallEnded { .. } => "call.ended",
            Self::GatewayDegraded { .. } => "gateway.degraded",
            Self::GatewayRecovered { .. } => "gateway.recovered",
            Self::Banned { .. } => "security.banned",
            Self::PhoneLimited { .. } => "security.phone_limited",
            Self::CampaignFinished { .. } => "campaign.finished",
        }
    }

    #[must_use]
    pub fn topic(&self) -> String {
        match self {
            Self::Popup { agent, .. }
            | Self::Preview { agent, .. }
            | Self::PreviewEmpty { agent, .. }
            | Self::DialRefused { agent, .. }
            | Self::CallChanged { agent, .. }
            | Self::PartyLeft { agent, .. }
            | Self::Supervised { agent, .. }
            | Self::Forced { agent, .. }
            | Self::AgentState { agent, .. } => format!("agent:{agent}"),
            Self::CallEnded { call_id, agent, .. } => match agent {
                Some(agent) => format!("agent:{agent}"),
                None => format!("call:{call_id}"),
            },
            Self::GatewayDegraded { gateway, .. } | Self::GatewayRecovered { gateway } => {
                format!("gateway:{gateway}")
            }
            Self::Banned { .. } | Self::PhoneLimited { .. } => "security:sip".into(),
            Self::CampaignFinished { campaign } => format!("campaign:{campaign}"),
        }
    }
}
