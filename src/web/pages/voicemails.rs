//! Messages that callers have left.

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, Method},
    routing::get,
};
use render::pages::{VoicemailRow, Voicemails};

use super::{OfState, Shown, may, page};
use crate::{
    api::voicemails::{self, VoicemailOut, Which},
    caller::Caller,
    house::House,
    input::Params,
};

pub fn routes() -> Router<House> {
    Router::new().route("/voicemails", get(list))
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
    let seen = voicemails::seen(&house, &caller, which).await?;
    let shown = Voicemails {
        messages: seen.data.into_iter().map(row).collect(),
        state,
        may_delete: may(caller.role(), &Method::DELETE, "/api/v1/voicemails/{id}"),
        next: seen.next_cursor,
    };
    page(&caller, &asked, "/voicemails", &shown)
}

fn row(message: VoicemailOut) -> VoicemailRow {
    VoicemailRow {
        id: message.id,
        call_id: message.call_id,
        mailbox: message.mailbox,
        caller: message.caller,
        callee: message.callee,
        left_at: message.left_at.0,
        ms: message.ms,
        state: message.state,
        handled_at: message.handled_at.map(|at| at.0),
    }
}
