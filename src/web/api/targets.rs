//! `/campaigns/{id}/targets` (分配对象): who gets a campaign's leads (OUT-107, OUT-119, OUT-120).

use axum::{
    Json,
    extract::{Path, State},
};
use engine::draw::Target;
use serde::{Deserialize, Serialize};
use store::{campaigns::Campaign, targets};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::find;
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

#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetIn {
    /// agent, department, queue or robot.
    target_type: String,
    target_id: String,
    /// 0 = unlimited; the campaign's default when not given.
    quantity: Option<u64>,
}

#[derive(Serialize, ToSchema)]
pub struct TargetOut {
    target_type: &'static str,
    target_id: String,
    quantity: u64,
}

impl From<Target> for TargetOut {
    fn from(target: Target) -> Self {
        Self {
            target_type: target.target_type.as_str(),
            target_id: target.target_id,
            quantity: target.quantity,
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
/// robots.
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
    let mut faults = Vec::new();
    let mut rows: Vec<Target> = Vec::new();
    for (at, target) in asked.into_iter().enumerate() {
        let kind = serde_json::Value::String(target.target_type.clone());
        let Ok(target_type) = serde_json::from_value(kind) else {
            let at = format!("/{at}/target_type");
            faults.push(Fault::new(
                &at,
                "choice",
                "must be agent, department, queue or robot",
            ));
            continue;
        };
        let row = Target {
            target_type,
            target_id: target.target_id,
            quantity: target
                .quantity
                .unwrap_or_else(|| u64::try_from(campaign.default_alloc).unwrap_or_default()),
        };
        if !row.target_type.fits(mode) {
            let at = format!("/{at}/target_type");
            faults.push(Fault::new(&at, "type", "does not fit the campaign's type"));
        } else if !known.has(&row) {
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
struct Known {
    agents: Vec<String>,
    departments: Vec<String>,
    queues: Vec<String>,
}

impl Known {
    async fn read(house: &House, caller: &Caller) -> Result<Self, Problem> {
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

    fn has(&self, target: &Target) -> bool {
        use engine::draw::TargetType as T;
        match target.target_type {
            T::Agent => self.agents.contains(&target.target_id),
            T::Department => self.departments.contains(&target.target_id),
            T::Queue => self.queues.contains(&target.target_id),
            // A robot is known by the prompt it plays.
            T::Robot => !target.target_id.is_empty() && target.target_id.len() <= 64,
        }
    }
}
