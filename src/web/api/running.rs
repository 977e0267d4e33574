//! `/campaigns/{id}/start` and what follows: orders, stats, report (RST-007, RST-008, OUT-121 to
//! OUT-129).

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::{Path, State},
};
use engine::{
    campaign::{Mode, Order},
    floor::CampaignView,
    time::Millis,
    window::Window,
};
use serde::{Deserialize, Serialize};
use store::{
    campaign_report, campaigns, fields, filters, gateways, hopper, leads, robots, targets, tasks,
    work::{By, Work, enqueue},
};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{answer::Accepted, campaigns::CampaignOut, find, grants::may_give};
use crate::{
    caller::Caller,
    clock::{At, now},
    house::House,
    input::Body,
    problem::Problem,
};

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new()
        .routes(routes!(start))
        .routes(routes!(append))
        .routes(routes!(pause))
        .routes(routes!(resume))
        .routes(routes!(stop))
        .routes(routes!(stats))
        .routes(routes!(report, report_sheet))
}

/// 启动活动 · Start: a task, its allocation and the running state are one write. One that was stopped
/// goes on with the leads it has left, also when there are no others. Refused with
/// `NO_TARGETS`, `NOTHING_TO_ALLOCATE`, `ALREADY_RUNNING`, `ALLOC_FORBIDDEN`, `NO_PHONE_FIELD` or
/// `GATEWAY_MISSING`.
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
    let batch = may_start(house, caller, &campaign).await?;
    if !has_new(house, batch.as_deref()).await? && !has_old(house, &campaign.id).await? {
        return Err(Problem::of("NOTHING_TO_ALLOCATE"));
    }
    let how = ("start", None, alone);
    allocate(house, caller, &campaign, batch.as_deref(), how).await
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
    let batch = may_start(&house, &caller, &campaign).await?;
    if !has_new(&house, batch.as_deref()).await? {
        return Err(Problem::of("NOTHING_TO_ALLOCATE"));
    }
    let how = ("append", asked.extract_count, false);
    allocate(&house, &caller, &campaign, batch.as_deref(), how).await
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

/// Everything a start needs; returns the batch the leads come from, where it is
/// one.
async fn may_start(
    house: &House,
    caller: &Caller,
    campaign: &campaigns::Campaign,
) -> Result<Option<String>, Problem> {
    let db = &house.db;
    let mode = campaign.mode()?;
    let targets = targets::list(db, &campaign.id).await?;
    if !targets.iter().any(|target| target.target_type.fits(mode)) {
        return Err(Problem::of("NO_TARGETS"));
    }
    may_give(house, caller, &targets).await?;
    let filter = filters::get(db, caller.orgi(), &campaign.filter_id).await?;
    let batch = find::there(filter)?.batch_id;
    if let Some(batch) = &batch
        && !fields::list(db, batch)
            .await?
            .iter()
            .any(|field| field.is_phone)
    {
        return Err(Problem::of("NO_PHONE_FIELD"));
    }
    let wanted = campaign.settings.gateway.as_ref();
    let gateway = gateways::list(db)
        .await?
        .into_iter()
        .find(|one| one.enabled && wanted.is_some_and(|id| id.as_str() == one.id));
    if gateway.is_none() {
        return Err(Problem::of("GATEWAY_MISSING"));
    }
    if campaign.settings.caller_ids.is_empty() {
        return Err(Problem::at(
            "/settings/caller_ids",
            "missing",
            "the campaign has no number to show the called party",
        ));
    }
    if mode == Mode::Robot && campaign.settings.robot.prompt.is_empty() {
        return Err(Problem::of("SCRIPT_INVALID"));
    }
    Ok(batch)
}

/// Whether there may be leads to draw; of several batches nobody knows before.
async fn has_new(house: &House, batch: Option<&str>) -> Result<bool, Problem> {
    Ok(match batch {
        Some(batch) => leads::any_available(&house.db, batch).await?,
        None => true,
    })
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

/// A campaign now.
#[derive(Debug, Serialize, ToSchema)]
pub struct Stats {
    pub as_of: At,
    pub state: String,
    /// Whether the floor has it: the numbers below `closed` are zero otherwise.
    pub on_the_floor: bool,
    pub dialled: u64,
    /// Answered by persons.
    pub answered: u64,
    pub machines: u64,
    pub connected: u64,
    pub abandoned: u64,
    /// Abandoned share of the calls answered by persons, 0 to 1.
    pub abandon_rate: f64,
    pub outcomes: BTreeMap<String, u64>,
    /// Leads the campaign has.
    pub allocated: i64,
    /// Of these, nothing further is planned with so many.
    pub closed: i64,
    pub dialling: u32,
    pub ringing: u32,
    /// Answered and with nobody: listened to, or a machine that is to record a message.
    pub listening: u32,
    pub waiting: u32,
    pub talking: u32,
    /// Leads in hand, ready to dial.
    pub hopper: u32,
    /// Why leads were not dialled.
    pub blocked: BTreeMap<String, u64>,
    /// Lines the pacer gives at the moment, and what keeps the number from being larger.
    pub lines: Option<u32>,
    pub why: Option<String>,
}

/// 实时统计 · What the campaign does now.
#[utoipa::path(get, path = "/api/v1/campaigns/{id}/stats", tag = "campaigns",
    params(("id" = String, Path)), responses((status = 200, body = Stats)))]
async fn stats(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Stats>, Problem> {
    Ok(Json(stats_of(&house, &caller, &id).await?))
}

/// # Errors
/// `NOT_FOUND`.
pub async fn stats_of(house: &House, caller: &Caller, id: &str) -> Result<Stats, Problem> {
    let campaign = find::campaign(house, caller, id).await?;
    let view = house.live.view();
    let report = campaign_report::of(&house.db, id).await?;
    let seen = view.campaigns.iter().find(|seen| seen.id.as_str() == id);
    Ok(match seen {
        Some(seen) => Stats::live(seen, At(view.as_of.0), &report),
        None => Stats::stored(campaign.state, &report),
    })
}

impl Stats {
    fn live(seen: &CampaignView, as_of: At, report: &campaign_report::Report) -> Self {
        Self {
            as_of,
            state: seen.state.as_str().into(),
            on_the_floor: true,
            dialled: seen.counts.dialled,
            answered: seen.counts.answered,
            machines: seen.counts.machines,
            connected: seen.counts.connected,
            abandoned: seen.counts.abandoned,
            abandon_rate: seen.abandon_rate,
            outcomes: words(&seen.outcomes),
            allocated: report.leads.allocated,
            closed: report.leads.closed,
            dialling: seen.dialling,
            ringing: seen.ringing,
            listening: seen.listening,
            waiting: seen.waiting,
            talking: seen.talking,
            hopper: seen.hopper,
            blocked: words(&seen.blocked),
            lines: seen.decision.map(|decision| decision.lines),
            why: seen.decision.and_then(|decision| word(&decision.why)),
        }
    }

    fn stored(state: String, report: &campaign_report::Report) -> Self {
        let count = |n: i64| u64::try_from(n).unwrap_or_default();
        let (persons, machines) = (report.attempts.persons, report.attempts.machines);
        Self {
            as_of: At(now().0),
            state,
            on_the_floor: false,
            dialled: count(report.attempts.dialled),
            answered: count(persons),
            machines: count(machines),
            connected: count(report.attempts.connected),
            abandoned: count(report.attempts.abandoned),
            abandon_rate: if persons > 0 {
                report.attempts.abandoned as f64 / persons as f64
            } else {
                0.0
            },
            outcomes: report
                .outcomes
                .iter()
                .map(|(k, n)| (k.clone(), count(*n)))
                .collect(),
            allocated: report.leads.allocated,
            closed: report.leads.closed,
            dialling: 0,
            ringing: 0,
            listening: 0,
            waiting: 0,
            talking: 0,
            hopper: 0,
            blocked: BTreeMap::new(),
            lines: None,
            why: None,
        }
    }
}

fn words<K: Serialize>(counts: &BTreeMap<K, u64>) -> BTreeMap<String, u64> {
    counts
        .iter()
        .filter_map(|(key, count)| Some((word(key)?, *count)))
        .collect()
}

/// The one word that a value is written as.
pub fn word<T: Serialize>(value: &T) -> Option<String> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => Some(word),
        _ => None,
    }
}

/// 活动报表 · Sums over the campaign's leads, attempts and calls.
#[utoipa::path(get, path = "/api/v1/campaigns/{id}/report", tag = "campaigns",
    params(("id" = String, Path)), responses((status = 200, body = Object)))]
async fn report(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<campaign_report::Report>, Problem> {
    find::campaign(&house, &caller, &id).await?;
    Ok(Json(campaign_report::of(&house.db, &id).await?))
}

/// 导出报表 · Write the report as a sheet; fetch it at `GET /jobs/{job_id}/file`.
#[utoipa::path(post, path = "/api/v1/campaigns/{id}/report", tag = "campaigns",
    params(("id" = String, Path)), responses((status = 202, body = Accepted)))]
async fn report_sheet(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Accepted, Problem> {
    find::campaign(&house, &caller, &id).await?;
    let by = By {
        orgi: caller.orgi(),
        user: caller.user_id(),
        batch: None,
    };
    let mut tx = house.db.begin().await?;
    let job = enqueue(&mut tx, Work::CampaignReport { campaign: id }, by, now()).await?;
    tx.commit().await?;
    Ok(Accepted::job(job))
}
