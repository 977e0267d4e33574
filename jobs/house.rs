//! What every job needs, and the start of a job that may write.

use std::{path::PathBuf, sync::Arc, time::Duration};

use engine::time::Millis;
use serde_json::Value;
use store::{Db, Tx, jobs};
use tokio::sync::watch;
use tokio_util::task::TaskTracker;

use crate::{
    clock,
    error::JobError,
    settings::{Settings, Sources},
    snapshot::Snapshots,
};

/// Jobs of one tenant that run at once, where nothing else is set.
pub const PER_TENANT: i64 = 4;

/// Database, files and the wish to stop. Clones share everything.
#[derive(Debug, Clone)]
pub struct House {
    pub db: Db,
    pub data_dir: PathBuf,
    pub snapshots: Snapshots,
    /// Names this process in the jobs that it has.
    pub worker: Arc<str>,
    /// Jobs of one tenant that run at once, over all workers (OUT-013).
    pub per_tenant: i64,
    /// Where planned batches may get files from.
    pub sources: Arc<Sources>,
    /// Turns true when the process is to end.
    pub stop: watch::Receiver<bool>,
    /// Everything that takes jobs and does them.
    pub at_work: TaskTracker,
}

/// One start of one job. Its fence refuses writes once a later start has taken over.
#[derive(Debug, Clone)]
pub struct Ticket {
    pub job: String,
    pub fence: i64,
}

impl House {
    #[must_use]
    pub fn new(db: Db, data_dir: PathBuf, stop: watch::Receiver<bool>) -> Self {
        let worker = format!("{}-{}", std::process::id(), uuid::Uuid::now_v7().simple());
        Self {
            db,
            data_dir,
            snapshots: Snapshots::default(),
            worker: worker.into(),
            per_tenant: PER_TENANT,
            sources: Arc::default(),
            stop,
            at_work: TaskTracker::new(),
        }
    }

    /// The same, as the configuration wants it.
    #[must_use]
    pub fn with(self, settings: Settings) -> Self {
        Self {
            per_tenant: i64::from(settings.max_parallel_per_tenant),
            sources: Arc::new(settings.sources),
            ..self
        }
    }

    #[must_use]
    pub fn now(&self) -> Millis {
        clock::now()
    }

    /// # Errors
    /// [`JobError::ShuttingDown`] when the process is to end: jobs ask between two chunks.
    pub fn may_go_on(&self) -> Result<(), JobError> {
        if *self.stop.borrow() {
            Err(JobError::ShuttingDown)
        } else {
            Ok(())
        }
    }

    /// Removes files that nothing names any more, by their places in the data directory. One that stays is
    /// swept later.
    pub fn remove(&self, files: &[String]) {
        for file in files {
            let _ = std::fs::remove_file(self.data_dir.join(file));
        }
    }

    /// Returns when the process is to end.
    pub async fn stopped(&self) {
        let mut stop = self.stop.clone();
        // The sender being gone means the same.
        let _ = stop.wait_for(|stop| *stop).await;
    }

    /// Waits, but not beyond the wish to stop.
    pub async fn pause(&self, time: Duration) {
        tokio::select! {
            () = self.stopped() => {}
            () = tokio::time::sleep(time) => {}
        }
    }
}

impl Ticket {
    /// Shows progress in the write that makes it.
    ///
    /// # Errors
    /// [`JobError::Superseded`]: drop the write.
    pub async fn progress(
        &self,
        tx: &mut Tx,
        stage: &str,
        done: i64,
        total: i64,
    ) -> Result<(), JobError> {
        let alive = jobs::progress(
            tx,
            &self.job,
            self.fence,
            stage,
            (done, total),
            clock::now(),
        )
        .await?;
        if alive {
            Ok(())
        } else {
            Err(JobError::Superseded)
        }
    }

    /// Ends the job in the write that ends its work, and says what it did: an object of counts.
    ///
    /// # Errors
    /// [`JobError::Superseded`]: drop the write.
    pub async fn succeed(&self, tx: &mut Tx, result: &Value) -> Result<(), JobError> {
        let alive = jobs::succeed(tx, &self.job, self.fence, result, clock::now()).await?;
        if alive {
            Ok(())
        } else {
            Err(JobError::Superseded)
        }
    }
}
