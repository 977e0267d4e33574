//! `/jobs`: pieces of batch work and how far they are (RST-018).

use axum::{
    Json,
    extract::{Path, Request, State},
    response::Response,
};
use serde::Deserialize;
use serde_json::Value;
use store::{
    Tx,
    access::Role,
    files,
    jobs::{self, Job},
};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{check, find, shown::shown};
use crate::{
    caller::Caller,
    clock::{At, now},
    download,
    house::House,
    input::{Body, Params},
    paging::{self, List},
    problem::Problem,
};

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(get, change))
        .routes(routes!(cancel))
        .routes(routes!(pause))
        .routes(routes!(resume))
        .routes(routes!(retry))
        .routes(routes!(file))
}

const STATES: [&str; 6] = [
    "queued",
    "running",
    "paused",
    "succeeded",
    "failed",
    "cancelled",
];

shown! {
    JobOut of Job {
        id: String,
        /// read_template, dry_run, import_batch, undo_import, delete_import, delete_batch, run_filter,
        /// allocate_task, allocate_contacts, recycle_task, recycle_stale, sweep_files, rejects_sheet,
        /// export_leads, preflight, campaign_report, pull_source or build_snapshot.
        kind: String,
        /// Id of the batch, dry run, import, filter run, task, export, campaign or source it works on.
        subject: String,
        batch_id: Option<String>,
        /// queued, running, paused, succeeded, failed or cancelled.
        state: String,
        stage: String,
        done: i64,
        /// 0: not known.
        total: i64,
        /// 0 to 9, 9 first.
        priority: i64,
        run_after: At,
        /// Starts so far.
        attempts: i64,
        max_attempts: i64,
        /// The worker that has it, and until when without news from there.
        locked_by: Option<String>,
        locked_until: Option<At>,
        /// What it did: counts, where the job ended well and counts something.
        #[schema(value_type = Option<Object>)]
        result: Value,
        error_code: Option<String>,
        error_text: Option<String>,
        created_by: Option<String>,
        /// The name of who asked for it.
        operator: Option<String>,
        created_at: At,
        started_at: Option<At>,
        updated_at: At,
        finished_at: Option<At>,
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// Only the jobs of this batch (执行记录).
    batch_id: Option<String>,
    kind: Option<String>,
    /// queued, running, paused, succeeded, failed or cancelled.
    state: Option<String>,
    /// Only those that the caller asked for.
    #[serde(default)]
    mine: bool,
    limit: Option<u32>,
    cursor: Option<String>,
}

/// 任务中心 · Jobs, newest first.
#[utoipa::path(get, path = "/api/v1/jobs", tag = "jobs", params(Which),
    responses((status = 200, body = List<JobOut>)))]
async fn list(
    State(house): State<House>,
    caller: Caller,
    Params(asked): Params<Which>,
) -> Result<Json<List<JobOut>>, Problem> {
    let limit = paging::limit(asked.limit)?;
    let before = asked.cursor.as_deref().map(paging::open).transpose()?;
    let state = match asked.state.as_deref() {
        Some(state) => check::one_of("/state", state, &STATES)?,
        None => "",
    };
    let which = jobs::Which {
        batch: asked.batch_id.as_deref().unwrap_or_default(),
        kind: asked.kind.as_deref().unwrap_or_default(),
        state,
        user: if asked.mine { caller.user_id() } else { "" },
    };
    let rows = jobs::list(
        &house.db,
        caller.orgi(),
        which,
        before.as_deref(),
        limit as i64 + 1,
    )
    .await?;
    Ok(Json(List::of(
        rows,
        limit,
        |row| row.id.clone(),
        JobOut::from,
    )))
}

/// 作业 · One job.
#[utoipa::path(get, path = "/api/v1/jobs/{id}", tag = "jobs", params(("id" = String, Path)),
    responses((status = 200, body = JobOut)))]
async fn get(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<JobOut>, Problem> {
    Ok(Json(find::job(&house, &caller, &id).await?.into()))
}

/// Who may give leads, and take them back, orders the jobs that do so.
async fn may_order(house: &House, caller: &Caller, id: &str) -> Result<(), Problem> {
    let job = find::job(house, caller, id).await?;
    let moves_leads = job.kind.starts_with("allocate_") || job.kind.starts_with("recycle_");
    if moves_leads && caller.role() == Role::Marketer {
        return Err(Problem::of("FORBIDDEN"));
    }
    Ok(())
}

/// 取消 · Cancel a job that has not ended; a running one stops at its next chunk. What it has done so
/// far stays, and what it worked on fails with `CANCELLED`.
#[utoipa::path(post, path = "/api/v1/jobs/{id}/cancel", tag = "jobs", params(("id" = String, Path)),
    responses((status = 200, body = JobOut)))]
async fn cancel(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<JobOut>, Problem> {
    may_order(&house, &caller, &id).await?;
    let mut tx = house.db.begin().await?;
    let done = jobs::cancel(&mut tx, &id, now()).await?;
    ordered(&house, &caller, &id, (tx, done), "JOB_OVER").await
}

/// 暂停 · Let a running job stop at its next chunk; it keeps what it has done.
#[utoipa::path(post, path = "/api/v1/jobs/{id}/pause", tag = "jobs", params(("id" = String, Path)),
    responses((status = 200, body = JobOut)))]
async fn pause(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<JobOut>, Problem> {
    may_order(&house, &caller, &id).await?;
    let mut tx = house.db.begin().await?;
    let done = jobs::pause(&mut tx, &id, now()).await?;
    ordered(&house, &caller, &id, (tx, done), "JOB_NOT_RUNNING").await
}

/// 继续 · Queue a paused job again; it goes on behind its last chunk.
#[utoipa::path(post, path = "/api/v1/jobs/{id}/resume", tag = "jobs", params(("id" = String, Path)),
    responses((status = 200, body = JobOut)))]
async fn resume(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<JobOut>, Problem> {
    may_order(&house, &caller, &id).await?;
    let mut tx = house.db.begin().await?;
    let done = jobs::resume(&mut tx, &id, now()).await?;
    ordered(&house, &caller, &id, (tx, done), "JOB_NOT_PAUSED").await
}

/// 重试 · Queue a failed job again, with all its attempts. `JOB_NOT_RETRYABLE` when what it worked on
/// cannot be opened again.
#[utoipa::path(post, path = "/api/v1/jobs/{id}/retry", tag = "jobs", params(("id" = String, Path)),
    responses((status = 200, body = JobOut)))]
async fn retry(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<JobOut>, Problem> {
    may_order(&house, &caller, &id).await?;
    let mut tx = house.db.begin().await?;
    let done = jobs::retry(&mut tx, &id, now()).await?;
    ordered(&house, &caller, &id, (tx, done), "JOB_NOT_FAILED").await
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct JobChange {
    /// 0 to 9, 9 first.
    priority: i64,
}

/// 优先级 · Change the priority of a job that is not over.
#[utoipa::path(patch, path = "/api/v1/jobs/{id}", tag = "jobs", params(("id" = String, Path)),
    request_body = JobChange, responses((status = 200, body = JobOut)))]
async fn change(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    Body(asked): Body<JobChange>,
) -> Result<Json<JobOut>, Problem> {
    find::job(&house, &caller, &id).await?;
    if !(0..=9).contains(&asked.priority) {
        return Err(Problem::at("/priority", "range", "must be 0 to 9"));
    }
    let mut tx = house.db.begin().await?;
    let done = jobs::prioritise(&mut tx, &id, asked.priority, now()).await?;
    ordered(&house, &caller, &id, (tx, done), "JOB_OVER").await
}

/// The job after an order, or the refusal of one that does not fit its state.
async fn ordered(
    house: &House,
    caller: &Caller,
    id: &str,
    (tx, done): (Tx, bool),
    refusal: &'static str,
) -> Result<Json<JobOut>, Problem> {
    if !done {
        return Err(Problem::of(refusal));
    }
    tx.commit().await?;
    Ok(Json(find::job(house, caller, id).await?.into()))
}

/// 下载 · The sheet that a `campaign_report` job wrote. `FILE_EXPIRED` when it is no longer kept.
#[utoipa::path(get, path = "/api/v1/jobs/{id}/file", tag = "jobs", params(("id" = String, Path)),
    responses((status = 200, content_type = download::XLSX, body = Vec<u8>)))]
async fn file(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let job = find::job(&house, &caller, &id).await?;
    if job.kind != "campaign_report" {
        return Err(Problem::not_found());
    }
    if job.state != "succeeded" {
        return Err(Problem::of("JOB_RUNNING"));
    }
    let path = files::report(&house.config.data_dir, &id);
    download::is_kept(&path).await?;
    download::sheet(&path, "report.xlsx", request).await
}
