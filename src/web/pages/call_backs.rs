//! Promised call backs.

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, Method},
    routing::get,
};
use render::pages::{CallBackRow, CallBacks};

use super::{OfState, Shown, may, page};
use crate::{
    api::call_backs::{self, CallBackOut, Which},
    caller::Caller,
    house::House,
    input::Params,
};

pub fn routes() -> Router<House> {
    Router::new().route("/call-backs", get(list))
}

async fn list(
    State(house): State<House>,
    caller: Caller,
    Params(OfState { state, cursor }): Params<OfState>,
    asked: HeaderMap,
) -> Shown {
    let which = Which {
        state: Some(state.clone()).filter(|state| !state.is_empty()),
        cursor,
        ..Which::default()
    };
    let seen = call_backs::seen(&house, &caller, which).await?;
    let cancel = "/api/v1/call-backs/{id}/cancel";
    let shown = CallBacks {
        promises: seen.data.into_iter().map(row).collect(),
        state,
        may_cancel: may(caller.role(), &Method::POST, cancel),
        next: seen.next_cursor,
    };
    page(&caller, &asked, "/call-backs", &shown)
}

fn row(promise: CallBackOut) -> CallBackRow {
    CallBackRow {
        call_id: promise.call_id,
        queue_id: promise.queue_id,
        number: promise.number,
        called: promise.called,
        promised_at: promise.promised_at.0,
        expires_at: promise.expires_at.0,
        state: promise.state,
        changed_at: promise.closed_at.or(promise.called_at).map(|at| at.0),
        outcome: promise.outcome,
    }
}
