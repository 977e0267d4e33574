//! `/campaigns/{id}/stats` and `/report`: what a campaign does now, and what came of it (RST-008).

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::{Path, State},
};
use engine::floor::CampaignView;
use serde::Serialize;
use store::{
    campaign_report,
    work::{By, Work, enqueue},
};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{answer::Accepted, find};
use crate::{
    caller::Caller,
    clock::{At, now},
    house::House,
    problem::Problem,
};

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new()
        .routes(routes!(stats))
        .routes(routes!(report, report_sheet))
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
