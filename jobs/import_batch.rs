//! A sheet's rows become leads, change leads, or are told why not.
//!
//! Rows are read and checked on a thread of their own, a thousand a chunk, ahead of the writes. A
//! write holds one or more chunks' leads, rejects and journal together with the place they end at,
//! so a worker that dies leaves whole chunks and the next one goes on behind them.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use engine::import_row::Choice;
use serde_json::{Value, json};
use store::{
    batches, dictionaries, fields,
    imports::{self, Import},
    mappings,
    work::{self, By, Work},
};
use tokio::sync::mpsc;

use crate::{
    error::JobError,
    house::{House, Ticket},
    import_source,
    reading::{End, Source},
};

pub mod read;
mod seen;
pub mod sort;
pub mod write;

use read::{Chunk, read};

/// A write takes further chunks that are there already until it is this old, or until another process
/// waits for its end.
const WRITE: Duration = Duration::from_millis(200);
/// Chunks that are read ahead.
const AHEAD: usize = 8;
/// Sheet rows a chunk.
pub const CHUNK: usize = 1_000;

pub async fn run(house: &House, ticket: &Ticket, id: &str) -> Result<(), JobError> {
    let import = imports::get(&house.db, id).await?;
    let import = import.ok_or_else(|| JobError::user("NO_SUCH_IMPORT", "the import is gone"))?;
    let source = begin(house, ticket, &import).await?;
    let writer = write::Writer::new(house, ticket, &import, &source.fields);
    let (chunks, received) = mpsc::channel(AHEAD);
    let cursor = import.row_cursor;
    let keeps_cells = write::may_refuse(&import.options, &source.fields);
    let reading = {
        let source = source.clone();
        let from = read::From {
            cursor,
            keeps_cells,
        };
        tokio::task::spawn_blocking(move || read(&source, from, &chunks, |_| ()))
    };
    write_all(house, &writer, received).await?;
    let end = reading.await.unwrap_or_else(|broken| {
        // A parser that panics on a file does so every time.
        Err(JobError::user(
            "FILE_DAMAGED",
            format!("the file cannot be read: {broken}"),
        ))
    })?;
    finish(house, ticket, &import, &end).await
}

/// The import runs. Once rows of it are in, the others are read as those were, so that an edit between
/// two starts does not split it over two readings.
async fn begin(house: &House, ticket: &Ticket, import: &Import) -> Result<Source, JobError> {
    let reading = match imports::reading(&house.db, &import.id).await? {
        Some(kept) => kept,
        None => {
            add_items(house, import).await?;
            import_source::now(&house.db, &import.batch_id).await?
        }
    };
    let mut tx = house.db.begin().await?;
    imports::start(&mut tx, &import.id, &reading).await?;
    ticket.progress(&mut tx, "opening", 0, 0).await?;
    tx.commit().await?;
    let path = house.data_dir.join(&import.file_path);
    Ok(import_source::with(reading, path, import.options.0.clone()))
}

/// Puts what the uploader wants to add into the dictionaries, before a lead holds any of it.
async fn add_items(house: &House, import: &Import) -> Result<(), JobError> {
    let fields = fields::list(&house.db, &import.batch_id).await?;
    let mut tx = house.db.begin().await?;
    for field in &fields {
        let said = import
            .options
            .choices
            .get(&field.code)
            .into_iter()
            .flatten();
        let added = said.filter(|(_, choice)| **choice == Choice::Add);
        let labels: Vec<&str> = added.map(|(value, _)| value.as_str()).collect();
        if let (Some(dictionary), false) = (&field.dictionary, labels.is_empty()) {
            let (of, now) = ((dictionary.as_str(), import.id.as_str()), house.now());
            dictionaries::add_for_import(&mut tx, of, &labels, now).await?;
        }
    }
    Ok(tx.commit().await?)
}

async fn write_all(
    house: &House,
    writer: &write::Writer<'_>,
    mut received: mpsc::Receiver<Chunk>,
) -> Result<(), JobError> {
    while let Some(first) = received.recv().await {
        house.may_go_on()?;
        let mut ahead = VecDeque::from([first]);
        let began = Instant::now();
        let more = || {
            if began.elapsed() < WRITE && !house.db.others_want_to_write() {
                received.try_recv().ok()
            } else {
                None
            }
        };
        writer.write(&mut ahead, more).await?;
        house.db.give_way().await;
    }
    Ok(())
}

async fn finish(
    house: &House,
    ticket: &Ticket,
    import: &Import,
    end: &End,
) -> Result<(), JobError> {
    let now = house.now();
    let done = imports::get(&house.db, &import.id).await?;
    let done = done.ok_or_else(|| JobError::user("NO_SUCH_IMPORT", "the import is gone"))?;
    let mut tx = house.db.begin().await?;
    ticket.succeed(&mut tx, &said(&done)).await?;
    imports::succeed(&mut tx, &import.id, &end.warnings, now).await?;
    mappings::note_titles(&mut tx, &import.id, &end.titles).await?;
    if let Some((signature, remembered)) = &end.confirmed {
        let of = (import.batch_id.as_str(), import.id.as_str());
        let what = (signature.as_str(), remembered);
        mappings::remember(&mut tx, of, what, now).await?;
    }
    batches::touch(&mut tx, &import.batch_id, now).await?;
    let by = By {
        orgi: &import.orgi,
        user: &import.creater,
        batch: Some(&import.batch_id),
    };
    work::build_snapshot(&mut tx, &import.batch_id, by, now).await?;
    if done.invalid > 0 {
        let sheet = Work::RejectsSheet {
            import: import.id.clone(),
        };
        work::enqueue(&mut tx, sheet, by, now).await?;
    }
    Ok(tx.commit().await?)
}

/// What the job says it did.
fn said(import: &Import) -> Value {
    json!({
        "good": import.good,
        "invalid": import.invalid,
        "duplicates": import.duplicate,
        "updated": import.updated,
        "blank": import.blank,
        "blacklisted": import.blacklisted,
    })
}

#[cfg(test)]
mod tests;
