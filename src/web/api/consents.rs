//! `/imports/{id}/consent`: evidence that everybody in an import agreed to be called.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use engine::gate::Consent;
use serde::{Deserialize, Serialize};
use store::imports;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{check, find};
use crate::{
    caller::Caller,
    clock::{At, moment},
    house::House,
    input::Body,
    problem::Problem,
};

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new().routes(routes!(get, put, remove))
}

#[derive(Serialize, ToSchema)]
pub struct ConsentOut {
    /// Such as `written agreement`.
    pub basis: String,
    /// Where it is kept.
    pub source: String,
    /// When it was given.
    pub at: At,
    /// Version of the text that was agreed to.
    pub text_version: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConsentIn {
    /// 1 to 100 characters.
    basis: String,
    /// 1 to 100 characters.
    source: String,
    /// RFC 3339.
    at: String,
    text_version: Option<String>,
}

/// 同意凭证 · The evidence of an import.
#[utoipa::path(get, path = "/api/v1/imports/{id}/consent", tag = "imports",
    params(("id" = String, Path)), responses((status = 200, body = ConsentOut)))]
async fn get(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<ConsentOut>, Problem> {
    find::import(&house, &caller, &id).await?;
    let consent = find::there(imports::consent(&house.db, &id).await?)?;
    Ok(Json(show(consent)))
}

/// 登记同意凭证 · Everybody in this import agreed to be called. A lead's own column overrules it.
#[utoipa::path(put, path = "/api/v1/imports/{id}/consent", tag = "imports",
    params(("id" = String, Path)), request_body = ConsentIn,
    responses((status = 200, body = ConsentOut)))]
async fn put(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    Body(asked): Body<ConsentIn>,
) -> Result<Json<ConsentOut>, Problem> {
    find::import(&house, &caller, &id).await?;
    let at = moment(&asked.at)
        .ok_or_else(|| Problem::at("/at", "format", "must be a moment of RFC 3339"))?;
    let consent = Consent {
        basis: check::name("/basis", &asked.basis)?,
        source: check::name("/source", &asked.source)?,
        at,
        text_version: asked
            .text_version
            .map(|text| check::text("/text_version", text, 100))
            .transpose()?,
    };
    let mut tx = house.db.begin().await?;
    imports::set_consent(&mut tx, &id, Some(&consent)).await?;
    tx.commit().await?;
    Ok(Json(show(consent)))
}

/// 撤销同意凭证 · Nothing is known of a consent any more.
#[utoipa::path(delete, path = "/api/v1/imports/{id}/consent", tag = "imports",
    params(("id" = String, Path)), responses((status = 204)))]
async fn remove(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    find::import(&house, &caller, &id).await?;
    let mut tx = house.db.begin().await?;
    imports::set_consent(&mut tx, &id, None).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

fn show(consent: Consent) -> ConsentOut {
    ConsentOut {
        basis: consent.basis,
        source: consent.source,
        at: At::from(consent.at),
        text_version: consent.text_version,
    }
}
