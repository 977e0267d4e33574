//! Uploads of data into a batch.

use engine::{gate::Consent, time::Millis};
use serde::Serialize;
use sqlx::FromRow;

use crate::{Db, Doc, Result, Tx, doc, new_id, on};

mod options;
mod reading;

pub use options::{BadOptions, DupPolicy, DupScope, Mode, OnDuplicate, Options};
pub use reading::{Reading, reading, start};

/// An import's ordinal times this, plus the sheet row, is a lead's position.
const ROWS: i64 = 1 << 24;

#[derive(Debug, Clone, PartialEq, FromRow, Serialize)]
pub struct Import {
    pub id: String,
    /// Rises with every import; orders leads by creation.
    pub ordinal: i64,
    pub orgi: String,
    pub batch_id: String,
    pub creater: String,
    pub title: String,
    /// As the uploader called it.
    pub file_name: String,
    /// Relative to the data directory.
    pub file_path: String,
    pub sha256: String,
    pub bytes: i64,
    /// As the first version of the interface calls it; `options` say more.
    pub dup_policy: String,
    #[sqlx(try_from = "String")]
    pub options: Doc<Options>,
    /// `queued`, `running`, `succeeded`, `failed`, `undoing`, `undone` or `deleting`.
    pub state: String,
    /// The last sheet row whose chunk is committed.
    pub row_cursor: i64,
    pub good: i64,
    pub invalid: i64,
    pub duplicate: i64,
    pub updated: i64,
    /// Empty rows between others.
    pub blank: i64,
    /// Of the leads it wrote: those whose number must not be called.
    pub blacklisted: i64,
    /// Position of the last lead that its undo is done with, -1 before.
    pub undo_cursor: i64,
    /// Leads that its undo took away.
    pub removed: i64,
    /// Leads that its undo gave their earlier values back.
    pub restored: i64,
    pub undone_by: Option<String>,
    pub undone_at: Option<i64>,
    #[sqlx(try_from = "String")]
    pub warnings: Doc<Vec<String>>,
    pub error_code: Option<String>,
    pub error_text: Option<String>,
    pub job_id: Option<String>,
    pub created_at: i64,
    pub finished_at: Option<i64>,
}

#[derive(Debug, Clone)]
pub struct NewImport<'a> {
    /// From [`new_import_id`], so that the file can be stored under it first.
    pub id: &'a str,
    pub orgi: &'a str,
    pub batch_id: &'a str,
    pub creater: &'a str,
    pub title: &'a str,
    pub file_name: &'a str,
    pub file_path: &'a str,
    pub sha256: &'a str,
    pub bytes: i64,
    pub options: &'a Options,
}

/// What one chunk of rows did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub good: i64,
    pub invalid: i64,
    pub duplicate: i64,
    pub updated: i64,
    pub blank: i64,
    pub blacklisted: i64,
}

impl Import {
    /// The positions that its leads have and no others.
    #[must_use]
    pub fn positions(&self) -> std::ops::RangeInclusive<i64> {
        position(self.ordinal, 0)..=position(self.ordinal, ROWS - 1)
    }
}

/// Position of the lead of a sheet row.
#[must_use]
pub fn position(ordinal: i64, row_no: i64) -> i64 {
    ordinal * ROWS + row_no
}

/// Sheet row of the lead at this position.
#[must_use]
pub fn row_of(position: i64) -> i64 {
    position % ROWS
}

#[must_use]
pub fn new_import_id() -> String {
    new_id("imp")
}

/// Records an upload. Enqueue `work::Work::ImportBatch` in the same write.
///
/// # Errors
/// `BATCH_NOT_READY` when the batch has no saved template or is archived.
pub async fn create(tx: &mut Tx, new: &NewImport<'_>, now: Millis) -> Result<()> {
    let ordinal: i64 = on!(tx.conn(), c => sqlx::query_scalar(
        "UPDATE counters SET value = value + 1 WHERE name = 'import' RETURNING value"
    ).fetch_one(c).await)?;
    let options = doc::text("options", new.options)?;
    let rows = on!(tx.conn(), c => sqlx::query(
        "INSERT INTO imports (id, ordinal, orgi, batch_id, creater, title, file_name, file_path,
             sha256, bytes, dup_policy, options, state, created_at)
         SELECT $1, $12, $2, b.id, $4, $5, $6, $7, $8, $9, $13, $10, 'queued', $11
         FROM batches b WHERE b.id = $3 AND b.orgi = $2 AND b.state = 'ready'"
    ).bind(new.id).bind(new.orgi).bind(new.batch_id).bind(new.creater).bind(new.title)
        .bind(new.file_name).bind(new.file_path).bind(new.sha256).bind(new.bytes)
        .bind(options).bind(now.0).bind(ordinal).bind(new.options.dup_policy.name()).execute(c).await.map(|done| done.rows_affected()))?;
    if rows == 1 {
        Ok(())
    } else {
        Err(crate::Error::conflict("BATCH_NOT_READY"))
    }
}

/// # Errors
/// When the database fails.
pub async fn get(db: &Db, id: &str) -> Result<Option<Import>> {
    Ok(
        on!(db.read(), c => sqlx::query_as("SELECT * FROM imports WHERE id = $1")
        .bind(id).fetch_optional(c).await)?,
    )
}

/// The evidence that everybody in an import agreed to be called.
///
/// # Errors
/// When the database fails or the evidence cannot be read.
pub async fn consent(db: &Db, id: &str) -> Result<Option<Consent>> {
    let text: Option<Option<String>> = on!(db.read(), c => sqlx::query_scalar(
        "SELECT consent FROM imports WHERE id = $1").bind(id).fetch_optional(c).await)?;
    let text = text.flatten();
    text.map(|text| doc::parse("consent", &text)).transpose()
}

/// # Errors
/// When the database fails.
pub async fn set_consent(tx: &mut Tx, id: &str, consent: Option<&Consent>) -> Result<()> {
    let text = consent
        .map(|consent| doc::text("consent", consent))
        .transpose()?;
    on!(tx.conn(), c => sqlx::query("UPDATE imports SET consent = $2 WHERE id = $1")
        .bind(id).bind(text).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// A batch's imports, newest first, those before the id `before`.
///
/// # Errors
/// When the database fails.
pub async fn list(db: &Db, batch: &str, before: Option<&str>, limit: i64) -> Result<Vec<Import>> {
    Ok(on!(db.read(), c => sqlx::query_as(
        "SELECT * FROM imports WHERE batch_id = $1 AND ($2 = '' OR id < $2)
         ORDER BY id DESC LIMIT $3"
    ).bind(batch).bind(before.unwrap_or_default()).bind(limit).fetch_all(c).await)?)
}

/// Records a chunk in the write that stores its rows: from `from` to `to`, both sheet rows.
/// `false`: another worker has done it.
///
/// # Errors
/// When the database fails.
pub async fn advance(tx: &mut Tx, id: &str, from: i64, to: i64, counts: Counts) -> Result<bool> {
    let rows = on!(tx.conn(), c => sqlx::query(
        "UPDATE imports SET row_cursor = $3, good = good + $4, invalid = invalid + $5,
             duplicate = duplicate + $6, updated = updated + $7, blank = blank + $8,
             blacklisted = blacklisted + $9
         WHERE id = $1 AND row_cursor = $2"
    ).bind(id).bind(from).bind(to).bind(counts.good).bind(counts.invalid).bind(counts.duplicate)
        .bind(counts.updated).bind(counts.blank).bind(counts.blacklisted).execute(c).await.map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// Every row is in. One that is being undone or deleted stays so.
///
/// # Errors
/// When the database fails.
pub async fn succeed(tx: &mut Tx, id: &str, warnings: &[String], now: Millis) -> Result<()> {
    let warnings = doc::text("warnings", warnings)?;
    on!(tx.conn(), c => sqlx::query(
        "UPDATE imports SET state = 'succeeded', warnings = $2, finished_at = $3, reading = NULL
         WHERE id = $1 AND state NOT IN ('undoing', 'undone', 'deleting')"
    ).bind(id).bind(warnings).bind(now.0).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// # Errors
/// When the database fails.
pub async fn fail(tx: &mut Tx, id: &str, code: &str, text: &str, now: Millis) -> Result<()> {
    on!(tx.conn(), c => sqlx::query(
        "UPDATE imports SET state = 'failed', error_code = $2, error_text = $3, finished_at = $4
         WHERE id = $1"
    ).bind(id).bind(code).bind(text).bind(now.0).execute(c).await.map(|_| ()))?;
    Ok(())
}
