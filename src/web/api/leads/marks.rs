//! Appointments, taking leads out and in again, and deleting many (OUT-075, OUT-084, OUT-190 to
//! OUT-193).

use axum::{
    Json,
    extract::{Path, State},
};
use serde::{Deserialize, Serialize};
use store::{fields, lead_marks, leads};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{LeadOut, find_mine, show_one};
use crate::{
    api::{check, find},
    caller::Caller,
    clock::{moment, now},
    house::House,
    input::Body,
    problem::Problem,
};

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new()
        .routes(routes!(appoint, disappoint))
        .routes(routes!(void))
        .routes(routes!(restore))
        .routes(routes!(delete_many))
}

/// Longest note or reason, in characters.
const TEXT_MAX: usize = 500;
/// Most leads of one request.
const MANY: usize = 1_000;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AppointmentIn {
    /// RFC 3339, in the future.
    at: String,
    /// At most 500 characters.
    #[serde(default)]
    note: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VoidIn {
    /// At most 500 characters.
    #[serde(default)]
    reason: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Ticked {
    /// 1 to 1,000 ids.
    ids: Vec<String>,
}

#[derive(Serialize, ToSchema)]
pub struct Deleted {
    /// How many went.
    deleted: usize,
    /// In the order asked.
    results: Vec<DeletedOne>,
}

#[derive(Serialize, ToSchema)]
pub struct DeletedOne {
    id: String,
    /// deleted, ROW_IN_USE or NOT_FOUND.
    result: &'static str,
}

/// 预约 · Appoint a time: the lead is then dialled next, and its agent is told.
#[utoipa::path(post, path = "/api/v1/leads/{id}/appointment", tag = "leads",
    params(("id" = String, Path)), request_body = AppointmentIn,
    responses((status = 200, body = LeadOut)))]
async fn appoint(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    Body(asked): Body<AppointmentIn>,
) -> Result<Json<LeadOut>, Problem> {
    find_mine(&house, &caller, &id).await?;
    let at = moment(&asked.at).ok_or_else(|| Problem::at("/at", "format", "must be RFC 3339"))?;
    if at <= now() {
        return Err(Problem::at("/at", "range", "must be in the future"));
    }
    let note = check::text("/note", asked.note, TEXT_MAX)?;
    let mut tx = house.db.begin().await?;
    lead_marks::appoint(&mut tx, &id, at, &note, now()).await?;
    tx.commit().await?;
    shown(&house, &caller, &id).await
}

/// 取消预约 · Forget the appointment.
#[utoipa::path(delete, path = "/api/v1/leads/{id}/appointment", tag = "leads",
    params(("id" = String, Path)), responses((status = 200, body = LeadOut)))]
async fn disappoint(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<LeadOut>, Problem> {
    find_mine(&house, &caller, &id).await?;
    let mut tx = house.db.begin().await?;
    lead_marks::disappoint(&mut tx, &id, now()).await?;
    tx.commit().await?;
    shown(&house, &caller, &id).await
}

/// 作废 · Take a lead out: it is not dialled any more.
#[utoipa::path(post, path = "/api/v1/leads/{id}/void", tag = "leads",
    params(("id" = String, Path)), request_body = VoidIn,
    responses((status = 200, body = LeadOut)))]
async fn void(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    Body(asked): Body<VoidIn>,
) -> Result<Json<LeadOut>, Problem> {
    find_mine(&house, &caller, &id).await?;
    let reason = check::text("/reason", asked.reason, TEXT_MAX)?;
    let mut tx = house.db.begin().await?;
    lead_marks::void(&mut tx, &id, &reason, caller.user_id(), now()).await?;
    tx.commit().await?;
    shown(&house, &caller, &id).await
}

/// 恢复 · Take a lead in again that was taken out.
#[utoipa::path(post, path = "/api/v1/leads/{id}/restore", tag = "leads",
    params(("id" = String, Path)), responses((status = 200, body = LeadOut)))]
async fn restore(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<LeadOut>, Problem> {
    find_mine(&house, &caller, &id).await?;
    let mut tx = house.db.begin().await?;
    lead_marks::restore(&mut tx, &id, now()).await?;
    tx.commit().await?;
    shown(&house, &caller, &id).await
}

/// 批量删除 · Delete the ticked leads, each with its own answer. What is in use stays.
#[utoipa::path(post, path = "/api/v1/leads/delete", tag = "leads", request_body = Ticked,
    responses((status = 200, body = Deleted)))]
async fn delete_many(
    State(house): State<House>,
    caller: Caller,
    Body(asked): Body<Ticked>,
) -> Result<Json<Deleted>, Problem> {
    if !(1..=MANY).contains(&asked.ids.len()) {
        return Err(Problem::at("/ids", "length", "must be 1 to 1,000 ids"));
    }
    let mut results = Vec::with_capacity(asked.ids.len());
    let mut tx = house.db.begin().await?;
    for id in asked.ids {
        let result = match leads::delete(&mut tx, caller.orgi(), &id, now()).await {
            Ok(true) => "deleted",
            Ok(false) => "NOT_FOUND",
            Err(error) => match error.code() {
                Some("ROW_IN_USE") => "ROW_IN_USE",
                Some("BATCH_ARCHIVED") => "BATCH_ARCHIVED",
                _ => return Err(error.into()),
            },
        };
        results.push(DeletedOne { id, result });
    }
    tx.commit().await?;
    let deleted = results.iter().filter(|one| one.result == "deleted").count();
    Ok(Json(Deleted { deleted, results }))
}

async fn shown(house: &House, caller: &Caller, id: &str) -> Result<Json<LeadOut>, Problem> {
    let lead = find::lead(house, caller, id).await?;
    let fields = fields::list(&house.db, &lead.batch_id).await?;
    Ok(Json(show_one(house, caller, lead, &fields).await?))
}
