//! The worker process: wakes up, takes the job whose turn it is, does it, records its end.
//!
//! apalis keeps the entries that wake a lane's workers up, hands each to one worker, counts and
//! watches the workers, and stops them gracefully. Which job is then done is decided by
//! [`store::jobs::take`] in our own table, because the library knows neither priorities within a
//! batch nor tenants, retries at once, and hands a job that kills its process out for ever:
//! - an entry is used up by whatever jobs of its lane are due, in their order;
//! - a started job is leased to its worker for 15 s, renewed every 3 s and with every chunk; a lease
//!   that ran out makes the job due again, with a new fence, and the start that died has counted;
//! - a failure that may pass puts the job back for later;
//! - once a second a lane that has something due and no entry gets one, and a planned batch whose time
//!   has come gets a pull;
//! - in the first second of a day, or when the worker starts, the day's jobs are queued.

use std::{path::PathBuf, time::Duration};

use engine::window::Window;
use store::{
    Db, daily, filter_runs,
    jobs::{self, Taken},
    previews, sources,
    work::{self, Work, queue},
};
use tokio::{sync::watch, task::JoinSet};
use tracing::{info, warn};

use crate::{
    JobError, allocate, allocate_contacts, build_snapshot, delete_batch, delete_import, dry_run,
    export, filter,
    house::{House, Ticket},
    import_batch, preflight, pull_source, recycle, recycle_stale, rejects_sheet, report,
    settings::Settings,
    snapshot, sweep_files, template, undo_import,
};

mod serve;

/// How often a running job's lease is renewed; it lasts [`jobs::LEASE_MS`].
const RENEW: Duration = Duration::from_secs(3);
/// How often it is looked for jobs that are due and that no entry announces.
const LOOK: Duration = Duration::from_secs(1);
/// Pause after the database failed.
const RESTART: Duration = Duration::from_secs(1);
/// Delay after the first failure; four times as long after each further one (OUT-014).
const RETRY: Duration = Duration::from_secs(5);
const SWEEP_EVERY: Duration = Duration::from_secs(60 * 60);
/// Entries that are done stay for a day.
const SWEEP_AFTER_MS: i64 = 24 * 60 * 60 * 1000;
const PREVIEW_KEPT_MS: i64 = 24 * 60 * 60 * 1000;
/// Results of conditions that were not saved can be paged through for an hour.
const UNSAVED_KEPT_MS: i64 = 60 * 60 * 1000;

/// Does batch work until `shutdown` completes, then lets every job stop at its next chunk.
///
/// # Errors
/// When the database cannot be used at the start. Later failures are logged and tried again.
pub async fn run_worker(
    db: Db,
    data_dir: PathBuf,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<(), JobError> {
    run_worker_with(db, data_dir, Settings::default(), shutdown).await
}

/// The same, as the configuration wants it.
///
/// # Errors
/// As [`run_worker`].
pub async fn run_worker_with(
    db: Db,
    data_dir: PathBuf,
    settings: Settings,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<(), JobError> {
    let (stop, stopped) = watch::channel(false);
    let house = House::new(db, data_dir, stopped).with(settings);
    sweep(&house).await?;
    let mut tasks = JoinSet::new();
    tasks.spawn(keep_sweeping(house.clone()));
    tasks.spawn(keep_looking(house.clone()));
    for name in queue::ALL {
        tasks.spawn(serve::lane(house.clone(), name));
    }
    info!("the worker takes jobs");
    shutdown.await;
    // Every receiver may be gone already.
    let _ = stop.send(true);
    while tasks.join_next().await.is_some() {}
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
    tx.commit().await?;
    filter_runs::sweep_unsaved(&house.db, house.now().plus(-UNSAVED_KEPT_MS)).await?;
    sweep_previews(house).await?;
    snapshot::sweep(house).await
}

/// A file that was only looked at may be imported for a day.
async fn sweep_previews(house: &House) -> Result<(), JobError> {
    let mut tx = house.db.begin().await?;
    let files = previews::sweep(&mut tx, house.now().plus(-PREVIEW_KEPT_MS)).await?;
    tx.commit().await?;
    for file in files {
        // A leftover does no harm.
        let _ = tokio::fs::remove_file(house.data_dir.join(file)).await;
    }
    Ok(())
}

async fn keep_looking(house: House) {
    while house.may_go_on().is_ok() {
        house.pause(LOOK).await;
        if let Err(error) = sources::plan(&house.db, house.now()).await {
            warn!("planned batches could not be looked after: {error}");
        }
        let day = Window::default().local(house.now());
        let day = day.map(|day| day.format("%Y-%m-%d").to_string());
        if let Err(error) = daily::plan(&house.db, &day.unwrap_or_default(), house.now()).await {
            warn!("the day's jobs could not be queued: {error}");
        }
        if let Err(error) = jobs::wake_idle(&house.db, house.per_tenant, house.now()).await {
            warn!("jobs that wait could not be looked for: {error}");
        }
    }
}

impl House {
    /// Does the jobs of a lane that are due, one after the other, until none is.
    ///
    /// # Errors
    /// When the database fails; the queue then hands the entry out again.
    pub async fn work_off(&self, lane: &str) -> Result<(), JobError> {
        while self.may_go_on().is_ok() {
            let taken = jobs::take(&self.db, lane, &self.worker, self.per_tenant, self.now()).await;
            match taken {
                Ok(Some(taken)) => self.carry_out(taken).await?,
                Ok(None) => break,
                Err(error) => {
                    self.pause(RESTART).await;
                    return Err(error.into());
                }
            }
        }
        Ok(())
    }

    /// Does a job that was taken, and records its end. `Err` only when that could not be recorded.
    ///
    /// # Errors
    /// When the database fails; the job's lease then runs out.
    pub async fn carry_out(&self, taken: Taken) -> Result<(), JobError> {
        let ticket = Ticket {
            job: taken.job.clone(),
            fence: taken.fence,
        };
        if taken.attempts > taken.max_attempts {
            let died = JobError::user("WORKER_DIED", "the worker process died in this job");
            return self.fail(&taken, &ticket, &died).await;
        }
        let (kind, nth) = (taken.work.kind(), taken.attempts);
        info!(job.id = %taken.job, "job {kind} {} starts, start {nth}", taken.job);
        let renewing = tokio::spawn(keep_lease(self.clone(), ticket.clone()));
        let (house, its, work) = (self.clone(), ticket.clone(), taken.work.clone());
        let done = tokio::spawn(async move { house.perform(&its, &work).await }).await;
        renewing.abort();
        let done = done.unwrap_or_else(|broken| Err(JobError::Panicked(broken.to_string())));
        match done {
            Ok(()) => {
                info!(job.id = %taken.job, "job {} is done", taken.job);
                Ok(())
            }
            Err(JobError::Superseded) => {
                info!(job.id = %taken.job, "job {} is no longer this start's", taken.job);
                Ok(())
            }
            Err(JobError::ShuttingDown) => self.yield_back(&ticket).await,
            Err(error @ JobError::User { .. }) => self.fail(&taken, &ticket, &error).await,
            Err(error) if taken.attempts >= taken.max_attempts => {
                self.fail(&taken, &ticket, &error).await
            }
            Err(error) => self.retry(&taken, &ticket, &error).await,
        }
    }

    /// Every job there is.
    ///
    /// # Errors
    /// As the job does.
    pub async fn perform(&self, ticket: &Ticket, work: &Work) -> Result<(), JobError> {
        match work {
            Work::ReadTemplate {
                batch,
                file_path,
                header_row,
                sheet,
                ..
            } => {
                let ask = template::Ask {
                    batch,
                    file_path,
                    header_row: *header_row,
                    sheet: sheet.as_deref(),
                };
                template::run(self, ticket, ask).await
            }
            Work::DryRun { preview } => dry_run::run(self, ticket, preview).await,
            Work::ImportBatch { import } => import_batch::run(self, ticket, import).await,
            Work::UndoImport { import } => undo_import::run(self, ticket, import).await,
            Work::DeleteImport { import } => delete_import::run(self, ticket, import).await,
            Work::DeleteBatch { batch } => delete_batch::run(self, ticket, batch).await,
            Work::RunFilter { run } => filter::run(self, ticket, run).await,
            Work::AllocateTask { task } => allocate::run(self, ticket, task).await,
            Work::AllocateContacts { task } => allocate_contacts::run(self, ticket, task).await,
            Work::RecycleTask(ask) => recycle::run(self, ticket, ask).await,
            Work::RecycleStale { orgi } => recycle_stale::run(self, ticket, orgi).await,
            Work::SweepFiles => sweep_files::run(self, ticket).await,
            Work::RejectsSheet { import } => rejects_sheet::run(self, ticket, import).await,
            Work::ExportLeads { export } => export::run(self, ticket, export).await,
            Work::Preflight { campaign, run } => {
                preflight::run(self, ticket, campaign, run.as_deref()).await
            }
            Work::CampaignReport { campaign } => report::run(self, ticket, campaign).await,
            Work::PullSource { source } => pull_source::run(self, ticket, source).await,
            Work::BuildSnapshot { batch } => build_snapshot::run(self, ticket, batch).await,
        }
    }

    /// The job has failed for good, and so has what it worked on.
    async fn fail(&self, taken: &Taken, ticket: &Ticket, error: &JobError) -> Result<(), JobError> {
        let (code, text, now) = (error.code(), error.text(), self.now());
        warn!(job.id = %taken.job, "job {} failed: {code}: {text}", taken.job);
        let mut tx = self.db.begin().await?;
        if !jobs::fail(&mut tx, &taken.job, ticket.fence, code, &text, now).await? {
            return Ok(());
        }
        work::fail(&mut tx, &taken.work, code, &text, now).await?;
        Ok(tx.commit().await?)
    }

    async fn retry(
        &self,
        taken: &Taken,
        ticket: &Ticket,
        error: &JobError,
    ) -> Result<(), JobError> {
        let delay = retry_delay(taken.attempts);
        let (code, text) = (error.code(), error.text());
        warn!(job.id = %taken.job, "job {} waits {delay:?}: {code}: {text}", taken.job);
        let now = self.now();
        let later = now.plus(i64::try_from(delay.as_millis()).unwrap_or(i64::MAX));
        let mut tx = self.db.begin().await?;
        jobs::put_back(&mut tx, &taken.job, ticket.fence, (code, &text), later, now).await?;
        Ok(tx.commit().await?)
    }

    async fn yield_back(&self, ticket: &Ticket) -> Result<(), JobError> {
        let mut tx = self.db.begin().await?;
        jobs::yield_back(&mut tx, &ticket.job, ticket.fence, self.now()).await?;
        Ok(tx.commit().await?)
    }
}

/// Keeps a job leased to this worker until it is aborted or the job is somebody else's.
async fn keep_lease(house: House, ticket: Ticket) {
    loop {
        tokio::time::sleep(RENEW).await;
        match jobs::renew(&house.db, &ticket.job, ticket.fence, house.now()).await {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => warn!(job.id = %ticket.job, "a lease could not be renewed: {error}"),
        }
    }
}

/// 5 s, then 20 s, then 80 s.
fn retry_delay(attempt: i64) -> Duration {
    let power = u32::try_from(attempt.saturating_sub(1))
        .unwrap_or_default()
        .min(5);
    RETRY * 4_u32.pow(power)
}

#[cfg(test)]
mod tests;
