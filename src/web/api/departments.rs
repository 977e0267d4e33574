//! `/departments` (部门).

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use serde::{Deserialize, Serialize};
use store::access::{Role, departments};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{check, find};
use crate::{caller::Caller, house::House, input::Body, paging::List, problem::Problem};

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new()
        .routes(routes!(list, add))
        .routes(routes!(change, remove))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDepartment {
    /// 1 to 100 characters, unique.
    name: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DepartmentChange {
    /// 1 to 100 characters, unique.
    name: String,
}

#[derive(Serialize, ToSchema)]
pub struct Department {
    id: String,
    name: String,
}

/// 部门列表 · All departments.
#[utoipa::path(get, path = "/api/v1/departments", tag = "users",
    responses((status = 200, body = List<Department>)))]
async fn list(
    State(house): State<House>,
    caller: Caller,
) -> Result<Json<List<Department>>, Problem> {
    let rows = departments::list(&house.db, caller.orgi()).await?;
    let data = rows.into_iter().map(|row| Department {
        id: row.id,
        name: row.name,
    });
    Ok(Json(List::whole(data.collect())))
}

/// 新建部门 · Add a department.
#[utoipa::path(post, path = "/api/v1/departments", tag = "users", request_body = NewDepartment,
    responses((status = 201, body = Department)))]
async fn add(
    State(house): State<House>,
    caller: Caller,
    Body(asked): Body<NewDepartment>,
) -> Result<(StatusCode, Json<Department>), Problem> {
    let name = check::name("/name", &asked.name)?;
    let row = departments::Department {
        id: store::new_id("dep"),
        orgi: caller.orgi().into(),
        name,
    };
    departments::add(&house.db, &row).await?;
    Ok((
        StatusCode::CREATED,
        Json(Department {
            id: row.id,
            name: row.name,
        }),
    ))
}

/// 修改部门 · Give a department another name.
#[utoipa::path(patch, path = "/api/v1/departments/{id}", tag = "users",
    params(("id" = String, Path)), request_body = DepartmentChange,
    responses((status = 200, body = Department)))]
async fn change(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    Body(asked): Body<DepartmentChange>,
) -> Result<Json<Department>, Problem> {
    let name = check::name("/name", &asked.name)?;
    if !departments::rename(&house.db, caller.orgi(), &id, &name).await? {
        return Err(Problem::not_found());
    }
    Ok(Json(Department { id, name }))
}

/// 删除部门 · Delete a department. `DEPARTMENT_IN_USE` while users belong to it, it has leads, or a
/// campaign gives it some.
#[utoipa::path(delete, path = "/api/v1/departments/{id}", tag = "users",
    params(("id" = String, Path)), responses((status = 204)))]
async fn remove(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    find::there(departments::get(&house.db, caller.orgi(), &id).await?)?;
    let mut tx = house.db.begin().await?;
    departments::delete(&mut tx, caller.orgi(), &id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Whoever sets up batches belongs to a department, once the house has any (OUT-006, OUT-007).
/// Administrators make the departments, so they need none.
///
/// # Errors
/// `NO_DEPARTMENT`.
pub async fn belongs(house: &House, caller: &Caller) -> Result<(), Problem> {
    if caller.role() == Role::Admin
        || caller.session.department_id.is_some()
        || !departments::are_there(&house.db, caller.orgi()).await?
    {
        return Ok(());
    }
    let message = "your account must be linked to a department first";
    Err(Problem::because("NO_DEPARTMENT", message))
}
