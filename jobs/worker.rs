//! The worker process: queues in, jobs done, rows told how it went.
//!
//! apalis keeps the turn of a job; everything about its end is decided here, because the library
//! retries at once and without counting starts that killed their process:
//! - a job is claimed in its own row, and its entry in the queue is done whatever came of it;
//! - a failure that may pass puts a new entry into the queue for later, in the write that says so;
//! - a start that ended with its process is found by the heartbeat and counted by the claim.

use std::{
    path::PathBuf,
    task::{Context, Poll},
    time::Duration,
};

use apalis::prelude::*;
use apalis_core::backend::ext::poll_strategy::{PollSnapshot, PollStrategy};
use engine::time::Millis;
use store::{
    Db, batches, filter_runs, imports, jobs, tasks,
    work::{self, Entry, Work, queue},
};
use tokio::{sync::watch, task::JoinSet, time::MissedTickBehavior};
use tracing::{error, info, warn};

use crate::{
    JobError, allocate, clock, filter,
    frame::Snapshots,
    house::{House, Ticket},
    import_batch, recycle, rejects_sheet, report, template,
};

/// How soon a new entry is seen.
const TICK: Duration = Duration::from_millis(100);
/// A worker that was not heard of for [`MISSED`] of these is dead; another takes its jobs.
const HEARTBEAT: Duration = Duration::from_secs(2);
const MISSED: usize = 3;
/// Pause before a queue's worker starts again after the database failed it.
const RESTART: Duration = Duration::from_secs(1);
/// Delay after the first failure; four times as long after each further one (OUT-014).
const RETRY: Duration = Duration::from_secs(5);
const SWEEP_EVERY: Duration = Duration::from_secs(60 * 60);
/// Entries that are done stay for a day.
const SWEEP_AFTER_MS: i64 = 24 * 60 * 60 * 1000;

/// Does batch work until `shutdown` completes, then lets every job stop at its next chunk.
///
/// # Errors
/// When the database cannot be used at the start. Later failures are logged and tried again.
pub async fn run_worker(
    db: Db,
    data_dir: PathBuf,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<(), JobError> {
    let (stop, stopped) = watch::channel(false);
    let house = House {
        db,
        data_dir,
        snapshots: Snapshots::default(),
        stop: stopped,
    };
    sweep(&house).await?;
    let mut queues = JoinSet::new();
    queues.spawn(keep_sweeping(house.clone()));
    for name in queue::ALL {
        queues.spawn(serve(house.clone(), name));
    }
    info!("the worker takes jobs");
    shutdown.await;
    // Every receiver may be gone already.
    let _ = stop.send(true);
    while queues.join_next().await.is_some() {}
    info!("the worker has stopped");
    Ok(())
}

async fn keep_sweeping(house: House) {
    while house.may_go_on().is_ok() {
        house.pause(SWEEP_EVERY).await;
        if let Err(error) = sweep(&house).await {
            warn!("old queue entries stay for now: {error}");
        }
    }
}

async fn sweep(house: &House) -> Result<(), JobError> {
    let mut tx = house.db.begin().await?;
    work::sweep(&mut tx, house.now().plus(-SWEEP_AFTER_MS)).await?;
    Ok(tx.commit().await?)
}

/// Serves one queue, again and again: a database error ends a worker of the library for good.
async fn serve(house: House, name: &'static str) {
    while house.may_go_on().is_ok() {
        let ended = match &house.db {
            Db::Lite { writer, .. } => {
                let config = apalis_sqlite::Config::default()
                    .queue(name)
                    .batch_size(1)
                    .heartbeat_interval(HEARTBEAT)
                    .missed_heartbeats(MISSED);
                let backend = apalis_sqlite::SqliteStorage::<Entry>::new(writer)
                    .with_config(config)
                    .poll_with_strategy(Tick::new());
                WorkerBuilder::new(fresh(name))
                    .backend(backend)
                    .concurrency(concurrency(name))
                    .data(house.clone())
                    .build(handle)
                    .run_until(until_stopped(house.clone()))
                    .await
            }
            Db::Pg(pool) => {
                let config = apalis_postgres::Config::default()
                    .queue(name)
                    .batch_size(1)
                    .heartbeat_interval(HEARTBEAT)
                    .missed_heartbeats(MISSED);
                let backend = apalis_postgres::PostgresStorage::<Entry>::new(pool)
                    .with_config(config)
                    .poll_with_strategy(Tick::new());
                WorkerBuilder::new(fresh(name))
                    .backend(backend)
                    .concurrency(concurrency(name))
                    .data(house.clone())
                    .build(handle)
                    .run_until(until_stopped(house.clone()))
                    .await
            }
        };
        match ended {
            Err(error) => warn!(queue = name, "the worker of {name} ended: {error}"),
            Ok(()) if house.may_go_on().is_ok() => {
                warn!(queue = name, "the worker of {name} ended")
            }
            Ok(()) => {}
        }
        house.pause(RESTART).await;
    }
}

/// A name that no process had before: the library refuses a known one until its heartbeat is old.
fn fresh(queue: &str) -> String {
    format!("{queue}-{}", uuid::Uuid::now_v7().simple())
}

/// Imports are kept to one at a time: each may take a good part of the memory that the process has.
fn concurrency(queue: &str) -> usize {
    match queue {
        queue::SHEET => 2,
        _ => 1,
    }
}

async fn until_stopped(house: House) -> Result<(), WorkerError> {
    house.stopped().await;
    Ok(())
}

async fn handle(entry: Entry, house: Data<House>) -> Result<(), BoxDynError> {
    let house = (*house).clone();
    // A task of its own, so that a panic ends the job and not the worker.
    let done = tokio::spawn(async move { house.start(entry).await }).await;
    match done {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => {
            error!("a job could not be told about: {error}");
            Err(Box::new(error))
        }
        Err(broken) => Err(Box::new(broken)),
    }
}

/// Wakes the worker at every tick. The library's own interval loses a tick that falls into a fetch.
struct Tick(tokio::time::Interval);

impl Tick {
    fn new() -> Self {
        let mut interval = tokio::time::interval(TICK);
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self(interval)
    }
}

impl PollStrategy for Tick {
    fn poll_drive(&mut self, cx: &mut Context<'_>, _: &PollSnapshot) -> Poll<Option<()>> {
        let mut hit = false;
        while self.0.poll_tick(cx).is_ready() {
            hit = true;
        }
        if hit {
            Poll::Ready(Some(()))
        } else {
            Poll::Pending
        }
    }
}

impl House {
    /// Claims a job, does it, and records its end. `Err` only when that could not be recorded.
    ///
    /// # Errors
    /// When the database fails; the queue then hands the entry out again.
    pub async fn start(&self, entry: Entry) -> Result<(), JobError> {
        let fence = match jobs::claim(&self.db, &entry.job, entry.run, self.now()).await {
            Ok(Some(fence)) => fence,
            Ok(None) => return Ok(()),
            Err(error) => {
                self.pause(RESTART).await;
                return Err(error.into());
            }
        };
        let ticket = Ticket {
            job: entry.job.clone(),
            fence,
        };
        if fence > jobs::ATTEMPTS_MAX {
            let died = JobError::user("WORKER_DIED", "the worker process died in this job");
            return self.fail(&entry, &ticket, &died).await;
        }
        info!(job.id = %entry.job, "job {} {} starts, start {fence}", entry.work.kind(), entry.job);
        let (house, its, work) = (self.clone(), ticket.clone(), entry.work.clone());
        let done = tokio::spawn(async move { house.perform(&its, &work).await }).await;
        let done = done.unwrap_or_else(|broken| Err(JobError::Panicked(broken.to_string())));
        match done {
            Ok(()) => {
                info!(job.id = %entry.job, "job {} is done", entry.job);
                Ok(())
            }
            Err(JobError::Superseded) => Ok(()),
            Err(JobError::ShuttingDown) => self.yield_back(entry, &ticket).await,
            Err(error @ JobError::User { .. }) => self.fail(&entry, &ticket, &error).await,
            Err(error) if fence >= jobs::ATTEMPTS_MAX => self.fail(&entry, &ticket, &error).await,
            Err(error) => self.retry(entry, &ticket, &error).await,
        }
    }

    /// Every job there is.
    ///
    /// # Errors
    /// As the job does.
    pub async fn perform(&self, ticket: &Ticket, work: &Work) -> Result<(), JobError> {
        match work {
            Work::ReadTemplate {
                batch, file_path, ..
            } => template::run(self, ticket, batch, file_path).await,
            Work::ImportBatch { import } => import_batch::run(self, ticket, import).await,
            Work::RunFilter { run } => filter::run(self, ticket, run).await,
            Work::AllocateTask { task } => allocate::run(self, ticket, task).await,
            Work::RecycleTask {
                task,
                target,
                lead,
                to_department,
            } => {
                let ask = recycle::Ask {
                    task,
                    target: target.as_deref(),
                    lead: lead.as_deref(),
                    to_department: *to_department,
                };
                recycle::run(self, ticket, ask).await
            }
            Work::RejectsSheet { import } => rejects_sheet::run(self, ticket, import).await,
            Work::CampaignReport { campaign } => report::run(self, ticket, campaign).await,
        }
    }

    /// The job has failed for good, and so has what it worked on.
    async fn fail(&self, entry: &Entry, ticket: &Ticket, error: &JobError) -> Result<(), JobError> {
        let (code, text, now) = (error.code(), error.text(), self.now());
        warn!(job.id = %entry.job, "job {} failed: {code}: {text}", entry.job);
        let mut tx = self.db.begin().await?;
        if !jobs::fail(&mut tx, &entry.job, ticket.fence, code, &text, now).await? {
            return Ok(());
        }
        match &entry.work {
            Work::ImportBatch { import } => {
                imports::fail(&mut tx, import, code, &text, now).await?;
                if let Some(import) = imports::get(&self.db, import).await? {
                    batches::touch(&mut tx, &import.batch_id, now).await?;
                }
            }
            Work::RunFilter { run } => filter_runs::fail(&mut tx, run, code, &text, now).await?,
            Work::AllocateTask { task } => tasks::fail(&mut tx, task, code, now).await?,
            Work::ReadTemplate { .. }
            | Work::RecycleTask { .. }
            | Work::RejectsSheet { .. }
            | Work::CampaignReport { .. } => {}
        }
        Ok(tx.commit().await?)
    }

    async fn retry(&self, entry: Entry, ticket: &Ticket, error: &JobError) -> Result<(), JobError> {
        let delay = retry_delay(ticket.fence);
        let (code, text) = (error.code(), error.text());
        warn!(job.id = %entry.job, "job {} waits {delay:?}: {code}: {text}", entry.job);
        let now = self.now();
        let mut tx = self.db.begin().await?;
        let told = (code, text.as_str());
        if let Some(run) = jobs::put_back(&mut tx, &entry.job, ticket.fence, told, now).await? {
            let later = now.plus(i64::try_from(delay.as_millis()).unwrap_or(i64::MAX));
            work::push(&mut tx, &Entry { run, ..entry }, later).await?;
        }
        Ok(tx.commit().await?)
    }

    async fn yield_back(&self, entry: Entry, ticket: &Ticket) -> Result<(), JobError> {
        let now: Millis = clock::now();
        let mut tx = self.db.begin().await?;
        if let Some(run) = jobs::yield_back(&mut tx, &entry.job, ticket.fence, now).await? {
            work::push(&mut tx, &Entry { run, ..entry }, now).await?;
        }
        Ok(tx.commit().await?)
    }
}

/// 5 s, then 20 s, then 80 s.
fn retry_delay(start: i64) -> Duration {
    let power = u32::try_from(start.saturating_sub(1))
        .unwrap_or_default()
        .min(5);
    RETRY * 4_u32.pow(power)
}

#[cfg(test)]
mod tests;
