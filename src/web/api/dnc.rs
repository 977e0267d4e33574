//! `/dnc` (黑名单): numbers nobody may dial, the list of the whole house. Others: `/dnc-lists`.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use serde::Deserialize;
use store::dnc::{self, Entry};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{check, shown::shown};
use crate::{
    caller::Caller,
    clock::{At, now},
    house::House,
    input::{Body, Params},
    paging::{List, Paging},
    problem::Problem,
};

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(put, remove))
}

shown! {
    DncOut of Entry {
        /// The number, or the beginning of numbers.
        number: String,
        is_prefix: bool,
        reason: String,
        source: String,
        /// The list's version with which it came.
        version: i64,
        created_at: At,
        /// From then on it forbids nothing.
        expires_at: Option<At>,
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DncIn {
    #[serde(default)]
    reason: String,
}

/// 黑名单 · The list, by number.
#[utoipa::path(get, path = "/api/v1/dnc", tag = "setup", params(Paging),
    responses((status = 200, body = List<DncOut>)))]
async fn list(
    State(house): State<House>,
    caller: Caller,
    Params(paging): Params<Paging>,
) -> Result<Json<List<DncOut>>, Problem> {
    let limit = paging.limit()?;
    let after = paging.after()?.unwrap_or_default();
    let list = dnc::HOUSE;
    let rows = dnc::page(&house.db, caller.orgi(), list, &after, limit as u32 + 1).await?;
    Ok(Json(List::of(rows, limit, Entry::key, DncOut::from)))
}

/// 加入黑名单 · Put a number on the list. It is written as leads have it: without `+86`.
#[utoipa::path(put, path = "/api/v1/dnc/{number}", tag = "setup", params(("number" = String, Path)),
    request_body = DncIn, responses((status = 204)))]
async fn put(
    State(house): State<House>,
    caller: Caller,
    Path(number): Path<String>,
    Body(asked): Body<DncIn>,
) -> Result<StatusCode, Problem> {
    let number = check::number("/number", &number)?;
    let reason = check::text("/reason", asked.reason, 200)?;
    let by = Some(caller.user_id());
    let mut tx = house.db.begin().await?;
    dnc::add(&mut tx, caller.orgi(), &number, &reason, by, now()).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Why {
    /// 1 to 200 characters; kept with what was taken off.
    reason: String,
}

/// 移出黑名单 · Take a number off the list, and say why.
#[utoipa::path(delete, path = "/api/v1/dnc/{number}", tag = "setup",
    params(("number" = String, Path), Why), responses((status = 204)))]
async fn remove(
    State(house): State<House>,
    caller: Caller,
    Path(number): Path<String>,
    Params(why): Params<Why>,
) -> Result<StatusCode, Problem> {
    let number = check::number("/number", &number)?;
    let why = dnc::Removal {
        reason: &reason(why.reason)?,
        by: caller.user_id(),
    };
    let mut tx = house.db.begin().await?;
    let entry = (number.as_str(), false);
    if !dnc::remove(&mut tx, caller.orgi(), dnc::HOUSE, entry, why, now()).await? {
        return Err(Problem::not_found());
    }
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Why an entry goes: it has to be said.
pub fn reason(text: String) -> Result<String, Problem> {
    let text = check::text("/reason", text, 200)?;
    if text.trim().is_empty() {
        return Err(Problem::at(
            "/reason",
            "length",
            "must have 1 to 200 characters",
        ));
    }
    Ok(text)
}
