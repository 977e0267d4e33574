//! Leads as a file to take away (OUT-083): .xlsx or .csv, a page of leads at a time.
//!
//! Every cell is text, also numbers and dates: a phone keeps its zeros, and what is exported can be
//! imported again as it was.

use std::{collections::BTreeMap, path::PathBuf};

use engine::{
    field::Field,
    lead_query::{self, Clock, Query},
    phone::mask,
    settings::Levels,
    window::Window,
};
use serde_json::json;
use store::{
    associations::Related,
    dictionaries,
    exports::{self, Export},
    fields, files, lead_search,
    leads::Lead,
    settings,
};
use tokio::sync::mpsc;

use crate::{
    error::JobError,
    house::{House, Ticket},
};

mod file;

use file::File;

/// Leads a read.
const PAGE: i64 = 1_000;

pub async fn run(house: &House, ticket: &Ticket, id: &str) -> Result<(), JobError> {
    let export = exports::get(&house.db, id).await?;
    let export = export.ok_or_else(|| JobError::user("NO_SUCH_EXPORT", "the export is gone"))?;
    let all = fields::list(&house.db, &export.batch_id).await?;
    let mut columns = columns(&all, &export)?;
    for column in &mut columns {
        column.labels = labels(house, &export, &column.field).await?;
    }
    let query = query(&export, &all)?;
    let target = files::export(&house.data_dir, id, &export.format);
    let (pages, received) = mpsc::channel(2);
    let writing = tokio::task::spawn_blocking(move || write(target, &columns, received));
    let masks = Masks::of(house, &export, &all).await?;
    let rows = read(house, ticket, &export, (&query, &masks), pages).await?;
    writing
        .await
        .map_err(|broken| JobError::Panicked(broken.to_string()))??;
    let mut tx = house.db.begin().await?;
    exports::succeed(&mut tx, id, rows, house.now()).await?;
    ticket.succeed(&mut tx, &json!({ "rows": rows })).await?;
    Ok(tx.commit().await?)
}

/// A column of the file.
struct Column {
    field: Field,
    /// Code to label, where people see labels (OUT-064).
    labels: BTreeMap<String, String>,
    masked: bool,
    /// What people see of the records that the field names stands here, not their ids (OUT-057).
    is_related: bool,
}

/// The fields that may be exported, in the order asked for or in that of the batch.
fn columns(all: &[Field], export: &Export) -> Result<Vec<Column>, JobError> {
    let ask = &export.query.0;
    let may = |field: &&Field| !field.no_exchange;
    let chosen: Vec<&Field> = if ask.columns.is_empty() {
        all.iter().filter(may).collect()
    } else {
        let of = |code: &String| all.iter().filter(may).find(|field| field.code == *code);
        ask.columns.iter().filter_map(of).collect()
    };
    if chosen.is_empty() {
        return Err(JobError::user("NO_COLUMNS", "no field may be exported"));
    }
    let column = |field: &Field, is_related| Column {
        masked: field.hidden && !ask.reveal,
        labels: BTreeMap::new(),
        field: field.clone(),
        is_related,
    };
    let both = |field: &Field| {
        let related = field.association.is_some().then(|| column(field, true));
        std::iter::once(column(field, false)).chain(related)
    };
    Ok(chosen.into_iter().flat_map(both).collect())
}

/// What people see for each code that the field keeps (OUT-064); empty: it keeps what people see.
async fn labels(
    house: &House,
    export: &Export,
    field: &Field,
) -> Result<BTreeMap<String, String>, JobError> {
    let Some(id) = field.dictionary.as_ref().filter(|_| field.replace) else {
        return Ok(BTreeMap::new());
    };
    let kept = dictionaries::get(&house.db, &export.orgi, id).await?;
    let items = kept.map(|kept| kept.whole().items).unwrap_or_default();
    Ok(items
        .into_iter()
        .map(|item| (item.code, item.label))
        .collect())
}

/// The search as it was meant when it was asked.
fn query(export: &Export, fields: &[Field]) -> Result<Query, JobError> {
    let zone = Window::default();
    let clock = Clock {
        now: engine::time::Millis(export.created_at),
        zone: &zone,
    };
    lead_query::read(&export.query.0.search, Some(fields), clock).map_err(|bad| {
        let first = bad.into_iter().next();
        let text = first.map_or_else(String::new, |bad| {
            format!("{}: {}", bad.pointer, bad.message)
        });
        JobError::user("EXPORT_INVALID", text)
    })
}

/// One lead.
struct Cells {
    /// By field code.
    values: BTreeMap<String, String>,
    /// What people see of the records that fields name, by field code.
    related: BTreeMap<String, String>,
}

/// Numbers that the outbound settings hide from whoever asked (OUT-153).
struct Masks {
    levels: Levels,
    department: Option<String>,
    /// Codes of the phone fields; empty when all is to be seen.
    phones: Vec<String>,
    /// The batch's, none of them hidden when all is to be seen.
    fields: Vec<Field>,
}

impl Masks {
    async fn of(house: &House, export: &Export, fields: &[Field]) -> Result<Self, JobError> {
        let phones = fields.iter().filter(|field| field.is_phone);
        let phones = phones.filter(|_| !export.query.0.reveal);
        Ok(Self {
            levels: settings::levels(&house.db, &export.orgi).await?,
            department: settings::department_of(&house.db, &export.created_by).await?,
            phones: phones.map(|field| field.code.clone()).collect(),
            fields: fields
                .iter()
                .map(|field| Field {
                    hidden: field.hidden && !export.query.0.reveal,
                    ..field.clone()
                })
                .collect(),
        })
    }

    fn cells(&self, lead: Lead, related: &Related) -> Cells {
        let mut cells = lead.data.0;
        let shown = self.fields.iter().filter_map(|field| {
            let text = related.shown(field, cells.get(&field.code)?)?;
            Some((field.code.clone(), text))
        });
        let shown = shown.collect();
        let (department, campaign) = (self.department.as_deref(), lead.campaign_id.as_deref());
        if !self.phones.is_empty() && self.levels.at(department, campaign).phone_mask {
            for code in &self.phones {
                if let Some(number) = cells.get_mut(code) {
                    *number = mask(number);
                }
            }
        }
        Cells {
            values: cells,
            related: shown,
        }
    }
}

/// Reads pages until there are no more; how many leads there were.
async fn read(
    house: &House,
    ticket: &Ticket,
    export: &Export,
    (query, masks): (&Query, &Masks),
    pages: mpsc::Sender<Vec<Cells>>,
) -> Result<i64, JobError> {
    let mut after = None;
    let mut rows = 0;
    loop {
        house.may_go_on()?;
        let (db, orgi) = (&house.db, &export.orgi);
        let page = lead_search::page(db, orgi, query, after.as_ref(), PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.place(query.sort));
        rows += i64::try_from(page.len()).unwrap_or_default();
        let data = page.iter().map(|found| &found.lead.data.0);
        let related = Related::of(db, orgi, &masks.fields, data).await?;
        let page = page
            .into_iter()
            .map(|found| masks.cells(found.lead, &related))
            .collect();
        if pages.send(page).await.is_err() {
            // The writer has ended; its error is the one that counts.
            break;
        }
        let mut tx = house.db.begin().await?;
        ticket.progress(&mut tx, "writing", rows, 0).await?;
        tx.commit().await?;
    }
    Ok(rows)
}

fn write(
    target: PathBuf,
    columns: &[Column],
    mut pages: mpsc::Receiver<Vec<Cells>>,
) -> Result<(), JobError> {
    let titles: Vec<String> = columns.iter().map(Column::title).collect();
    let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
    let mut file = File::begin(&target, &titles)?;
    while let Some(page) = pages.blocking_recv() {
        for cells in page {
            let row = columns.iter().map(|column| column.text(&cells)).collect();
            file.row(row)?;
        }
    }
    file.finish()
}

impl Column {
    fn title(&self) -> String {
        match self.is_related {
            true => format!("{} (关联 shown)", self.field.title),
            false => self.field.title.clone(),
        }
    }

    fn text(&self, cells: &Cells) -> String {
        if self.is_related {
            let shown = cells.related.get(&self.field.code);
            return shown.cloned().unwrap_or_default();
        }
        let value = cells
            .values
            .get(&self.field.code)
            .map(String::as_str)
            .unwrap_or_default();
        if self.masked {
            return self.field.shown(value);
        }
        if self.labels.is_empty() {
            return value.to_owned();
        }
        let label = |code: &str| {
            self.labels
                .get(code)
                .map_or(code, String::as_str)
                .to_owned()
        };
        if self.field.multi {
            let labels: Vec<String> = value.split(',').map(label).collect();
            return labels.join(",");
        }
        label(value)
    }
}

#[cfg(test)]
mod tests;
