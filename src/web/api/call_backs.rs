//! `/call-backs` (回呼): who was promised to be called back, and what came of it.

use axum::{
    Json,
    extract::{Path, State},
};
use serde::Deserialize;
use store::call_backs::{self, Promise, Wanted};
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{check, find, shown::shown};
use crate::{
    caller::Caller,
    clock::At,
    house::House,
    input::Params,
    paging::{self, List},
    problem::Problem,
};

const STATES: [&str; 3] = ["waiting", "called", "closed"];

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(get))
}

shown! {
    CallBackOut of Promise {
        /// The call that is to be, or was.
        call_id: String,
        queue_id: String,
        number: String,
        /// The number that was called.
        called: String,
        /// The place in the queue's line goes by it.
        waits_since: At,
        promised_at: At,
        /// Not called after this.
        expires_at: At,
        /// waiting, called or closed.
        state: String,
        called_at: Option<At>,
        closed_at: Option<At>,
        /// As that of the call; recovered: the server ended when the phone may have rung, and nobody
        /// is called twice.
        outcome: Option<String>,
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// waiting, called or closed.
    state: Option<String>,
    queue_id: Option<String>,
    limit: Option<u32>,
    cursor: Option<String>,
}

/// 回呼列表 · Promised call backs, newest first.
#[utoipa::path(get, path = "/api/v1/call-backs", tag = "calls", params(Which),
    responses((status = 200, body = List<CallBackOut>)))]
async fn list(
    State(house): State<House>,
    caller: Caller,
    Params(asked): Params<Which>,
) -> Result<Json<List<CallBackOut>>, Problem> {
    let limit = paging::limit(asked.limit)?;
    let before = asked.cursor.as_deref().map(paging::open).transpose()?;
    if let Some(state) = &asked.state {
        check::one_of("/state", state, &STATES)?;
    }
    let wanted = Wanted {
        state: asked.state,
        queue: asked.queue_id,
    };
    let most = limit as u32 + 1;
    let rows = call_backs::page(&house.db, caller.orgi(), &wanted, before.as_deref(), most).await?;
    Ok(Json(List::of(
        rows,
        limit,
        |row| row.call_id.clone(),
        Into::into,
    )))
}

/// 回呼 · One promised call back, by its call.
#[utoipa::path(get, path = "/api/v1/call-backs/{id}", tag = "calls",
    params(("id" = String, Path)), responses((status = 200, body = CallBackOut)))]
async fn get(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<CallBackOut>, Problem> {
    let row = find::there(call_backs::find(&house.db, caller.orgi(), &id).await?)?;
    Ok(Json(row.into()))
}
