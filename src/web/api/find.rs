//! Finds what a path names, within the caller's tenant. What belongs to others is not found.

use store::{
    batches::{self, Batch},
    campaigns::{self, Campaign},
    filter_runs::{self, FilterRun},
    filters::{self, Filter},
    imports::{self, Import},
    jobs::{self, Job},
    leads::{self, Lead},
    tasks::{self, Task},
};

use super::departments::belongs;
use crate::{caller::Caller, house::House, problem::Problem};

type Found<T> = Result<T, Problem>;

pub async fn batch(house: &House, caller: &Caller, id: &str) -> Found<Batch> {
    there(batches::get(&house.db, caller.orgi(), id).await?)
}

/// A batch that may still be changed, by this caller (OUT-007).
pub async fn open_batch(house: &House, caller: &Caller, id: &str) -> Found<Batch> {
    belongs(house, caller).await?;
    let batch = batch(house, caller, id).await?;
    match batch.state.as_str() {
        "archived" => Err(Problem::of("BATCH_ARCHIVED")),
        "deleting" => Err(Problem::of("BATCH_IN_USE")),
        _ => Ok(batch),
    }
}

/// A batch whose leads may be filtered and called (OUT-029).
pub async fn ready_batch(house: &House, caller: &Caller, id: &str) -> Found<Batch> {
    let batch = batch(house, caller, id).await?;
    match batch.state.as_str() {
        "ready" => Ok(batch),
        "archived" => Err(Problem::of("BATCH_ARCHIVED")),
        _ => Err(Problem::of("BATCH_NOT_READY")),
    }
}

/// A batch that gets its leads by uploads, of this caller (OUT-023).
pub async fn uploads(house: &House, caller: &Caller, id: &str) -> Found<Batch> {
    let batch = open_batch(house, caller, id).await?;
    if matches!(batch.batch_type.as_str(), "external" | "contacts") {
        return Err(Problem::of("BATCH_NOT_UPLOAD"));
    }
    Ok(batch)
}

pub async fn filter(house: &House, caller: &Caller, id: &str) -> Found<Filter> {
    there(filters::get(&house.db, caller.orgi(), id).await?)
}

pub async fn campaign(house: &House, caller: &Caller, id: &str) -> Found<Campaign> {
    there(campaigns::get(&house.db, caller.orgi(), id).await?)
}

pub async fn lead(house: &House, caller: &Caller, id: &str) -> Found<Lead> {
    there(leads::get(&house.db, caller.orgi(), id).await?)
}

pub async fn import(house: &House, caller: &Caller, id: &str) -> Found<Import> {
    let found = imports::get(&house.db, id).await?;
    there(found.filter(|one| one.orgi == caller.orgi()))
}

/// An import whose batch may still be changed, by this caller.
pub async fn open_import(house: &House, caller: &Caller, id: &str) -> Found<Import> {
    let import = import(house, caller, id).await?;
    open_batch(house, caller, &import.batch_id).await?;
    Ok(import)
}

pub async fn run(house: &House, caller: &Caller, id: &str) -> Found<FilterRun> {
    let found = filter_runs::get(&house.db, id).await?;
    there(found.filter(|one| one.orgi == caller.orgi()))
}

/// A run whose leads are still known; only the newest of a filter keep theirs.
pub async fn kept_run(house: &House, caller: &Caller, id: &str) -> Found<FilterRun> {
    let run = run(house, caller, id).await?;
    if !filter_runs::has_hits(&house.db, &run).await? {
        return Err(Problem::of("RUN_EXPIRED"));
    }
    Ok(run)
}

pub async fn task(house: &House, caller: &Caller, id: &str) -> Found<Task> {
    let found = tasks::get(&house.db, id).await?;
    there(found.filter(|one| one.orgi == caller.orgi()))
}

pub async fn job(house: &House, caller: &Caller, id: &str) -> Found<Job> {
    let found = jobs::get(&house.db, id).await?;
    there(found.filter(|one| one.orgi == caller.orgi()))
}

/// # Errors
/// `NOT_FOUND`.
pub fn there<T>(found: Option<T>) -> Found<T> {
    found.ok_or_else(Problem::not_found)
}
