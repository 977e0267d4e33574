//! `/campaigns/{id}/targets` (分配对象): who gets a campaign's leads (OUT-107, OUT-119, OUT-120).

use axum::{
    Json,
    extract::{Path, State},
};
use engine::draw::{Division, Target, TargetType};
use serde::{Deserialize, Serialize};
use store::{campaigns::Campaign, targets};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{find, grants::may_give};
use crate::{
    caller::Caller,
    clock::now,
    house::House,
    input::Body,
    paging::List,
    problem::{Fault, Problem},
};

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new().routes(routes!(get_targets, set_targets))
}

const MOST: u64 = 1_000_000;

#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetIn {
    /// agent, department, queue or robot.
    target_type: String,
    target_id: String,
    /// 0 = unlimited; the campaign's default when not given, or 0 where the campaign divides by
    /// itself (`settings.division`).
    quantity: Option<u64>,
    /// Its part when the campaign divides proportionally, 0 to 1,000,000; 1 when not given.
    weight: Option<u64>,
    /// Most undialled leads it may hold at once; 0 (when not given) = any number.
    hold_max: Option<u64>,
}

#[derive(Serialize, ToSchema)]
pub struct TargetOut {
    target_type: &'static str,
    target_id: String,
    quantity: u64,
    weight: u64,
    hold_max: u64,
}

impl From<Target> for TargetOut {
    fn from(target: Target) -> Self {
        Self {
            target_type: target.target_type.as_str(),
            target_id: target.target_id,
            quantity: target.quantity,
            weight: target.weight,
            hold_max: target.hold_max,
        }
    }
}

/// 分配对象 · Who gets the leads, in this order.
#[utoipa::path(get, path = "/api/v1/campaigns/{id}/targets", tag = "campaigns",
    params(("id" = String, Path)), responses((status = 200, body = List<TargetOut>)))]
async fn get_targets(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<List<TargetOut>>, Problem> {
    find::campaign(&house, &caller, &id).await?;
    let rows = targets::list(&house.db, &id).await?;
    Ok(Json(List::whole(
        rows.into_iter().map(TargetOut::from).collect(),
    )))
}

/// 选择分配对象 · Set who gets the leads: preview agents and departments, predictive queues, robot
/// robots. `ALLOC_FORBIDDEN` names those that are not the caller's to give leads to.
#[utoipa::path(put, path = "/api/v1/campaigns/{id}/targets", tag = "campaigns",
    params(("id" = String, Path)), request_body = Vec<TargetIn>,
    responses((status = 200, body = List<TargetOut>)))]
async fn set_targets(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    Body(asked): Body<Vec<TargetIn>>,
) -> Result<Json<List<TargetOut>>, Problem> {
    let campaign = find::campaign(&house, &caller, &id).await?;
    let rows = checked_targets(&house, &caller, &campaign, asked).await?;
    may_give(&house, &caller, &rows).await?;
    let mut tx = house.db.begin().await?;
    targets::replace(&mut tx, &id, &rows, now()).await?;
    tx.commit().await?;
    Ok(Json(List::whole(
        rows.into_iter().map(TargetOut::from).collect(),
    )))
}

async fn checked_targets(
    house: &House,
    caller: &Caller,
    campaign: &Campaign,
    asked: Vec<TargetIn>,
) -> Result<Vec<Target>, Problem> {
    if asked.len() > 500 {
        return Err(Problem::at("", "length", "at most 500 targets"));
    }
    let mode = campaign.mode()?;
    let known = Known::read(house, caller).await?;
    let usual = match campaign.settings.division {
        Division::Manual => u64::try_from(campaign.default_alloc).unwrap_or_default(),
        Division::Even | Division::Proportional | Division::Owner { .. } => 0,
    };
    let mut faults = Vec::new();
    let mut rows: Vec<Target> = Vec::new();
    for (at, target) in asked.into_iter().enumerate() {
        let Some(target_type) = TargetType::parse(&target.target_type) else {
            let message = "must be agent, department, queue or robot";
            faults.push(Fault::new(&format!("/{at}/target_type"), "choice", message));
            continue;
        };
        let (weight, hold_max) = (target.weight.unwrap_or(1), target.hold_max.unwrap_or(0));
        let row = Target {
            target_type,
            target_id: target.target_id,
            quantity: target.quantity.unwrap_or(usual),
            weight,
            hold_max,
        };
        for (name, value) in [
            ("quantity", row.quantity),
            ("weight", weight),
            ("hold_max", hold_max),
        ] {
            if value > MOST {
                faults.push(Fault::new(
                    &format!("/{at}/{name}"),
                    "range",
                    "must be 0 to 1,000,000",
                ));
            }
        }
        if !row.target_type.fits(mode) {
            let at = format!("/{at}/target_type");
            faults.push(Fault::new(&at, "type", "does not fit the campaign's type"));
        } else if !known.has(row.target_type, &row.target_id) {
            faults.push(Fault::new(
                &format!("/{at}/target_id"),
                "unknown",
                "there is none",
            ));
        } else if rows
            .iter()
            .any(|other| other.target_type == row.target_type && other.target_id == row.target_id)
        {
            faults.push(Fault::new(
                &format!("/{at}/target_id"),
                "duplicate",
                "is named twice",
            ));
        }
        rows.push(row);
    }
    if faults.is_empty() {
        Ok(rows)
    } else {
        Err(Problem::invalid(faults))
    }
}

/// What a target may name.
pub struct Known {
    agents: Vec<String>,
    departments: Vec<String>,
    queues: Vec<String>,
}

impl Known {
    pub async fn read(house: &House, caller: &Caller) -> Result<Self, Problem> {
        let (db, orgi) = (&house.db, caller.orgi());
        let departments = store::access::departments::list(db, orgi).await?;
        Ok(Self {
            agents: store::agents::list(db, orgi)
                .await?
                .into_iter()
                .map(|a| a.id)
                .collect(),
            departments: departments.into_iter().map(|d| d.id).collect(),
            queues: store::queues::list(db, orgi)
                .await?
                .into_iter()
                .map(|q| q.id)
                .collect(),
        })
    }

    pub fn has(&self, kind: TargetType, id: &str) -> bool {
        let among = |ids: &[String]| ids.iter().any(|one| one == id);
        match kind {
            TargetType::Agent => among(&self.agents),
            TargetType::Department => among(&self.departments),
            TargetType::Queue => among(&self.queues),
            // A robot is known by the prompt it plays.
            TargetType::Robot => !id.is_empty() && id.len() <= 64,
        }
    }
}
