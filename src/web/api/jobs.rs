//! `/jobs`: pieces of batch work and how far they are (RST-018).

use axum::{
    Json,
    extract::{Path, Request, State},
    response::Response,
};
use serde::Deserialize;
use store::{
    files,
    jobs::{self, Job},
};
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{find, shown::shown};
use crate::{
    caller::Caller,
    clock::{At, now},
    download,
    house::House,
    input::Params,
    paging::{self, List},
    problem::Problem,
};

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(get))
        .routes(routes!(cancel))
        .routes(routes!(file))
}

shown! {
    JobOut of Job {
        id: String,
        /// read_template, import_batch, run_filter, allocate_task, recycle_task, rejects_sheet or
        /// campaign_report.
        kind: String,
        /// Id of the batch, import, filter run, task or campaign it works on.
        subject: String,
        batch_id: Option<String>,
        /// queued, running, succeeded, failed or cancelled.
        state: String,
        stage: String,
        done: i64,
        /// 0: not known.
        total: i64,
        attempts: i64,
        error_code: Option<String>,
        error_text: Option<String>,
        created_by: Option<String>,
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
    let rows = jobs::list(
        &house.db,
        caller.orgi(),
        asked.batch_id.as_deref(),
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

/// 取消 · Cancel a job that has not ended. What it has done so far stays.
#[utoipa::path(post, path = "/api/v1/jobs/{id}/cancel", tag = "jobs", params(("id" = String, Path)),
    responses((status = 200, body = JobOut)))]
async fn cancel(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<JobOut>, Problem> {
    find::job(&house, &caller, &id).await?;
    let mut tx = house.db.begin().await?;
    let cancelled = jobs::cancel(&mut tx, &id, now()).await?;
    tx.commit().await?;
    if !cancelled {
        return Err(Problem::of("JOB_OVER"));
    }
    Ok(Json(find::job(&house, &caller, &id).await?.into()))
}

/// 下载 · The sheet that a `campaign_report` job wrote.
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
    download::sheet(&path, "report.xlsx", request).await
}
