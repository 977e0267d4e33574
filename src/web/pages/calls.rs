//! Calls.

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, Method},
    routing::get,
};
use render::pages::{CallRow, Calls};
use store::calls::{self, Call, Wanted};

use super::{ROWS, Shown, cut, page};
use crate::{
    api::shown::mask, caller::Caller, house::House, input::Params, paging::Paging, rights,
};

pub fn routes() -> Router<House> {
    Router::new().route("/calls", get(list))
}

async fn list(
    State(house): State<House>,
    caller: Caller,
    Params(paging): Params<Paging>,
    asked: HeaderMap,
) -> Shown {
    let before = paging.after()?;
    let wanted = Wanted {
        agent: match caller.is_agent_only() {
            true => Some(caller.agent()?.as_str().into()),
            false => None,
        },
        ..Wanted::default()
    };
    let most = ROWS as u32 + 1;
    let rows = calls::page(&house.db, caller.orgi(), &wanted, before.as_deref(), most).await?;
    let (rows, next) = cut(rows, |row| row.id.clone());
    let masked = caller.is_agent_only();
    let shown = Calls {
        calls: rows.into_iter().map(|call| row(call, masked)).collect(),
        listens: rights::of(&Method::GET, "/api/v1/calls/{id}/recording")
            .is_some_and(|who| who.includes(caller.role())),
        next,
    };
    page(&caller, &asked, "/calls", &shown)
}

fn row(call: Call, masked: bool) -> CallRow {
    let number = match call.direction.as_str() {
        "inbound" => call.caller,
        _ => call.callee,
    };
    CallRow {
        number: if masked { mask(&number) } else { number },
        id: call.id,
        direction: call.direction,
        mode: call.mode,
        agent: call.agent_id,
        started_at: call.started_at,
        wait_ms: call.wait_ms,
        talk_ms: call.talk_ms,
        outcome: call.outcome,
        disposition: call.disposition,
        chosen: call.choices.0.iter().map(|one| keys(&one.keys)).collect(),
        verdict: call.verdict,
        score: call.score,
        survey: call.survey,
        survey_key: call.survey_key,
        mos: call.mos,
        recorded: call.recording.is_some() && call.recording_ms > Some(0),
    }
}

fn keys(pressed: &str) -> String {
    match pressed {
        "" => "–".into(),
        pressed => pressed.into(),
    }
}
