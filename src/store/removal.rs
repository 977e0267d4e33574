//! Deletes imports and batches with what is theirs, so many rows a write: others can write in between. A
//! small one is deleted in one write.

use engine::time::Millis;

use crate::{
    Db, Error, Result, Tx, batches, files,
    imports::Import,
    leads::{Away, Look, take_away},
    on, previews,
};

/// What has more leads, rejects or duplicates than this is for a job to delete.
pub const FEW: i64 = 5_000;

/// What a write deleted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Step {
    pub removed: i64,
    pub kept: i64,
    /// Position of the last lead that was looked at; `None`: there are no more.
    pub last: Option<i64>,
}

impl From<Away> for Step {
    fn from(away: Away) -> Self {
        Self {
            removed: away.removed,
            kept: away.kept,
            last: away.last,
        }
    }
}

/// What became of an import that was deleted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Deleted {
    /// Leads that went.
    pub removed: i64,
    /// Leads that stay, and with them the import.
    pub kept: i64,
    /// Files that nothing names any more, relative to the data directory, to be removed after the commit.
    pub files: Vec<String>,
}

/// Leads that go with their import: neither allocated nor dialled (OUT-139).
const STAYS: &str = "l.alloc_status NOT IN ('unallocated', 'recycled')
    OR l.dial_count > 0 OR l.call_status <> 'notcall'";
/// Leads that keep their batch (OUT-026).
const ALLOCATED: &str = "l.alloc_status NOT IN ('unallocated', 'recycled')";

/// Says that an import is being deleted: no more rows come, and it is not undone. `None`: there is none.
///
/// # Errors
/// `IMPORT_RUNNING` while rows still come in, or it is being undone or deleted.
pub async fn begin_import(tx: &mut Tx, id: &str) -> Result<Option<Import>> {
    let import: Option<Import> = on!(tx.conn(), c => sqlx::query_as(
        "UPDATE imports SET state = 'deleting'
         WHERE id = $1 AND state IN ('succeeded', 'failed', 'undone') RETURNING *"
    ).bind(id).fetch_optional(c).await)?;
    if import.is_none() && is_there(tx, "imports", id).await? {
        return Err(Error::conflict("IMPORT_RUNNING"));
    }
    Ok(import)
}

/// Whether it is for a job to delete.
///
/// # Errors
/// When the database fails.
pub async fn is_large_import(tx: &mut Tx, import: &Import) -> Result<bool> {
    let positions = import.positions();
    let leads: i64 = on!(tx.conn(), c => sqlx::query_scalar(
        "SELECT COUNT(*) FROM (SELECT 1 FROM leads
             WHERE batch_id = $1 AND position BETWEEN $2 AND $3 LIMIT $4) AS few"
    ).bind(&import.batch_id).bind(*positions.start()).bind(*positions.end()).bind(FEW + 1)
        .fetch_one(c).await)?;
    let most = leads
        .max(import.invalid)
        .max(import.duplicate)
        .max(import.updated);
    Ok(most > FEW)
}

/// The next leads of an import, at most `limit`, those behind the position `after`: which are neither
/// allocated nor dialled go.
///
/// # Errors
/// When the database fails.
pub async fn import_some(
    tx: &mut Tx,
    import: &Import,
    after: i64,
    limit: i64,
    now: Millis,
) -> Result<Step> {
    let look = Look::of(import, STAYS).behind(after);
    let away = take_away(tx, look, limit, now).await?;
    Ok(away.into())
}

/// How many leads an import still has.
async fn left(tx: &mut Tx, import: &Import) -> Result<i64> {
    let positions = import.positions();
    Ok(on!(tx.conn(), c => sqlx::query_scalar(
        "SELECT COUNT(*) FROM leads WHERE batch_id = $1 AND position BETWEEN $2 AND $3"
    ).bind(&import.batch_id).bind(*positions.start()).bind(*positions.end()).fetch_one(c).await)?)
}

/// Forgets what rows of an import became no lead and what it changed, at most `limit` of each kind.
/// `false`: nothing was left.
///
/// # Errors
/// When the database fails.
pub async fn forget_some(tx: &mut Tx, import: &str, limit: i64) -> Result<bool> {
    let mut dropped = 0;
    for (table, key) in [
        ("rejects", "row_no"),
        ("duplicates", "row_no"),
        ("import_journal", "position"),
    ] {
        let sql = format!(
            "DELETE FROM {table} WHERE import_id = $1 AND {key} IN
                 (SELECT {key} FROM {table} WHERE import_id = $1 ORDER BY {key} LIMIT $2)"
        );
        dropped += on!(tx.conn(), c => sqlx::query(sqlx::AssertSqlSafe(sql)).bind(import).bind(limit)
            .execute(c).await.map(|done| done.rows_affected()))?;
    }
    Ok(dropped > 0)
}

/// Ends the deletion of an import: it goes when it has no leads, or is as before. Returns how many leads
/// stay, and the files that nothing names any more.
///
/// # Errors
/// When the database fails.
pub async fn end_import(tx: &mut Tx, import: &Import, now: Millis) -> Result<(i64, Vec<String>)> {
    let kept = left(tx, import).await?;
    let mut gone = Vec::new();
    if kept == 0 {
        on!(tx.conn(), c => sqlx::query("DELETE FROM imports WHERE id = $1")
            .bind(&import.id).execute(c).await.map(|_| ()))?;
        gone.push(files::rejects_of(&import.id));
        // Imports and dry runs share an upload.
        let path = &import.file_path;
        if !path.is_empty() && !previews::is_named(tx, path).await? {
            gone.push(path.clone());
        }
    } else {
        give_import_up(tx, &import.id).await?;
    }
    batches::touch(tx, &import.batch_id, now).await?;
    Ok((kept, gone))
}

/// The import is no longer being deleted; what went is gone.
///
/// # Errors
/// When the database fails.
pub async fn give_import_up(tx: &mut Tx, id: &str) -> Result<()> {
    on!(tx.conn(), c => sqlx::query(
        "UPDATE imports SET state = CASE WHEN undone_at IS NOT NULL THEN 'undone'
             WHEN error_code IS NOT NULL THEN 'failed' ELSE 'succeeded' END
         WHERE id = $1 AND state = 'deleting'"
    ).bind(id).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// Deletes an import in this write: its leads that are neither allocated nor dialled, and the import
/// itself when none is left (OUT-139).
///
/// # Errors
/// As [`begin_import`].
pub async fn import(tx: &mut Tx, id: &str, now: Millis) -> Result<Deleted> {
    let Some(import) = begin_import(tx, id).await? else {
        return Ok(Deleted::default());
    };
    whole_import(tx, &import, now).await
}

/// The same once it has begun.
///
/// # Errors
/// When the database fails.
pub async fn whole_import(tx: &mut Tx, import: &Import, now: Millis) -> Result<Deleted> {
    let (mut removed, mut after) = (0, -1);
    loop {
        let step = import_some(tx, import, after, FEW, now).await?;
        removed += step.removed;
        let Some(last) = step.last else { break };
        after = last;
    }
    let (kept, files) = end_import(tx, import, now).await?;
    Ok(Deleted {
        removed,
        kept,
        files,
    })
}

/// Says that a batch is being deleted: nothing of it is changed, imported, filtered or called from now on.
/// `false`: there is no such batch.
///
/// # Errors
/// `BATCH_IN_USE` while a filter form uses it, one of its leads is allocated (OUT-026) or one of its
/// jobs is not over.
pub async fn begin_batch(tx: &mut Tx, id: &str) -> Result<bool> {
    batches::lock(tx, id).await?;
    let used: i64 = on!(tx.conn(), c => sqlx::query_scalar(
        "SELECT (SELECT COUNT(*) FROM filters WHERE batch_id = $1)
              + (SELECT COUNT(*) FROM leads WHERE batch_id = $1
                 AND alloc_status NOT IN ('unallocated', 'recycled'))
              + (SELECT COUNT(*) FROM imports WHERE batch_id = $1
                 AND state IN ('queued', 'running', 'deleting'))"
    ).bind(id).fetch_one(c).await)?;
    if used > 0 || batches::is_worked_on(tx, id).await? {
        return Err(Error::conflict("BATCH_IN_USE"));
    }
    let rows = on!(tx.conn(), c => sqlx::query(
        "UPDATE batches SET deleting_from = state, state = 'deleting'
         WHERE id = $1 AND state <> 'deleting'"
    ).bind(id).execute(c).await.map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// Whether it is for a job to delete.
///
/// # Errors
/// When the database fails.
pub async fn is_large_batch(tx: &mut Tx, id: &str) -> Result<bool> {
    let most: i64 = on!(tx.conn(), c => sqlx::query_scalar(
        "SELECT (SELECT COUNT(*) FROM (SELECT 1 FROM leads WHERE batch_id = $1 LIMIT $2) AS few)
              + (SELECT CAST(COALESCE(SUM(invalid + duplicate + updated), 0) AS BIGINT)
                 FROM imports WHERE batch_id = $1)"
    ).bind(id).bind(FEW + 1).fetch_one(c).await)?;
    Ok(most > FEW)
}

/// Deletes the next leads of a batch, at most `limit`.
///
/// # Errors
/// `BATCH_IN_USE` when one of them was allocated meanwhile.
pub async fn batch_some(tx: &mut Tx, id: &str, limit: i64, now: Millis) -> Result<Step> {
    let look = Look {
        batch: id,
        first: 0,
        last: i64::MAX,
        is_used: ALLOCATED,
        import: "",
    };
    let away = take_away(tx, look, limit, now).await?;
    if away.kept > 0 {
        return Err(Error::conflict("BATCH_IN_USE"));
    }
    Ok(away.into())
}

/// How many leads a batch has.
///
/// # Errors
/// When the database fails.
pub async fn leads_of(db: &Db, batch: &str) -> Result<i64> {
    Ok(
        on!(db.read(), c => sqlx::query_scalar("SELECT COUNT(*) FROM leads WHERE batch_id = $1")
        .bind(batch).fetch_one(c).await)?,
    )
}

/// A batch's imports.
///
/// # Errors
/// When the database fails.
pub async fn imports_of(db: &Db, batch: &str) -> Result<Vec<String>> {
    Ok(on!(db.read(), c => sqlx::query_scalar(
        "SELECT id FROM imports WHERE batch_id = $1 ORDER BY id"
    ).bind(batch).fetch_all(c).await)?)
}

/// Deletes a batch without leads. Returns the files that nothing names any more, relative to the data
/// directory, to be removed after the commit.
///
/// # Errors
/// `BATCH_IN_USE` when a filter form came to use it.
pub async fn end_batch(tx: &mut Tx, id: &str) -> Result<Vec<String>> {
    let files = batches::files(tx, id).await?;
    for sql in [
        "DELETE FROM imports WHERE batch_id = $1",
        "DELETE FROM fields WHERE batch_id = $1",
        "DELETE FROM batches WHERE id = $1",
    ] {
        on!(tx.conn(), c => sqlx::query(sql).bind(id).execute(c).await.map(|_| ()))
            .map_err(|error| Error::from(error).reference_as("BATCH_IN_USE"))?;
    }
    Ok(files)
}

/// The batch is what it was before; what went is gone.
///
/// # Errors
/// When the database fails.
pub async fn give_batch_up(tx: &mut Tx, id: &str, now: Millis) -> Result<()> {
    on!(tx.conn(), c => sqlx::query(
        "UPDATE batches SET state = deleting_from, deleting_from = NULL
         WHERE id = $1 AND state = 'deleting'"
    ).bind(id).execute(c).await.map(|_| ()))?;
    batches::touch(tx, id, now).await
}

/// Deletes a batch in this write, with its leads, imports and rejects. Returns the files that nothing
/// names any more; `None`: there is no batch.
///
/// # Errors
/// As [`begin_batch`].
pub async fn batch(tx: &mut Tx, id: &str, now: Millis) -> Result<Option<Vec<String>>> {
    if !begin_batch(tx, id).await? {
        return Ok(None);
    }
    whole_batch(tx, id, now).await.map(Some)
}

/// The same once it has begun.
///
/// # Errors
/// `BATCH_IN_USE`.
pub async fn whole_batch(tx: &mut Tx, id: &str, now: Millis) -> Result<Vec<String>> {
    while batch_some(tx, id, FEW, now).await?.last.is_some() {}
    end_batch(tx, id).await
}

async fn is_there(tx: &mut Tx, table: &str, id: &str) -> Result<bool> {
    let sql = format!("SELECT EXISTS (SELECT 1 FROM {table} WHERE id = $1)");
    Ok(
        on!(tx.conn(), c => sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).bind(id).fetch_one(c).await)?,
    )
}

#[cfg(test)]
mod tests;
