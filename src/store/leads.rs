//! Leads (名单): the rows of a batch.

use std::collections::{BTreeMap, HashSet};

use engine::time::Millis;
use serde::Serialize;
use sqlx::FromRow;

use crate::{Db, Doc, Error, Result, Tx, batches, doc, on, segments, tasks};

mod add;
mod change;
mod known;
mod priority;
mod take_away;
mod tuples;

pub use add::{NewRow, Origin, add};
pub use change::{Change, change, set_keys};
pub use known::{ANYWHERE, Earlier, Known, are_within, elsewhere, hold, hold_at, with_keys};
pub use priority::{prioritise, start_with};
pub(crate) use take_away::{Away, Look, take_away};

/// A lead with its system columns (OUT-082).
#[derive(Debug, Clone, PartialEq, FromRow, Serialize)]
pub struct Lead {
    pub id: String,
    pub orgi: String,
    pub creater: String,
    pub batch_id: String,
    pub import_id: String,
    pub row_no: i64,
    /// Order of creation within the batch; the cursor of [`page`].
    pub position: i64,
    pub phone: String,
    pub phone_raw: String,
    pub key_value: String,
    /// Field code to text; empty fields are absent.
    #[sqlx(try_from = "String")]
    pub data: Doc<BTreeMap<String, String>>,
    /// Every number in dialling order.
    #[sqlx(try_from = "String")]
    pub phones: Doc<Vec<String>>,
    /// What another system calls it.
    pub external_id: Option<String>,
    pub dnc: bool,
    /// 0 to 9, 9 first, in campaigns that are ordered by it.
    pub priority: i64,
    pub alloc_status: String,
    pub alloc_type: Option<String>,
    pub alloc_target: Option<String>,
    pub alloc_at: Option<i64>,
    /// The user who handed it on, where it was not whoever started the task.
    pub alloc_by: Option<String>,
    pub task_id: Option<String>,
    pub campaign_id: Option<String>,
    pub call_status: String,
    pub outcome: Option<String>,
    pub disposition: Option<String>,
    pub dial_count: i64,
    pub fail_count: i64,
    pub preview_count: i64,
    pub appointed: bool,
    pub appoint_at: Option<i64>,
    pub appoint_note: Option<String>,
    pub voided: bool,
    pub business_status: Option<String>,
    pub last_dial_at: Option<i64>,
    pub next_dial_at: Option<i64>,
    pub blocked: Option<String>,
    /// What that verdict stood on: a list and its version, zones, packs.
    pub blocked_basis: Option<String>,
    /// Last change by hand.
    pub edited_at: Option<i64>,
    pub created_at: i64,
    pub updated_at: i64,
}

/// The same without the tenant, for the live floor.
///
/// # Errors
/// When the database fails or the stored fields cannot be read.
pub async fn find(db: &Db, id: &str) -> Result<Option<Lead>> {
    Ok(
        on!(db.read(), c => sqlx::query_as("SELECT * FROM leads WHERE id = $1")
        .bind(id).fetch_optional(c).await)?,
    )
}

/// Counts a preview (OUT-200).
///
/// # Errors
/// When the database fails.
pub async fn previewed(db: &Db, id: &str) -> Result<()> {
    on!(db.write(), c => sqlx::query(
        "UPDATE leads SET preview_count = preview_count + 1 WHERE id = $1"
    ).bind(id).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// # Errors
/// When the database fails.
pub async fn get(db: &Db, orgi: &str, id: &str) -> Result<Option<Lead>> {
    Ok(
        on!(db.read(), c => sqlx::query_as("SELECT * FROM leads WHERE orgi = $1 AND id = $2")
        .bind(orgi).bind(id).fetch_optional(c).await)?,
    )
}

/// The id of the lead at a position: ids sort by creation, and a row has the same one whenever it is
/// stored.
#[must_use]
pub fn id_of(position: i64) -> String {
    format!("led_{position:016x}")
}

/// A batch's leads in order of creation, those after the position `after` (-1: from the start).
///
/// # Errors
/// When the database fails.
pub async fn page(db: &Db, batch: &str, after: i64, limit: i64) -> Result<Vec<Lead>> {
    Ok(on!(db.read(), c => sqlx::query_as(
        "SELECT * FROM leads WHERE batch_id = $1 AND position > $2 ORDER BY position LIMIT $3"
    ).bind(batch).bind(after).bind(limit).fetch_all(c).await)?)
}

/// A task's leads in order of creation, those after the position `after`.
///
/// # Errors
/// When the database fails.
pub async fn page_of_task(db: &Db, task: &str, after: i64, limit: i64) -> Result<Vec<Lead>> {
    Ok(on!(db.read(), c => sqlx::query_as(
        "SELECT * FROM leads WHERE task_id = $1 AND position > $2 ORDER BY position LIMIT $3"
    ).bind(task).bind(after).bind(limit).fetch_all(c).await)?)
}

/// # Errors
/// When the database fails.
pub async fn count(db: &Db, batch: &str) -> Result<i64> {
    Ok(
        on!(db.read(), c => sqlx::query_scalar("SELECT COUNT(*) FROM leads WHERE batch_id = $1")
        .bind(batch).fetch_one(c).await)?,
    )
}

/// Which of these numbers are on the house's DNC list for ever (OUT-081): leads with them are flagged.
/// What else forbids a number, the gate asks.
///
/// # Errors
/// When the database fails.
pub async fn dnc_among(tx: &mut Tx, orgi: &str, phones: Vec<String>) -> Result<HashSet<String>> {
    let rows: Vec<String> =
        match tx {
            Tx::Lite(c) => {
                sqlx::query_scalar(
                    "SELECT number FROM dnc
                 WHERE orgi = $1 AND list_id = 'house' AND is_prefix = FALSE
                     AND expires_at IS NULL AND number IN (SELECT value FROM json_each($2))",
                )
                .bind(orgi)
                .bind(doc::text("phones", &phones)?)
                .fetch_all(&mut **c)
                .await?
            }
            Tx::Pg(c) => sqlx::query_scalar(
                "SELECT number FROM dnc WHERE orgi = $1 AND list_id = 'house' AND is_prefix = FALSE
                     AND expires_at IS NULL AND number = ANY($2)",
            )
            .bind(orgi)
            .bind(phones)
            .fetch_all(&mut **c)
            .await?,
        };
    Ok(rows.into_iter().collect())
}

/// Changes some fields of a lead; an empty text empties the field. `false`: no such lead.
/// The caller has checked the values with `engine::import_row::value`.
///
/// # Errors
/// When the database fails.
pub async fn patch(
    tx: &mut Tx,
    id: &str,
    changes: &BTreeMap<String, String>,
    now: Millis,
) -> Result<bool> {
    let Some(mut data) = hold_data(tx, id).await? else {
        return Ok(false);
    };
    for (code, text) in changes {
        if text.is_empty() {
            data.remove(code);
        } else {
            data.insert(code.clone(), text.clone());
        }
    }
    let data = doc::text("lead", &data)?;
    let (batch, position): (String, i64) = on!(tx.conn(), c => sqlx::query_as(
        "UPDATE leads SET data = $2, edited_at = $3, updated_at = $3 WHERE id = $1
         RETURNING batch_id, position"
    ).bind(id).bind(data).bind(now.0).fetch_one(c).await)?;
    segments::dirty(tx, &batch, &[position]).await?;
    batches::touch(tx, &batch, now).await?;
    Ok(true)
}

/// Says what a lead has come to in the customer's own words; an empty text takes that away (OUT-113).
///
/// # Errors
/// When the database fails.
pub async fn set_business_status(tx: &mut Tx, id: &str, status: &str, now: Millis) -> Result<()> {
    let status = Some(status).filter(|status| !status.is_empty());
    on!(tx.conn(), c => sqlx::query(
        "UPDATE leads SET business_status = $2, updated_at = $3 WHERE id = $1"
    ).bind(id).bind(status).bind(now.0).execute(c).await.map(|_| ()))?;
    Ok(())
}

#[derive(FromRow)]
struct Deleted {
    batch_id: String,
    position: i64,
    #[sqlx(flatten)]
    place: tasks::Place,
}

/// Deletes a lead that is not allocated, out of its task too.
///
/// # Errors
/// `ROW_IN_USE` when it is allocated; recycle it first (OUT-084). `BATCH_ARCHIVED`.
pub async fn delete(tx: &mut Tx, orgi: &str, id: &str, now: Millis) -> Result<bool> {
    let gone: Option<Deleted> = on!(tx.conn(), c => sqlx::query_as(
        "DELETE FROM leads WHERE orgi = $1 AND id = $2
             AND call_status <> 'calling' AND alloc_status IN ('unallocated', 'recycled')
             AND NOT EXISTS (SELECT 1 FROM batches b WHERE b.id = batch_id AND b.state = 'archived')
         RETURNING batch_id, position, alloc_status, task_id, campaign_id"
    ).bind(orgi).bind(id).fetch_optional(c).await)?;
    if let Some(lead) = gone {
        tasks::leave(tx, std::iter::once(&lead.place), now).await?;
        segments::dirty(tx, &lead.batch_id, &[lead.position]).await?;
        batches::touch(tx, &lead.batch_id, now).await?;
        return Ok(true);
    }
    let state: Option<String> = on!(tx.conn(), c => sqlx::query_scalar(
        "SELECT b.state FROM leads l JOIN batches b ON b.id = l.batch_id WHERE l.orgi = $1 AND l.id = $2"
    ).bind(orgi).bind(id).fetch_optional(c).await)?;
    match state.as_deref() {
        Some("archived") => Err(Error::conflict("BATCH_ARCHIVED")),
        Some(_) => Err(Error::conflict("ROW_IN_USE")),
        None => Ok(false),
    }
}

/// A lead's fields, kept from changing until the write ends.
async fn hold_data(tx: &mut Tx, id: &str) -> Result<Option<BTreeMap<String, String>>> {
    let lock = match tx {
        Tx::Lite(_) => "",
        Tx::Pg(_) => "FOR UPDATE",
    };
    let sql = format!("SELECT data FROM leads WHERE id = $1 {lock}");
    let data: Option<String> = on!(tx.conn(), c => sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
        .bind(id).fetch_optional(c).await)?;
    data.map(|data| doc::parse("lead", &data)).transpose()
}

/// Whether a start could allocate any lead of the batch (OUT-110).
///
/// # Errors
/// When the database fails.
pub async fn any_available(db: &Db, batch: &str) -> Result<bool> {
    let one: Option<i64> = on!(db.read(), c => sqlx::query_scalar(
        "SELECT position FROM leads
         WHERE batch_id = $1 AND alloc_status IN ('unallocated', 'recycled')
             AND NOT voided AND NOT dnc LIMIT 1"
    ).bind(batch).fetch_optional(c).await)?;
    Ok(one.is_some())
}

#[cfg(test)]
mod tests;
