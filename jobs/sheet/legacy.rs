//! .xls: the old format, and the wrapper that encrypted .xlsx files come in.

use std::{
    fs::File,
    io::{BufReader, Read},
    path::Path,
};

use calamine::{Reader, Xls, XlsError};
use cfb::CompoundFile;
use engine::import_row::Cell;

use super::{
    Flow, Part, Row, Take,
    choice::{self, Listed},
    damaged, encrypted, keeps,
    merges::{Merge, Merges},
    scan::Seen,
    xlsx::{cell_of_data, facts},
};
use crate::error::JobError;

mod biff;

pub fn read(path: &Path, asked: Option<&str>, take: &mut Take<'_>) -> Result<(), JobError> {
    let looked = biff::look(&workbook(path)?)?;
    let mut book = Xls::new(BufReader::new(File::open(path)?)).map_err(bad)?;
    let listed: Vec<Listed> = looked
        .iter()
        .zip(book.sheets_metadata())
        .filter(|(sheet, _)| sheet.is_worksheet)
        .map(|(sheet, known)| Listed {
            name: known.name.clone(),
            is_visible: sheet.is_visible,
            is_filled: sheet.seen.is_filled,
        })
        .collect();
    let chosen = choice::choose(&listed, asked)?;
    let name = listed[chosen].name.clone();
    let range = book.worksheet_range(&name).map_err(bad)?;
    let last = range.end().map_or(0, |end| end.0.saturating_add(1));
    let is_1904 = book.has_1904_epoch();
    take(Part::About(choice::about(&listed, chosen, last, is_1904)))?;
    let sheets = looked.iter().filter(|sheet| sheet.is_worksheet);
    let mut seen: Seen = sheets
        .map(|sheet| &sheet.seen)
        .nth(chosen)
        .cloned()
        .unwrap_or_default();
    let merges = book.merge_cells_by_sheet_name(&name).unwrap_or_default();
    seen.merges = merges
        .iter()
        .map(|merge| Merge {
            top: merge.start.0,
            left: merge.start.1,
            bottom: merge.end.0,
        })
        .collect();
    drop(book);
    let facts = facts(&seen);
    let mut merges = Merges::new(seen.merges);
    let Some((top, left)) = range.start() else {
        return take(Part::Facts(facts)).map(|_| ());
    };
    for (no, cells) in (top + 1..).zip(range.rows()) {
        let left = left as usize;
        let kept = (0..cells.len())
            .take_while(|at| keeps(no, left + at))
            .count();
        let mut row = vec![Cell::Empty; left];
        row.extend(cells[..kept].iter().map(cell_of_data));
        let mut row = Row { no, cells: row };
        merges.fill(&mut row);
        if take(Part::Row(row))? == Flow::Stop {
            return Ok(());
        }
    }
    take(Part::Facts(facts)).map(|_| ())
}

/// The stream with the workbook's records.
fn workbook(path: &Path) -> Result<Vec<u8>, JobError> {
    let mut file = CompoundFile::open(File::open(path)?).map_err(damaged)?;
    // An encrypted .xlsx is a compound file with a stream of this name (MS-OFFCRYPTO 2.3.4.4).
    if file.exists("/EncryptedPackage") {
        return Err(encrypted());
    }
    let names = ["/Workbook", "/Book", "/WORKBOOK", "/BOOK"];
    let Some(name) = names.into_iter().find(|name| file.exists(name)) else {
        return Err(super::not_a_spreadsheet());
    };
    let mut stream = file.open_stream(name).map_err(damaged)?;
    let mut bytes = Vec::new();
    (&mut stream)
        .take(super::LEGACY_BYTES_MAX)
        .read_to_end(&mut bytes)
        .map_err(damaged)?;
    Ok(bytes)
}

fn bad(error: XlsError) -> JobError {
    match error {
        XlsError::Password => encrypted(),
        other => damaged(other),
    }
}
