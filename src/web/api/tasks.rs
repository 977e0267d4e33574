//! `/tasks` (外呼任务): the starts of a campaign.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::{Path, State},
};
use serde::Deserialize;
use store::tasks::{self, Task};
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{find, shown::shown};
use crate::{
    caller::Caller,
    clock::At,
    house::House,
    input::Params,
    paging::{self, List},
    problem::Problem,
};

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(get))
}

shown! {
    TaskOut of Task {
        id: String,
        /// start, append (to a campaign that runs) or other (contacts).
        kind: String,
        campaign_id: Option<String>,
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
        /// Why drawn leads were given to nobody: no_owner, unknown_owner, ambiguous_owner,
        /// target_full; contacts that the target had already: duplicate.
        reasons: BTreeMap<String, i64>,
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
