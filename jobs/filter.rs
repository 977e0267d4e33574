//! A filter becomes a list of leads: on the snapshot of its batch, or of every batch of a business
//! type, one after the other.
//!
//! What was asked is fixed at the first start (its days become dates) and kept with the run, with
//! the version of each snapshot, so that a run can be understood and repeated.

use std::collections::BTreeMap;

use engine::filter::{
    self, Column, HISTORY, Resolved, Tree, business_columns, columns, name_of, resolve, troubles,
};
use serde_json::json;
use store::{
    batches, fields,
    filter_runs::{self, FilterRun},
    filters::Over,
    segments,
};

use crate::{
    error::JobError,
    frame::{self, Found},
    house::{House, Ticket},
    snapshot::{self, Code, Question},
};

/// Segments whose columns are in memory at once, beside those that are kept: two million leads.
const GROUP: usize = 32;

pub async fn run(house: &House, ticket: &Ticket, id: &str) -> Result<(), JobError> {
    let run = evaluate(house, ticket, id).await?;
    if let Some(filter) = &run.filter_id {
        for old in filter_runs::outdated(&house.db, filter).await? {
            forget(house, &old).await?;
        }
    }
    let mut tx = house.db.begin().await?;
    ticket
        .succeed(&mut tx, &json!({ "matched": run.matched }))
        .await?;
    Ok(tx.commit().await?)
}

/// Runs the filter and stores its hits; a run that has succeeded stays as it is.
pub async fn evaluate(house: &House, ticket: &Ticket, id: &str) -> Result<FilterRun, JobError> {
    let run = find(house, id).await?;
    if run.state == "succeeded" {
        return Ok(run);
    }
    let sources = sources(house, &run).await?;
    let resolved = meaning(house, &run, &sources)?;
    // The versions are read before the rows: a snapshot may be newer than its number, never older.
    let versions: BTreeMap<String, i64> = sources
        .iter()
        .map(|source| (source.batch.clone(), source.version))
        .collect();
    let mut tx = house.db.begin().await?;
    ticket.progress(&mut tx, "filtering", 0, 0).await?;
    filter_runs::start(&mut tx, id, &resolved, &versions).await?;
    tx.commit().await?;

    let mut matched = 0;
    for source in &sources {
        matched += select(house, ticket, &run, source, &resolved).await?;
    }
    let mut tx = house.db.begin().await?;
    ticket
        .progress(&mut tx, "filtering", matched, matched)
        .await?;
    filter_runs::succeed(&mut tx, id, matched, house.now()).await?;
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

/// A batch that the filter looks at.
struct Source {
    batch: String,
    version: i64,
    columns: Vec<Column>,
    /// Its field for the name, under which a business filter finds it.
    name: Option<String>,
}

async fn sources(house: &House, run: &FilterRun) -> Result<Vec<Source>, JobError> {
    match run.over() {
        Over::Batch(batch) => {
            let version = batches::version(&house.db, batch).await?;
            let fields = fields::list(&house.db, batch).await?;
            Ok(vec![Source {
                batch: batch.into(),
                version,
                columns: columns(&fields),
                name: None,
            }])
        }
        Over::Business(kind) => {
            let mut sources = Vec::new();
            for (batch, version) in batches::of_business(&house.db, &run.orgi, kind).await? {
                let fields = fields::list(&house.db, &batch).await?;
                sources.push(Source {
                    batch,
                    version,
                    columns: business_columns(),
                    name: name_of(&fields).map(|field| field.code.clone()),
                });
            }
            Ok(sources)
        }
    }
}

/// What the run asks, with its days fixed; a run that starts again asks what it asked before.
fn meaning(house: &House, run: &FilterRun, sources: &[Source]) -> Result<Resolved, JobError> {
    let business = business_columns();
    let columns = sources
        .first()
        .map_or(business.as_slice(), |source| &source.columns);
    let mut troubles = troubles(&run.conditions, columns, &run.known).into_iter();
    if let Some(trouble) = troubles.find(|trouble| trouble.blocks) {
        let text = format!("{} (condition {})", trouble.message, trouble.pointer);
        return Err(JobError::user(trouble.code, text));
    }
    if let Some(resolved) = run.resolved()? {
        return Ok(resolved);
    }
    let today = filter::today(house.now(), &run.zone)
        .ok_or_else(|| JobError::user("BAD_ZONE", format!("no time zone \"{}\"", run.zone)))?;
    let form = resolve(&run.conditions, columns, today);
    Ok(Resolved { form, today })
}

async fn select(
    house: &House,
    ticket: &Ticket,
    run: &FilterRun,
    source: &Source,
    resolved: &Resolved,
) -> Result<i64, JobError> {
    let tree = filter::compile(&resolved.form, &source.columns, resolved.today);
    let tree = tree.map_err(|bad| match bad.into_iter().next() {
        Some(bad) => JobError::user(bad.code, bad.to_string()),
        None => JobError::user("FILTER_TOO_LONG", "the filter cannot be used"),
    })?;
    let question = Question {
        codes: codes(&tree, run, source),
        zone: run.zone.clone(),
        today: resolved.today,
    };
    let count_only = run.purpose == "count";
    let segments = segments::list(&house.db, &source.batch).await?;
    let mut matched = 0;
    for group in segments.chunks(GROUP) {
        let mut pieces = Vec::new();
        for segment in group {
            house.may_go_on()?;
            pieces.push(snapshot::piece(house, &source.batch, *segment, &question).await?);
        }
        let tree = tree.clone();
        let found: Found =
            tokio::task::spawn_blocking(move || frame::select(&pieces, &tree, count_only))
                .await
                .map_err(|broken| JobError::Panicked(broken.to_string()))??;
        matched += i64::try_from(found.count).unwrap_or(i64::MAX);
        if !count_only {
            let mut tx = house.db.begin().await?;
            ticket.progress(&mut tx, "filtering", matched, 0).await?;
            filter_runs::add_hits(&mut tx, &run.id, &source.batch, &found.positions).await?;
            tx.commit().await?;
        }
    }
    Ok(matched)
}

/// Where the columns come from that the tree asks about.
fn codes(tree: &Tree, run: &FilterRun, source: &Source) -> Vec<(String, Code)> {
    let mut asked: Vec<&str> = tree.tests().iter().map(|test| test.code.as_str()).collect();
    asked.sort_unstable();
    asked.dedup();
    let is_business = run.batch_id.is_none();
    let code = |code: &str| match code {
        "orgi" => Code::Same(Some(run.orgi.clone())),
        "batch" => Code::Same(Some(source.batch.clone())),
        "created_at" => Code::Moment(code.into()),
        "name" if is_business => match &source.name {
            Some(own) => Code::Kept(own.clone()),
            None => Code::Same(None),
        },
        code if HISTORY.contains(&code) => Code::History,
        code => Code::Kept(code.into()),
    };
    asked
        .into_iter()
        .map(|one| (one.into(), code(one)))
        .collect()
}

#[cfg(test)]
mod tests;
