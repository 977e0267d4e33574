//! `/settings/supervision`: whose agents supervisors give orders to (AGT-153).

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use store::{
    access::departments,
    tenant_settings::{self, Supervision},
};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::configured::saved;
use crate::{
    caller::Caller,
    clock::now,
    house::House,
    input::Body,
    problem::{Fault, Problem},
};

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new().routes(routes!(get, put))
}

const MOST: usize = 1_000;

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SupervisionDoc {
    /// Whose agents every supervisor gives orders to, beside nobody else's; at most 1,000 ids. `null`: never
    /// set. Then supervisors of a department have its agents, and those without one have everybody.
    departments: Option<Vec<String>>,
}

/// 班长监控部门 · Whose agents supervisors listen to and give orders to.
#[utoipa::path(get, path = "/api/v1/settings/supervision", tag = "settings",
    responses((status = 200, body = SupervisionDoc)))]
async fn get(State(house): State<House>, caller: Caller) -> Result<Json<SupervisionDoc>, Problem> {
    let Supervision { departments } = tenant_settings::get(&house.db, caller.orgi()).await?;
    Ok(Json(SupervisionDoc { departments }))
}

/// 设置班长监控部门 · Set it; it holds from the next order on.
#[utoipa::path(put, path = "/api/v1/settings/supervision", tag = "settings",
    request_body(content = SupervisionDoc, example = json!({"departments": ["dep_1", "dep_2"]})),
    responses((status = 200, body = SupervisionDoc)))]
async fn put(
    State(house): State<House>,
    caller: Caller,
    Body(asked): Body<SupervisionDoc>,
) -> Result<Json<SupervisionDoc>, Problem> {
    let named = asked.departments.as_deref().unwrap_or_default();
    there(&house, &caller, named).await?;
    let mut set = Supervision {
        departments: asked.departments,
    };
    if let Some(departments) = &mut set.departments {
        departments.sort();
        departments.dedup();
    }
    let mut tx = house.db.begin().await?;
    tenant_settings::put(&mut tx, caller.orgi(), &set, now()).await?;
    saved(&house, tx).await?;
    let Supervision { departments } = set;
    Ok(Json(SupervisionDoc { departments }))
}

/// # Errors
/// `INVALID` with each department that there is not.
async fn there(house: &House, caller: &Caller, named: &[String]) -> Result<(), Problem> {
    if named.len() > MOST {
        let text = "at most 1,000 departments";
        return Err(Problem::at("/departments", "length", text));
    }
    let known = departments::list(&house.db, caller.orgi()).await?;
    let is_unknown = |id: &String| !known.iter().any(|one| one.id == *id);
    let unknown = named.iter().enumerate().filter(|(_, id)| is_unknown(id));
    let fault = |(at, _)| Fault::new(&format!("/departments/{at}"), "unknown", "there is none");
    let faults: Vec<Fault> = unknown.map(fault).collect();
    match faults.is_empty() {
        true => Ok(()),
        false => Err(Problem::invalid(faults)),
    }
}
