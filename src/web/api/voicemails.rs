//! `/voicemails` (语音留言): messages that callers have left (RPT-018, RPT-019).

use axum::{
    Json,
    extract::{Path, Request, State},
    http::StatusCode,
    response::Response,
};
use serde::Deserialize;
use store::voicemails::{self, Voicemail, Wanted};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    check, find,
    shown::{mask, shown},
};
use crate::{
    caller::Caller,
    clock::{At, now},
    house::House,
    input::{Body, Params},
    paging::{self, List},
    problem::Problem,
    sealed,
};

const STATES: [&str; 3] = ["unread", "read", "called_back"];

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(get, mark, remove))
        .routes(routes!(audio))
}

shown! {
    VoicemailOut of Voicemail {
        id: String,
        call_id: String,
        /// A queue or an extension.
        mailbox: String,
        queue_id: Option<String>,
        caller: String,
        callee: String,
        left_at: At,
        ms: i64,
        /// unread, read or called_back.
        state: String,
        /// The user who said so last.
        handled_by: Option<String>,
        handled_at: Option<At>,
    }
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// unread, read or called_back.
    pub state: Option<String>,
    /// A queue or an extension.
    pub mailbox: Option<String>,
    pub limit: Option<u32>,
    pub cursor: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MarkIn {
    /// unread, read or called_back.
    state: String,
}

/// 语音留言 · Messages, newest first. An agent sees those for the own extension and the own queues,
/// with numbers masked.
#[utoipa::path(get, path = "/api/v1/voicemails", tag = "calls", params(Which),
    responses((status = 200, body = List<VoicemailOut>)))]
async fn list(
    State(house): State<House>,
    caller: Caller,
    Params(asked): Params<Which>,
) -> Result<Json<List<VoicemailOut>>, Problem> {
    Ok(Json(seen(&house, &caller, asked).await?))
}

/// The messages that this caller may see, as this caller may see them.
///
/// # Errors
/// `INVALID` for a state or a limit that there is not; `BAD_CURSOR`.
pub async fn seen(
    house: &House,
    caller: &Caller,
    asked: Which,
) -> Result<List<VoicemailOut>, Problem> {
    let limit = paging::limit(asked.limit)?;
    let before = asked.cursor.as_deref().map(paging::open).transpose()?;
    if let Some(state) = &asked.state {
        check::one_of("/state", state, &STATES)?;
    }
    let wanted = Wanted {
        state: asked.state,
        mailbox: asked.mailbox,
        agent: of(caller)?,
    };
    let most = limit as u32 + 1;
    let orgi = caller.orgi();
    let rows = voicemails::page(&house.db, orgi, &wanted, before.as_deref(), most).await?;
    Ok(List::of(
        rows,
        limit,
        |row| row.id.clone(),
        |row| show(row, caller),
    ))
}

/// 留言 · One message.
#[utoipa::path(get, path = "/api/v1/voicemails/{id}", tag = "calls",
    params(("id" = String, Path)), responses((status = 200, body = VoicemailOut)))]
async fn get(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<VoicemailOut>, Problem> {
    let row = one(&house, &caller, &id).await?;
    Ok(Json(show(row, &caller)))
}

/// 播放留言 · The message, a wav file; what the caller said is on the left. Listening marks nothing.
#[utoipa::path(get, path = "/api/v1/voicemails/{id}/audio", tag = "calls",
    params(("id" = String, Path)),
    responses(
        (status = 200, content_type = "audio/x-wav", body = Vec<u8>),
        (status = 206, content_type = "audio/x-wav", body = Vec<u8>)))]
async fn audio(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let row = one(&house, &caller, &id).await?;
    let path = file_of(&house, &row)?;
    sealed::recording(&house, &path, request).await
}

/// 处理留言 · Say what was done about a message.
#[utoipa::path(patch, path = "/api/v1/voicemails/{id}", tag = "calls",
    params(("id" = String, Path)), request_body = MarkIn,
    responses((status = 200, body = VoicemailOut)))]
async fn mark(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    Body(asked): Body<MarkIn>,
) -> Result<Json<VoicemailOut>, Problem> {
    let state = check::one_of("/state", &asked.state, &STATES)?;
    let row = one(&house, &caller, &id).await?;
    let mut tx = house.db.begin().await?;
    voicemails::mark(&mut tx, &row.id, state, caller.user_id(), now()).await?;
    tx.commit().await?;
    let row = one(&house, &caller, &id).await?;
    Ok(Json(show(row, &caller)))
}

/// 删除留言 · Delete a message and its sound.
#[utoipa::path(delete, path = "/api/v1/voicemails/{id}", tag = "calls",
    params(("id" = String, Path)), responses((status = 204)))]
async fn remove(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let row = one(&house, &caller, &id).await?;
    let path = file_of(&house, &row)?;
    let mut tx = house.db.begin().await?;
    voicemails::delete(&mut tx, caller.orgi(), &row.id).await?;
    tx.commit().await?;
    match tokio::fs::remove_file(&path).await {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Problem::internal(&error))
        }
        _ => Ok(StatusCode::NO_CONTENT),
    }
}

async fn one(house: &House, caller: &Caller, id: &str) -> Result<Voicemail, Problem> {
    let agent = of(caller)?;
    let found = voicemails::find(&house.db, caller.orgi(), id, agent.as_deref()).await?;
    find::there(found)
}

/// Whose mailboxes may be seen: of agents the own ones.
fn of(caller: &Caller) -> Result<Option<String>, Problem> {
    match caller.is_agent_only() {
        true => Ok(Some(caller.agent()?.into())),
        false => Ok(None),
    }
}

/// The name comes from our own media; it leads nowhere else all the same.
fn file_of(house: &House, row: &Voicemail) -> Result<std::path::PathBuf, Problem> {
    let name = find::there(Some(&row.file).filter(|name| super::calls::stays_below(name)))?;
    Ok(house.config.data_dir.join("voicemails").join(name))
}

fn show(mut row: Voicemail, caller: &Caller) -> VoicemailOut {
    if caller.is_agent_only() {
        row.caller = mask(&row.caller);
    }
    row.into()
}
