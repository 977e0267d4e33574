//! What an agent does now, as `/agents` shows it.

use engine::{
    floor::{AgentView, PartyView},
    phone::REMOTE,
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{api::shown::mask, clock::At};

/// What an agent does now.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub struct AgentNow {
    pub queues: Vec<String>,
    /// logout, unready, ready, preview, busy or acw.
    pub state: String,
    /// Unready: wait, dnd, break, away, custom. Busy: calling, ringing, answered, ...
    pub sub_state: Option<String>,
    pub reason: Option<String>,
    pub since: Option<At>,
    /// The phone is registered; a telephone outside always passes for it.
    pub registered: bool,
    /// The agent works at a telephone outside (远程座席).
    pub remote: bool,
    pub call: Option<CallNow>,
    /// The lead in preview.
    pub preview: Option<String>,
    pub wrap_up_until: Option<At>,
    pub calls_today: u64,
    pub busy_ms: i64,
    pub signed_in_at: Option<At>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CallNow {
    pub id: String,
    pub direction: String,
    /// In full for the agent who has the call, masked in lists.
    pub number: String,
    pub lead_id: Option<String>,
    pub campaign_id: Option<String>,
    pub queue_id: Option<String>,
    pub answered_at: Option<At>,
    pub bridged_at: Option<At>,
    /// Another agent has the customer and asks this one.
    pub consulted: bool,
    pub talking: bool,
    pub held: bool,
    pub muted: bool,
    /// Whom the agent hears while there is a second party: customer, second or all.
    pub hears: String,
    pub second: Option<PartyNow>,
    /// Others in the conference, the first first.
    pub guests: Vec<PartyNow>,
    /// The customer may only listen.
    pub customer_muted: bool,
}

/// Somebody who was called besides the customer.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PartyNow {
    /// Names the party in orders about it.
    pub id: String,
    /// agent, extension or outside.
    pub kind: String,
    pub name: String,
    /// checking, ringing or up.
    pub state: String,
    /// It may only listen.
    pub muted: bool,
}

impl From<&PartyView> for PartyNow {
    fn from(party: &PartyView) -> Self {
        Self {
            id: party.id.to_string(),
            kind: party.kind.into(),
            name: party.name.clone(),
            state: party.state.into(),
            muted: party.muted,
        }
    }
}

impl AgentNow {
    /// `own`: the number of the call in full, unless the settings hide it.
    pub(super) fn of(seen: &AgentView, own: bool) -> Self {
        Self {
            queues: seen.queues.iter().map(ToString::to_string).collect(),
            state: seen.state.into(),
            sub_state: seen.sub_state.map(Into::into),
            reason: seen.reason.clone(),
            since: Some(seen.since.into()),
            registered: seen.registered,
            remote: seen.extension.starts_with(REMOTE),
            call: seen.call.as_ref().map(|call| CallNow {
                id: call.id.to_string(),
                direction: call.direction.into(),
                number: if own && !call.masked {
                    call.number.clone()
                } else {
                    mask(&call.number)
                },
                lead_id: call.lead_id.as_ref().map(ToString::to_string),
                campaign_id: call.campaign_id.as_ref().map(ToString::to_string),
                queue_id: call.queue_id.as_ref().map(ToString::to_string),
                answered_at: call.answered_at.map(At::from),
                bridged_at: call.bridged_at.map(At::from),
                consulted: call.consulted,
                talking: call.state.talking,
                held: call.state.held,
                muted: call.state.muted,
                hears: call.state.hears.into(),
                second: call.state.second.as_ref().map(PartyNow::from),
                guests: call.state.guests.iter().map(PartyNow::from).collect(),
                customer_muted: call.state.customer_muted,
            }),
            preview: seen.preview.as_ref().map(ToString::to_string),
            wrap_up_until: seen.wrap_up_until.map(At::from),
            calls_today: seen.calls_today,
            busy_ms: seen.busy_ms,
            signed_in_at: seen.signed_in_at.map(At::from),
        }
    }
}
