//! Runs of filters: which leads matched, on which snapshot.

use engine::{filter::Condition, time::Millis};
use serde::Serialize;
use sqlx::FromRow;

use crate::{Db, Doc, Result, Tx, new_id, on};

mod hits;

pub(crate) use hits::FREE;
pub use hits::{add_hits, block_of, count, free_after, hits_after, page, remaining};

#[derive(Debug, Clone, PartialEq, FromRow, Serialize)]
pub struct FilterRun {
    pub id: String,
    pub orgi: String,
    pub filter_id: String,
    pub batch_id: String,
    pub title: String,
    /// As they were when the run was asked for.
    #[sqlx(try_from = "String")]
    pub conditions: Doc<Vec<Condition>>,
    pub snapshot_version: i64,
    /// `queued`, `running`, `succeeded` or `failed`.
    pub state: String,
    pub matched: i64,
    pub error_code: Option<String>,
    pub error_text: Option<String>,
    pub job_id: Option<String>,
    pub created_at: i64,
    pub finished_at: Option<i64>,
}

/// Records a run of the filter as it is saved. Enqueue `work::Work::RunFilter` in the same write.
/// `None`: no such filter.
///
/// # Errors
/// When the database fails.
pub async fn create(tx: &mut Tx, orgi: &str, filter: &str, now: Millis) -> Result<Option<String>> {
    let id = new_id("run");
    let rows = on!(tx.conn(), c => sqlx::query(
        "INSERT INTO filter_runs (id, orgi, filter_id, batch_id, title, conditions, state, created_at)
         SELECT $1, orgi, id, batch_id, name, conditions, 'queued', $4 FROM filters
         WHERE orgi = $2 AND id = $3"
    ).bind(&id).bind(orgi).bind(filter).bind(now.0).execute(c).await
        .map(|done| done.rows_affected()))?;
    Ok((rows == 1).then_some(id))
}

/// # Errors
/// When the database fails.
pub async fn get(db: &Db, id: &str) -> Result<Option<FilterRun>> {
    Ok(
        on!(db.read(), c => sqlx::query_as("SELECT * FROM filter_runs WHERE id = $1")
        .bind(id).fetch_optional(c).await)?,
    )
}

/// A filter's runs, newest first.
///
/// # Errors
/// When the database fails.
pub async fn list(
    db: &Db,
    filter: &str,
    before: Option<&str>,
    limit: i64,
) -> Result<Vec<FilterRun>> {
    Ok(on!(db.read(), c => sqlx::query_as(
        "SELECT * FROM filter_runs WHERE filter_id = $1 AND ($2 = '' OR id < $2)
         ORDER BY id DESC LIMIT $3"
    ).bind(filter).bind(before.unwrap_or_default()).bind(limit).fetch_all(c).await)?)
}

/// Begins a run, or begins it again: what an earlier try left is gone.
///
/// # Errors
/// When the database fails.
pub async fn start(tx: &mut Tx, id: &str, snapshot_version: i64) -> Result<()> {
    on!(tx.conn(), c => sqlx::query("DELETE FROM filter_hits WHERE run_id = $1")
        .bind(id).execute(c).await.map(|_| ()))?;
    on!(tx.conn(), c => sqlx::query(
        "UPDATE filter_runs SET state = 'running', snapshot_version = $2 WHERE id = $1"
    ).bind(id).bind(snapshot_version).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// Runs of a filter whose hits nobody needs any more: not among the newest [`KEPT`], and no task
/// is drawing from them.
///
/// # Errors
/// When the database fails.
pub async fn outdated(db: &Db, filter: &str) -> Result<Vec<String>> {
    // Not EXISTS with OFFSET: SQLite 3.51.3 was seen to skip hits instead of runs.
    Ok(on!(db.read(), c => sqlx::query_scalar(
        "SELECT id FROM filter_runs
         WHERE filter_id = $1 AND state IN ('succeeded', 'failed')
             AND id NOT IN (SELECT id FROM filter_runs WHERE filter_id = $1
                 ORDER BY id DESC LIMIT $2)
             AND id IN (SELECT run_id FROM filter_hits)
             AND id NOT IN (SELECT filter_run_id FROM tasks
                 WHERE filter_run_id IS NOT NULL AND state IN ('queued', 'allocating'))
         ORDER BY id"
    ).bind(filter).bind(KEPT).fetch_all(c).await)?)
}

/// How many runs of a filter keep their hits.
pub const KEPT: i64 = 3;

/// Deletes a run's hits.
///
/// # Errors
/// When the database fails.
pub async fn drop_hits(db: &Db, run: &str) -> Result<()> {
    on!(db.write(), c => sqlx::query("DELETE FROM filter_hits WHERE run_id = $1")
        .bind(run).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// # Errors
/// When the database fails.
pub async fn succeed(tx: &mut Tx, id: &str, matched: i64, now: Millis) -> Result<()> {
    on!(tx.conn(), c => sqlx::query(
        "UPDATE filter_runs SET state = 'succeeded', matched = $2, finished_at = $3 WHERE id = $1"
    ).bind(id).bind(matched).bind(now.0).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// # Errors
/// When the database fails.
pub async fn fail(tx: &mut Tx, id: &str, code: &str, text: &str, now: Millis) -> Result<()> {
    on!(tx.conn(), c => sqlx::query(
        "UPDATE filter_runs SET state = 'failed', error_code = $2, error_text = $3, finished_at = $4
         WHERE id = $1"
    ).bind(id).bind(code).bind(text).bind(now.0).execute(c).await.map(|_| ()))?;
    Ok(())
}
