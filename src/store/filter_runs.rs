//! Runs of filters: which leads matched, on which snapshot.

use std::collections::BTreeMap;

use engine::{
    filter::{Form, Known, Resolved, wall_clock},
    time::Millis,
};
use serde::Serialize;
use sqlx::FromRow;

use crate::{
    Db, Doc, Result, Tx, doc,
    filters::{self, Over},
    new_id, on,
};

mod drawn;
mod hits;

pub use drawn::{Places, keep_drawn};
pub(crate) use hits::FREE;
pub use hits::{add_hits, block_of, count, free_after, hits_after, page, remaining};

#[derive(Debug, Clone, PartialEq, FromRow, Serialize)]
pub struct FilterRun {
    pub id: String,
    pub orgi: String,
    /// `None`: conditions that were never saved.
    pub filter_id: Option<String>,
    pub batch_id: Option<String>,
    pub business_type: Option<String>,
    /// The filter's name, `_`, local date and time (OUT-141).
    pub title: String,
    /// As they were when the run was asked for.
    #[sqlx(try_from = "String")]
    pub conditions: Doc<Form>,
    pub zone: String,
    #[sqlx(try_from = "String")]
    #[serde(skip)]
    pub known: Doc<Vec<Known>>,
    /// `hits`; `count` when only their number is wanted; `drawn`: what of another run a task had to draw
    /// from.
    pub purpose: String,
    pub asked_by: Option<String>,
    /// [`Resolved`] as JSON, once it has started.
    #[serde(skip)]
    pub resolved: Option<String>,
    /// The snapshot version of each batch it ran on.
    #[sqlx(try_from = "String")]
    pub versions: Doc<BTreeMap<String, i64>>,
    /// Of its batch; the highest of several.
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

impl FilterRun {
    #[must_use]
    pub fn over(&self) -> Over<'_> {
        Over::of(self.batch_id.as_deref(), self.business_type.as_deref())
    }

    /// What was asked with its days fixed, once the run has started.
    ///
    /// # Errors
    /// When the stored text cannot be read.
    pub fn resolved(&self) -> Result<Option<Resolved>> {
        let text = self.resolved.as_deref();
        text.map(|text| doc::parse("filter run", text)).transpose()
    }
}

/// Conditions that are not saved anywhere.
#[derive(Debug, Clone)]
pub struct Unsaved<'a> {
    pub orgi: &'a str,
    pub by: &'a str,
    pub over: Over<'a>,
    pub form: &'a Form,
    pub zone: &'a str,
    /// Only the number of hits is wanted.
    pub count_only: bool,
}

/// Records a run of the filter as it is saved. Enqueue `work::Work::RunFilter` in the same write.
/// `None`: no such filter.
///
/// # Errors
/// When the database fails.
pub async fn create(tx: &mut Tx, orgi: &str, filter: &str, now: Millis) -> Result<Option<String>> {
    begin(tx, (orgi, filter), "hits", now).await
}

/// The same for a pre-flight, which shows it nowhere and deletes it: [`end_look`].
///
/// # Errors
/// When the database fails.
pub async fn create_to_look(
    tx: &mut Tx,
    orgi: &str,
    filter: &str,
    now: Millis,
) -> Result<Option<String>> {
    begin(tx, (orgi, filter), "preflight", now).await
}

/// Deletes the run of a pre-flight that is over, with its hits.
///
/// # Errors
/// When the database fails.
pub async fn end_look(tx: &mut Tx, run: &str) -> Result<()> {
    on!(tx.conn(), c => sqlx::query(
        "DELETE FROM filter_runs WHERE id = $1 AND purpose = 'preflight'"
    ).bind(run).execute(c).await.map(|_| ()))?;
    Ok(())
}

async fn begin(
    tx: &mut Tx,
    (orgi, filter): (&str, &str),
    purpose: &str,
    now: Millis,
) -> Result<Option<String>> {
    let Some(filter) = filters::get_in(tx, orgi, filter).await? else {
        return Ok(None);
    };
    let id = new_id("run");
    let stamp = wall_clock(now, &filter.zone).unwrap_or_default();
    let title = format!("{}_{stamp}", filter.name);
    on!(tx.conn(), c => sqlx::query(
        "INSERT INTO filter_runs (id, orgi, filter_id, batch_id, business_type, title, conditions,
             zone, known, purpose, state, created_at)
         SELECT $1, orgi, id, batch_id, business_type, $3, conditions, zone, known, $5, 'queued', $4
         FROM filters WHERE id = $2"
    ).bind(&id).bind(&filter.id).bind(title).bind(now.0).bind(purpose).execute(c).await.map(|_| ()))?;
    Ok(Some(id))
}

/// Records a run of conditions that are not saved. Enqueue `work::Work::RunFilter` in the same
/// write.
///
/// # Errors
/// When the database fails.
pub async fn create_unsaved(tx: &mut Tx, new: &Unsaved<'_>, now: Millis) -> Result<String> {
    let id = new_id("run");
    let form = doc::text("filter", new.form)?;
    let purpose = if new.count_only { "count" } else { "hits" };
    on!(tx.conn(), c => sqlx::query(
        "INSERT INTO filter_runs (id, orgi, batch_id, business_type, title, conditions, zone,
             purpose, asked_by, state, created_at)
         VALUES ($1, $2, $3, $4, '', $5, $6, $7, $8, 'queued', $9)"
    ).bind(&id).bind(new.orgi).bind(new.over.batch()).bind(new.over.business()).bind(form)
        .bind(new.zone).bind(purpose).bind(new.by).bind(now.0).execute(c).await.map(|_| ()))?;
    Ok(id)
}

/// The jobs of a user's counts that have not ended: a newer one makes them pointless.
///
/// # Errors
/// When the database fails.
pub async fn counts_under_way(tx: &mut Tx, orgi: &str, user: &str) -> Result<Vec<String>> {
    Ok(on!(tx.conn(), c => sqlx::query_scalar(
        "SELECT job_id FROM filter_runs
         WHERE filter_id IS NULL AND orgi = $1 AND asked_by = $2 AND purpose = 'count'
             AND state IN ('queued', 'running') AND job_id IS NOT NULL"
    ).bind(orgi).bind(user).fetch_all(c).await)?)
}

/// Deletes runs of conditions that were not saved, and of pre-flights that never ended, with their hits,
/// when they are older than `before`.
///
/// # Errors
/// When the database fails.
pub async fn sweep_unsaved(db: &Db, before: Millis) -> Result<()> {
    on!(db.write(), c => sqlx::query(
        "DELETE FROM filter_runs WHERE (filter_id IS NULL OR purpose = 'preflight') AND created_at < $1"
    ).bind(before.0).execute(c).await.map(|_| ()))?;
    Ok(())
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
        "SELECT * FROM filter_runs
         WHERE filter_id = $1 AND purpose = 'hits' AND ($2 = '' OR id < $2)
         ORDER BY id DESC LIMIT $3"
    ).bind(filter).bind(before.unwrap_or_default()).bind(limit).fetch_all(c).await)?)
}

/// Begins a run, or begins it again: what an earlier try left is gone.
///
/// # Errors
/// When the database fails.
pub async fn start(
    tx: &mut Tx,
    id: &str,
    resolved: &Resolved,
    versions: &BTreeMap<String, i64>,
) -> Result<()> {
    on!(tx.conn(), c => sqlx::query("DELETE FROM filter_hits WHERE run_id = $1")
        .bind(id).execute(c).await.map(|_| ()))?;
    let highest = versions.values().copied().max().unwrap_or_default();
    let resolved = doc::text("filter run", resolved)?;
    let versions = doc::text("filter run", versions)?;
    on!(tx.conn(), c => sqlx::query(
        "UPDATE filter_runs SET state = 'running', snapshot_version = $2, resolved = $3,
             versions = $4
         WHERE id = $1"
    ).bind(id).bind(highest).bind(resolved).bind(versions).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// Runs of a filter whose hits nobody needs any more: not among the newest [`KEPT`], and no task
/// has drawn from them.
///
/// # Errors
/// When the database fails.
pub async fn outdated(db: &Db, filter: &str) -> Result<Vec<String>> {
    // Not EXISTS with OFFSET: SQLite 3.51.3 was seen to skip hits instead of runs.
    Ok(on!(db.read(), c => sqlx::query_scalar(
        "SELECT id FROM filter_runs
         WHERE filter_id = $1 AND purpose = 'hits' AND state IN ('succeeded', 'failed')
             AND id NOT IN (SELECT id FROM filter_runs WHERE filter_id = $1 AND purpose = 'hits'
                 ORDER BY id DESC LIMIT $2)
             AND id IN (SELECT run_id FROM filter_hits)
             AND id NOT IN (SELECT filter_run_id FROM tasks WHERE filter_run_id IS NOT NULL)
         ORDER BY id"
    ).bind(filter).bind(KEPT).fetch_all(c).await)?)
}

/// How many runs of a filter keep their hits, beside those that tasks drew from.
pub const KEPT: i64 = 3;

/// Whether the hits of a run that found some are still there.
///
/// # Errors
/// When the database fails.
pub async fn has_hits(db: &Db, run: &FilterRun) -> Result<bool> {
    Ok(on!(db.read(), c => sqlx::query_scalar(
        "SELECT $2 = 0 OR EXISTS (SELECT 1 FROM filter_hits WHERE run_id = $1)"
    ).bind(&run.id).bind(run.matched).fetch_one(c).await)?)
}

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

/// The run that a task waits for has failed with it, unless it was over.
///
/// # Errors
/// When the database fails.
pub async fn fail_of_task(
    tx: &mut Tx,
    task: &str,
    (code, text): (&str, &str),
    now: Millis,
) -> Result<()> {
    on!(tx.conn(), c => sqlx::query(
        "UPDATE filter_runs SET state = 'failed', error_code = $2, error_text = $3, finished_at = $4
         WHERE id = (SELECT filter_run_id FROM tasks WHERE id = $1) AND state IN ('queued', 'running')"
    ).bind(task).bind(code).bind(text).bind(now.0).execute(c).await.map(|_| ()))?;
    Ok(())
}
