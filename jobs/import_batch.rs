//! A sheet's rows become leads and rejects, a thousand rows a write.
//!
//! A write holds a chunk's leads, its rejects and the place it ends at, so a worker that dies leaves
//! whole chunks and the next one goes on behind them. Reading and checking rows runs ahead of the
//! writes on a thread of its own.

use std::{
    collections::{HashMap, HashSet},
    path::PathBuf,
    time::{Duration, Instant},
};

use engine::{
    field::Field,
    import_row::{Cell, NewLead, Plan, show},
};
use store::{
    Db, batches, fields,
    imports::{self, Counts, Import, OnDuplicate},
    leads::{self, NewRow, Origin},
    rejects::{self, NewReject},
    work::{self, By, Work},
};
use tokio::sync::mpsc;

use crate::{
    error::JobError,
    house::{House, Ticket},
    sheet::{self, Flow, Part},
};

/// Pause between two writes on SQLite: a quarter of the write, within these.
const BREAK: Duration = Duration::from_millis(5);
const BREAK_MAX: Duration = Duration::from_millis(50);
/// Sheet rows a write.
pub const CHUNK: usize = 1_000;

/// Rows `from + 1` to `to` of the sheet, as far as they hold something.
#[derive(Debug, Default)]
struct Chunk {
    from: i64,
    to: i64,
    /// Data rows of the whole sheet, 0 when it does not say.
    total: i64,
    leads: Vec<(i64, NewLead)>,
    rejects: Vec<NewReject>,
}

/// What the reading thread has to say at its end.
struct Read {
    warnings: Vec<String>,
}

pub async fn run(house: &House, ticket: &Ticket, id: &str) -> Result<(), JobError> {
    let import = imports::get(&house.db, id).await?;
    let import = import.ok_or_else(|| JobError::user("NO_SUCH_IMPORT", "the import is gone"))?;
    let fields = fields::list(&house.db, &import.batch_id).await?;
    let mut tx = house.db.begin().await?;
    imports::start(&mut tx, id).await?;
    ticket.progress(&mut tx, "opening", 0, 0).await?;
    tx.commit().await?;

    let path = house.data_dir.join(&import.file_path);
    let (chunks, mut received) = mpsc::channel(2);
    let cursor = import.row_cursor;
    let reading = tokio::task::spawn_blocking(move || read(path, &fields, cursor, &chunks));
    while let Some(chunk) = received.recv().await {
        house.may_go_on()?;
        let began = Instant::now();
        write(house, ticket, &import, chunk).await?;
        give_way(house, began.elapsed()).await;
    }
    let read = reading.await.unwrap_or_else(|broken| {
        // A parser that panics on a file does so every time.
        Err(JobError::user(
            "FILE_DAMAGED",
            format!("the file cannot be read: {broken}"),
        ))
    })?;
    finish(house, ticket, &import, &read.warnings).await
}

/// SQLite has one writer and no queue for it: a process that writes without a break keeps the live
/// server, which has to record its dials, from ever getting its turn.
async fn give_way(house: &House, wrote: Duration) {
    if matches!(house.db, Db::Lite { .. }) {
        tokio::time::sleep((wrote / 4).clamp(BREAK, BREAK_MAX)).await;
    }
}

/// Reads and checks rows behind `cursor` until the sheet ends or nobody listens.
fn read(
    path: PathBuf,
    fields: &[Field],
    cursor: i64,
    chunks: &mpsc::Sender<Chunk>,
) -> Result<Read, JobError> {
    let mut plan: Option<(Plan, usize)> = None;
    let mut chunk = Chunk {
        from: cursor,
        to: cursor,
        ..Chunk::default()
    };
    sheet::read(&path, &mut |part| {
        let row = match part {
            Part::Row(row) => row,
            Part::About(rows) => {
                chunk.total = i64::from(rows).saturating_sub(1).max(0);
                return Ok(Flow::On);
            }
        };
        let no = i64::from(row.no);
        let Some((plan, width)) = &plan else {
            let header = if row.no == 1 {
                sheet::titles(&row.cells)
            } else {
                Vec::new()
            };
            plan = Some((Plan::of(&header, fields)?, header.len()));
            return Ok(Flow::On);
        };
        if no <= cursor || plan.is_blank(&row.cells) {
            return Ok(Flow::On);
        }
        check(plan, *width, no, row.cells, &mut chunk);
        if chunk.leads.len() + chunk.rejects.len() < CHUNK {
            return Ok(Flow::On);
        }
        let next = Chunk {
            from: no,
            to: no,
            total: chunk.total,
            ..Chunk::default()
        };
        let full = std::mem::replace(&mut chunk, next);
        Ok(if chunks.blocking_send(full).is_ok() {
            Flow::On
        } else {
            Flow::Stop
        })
    })?;
    let (plan, _) = match plan {
        Some(plan) => plan,
        None => (Plan::of(&[], fields)?, 0),
    };
    if chunk.to > chunk.from {
        // Nobody listens any more when the job has failed; it tells why itself.
        let _ = chunks.blocking_send(chunk);
    }
    Ok(Read {
        warnings: plan.warnings,
    })
}

fn check(plan: &Plan, width: usize, no: i64, mut cells: Vec<Cell>, chunk: &mut Chunk) {
    match plan.read(&cells) {
        Ok(lead) => chunk.leads.push((no, lead)),
        Err(bad) => {
            cells.resize(width, Cell::Empty);
            chunk.rejects.push(NewReject {
                row_no: no,
                column_title: bad.column,
                code: bad.code,
                reason: bad.reason,
                cells: cells
                    .iter()
                    .map(|cell| show(cell).unwrap_or_default())
                    .collect(),
            });
        }
    }
    chunk.to = no;
}

async fn write(
    house: &House,
    ticket: &Ticket,
    import: &Import,
    chunk: Chunk,
) -> Result<(), JobError> {
    let now = house.now();
    let mut tx = house.db.begin().await?;
    let done = chunk.to - 1;
    ticket
        .progress(&mut tx, "importing", done, chunk.total.max(done))
        .await?;
    batches::lock(&mut tx, &import.batch_id).await?;
    let phones = chunk
        .leads
        .iter()
        .map(|(_, lead)| lead.phone.clone())
        .collect();
    let dnc = leads::dnc_among(&mut tx, &import.orgi, phones).await?;
    let known = if import.options.on_duplicate() == OnDuplicate::Keep {
        HashMap::new()
    } else {
        let keys = chunk
            .leads
            .iter()
            .map(|(_, lead)| lead.key_value.clone())
            .collect();
        leads::with_keys(&mut tx, &import.orgi, &import.batch_id, keys).await?
    };
    let sorted = sort(chunk.leads, import.options.on_duplicate(), &known, &dnc);
    let counts = Counts {
        good: count(sorted.new.len()),
        invalid: count(chunk.rejects.len()),
        duplicate: sorted.duplicate,
        updated: sorted.updated,
        ..Counts::default()
    };
    let origin = Origin {
        orgi: &import.orgi,
        creater: &import.creater,
        batch_id: &import.batch_id,
        import_id: &import.id,
        ordinal: import.ordinal,
    };
    leads::add(&mut tx, &origin, sorted.new, now).await?;
    for (lead, new) in &sorted.replaced {
        leads::replace(&mut tx, lead, new, dnc.contains(&new.phone), now).await?;
    }
    rejects::add(&mut tx, &import.id, &chunk.rejects).await?;
    if !imports::advance(&mut tx, &import.id, chunk.from, chunk.to, counts).await? {
        return Err(JobError::Superseded);
    }
    Ok(tx.commit().await?)
}

/// What is to be done with a chunk's good rows.
#[derive(Debug, Default)]
struct Sorted {
    new: Vec<NewRow>,
    /// Lead to change, with its last row.
    replaced: HashMap<String, NewLead>,
    duplicate: i64,
    updated: i64,
}

/// Decides about duplicates (OUT-080): within the chunk, and against the batch's `known` keys.
fn sort(
    rows: Vec<(i64, NewLead)>,
    policy: OnDuplicate,
    known: &HashMap<String, String>,
    dnc: &HashSet<String>,
) -> Sorted {
    let mut sorted = Sorted::default();
    let mut here: HashMap<String, usize> = HashMap::new();
    for (row_no, lead) in rows {
        let is_dnc = dnc.contains(&lead.phone);
        let earlier = here.get(&lead.key_value).copied();
        match (policy, earlier, known.get(&lead.key_value)) {
            (OnDuplicate::Keep, ..) => sorted.new.push(NewRow {
                row_no,
                lead,
                dnc: is_dnc,
            }),
            (_, None, None) => {
                here.insert(lead.key_value.clone(), sorted.new.len());
                sorted.new.push(NewRow {
                    row_no,
                    lead,
                    dnc: is_dnc,
                });
            }
            (OnDuplicate::Merge, Some(at), _) => {
                let first = &mut sorted.new[at];
                first.lead.data.extend(lead.data);
                (first.lead.phone, first.lead.phone_raw) = (lead.phone, lead.phone_raw);
                first.dnc = is_dnc;
                sorted.updated += 1;
            }
            (OnDuplicate::Merge, None, Some(id)) => {
                sorted.replaced.insert(id.clone(), lead);
                sorted.updated += 1;
            }
            _ => sorted.duplicate += 1,
        }
    }
    sorted
}

async fn finish(
    house: &House,
    ticket: &Ticket,
    import: &Import,
    warnings: &[String],
) -> Result<(), JobError> {
    let now = house.now();
    let done = imports::get(&house.db, &import.id).await?;
    let mut tx = house.db.begin().await?;
    ticket.succeed(&mut tx).await?;
    imports::succeed(&mut tx, &import.id, warnings, now).await?;
    batches::touch(&mut tx, &import.batch_id, now).await?;
    if done.is_some_and(|import| import.invalid > 0) {
        let by = By {
            orgi: &import.orgi,
            user: &import.creater,
            batch: Some(&import.batch_id),
        };
        let sheet = Work::RejectsSheet {
            import: import.id.clone(),
        };
        work::enqueue(&mut tx, sheet, by, now).await?;
    }
    Ok(tx.commit().await?)
}

fn count(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
