//! A call's signalling as a ladder.

use axum::{
    Router,
    extract::{Path, State},
    http::HeaderMap,
    routing::get,
};
use render::pages::{Rung, Trace};

use super::{Shown, page};
use crate::{api::trace, caller::Caller, house::House};

pub fn routes() -> Router<House> {
    Router::new().route("/calls/{id}/trace", get(ladder))
}

async fn ladder(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    asked: HeaderMap,
) -> Shown {
    let trace = trace::of(&house, &caller, &id).await?;
    let rungs = trace.messages.into_iter().map(|message| Rung {
        at: message.at.text(),
        leg: message.leg,
        sent: message.sent,
        lane: message.peer + 1,
        title: message.title,
        text: message.text,
    });
    let shown = Trace {
        call: trace.call_id,
        masked: trace.masked,
        rungs: rungs.collect(),
        peers: trace.peers,
    };
    page(&caller, &asked, "/calls", &shown)
}
