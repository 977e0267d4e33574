//! What there is to do, and how it is handed to the worker process.
//!
//! A job is two rows: ours in `job_runs` and the queue library's. [`enqueue`] writes both in the
//! caller's transaction, so neither is there without the other and without what they work on.

use apalis_core::task::builder::TaskBuilder;
use engine::time::Millis;
use serde::{Deserialize, Serialize};

use crate::{Error, Result, Tx, doc, new_id, on};

/// A piece of batch work. Stored in the queue: a variant's name and fields only ever grow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Work {
    /// Reads the header of a sheet into the batch's fields.
    ReadTemplate {
        batch: String,
        /// Relative to the data directory.
        file_path: String,
        file_name: String,
    },
    ImportBatch {
        import: String,
    },
    RunFilter {
        run: String,
    },
    /// Runs the task's filter, draws and gives leads to the campaign's targets.
    AllocateTask {
        task: String,
    },
    /// Takes undialled leads back: all of a task, of one of its targets, or one lead.
    RecycleTask {
        task: String,
        target: Option<String>,
        lead: Option<String>,
        /// To the department that had them, not to the pool.
        to_department: bool,
    },
    /// Writes [`crate::files::rejects`].
    RejectsSheet {
        import: String,
    },
    /// Writes [`crate::files::report`].
    CampaignReport {
        campaign: String,
    },
}

/// What the queue holds for a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub job: String,
    /// Compared with the job's row: an entry of an earlier run does nothing.
    pub run: i64,
    pub work: Work,
}

/// Queue names, explicit because stored rows outlive the names of types.
pub mod queue {
    pub const IMPORT: &str = "paceline.import";
    pub const FILTER: &str = "paceline.filter";
    pub const ALLOCATE: &str = "paceline.allocate";
    pub const SHEET: &str = "paceline.sheet";
    pub const ALL: [&str; 4] = [IMPORT, FILTER, ALLOCATE, SHEET];
}

/// Who asked for a job.
#[derive(Debug, Clone, Copy)]
pub struct By<'a> {
    pub orgi: &'a str,
    pub user: &'a str,
    /// The batch whose execution records show it.
    pub batch: Option<&'a str>,
}

impl Work {
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::ReadTemplate { .. } => "read_template",
            Self::ImportBatch { .. } => "import_batch",
            Self::RunFilter { .. } => "run_filter",
            Self::AllocateTask { .. } => "allocate_task",
            Self::RecycleTask { .. } => "recycle_task",
            Self::RejectsSheet { .. } => "rejects_sheet",
            Self::CampaignReport { .. } => "campaign_report",
        }
    }

    #[must_use]
    pub fn subject(&self) -> &str {
        match self {
            Self::ReadTemplate { batch, .. } => batch,
            Self::ImportBatch { import } | Self::RejectsSheet { import } => import,
            Self::RunFilter { run } => run,
            Self::AllocateTask { task } | Self::RecycleTask { task, .. } => task,
            Self::CampaignReport { campaign } => campaign,
        }
    }

    #[must_use]
    pub fn queue(&self) -> &'static str {
        match self {
            Self::ImportBatch { .. } => queue::IMPORT,
            Self::RunFilter { .. } => queue::FILTER,
            Self::AllocateTask { .. } | Self::RecycleTask { .. } => queue::ALLOCATE,
            Self::ReadTemplate { .. } | Self::RejectsSheet { .. } | Self::CampaignReport { .. } => {
                queue::SHEET
            }
        }
    }
}

/// Queues a job in the caller's write and returns its id.
///
/// # Errors
/// When the database fails.
pub async fn enqueue(tx: &mut Tx, work: Work, by: By<'_>, now: Millis) -> Result<String> {
    let id = new_id("job");
    on!(tx.conn(), c => sqlx::query(
        "INSERT INTO job_runs (id, orgi, kind, subject, batch_id, state, created_by, created_at,
             updated_at)
         VALUES ($1, $2, $3, $4, $5, 'queued', $6, $7, $7)"
    ).bind(&id).bind(by.orgi).bind(work.kind()).bind(work.subject()).bind(by.batch).bind(by.user)
        .bind(now.0).execute(c).await.map(|_| ()))?;
    let told = match &work {
        Work::ImportBatch { .. } => Some("UPDATE imports SET job_id = $1 WHERE id = $2"),
        Work::RunFilter { .. } => Some("UPDATE filter_runs SET job_id = $1 WHERE id = $2"),
        Work::AllocateTask { .. } => Some("UPDATE tasks SET job_id = $1 WHERE id = $2"),
        _ => None,
    };
    if let Some(sql) = told {
        on!(tx.conn(), c => sqlx::query(sql).bind(&id).bind(work.subject()).execute(c).await
            .map(|_| ()))?;
    }
    push(
        tx,
        &Entry {
            job: id.clone(),
            run: 1,
            work,
        },
        now,
    )
    .await?;
    Ok(id)
}

/// Puts an entry into its queue, to be taken at `at` or later; whole seconds, rounded down.
///
/// # Errors
/// When the database fails.
pub async fn push(tx: &mut Tx, entry: &Entry, at: Millis) -> Result<()> {
    let seconds = u64::try_from(at.0 / 1000).unwrap_or_default();
    let args = doc::text("work", entry)?.into_bytes();
    // The library counts its own tries; ours are counted in `job_runs`.
    let task = TaskBuilder::new(args)
        .max_attempts(1_000)
        .run_at_timestamp(seconds)
        .build();
    let queue = entry.work.queue();
    match tx {
        Tx::Lite(c) => apalis_sqlite::queries::push_tasks(&mut **c, queue, &[task])
            .await
            .map_err(|error| Error::Queue(error.to_string())),
        Tx::Pg(c) => apalis_postgres::queries::push_tasks(&mut **c, queue, vec![task])
            .await
            .map_err(|error| Error::Queue(error.to_string())),
    }
}

/// Deletes queue entries that were done before `before`, and what the queue library remembers of
/// workers that have not been heard of since. The jobs' own rows stay. Returns how many entries.
///
/// # Errors
/// When the database fails.
pub async fn sweep(tx: &mut Tx, before: Millis) -> Result<u64> {
    let seconds = before.0 / 1000;
    match tx {
        Tx::Lite(c) => {
            let done = sqlx::query(
                "DELETE FROM Jobs WHERE status IN ('Done', 'Killed') AND done_at < $1
                     AND job_type LIKE 'paceline.%'",
            )
            .bind(seconds)
            .execute(&mut **c)
            .await?;
            sqlx::query(
                "DELETE FROM Workers WHERE last_seen < $1
                     AND id NOT IN (SELECT lock_by FROM Jobs WHERE lock_by IS NOT NULL)",
            )
            .bind(seconds)
            .execute(&mut **c)
            .await?;
            Ok(done.rows_affected())
        }
        Tx::Pg(c) => {
            let done = sqlx::query(
                "DELETE FROM apalis.jobs WHERE status IN ('Done', 'Killed')
                     AND done_at < to_timestamp($1::double precision)
                     AND job_type LIKE 'paceline.%'",
            )
            .bind(seconds)
            .execute(&mut **c)
            .await?;
            sqlx::query(
                "DELETE FROM apalis.workers w WHERE last_seen < to_timestamp($1::double precision)
                     AND NOT EXISTS (SELECT 1 FROM apalis.jobs j WHERE j.lock_by = w.id)",
            )
            .bind(seconds)
            .execute(&mut **c)
            .await?;
            Ok(done.rows_affected())
        }
    }
}
