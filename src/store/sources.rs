//! Where a planned batch (计划批次) gets its files, and when (OUT-023).

use std::str::FromStr;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use croner::Cron;
use engine::{time::Millis, window::Window};
use serde::{Deserialize, Serialize};
use sqlx::FromRow;

use crate::{
    Db, Doc, Result, Tx, doc, imports, new_id, on,
    work::{self, By, Work},
};

/// What people write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    pub from: Place,
    /// Five fields (minute, hour, day, month, weekday) or six with seconds in front; `None`: only by
    /// hand.
    #[serde(default)]
    pub cron: Option<String>,
    /// IANA time zone of the schedule.
    #[serde(default = "zone")]
    pub zone: String,
    /// What is asked for with every import.
    #[serde(default)]
    pub options: imports::Options,
}

fn zone() -> String {
    Window::default().zone
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Place {
    /// Files in a directory of the worker's machine.
    Directory {
        /// Absolute; in one of the roots that the configuration allows.
        path: String,
        /// `*.xlsx`: a pattern for the file's name.
        pattern: String,
    },
    /// One file behind an address.
    Url { url: String },
}

/// A specification that cannot be kept. `pointer` is the JSON pointer of the value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{pointer}: {message}")]
pub struct BadSpec {
    pub pointer: &'static str,
    pub message: String,
}

#[derive(Debug, Clone, PartialEq, FromRow, Serialize)]
pub struct Source {
    pub id: String,
    pub orgi: String,
    pub batch_id: String,
    pub creater: String,
    #[sqlx(try_from = "String")]
    pub spec: Doc<Spec>,
    pub enabled: bool,
    pub next_at: Option<i64>,
    /// What the server said about the file it gave last.
    pub etag: Option<String>,
    pub last_modified: Option<String>,
    pub last_job: Option<String>,
    pub last_at: Option<i64>,
    /// `imported`, `nothing_new` or `failed`.
    pub last_state: Option<String>,
    pub last_code: Option<String>,
    pub last_text: Option<String>,
    pub created_at: i64,
    pub updated_at: i64,
}

impl Spec {
    /// # Errors
    /// The first value that cannot be used. Whether the place is allowed is the worker's to say.
    pub fn validate(&self) -> std::result::Result<(), BadSpec> {
        let bad = |pointer, message: &str| {
            Err(BadSpec {
                pointer,
                message: message.into(),
            })
        };
        match &self.from {
            Place::Directory { path, pattern } => {
                let parts = std::path::Path::new(path);
                let climbs = parts
                    .components()
                    .any(|part| matches!(part, std::path::Component::ParentDir));
                if !parts.is_absolute() || climbs || path.len() > 1_000 {
                    return bad("/from/path", "must be an absolute path without ..");
                }
                if pattern.is_empty() || pattern.len() > 200 || pattern.contains('/') {
                    return bad("/from/pattern", "must be a pattern for names, as *.xlsx");
                }
            }
            Place::Url { url } => {
                let known = ["https://", "http://"];
                if url.len() > 2_000 || !known.iter().any(|scheme| url.starts_with(scheme)) {
                    return bad("/from/url", "must be an https:// address");
                }
            }
        }
        if self.zone.parse::<Tz>().is_err() {
            return bad("/zone", "is no time zone");
        }
        if let Some(cron) = &self.cron
            && let Err(error) = Cron::from_str(cron)
        {
            return bad("/cron", &error.to_string());
        }
        self.options.validate().map_err(|bad| BadSpec {
            pointer: "/options",
            message: bad.to_string(),
        })
    }

    /// The first time of the schedule after `now`.
    #[must_use]
    pub fn next(&self, now: Millis) -> Option<Millis> {
        let cron = Cron::from_str(self.cron.as_deref()?).ok()?;
        let zone: Tz = self.zone.parse().ok()?;
        let now = DateTime::<Utc>::from_timestamp(now.0.div_euclid(1000), 0)?.with_timezone(&zone);
        let next = cron.find_next_occurrence(&now, false).ok()?;
        Some(Millis(next.timestamp_millis()))
    }
}

/// Writes a batch's source. What it has imported stays known, what the server said is forgotten.
///
/// # Errors
/// When the database fails.
pub async fn save(
    tx: &mut Tx,
    (orgi, batch, by): (&str, &str, &str),
    spec: &Spec,
    enabled: bool,
    now: Millis,
) -> Result<()> {
    let next = if enabled { spec.next(now) } else { None };
    let text = doc::text("source", spec)?;
    on!(tx.conn(), c => sqlx::query(
        "INSERT INTO sources (id, orgi, batch_id, creater, spec, enabled, next_at, created_at,
             updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)
         ON CONFLICT (batch_id) DO UPDATE SET creater = excluded.creater, spec = excluded.spec,
             enabled = excluded.enabled, next_at = excluded.next_at, etag = NULL,
             last_modified = NULL, updated_at = excluded.updated_at"
    ).bind(new_id("src")).bind(orgi).bind(batch).bind(by).bind(text).bind(enabled)
        .bind(next.map(|at| at.0)).bind(now.0).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// # Errors
/// When the database fails.
pub async fn of_batch(db: &Db, batch: &str) -> Result<Option<Source>> {
    Ok(
        on!(db.read(), c => sqlx::query_as("SELECT * FROM sources WHERE batch_id = $1")
        .bind(batch).fetch_optional(c).await)?,
    )
}

/// # Errors
/// When the database fails.
pub async fn get(db: &Db, id: &str) -> Result<Option<Source>> {
    Ok(
        on!(db.read(), c => sqlx::query_as("SELECT * FROM sources WHERE id = $1")
        .bind(id).fetch_optional(c).await)?,
    )
}

/// # Errors
/// When the database fails.
pub async fn delete(tx: &mut Tx, batch: &str) -> Result<bool> {
    let rows = on!(tx.conn(), c => sqlx::query("DELETE FROM sources WHERE batch_id = $1")
        .bind(batch).execute(c).await.map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// Queues a pull of this source, unless one is under way. Returns the job.
///
/// # Errors
/// When the database fails.
pub async fn pull(tx: &mut Tx, source: &Source, user: &str, now: Millis) -> Result<Option<String>> {
    if let Tx::Pg(c) = tx {
        // Two who ask at once do so one after the other.
        sqlx::query("SELECT 1 FROM sources WHERE id = $1 FOR UPDATE")
            .bind(&source.id)
            .execute(&mut **c)
            .await?;
    }
    let busy: bool = on!(tx.conn(), c => sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM job_runs WHERE subject = $1
             AND state IN ('queued', 'running', 'paused'))"
    ).bind(&source.id).fetch_one(c).await)?;
    if busy {
        return Ok(None);
    }
    let by = By {
        orgi: &source.orgi,
        user,
        batch: Some(&source.batch_id),
    };
    let work = Work::PullSource {
        source: source.id.clone(),
    };
    let job = work::enqueue(tx, work, by, now).await?;
    on!(tx.conn(), c => sqlx::query("UPDATE sources SET last_job = $2 WHERE id = $1")
        .bind(&source.id).bind(&job).execute(c).await.map(|_| ()))?;
    Ok(Some(job))
}

/// Queues a pull for every source whose time has come, and sets its next time. Times that were missed
/// while no worker ran count as one. Returns how many were queued.
///
/// # Errors
/// When the database fails.
pub async fn plan(db: &Db, now: Millis) -> Result<usize> {
    let due: Vec<Source> = on!(db.read(), c => sqlx::query_as(
        "SELECT s.* FROM sources s JOIN batches b ON b.id = s.batch_id
         WHERE s.next_at <= $1 AND s.enabled AND b.state = 'ready'
         ORDER BY s.next_at LIMIT 100"
    ).bind(now.0).fetch_all(c).await)?;
    let mut queued = 0;
    for source in due {
        let next = source.spec.next(now).map(|at| at.0);
        let mut tx = db.begin().await?;
        // Whoever moves it on has this turn.
        let mine = on!(tx.conn(), c => sqlx::query(
            "UPDATE sources SET next_at = $3 WHERE id = $1 AND next_at = $2"
        ).bind(&source.id).bind(source.next_at).bind(next).execute(c).await
            .map(|done| done.rows_affected()))?;
        if mine == 1 {
            let job = pull(&mut tx, &source, &source.creater, now).await?;
            queued += usize::from(job.is_some());
            tx.commit().await?;
        }
    }
    Ok(queued)
}

/// Marks a file as imported by this source. `false`: it was before.
///
/// # Errors
/// When the database fails.
pub async fn remember(
    tx: &mut Tx,
    id: &str,
    (sha256, name, import): (&str, &str, &str),
    now: Millis,
) -> Result<bool> {
    let rows = on!(tx.conn(), c => sqlx::query(
        "INSERT INTO source_files (source_id, sha256, name, import_id, at)
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (source_id, sha256) DO NOTHING"
    ).bind(id).bind(sha256).bind(name).bind(import).bind(now.0).execute(c).await
        .map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// Whether this source has imported a file of this content.
///
/// # Errors
/// When the database fails.
pub async fn knows(db: &Db, id: &str, sha256: &str) -> Result<bool> {
    Ok(on!(db.read(), c => sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM source_files WHERE source_id = $1 AND sha256 = $2)"
    ).bind(id).bind(sha256).fetch_one(c).await)?)
}

/// Keeps what the server said about the file, to ask for a newer one only.
///
/// # Errors
/// When the database fails.
pub async fn seen(
    tx: &mut Tx,
    id: &str,
    etag: Option<&str>,
    last_modified: Option<&str>,
) -> Result<()> {
    on!(tx.conn(), c => sqlx::query(
        "UPDATE sources SET etag = $2, last_modified = $3 WHERE id = $1"
    ).bind(id).bind(etag).bind(last_modified).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// Keeps how the last pull went; `trouble` is a code and a text.
///
/// # Errors
/// When the database fails.
pub async fn told(
    tx: &mut Tx,
    id: &str,
    state: &str,
    trouble: Option<(&str, &str)>,
    now: Millis,
) -> Result<()> {
    let (code, text) = trouble.unzip();
    on!(tx.conn(), c => sqlx::query(
        "UPDATE sources SET last_state = $2, last_code = $3, last_text = $4, last_at = $5
         WHERE id = $1"
    ).bind(id).bind(state).bind(code).bind(text).bind(now.0).execute(c).await.map(|_| ()))?;
    Ok(())
}

#[cfg(test)]
mod tests;
