//! Reads an uploaded file and decides about its rows as its import would, and writes nothing but
//! what it found.

use engine::{field::Field, import_row::NewLead};
use serde_json::{Value, json};
use store::{
    imports::{OnDuplicate, Options},
    previews::{self, Blocked, Column, Example, Outcome, Preview, Problem},
    rejects::NewReject,
};
use tokio::sync::mpsc;

use crate::{
    error::JobError,
    house::{House, Ticket},
    import_batch::{
        read::{Chunk, From, Met, Row, read},
        write::{Writer, may_refuse},
    },
    import_source,
    reading::{Head, Source},
};

mod choices;
mod earlier;

use choices::Tally;
use earlier::Earlier;

/// Rows that are shown of each kind.
const SHOWN: usize = 20;

pub async fn run(house: &House, ticket: &Ticket, id: &str) -> Result<(), JobError> {
    let preview = previews::get(&house.db, id).await?;
    let preview = preview.ok_or_else(|| JobError::user("NO_SUCH_PREVIEW", "the file is gone"))?;
    let source = source(house, &preview).await?;
    let import = preview.as_import();
    let (chunks, mut received) = mpsc::channel(2);
    let looking = {
        let source = source.clone();
        tokio::task::spawn_blocking(move || look(&source, &chunks))
    };
    let mut count = Count {
        fields: &source.fields,
        writer: Writer::new(house, ticket, &import, &source.fields),
        earlier: Earlier::new(&import),
        outcome: Outcome::default(),
    };
    while let Some(chunk) = received.recv().await {
        house.may_go_on()?;
        let mut tx = house.db.begin().await?;
        let done = chunk.to - chunk.header_row;
        ticket
            .progress(&mut tx, "looking", done, chunk.total.max(done))
            .await?;
        count.take(&mut tx, chunk).await?;
        tx.commit().await?;
    }
    let about = looking
        .await
        .map_err(|broken| JobError::Panicked(broken.to_string()))??;
    let outcome = told(count.outcome, about);
    let mut tx = house.db.begin().await?;
    ticket.succeed(&mut tx, &said(&outcome)).await?;
    previews::succeed(&mut tx, id, &outcome, house.now()).await?;
    Ok(tx.commit().await?)
}

async fn source(house: &House, preview: &Preview) -> Result<Source, JobError> {
    let path = house.data_dir.join(&preview.file_path);
    let options: Options = preview.options.0.clone();
    import_source::of(&house.db, &preview.batch_id, path, options).await
}

/// Reads the whole file, until nobody listens; what it says of itself comes back.
fn look(source: &Source, chunks: &mpsc::Sender<Chunk>) -> Result<Outcome, JobError> {
    let mut about = Outcome::default();
    let from = From {
        cursor: 0,
        keeps_cells: may_refuse(&source.options, &source.fields),
    };
    let mut tally = Tally::default();
    let read = read(source, from, chunks, |met| match met {
        Met::Head(head) => {
            note(&mut about, head, source);
            tally = Tally::of(head, source);
        }
        Met::Cells(cells) => tally.count(cells),
    });
    about.choices = tally.told(source);
    match read {
        Ok(end) => about.warnings = end.warnings,
        // The columns are known, so it can be mended by a mapping: that is what a dry run is for.
        Err(JobError::User { code, text }) if !about.columns.is_empty() => {
            about.blocked = Some(Blocked {
                code: code.into(),
                text,
            });
        }
        Err(other) => return Err(other),
    }
    Ok(about)
}

fn note(about: &mut Outcome, head: &Head, source: &Source) {
    about.sheet.clone_from(&head.about.sheet);
    about.other_sheets.clone_from(&head.about.others);
    about.header_row = head.row;
    let columns = head.columns.iter();
    about.columns = columns.map(|one| shown(one, &source.fields)).collect();
}

/// The counts together with what the file says of itself.
fn told(counts: Outcome, about: Outcome) -> Outcome {
    Outcome {
        sheet: about.sheet,
        other_sheets: about.other_sheets,
        header_row: about.header_row,
        columns: about.columns,
        choices: about.choices,
        warnings: about.warnings,
        blocked: about.blocked,
        ..counts
    }
}

/// What the job says it found.
fn said(outcome: &Outcome) -> Value {
    json!({
        "rows": outcome.rows,
        "good": outcome.good,
        "invalid": outcome.invalid,
        "duplicates": outcome.duplicates,
        "updated": outcome.updated,
        "existing": outcome.existing,
        "blank": outcome.blank,
        "blacklisted": outcome.blacklisted,
    })
}

struct Count<'a> {
    fields: &'a [Field],
    writer: Writer<'a>,
    earlier: Earlier,
    outcome: Outcome,
}

impl Count<'_> {
    async fn take(&mut self, tx: &mut store::Tx, chunk: Chunk) -> Result<(), JobError> {
        let (blank, width) = (chunk.blank(), chunk.width);
        let count = chunk.rows.len() + chunk.rejects.len();
        let (rows, astray) = self.writer.with_records(tx, chunk.rows, width).await?;
        let mut facts = self.writer.facts(tx, &rows).await?;
        let before = earlier::known_of(&rows, &facts);
        self.earlier.add_to(&mut facts, &rows);
        let shown = self.candidates(&rows);
        let sorted = self.writer.sort(rows, width, &facts);
        let busy = sorted.rejects.iter().filter(|row| row.code == "LEAD_BUSY");
        let skipped = sorted.duplicates.iter();
        let skipped = skipped.filter(|(_, lead)| !self.earlier.is_own(lead));

        let outcome = &mut self.outcome;
        outcome.existing += of(skipped.count());
        if self.writer.options().on_duplicate() == OnDuplicate::Merge {
            outcome.existing += before - of(busy.count());
        }
        outcome.rows += of(count);
        outcome.good += of(sorted.new.len());
        outcome.duplicates += of(sorted.duplicates.len());
        outcome.updated += sorted.updated;
        outcome.blank += blank;
        outcome.blacklisted += sorted.blacklisted;
        for (row_no, example) in shown {
            let out = sorted.rejects.iter().any(|row| row.row_no == row_no)
                || sorted.duplicates.iter().any(|(no, _)| *no == row_no);
            if !out && outcome.examples.len() < SHOWN {
                outcome.examples.push(example);
            }
        }
        self.earlier
            .note(sorted.new.iter().map(|row| &row.lead.key_value));
        let mut refused = chunk.rejects;
        refused.extend(astray);
        refused.extend(sorted.rejects);
        refused.sort_by_key(|row| row.row_no);
        self.refuse(refused);
        Ok(())
    }

    /// Rows that may be shown as examples, while there are not enough.
    fn candidates(&self, rows: &[Row]) -> Vec<(i64, Example)> {
        if self.outcome.examples.len() >= SHOWN {
            return Vec::new();
        }
        let rows = rows.iter();
        rows.map(|row| (row.no, example(row.no, &row.lead, self.fields)))
            .collect()
    }

    fn refuse(&mut self, refused: Vec<NewReject>) {
        let outcome = &mut self.outcome;
        outcome.invalid += of(refused.len());
        for row in refused {
            *outcome.invalid_by_code.entry(row.code.into()).or_default() += 1;
            if outcome.problems.len() < SHOWN {
                outcome.problems.push(Problem {
                    row_no: row.row_no,
                    column_title: row.column_title,
                    code: row.code.into(),
                    reason: row.reason,
                    cells: row.cells,
                });
            }
        }
    }
}

fn example(row_no: i64, lead: &NewLead, fields: &[Field]) -> Example {
    let titled = lead.data.to_map().into_iter();
    let titled = titled.filter_map(|(code, value)| {
        let field = fields.iter().find(|field| field.code == code)?;
        Some((field.title.clone(), field.shown(&value)))
    });
    Example {
        row_no,
        values: titled.collect(),
        phones: lead.phones.clone(),
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
