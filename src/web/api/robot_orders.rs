//! Orders to a robot task, its numbers, and its test call (RST-011, OUT-218 to OUT-223).

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use engine::{
    campaign::Order,
    floor::TestCall,
    gate::{Ask, Consent},
    ids::CampaignId,
    phone,
};
use serde::{Deserialize, Serialize};
use store::{
    hopper,
    robots::{self, RobotTask},
};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    answer::Accepted,
    check,
    robots::{HeldOut, RobotTaskOut, task},
    running,
    stats::{self, Stats},
};
use crate::{
    caller::Caller,
    clock::now,
    house::House,
    input::{Body, OptionalBody},
    problem::Problem,
};

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new()
        .routes(routes!(start))
        .routes(routes!(pause))
        .routes(routes!(resume))
        .routes(routes!(stop))
        .routes(routes!(test))
        .routes(routes!(stats))
}

/// 启动 · Start: draw leads for the robot and dial them, and what it has left of an earlier start.
/// Refused as the start of a campaign is, and with `ROBOT_BUSY` while the robot has another task that
/// runs or pauses.
#[utoipa::path(post, path = "/api/v1/robot-tasks/{id}/start", tag = "robots",
    params(("id" = String, Path)), responses((status = 202, body = Accepted)))]
async fn start(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Accepted, Problem> {
    task(&house, &caller, &id).await?;
    running::begin(&house, &caller, &id, true).await
}

/// 暂停 · Pause: no new dials; calls that are up go on.
#[utoipa::path(post, path = "/api/v1/robot-tasks/{id}/pause", tag = "robots",
    params(("id" = String, Path)), responses((status = 200, body = RobotTaskOut)))]
async fn pause(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<RobotTaskOut>, Problem> {
    order(&house, &caller, &id, Order::Pause).await
}

/// 恢复 · Resume a paused task.
#[utoipa::path(post, path = "/api/v1/robot-tasks/{id}/resume", tag = "robots",
    params(("id" = String, Path)), responses((status = 200, body = RobotTaskOut)))]
async fn resume(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<RobotTaskOut>, Problem> {
    order(&house, &caller, &id, Order::Resume).await
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Stop {
    /// Hang up the calls that are up.
    force: bool,
}

/// 停止 · Stop: no new dials, what only rings is cancelled, and calls that are up end by themselves, or
/// with `force` at once. Undialled leads stay with the robot; another start goes on with them.
#[utoipa::path(post, path = "/api/v1/robot-tasks/{id}/stop", tag = "robots",
    params(("id" = String, Path)), request_body = Option<Stop>,
    responses((status = 200, body = RobotTaskOut)))]
async fn stop(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    OptionalBody(asked): OptionalBody<Stop>,
) -> Result<Json<RobotTaskOut>, Problem> {
    let stopped = order(&house, &caller, &id, Order::Stop).await?;
    if asked.force {
        house.live.break_off(CampaignId::from(id)).await;
    }
    Ok(stopped)
}

/// 任务统计 · What the task does now, and what came of its leads.
#[utoipa::path(get, path = "/api/v1/robot-tasks/{id}/stats", tag = "robots",
    params(("id" = String, Path)), responses((status = 200, body = RobotTaskStats)))]
async fn stats(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<RobotTaskStats>, Problem> {
    task(&house, &caller, &id).await?;
    Ok(Json(RobotTaskStats {
        now: stats::stats_of(&house, &caller, &id).await?,
        leads: robots::held(&house.db, &id).await?.into(),
    }))
}

async fn order(
    house: &House,
    caller: &Caller,
    id: &str,
    order: Order,
) -> Result<Json<RobotTaskOut>, Problem> {
    let robot = task(house, caller, id).await?.robot;
    let campaign = running::carry_out(house, caller, id, order).await?;
    Ok(Json(RobotTask { campaign, robot }.into()))
}

/// A task's numbers now, and its leads.
#[derive(Debug, Serialize, ToSchema)]
pub struct RobotTaskStats {
    #[serde(flatten)]
    now: Stats,
    leads: HeldOut,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Test {
    phone: String,
    /// Whoever answers has agreed to the call; wanted where nobody is called without a consent.
    #[serde(default)]
    agreed: bool,
}

#[derive(Serialize, ToSchema)]
pub struct Tested {
    /// Look at `GET /calls/{call_id}`, where it is once it is dialled.
    call_id: String,
}

/// 测试 · Make one call to a number of one's choosing, with the task's robot, gateway and caller number,
/// whether the task runs or not, and also outside its window. DNC lists, caps and the law's hours
/// hold: `GATE_REFUSED` says what does. It ends with the prompt, is `is_test`, and counts in no total.
#[utoipa::path(post, path = "/api/v1/robot-tasks/{id}/test", tag = "robots",
    params(("id" = String, Path)), request_body = Test,
    responses((status = 202, body = Tested)))]
async fn test(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    Body(asked): Body<Test>,
) -> Result<(StatusCode, Json<Tested>), Problem> {
    let settings = task(&house, &caller, &id).await?.campaign.settings.0;
    if settings.robot.prompt.is_empty() {
        return Err(Problem::of("SCRIPT_INVALID"));
    }
    let number = check::number("/phone", &asked.phone)?;
    let at = now();
    let ask = Ask {
        campaign: CampaignId::from(id.as_str()),
        spellings: phone::spellings(&number, &settings.home_country),
        number: number.clone(),
        day_start: settings.window.day_start(at),
        columns: settings.columns.clone(),
        callers: settings.caller_ids.clone(),
    };
    let mut facts = hopper::facts_of_number(&house.db, caller.orgi(), &ask, at).await?;
    facts.consent = asked.agreed.then(|| Consent {
        basis: "test call".into(),
        source: caller.user_id().into(),
        at,
        text_version: None,
    });
    let call = TestCall {
        campaign: ask.campaign,
        settings,
        number,
        facts,
    };
    let call_id = house.live.test(call).await?.to_string();
    Ok((StatusCode::ACCEPTED, Json(Tested { call_id })))
}
