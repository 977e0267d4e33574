//! `/gateways`: SIP trunks.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use engine::gateway::{Settings, Trouble};
use serde::{Deserialize, Serialize};
use store::gateways::{self, Gateway};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{check, find};
use crate::{
    caller::Caller,
    clock::{At, now},
    house::House,
    input::{Body, strict},
    paging::List,
    problem::Problem,
};

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(get, put, remove))
}

#[derive(Serialize, ToSchema)]
pub struct GatewayOut {
    pub id: String,
    pub name: String,
    pub host: String,
    pub port: u16,
    /// udp, tcp or tls.
    pub transport: String,
    pub username: Option<String>,
    pub enabled: bool,
    /// max_channels, max_cps, inbound_reserved.
    #[schema(value_type = Object)]
    pub settings: Settings,
    /// Calls up now.
    pub in_use: u32,
    /// Nothing is dialled through it now.
    pub paused: bool,
    /// Why: silent (it does not answer OPTIONS, or its registrar does not have us) or failing (it
    /// failed most calls of a minute, and rests).
    #[schema(value_type = Option<String>)]
    pub trouble: Option<Trouble>,
    /// When it is tried again, where that is known.
    pub paused_until: Option<At>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GatewayIn {
    name: String,
    /// IP address or host name.
    host: String,
    /// 1 to 65,535; 5060 when not given.
    port: Option<u16>,
    /// udp (default), tcp or tls.
    transport: Option<String>,
    username: Option<String>,
    /// Never given out again; not given: the stored one stays.
    password: Option<String>,
    enabled: Option<bool>,
    /// Settings that differ from the defaults.
    #[schema(value_type = Object)]
    settings: Option<serde_json::Value>,
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
    Ok(rows.into_iter().map(|row| show(house, row)).collect())
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
    Ok(Json(show(&house, row)))
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
    let settings: Settings = match asked.settings {
        Some(settings) => strict(settings)?,
        None => Settings::default(),
    };
    in_range(&settings)?;
    let transport = asked.transport.as_deref().unwrap_or("udp");
    let gateway = Gateway {
        id: check::chosen_id("/id", &id)?,
        name: check::name("/name", &asked.name)?,
        host: host(&asked.host)?,
        port: asked.port.unwrap_or(5060),
        transport: check::one_of("/transport", transport, &["udp", "tcp", "tls"])?.into(),
        username: asked
            .username
            .map(|text| check::text("/username", text, 100))
            .transpose()?,
        password: asked
            .password
            .map(|text| check::text("/password", text, 200))
            .transpose()?,
        enabled: asked.enabled.unwrap_or(true),
        settings,
    };
    let mut tx = house.db.begin().await?;
    gateways::put(&mut tx, caller.orgi(), &gateway, now()).await?;
    tx.commit().await?;
    house.live.reload().await;
    Ok(Json(show(&house, gateway)))
}

/// 删除网关 · Delete a gateway.
#[utoipa::path(delete, path = "/api/v1/gateways/{id}", tag = "setup", params(("id" = String, Path)),
    responses((status = 204)))]
async fn remove(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let mut tx = house.db.begin().await?;
    if !gateways::delete(&mut tx, caller.orgi(), &id).await? {
        return Err(Problem::not_found());
    }
    tx.commit().await?;
    house.live.reload().await;
    Ok(StatusCode::NO_CONTENT)
}

fn host(text: &str) -> Result<String, Problem> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
    if (1..=253).contains(&text.len()) && text.chars().all(fits) {
        Ok(text.to_owned())
    } else {
        Err(Problem::at(
            "/host",
            "format",
            "must be an IP address or a host name",
        ))
    }
}

fn in_range(settings: &Settings) -> Result<(), Problem> {
    let checks = [
        (
            (1..=10_000).contains(&settings.max_channels),
            "max_channels",
            "1 to 10,000",
        ),
        (
            (0.1..=1_000.0).contains(&settings.max_cps),
            "max_cps",
            "0.1 to 1,000",
        ),
        (
            (0.0..=0.9).contains(&settings.inbound_reserved),
            "inbound_reserved",
            "0 to 0.9",
        ),
    ];
    match checks.into_iter().find(|(holds, ..)| !holds) {
        Some((_, name, range)) => Err(Problem::at(
            &format!("/settings/{name}"),
            "range",
            format!("must be {range}"),
        )),
        None => Ok(()),
    }
}

fn show(house: &House, row: Gateway) -> GatewayOut {
    let view = house.live.view();
    let seen = view.gateways.iter().find(|seen| seen.id.as_str() == row.id);
    let trouble = seen.and_then(|seen| seen.trouble);
    GatewayOut {
        id: row.id,
        name: row.name,
        host: row.host,
        port: row.port,
        transport: row.transport,
        username: row.username,
        enabled: row.enabled,
        settings: row.settings,
        in_use: seen.map_or(0, |seen| seen.in_use),
        paused: trouble.is_some(),
        trouble: trouble.map(|(why, _)| why),
        paused_until: trouble.and_then(|(_, until)| until).map(At::from),
    }
}
