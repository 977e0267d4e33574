//! `/conferences` (查会议情况): the conferences that are up now (CTI-064).

use axum::{Json, extract::State};
use engine::{floor::InCall, ids::CallId};
use store::calls;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{call_members::InCallOut, calls::is_own_now, commanded::commands_call};
use crate::{
    caller::Caller,
    house::House,
    input::Params,
    paging::{List, Paging},
    problem::Problem,
};

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new().routes(routes!(list))
}

/// 会议列表 · Conferences, and calls between two that somebody ordered, newest first, with who is in them.
/// Agents see the one that they are in, supervisors those of their department's agents and those that no
/// agent has.
#[utoipa::path(get, path = "/api/v1/conferences", tag = "calls", params(Paging),
    responses((status = 200, body = List<InCallOut>)))]
async fn list(
    State(house): State<House>,
    caller: Caller,
    Params(paging): Params<Paging>,
) -> Result<Json<List<InCallOut>>, Problem> {
    let limit = paging.limit()?;
    let before = paging.after()?.map(|id| id.parse::<CallId>());
    let before = before.transpose().map_err(|_| Problem::of("BAD_CURSOR"))?;
    let mut rows = Vec::new();
    for seen in house.live.conferences().await {
        let is_later = before.is_none_or(|before| seen.call_id < before);
        if is_later && rows.len() <= limit && may_see(&house, &caller, &seen).await? {
            rows.push(seen);
        }
    }
    let masked = caller.is_agent_only();
    let key = |seen: &InCall| seen.call_id.to_string();
    let show = |seen| InCallOut::of(seen, masked);
    Ok(Json(List::of(rows, limit, key, show)))
}

async fn may_see(house: &House, caller: &Caller, seen: &InCall) -> Result<bool, Problem> {
    if is_own_now(house, caller, seen.call_id).is_err() {
        return Ok(false);
    }
    let id = seen.call_id.to_string();
    if calls::get(&house.db, caller.orgi(), &id).await?.is_none() {
        return Ok(false);
    }
    if caller.is_agent_only() {
        return Ok(true);
    }
    match commands_call(house, caller, seen.call_id).await {
        Ok(()) => Ok(true),
        Err(problem) if problem.code == "FORBIDDEN" => Ok(false),
        Err(problem) => Err(problem),
    }
}
