//! Taking leads back (OUT-133 to OUT-135, OUT-214, OUT-233) and handing them on (OUT-130).

use axum::{
    Json,
    extract::{Path, State},
};
use engine::draw::{Target, TargetType};
use serde::{Deserialize, Serialize};
use store::{
    access::{Role, members},
    tasks::{self, Handed},
    work::{By, Recycle, Work, enqueue},
};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{answer::Accepted, find, grants::may_give, heads::is_head};
use crate::{caller::Caller, clock::now, house::House, input::Body, problem::Problem};

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new()
        .routes(routes!(recycle))
        .routes(routes!(recycle_anywhere))
        .routes(routes!(recycle_robot))
        .routes(routes!(hand_on))
}

/// Leads that one request names at most.
const MOST: usize = 5_000;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OfTask {
    /// all, target, lead or rows.
    scope: String,
    /// For `target`: its id.
    target_id: Option<String>,
    /// For `lead`: its id.
    lead_id: Option<String>,
    /// For `rows`: their ids, at most 5,000.
    lead_ids: Option<Vec<String>>,
    /// pool (default) or department.
    to: Option<String>,
}

/// 回收 · Take leads back: the undialled ones of the whole task or of one of its targets, or those
/// that are named, dialled or not. Leads that are being dialled stay; the job's `result` says how
/// many (`recycled`, `being_dialled`, `dialled`,
/// and `no_department` where they were to go back to one).
#[utoipa::path(post, path = "/api/v1/tasks/{id}/recycle", tag = "tasks",
    params(("id" = String, Path)), request_body = OfTask,
    responses((status = 202, body = Accepted)))]
async fn recycle(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    Body(asked): Body<OfTask>,
) -> Result<Accepted, Problem> {
    let task = find::task(&house, &caller, &id).await?;
    let named = (asked.target_id, asked.lead_id, asked.lead_ids);
    let (target, leads) = match (asked.scope.as_str(), named) {
        ("all", (None, None, None)) => (None, Vec::new()),
        ("target", (Some(target), None, None)) => (Some(target), Vec::new()),
        ("lead", (None, Some(lead), None)) => (None, vec![lead]),
        ("rows", (None, None, Some(leads))) => (None, some(leads)?),
        _ => {
            let message = "must be all, target with target_id, lead with lead_id, or rows with \
                           lead_ids";
            return Err(Problem::at("/scope", "choice", message));
        }
    };
    // Of a task's targets the id alone says which.
    let holder = target.map(|id| (TargetType::Queue, id));
    let ask = Recycle {
        task: Some(task.id),
        holder,
        leads,
        to_department: to_department(asked.to.as_deref())?,
        orgi: caller.orgi().into(),
    };
    ask_for(&house, &caller, ask).await
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Anywhere {
    /// Of this agent, department, queue or robot: all its undialled leads. With `target_id`.
    target_type: Option<String>,
    target_id: Option<String>,
    /// Or these leads, dialled or not; at most 5,000.
    lead_ids: Option<Vec<String>>,
    /// pool (default) or department.
    to: Option<String>,
}

/// 回收 · Take leads back from an agent, department, queue or robot, or those that are ticked,
/// whatever task gave them away.
#[utoipa::path(post, path = "/api/v1/leads/recycle", tag = "leads", request_body = Anywhere,
    responses((status = 202, body = Accepted)))]
async fn recycle_anywhere(
    State(house): State<House>,
    caller: Caller,
    Body(asked): Body<Anywhere>,
) -> Result<Accepted, Problem> {
    let to_department = to_department(asked.to.as_deref())?;
    let (holder, leads) = match (asked.target_type, asked.target_id, asked.lead_ids) {
        (Some(kind), Some(id), None) => {
            let kind = TargetType::parse(&kind).ok_or_else(|| {
                let message = "must be agent, department, queue or robot";
                Problem::at("/target_type", "choice", message)
            })?;
            (Some((kind, id)), Vec::new())
        }
        (None, None, Some(leads)) => (None, some(leads)?),
        _ => {
            let message = "give target_type and target_id, or lead_ids";
            return Err(Problem::because("MALFORMED", message));
        }
    };
    let ask = Recycle {
        task: None,
        holder,
        leads,
        to_department,
        orgi: caller.orgi().into(),
    };
    ask_for(&house, &caller, ask).await
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OfRobot {
    /// These leads of it; all undialled ones when not given.
    lead_ids: Option<Vec<String>>,
}

/// 回收机器人名单 · Take all undialled leads of a robot back, or some (OUT-214).
#[utoipa::path(post, path = "/api/v1/robots/{id}/recycle", tag = "leads",
    params(("id" = String, Path)), request_body = OfRobot,
    responses((status = 202, body = Accepted)))]
async fn recycle_robot(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    Body(asked): Body<OfRobot>,
) -> Result<Accepted, Problem> {
    let leads = asked.lead_ids.map(some).transpose()?.unwrap_or_default();
    let ask = Recycle {
        task: None,
        holder: Some((TargetType::Robot, id)),
        leads,
        to_department: false,
        orgi: caller.orgi().into(),
    };
    ask_for(&house, &caller, ask).await
}

fn some(leads: Vec<String>) -> Result<Vec<String>, Problem> {
    if (1..=MOST).contains(&leads.len()) {
        Ok(leads)
    } else {
        Err(Problem::at("/lead_ids", "length", "must be 1 to 5,000"))
    }
}

fn to_department(asked: Option<&str>) -> Result<bool, Problem> {
    match asked {
        None | Some("pool") => Ok(false),
        Some("department") => Ok(true),
        _ => Err(Problem::at("/to", "choice", "must be pool or department")),
    }
}

async fn ask_for(house: &House, caller: &Caller, ask: Recycle) -> Result<Accepted, Problem> {
    let by = By {
        orgi: caller.orgi(),
        user: caller.user_id(),
        batch: None,
    };
    let mut tx = house.db.begin().await?;
    let job = enqueue(&mut tx, Work::RecycleTask(ask), by, now()).await?;
    tx.commit().await?;
    Ok(Accepted::job(job))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HandOn {
    department_id: String,
    /// A member of the department.
    agent_id: String,
    /// So many, the first in their order; 1 to 5,000.
    count: Option<i64>,
    /// Or these, at most 5,000.
    lead_ids: Option<Vec<String>>,
}

#[derive(Serialize, ToSchema)]
pub struct HandedOn {
    /// Leads that the agent has now and the department had.
    handed_on: i64,
}

/// 转交坐席 · Hand leads that a department has on to one of its members. Its heads may, and supervisors
/// who may give leads to it; `ALLOC_FORBIDDEN` for others.
#[utoipa::path(post, path = "/api/v1/tasks/{id}/hand-on", tag = "tasks",
    params(("id" = String, Path)), request_body = HandOn,
    responses((status = 200, body = HandedOn)))]
async fn hand_on(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    Body(asked): Body<HandOn>,
) -> Result<Json<HandedOn>, Problem> {
    let task = find::task(&house, &caller, &id).await?;
    let both = [
        Target::new(TargetType::Department, asked.department_id.clone(), 0),
        Target::new(TargetType::Agent, asked.agent_id.clone(), 0),
    ];
    if !is_head(&house, &caller, &asked.department_id).await? {
        if !matches!(caller.role(), Role::Admin | Role::Supervisor) {
            let message = "you do not head this department";
            return Err(Problem::because("ALLOC_FORBIDDEN", message));
        }
        may_give(&house, &caller, &both).await?;
    }
    let member = members::find(&house.db, caller.orgi(), &asked.agent_id).await?;
    let is_member = member.is_some_and(|one| one.department.as_ref() == Some(&asked.department_id));
    if !is_member {
        let message = "is no agent of the department";
        return Err(Problem::at("/agent_id", "unknown", message));
    }
    let (leads, count) = match (asked.lead_ids, asked.count) {
        (Some(leads), None) => (some(leads)?, MOST as i64),
        (None, Some(count @ 1..=5_000)) => (Vec::new(), count),
        _ => {
            let message = "give count (1 to 5,000) or lead_ids";
            return Err(Problem::at("/count", "range", message));
        }
    };
    let handed = Handed {
        task: &task.id,
        department: &asked.department_id,
        agent: &asked.agent_id,
        by: caller.user_id(),
        leads: &leads,
        count,
    };
    let mut tx = house.db.begin().await?;
    let handed_on = tasks::hand_on(&mut tx, handed, now()).await?;
    tx.commit().await?;
    Ok(Json(HandedOn { handed_on }))
}
