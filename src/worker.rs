//! The worker process: imports, filters, allocations, reports. A spreadsheet that eats memory or
//! panics a parser ends this process, never a call.

use std::{fs::File, path::PathBuf, process::Stdio, time::Duration};

use anyhow::{Context, Result};
use clap::Args;
use store::Db;
use tokio::{
    io::AsyncReadExt,
    process::{Child, ChildStdin, Command},
    sync::watch,
};
use tracing::{error, info, warn};

use crate::{
    config::{Config, Overrides},
    shutdown,
};

/// Address space of a worker that the server starts.
const MEMORY: u64 = 8 << 30;
const RESTART_AFTER: Duration = Duration::from_secs(1);

#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Data directory: uploads and made files
    #[arg(long, env = "PACELINE_DATA", default_value = "data")]
    pub data: PathBuf,
    /// postgres:// URL [default: SQLite in the data directory]
    #[arg(long, env = "PACELINE_DB", hide_env_values = true)]
    pub db: Option<String>,
    /// Settings file (TOML): its section jobs counts here
    #[arg(long, env = "PACELINE_CONFIG")]
    pub config: Option<PathBuf>,
    /// End when standard input closes: the server that started this worker is gone
    #[arg(long, hide = true)]
    pub attached: bool,
}

/// Works until it is asked to end.
///
/// # Errors
/// When the database cannot be reached, or the workers end by themselves.
pub async fn run(options: Options) -> Result<()> {
    if options.attached {
        // A limit that the system does not grant is a limit less, no reason not to work.
        if let Err(error) = rlimit::setrlimit(rlimit::Resource::AS, MEMORY, MEMORY) {
            warn!(%error, "the worker's memory is not limited");
        }
    }
    let place = options
        .db
        .unwrap_or_else(|| options.data.display().to_string());
    let db = Db::connect(&place)
        .await
        .context("cannot open the database")?;
    let settings = Config::load(&Overrides {
        config: options.config,
        ..Overrides::default()
    })?
    .jobs;
    let attached = options.attached;
    let over = async move {
        if attached {
            tokio::select! {
                () = shutdown::asked() => {}
                () = orphaned() => {}
            }
        } else {
            shutdown::asked().await;
        }
    };
    jobs::run_worker_with(db, options.data, settings, over)
        .await
        .context("the workers ended")
}

/// Done when nobody holds the other end of standard input.
async fn orphaned() {
    let mut byte = [0];
    while let Ok(1..) = tokio::io::stdin().read(&mut byte).await {}
}

/// Keeps one worker running beside the server until `stop` turns true.
pub async fn keep(config: Config, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        let mut worker = match spawn(&config) {
            Ok(worker) => worker,
            Err(error) => {
                error!(%error, "the worker does not start");
                pause(&mut stop).await;
                continue;
            }
        };
        info!(pid = worker.id(), "the worker runs");
        // Waiting for a child closes its input, and that would ask it to end.
        let input = worker.stdin.take();
        let ended = tokio::select! {
            ended = worker.wait() => Some(ended),
            _ = stop.wait_for(|stop| *stop) => None,
        };
        match ended {
            Some(status) => {
                warn!(status = ?status.ok(), "the worker ended; starting another");
                pause(&mut stop).await;
            }
            None => dismiss(worker, input).await,
        }
    }
}

/// Closing its input asks a worker to finish.
async fn dismiss(mut worker: Child, input: Option<ChildStdin>) {
    drop(input);
    if tokio::time::timeout(Duration::from_secs(10), worker.wait())
        .await
        .is_err()
    {
        warn!("the worker did not finish in time");
        // It is gone either way.
        let _ = worker.kill().await;
    }
}

async fn pause(stop: &mut watch::Receiver<bool>) {
    let _ = tokio::time::timeout(RESTART_AFTER, stop.wait_for(|stop| *stop)).await;
}

/// A worker gives way to calls: it runs at low priority and on two polars threads.
fn spawn(config: &Config) -> std::io::Result<Child> {
    let program = std::env::current_exe()?;
    let mut command = Command::new("nice");
    command
        .args(["-n", "15"])
        .arg(program)
        .arg("worker")
        .arg("--attached");
    command.arg("--data").arg(&config.data);
    command.env("POLARS_MAX_THREADS", "2");
    match &config.db {
        Some(db) => command.env("PACELINE_DB", db),
        None => command.env_remove("PACELINE_DB"),
    };
    match &config.path {
        Some(path) => command.env("PACELINE_CONFIG", path),
        None => command.env_remove("PACELINE_CONFIG"),
    };
    if let Some(path) = &config.worker_log {
        command.stderr(File::options().create(true).append(true).open(path)?);
    }
    command.stdin(Stdio::piped()).kill_on_drop(true).spawn()
}
