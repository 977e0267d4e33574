//! Deletes an import with its leads that are neither allocated nor dialled (OUT-139), a thousand a write. A
//! worker that dies leaves whole chunks, and the next one finds fewer leads.

use serde_json::json;
use store::{
    batches,
    imports::{self, Import},
    jobs, removal,
};

use crate::{
    error::JobError,
    house::{House, Ticket},
};

/// Rows a write.
pub const CHUNK: i64 = 1_000;

pub async fn run(house: &House, ticket: &Ticket, id: &str) -> Result<(), JobError> {
    let import = imports::get(&house.db, id).await?;
    let import = import.ok_or_else(|| JobError::user("NO_SUCH_IMPORT", "the import is gone"))?;
    // What an earlier start of this job deleted is in its progress, written with it.
    let job = jobs::get(&house.db, &ticket.job).await?;
    let mut removed = job.map_or(0, |job| job.done);
    let (mut kept, mut after) = (0, -1);
    loop {
        house.may_go_on()?;
        let mut tx = house.db.begin().await?;
        batches::lock(&mut tx, &import.batch_id).await?;
        let step = removal::import_some(&mut tx, &import, after, CHUNK, house.now()).await?;
        removed += step.removed;
        kept += step.kept;
        let total = import.good.max(removed);
        ticket.progress(&mut tx, "deleting", removed, total).await?;
        tx.commit().await?;
        let Some(last) = step.last else { break };
        after = last;
        house.db.give_way().await;
    }
    if kept == 0 {
        forget(house, ticket, id, removed).await?;
    }
    finish(house, ticket, &import, removed).await
}

/// What rows of an import were that became no lead, and what it changed, goes before the import does.
/// `removed`: leads that the job has deleted.
pub async fn forget(
    house: &House,
    ticket: &Ticket,
    import: &str,
    removed: i64,
) -> Result<(), JobError> {
    loop {
        house.may_go_on()?;
        let mut tx = house.db.begin().await?;
        let is_more = removal::forget_some(&mut tx, import, CHUNK).await?;
        ticket
            .progress(&mut tx, "forgetting", removed, removed)
            .await?;
        tx.commit().await?;
        if !is_more {
            return Ok(());
        }
        house.db.give_way().await;
    }
}

async fn finish(
    house: &House,
    ticket: &Ticket,
    import: &Import,
    removed: i64,
) -> Result<(), JobError> {
    let mut tx = house.db.begin().await?;
    let (kept, files) = removal::end_import(&mut tx, import, house.now()).await?;
    let did = json!({ "removed": removed, "kept": kept });
    ticket.succeed(&mut tx, &did).await?;
    tx.commit().await?;
    house.remove(&files);
    Ok(())
}

#[cfg(test)]
pub mod tests;
