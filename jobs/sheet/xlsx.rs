//! .xlsx, cell by cell: nothing is allocated for the range a sheet claims to have.

use std::{fs::File, io::BufReader, path::Path};

use calamine::{CellErrorType, Data, DataRef, Reader, SheetType, Xlsx, XlsxError};
use engine::import_row::Cell;

use super::{
    COLUMNS_KEPT, Flow, Part, ROWS_MAX, Row, Take, archive, clip, damaged, not_a_spreadsheet,
};
use crate::error::JobError;

type Book = Xlsx<BufReader<File>>;

pub fn read(path: &Path, take: &mut Take<'_>) -> Result<(), JobError> {
    archive::check(path)?;
    let mut book = open(path)?;
    let name = first_sheet(&book)?;
    let mut cells = book.worksheet_cells_reader(&name).map_err(bad)?;
    let claimed = cells.dimensions().end.0.saturating_add(1);
    take(Part::About(if claimed <= ROWS_MAX + 1 {
        claimed
    } else {
        0
    }))?;
    let mut row = Row {
        no: 0,
        cells: Vec::new(),
    };
    while let Some(cell) = cells.next_cell().map_err(bad)? {
        let (at, column) = cell.get_position();
        let no = at.saturating_add(1);
        if no != row.no {
            let done = std::mem::replace(
                &mut row,
                Row {
                    no,
                    cells: Vec::new(),
                },
            );
            if done.no > 0 && take(Part::Row(done))? == Flow::Stop {
                return Ok(());
            }
        }
        place(&mut row, column as usize, cell_of(cell.get_value()));
    }
    if row.no > 0 {
        take(Part::Row(row))?;
    }
    Ok(())
}

fn open(path: &Path) -> Result<Book, JobError> {
    Xlsx::new(BufReader::with_capacity(256 * 1024, File::open(path)?)).map_err(bad)
}

fn first_sheet(book: &Book) -> Result<String, JobError> {
    let sheets = book.sheets_metadata();
    let first = sheets
        .iter()
        .find(|sheet| sheet.typ == SheetType::WorkSheet);
    first
        .map(|sheet| sheet.name.clone())
        .ok_or_else(not_a_spreadsheet)
}

/// A header may be as wide as a sheet can be, so that its width can be told.
fn place(row: &mut Row, column: usize, cell: Cell) {
    if cell == Cell::Empty || (row.no > 1 && column >= COLUMNS_KEPT) {
        return;
    }
    if row.cells.len() <= column {
        row.cells.resize(column + 1, Cell::Empty);
    }
    row.cells[column] = cell;
}

fn cell_of(value: &DataRef<'_>) -> Cell {
    match value {
        DataRef::Empty => Cell::Empty,
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => {
            clip(text)
        }
        DataRef::SharedString(text) => clip(text),
        #[expect(clippy::cast_precision_loss, reason = "a sheet's numbers are floats")]
        DataRef::Int(number) => Cell::Number(*number as f64),
        DataRef::Float(number) => Cell::Number(*number),
        DataRef::Bool(truth) => Cell::Bool(*truth),
        DataRef::DateTime(moment) => match moment.as_datetime() {
            Some(at) if moment.is_datetime() => Cell::Moment(at),
            _ => Cell::Number(moment.as_f64()),
        },
        DataRef::Error(error) => Cell::Error(error_name(error)),
    }
}

/// The same for cells that are owned.
pub fn cell_of_data(value: &Data) -> Cell {
    match value {
        Data::Empty => Cell::Empty,
        Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => clip(text),
        #[expect(clippy::cast_precision_loss, reason = "a sheet's numbers are floats")]
        Data::Int(number) => Cell::Number(*number as f64),
        Data::Float(number) => Cell::Number(*number),
        Data::Bool(truth) => Cell::Bool(*truth),
        Data::DateTime(moment) => match moment.as_datetime() {
            Some(at) if moment.is_datetime() => Cell::Moment(at),
            _ => Cell::Number(moment.as_f64()),
        },
        Data::Error(error) => Cell::Error(error_name(error)),
        #[expect(unreachable_patterns, reason = "the enum may grow")]
        _ => Cell::Empty,
    }
}

/// As the spreadsheet shows a failed formula.
pub fn error_name(error: &CellErrorType) -> &'static str {
    match error {
        CellErrorType::Div0 => "#DIV/0!",
        CellErrorType::NA => "#N/A",
        CellErrorType::Name => "#NAME?",
        CellErrorType::Null => "#NULL!",
        CellErrorType::Num => "#NUM!",
        CellErrorType::Ref => "#REF!",
        CellErrorType::Value => "#VALUE!",
        CellErrorType::GettingData => "#GETTING_DATA",
    }
}

fn bad(error: XlsxError) -> JobError {
    match error {
        XlsxError::Password => JobError::user(
            "FILE_ENCRYPTED",
            "the file is protected by a password; remove it first",
        ),
        other => damaged(other),
    }
}
