//! Pieces of batch work, and how far they are.
//!
//! A job's states (OUT-011), and who moves it:
//!
//! ```text
//!   queued ──take──> running ──succeed──> succeeded
//!     ^  ^             │ │ └───fail─────> failed ──retry (by hand)──> queued
//!     │  └─put_back────┘ │
//!     │     yield_back   pause
//!     └──resume── paused <┘            cancel: queued, running or paused ──> cancelled
//! ```

use engine::time::Millis;
use serde::Serialize;
use serde_json::Value;
use sqlx::FromRow;

use crate::{Db, Doc, Result, on};

mod orders;
mod steps;
#[cfg(test)]
mod tests;
mod turn;

pub use orders::{cancel, pause, prioritise, resume, retry};
pub use steps::{fail, progress, put_back, succeed, yield_back};
pub use turn::{LEASE_MS, Taken, renew, take, wake_idle};

/// A job. This row holds its turn, its progress and its end.
#[derive(Debug, Clone, PartialEq, FromRow, Serialize)]
pub struct Job {
    pub id: String,
    pub orgi: String,
    /// [`crate::work::Work::kind`].
    pub kind: String,
    /// Id of the batch, import, filter run, task or campaign it works on.
    pub subject: String,
    pub batch_id: Option<String>,
    /// `queued`, `running`, `paused`, `succeeded`, `failed` or `cancelled`.
    pub state: String,
    pub stage: String,
    /// Of `total`; a total of 0 is not known.
    pub done: i64,
    pub total: i64,
    /// 0 to 9, 9 first.
    pub priority: i64,
    /// Not started before.
    pub run_after: i64,
    /// Starts so far that ended by themselves or with their process.
    pub attempts: i64,
    pub max_attempts: i64,
    /// The worker that has it, and until when nobody else may take it.
    pub locked_by: Option<String>,
    pub locked_until: Option<i64>,
    /// What it did; `null` until it ended well.
    #[sqlx(try_from = "String")]
    pub result: Doc<Value>,
    pub error_code: Option<String>,
    pub error_text: Option<String>,
    pub created_by: Option<String>,
    /// The name of who asked for it.
    pub operator: Option<String>,
    pub created_at: i64,
    pub started_at: Option<i64>,
    pub updated_at: i64,
    pub finished_at: Option<i64>,
}

/// Which jobs; what is empty does not matter.
#[derive(Debug, Clone, Copy, Default)]
pub struct Which<'a> {
    /// The jobs of this batch (OUT-018).
    pub batch: &'a str,
    pub kind: &'a str,
    pub state: &'a str,
    /// Those that this user asked for.
    pub user: &'a str,
}

/// # Errors
/// When the database fails.
pub async fn get(db: &Db, id: &str) -> Result<Option<Job>> {
    Ok(on!(db.read(), c => sqlx::query_as(
        "SELECT j.*, u.display_name AS operator FROM job_runs j
         LEFT JOIN users u ON u.id = j.created_by WHERE j.id = $1"
    ).bind(id).fetch_optional(c).await)?)
}

/// The tenant's jobs, newest first, those before the id `before`.
///
/// # Errors
/// When the database fails.
pub async fn list(
    db: &Db,
    orgi: &str,
    which: Which<'_>,
    before: Option<&str>,
    limit: i64,
) -> Result<Vec<Job>> {
    Ok(on!(db.read(), c => sqlx::query_as(
        "SELECT j.*, u.display_name AS operator FROM job_runs j
         LEFT JOIN users u ON u.id = j.created_by
         WHERE j.orgi = $1 AND ($2 = '' OR j.batch_id = $2) AND ($3 = '' OR j.kind = $3)
             AND ($4 = '' OR j.state = $4) AND ($5 = '' OR j.created_by = $5)
             AND ($6 = '' OR j.id < $6)
         ORDER BY j.id DESC LIMIT $7"
    ).bind(orgi).bind(which.batch).bind(which.kind).bind(which.state).bind(which.user)
        .bind(before.unwrap_or_default()).bind(limit).fetch_all(c).await)?)
}

/// Every tenant's jobs that moved since `since`.
///
/// # Errors
/// When the database fails.
pub async fn changed_since(db: &Db, since: Millis) -> Result<Vec<Job>> {
    Ok(on!(db.read(), c => sqlx::query_as(
        "SELECT j.*, u.display_name AS operator FROM job_runs j
         LEFT JOIN users u ON u.id = j.created_by
         WHERE j.updated_at >= $1 ORDER BY j.updated_at LIMIT 1000"
    ).bind(since.0).fetch_all(c).await)?)
}
