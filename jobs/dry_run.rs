//! Reads an uploaded file as its import would, and writes nothing but what it found.

use std::{
    collections::HashSet,
    hash::{BuildHasher, RandomState},
};

use engine::field::Field;
use store::{
    leads,
    previews::{self, Blocked, Column, Example, Outcome, Preview, Problem},
};
use tokio::sync::mpsc;

use crate::{
    error::JobError,
    house::{House, Ticket},
    import_source,
    reading::{self, Event, Head, Read, Source, as_it_was},
    sheet::Flow,
};

/// Good rows that are looked up at once.
const CHUNK: usize = 1_000;
/// Rows that are shown of each kind.
const SHOWN: usize = 20;

/// Good rows whose keys are to be looked up.
#[derive(Debug, Default)]
struct Chunk {
    keys: Vec<String>,
    phones: Vec<String>,
    /// How far it is: sheet rows.
    done: i64,
    total: i64,
}

pub async fn run(house: &House, ticket: &Ticket, id: &str) -> Result<(), JobError> {
    let preview = previews::get(&house.db, id).await?;
    let preview = preview.ok_or_else(|| JobError::user("NO_SUCH_PREVIEW", "the file is gone"))?;
    let path = house.data_dir.join(&preview.file_path);
    let source = import_source::of(
        &house.db,
        &preview.batch_id,
        path,
        preview.options.0.clone(),
    )
    .await?;
    let (chunks, mut received) = mpsc::channel(2);
    let looking = tokio::task::spawn_blocking(move || look(&source, chunks));
    let (mut existing, mut blacklisted) = (0, 0);
    while let Some(chunk) = received.recv().await {
        house.may_go_on()?;
        let (known, dnc) = count(house, ticket, &preview, chunk).await?;
        existing += known;
        blacklisted += dnc;
    }
    let outcome = looking
        .await
        .map_err(|broken| JobError::Panicked(broken.to_string()))??;
    let outcome = Outcome {
        existing,
        blacklisted,
        ..outcome
    };
    let mut tx = house.db.begin().await?;
    ticket.succeed(&mut tx).await?;
    previews::succeed(&mut tx, id, &outcome, house.now()).await?;
    Ok(tx.commit().await?)
}

/// How many of a chunk's rows the batch has already, and how many must not be called.
async fn count(
    house: &House,
    ticket: &Ticket,
    preview: &Preview,
    chunk: Chunk,
) -> Result<(i64, i64), JobError> {
    let mut tx = house.db.begin().await?;
    ticket
        .progress(&mut tx, "looking", chunk.done, chunk.total.max(chunk.done))
        .await?;
    let dnc = leads::dnc_among(&mut tx, &preview.orgi, chunk.phones.clone()).await?;
    let keys = chunk.keys;
    let known = leads::with_keys(&mut tx, &preview.orgi, &preview.batch_id, keys).await?;
    tx.commit().await?;
    let called = chunk.phones.iter().filter(|phone| dnc.contains(*phone));
    Ok((of(known.len()), of(called.count())))
}

/// Reads the whole file, until nobody listens.
fn look(source: &Source, chunks: mpsc::Sender<Chunk>) -> Result<Outcome, JobError> {
    let mut look = Look {
        fields: &source.fields,
        outcome: Outcome::default(),
        width: 0,
        seen: HashSet::new(),
        hash: RandomState::new(),
        chunk: Chunk::default(),
        chunks,
    };
    let read = reading::read(source, &mut |event| match event {
        Event::Head(head) => Ok(look.head(head)),
        Event::Row(row) => Ok(look.row(row)),
    });
    match read {
        Ok(end) => look.outcome.warnings = end.warnings,
        // The columns are known, so it can be mended by a mapping: that is what a dry run is for.
        Err(JobError::User { code, text }) if !look.outcome.columns.is_empty() => {
            look.outcome.blocked = Some(Blocked {
                code: code.into(),
                text,
            });
        }
        Err(other) => return Err(other),
    }
    look.send();
    Ok(look.outcome)
}

struct Look<'a> {
    fields: &'a [Field],
    outcome: Outcome,
    /// Columns with a title.
    width: usize,
    /// Keys of earlier rows, as hashes: a million of them are 16 MB.
    seen: HashSet<u64>,
    hash: RandomState,
    chunk: Chunk,
    chunks: mpsc::Sender<Chunk>,
}

impl Look<'_> {
    fn head(&mut self, head: &Head) -> Flow {
        self.width = head.titles.len();
        self.chunk.total = i64::from(head.about.rows.saturating_sub(head.row));
        let outcome = &mut self.outcome;
        outcome.sheet.clone_from(&head.about.sheet);
        outcome.other_sheets.clone_from(&head.about.others);
        outcome.header_row = head.row;
        outcome.columns = head
            .columns
            .iter()
            .map(|one| shown(one, self.fields))
            .collect();
        Flow::On
    }

    fn row(&mut self, row: Read) -> Flow {
        let no = i64::from(row.no);
        self.outcome.rows += 1;
        match row.lead {
            Err(bad) => {
                self.outcome.invalid += 1;
                *self
                    .outcome
                    .invalid_by_code
                    .entry(bad.code.into())
                    .or_default() += 1;
                if self.outcome.problems.len() < SHOWN {
                    self.outcome.problems.push(Problem {
                        row_no: no,
                        column_title: bad.column,
                        code: bad.code.into(),
                        reason: bad.reason,
                        cells: as_it_was(&row.cells, self.width),
                    });
                }
            }
            Ok(lead) if !self.seen.insert(self.hash.hash_one(&lead.key_value)) => {
                self.outcome.duplicates += 1;
            }
            Ok(lead) => {
                self.outcome.good += 1;
                if self.outcome.examples.len() < SHOWN {
                    let titled = lead.data.clone().into_iter().filter_map(|(code, value)| {
                        let field = self.fields.iter().find(|field| field.code == code)?;
                        Some((field.title.clone(), field.shown(&value)))
                    });
                    self.outcome.examples.push(Example {
                        row_no: no,
                        values: titled.collect(),
                        phones: lead.phones.clone(),
                    });
                }
                self.chunk.keys.push(lead.key_value);
                self.chunk.phones.push(lead.phone);
                self.chunk.done = no;
                if self.chunk.keys.len() >= CHUNK {
                    return self.send();
                }
            }
        }
        Flow::On
    }

    fn send(&mut self) -> Flow {
        let next = Chunk {
            total: self.chunk.total,
            ..Chunk::default()
        };
        let full = std::mem::replace(&mut self.chunk, next);
        match self.chunks.blocking_send(full) {
            Ok(()) => Flow::On,
            Err(_) => Flow::Stop,
        }
    }
}

fn shown(column: &engine::mapping::Column, fields: &[Field]) -> Column {
    let code = column.field.as_deref();
    let field = fields
        .iter()
        .find(|field| code == Some(field.code.as_str()));
    Column {
        column: column.letters(),
        title: column.title.clone(),
        field: column.field.clone(),
        field_title: field.map(|field| field.title.clone()),
        reason: column.reason.name().into(),
        why: column.reason.words(),
        confidence: column.confidence,
        applies: column.applies,
        samples: column.samples.clone(),
    }
}

fn of(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
