//! A saved filter becomes a list of leads, on one snapshot of its batch.

use std::{collections::BTreeMap, sync::Arc};

use engine::{
    field::Field,
    filter::{self, SYSTEM_COLUMNS, Tree},
};
use store::{
    batches, fields,
    filter_runs::{self, FilterRun},
    leads,
};

use crate::{
    error::JobError,
    frame::{Builder, Snapshot},
    house::{House, Ticket},
};

/// Leads a read.
const PAGE: i64 = 10_000;

pub async fn run(house: &House, ticket: &Ticket, id: &str) -> Result<(), JobError> {
    let run = evaluate(house, ticket, id).await?;
    for old in filter_runs::outdated(&house.db, &run.filter_id).await? {
        forget(house, &old).await?;
    }
    let mut tx = house.db.begin().await?;
    ticket.succeed(&mut tx).await?;
    Ok(tx.commit().await?)
}

/// Runs the filter and stores its hits; a run that has succeeded stays as it is.
pub async fn evaluate(house: &House, ticket: &Ticket, id: &str) -> Result<FilterRun, JobError> {
    let run = find(house, id).await?;
    if run.state == "succeeded" {
        return Ok(run);
    }
    let fields = fields::list(&house.db, &run.batch_id).await?;
    let tree = filter::compile(&run.conditions, &filter::columns(&fields))
        .map_err(|bad| JobError::user(bad.code, bad.to_string()))?;
    // The version is read before the rows: a snapshot may be newer than its number, never older.
    let version = batches::get(&house.db, &run.orgi, &run.batch_id).await?;
    let version = version.map_or(0, |batch| batch.snapshot_version);
    let mut tx = house.db.begin().await?;
    ticket.progress(&mut tx, "filtering", 0, 0).await?;
    filter_runs::start(&mut tx, id, version).await?;
    tx.commit().await?;

    let snapshot = snapshot(house, &run.batch_id, version, &fields).await?;
    let hits = select(snapshot, tree).await?;
    let total = i64::try_from(hits.len()).unwrap_or(i64::MAX);
    let mut tx = house.db.begin().await?;
    ticket.progress(&mut tx, "storing", total, total).await?;
    filter_runs::add_hits(&mut tx, id, &run.batch_id, &hits).await?;
    filter_runs::succeed(&mut tx, id, total, house.now()).await?;
    tx.commit().await?;
    find(house, id).await
}

/// Deletes a run's hits.
pub async fn forget(house: &House, id: &str) -> Result<(), JobError> {
    Ok(filter_runs::drop_hits(&house.db, id).await?)
}

async fn find(house: &House, id: &str) -> Result<FilterRun, JobError> {
    let run = filter_runs::get(&house.db, id).await?;
    run.ok_or_else(|| JobError::user("NO_SUCH_RUN", "the filter run is gone"))
}

async fn select(snapshot: Arc<Snapshot>, tree: Tree) -> Result<Vec<i64>, JobError> {
    tokio::task::spawn_blocking(move || snapshot.select(&tree))
        .await
        .map_err(|broken| JobError::Panicked(broken.to_string()))?
}

async fn snapshot(
    house: &House,
    batch: &str,
    version: i64,
    fields: &[Field],
) -> Result<Arc<Snapshot>, JobError> {
    if let Some(kept) = house.snapshots.get(batch, version) {
        return Ok(kept);
    }
    let own = fields.iter().map(|field| field.code.clone());
    let codes = SYSTEM_COLUMNS
        .iter()
        .map(|code| (*code).to_owned())
        .chain(own)
        .collect();
    let mut builder = Builder::new(codes);
    let mut after = -1;
    loop {
        house.may_go_on()?;
        let rows = leads::snaps(&house.db, batch, after, PAGE).await?;
        let Some(last) = rows.last() else { break };
        after = last.position;
        builder = tokio::task::spawn_blocking(move || fill(builder, rows))
            .await
            .map_err(|broken| JobError::Panicked(broken.to_string()))??;
    }
    let snapshot = Arc::new(builder.build());
    house.snapshots.put(batch, version, &snapshot);
    Ok(snapshot)
}

fn fill(mut builder: Builder, rows: Vec<leads::Snap>) -> Result<Builder, JobError> {
    for row in rows {
        let data: BTreeMap<String, String> =
            serde_json::from_str(&row.data).map_err(|source| store::Error::Document {
                what: "lead",
                source,
            })?;
        builder.push(row.position, |code| match code {
            "id" => Some(&row.id),
            "orgi" => Some(&row.orgi),
            "creater" => Some(&row.creater),
            "phone" => Some(&row.phone),
            own => data.get(own).map(String::as_str),
        });
    }
    Ok(builder)
}

#[cfg(test)]
mod tests;
