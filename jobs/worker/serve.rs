//! A lane's workers: the queue library's part.

use std::{
    task::{Context, Poll},
    time::Duration,
};

use apalis::prelude::*;
use apalis_core::backend::ext::poll_strategy::{PollSnapshot, PollStrategy};
use store::{
    Db,
    work::{Wake, queue},
};
use tokio::time::MissedTickBehavior;
use tracing::{error, warn};

use super::RESTART;
use crate::house::House;

/// How soon a new entry is seen.
const TICK: Duration = Duration::from_millis(100);
/// A worker that was not heard of for [`MISSED`] of these is dead; another gets its entries.
const HEARTBEAT: Duration = Duration::from_secs(2);
const MISSED: usize = 3;

/// Serves one queue, again and again: a database error ends a worker of the library for good.
pub async fn lane(house: House, name: &'static str) {
    while house.may_go_on().is_ok() {
        let ended = match &house.db {
            Db::Lite { writer, .. } => {
                let config = apalis_sqlite::Config::default()
                    .queue(name)
                    .batch_size(1)
                    .heartbeat_interval(HEARTBEAT)
                    .missed_heartbeats(MISSED);
                let backend = apalis_sqlite::SqliteStorage::<Wake>::new(writer)
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
                let backend = apalis_postgres::PostgresStorage::<Wake>::new(pool)
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

/// Ends the library's worker once no job is in hand any more. Asked earlier, it would stop in the middle of a
/// write of its own and wait for a job that waits for the same connection.
async fn until_stopped(house: House) -> Result<(), WorkerError> {
    house.stopped().await;
    house.at_work.close();
    house.at_work.wait().await;
    Ok(())
}

async fn handle(wake: Wake, house: Data<House>) -> Result<(), BoxDynError> {
    let house = (*house).clone();
    // A task of its own, so that a panic ends the job and not the worker.
    let at_work = house.at_work.clone();
    let done = at_work.spawn(async move { house.work_off(&wake.lane).await });
    match done.await {
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
