//! What of an import became no lead, as a file to work on: the rejects with their original columns,
//! then row, column, code and reason; and on a second sheet the duplicates, each with what it is a
//! duplicate of. The first sheet, put right in place, can be imported as it is.

use std::{collections::VecDeque, path::PathBuf};

use engine::import_row::{Cell, REJECT_TITLES, show};
use serde_json::json;
use store::{
    duplicates::{self, Duplicate},
    files,
    imports::{self, Import},
    mappings,
    rejects::{self, Reject},
};
use tokio::sync::mpsc;

use crate::{
    error::JobError,
    house::{House, Ticket},
    sheet::{self, Flow, Part},
    write_sheet::{Value, Writer},
};

const PAGE: i64 = 1_000;
const OF_TITLES: [&str; 2] = [REJECT_TITLES[0], "重复于 Duplicate of"];

/// Rows in sheet order: every reject, then every duplicate.
enum Page {
    Rejects(Vec<Reject>),
    Duplicates(Vec<Duplicate>),
}

pub async fn run(house: &House, ticket: &Ticket, id: &str) -> Result<(), JobError> {
    let import = imports::get(&house.db, id).await?;
    let import = import.ok_or_else(|| JobError::user("NO_SUCH_IMPORT", "the import is gone"))?;
    let source = house.data_dir.join(&import.file_path);
    let target = files::rejects(&house.data_dir, id);
    let (pages, received) = mpsc::channel(2);
    let header = mappings::titles_of(&house.db, id).await?;
    let sheet = import.options.sheet.clone();
    let writing = tokio::task::spawn_blocking(move || {
        let header = match header {
            Some(header) => header,
            None => sheet::header(&source)?,
        };
        let file = Original {
            path: source,
            sheet,
            header,
        };
        write(&file, target, received)
    });
    send(house, ticket, &import, &pages).await?;
    drop(pages);
    writing
        .await
        .map_err(|broken| JobError::Panicked(broken.to_string()))??;
    let mut tx = house.db.begin().await?;
    let said = json!({ "rejects": import.invalid, "duplicates": import.duplicate });
    ticket.succeed(&mut tx, &said).await?;
    Ok(tx.commit().await?)
}

/// Sends pages until all are sent or nobody takes them any more: the writing tells why itself.
async fn send(
    house: &House,
    ticket: &Ticket,
    import: &Import,
    pages: &mpsc::Sender<Page>,
) -> Result<(), JobError> {
    let (mut after, mut is_second) = (0, false);
    loop {
        house.may_go_on()?;
        let (page, last) = if is_second {
            let page = duplicates::page(&house.db, &import.id, after, PAGE).await?;
            let last = page.last().map(|row| row.row_no);
            (Page::Duplicates(page), last)
        } else {
            let page = rejects::page(&house.db, &import.id, after, PAGE).await?;
            let last = page.last().map(|row| row.row_no);
            (Page::Rejects(page), last)
        };
        let Some(last) = last else {
            if is_second {
                return Ok(());
            }
            (after, is_second) = (0, true);
            continue;
        };
        after = last;
        if pages.send(page).await.is_err() {
            return Ok(());
        }
        let mut tx = house.db.begin().await?;
        ticket
            .progress(&mut tx, "writing", after, import.row_cursor)
            .await?;
        tx.commit().await?;
    }
}

/// The file that was imported.
struct Original {
    path: PathBuf,
    /// The sheet that was read.
    sheet: Option<String>,
    header: Vec<String>,
}

fn write(
    file: &Original,
    target: PathBuf,
    mut pages: mpsc::Receiver<Page>,
) -> Result<(), JobError> {
    let header = &file.header;
    let titles = |more: &[&'static str]| -> Vec<String> {
        let more = more.iter().map(|title| (*title).to_owned());
        header.iter().cloned().chain(more).collect()
    };
    let first = titles(&REJECT_TITLES);
    let first: Vec<&str> = first.iter().map(String::as_str).collect();
    let mut writer = Writer::new(&target, "rejects", &first)?;
    while let Some(page) = pages.blocking_recv() {
        match page {
            Page::Rejects(page) => {
                for reject in page {
                    let mut row = texts(reject.cells.0, header.len());
                    row.push(reject.row_no.into());
                    row.extend([reject.column_title, reject.code, reject.reason].map(Value::Text));
                    writer.row(&row)?;
                }
            }
            Page::Duplicates(page) => {
                let second = titles(&OF_TITLES);
                let second: Vec<&str> = second.iter().map(String::as_str).collect();
                writer.sheet("duplicates", &second)?;
                write_duplicates(file, &mut writer, page, &mut pages)?;
            }
        }
    }
    writer.finish()
}

/// Their cells are only in the file itself: it is read once more, as far as there are duplicates.
fn write_duplicates(
    file: &Original,
    writer: &mut Writer,
    first: Vec<Duplicate>,
    pages: &mut mpsc::Receiver<Page>,
) -> Result<(), JobError> {
    let width = file.header.len();
    let mut waiting = VecDeque::from(first);
    sheet::read_sheet(&file.path, file.sheet.as_deref(), &mut |part| {
        let Part::Row(row) = part else {
            return Ok(Flow::On);
        };
        if waiting.is_empty() {
            match pages.blocking_recv() {
                Some(Page::Duplicates(page)) => waiting = page.into(),
                _ => return Ok(Flow::Stop),
            }
        }
        let no = i64::from(row.no);
        while let Some(duplicate) = waiting.pop_front_if(|duplicate| duplicate.row_no <= no) {
            let shown = |cell: &Cell| show(cell).unwrap_or_default();
            let mut cells = texts(row.cells.iter().map(shown).collect(), width);
            cells.push(duplicate.row_no.into());
            cells.push(Value::Text(of(&duplicate)));
            writer.row(&cells)?;
        }
        Ok(Flow::On)
    })
}

fn of(duplicate: &Duplicate) -> String {
    match (duplicate.of_row, &duplicate.batch) {
        (Some(row), _) => format!("第 {row} 行 row {row}"),
        (None, Some(batch)) => format!("{batch}: {}", duplicate.lead_id),
        (None, None) => duplicate.lead_id.clone(),
    }
}

/// All as text: a number that a spreadsheet could not hold stays whole.
fn texts(mut cells: Vec<String>, width: usize) -> Vec<Value> {
    cells.resize(width, String::new());
    cells.into_iter().map(Value::Text).collect()
}

#[cfg(test)]
mod tests;
