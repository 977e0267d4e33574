//! What there is to do, and how it is handed to the worker process.
//!
//! A job is a row in `job_runs`, written by [`enqueue`] in the caller's transaction, so it is never
//! there without what it works on. The entry in the queue library's table is written beside it and
//! only wakes a worker of the lane up: which job has its turn is [`crate::jobs::take`]'s to say.

use apalis_core::task::builder::TaskBuilder;
use engine::{draw::TargetType, time::Millis};
use serde::{Deserialize, Serialize};

use crate::{Error, Result, Tx, doc, new_id, on};

mod end;

pub use end::{fail, reopen};

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
        /// Sheet row of the titles; looked for when it is not given.
        #[serde(default)]
        header_row: Option<u32>,
        /// Name or number of the sheet.
        #[serde(default)]
        sheet: Option<String>,
    },
    /// Reads a file as its import would, and writes nothing but what it found.
    DryRun {
        preview: String,
    },
    ImportBatch {
        import: String,
    },
    /// Takes an import back.
    UndoImport {
        import: String,
    },
    /// Deletes an import that is too large for one write.
    DeleteImport {
        import: String,
    },
    /// The same with a batch.
    DeleteBatch {
        batch: String,
    },
    RunFilter {
        run: String,
    },
    /// Runs the task's filter, draws and gives leads to the campaign's targets.
    AllocateTask {
        task: String,
    },
    /// Makes leads of the task's contacts and gives them to whom it says.
    AllocateContacts {
        task: String,
    },
    /// Takes leads back.
    RecycleTask(Recycle),
    /// Deletes files that are older than they are to be kept.
    SweepFiles,
    /// Takes back what the tenant's settings say was held too long without a dial.
    RecycleStale {
        orgi: String,
    },
    /// Writes [`crate::files::rejects`].
    RejectsSheet {
        import: String,
    },
    /// Writes [`crate::files::export`].
    ExportLeads {
        export: String,
    },
    /// Looks at the leads that a start would draw from (those of the run), or that the campaign has.
    Preflight {
        campaign: String,
        run: Option<String>,
    },
    /// Writes [`crate::files::report`].
    CampaignReport {
        campaign: String,
    },
    /// Looks whether a planned batch's source has something new.
    PullSource {
        source: String,
    },
    /// Makes what filters read of a batch, before one asks (OUT-101).
    BuildSnapshot {
        batch: String,
    },
}

/// Which leads are taken back: those named, or the undialled ones of a task, of one of its targets,
/// or of a target in all tasks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recycle {
    pub orgi: String,
    #[serde(default)]
    pub task: Option<String>,
    #[serde(default)]
    pub holder: Option<(TargetType, String)>,
    #[serde(default)]
    pub leads: Vec<String>,
    /// To the department that had them, not to the pool.
    pub to_department: bool,
}

impl Recycle {
    fn subject(&self) -> &str {
        let holder = self.holder.as_ref().map(|(_, id)| id.as_str());
        let lead = self.leads.first().map(String::as_str);
        self.task.as_deref().or(holder).or(lead).unwrap_or_default()
    }
}

/// What the queue holds: there is something to do in this lane.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wake {
    /// One of [`queue::ALL`].
    #[serde(default)]
    pub lane: String,
}

/// How a job is to be queued, where it is not as usual.
#[derive(Debug, Clone, Copy)]
pub struct Terms<'a> {
    /// 0 to 9, 9 first (OUT-010).
    pub priority: i64,
    /// Not before.
    pub run_after: Millis,
    /// Starts before it fails for good, 1 to 10.
    pub max_attempts: i64,
    /// A second job under the same key of the tenant within 24 h is the first one (OUT-015).
    pub key: Option<&'a str>,
}

impl Default for Terms<'_> {
    fn default() -> Self {
        Self {
            priority: 5,
            run_after: Millis(0),
            max_attempts: 3,
            key: None,
        }
    }
}

/// A key stands for its job this long.
const KEY_MS: i64 = 24 * 3_600_000;

/// Queue names, explicit because stored rows outlive the names of types.
pub mod queue {
    pub const IMPORT: &str = "paceline.import";
    pub const FILTER: &str = "paceline.filter";
    pub const ALLOCATE: &str = "paceline.allocate";
    pub const SHEET: &str = "paceline.sheet";
    /// Waits for other people's servers, so it has workers of its own.
    pub const PULL: &str = "paceline.pull";
    pub const ALL: [&str; 5] = [IMPORT, FILTER, ALLOCATE, SHEET, PULL];
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
            Self::DryRun { .. } => "dry_run",
            Self::ImportBatch { .. } => "import_batch",
            Self::UndoImport { .. } => "undo_import",
            Self::DeleteImport { .. } => "delete_import",
            Self::DeleteBatch { .. } => "delete_batch",
            Self::RunFilter { .. } => "run_filter",
            Self::AllocateTask { .. } => "allocate_task",
            Self::AllocateContacts { .. } => "allocate_contacts",
            Self::RecycleTask(_) => "recycle_task",
            Self::RecycleStale { .. } => "recycle_stale",
            Self::SweepFiles => "sweep_files",
            Self::RejectsSheet { .. } => "rejects_sheet",
            Self::CampaignReport { .. } => "campaign_report",
            Self::PullSource { .. } => "pull_source",
            Self::ExportLeads { .. } => "export_leads",
            Self::Preflight { .. } => "preflight",
            Self::BuildSnapshot { .. } => "build_snapshot",
        }
    }

    #[must_use]
    pub fn subject(&self) -> &str {
        match self {
            Self::ReadTemplate { batch, .. }
            | Self::BuildSnapshot { batch }
            | Self::DeleteBatch { batch } => batch,
            Self::DryRun { preview } => preview,
            Self::ImportBatch { import }
            | Self::UndoImport { import }
            | Self::DeleteImport { import }
            | Self::RejectsSheet { import } => import,
            Self::RunFilter { run } => run,
            Self::AllocateTask { task } | Self::AllocateContacts { task } => task,
            Self::RecycleTask(recycle) => recycle.subject(),
            Self::RecycleStale { orgi } => orgi,
            Self::SweepFiles => "files",
            Self::PullSource { source } => source,
            Self::CampaignReport { campaign } | Self::Preflight { campaign, .. } => campaign,
            Self::ExportLeads { export } => export,
        }
    }

    #[must_use]
    pub fn queue(&self) -> &'static str {
        match self {
            Self::ImportBatch { .. }
            | Self::UndoImport { .. }
            | Self::DeleteImport { .. }
            | Self::DeleteBatch { .. } => queue::IMPORT,
            Self::RunFilter { .. } => queue::FILTER,
            Self::AllocateTask { .. }
            | Self::AllocateContacts { .. }
            | Self::RecycleTask(_)
            | Self::RecycleStale { .. } => queue::ALLOCATE,
            Self::PullSource { .. } => queue::PULL,
            Self::ReadTemplate { .. }
            | Self::DryRun { .. }
            | Self::RejectsSheet { .. }
            | Self::CampaignReport { .. }
            | Self::BuildSnapshot { .. }
            | Self::Preflight { .. }
            | Self::SweepFiles
            | Self::ExportLeads { .. } => queue::SHEET,
        }
    }
}

/// Queues a job in the caller's write and returns its id.
///
/// # Errors
/// When the database fails.
pub async fn enqueue(tx: &mut Tx, work: Work, by: By<'_>, now: Millis) -> Result<String> {
    enqueue_on(tx, work, by, Terms::default(), now).await
}

/// Queues a job on terms of its own. With a key that is known already, nothing is queued and the id
/// of the first job is returned.
///
/// # Errors
/// When the database fails.
pub async fn enqueue_on(
    tx: &mut Tx,
    work: Work,
    by: By<'_>,
    terms: Terms<'_>,
    now: Millis,
) -> Result<String> {
    let id = new_id("job");
    if let Some(key) = terms.key
        && let Some(first) = known(tx, by.orgi, key, &id, now).await?
    {
        return Ok(first);
    }
    let payload = doc::text("work", &work)?;
    let run_after = Millis(terms.run_after.0.max(now.0));
    on!(tx.conn(), c => sqlx::query(
        "INSERT INTO job_runs (id, orgi, kind, subject, batch_id, state, created_by, created_at,
             updated_at, payload, lane, priority, run_after, max_attempts)
         VALUES ($1, $2, $3, $4, $5, 'queued', $6, $7, $7, $8, $9, $10, $11, $12)"
    ).bind(&id).bind(by.orgi).bind(work.kind()).bind(work.subject()).bind(by.batch).bind(by.user)
        .bind(now.0).bind(payload).bind(work.queue()).bind(terms.priority.clamp(0, 9))
        .bind(run_after.0).bind(terms.max_attempts.clamp(1, 10)).execute(c).await.map(|_| ()))?;
    let told = match &work {
        Work::ImportBatch { .. } => Some("UPDATE imports SET job_id = $1 WHERE id = $2"),
        Work::DryRun { .. } => Some("UPDATE previews SET job_id = $1 WHERE id = $2"),
        Work::RunFilter { .. } => Some("UPDATE filter_runs SET job_id = $1 WHERE id = $2"),
        Work::AllocateTask { .. } | Work::AllocateContacts { .. } => {
            Some("UPDATE tasks SET job_id = $1 WHERE id = $2")
        }
        Work::ExportLeads { .. } => Some("UPDATE exports SET job_id = $1 WHERE id = $2"),
        _ => None,
    };
    if let Some(sql) = told {
        on!(tx.conn(), c => sqlx::query(sql).bind(&id).bind(work.subject()).execute(c).await
            .map(|_| ()))?;
    }
    wake(tx, work.queue(), Some(run_after).filter(|at| *at > now)).await?;
    Ok(id)
}

/// Queues the making of a batch's snapshot behind everything else, unless one waits already.
///
/// # Errors
/// When the database fails.
pub async fn build_snapshot(tx: &mut Tx, batch: &str, by: By<'_>, now: Millis) -> Result<()> {
    let waits: bool = on!(tx.conn(), c => sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM job_runs
             WHERE subject = $1 AND kind = 'build_snapshot' AND state = 'queued')"
    ).bind(batch).fetch_one(c).await)?;
    if waits {
        return Ok(());
    }
    let terms = Terms {
        priority: 1,
        ..Terms::default()
    };
    let work = Work::BuildSnapshot {
        batch: batch.into(),
    };
    enqueue_on(tx, work, by, terms, now).await?;
    Ok(())
}

/// The job that has this key; `None`: the key is now that of `id`.
async fn known(
    tx: &mut Tx,
    orgi: &str,
    key: &str,
    id: &str,
    now: Millis,
) -> Result<Option<String>> {
    let taken = on!(tx.conn(), c => sqlx::query(
        "INSERT INTO job_keys (orgi, key, job_id, created_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (orgi, key) DO UPDATE SET job_id = excluded.job_id,
             created_at = excluded.created_at
         WHERE job_keys.created_at <= $5"
    ).bind(orgi).bind(key).bind(id).bind(now.0).bind(now.0 - KEY_MS).execute(c).await
        .map(|done| done.rows_affected()))?;
    if taken == 1 {
        return Ok(None);
    }
    Ok(on!(tx.conn(), c => sqlx::query_scalar(
        "SELECT job_id FROM job_keys WHERE orgi = $1 AND key = $2"
    ).bind(orgi).bind(key).fetch_optional(c).await)?)
}

/// Wakes a worker of the lane up: now, or later, in whole seconds, rounded up.
///
/// # Errors
/// When the database fails.
pub async fn wake(tx: &mut Tx, lane: &str, later: Option<Millis>) -> Result<()> {
    let entry = Wake { lane: lane.into() };
    let args = doc::text("wake", &entry)?.into_bytes();
    let mut builder = TaskBuilder::new(args).max_attempts(1_000);
    if let Some(at) = later {
        let seconds = u64::try_from((at.0 + 999) / 1000).unwrap_or_default();
        builder = builder.run_at_timestamp(seconds);
    }
    let task = builder.build();
    match tx {
        Tx::Lite(c) => apalis_sqlite::queries::push_tasks(&mut **c, lane, &[task])
            .await
            .map_err(|error| Error::Queue(error.to_string())),
        Tx::Pg(c) => apalis_postgres::queries::push_tasks(&mut **c, lane, vec![task])
            .await
            .map_err(|error| Error::Queue(error.to_string())),
    }
}

/// Whether an entry of this lane waits to be handed out.
///
/// # Errors
/// When the database fails.
pub async fn is_woken(tx: &mut Tx, lane: &str) -> Result<bool> {
    Ok(match tx {
        Tx::Lite(c) => {
            sqlx::query_scalar(
                "SELECT EXISTS (SELECT 1 FROM Jobs WHERE job_type = $1 AND status = 'Pending'
                 AND run_at <= unixepoch())",
            )
            .bind(lane)
            .fetch_one(&mut **c)
            .await?
        }
        Tx::Pg(c) => sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM apalis.jobs WHERE job_type = $1 AND status = 'Pending'
                 AND run_at <= now())",
        )
        .bind(lane)
        .fetch_one(&mut **c)
        .await?,
    })
}

/// Deletes queue entries that were done before `before`, keys whose day is over, and what the queue
/// library remembers of workers that have not been heard of since. The jobs' own rows stay. Returns how many entries.
///
/// # Errors
/// When the database fails.
pub async fn sweep(tx: &mut Tx, before: Millis) -> Result<u64> {
    let seconds = before.0 / 1000;
    on!(tx.conn(), c => sqlx::query("DELETE FROM job_keys WHERE created_at < $1")
        .bind(before.0).execute(c).await.map(|_| ()))?;
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
