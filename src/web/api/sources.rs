//! `/batches/{id}/source`: where a planned batch gets its files, and when (OUT-023).

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use serde::{Deserialize, Serialize};
use store::{
    batches::Batch,
    sources::{self, Source, Spec},
};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{answer::Accepted, find};
use crate::{
    caller::Caller,
    clock::{At, now},
    house::House,
    input::Body,
    problem::Problem,
};

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new()
        .routes(routes!(get, put, remove))
        .routes(routes!(run))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceIn {
    /// from: {kind: directory, path, pattern} or {kind: url, url}; cron: five fields, or null for by
    /// hand only; zone: IANA name; options: as for an import.
    #[schema(value_type = Object)]
    spec: Spec,
    #[serde(default = "yes")]
    enabled: bool,
}

fn yes() -> bool {
    true
}

#[derive(Debug, Serialize, ToSchema)]
pub struct SourceOut {
    id: String,
    batch_id: String,
    #[schema(value_type = Object)]
    spec: Spec,
    enabled: bool,
    next_at: Option<At>,
    /// The pull that was queued last.
    last_job: Option<String>,
    last_at: Option<At>,
    /// imported, nothing_new or failed.
    last_state: Option<String>,
    last_code: Option<String>,
    last_text: Option<String>,
    creater: String,
    created_at: At,
    updated_at: At,
}

impl From<Source> for SourceOut {
    fn from(row: Source) -> Self {
        Self {
            id: row.id,
            batch_id: row.batch_id,
            spec: row.spec.0,
            enabled: row.enabled,
            next_at: row.next_at.map(At),
            last_job: row.last_job,
            last_at: row.last_at.map(At),
            last_state: row.last_state,
            last_code: row.last_code,
            last_text: row.last_text,
            creater: row.creater,
            created_at: At(row.created_at),
            updated_at: At(row.updated_at),
        }
    }
}

/// 数据来源 · Where a planned batch gets its files, and how the last time went.
#[utoipa::path(get, path = "/api/v1/batches/{id}/source", tag = "batches",
    params(("id" = String, Path)), responses((status = 200, body = SourceOut)))]
async fn get(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<SourceOut>, Problem> {
    find::batch(&house, &caller, &id).await?;
    Ok(Json(source(&house, &id).await?.into()))
}

/// 设置数据来源 · Write where a planned batch gets its files. `BATCH_NOT_PLANNED` for other batches.
#[utoipa::path(put, path = "/api/v1/batches/{id}/source", tag = "batches",
    params(("id" = String, Path)),
    request_body(content = SourceIn, example = json!({"spec": {
        "from": {"kind": "url", "url": "https://files.example.com/list.xlsx"},
        "cron": "30 2 * * *", "zone": "Asia/Shanghai"}})),
    responses((status = 200, body = SourceOut)))]
async fn put(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    Body(asked): Body<SourceIn>,
) -> Result<Json<SourceOut>, Problem> {
    planned(find::open_batch(&house, &caller, &id).await?)?;
    asked
        .spec
        .validate()
        .map_err(|bad| Problem::at(&format!("/spec{}", bad.pointer), "invalid", bad.message))?;
    let mut tx = house.db.begin().await?;
    let whose = (caller.orgi(), id.as_str(), caller.user_id());
    sources::save(&mut tx, whose, &asked.spec, asked.enabled, now()).await?;
    tx.commit().await?;
    Ok(Json(source(&house, &id).await?.into()))
}

/// 删除数据来源 · Forget where a batch gets its files, and which it has had.
#[utoipa::path(delete, path = "/api/v1/batches/{id}/source", tag = "batches",
    params(("id" = String, Path)), responses((status = 204)))]
async fn remove(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    find::open_batch(&house, &caller, &id).await?;
    let mut tx = house.db.begin().await?;
    if !sources::delete(&mut tx, &id).await? {
        return Err(Problem::not_found());
    }
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// 立即执行 · Look for new files now. `PULL_RUNNING` while one is under way.
#[utoipa::path(post, path = "/api/v1/batches/{id}/source/run", tag = "batches",
    params(("id" = String, Path)), responses((status = 202, body = Accepted)))]
async fn run(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Accepted, Problem> {
    let batch = planned(find::open_batch(&house, &caller, &id).await?)?;
    if batch.state != "ready" {
        return Err(Problem::of("BATCH_NOT_READY"));
    }
    let source = source(&house, &id).await?;
    let mut tx = house.db.begin().await?;
    let job = sources::pull(&mut tx, &source, caller.user_id(), now()).await?;
    let job = job.ok_or_else(|| Problem::of("PULL_RUNNING"))?;
    tx.commit().await?;
    Ok(Accepted::job(job))
}

fn planned(batch: Batch) -> Result<Batch, Problem> {
    if batch.batch_type == "planned" {
        Ok(batch)
    } else {
        Err(Problem::of("BATCH_NOT_PLANNED"))
    }
}

async fn source(house: &House, batch: &str) -> Result<Source, Problem> {
    find::there(sources::of_batch(&house.db, batch).await?)
}
