//! `/call-backs` (回呼): who was promised to be called back, and what came of it; and promises that are
//! taken back.

use std::time::Duration;

use axum::{
    Json,
    extract::{Path, State},
};
use engine::{floor::SupervisorOrder, ids::CallId};
use serde::Deserialize;
use store::call_backs::{self, Promise, Wanted};
use tokio::time::{Instant, sleep};
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{check, find, shown::shown};
use crate::{
    caller::Caller,
    clock::{At, now},
    house::House,
    input::Params,
    paging::{self, List},
    problem::Problem,
};

const WAITING: &str = "waiting";
const STATES: [&str; 3] = [WAITING, "called", "closed"];
const LOOK: Duration = Duration::from_millis(20);

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(get))
        .routes(routes!(cancel))
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
        /// It is off, and the node that keeps it has not said so yet.
        cancel_asked_at: Option<At>,
    }
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// waiting, called or closed.
    pub state: Option<String>,
    pub queue_id: Option<String>,
    pub limit: Option<u32>,
    pub cursor: Option<String>,
}

/// 回呼列表 · Promised call backs, newest first.
#[utoipa::path(get, path = "/api/v1/call-backs", tag = "calls", params(Which),
    responses((status = 200, body = List<CallBackOut>)))]
async fn list(
    State(house): State<House>,
    caller: Caller,
    Params(asked): Params<Which>,
) -> Result<Json<List<CallBackOut>>, Problem> {
    Ok(Json(seen(&house, &caller, asked).await?))
}

/// # Errors
/// `INVALID` for a state or a limit that there is not; `BAD_CURSOR`.
pub async fn seen(
    house: &House,
    caller: &Caller,
    asked: Which,
) -> Result<List<CallBackOut>, Problem> {
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
    Ok(List::of(rows, limit, |row| row.call_id.clone(), Into::into))
}

/// 回呼 · One promised call back, by its call.
#[utoipa::path(get, path = "/api/v1/call-backs/{id}", tag = "calls",
    params(("id" = String, Path)), responses((status = 200, body = CallBackOut)))]
async fn get(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<CallBackOut>, Problem> {
    Ok(Json(one(&house, &caller, &id).await?.into()))
}

/// 取消回呼 · Take a promise back that still waits: nobody is called, whichever node keeps it. `CALL_BACK_BEGUN` once it is in hand.
#[utoipa::path(post, path = "/api/v1/call-backs/{id}/cancel", tag = "calls",
    params(("id" = String, Path)), responses((status = 200, body = CallBackOut)))]
async fn cancel(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<CallBackOut>, Problem> {
    let call: CallId = id.parse().map_err(|_| Problem::not_found())?;
    if one(&house, &caller, &id).await?.state != WAITING {
        return Err(Problem::of("CALL_BACK_BEGUN"));
    }
    let order = SupervisorOrder::CancelCallBack { call };
    match house.live.supervise(caller.user_id().into(), order).await {
        // Another node keeps it.
        Err(refusal) if refusal.code == "NO_SUCH_CALL" => {
            if !call_backs::ask_cancel(&house.db, caller.orgi(), &id, now()).await? {
                return Err(Problem::of("CALL_BACK_BEGUN"));
            }
        }
        done => done?,
    }
    // It is off; that it is written down takes a moment.
    let until = Instant::now() + house.config.patience;
    loop {
        let row = one(&house, &caller, &id).await?;
        if row.state != WAITING || Instant::now() >= until {
            return Ok(Json(row.into()));
        }
        sleep(LOOK).await;
    }
}

async fn one(house: &House, caller: &Caller, id: &str) -> Result<Promise, Problem> {
    find::there(call_backs::find(&house.db, caller.orgi(), id).await?)
}
