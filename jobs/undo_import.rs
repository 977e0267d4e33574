//! Takes an import back, a thousand leads a write: leads that it made go, leads that it changed
//! become what they were. A worker that dies leaves whole chunks and the next one goes on.

use serde_json::json;
use store::{
    imports::{self, Import},
    undo::{self, Chunk},
    work::{self, By},
};

use crate::{
    error::JobError,
    house::{House, Ticket},
};

/// Leads a write.
const CHUNK: i64 = 1_000;

pub async fn run(house: &House, ticket: &Ticket, id: &str) -> Result<(), JobError> {
    let import = imports::get(&house.db, id).await?;
    let mut import =
        import.ok_or_else(|| JobError::user("NO_SUCH_IMPORT", "the import is gone"))?;
    if import.removed + import.restored == 0 {
        let usage = undo::usage(&house.db, &import).await?;
        if !usage.is_free() {
            return Err(JobError::user("IMPORT_IN_USE", usage.text()));
        }
    }
    let mut kept = 0;
    loop {
        house.may_go_on()?;
        let done = chunk(house, ticket, &mut import).await?;
        kept += done.kept;
        if done.is_last {
            break;
        }
        house.db.give_way().await;
    }
    finish(house, ticket, &import, kept).await
}

/// One write: the next leads to take away or, when there are none, the next to restore, or the next
/// rows to forget.
async fn chunk(house: &House, ticket: &Ticket, import: &mut Import) -> Result<Chunk, JobError> {
    let mut tx = house.db.begin().await?;
    store::batches::lock(&mut tx, &import.batch_id).await?;
    let from = import.undo_cursor;
    let (mut done, to) = undo::remove_some(&mut tx, import, from, CHUNK, house.now()).await?;
    if done.is_last {
        done = undo::restore_some(&mut tx, import, CHUNK).await?;
    }
    if done.is_last && undo::forget_some(&mut tx, &import.id, CHUNK).await? {
        done.is_last = false;
    }
    if !undo::advance(&mut tx, &import.id, from, to, done).await? {
        return Err(JobError::Superseded);
    }
    import.undo_cursor = to;
    import.removed += done.removed;
    import.restored += done.restored;
    let total = import.good.max(import.removed) + import.restored;
    ticket
        .progress(&mut tx, "undoing", import.removed + import.restored, total)
        .await?;
    tx.commit().await?;
    Ok(done)
}

async fn finish(
    house: &House,
    ticket: &Ticket,
    import: &Import,
    kept: i64,
) -> Result<(), JobError> {
    let mut warnings = import.warnings.0.clone();
    if kept > 0 {
        warnings.push(format!(
            "{kept} leads came into use or were changed while the import was undone, and stay"
        ));
    }
    // Its file of rejects tells of rows that are nobody's any more; a leftover does no harm.
    let _ = std::fs::remove_file(store::files::rejects(&house.data_dir, &import.id));
    let mut tx = house.db.begin().await?;
    undo::finish(&mut tx, import, &warnings, house.now()).await?;
    let did = json!({ "removed": import.removed, "restored": import.restored, "kept": kept });
    ticket.succeed(&mut tx, &did).await?;
    let by = By {
        orgi: &import.orgi,
        user: import.undone_by.as_ref().unwrap_or(&import.creater),
        batch: Some(&import.batch_id),
    };
    work::build_snapshot(&mut tx, &import.batch_id, by, house.now()).await?;
    Ok(tx.commit().await?)
}

#[cfg(test)]
mod tests;
