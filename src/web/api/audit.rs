//! `/audit`: who changed what.

use axum::{Json, extract::State};
use serde::Serialize;
use store::access::audit;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    caller::Caller,
    clock::At,
    house::House,
    input::Params,
    paging::{List, Paging},
    problem::Problem,
};

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new().routes(routes!(list))
}

#[derive(Serialize, ToSchema)]
pub struct AuditEntry {
    id: String,
    at: At,
    user_id: Option<String>,
    /// Method and path: `POST campaigns/{id}/start`.
    action: String,
    subject: String,
    #[schema(value_type = Object)]
    detail: serde_json::Value,
}

/// 审计 · Changes, newest first, orders to supervise that were refused (`detail.refused` is the status),
/// and what agents looked for as a whole that they see masked (`detail.note`).
#[utoipa::path(get, path = "/api/v1/audit", tag = "users", params(Paging),
    responses((status = 200, body = List<AuditEntry>)))]
async fn list(
    State(house): State<House>,
    caller: Caller,
    Params(paging): Params<Paging>,
) -> Result<Json<List<AuditEntry>>, Problem> {
    let limit = paging.limit()?;
    let before = paging.after()?;
    let rows = audit::list(
        &house.db,
        caller.orgi(),
        before.as_deref(),
        limit as i64 + 1,
    )
    .await?;
    Ok(Json(List::of(
        rows,
        limit,
        |row| row.id.clone(),
        |row| AuditEntry {
            detail: serde_json::from_str(&row.detail).unwrap_or_default(),
            id: row.id,
            at: At(row.at),
            user_id: row.user_id,
            action: row.action,
            subject: row.subject,
        },
    )))
}
