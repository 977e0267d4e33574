//! Why a lead is not being dialled, and why a campaign dials no more than it does.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::{Path, State},
};
use engine::{
    campaign::{self, Columns},
    floor::Decided,
    gateway::Gateway,
    pacing::Limit,
    preflight::{self, Desk, Reason},
    time::Millis,
};
use serde::{Deserialize, Serialize};
use store::{
    campaigns::Campaign,
    gateways,
    preflight::{Preflight, Scene},
    work::{By, Work, enqueue},
};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{find, leads::find_mine, stats::word, wait};
use crate::{
    caller::Caller,
    clock::{At, now},
    house::House,
    input::Params,
    problem::Problem,
};

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new()
        .routes(routes!(of_lead))
        .routes(routes!(of_campaign))
}

/// The first reason that holds.
#[derive(Debug, Serialize, ToSchema)]
pub struct LeadWhy {
    lead_id: String,
    campaign_id: Option<String>,
    as_of: At,
    /// One of: in_use, reserved, dialling, done, no_number, then the gate's (voided, dnc, cap, day_cap,
    /// window, caller_id, live, gateway_missing), then appointment and resting; unallocated when no
    /// campaign has it. A lead that could be dialled has campaign_draft, campaign_paused,
    /// campaign_stopped or campaign_finished, or turn: it waits for its running campaign's next line,
    /// and `limit` says what those wait for.
    reason: String,
    /// When the reason ends by itself.
    until: Option<At>,
    /// For turn: what binds the campaign's pacer now.
    limit: Option<String>,
    /// For done: what the last dial came to.
    outcome: Option<String>,
    /// For done: why the gate turned it away for good.
    blocked: Option<String>,
}

/// 为何未拨 · Why this lead is not being dialled. An agent sees the leads that `GET /leads/{id}` shows.
#[utoipa::path(get, path = "/api/v1/leads/{id}/why", tag = "leads", params(("id" = String, Path)),
    responses((status = 200, body = LeadWhy)))]
async fn of_lead(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<LeadWhy>, Problem> {
    let lead = find_mine(&house, &caller, &id).await?;
    let at = now();
    let campaign = match &lead.campaign_id {
        Some(id) => Some(find::campaign(&house, &caller, id).await?),
        None => None,
    };
    let (reason, until) = match &campaign {
        Some(campaign) => {
            let settings = store::numbers::settings_of(&house.db, campaign).await?;
            let desk = Desk::new(&settings, gateway(&house, campaign).await?, at);
            let scene = Scene {
                orgi: caller.orgi(),
                campaign: &campaign.id,
                columns: &campaign.settings.columns,
                home: &campaign.settings.home_country,
                day_start: campaign.settings.window.day_start(at),
                now: at,
            };
            let found = candidate(&house, scene, &id).await?;
            let Reason { why, until } = desk.reason(&found);
            (in_state(why.as_str(), campaign.state()?), until)
        }
        None => {
            let scene = Scene {
                orgi: caller.orgi(),
                campaign: "",
                columns: &Columns::default(),
                home: "",
                day_start: Millis(0),
                now: at,
            };
            let found = candidate(&house, scene, &id).await?;
            (preflight::unclaimed(&found).as_str().into(), None)
        }
    };
    let is_done = reason == "done";
    let limit = match &campaign {
        Some(campaign) if reason == "turn" => limit(&house, &campaign.id),
        _ => None,
    };
    Ok(Json(LeadWhy {
        lead_id: lead.id,
        campaign_id: lead.campaign_id,
        as_of: at.into(),
        reason,
        until: until.map(At::from),
        limit,
        outcome: lead.outcome.filter(|_| is_done),
        blocked: lead.blocked.filter(|_| is_done),
    }))
}

async fn candidate(
    house: &House,
    scene: Scene<'_>,
    lead: &str,
) -> Result<preflight::Candidate, Problem> {
    find::there(store::preflight::lead(&house.db, scene, lead).await?)
}

/// The campaign's gateway with nothing on it, when it is there and switched on.
async fn gateway(house: &House, campaign: &Campaign) -> Result<Option<Gateway>, Problem> {
    let specs = gateways::specs(&house.db).await?;
    let settings = store::numbers::settings_of(&house.db, campaign).await?;
    let wanted = settings.gateway.as_ref();
    let found = specs.into_iter().find(|spec| Some(&spec.id) == wanted);
    Ok(found.map(|spec| Gateway::new(spec.settings, now())))
}

/// What binds the pacer of a campaign on the floor now.
fn limit(house: &House, campaign: &str) -> Option<String> {
    let view = house.live.view();
    let seen = view
        .campaigns
        .iter()
        .find(|one| one.id.as_str() == campaign)?;
    word(&seen.decision?.why)
}

/// A lead that could be dialled waits for its turn only in a campaign that runs.
fn in_state(reason: &str, state: campaign::State) -> String {
    if reason == "turn" && state != campaign::State::Running {
        return format!("campaign_{}", state.as_str());
    }
    reason.into()
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// false: do not count the leads, which reads each of them. true when not given.
    count: Option<bool>,
    /// The `job_id` of an earlier answer whose `leads` were still being counted.
    job_id: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct CampaignWhy {
    campaign_id: String,
    as_of: At,
    state: String,
    /// Whether the floor has it: there is no limit otherwise.
    on_the_floor: bool,
    /// What keeps the pacer from dialling more now: no_agents, idle_agents, ratio, waiting, risk, ledger,
    /// ledger_stop, few_agents, start, blind, concurrency, shared_concurrency, gateway, channels, rate,
    /// overload, no_leads or window. `null` for a campaign that is not running, and for one whose agents dial.
    limit: Option<String>,
    /// Lines that the last decision gave.
    lines: Option<u32>,
    /// What bound over the last hour, the longest first.
    last_hour: Vec<LimitShare>,
    /// `null` while the leads are still being counted: ask again with `job_id`. Also when they are not
    /// to be counted.
    leads: Option<Reasons>,
    job_id: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct LimitShare {
    limit: String,
    ms: i64,
    /// Of the time in which the pacer decided, 0 to 1.
    share: f64,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Reasons {
    /// When they were counted.
    at: At,
    /// Leads that the campaign has: the sum of `reasons`.
    total: u64,
    /// First reason to leads, with the words of `GET /leads/{id}/why`.
    reasons: BTreeMap<String, u64>,
}

/// 为何不拨 · What keeps a campaign from dialling more, now and over the last hour, and the first
/// reason of each of its leads, counted.
#[utoipa::path(get, path = "/api/v1/campaigns/{id}/why", tag = "campaigns",
    params(("id" = String, Path), Which), responses((status = 200, body = CampaignWhy)))]
async fn of_campaign(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    Params(asked): Params<Which>,
) -> Result<Json<CampaignWhy>, Problem> {
    let campaign = find::campaign(&house, &caller, &id).await?;
    let state = campaign.state()?;
    let job_id = match asked.job_id {
        Some(job) => Some(find::job(&house, &caller, &job).await?.id),
        None if asked.count == Some(false) => None,
        None => Some(begin(&house, &caller, &id).await?),
    };
    let leads = match &job_id {
        Some(job) if wait::done(&house, job).await? => {
            let found = store::preflight::get(&house.db, &id, job).await?;
            Some(Reasons::of(find::there(found)?, state))
        }
        _ => None,
    };
    let decided = house.live.decided(id.as_str().into()).await;
    let view = house.live.view();
    let seen = view.campaigns.iter().find(|one| one.id.as_str() == id);
    let decision = seen.and_then(|one| one.decision);
    Ok(Json(CampaignWhy {
        campaign_id: id.clone(),
        as_of: now().into(),
        state: state.as_str().into(),
        on_the_floor: seen.is_some(),
        limit: decision.and_then(|one| word(&one.why)),
        lines: decision.map(|one| one.lines),
        last_hour: decided.as_ref().map(shares).unwrap_or_default(),
        leads,
        job_id,
    }))
}

async fn begin(house: &House, caller: &Caller, campaign: &str) -> Result<String, Problem> {
    let by = By {
        orgi: caller.orgi(),
        user: caller.user_id(),
        batch: None,
    };
    let work = Work::Preflight {
        campaign: campaign.into(),
        run: None,
    };
    let mut tx = house.db.begin().await?;
    let job = enqueue(&mut tx, work, by, now()).await?;
    tx.commit().await?;
    Ok(job)
}

fn shares(decided: &Decided) -> Vec<LimitShare> {
    let all: i64 = decided.bound.values().sum();
    let share = |(limit, ms): (&Limit, &i64)| {
        Some(LimitShare {
            limit: word(limit)?,
            ms: *ms,
            share: *ms as f64 / all.max(1) as f64,
        })
    };
    let mut shares: Vec<_> = decided.bound.iter().filter_map(share).collect();
    shares.sort_by_key(|one| std::cmp::Reverse(one.ms));
    shares
}

impl Reasons {
    fn of(found: Preflight, state: campaign::State) -> Self {
        let summary = found.result.0;
        let reasons = summary.reasons.iter();
        Self {
            at: At(found.at),
            total: summary.total,
            reasons: reasons
                .map(|(why, leads)| (in_state(why, state), *leads))
                .collect(),
        }
    }
}
