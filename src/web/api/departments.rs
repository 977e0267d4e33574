//! `/departments` (部门).

use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use store::access::departments;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::check;
use crate::{caller::Caller, house::House, input::Body, paging::List, problem::Problem};

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new().routes(routes!(list, add))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDepartment {
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
