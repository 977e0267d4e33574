//! Deletes a batch with its leads, imports and files, a thousand rows a write. A worker that dies leaves
//! whole chunks, and the next one finds fewer rows.

use serde_json::json;
use store::{jobs, removal};

use crate::{
    delete_import::{CHUNK, forget},
    error::JobError,
    house::{House, Ticket},
};

pub async fn run(house: &House, ticket: &Ticket, id: &str) -> Result<(), JobError> {
    let job = jobs::get(&house.db, &ticket.job).await?;
    let mut removed = job.map_or(0, |job| job.done);
    let total = removal::leads_of(&house.db, id).await? + removed;
    loop {
        house.may_go_on()?;
        let mut tx = house.db.begin().await?;
        let step = removal::batch_some(&mut tx, id, CHUNK, house.now()).await;
        let step = step.map_err(in_use)?;
        removed += step.removed;
        ticket.progress(&mut tx, "deleting", removed, total).await?;
        tx.commit().await?;
        if step.last.is_none() {
            break;
        }
        house.db.give_way().await;
    }
    for import in removal::imports_of(&house.db, id).await? {
        forget(house, ticket, &import, removed).await?;
    }
    finish(house, ticket, id, removed).await
}

async fn finish(house: &House, ticket: &Ticket, id: &str, removed: i64) -> Result<(), JobError> {
    let mut tx = house.db.begin().await?;
    let files = removal::end_batch(&mut tx, id).await.map_err(in_use)?;
    ticket
        .succeed(&mut tx, &json!({ "removed": removed }))
        .await?;
    tx.commit().await?;
    house.remove(&files);
    Ok(())
}

/// What came into use while it was deleted keeps what is left of it.
fn in_use(error: store::Error) -> JobError {
    match error.code() {
        Some("BATCH_IN_USE") => JobError::user(
            "BATCH_IN_USE",
            "it came into use while it was being deleted; what is left stays",
        ),
        _ => error.into(),
    }
}

#[cfg(test)]
mod tests;
