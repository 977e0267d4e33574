//! What a campaign's pacer decided.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::{Path, State},
};
use engine::pacing::{self, Inputs, Record};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{find, stats::word};
use crate::{caller::Caller, clock::At, house::House, input::Params, paging, problem::Problem};

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new().routes(routes!(decisions))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Newest {
    /// 1 to 200; 50 when not given.
    limit: Option<u32>,
}

/// One decision of a pacer. Several in a row without a line and with the same limit are one.
#[derive(Debug, Serialize, ToSchema)]
pub struct DecisionOut {
    /// Rises by one from entry to entry.
    no: u64,
    at: At,
    /// When it was last decided like this.
    until: At,
    /// Decisions that this entry stands for.
    times: u32,
    made: Made,
    seen: SeenOut,
    /// What the campaign's `shadow` policy would have done on the same look; nothing is dialled for it.
    shadow: Option<Made>,
    /// What the lines came to, once they are over.
    outcomes: BTreeMap<String, u32>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Made {
    lines: u32,
    limit: String,
    /// What a prediction rests on; `null` where nothing was predicted.
    predicted: Option<Predicted>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Predicted {
    /// Chance, 0 to 1, that one more call, if answered, would meet nobody.
    risk: f64,
    /// The chance that is taken.
    threshold: f64,
    /// Lines wished for before limits.
    wish: u32,
    /// Persons expected of the lines in the air when a fresh call would be answered.
    arrivals: f64,
    /// Agents expected to be free then.
    free: f64,
    /// Chance that a fresh line brings a person.
    answer_share: f64,
    /// Seconds from a dial to its answer, the middle of it.
    horizon_s: f64,
    /// Lost among answered persons over the last 24 hours, 0 to 1.
    lost_share: f64,
    /// Twice as many were lost as predicted: the model does not fit.
    is_off: bool,
}

/// The floor as the decision saw it.
#[derive(Debug, Serialize, ToSchema)]
pub struct SeenOut {
    idle: u32,
    busy: u32,
    wrap_up: u32,
    away: u32,
    /// Lines in the air for these agents, whichever campaign dialled them.
    in_flight: u32,
    /// Persons who wait for an agent.
    waiting: u32,
    /// Calls of the campaign that are up.
    up: u32,
    free_channels: u32,
    /// Calls that the gateway's rate lets start.
    burst: u32,
    /// Leads in hand.
    leads: u32,
    answered_today: u64,
    lost_today: u64,
    /// What the abandonment ledger allows: prediction, one_line_each or nothing.
    allowed: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Decisions {
    /// Newest first. The floor keeps 600 of each campaign, and none over a restart.
    data: Vec<DecisionOut>,
}

/// 拨号决策 · What a campaign's pacer decided lately, on what, and what came of it.
#[utoipa::path(get, path = "/api/v1/campaigns/{id}/decisions", tag = "campaigns",
    params(("id" = String, Path), Newest), responses((status = 200, body = Decisions)))]
async fn decisions(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    Params(asked): Params<Newest>,
) -> Result<Json<Decisions>, Problem> {
    find::campaign(&house, &caller, &id).await?;
    let limit = paging::limit(asked.limit)?;
    let decided = house.live.decided(id.as_str().into()).await;
    let records = decided.map(|one| one.records).unwrap_or_default();
    let newest = records.into_iter().rev().take(limit);
    Ok(Json(Decisions {
        data: newest.map(DecisionOut::from).collect(),
    }))
}

impl From<Record> for DecisionOut {
    fn from(record: Record) -> Self {
        let seen = record.seen;
        let outcomes = record.outcomes.iter();
        Self {
            no: record.no,
            at: record.at.into(),
            until: record.until.into(),
            times: record.times,
            made: record.decision.into(),
            seen: SeenOut {
                idle: seen.idle,
                busy: seen.busy,
                wrap_up: seen.wrap_up,
                away: seen.away,
                in_flight: seen.in_flight,
                waiting: seen.waiting,
                up: seen.up,
                free_channels: seen.free_channels,
                burst: seen.burst,
                leads: seen.leads,
                answered_today: seen.answered_today,
                lost_today: seen.lost_today,
                allowed: word(&seen.allowed),
            },
            shadow: record.shadow.map(Made::from),
            outcomes: outcomes
                .map(|(outcome, calls)| (outcome.as_str().to_owned(), *calls))
                .collect(),
        }
    }
}

impl From<pacing::Decision> for Made {
    fn from(decision: pacing::Decision) -> Self {
        Self {
            lines: decision.lines,
            limit: word(&decision.why).unwrap_or_default(),
            predicted: decision.inputs.map(Predicted::from),
        }
    }
}

impl From<Inputs> for Predicted {
    fn from(inputs: Inputs) -> Self {
        Self {
            risk: inputs.risk,
            threshold: inputs.threshold,
            wish: inputs.wish,
            arrivals: inputs.arrivals,
            free: inputs.free,
            answer_share: inputs.answer_share,
            horizon_s: inputs.horizon_s,
            lost_share: inputs.lost_share,
            is_off: inputs.is_off,
        }
    }
}
