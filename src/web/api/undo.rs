//! `/imports/{id}/undo`: takes an import back, until the first call.

use axum::extract::{Path, State};
use store::{
    undo,
    work::{By, Work, enqueue},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{answer::Accepted, find};
use crate::{caller::Caller, clock::now, house::House, problem::Problem};

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new().routes(routes!(undo_import))
}

/// 撤销导入 · Undo an import: its leads go, what it changed becomes what it was. Refused with
/// `IMPORT_IN_USE` and counts when a lead of it was dialled, previewed or dispositioned, or was
/// changed later by another import or by hand.
#[utoipa::path(post, path = "/api/v1/imports/{id}/undo", tag = "imports",
    params(("id" = String, Path)), responses((status = 202, body = Accepted)))]
async fn undo_import(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Accepted, Problem> {
    let import = find::open_import(&house, &caller, &id).await?;
    if matches!(import.state.as_str(), "succeeded" | "failed") {
        let usage = undo::usage(&house.db, &import).await?;
        if !usage.is_free() {
            return Err(Problem::because("IMPORT_IN_USE", usage.text()));
        }
    }
    let by = By {
        orgi: caller.orgi(),
        user: caller.user_id(),
        batch: Some(&import.batch_id),
    };
    let mut tx = house.db.begin().await?;
    undo::begin(&mut tx, &id, caller.user_id()).await?;
    let work = Work::UndoImport { import: id };
    let job = enqueue(&mut tx, work, by, now()).await?;
    tx.commit().await?;
    Ok(Accepted::job(job))
}
