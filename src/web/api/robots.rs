//! `/robots` and `/robot-tasks` (机器人列表, 拨打任务): RST-011, OUT-212 to OUT-223.
//!
//! A robot's task is a robot campaign with that robot as its only target; it is also found at
//! `/campaigns/{id}`. Its orders are in `robot_orders`.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use engine::draw::{Target, TargetType};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::{
    campaigns,
    robots::{self, Held, Robot, RobotTask},
};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    answer::created,
    campaigns::{CampaignChange, NewCampaign, create, save},
    find,
    grants::may_give,
    shown::shown,
};
use crate::{
    caller::Caller,
    clock::At,
    house::House,
    input::{Body, Params},
    paging::{List, Paging},
    problem::Problem,
};

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(tasks, add))
        .routes(routes!(get, change, remove))
}

shown! {
    /// Leads by what came of them; the others add up to `assigned`.
    HeldOut of Held {
        /// 分配数.
        assigned: i64,
        /// 未拨打.
        notcall: i64,
        /// Being dialled at the moment.
        calling: i64,
        /// 拨打成功.
        success: i64,
        /// 拨打失败.
        failed: i64,
        /// 拨打异常.
        exception: i64,
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct RobotOut {
    id: String,
    /// Running campaigns that give it leads.
    running_tasks: i64,
    #[serde(flatten)]
    leads: HeldOut,
}

impl From<Robot> for RobotOut {
    fn from(robot: Robot) -> Self {
        Self {
            id: robot.id,
            running_tasks: robot.running_tasks,
            leads: robot.leads.into(),
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct RobotTaskOut {
    /// The campaign's.
    id: String,
    name: String,
    robot: String,
    filter_id: String,
    /// 启用并发限制.
    concurrency_enabled: bool,
    /// 最大并发数量; `null`: the gateway's limit alone.
    max_concurrency: Option<u32>,
    extract_count: i64,
    description: String,
    /// draft, running, paused, finished or stopped.
    state: String,
    /// Rises with every change; a change names the one it was made from.
    revision: i64,
    creater: String,
    created_at: At,
    updated_at: At,
}

impl From<RobotTask> for RobotTaskOut {
    fn from(RobotTask { campaign, robot }: RobotTask) -> Self {
        Self {
            concurrency_enabled: campaign.settings.max_concurrency.is_some(),
            max_concurrency: campaign.settings.max_concurrency,
            id: campaign.id,
            name: campaign.name,
            robot,
            filter_id: campaign.filter_id,
            extract_count: campaign.extract_count,
            description: campaign.description,
            state: campaign.state,
            revision: campaign.revision,
            creater: campaign.creater,
            created_at: At(campaign.created_at),
            updated_at: At(campaign.updated_at),
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRobotTask {
    name: String,
    /// 1 to 64 characters.
    robot: String,
    /// Where a start draws its leads from.
    filter_id: String,
    /// 启用并发限制; with `max_concurrency`.
    #[serde(default)]
    concurrency_enabled: bool,
    /// 1 to 10,000: what the far end's gateway really takes.
    max_concurrency: Option<u32>,
    /// 1 to 1,000,000; 100 when not given.
    extract_count: Option<i64>,
    description: Option<String>,
    /// As a campaign's: gateway, caller_ids, window, robot (its prompt) and so on.
    #[schema(value_type = Object)]
    settings: Option<Value>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RobotTaskChange {
    /// The revision that was read.
    revision: i64,
    name: Option<String>,
    /// Only before the first start.
    robot: Option<String>,
    /// Only before the first start.
    filter_id: Option<String>,
    concurrency_enabled: Option<bool>,
    max_concurrency: Option<u32>,
    extract_count: Option<i64>,
    description: Option<String>,
}

/// 机器人列表 · Robots that hold leads, with how many by what came of them.
#[utoipa::path(get, path = "/api/v1/robots", tag = "robots",
    responses((status = 200, body = List<RobotOut>)))]
async fn list(State(house): State<House>, caller: Caller) -> Result<Json<List<RobotOut>>, Problem> {
    let rows = robots::list(&house.db, caller.orgi()).await?;
    let rows = rows.into_iter().map(RobotOut::from);
    Ok(Json(List::whole(rows.collect())))
}

/// 拨打任务 · Robot tasks, newest first.
#[utoipa::path(get, path = "/api/v1/robot-tasks", tag = "robots", params(Paging),
    responses((status = 200, body = List<RobotTaskOut>)))]
async fn tasks(
    State(house): State<House>,
    caller: Caller,
    Params(paging): Params<Paging>,
) -> Result<Json<List<RobotTaskOut>>, Problem> {
    let (limit, before) = (paging.limit()?, paging.after()?);
    let most = limit as i64 + 1;
    let rows = robots::tasks(&house.db, caller.orgi(), before.as_deref(), most).await?;
    Ok(Json(List::of(
        rows,
        limit,
        |row| row.campaign.id.clone(),
        RobotTaskOut::from,
    )))
}

/// 创建任务 · Add a robot task: a robot campaign that gives its leads to this robot.
#[utoipa::path(post, path = "/api/v1/robot-tasks", tag = "robots",
    request_body(content = NewRobotTask, example = json!({
        "name": "推广活动", "robot": "201", "filter_id": "flt_…", "concurrency_enabled": true,
        "max_concurrency": 100, "settings": {"gateway": "gw1", "caller_ids": ["02110000"]}})),
    responses((status = 201, body = RobotTaskOut)))]
async fn add(
    State(house): State<House>,
    caller: Caller,
    Body(asked): Body<NewRobotTask>,
) -> Result<Response, Problem> {
    let to = target(&house, &caller, asked.robot).await?;
    let most = ceiling(asked.concurrency_enabled, asked.max_concurrency)?;
    let mut settings = asked.settings.unwrap_or_else(|| json!({}));
    if let Some(settings) = settings.as_object_mut() {
        settings.insert("max_concurrency".into(), json!(most));
    }
    let new = NewCampaign {
        name: asked.name,
        campaign_type: "robot".into(),
        filter_id: asked.filter_id,
        extract_count: asked.extract_count,
        default_alloc: Some(0),
        description: asked.description,
        settings: Some(settings),
        ..NewCampaign::default()
    };
    let id = create(&house, &caller, new, Some(to)).await?.id;
    let made = task(&house, &caller, &id).await?;
    let at = format!("/api/v1/robot-tasks/{id}");
    Ok(created(at, RobotTaskOut::from(made)))
}

/// 任务 · One robot task.
#[utoipa::path(get, path = "/api/v1/robot-tasks/{id}", tag = "robots",
    params(("id" = String, Path)), responses((status = 200, body = RobotTaskOut)))]
async fn get(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<RobotTaskOut>, Problem> {
    Ok(Json(task(&house, &caller, &id).await?.into()))
}

/// 修改任务 · Change a robot task, also while it runs; robot and filter only before the first start.
/// `REVISION_CONFLICT` when somebody else changed it meanwhile.
#[utoipa::path(patch, path = "/api/v1/robot-tasks/{id}", tag = "robots",
    params(("id" = String, Path)), request_body = RobotTaskChange,
    responses((status = 200, body = RobotTaskOut)))]
async fn change(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    Body(asked): Body<RobotTaskChange>,
) -> Result<Json<RobotTaskOut>, Problem> {
    let old = task(&house, &caller, &id).await?;
    let to = match asked.robot {
        Some(robot) if robot != old.robot => {
            if old.campaign.state != "draft" {
                return Err(Problem::of("NOT_DRAFT"));
            }
            Some(target(&house, &caller, robot).await?)
        }
        _ => None,
    };
    let mut settings = old.campaign.settings.0;
    let now = settings.max_concurrency;
    let enabled = asked.concurrency_enabled.unwrap_or(now.is_some());
    let kept = now.filter(|_| enabled);
    settings.max_concurrency = ceiling(enabled, asked.max_concurrency.or(kept))?;
    let settings = serde_json::to_value(settings).map_err(|error| Problem::internal(&error))?;
    let change = CampaignChange {
        revision: asked.revision,
        name: asked.name,
        filter_id: asked.filter_id,
        extract_count: asked.extract_count,
        description: asked.description,
        settings: Some(settings),
        ..CampaignChange::default()
    };
    save(&house, &caller, &id, change, to).await?;
    Ok(Json(task(&house, &caller, &id).await?.into()))
}

/// 删除任务 · Delete a robot task that was never started.
#[utoipa::path(delete, path = "/api/v1/robot-tasks/{id}", tag = "robots",
    params(("id" = String, Path)), responses((status = 204)))]
async fn remove(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    task(&house, &caller, &id).await?;
    let mut tx = house.db.begin().await?;
    campaigns::delete(&mut tx, &id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A robot task of the caller's tenant.
///
/// # Errors
/// `NOT_FOUND`.
pub async fn task(house: &House, caller: &Caller, id: &str) -> Result<RobotTask, Problem> {
    find::there(robots::task(&house.db, caller.orgi(), id).await?)
}

/// A robot that the caller may give leads to.
async fn target(house: &House, caller: &Caller, robot: String) -> Result<Target, Problem> {
    if !(1..=64).contains(&robot.len()) {
        let message = "must have 1 to 64 characters";
        return Err(Problem::at("/robot", "length", message));
    }
    let target = Target::new(TargetType::Robot, robot, 0);
    may_give(house, caller, std::slice::from_ref(&target)).await?;
    Ok(target)
}

fn ceiling(enabled: bool, most: Option<u32>) -> Result<Option<u32>, Problem> {
    let at = |message: &str| Err(Problem::at("/max_concurrency", "range", message));
    match (enabled, most) {
        (true, Some(1..=10_000)) | (false, None) => Ok(most),
        (true, _) => at("must be 1 to 10,000"),
        (false, Some(_)) => at("needs concurrency_enabled"),
    }
}
