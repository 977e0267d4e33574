//! .xlsb: the binary kind of .xlsx, read as that is, cell by cell.

use std::{fs::File, io::BufReader, path::Path};

use calamine::{Reader, Xlsb, XlsbError};

use super::{
    Flow, Part, Take, archive, choice, damaged, encrypted,
    xlsx::{Rows, cell_of, claimed_rows, facts, listed},
};
use crate::error::JobError;

pub fn read(path: &Path, asked: Option<&str>, take: &mut Take<'_>) -> Result<(), JobError> {
    let parts = archive::check(path)?;
    let file = BufReader::with_capacity(256 * 1024, File::open(path)?);
    let mut book = Xlsb::new(file).map_err(bad)?;
    let listed = listed(book.sheets_metadata(), &parts);
    let chosen = choice::choose(&listed, asked)?;
    let seen = parts.of(&listed[chosen].name).cloned().unwrap_or_default();
    let is_1904 = book.has_1904_epoch();
    let mut cells = book
        .worksheet_cells_reader(&listed[chosen].name)
        .map_err(bad)?;
    let claimed = claimed_rows(cells.dimensions().end.0);
    take(Part::About(choice::about(
        &listed, chosen, claimed, is_1904,
    )))?;
    let mut rows = Rows::new(&seen, take);
    while let Some(cell) = cells.next_cell().map_err(bad)? {
        let (at, column) = cell.get_position();
        if rows.cell(at, column, cell_of(cell.get_value()))? == Flow::Stop {
            return Ok(());
        }
    }
    rows.end(facts(&seen))
}

fn bad(error: XlsbError) -> JobError {
    match error {
        XlsbError::Password => encrypted(),
        other => damaged(other),
    }
}
