//! `/registrations` (已注册分机) and `/bans`: phones as they registered, and addresses that nothing is
//! read from.

use std::net::IpAddr;

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use live::lines::{Ban, Registration};
use serde::Serialize;
use store::extensions;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::gateways::at;
use crate::{caller::Caller, clock::At, house::House, paging::List, problem::Problem};

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(drop_phone))
        .routes(routes!(bans))
        .routes(routes!(pardon))
}

/// One contact of a phone (VOX-194).
#[derive(Serialize, ToSchema)]
pub struct RegistrationOut {
    pub extension: String,
    /// Terminal model, as the phone names itself.
    pub user_agent: String,
    /// Reachable, Unreachable, or Unknown before the first sign of life is due.
    pub status: &'static str,
    /// Round trip of the last sign of life, ms.
    pub latency_ms: Option<u32>,
    /// The Contact URI as the phone wrote it.
    pub contact: String,
    /// Where it really speaks from.
    pub address: String,
    /// UDP, TCP or TLS.
    pub transport: &'static str,
    pub expires_in_s: u32,
    /// Keys that can be pressed there over SIP: talk, hold.
    pub keys: Vec<&'static str>,
}

#[derive(Serialize, ToSchema)]
pub struct BanOut {
    /// IP address.
    pub address: String,
    /// wrong_password, unanswered (it asked often and never proved itself) or scanner.
    pub reason: &'static str,
    pub since: At,
    pub until: At,
}

/// 已注册分机 · Every contact of every registered phone.
#[utoipa::path(get, path = "/api/v1/registrations", tag = "setup",
    responses((status = 200, body = List<RegistrationOut>)))]
async fn list(
    State(house): State<House>,
    caller: Caller,
) -> Result<Json<List<RegistrationOut>>, Problem> {
    Ok(Json(List::whole(all(&house, &caller).await?)))
}

/// The contacts of the caller's tenant: all tenants' phones register with the one switch.
///
/// # Errors
/// When the database does not answer.
pub async fn all(house: &House, caller: &Caller) -> Result<Vec<RegistrationOut>, Problem> {
    let own = extensions::of_tenant(&house.db, caller.orgi()).await?;
    let all = house.live.lines().registrations().into_iter();
    let all = all.filter(|seen| own.contains(&seen.extension));
    Ok(all.map(RegistrationOut::from).collect())
}

/// 注销分机 · Forget a phone's contacts; it may register again.
#[utoipa::path(delete, path = "/api/v1/registrations/{extension}", tag = "setup",
    params(("extension" = String, Path)), responses((status = 204)))]
async fn drop_phone(
    State(house): State<House>,
    caller: Caller,
    Path(extension): Path<String>,
) -> Result<StatusCode, Problem> {
    if !extensions::is_of(&house.db, caller.orgi(), &extension).await? {
        return Err(Problem::not_found());
    }
    match house.live.lines().drop_registration(&extension) {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Problem::not_found()),
    }
}

/// 封禁地址 · Addresses that guessed passwords or looked for phones; nothing is read from them.
#[utoipa::path(get, path = "/api/v1/bans", tag = "setup",
    responses((status = 200, body = List<BanOut>)))]
async fn bans(State(house): State<House>) -> Json<List<BanOut>> {
    Json(List::whole(all_bans(&house)))
}

pub fn all_bans(house: &House) -> Vec<BanOut> {
    let all = house.live.lines().bans().into_iter();
    all.map(BanOut::from).collect()
}

/// 解除封禁 · Read again from an address, and forget what it did.
#[utoipa::path(delete, path = "/api/v1/bans/{address}", tag = "setup",
    params(("address" = String, Path)), responses((status = 204)))]
async fn pardon(
    State(house): State<House>,
    Path(address): Path<String>,
) -> Result<StatusCode, Problem> {
    let source: IpAddr = address
        .parse()
        .map_err(|_| Problem::at("/address", "format", "must be an IP address"))?;
    match house.live.lines().pardon(source) {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Problem::not_found()),
    }
}

impl From<Registration> for RegistrationOut {
    fn from(phone: Registration) -> Self {
        let keys = [("talk", phone.takes_talk), ("hold", phone.takes_hold)];
        Self {
            keys: keys
                .iter()
                .filter(|(_, takes)| *takes)
                .map(|(key, _)| *key)
                .collect(),
            status: match phone.answers {
                Some(true) => "Reachable",
                Some(false) => "Unreachable",
                None => "Unknown",
            },
            extension: phone.extension,
            user_agent: phone.user_agent,
            latency_ms: phone.latency_ms,
            contact: phone.contact,
            address: phone.source.to_string(),
            transport: phone.transport,
            expires_in_s: phone.expires_in_s,
        }
    }
}

impl From<Ban> for BanOut {
    fn from(ban: Ban) -> Self {
        Self {
            address: ban.source.to_string(),
            reason: ban.reason,
            since: at(ban.since),
            until: at(ban.until),
        }
    }
}
