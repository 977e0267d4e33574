//! `/departments/{id}`: a department with its heads, its agents, and the leads it has to hand on
//! (OUT-130).

use std::collections::BTreeSet;

use axum::{
    Json,
    extract::{Path, State},
};
use engine::{draw::TargetType, lead_query::Query};
use serde::{Deserialize, Serialize};
use store::{
    access::{Role, departments, heads, members},
    lead_search,
};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::find;
use crate::{caller::Caller, house::House, input::Body, problem::Problem};

/// Most heads of a department.
const MOST: usize = 50;
/// Most leads that are counted.
const COUNTED: i64 = 100_000;

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new()
        .routes(routes!(get))
        .routes(routes!(put))
}

#[derive(Serialize, ToSchema)]
pub struct DepartmentDetail {
    id: String,
    name: String,
    heads: Vec<HeadOut>,
    /// Agents whose user belongs to the department.
    members: Vec<MemberOut>,
    /// Leads that the department itself has, 100,000 at most: `GET /leads?department_id=…`.
    leads: i64,
}

#[derive(Serialize, ToSchema)]
pub struct HeadOut {
    user_id: String,
    username: String,
    display_name: String,
}

#[derive(Serialize, ToSchema)]
pub struct MemberOut {
    agent_id: String,
    name: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HeadsIn {
    /// Users, at most 50; none: the department has no head.
    user_ids: Vec<String>,
}

/// 部门 · One department. Administrators and supervisors see any, others those that they head.
#[utoipa::path(get, path = "/api/v1/departments/{id}", tag = "users",
    params(("id" = String, Path)), responses((status = 200, body = DepartmentDetail)))]
async fn get(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<DepartmentDetail>, Problem> {
    let leads = matches!(caller.role(), Role::Admin | Role::Supervisor);
    if !leads && !is_head(&house, &caller, &id).await? {
        return Err(Problem::not_found());
    }
    Ok(Json(seen(&house, &caller, &id).await?))
}

/// 部门负责人 · Say who heads a department. A head sees the leads that the department was given and
/// hands them on to its agents; this changes nothing else of what the user may do.
#[utoipa::path(put, path = "/api/v1/departments/{id}/heads", tag = "users",
    params(("id" = String, Path)), request_body = HeadsIn,
    responses((status = 200, body = DepartmentDetail)))]
async fn put(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    Body(asked): Body<HeadsIn>,
) -> Result<Json<DepartmentDetail>, Problem> {
    find::there(departments::get(&house.db, caller.orgi(), &id).await?)?;
    if asked.user_ids.len() > MOST {
        return Err(Problem::at("/user_ids", "length", "at most 50 users"));
    }
    let users: BTreeSet<String> = asked.user_ids.into_iter().collect();
    let users: Vec<String> = users.into_iter().collect();
    let mut tx = house.db.begin().await?;
    heads::replace(&mut tx, caller.orgi(), &id, &users)
        .await
        .map_err(|error| match error.code() {
            Some("NO_SUCH_USER") => Problem::at("/user_ids", "unknown", "there is no such user"),
            _ => error.into(),
        })?;
    tx.commit().await?;
    Ok(Json(seen(&house, &caller, &id).await?))
}

async fn seen(house: &House, caller: &Caller, id: &str) -> Result<DepartmentDetail, Problem> {
    let (db, orgi) = (&house.db, caller.orgi());
    let department = find::there(departments::get(db, orgi, id).await?)?;
    let own = Query {
        targets: vec![(TargetType::Department, id.to_owned())],
        ..Query::default()
    };
    let members = members::list(db, orgi).await?.into_iter();
    let members = members.filter(|member| member.department.as_deref() == Some(id));
    Ok(DepartmentDetail {
        leads: lead_search::count(db, orgi, &own, COUNTED).await?,
        heads: heads::of_department(db, id)
            .await?
            .into_iter()
            .map(|head| HeadOut {
                user_id: head.user_id,
                username: head.username,
                display_name: head.display_name,
            })
            .collect(),
        members: members
            .map(|member| MemberOut {
                agent_id: member.agent,
                name: member.name,
            })
            .collect(),
        id: department.id,
        name: department.name,
    })
}

/// Whether the caller heads this department.
///
/// # Errors
/// When the database fails.
pub async fn is_head(house: &House, caller: &Caller, department: &str) -> Result<bool, Problem> {
    let headed = heads::of_user(&house.db, caller.user_id()).await?;
    Ok(headed.iter().any(|id| id == department))
}
