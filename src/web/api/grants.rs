//! `/grants` (角色授权): to whom a role may give leads (OUT-131, OUT-155, OUT-156).

use axum::{
    Json,
    extract::{Path, State},
};
use engine::draw::{
    Target, TargetType,
    grants::{Account, Grant, Receiver},
};
use serde::{Deserialize, Serialize};
use store::{
    access::{Role, members},
    grants,
};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::targets::Known;
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

const MOST: usize = 5_000;

#[derive(Serialize, ToSchema)]
pub struct GrantsOut {
    role: String,
    /// `null`: never set. Then accounts of the role without a department may give to everybody, and
    /// those with one to their department and its members.
    targets: Option<Vec<GrantTarget>>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GrantsIn {
    /// `null`: as if never set.
    targets: Option<Vec<GrantTarget>>,
}

#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GrantTarget {
    /// agent, department, queue or robot.
    target_type: String,
    /// `*`: all of this type. A department stands for its members too.
    target_id: String,
}

/// 角色授权 · To whom a role may give leads.
#[utoipa::path(get, path = "/api/v1/grants/{role}", tag = "setup",
    params(("role" = String, Path)), responses((status = 200, body = GrantsOut)))]
async fn get(
    State(house): State<House>,
    caller: Caller,
    Path(role): Path<String>,
) -> Result<Json<GrantsOut>, Problem> {
    let named: Role = role.parse().map_err(|_| Problem::not_found())?;
    let stored = grants::get(&house.db, caller.orgi(), named).await?;
    Ok(Json(GrantsOut {
        role,
        targets: stored.map(|grants| grants.into_iter().map(shown).collect()),
    }))
}

/// 设置授权 · Set to whom a role may give leads.
#[utoipa::path(put, path = "/api/v1/grants/{role}", tag = "setup",
    params(("role" = String, Path)), request_body = GrantsIn,
    responses((status = 200, body = GrantsOut)))]
async fn put(
    State(house): State<House>,
    caller: Caller,
    Path(role): Path<String>,
    Body(asked): Body<GrantsIn>,
) -> Result<Json<GrantsOut>, Problem> {
    let named: Role = role.parse().map_err(|_| Problem::not_found())?;
    let checked = match asked.targets {
        Some(targets) => Some(checked(&house, &caller, targets).await?),
        None => None,
    };
    let mut tx = house.db.begin().await?;
    let by = (caller.user_id(), now());
    grants::set(&mut tx, caller.orgi(), named, checked.as_deref(), by).await?;
    tx.commit().await?;
    Ok(Json(GrantsOut {
        role,
        targets: checked.map(|grants| grants.into_iter().map(shown).collect()),
    }))
}

fn shown(grant: Grant) -> GrantTarget {
    GrantTarget {
        target_type: grant.target_type.as_str().into(),
        target_id: grant.target_id,
    }
}

async fn checked(
    house: &House,
    caller: &Caller,
    asked: Vec<GrantTarget>,
) -> Result<Vec<Grant>, Problem> {
    if asked.len() > MOST {
        return Err(Problem::at("/targets", "length", "at most 5,000 targets"));
    }
    let known = Known::read(house, caller).await?;
    let mut faults = Vec::new();
    let mut grants: Vec<Grant> = Vec::new();
    for (at, one) in asked.into_iter().enumerate() {
        let Some(target_type) = TargetType::parse(&one.target_type) else {
            let message = "must be agent, department, queue or robot";
            faults.push(Fault::new(
                &format!("/targets/{at}/target_type"),
                "choice",
                message,
            ));
            continue;
        };
        let grant = Grant {
            target_type,
            target_id: one.target_id,
        };
        if grant.target_id != "*" && !known.has(target_type, &grant.target_id) {
            let at = format!("/targets/{at}/target_id");
            faults.push(Fault::new(&at, "unknown", "there is none"));
        }
        grants.push(grant);
    }
    grants.sort();
    grants.dedup();
    if faults.is_empty() {
        Ok(grants)
    } else {
        Err(Problem::invalid(faults))
    }
}

/// Whether the caller may give leads to all of these.
///
/// # Errors
/// `ALLOC_FORBIDDEN` with each target that is not the caller's to give to.
pub async fn may_give(house: &House, caller: &Caller, to: &[Target]) -> Result<(), Problem> {
    let db = &house.db;
    let account = Account {
        is_admin: caller.role() == Role::Admin,
        department: caller.session.department_id.as_deref(),
        grants: vec![grants::get(db, caller.orgi(), caller.role()).await?],
    };
    if account.is_admin {
        return Ok(());
    }
    let members = members::list(db, caller.orgi()).await?;
    let department = |target: &Target| match target.target_type {
        TargetType::Department => Some(target.target_id.clone()),
        TargetType::Agent => members
            .iter()
            .find(|member| member.agent == target.target_id)
            .and_then(|member| member.department.clone()),
        TargetType::Queue | TargetType::Robot => None,
    };
    let mut faults = Vec::new();
    for (at, target) in to.iter().enumerate() {
        let department = department(target);
        let receiver = Receiver {
            target_type: target.target_type,
            target_id: &target.target_id,
            department: department.as_deref(),
        };
        if !account.may_give(receiver) {
            let who = format!("{} {}", target.target_type.as_str(), target.target_id);
            faults.push(Fault::new(&format!("/{at}/target_id"), "forbidden", who));
        }
    }
    if faults.is_empty() {
        return Ok(());
    }
    let named: Vec<&str> = faults.iter().map(|fault| fault.message.as_str()).collect();
    let detail = format!("you may not give leads to {}", named.join(", "));
    Err(Problem {
        errors: faults,
        ..Problem::because("ALLOC_FORBIDDEN", detail)
    })
}
