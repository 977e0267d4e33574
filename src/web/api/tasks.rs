//! `/tasks` (外呼任务): the starts of a campaign, and taking leads back (OUT-133 to OUT-135).

use axum::{
    Json,
    extract::{Path, State},
};
use serde::Deserialize;
use store::{
    tasks::{self, Task},
    work::{By, Work, enqueue},
};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{answer::Accepted, find, shown::shown};
use crate::{
    caller::Caller,
    clock::{At, now},
    house::House,
    input::{Body, Params},
    paging::{self, List},
    problem::Problem,
};

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(get))
        .routes(routes!(recycle))
}

shown! {
    TaskOut of Task {
        id: String,
        campaign_id: String,
        title: String,
        /// queued, allocating, ready or failed.
        state: String,
        filter_run_id: Option<String>,
        /// 筛选数量 = to_agent + to_dept + to_ai + to_queue + unallocated.
        filtered: i64,
        to_agent: i64,
        to_dept: i64,
        to_ai: i64,
        to_queue: i64,
        unallocated: i64,
        /// 回收: ever taken back.
        recycled: i64,
        recycled_dept: i64,
        job_id: Option<String>,
        error_code: Option<String>,
        created_by: Option<String>,
        created_at: At,
        finished_at: Option<At>,
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OfCampaign {
    campaign_id: String,
    limit: Option<u32>,
    cursor: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Recycle {
    /// all, target or lead.
    scope: String,
    /// For `target`: its id.
    target_id: Option<String>,
    /// For `lead`: its id.
    lead_id: Option<String>,
    /// pool (default) or department.
    to: Option<String>,
}

/// 任务记录 · A campaign's tasks, newest first.
#[utoipa::path(get, path = "/api/v1/tasks", tag = "tasks", params(OfCampaign),
    responses((status = 200, body = List<TaskOut>)))]
async fn list(
    State(house): State<House>,
    caller: Caller,
    Params(asked): Params<OfCampaign>,
) -> Result<Json<List<TaskOut>>, Problem> {
    find::campaign(&house, &caller, &asked.campaign_id).await?;
    let limit = paging::limit(asked.limit)?;
    let before = asked.cursor.as_deref().map(paging::open).transpose()?;
    let rows = tasks::list(
        &house.db,
        &asked.campaign_id,
        before.as_deref(),
        limit as i64 + 1,
    )
    .await?;
    Ok(Json(List::of(
        rows,
        limit,
        |row| row.id.clone(),
        TaskOut::from,
    )))
}

/// 任务 · One task.
#[utoipa::path(get, path = "/api/v1/tasks/{id}", tag = "tasks", params(("id" = String, Path)),
    responses((status = 200, body = TaskOut)))]
async fn get(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<TaskOut>, Problem> {
    Ok(Json(find::task(&house, &caller, &id).await?.into()))
}

/// 回收 · Take undialled leads back.
#[utoipa::path(post, path = "/api/v1/tasks/{id}/recycle", tag = "tasks",
    params(("id" = String, Path)), request_body = Recycle,
    responses((status = 202, body = Accepted)))]
async fn recycle(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    Body(asked): Body<Recycle>,
) -> Result<Accepted, Problem> {
    let task = find::task(&house, &caller, &id).await?;
    let (target, lead) = match (asked.scope.as_str(), asked.target_id, asked.lead_id) {
        ("all", None, None) => (None, None),
        ("target", Some(target), None) => (Some(target), None),
        ("lead", None, Some(lead)) => (None, Some(lead)),
        _ => {
            let message = "must be all, target with target_id, or lead with lead_id";
            return Err(Problem::at("/scope", "choice", message));
        }
    };
    let to_department = match asked.to.as_deref() {
        None | Some("pool") => false,
        Some("department") => true,
        _ => return Err(Problem::at("/to", "choice", "must be pool or department")),
    };
    let by = By {
        orgi: caller.orgi(),
        user: caller.user_id(),
        batch: None,
    };
    let work = Work::RecycleTask {
        task: task.id,
        target,
        lead,
        to_department,
    };
    let mut tx = house.db.begin().await?;
    let job = enqueue(&mut tx, work, by, now()).await?;
    tx.commit().await?;
    Ok(Accepted::job(job))
}
