//! Messages that callers have left.

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, Method},
    routing::get,
};
use render::pages::{VoicemailRow, Voicemails};
use serde::Deserialize;
use store::voicemails::{self, Voicemail, Wanted};

use super::{ROWS, Shown, cut, may, page};
use crate::{api::shown::mask, caller::Caller, house::House, input::Params, paging};

pub fn routes() -> Router<House> {
    Router::new().route("/voicemails", get(list))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Which {
    #[serde(default)]
    state: String,
    cursor: Option<String>,
}

async fn list(
    State(house): State<House>,
    caller: Caller,
    Params(which): Params<Which>,
    asked: HeaderMap,
) -> Shown {
    let before = which.cursor.as_deref().map(paging::open).transpose()?;
    let masked = caller.is_agent_only();
    let wanted = Wanted {
        state: (!which.state.is_empty()).then(|| which.state.clone()),
        agent: match masked {
            true => Some(caller.agent()?.as_str().into()),
            false => None,
        },
        ..Wanted::default()
    };
    let most = ROWS as u32 + 1;
    let rows = voicemails::page(&house.db, caller.orgi(), &wanted, before.as_deref(), most).await?;
    let (rows, next) = cut(rows, |row| row.id.clone());
    let shown = Voicemails {
        messages: rows.into_iter().map(|one| row(one, masked)).collect(),
        state: which.state,
        may_delete: may(caller.role(), &Method::DELETE, "/api/v1/voicemails/{id}"),
        next,
    };
    page(&caller, &asked, "/voicemails", &shown)
}

fn row(message: Voicemail, masked: bool) -> VoicemailRow {
    VoicemailRow {
        caller: if masked {
            mask(&message.caller)
        } else {
            message.caller
        },
        id: message.id,
        call_id: message.call_id,
        mailbox: message.mailbox,
        callee: message.callee,
        left_at: message.left_at,
        ms: message.ms,
        state: message.state,
        handled_at: message.handled_at,
    }
}
