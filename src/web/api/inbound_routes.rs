//! `/routes`: which queue a called number leads to.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use serde::Deserialize;
use store::routes::{self as stored, Route};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{check, shown::shown};
use crate::{caller::Caller, house::House, input::Body, paging::List, problem::Problem};

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(put, remove))
}

shown! {
    RouteOut of Route {
        id: String,
        /// Routes are tried in this order.
        position: i64,
        /// The called number, or `*` for every other.
        number: String,
        queue_id: String,
        enabled: bool,
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RouteIn {
    #[serde(default)]
    position: i64,
    /// Digits with an optional `+`, or `*`.
    number: String,
    queue_id: String,
    enabled: Option<bool>,
}

/// 呼入路由 · Routes in the order in which they are tried.
#[utoipa::path(get, path = "/api/v1/routes", tag = "setup",
    responses((status = 200, body = List<RouteOut>)))]
async fn list(State(house): State<House>, caller: Caller) -> Result<Json<List<RouteOut>>, Problem> {
    let rows = stored::list(&house.db, caller.orgi()).await?;
    Ok(Json(List::whole(
        rows.into_iter().map(RouteOut::from).collect(),
    )))
}

/// 设置路由 · Add a route under this id, or change the one that has it.
#[utoipa::path(put, path = "/api/v1/routes/{id}", tag = "setup", params(("id" = String, Path)),
    request_body = RouteIn, responses((status = 200, body = RouteOut)))]
async fn put(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    Body(asked): Body<RouteIn>,
) -> Result<Json<RouteOut>, Problem> {
    let route = Route {
        id: check::chosen_id("/id", &id)?,
        position: asked.position,
        number: match asked.number.as_str() {
            "*" => "*".into(),
            number => check::number("/number", number)?,
        },
        queue_id: asked.queue_id,
        enabled: asked.enabled.unwrap_or(true),
    };
    let mut tx = house.db.begin().await?;
    stored::put(&mut tx, caller.orgi(), &route).await?;
    tx.commit().await?;
    house.live.reload().await;
    Ok(Json(route.into()))
}

/// 删除路由 · Delete a route.
#[utoipa::path(delete, path = "/api/v1/routes/{id}", tag = "setup", params(("id" = String, Path)),
    responses((status = 204)))]
async fn remove(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let mut tx = house.db.begin().await?;
    if !stored::delete(&mut tx, caller.orgi(), &id).await? {
        return Err(Problem::not_found());
    }
    tx.commit().await?;
    house.live.reload().await;
    Ok(StatusCode::NO_CONTENT)
}
