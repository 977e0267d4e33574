//! `/campaigns/{id}/start` and what follows: orders (RST-007, OUT-121 to OUT-129).

use axum::{
    Json,
    extract::{Path, State},
};
use engine::{
    campaign::{Mode, Order},
    time::Millis,
    window::Window,
};
use serde::Deserialize;
use store::{
    batches, campaigns, fields,
    filters::{Filter, Over},
    gateways, hopper, leads, robots, targets, tasks,
    work::{By, Work, enqueue},
};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{answer::Accepted, campaigns::CampaignOut, find, grants::may_give, targets::Known};
use crate::{caller::Caller, clock::now, house::House, input::Body, problem::Problem};

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new()
        .routes(routes!(start))
        .routes(routes!(append))
        .routes(routes!(pause))
        .routes(routes!(resume))
        .routes(routes!(stop))
}

/// 启动活动 · Start: a task, its allocation and the running state are one write. One that was stopped
/// goes on with the leads it has left, also when there are no others. Refused with
/// `NO_TARGETS`, `NOTHING_TO_ALLOCATE`, `ALREADY_RUNNING`, `ALLOC_FORBIDDEN`, `NO_PHONE_FIELD` or
/// `GATEWAY_MISSING`. What the filter's conditions leave only the job finds: when it is nothing, job and
/// task fail with `NOTHING_TO_ALLOCATE`, and a campaign that was never started before is a draft again.
#[utoipa::path(post, path = "/api/v1/campaigns/{id}/start", tag = "campaigns",
    params(("id" = String, Path)), responses((status = 202, body = Accepted)))]
async fn start(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Accepted, Problem> {
    begin(&house, &caller, &id, false).await
}

/// Starts a campaign; `alone`: only when its robots do nothing else (OUT-223).
///
/// # Errors
/// As the route says, and `ROBOT_BUSY`.
pub async fn begin(
    house: &House,
    caller: &Caller,
    id: &str,
    alone: bool,
) -> Result<Accepted, Problem> {
    let campaign = find::campaign(house, caller, id).await?;
    campaign.state()?.after(Order::Start).map_err(Problem::of)?;
    let filter = may_start(house, caller, &campaign).await?;
    if !has_new(house, &filter).await? && !has_old(house, &campaign.id).await? {
        return Err(Problem::of("NOTHING_TO_ALLOCATE"));
    }
    let how = ("start", None, alone);
    allocate(house, caller, &campaign, filter.batch_id.as_deref(), how).await
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Append {
    /// 1 to 1,000,000; the campaign's when not given.
    extract_count: Option<i64>,
}

/// 追加名单 · Give a running or paused campaign more leads; it goes on meanwhile. Refused as a start
/// is, and with `NOT_RUNNING`.
#[utoipa::path(post, path = "/api/v1/campaigns/{id}/append", tag = "campaigns",
    params(("id" = String, Path)), request_body = Append,
    responses((status = 202, body = Accepted)))]
async fn append(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    Body(asked): Body<Append>,
) -> Result<Accepted, Problem> {
    let campaign = find::campaign(&house, &caller, &id).await?;
    if asked
        .extract_count
        .is_some_and(|count| !(1..=1_000_000).contains(&count))
    {
        return Err(Problem::at(
            "/extract_count",
            "range",
            "must be 1 to 1,000,000",
        ));
    }
    if !campaign.state()?.takes_more() {
        return Err(Problem::of("NOT_RUNNING"));
    }
    let filter = may_start(&house, &caller, &campaign).await?;
    if !has_new(&house, &filter).await? {
        return Err(Problem::of("NOTHING_TO_ALLOCATE"));
    }
    let batch = filter.batch_id.as_deref();
    let how = ("append", asked.extract_count, false);
    allocate(&house, &caller, &campaign, batch, how).await
}

/// The task and its job, and for a start the running state; `alone`: only when its robots do nothing
/// else.
async fn allocate(
    house: &House,
    caller: &Caller,
    campaign: &campaigns::Campaign,
    batch: Option<&str>,
    (kind, extract, alone): (&str, Option<i64>, bool),
) -> Result<Accepted, Problem> {
    let at = now();
    let by = By {
        orgi: caller.orgi(),
        user: caller.user_id(),
        batch,
    };
    let new = tasks::NewTask {
        kind,
        title: &timed(&campaign.name, &campaign.settings.window, at),
        extract,
        by: caller.user_id(),
    };
    let mut tx = house.db.begin().await?;
    if alone && robots::are_busy(&mut tx, caller.orgi(), &campaign.id).await? {
        return Err(Problem::of("ROBOT_BUSY"));
    }
    if kind == "start" {
        find::there(campaigns::order(&mut tx, &campaign.id, Order::Start, at).await?)?;
    } else if !campaigns::takes_more(&mut tx, &campaign.id).await? {
        return Err(Problem::of("NOT_RUNNING"));
    }
    let task = find::there(tasks::create(&mut tx, campaign, new, at).await?)?;
    let job = enqueue(&mut tx, Work::AllocateTask { task: task.clone() }, by, at).await?;
    tx.commit().await?;
    house.live.reload().await;
    Ok(Accepted {
        task_id: Some(task),
        ..Accepted::job(job)
    })
}

/// A name with the date and time on the window's wall clock (OUT-124).
pub fn timed(name: &str, window: &Window, at: Millis) -> String {
    let local = window.local(at);
    local.map_or_else(
        || name.to_owned(),
        |local| format!("{name}_{}", local.format("%Y-%m-%d %H:%M:%S")),
    )
}

/// Everything a start needs; returns the filter that the leads come from.
async fn may_start(
    house: &House,
    caller: &Caller,
    campaign: &campaigns::Campaign,
) -> Result<Filter, Problem> {
    let db = &house.db;
    let mode = campaign.mode()?;
    let targets = targets::list(db, &campaign.id).await?;
    if !targets.iter().any(|target| target.target_type.fits(mode)) {
        return Err(Problem::of("NO_TARGETS"));
    }
    let known = Known::read(house, caller).await?;
    if let Some(gone) = targets
        .iter()
        .find(|to| !known.has(to.target_type, &to.target_id))
    {
        let text = format!(
            "{} {} is not there any more",
            gone.target_type.as_str(),
            gone.target_id
        );
        return Err(Problem::because("NO_TARGETS", text));
    }
    may_give(house, caller, &targets).await?;
    let filter = find::filter(house, caller, &campaign.filter_id).await?;
    if let Some(batch) = &filter.batch_id {
        find::ready_batch(house, caller, batch).await?;
    }
    if let Some(batch) = &filter.batch_id
        && !fields::list(db, batch)
            .await?
            .iter()
            .any(|field| field.is_phone)
    {
        return Err(Problem::of("NO_PHONE_FIELD"));
    }
    let settings = store::numbers::settings_of(db, campaign).await?;
    let wanted = settings.gateway.as_ref();
    let gateway = gateways::list(db)
        .await?
        .into_iter()
        .find(|one| one.enabled && wanted.is_some_and(|id| id.as_str() == one.id));
    if gateway.is_none() {
        return Err(Problem::of("GATEWAY_MISSING"));
    }
    if settings.caller_ids.is_empty() {
        return Err(Problem::at(
            "/settings/caller_ids",
            "missing",
            "neither the campaign nor its queues or agents have a number to show the called party",
        ));
    }
    if mode == Mode::Robot && campaign.settings.robot.prompt.is_empty() {
        return Err(Problem::of("SCRIPT_INVALID"));
    }
    Ok(filter)
}

/// Whether the batches that the filter looks at have leads to draw; which of them it selects is the job's
/// to find.
async fn has_new(house: &House, filter: &Filter) -> Result<bool, Problem> {
    let kind = match filter.over() {
        Over::Batch(batch) => return Ok(leads::any_available(&house.db, batch).await?),
        Over::Business(kind) => kind,
    };
    for (batch, _) in batches::of_business(&house.db, &filter.orgi, kind).await? {
        if leads::any_available(&house.db, &batch).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether an earlier start left undialled leads, with which a stopped campaign goes on (OUT-222).
async fn has_old(house: &House, campaign: &str) -> Result<bool, Problem> {
    Ok(hopper::what_is_left(&house.db, campaign, now())
        .await?
        .undone
        > 0)
}

/// 暂停 · Pause: no new dials; calls that are up go on.
#[utoipa::path(post, path = "/api/v1/campaigns/{id}/pause", tag = "campaigns",
    params(("id" = String, Path)), responses((status = 200, body = CampaignOut)))]
async fn pause(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<CampaignOut>, Problem> {
    order(&house, &caller, &id, Order::Pause).await
}

/// 恢复 · Resume a paused campaign.
#[utoipa::path(post, path = "/api/v1/campaigns/{id}/resume", tag = "campaigns",
    params(("id" = String, Path)), responses((status = 200, body = CampaignOut)))]
async fn resume(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<CampaignOut>, Problem> {
    order(&house, &caller, &id, Order::Resume).await
}

/// 停止 · Stop: no new dials, and what only rings is cancelled.
#[utoipa::path(post, path = "/api/v1/campaigns/{id}/stop", tag = "campaigns",
    params(("id" = String, Path)), responses((status = 200, body = CampaignOut)))]
async fn stop(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<CampaignOut>, Problem> {
    order(&house, &caller, &id, Order::Stop).await
}

async fn order(
    house: &House,
    caller: &Caller,
    id: &str,
    order: Order,
) -> Result<Json<CampaignOut>, Problem> {
    Ok(Json(carry_out(house, caller, id, order).await?.into()))
}

/// Carries out an order and returns the campaign after it.
///
/// # Errors
/// `NOT_FOUND`; the code of [`engine::campaign::State::after`].
pub async fn carry_out(
    house: &House,
    caller: &Caller,
    id: &str,
    order: Order,
) -> Result<campaigns::Campaign, Problem> {
    find::campaign(house, caller, id).await?;
    let mut tx = house.db.begin().await?;
    find::there(campaigns::order(&mut tx, id, order, now()).await?)?;
    tx.commit().await?;
    house.live.reload().await;
    find::campaign(house, caller, id).await
}
