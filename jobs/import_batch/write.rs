//! Writes chunks: what their rows do, what was before, and how far the import is, at once.

use std::collections::VecDeque;

use engine::{field::Field, time::Millis};
use store::{
    Db, Tx,
    associations::{self, Astray},
    batches, duplicates,
    imports::{self, Counts, DupScope, Import, OnDuplicate, Options},
    journal,
    leads::{self, Origin},
    rejects::{self, NewReject},
};

use super::{
    CHUNK,
    read::{Chunk, Row, count},
    sort::{Facts, Rules, Sorted, sort},
};
use crate::{
    error::JobError,
    house::{House, Ticket},
    reading::as_it_was,
};

const DAY_MS: i64 = 24 * 3_600_000;

/// Whether a row that was read well may be refused after all, so that its cells are wanted.
#[must_use]
pub fn may_refuse(options: &Options, fields: &[Field]) -> bool {
    options.on_duplicate() == OnDuplicate::Merge || associated(fields).next().is_some()
}

fn associated(fields: &[Field]) -> impl Iterator<Item = &Field> {
    let fields = fields.iter().filter(|field| field.is_imported());
    fields.filter(|field| field.association.is_some())
}

/// Writes the chunks of one import.
pub struct Writer<'a> {
    house: &'a House,
    ticket: &'a Ticket,
    import: &'a Import,
    rules: Rules,
    /// Fields of the file that name records elsewhere.
    associated: Vec<Field>,
}

impl<'a> Writer<'a> {
    pub fn new(house: &'a House, ticket: &'a Ticket, import: &'a Import, fields: &[Field]) -> Self {
        Self {
            house,
            ticket,
            import,
            rules: Rules::of(fields),
            associated: associated(fields).cloned().collect(),
        }
    }

    /// One write of the chunks in `ahead` and of those that `more` has.
    ///
    /// # Errors
    /// [`JobError::Superseded`] when another worker has done it; nothing is written then.
    pub async fn write(
        &self,
        ahead: &mut VecDeque<Chunk>,
        mut more: impl FnMut() -> Option<Chunk>,
    ) -> Result<(), JobError> {
        let mut tx = self.house.db.begin_resumable().await?;
        let (mut done, mut total) = (0, 0);
        self.lock(&mut tx).await?;
        while let Some(mut chunk) = ahead.pop_front() {
            while chunk.len() < self.at_once() {
                match more() {
                    Some(next) => chunk.append(next),
                    None => break,
                }
            }
            done = chunk.to - chunk.header_row;
            total = chunk.total.max(done);
            self.put(&mut tx, chunk).await?;
            if ahead.is_empty() {
                ahead.extend(more());
            }
        }
        self.ticket
            .progress(&mut tx, "importing", done, total)
            .await?;
        Ok(tx.commit().await?)
    }

    /// Rows that are looked up and stored together. Each question to PostgreSQL is a way there and
    /// back; on SQLite others wait until a chunk is done.
    fn at_once(&self) -> usize {
        match self.house.db {
            Db::Lite { .. } => CHUNK,
            Db::Pg(_) => 8 * CHUNK,
        }
    }

    /// Two imports that look for the same duplicates do so one after the other.
    async fn lock(&self, tx: &mut Tx) -> Result<(), JobError> {
        if self.import.options.dup_scope > DupScope::Batch {
            batches::lock_tenant(tx, &self.import.orgi).await?;
        }
        Ok(batches::lock(tx, &self.import.batch_id).await?)
    }

    async fn put(&self, tx: &mut Tx, chunk: Chunk) -> Result<(), JobError> {
        let import = self.import;
        let now = self.house.now();
        let blank = chunk.blank();
        let (from, to, mut refused) = (chunk.from, chunk.to, chunk.rejects);
        let (rows, astray) = self.with_records(tx, chunk.rows, chunk.width).await?;
        let facts = self.facts(tx, &rows).await?;
        let sorted = self.sort(rows, chunk.width, &facts);
        refused.extend(astray);
        refused.extend(sorted.rejects.iter().cloned());
        let counts = Counts {
            good: count(sorted.new.len()),
            invalid: count(refused.len()),
            duplicate: count(sorted.duplicates.len()),
            updated: sorted.updated,
            blank,
            blacklisted: sorted.blacklisted,
        };
        // First of all, so that a worker that was believed dead writes nothing.
        if !imports::advance(tx, &import.id, from, to, counts).await? {
            return Err(JobError::Superseded);
        }
        self.store(tx, sorted, &facts, now).await?;
        Ok(rejects::add(tx, &import.id, &refused).await?)
    }

    /// The rows whose fields name only records that are there (OUT-057), and the others as rejects.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn with_records(
        &self,
        tx: &mut Tx,
        rows: Vec<Row>,
        width: usize,
    ) -> Result<(Vec<Row>, Vec<NewReject>), JobError> {
        if self.associated.is_empty() {
            return Ok((rows, Vec::new()));
        }
        let data: Vec<_> = rows.iter().map(|row| row.lead.data.to_map()).collect();
        let orgi = &self.import.orgi;
        let astray = associations::astray(tx, orgi, &self.associated, &data).await?;
        let (mut good, mut refused) = (Vec::with_capacity(rows.len()), Vec::new());
        for (row, astray) in rows.into_iter().zip(astray) {
            match astray {
                None => good.push(row),
                Some(astray) => refused.push(NewReject {
                    row_no: row.no,
                    reason: astray.reason(),
                    column_title: astray.column,
                    code: Astray::CODE,
                    cells: as_it_was(&row.cells, width),
                }),
            }
        }
        Ok((good, refused))
    }

    /// What the database knows of these rows; what may be changed is kept from changing until the
    /// write ends.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn facts(&self, tx: &mut Tx, rows: &[Row]) -> Result<Facts, JobError> {
        let import = self.import;
        let orgi = import.orgi.as_str();
        let phones: Vec<String> = rows.iter().map(|row| row.lead.phone.clone()).collect();
        let mut facts = Facts {
            listed: leads::dnc_among(tx, orgi, phones.clone()).await?,
            ..Facts::default()
        };
        let on_duplicate = import.options.on_duplicate();
        if on_duplicate == OnDuplicate::Keep || rows.is_empty() {
            return Ok(facts);
        }
        let keys = self.unsure(tx, rows).await?;
        let within = match import.options.dup_scope {
            DupScope::File => import.positions(),
            _ => leads::ANYWHERE,
        };
        facts.known = leads::with_keys(tx, (orgi, &import.batch_id), keys, within).await?;
        if on_duplicate == OnDuplicate::Merge {
            let ids = facts.known.values().map(|known| known.id.clone()).collect();
            facts.held = leads::hold(tx, ids).await?;
            // A row may leave out the number that stays a lead's first.
            let held = facts.held.values();
            let stay = held
                .flat_map(|lead| lead.phones.0.iter().cloned())
                .collect();
            facts.listed.extend(leads::dnc_among(tx, orgi, stay).await?);
        }
        let scope = import.options.dup_scope;
        let days = import.options.dup_days;
        let since = days.map(|days| Millis(import.created_at - i64::from(days) * DAY_MS));
        facts.elsewhere =
            leads::elsewhere(tx, (orgi, &import.batch_id), scope, since, phones).await?;
        Ok(facts)
    }

    pub fn options(&self) -> &Options {
        &self.import.options
    }

    /// What rows do.
    pub fn sort(&self, rows: Vec<Row>, width: usize, facts: &Facts) -> Sorted {
        sort(rows, (self.import, &self.rules, width), facts)
    }

    /// Keys that leads of the batch may have: in a batch of this import alone, those it has met.
    async fn unsure(&self, tx: &mut Tx, rows: &[Row]) -> Result<Vec<String>, JobError> {
        let import = self.import;
        let is_alone = leads::are_within(tx, &import.batch_id, import.positions()).await?;
        let unsure = rows.iter().filter(|row| row.may_be_met || !is_alone);
        Ok(unsure.map(|row| row.lead.key_value.clone()).collect())
    }

    async fn store(
        &self,
        tx: &mut Tx,
        mut sorted: Sorted,
        facts: &Facts,
        now: Millis,
    ) -> Result<(), JobError> {
        let import = self.import;
        let origin = Origin {
            orgi: &import.orgi,
            creater: &import.creater,
            batch_id: &import.batch_id,
            import_id: &import.id,
            ordinal: import.ordinal,
        };
        let rows = sorted.new.iter().map(|row| row.row_no);
        let range = rows.clone().min().zip(rows.max());
        leads::add(tx, &origin, sorted.new, now).await?;
        if let (Some(range), priority @ 1..) = (range, i64::from(import.options.priority)) {
            leads::start_with(tx, &import.id, range, priority).await?;
        }
        let changed = sorted.changes.iter();
        let changed = changed.filter_map(|change| facts.held.get(&change.id));
        let mut before: Vec<_> = changed.collect();
        before.sort_unstable_by_key(|lead| lead.position);
        journal::note(tx, &import.id, &import.positions(), &before).await?;
        for change in &mut sorted.changes {
            change.updated_at = now.0;
        }
        leads::change(tx, &sorted.changes).await?;
        Ok(duplicates::add(tx, &import.id, &sorted.duplicates).await?)
    }
}
