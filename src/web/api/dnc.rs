//! `/dnc` (黑名单): numbers nobody may dial.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use serde::Deserialize;
use store::dnc::{self, Entry};
use utoipa::ToSchema;
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
        number: String,
        reason: String,
        created_at: At,
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
    let rows = dnc::page(&house.db, caller.orgi(), &after, limit as u32 + 1).await?;
    Ok(Json(List::of(
        rows,
        limit,
        |row| row.number.clone(),
        DncOut::from,
    )))
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

/// 移出黑名单 · Take a number off the list.
#[utoipa::path(delete, path = "/api/v1/dnc/{number}", tag = "setup",
    params(("number" = String, Path)), responses((status = 204)))]
async fn remove(
    State(house): State<House>,
    caller: Caller,
    Path(number): Path<String>,
) -> Result<StatusCode, Problem> {
    let number = check::number("/number", &number)?;
    let mut tx = house.db.begin().await?;
    if !dnc::remove(&mut tx, caller.orgi(), &number).await? {
        return Err(Problem::not_found());
    }
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
