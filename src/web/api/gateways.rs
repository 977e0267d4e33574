//! `/gateways`: SIP trunks (VOX-184 to VOX-197).

mod check;
mod form;
mod shown;

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use form::GatewayIn;
pub use shown::{GatewayOut, at};
use store::gateways;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    configured::{deleted, saved},
    find, named_by,
};
use crate::{
    caller::Caller, clock::now, house::House, input::Body, paging::List, problem::Problem,
};

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(get, put, remove))
}

/// 网关列表 · All gateways.
#[utoipa::path(get, path = "/api/v1/gateways", tag = "setup",
    responses((status = 200, body = List<GatewayOut>)))]
async fn list(State(house): State<House>) -> Result<Json<List<GatewayOut>>, Problem> {
    Ok(Json(List::whole(all(&house).await?)))
}

/// # Errors
/// When the database does not answer.
pub async fn all(house: &House) -> Result<Vec<GatewayOut>, Problem> {
    let rows = gateways::list(&house.db).await?;
    let statuses = house.live.lines().gateways();
    let shown = |row| GatewayOut::of(house, row, &statuses);
    Ok(rows.into_iter().map(shown).collect())
}

/// 网关 · One gateway.
#[utoipa::path(get, path = "/api/v1/gateways/{id}", tag = "setup", params(("id" = String, Path)),
    responses((status = 200, body = GatewayOut)))]
async fn get(
    State(house): State<House>,
    Path(id): Path<String>,
) -> Result<Json<GatewayOut>, Problem> {
    let rows = gateways::list(&house.db).await?;
    let row = find::there(rows.into_iter().find(|row| row.id == id))?;
    let statuses = house.live.lines().gateways();
    Ok(Json(GatewayOut::of(&house, row, &statuses)))
}

/// 设置网关 · Add a gateway under this id, or change the one that has it.
#[utoipa::path(put, path = "/api/v1/gateways/{id}", tag = "setup", params(("id" = String, Path)),
    request_body = GatewayIn, responses((status = 200, body = GatewayOut)))]
async fn put(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    Body(asked): Body<GatewayIn>,
) -> Result<Json<GatewayOut>, Problem> {
    let mut stored = gateways::list(&house.db).await?.into_iter();
    let stored = stored.find(|row| row.id == id);
    let kept = stored.and_then(|row| row.password);
    let mut gateway = asked.read(&id, kept.is_some())?;
    let mut tx = house.db.begin().await?;
    gateways::put(&mut tx, caller.orgi(), &gateway, now()).await?;
    saved(&house, tx).await?;
    gateway.password = gateway.password.or(kept).filter(|text| !text.is_empty());
    let statuses = house.live.lines().gateways();
    Ok(Json(GatewayOut::of(&house, gateway, &statuses)))
}

/// 删除网关 · Delete a gateway. `GATEWAY_IN_USE` while a campaign that is not over dials through
/// it, or a route names it.
#[utoipa::path(delete, path = "/api/v1/gateways/{id}", tag = "setup", params(("id" = String, Path)),
    responses((status = 204)))]
async fn remove(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    if let Some(campaign) = gateways::user_of(&house.db, caller.orgi(), &id).await? {
        let why = format!("the campaign {campaign} dials through it");
        return Err(Problem::because("GATEWAY_IN_USE", why));
    }
    if let Some(why) = named_by::gateway(&house.db, caller.orgi(), &id).await? {
        return Err(Problem::because("GATEWAY_IN_USE", why));
    }
    let mut tx = house.db.begin().await?;
    let was_there = gateways::delete(&mut tx, caller.orgi(), &id).await?;
    deleted(&house, tx, was_there).await
}
