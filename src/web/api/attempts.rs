//! `/attempts`: one row a dial.

use axum::{Json, extract::State};
use serde::Deserialize;
use store::attempts::{self, Attempt};
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::shown::shown;
use crate::{
    caller::Caller,
    clock::At,
    house::House,
    input::Params,
    paging::{self, List},
    problem::Problem,
};

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new().routes(routes!(list))
}

shown! {
    AttemptOut of Attempt {
        id: String,
        lead_id: String,
        task_id: Option<String>,
        campaign_id: String,
        /// preview, predictive, robot or test.
        mode: String,
        /// Of a test call: it counts in no total.
        is_test: bool,
        agent_id: Option<String>,
        /// The number shown to the called party.
        caller: String,
        number: String,
        gateway_id: String,
        /// open or closed.
        state: String,
        reserved_at: At,
        ringing_at: Option<At>,
        answered_at: Option<At>,
        bridged_at: Option<At>,
        ended_at: Option<At>,
        sip_status: Option<i64>,
        q850: Option<i64>,
        reason: Option<String>,
        outcome: Option<String>,
        /// What the network did: answered, busy, blocked, capacity and so on.
        transport: Option<String>,
        /// Who answered: person, machine, fax, network or unknown.
        answer_class: Option<String>,
        call_id: String,
        /// false: no INVITE left; it was too late for one, or our own side did not take it.
        dialled: bool,
        /// false: our side failed, not an attempt on the lead.
        counted: bool,
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Which {
    lead_id: Option<String>,
    campaign_id: Option<String>,
    limit: Option<u32>,
    cursor: Option<String>,
}

/// 拨打记录 · Attempts, newest first.
#[utoipa::path(get, path = "/api/v1/attempts", tag = "calls", params(Which),
    responses((status = 200, body = List<AttemptOut>)))]
async fn list(
    State(house): State<House>,
    caller: Caller,
    Params(asked): Params<Which>,
) -> Result<Json<List<AttemptOut>>, Problem> {
    let limit = paging::limit(asked.limit)?;
    let before = asked.cursor.as_deref().map(paging::open).transpose()?;
    let rows = attempts::page(
        &house.db,
        caller.orgi(),
        asked.lead_id.as_deref(),
        asked.campaign_id.as_deref(),
        before.as_deref(),
        limit as u32 + 1,
    )
    .await?;
    Ok(Json(List::of(
        rows,
        limit,
        |row| row.id.clone(),
        AttemptOut::from,
    )))
}
