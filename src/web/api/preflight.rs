//! `GET /campaigns/{id}/preflight`: before a start, how many leads could be called now, later today, or
//! not, and why.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use store::{
    filter_runs,
    preflight::{self, Preflight},
    work::{By, Work, enqueue},
};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{answer::Accepted, find, wait};
use crate::{
    caller::Caller,
    clock::{At, now},
    house::House,
    input::Params,
    problem::Problem,
};

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new().routes(routes!(look))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// filter: what a start would draw from; allocated: what the campaign has. When not given, filter
    /// for a draft and allocated for any other.
    over: Option<String>,
    /// The result of this job, when the first answer was 202.
    job_id: Option<String>,
}

/// `total` = `now` + `later` + the sum of `not`.
#[derive(Debug, Serialize, ToSchema)]
pub struct PreflightOut {
    job_id: String,
    campaign_id: String,
    /// When it was looked.
    at: At,
    total: u64,
    now: u64,
    /// Later today, when the window is open and what they wait for has come.
    later: u64,
    /// Reason to leads that are not called today. Each lead has one, the first of: in_use, reserved, dialling, done, no_number,
    /// then the gate's (voided, dnc, cap, day_cap, window, caller_id, live, gateway_missing), then
    /// appointment and resting.
    not: BTreeMap<String, u64>,
    /// How many become callable in each hour of today.
    curve: Vec<HourOut>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct HourOut {
    hour: At,
    leads: u64,
}

/// 拨前预检 · How many leads could be called, and why not the others. 202 when it takes longer.
#[utoipa::path(get, path = "/api/v1/campaigns/{id}/preflight", tag = "campaigns",
    params(("id" = String, Path), Which),
    responses((status = 200, body = PreflightOut), (status = 202, body = Accepted)))]
async fn look(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    Params(asked): Params<Which>,
) -> Result<Response, Problem> {
    let campaign = find::campaign(&house, &caller, &id).await?;
    let job = match asked.job_id {
        Some(job) => find::job(&house, &caller, &job).await?.id,
        None => begin(&house, &caller, &campaign, asked.over.as_deref()).await?,
    };
    if !wait::done(&house, &job).await? {
        return Ok(Accepted::job(job).into_response());
    }
    let found = find::there(preflight::get(&house.db, &id, &job).await?)?;
    Ok(Json(PreflightOut::from(found)).into_response())
}

async fn begin(
    house: &House,
    caller: &Caller,
    campaign: &store::campaigns::Campaign,
    over: Option<&str>,
) -> Result<String, Problem> {
    let by_filter = match over {
        None => campaign.state == "draft",
        Some("filter") => true,
        Some("allocated") => false,
        Some(_) => {
            return Err(Problem::at(
                "/over",
                "choice",
                "must be filter or allocated",
            ));
        }
    };
    let mut tx = house.db.begin().await?;
    let run = if by_filter {
        let run =
            filter_runs::create_to_look(&mut tx, caller.orgi(), &campaign.filter_id, now()).await?;
        Some(find::there(run)?)
    } else {
        None
    };
    let by = By {
        orgi: caller.orgi(),
        user: caller.user_id(),
        batch: None,
    };
    let work = Work::Preflight {
        campaign: campaign.id.clone(),
        run,
    };
    let job = enqueue(&mut tx, work, by, now()).await?;
    tx.commit().await?;
    Ok(job)
}

impl From<Preflight> for PreflightOut {
    fn from(found: Preflight) -> Self {
        let result = found.result.0;
        let hour = |(hour, leads)| HourOut {
            hour: At(hour),
            leads,
        };
        Self {
            job_id: found.job_id,
            campaign_id: found.campaign_id,
            at: At(found.at),
            total: result.total,
            now: result.now,
            later: result.later,
            not: result.not,
            curve: result.curve.into_iter().map(hour).collect(),
        }
    }
}
