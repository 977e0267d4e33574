//! `/extensions` (分机): what phones register with.

use std::collections::BTreeSet;

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use md5::Md5;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use store::{
    extensions::{self, Extension},
    gateways, numbers,
};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    all_registrations, check,
    configured::{deleted, saved},
};
use crate::{
    caller::Caller, clock::now, house::House, input::Body, paging::List, problem::Problem, secret,
};

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(put, remove))
        .routes(routes!(bind))
}

#[derive(Serialize, ToSchema)]
pub struct ExtensionOut {
    pub extension: String,
    /// A phone is registered with it.
    pub registered: bool,
    /// Numbers of the pool that its phone shows outside.
    pub caller_ids: Vec<String>,
    /// Where its calls out go first, by routes that go by extension.
    pub gateway: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct ExtensionSecret {
    pub extension: String,
    /// Shown this once: only hashes are kept.
    pub secret: String,
    pub realm: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExtensionIn {
    /// 8 to 128 characters; made up when not given.
    secret: Option<String>,
}

/// 分机列表 · All extensions.
#[utoipa::path(get, path = "/api/v1/extensions", tag = "setup",
    responses((status = 200, body = List<ExtensionOut>)))]
async fn list(
    State(house): State<House>,
    caller: Caller,
) -> Result<Json<List<ExtensionOut>>, Problem> {
    Ok(Json(List::whole(all(&house, &caller).await?)))
}

/// # Errors
/// When the database does not answer.
pub async fn all(house: &House, caller: &Caller) -> Result<Vec<ExtensionOut>, Problem> {
    let registered: BTreeSet<String> = all_registrations(house, caller)
        .await?
        .into_iter()
        .map(|seen| seen.extension)
        .collect();
    let mut shown = numbers::of_phones(&house.db).await?;
    let gateways = extensions::gateways(&house.db).await?;
    let rows = extensions::of_tenant(&house.db, caller.orgi()).await?;
    Ok(rows
        .into_iter()
        .map(|extension| ExtensionOut {
            registered: registered.contains(&extension),
            caller_ids: shown.remove(&extension).unwrap_or_default(),
            gateway: gateways.get(&extension).map(ToString::to_string),
            extension,
        })
        .collect())
}

/// 设置分机 · Add an extension, or give it a new secret: a phone that has the old one is let go.
#[utoipa::path(put, path = "/api/v1/extensions/{extension}", tag = "setup",
    params(("extension" = String, Path)), request_body = ExtensionIn,
    responses((status = 200, body = ExtensionSecret)))]
async fn put(
    State(house): State<House>,
    caller: Caller,
    Path(extension): Path<String>,
    Body(asked): Body<ExtensionIn>,
) -> Result<Json<ExtensionSecret>, Problem> {
    let extension = check::chosen_id("/extension", &extension)?;
    let secret = asked.secret.unwrap_or_else(secret::one_time_password);
    if !(8..=128).contains(&secret.chars().count()) {
        return Err(Problem::at(
            "/secret",
            "length",
            "must have 8 to 128 characters",
        ));
    }
    let realm = house.config.realm.clone();
    let row = hashed(&extension, &realm, &secret);
    let mut tx = house.db.begin().await?;
    if !extensions::put(&mut tx, caller.orgi(), &row, now()).await? {
        return Err(Problem::at("/extension", "taken", "is in use elsewhere"));
    }
    saved(&house, tx).await?;
    Ok(Json(ExtensionSecret {
        extension,
        secret,
        realm,
    }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BoundTo {
    /// `null`, or not given: none.
    gateway: Option<String>,
}

/// 绑定SIP网关 · The gateway through which an extension's calls out go first, by outbound routes that go by
/// extension (`by_extension`).
#[utoipa::path(put, path = "/api/v1/extensions/{extension}/gateway", tag = "setup",
    params(("extension" = String, Path)), request_body = BoundTo, responses((status = 204)))]
async fn bind(
    State(house): State<House>,
    caller: Caller,
    Path(extension): Path<String>,
    Body(asked): Body<BoundTo>,
) -> Result<StatusCode, Problem> {
    if let Some(wanted) = &asked.gateway {
        let known = gateways::list(&house.db).await?;
        if !known.iter().any(|one| one.id == *wanted) {
            return Err(Problem::at(
                "/gateway",
                "unknown",
                "there is no such gateway",
            ));
        }
    }
    let mut tx = house.db.begin().await?;
    let gateway = asked.gateway.as_deref();
    let was_there = extensions::bind_gateway(&mut tx, caller.orgi(), &extension, gateway).await?;
    deleted(&house, tx, was_there).await
}

/// 删除分机 · Delete an extension: its phone is let go, and can no longer register.
#[utoipa::path(delete, path = "/api/v1/extensions/{extension}", tag = "setup",
    params(("extension" = String, Path)), responses((status = 204)))]
async fn remove(
    State(house): State<House>,
    caller: Caller,
    Path(extension): Path<String>,
) -> Result<StatusCode, Problem> {
    let mut tx = house.db.begin().await?;
    let was_there = extensions::delete(&mut tx, caller.orgi(), &extension).await?;
    deleted(&house, tx, was_there).await
}

/// HA1 of RFC 7616 §3.4.2, for both algorithms phones use.
#[must_use]
pub fn hashed(extension: &str, realm: &str, secret: &str) -> Extension {
    let text = format!("{extension}:{realm}:{secret}");
    Extension {
        extension: extension.into(),
        ha1_md5: hex(&Md5::digest(&text)),
        ha1_sha256: hex(&Sha256::digest(&text)),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ha1_is_that_of_the_rfc_2617_example() {
        let row = hashed("Mufasa", "testrealm@host.com", "Circle Of Life");
        assert_eq!(row.ha1_md5, "939e7578ed9e3c518a452acee763bce9");
    }
}
