//! .xlsx, cell by cell: nothing is allocated for the range a sheet claims to have.

use std::{fs::File, io::BufReader, path::Path};

use calamine::{
    CellErrorType, Data, DataRef, ExcelDateTime, Reader, Sheet, SheetType, SheetVisible, Xlsx,
    XlsxError,
};
use engine::import_row::{Cell, moment};

use super::{
    Facts, Flow, Part, ROWS_MAX, Row, Take,
    archive::{self, Parts},
    choice::{self, Listed},
    clip, damaged, encrypted,
    merges::Merges,
    place,
    scan::Seen,
};
use crate::error::JobError;

pub fn read(path: &Path, asked: Option<&str>, take: &mut Take<'_>) -> Result<(), JobError> {
    let (parts, mut book) = archive::check_beside(path, || open(path))?;
    let listed = listed(book.sheets_metadata(), &parts);
    let chosen = choice::choose(&listed, asked)?;
    let seen = parts.of(&listed[chosen].name).cloned().unwrap_or_default();
    let is_1904 = book.has_1904_epoch();
    let mut cells = book
        .worksheet_cells_reader(&listed[chosen].name)
        .map_err(bad)?;
    let claimed = cells.dimensions().end.0;
    take(Part::About(choice::about(
        &listed,
        chosen,
        claimed_rows(claimed),
        is_1904,
    )))?;
    let mut rows = Rows::new(&seen, take);
    // The reader tells of a failed formula it has no name for, but not where: beside its neighbour.
    let mut nameless = false;
    loop {
        match cells.next_cell() {
            Ok(Some(cell)) => {
                let (at, column) = cell.get_position();
                if std::mem::take(&mut nameless) && rows.nameless(at, column)? == Flow::Stop {
                    return Ok(());
                }
                if rows.cell(at, column, cell_of(cell.get_value()))? == Flow::Stop {
                    return Ok(());
                }
            }
            Ok(None) => break,
            Err(XlsxError::CellError(_)) => nameless = true,
            Err(other) => return Err(bad(other)),
        }
    }
    if nameless && rows.nameless(u32::MAX, 0)? == Flow::Stop {
        return Ok(());
    }
    rows.end(facts(&seen))
}

/// How many rows a sheet claims to have, for showing progress; 0 when that cannot be.
pub fn claimed_rows(last: u32) -> u32 {
    match last.saturating_add(1) {
        rows if rows <= ROWS_MAX + 1 => rows,
        _ => 0,
    }
}

pub fn listed(sheets: &[Sheet], parts: &Parts) -> Vec<Listed> {
    sheets
        .iter()
        .filter(|sheet| sheet.typ == SheetType::WorkSheet)
        .map(|sheet| parts.listed(&sheet.name, sheet.visible == SheetVisible::Visible))
        .collect()
}

pub fn facts(seen: &Seen) -> Facts {
    let tall = seen.merges.iter().filter(|merge| merge.bottom > merge.top);
    Facts {
        hidden_rows: seen.hidden_rows,
        hidden_columns: seen.hidden_columns,
        merges: u32::try_from(tall.count()).unwrap_or(u32::MAX),
    }
}

/// Makes rows of cells that come in order.
pub struct Rows<'a, 'b> {
    row: Row,
    merges: Merges,
    take: &'a mut Take<'b>,
}

impl<'a, 'b> Rows<'a, 'b> {
    pub fn new(seen: &Seen, take: &'a mut Take<'b>) -> Self {
        Self {
            row: Row {
                no: 0,
                cells: Vec::new(),
            },
            merges: Merges::new(seen.merges.clone()),
            take,
        }
    }

    /// A cell; row and column from 0.
    pub fn cell(&mut self, at: u32, column: u32, cell: Cell) -> Result<Flow, JobError> {
        let no = at.saturating_add(1);
        if no != self.row.no {
            let width = self.row.cells.len();
            let next = Row {
                no,
                cells: Vec::new(),
            };
            let done = std::mem::replace(&mut self.row, next);
            if self.give(done)? == Flow::Stop {
                return Ok(Flow::Stop);
            }
            if cell != Cell::Empty {
                self.row.cells.reserve(width.min(super::COLUMNS_KEPT));
            }
        }
        place(&mut self.row, column as usize, cell);
        Ok(Flow::On)
    }

    /// A failed formula that stood before the cell at this place: left of it, or at the end of the row
    /// before when there is nothing left of it.
    fn nameless(&mut self, at: u32, column: u32) -> Result<Flow, JobError> {
        let failed = Cell::Error("#ERROR!");
        match column.checked_sub(1) {
            Some(left) => self.cell(at, left, failed),
            None => {
                let end = self.row.cells.len();
                place(&mut self.row, end, failed);
                Ok(Flow::On)
            }
        }
    }

    fn give(&mut self, mut row: Row) -> Result<Flow, JobError> {
        if row.no == 0 {
            return Ok(Flow::On);
        }
        self.merges.fill(&mut row);
        (self.take)(Part::Row(row))
    }

    /// The sheet ends.
    pub fn end(mut self, facts: Facts) -> Result<(), JobError> {
        let last = std::mem::replace(
            &mut self.row,
            Row {
                no: 0,
                cells: Vec::new(),
            },
        );
        if self.give(last)? == Flow::On {
            (self.take)(Part::Facts(facts))?;
        }
        Ok(())
    }
}

fn open(path: &Path) -> Result<Xlsx<BufReader<File>>, JobError> {
    Xlsx::new(BufReader::with_capacity(256 * 1024, File::open(path)?)).map_err(bad)
}

pub fn cell_of(value: &DataRef<'_>) -> Cell {
    match value {
        DataRef::Empty => Cell::Empty,
        DataRef::String(text) | DataRef::DurationIso(text) => clip(text),
        DataRef::SharedString(text) => clip(text),
        DataRef::DateTimeIso(text) => iso(text),
        #[expect(clippy::cast_precision_loss, reason = "a sheet's numbers are floats")]
        DataRef::Int(number) => Cell::Number(*number as f64),
        DataRef::Float(number) => Cell::Number(*number),
        DataRef::Bool(truth) => Cell::Bool(*truth),
        DataRef::DateTime(moment) => dated(moment),
        DataRef::Error(error) => Cell::Error(error_name(error)),
    }
}

/// The same for cells that are owned.
pub fn cell_of_data(value: &Data) -> Cell {
    match value {
        Data::Empty => Cell::Empty,
        Data::String(text) | Data::DurationIso(text) => clip(text),
        Data::DateTimeIso(text) => iso(text),
        #[expect(clippy::cast_precision_loss, reason = "a sheet's numbers are floats")]
        Data::Int(number) => Cell::Number(*number as f64),
        Data::Float(number) => Cell::Number(*number),
        Data::Bool(truth) => Cell::Bool(*truth),
        Data::DateTime(moment) => dated(moment),
        Data::Error(error) => Cell::Error(error_name(error)),
        #[expect(unreachable_patterns, reason = "the enum may grow")]
        _ => Cell::Empty,
    }
}

/// A number that is shown as a date, or as a time of day when it is less than a day.
fn dated(serial: &ExcelDateTime) -> Cell {
    match serial.as_datetime() {
        Some(at) if serial.is_datetime() && (0.0..1.0).contains(&serial.as_f64()) => {
            Cell::Text(at.format("%H:%M:%S").to_string())
        }
        Some(at) if serial.is_datetime() => Cell::Moment(at),
        _ => Cell::Number(serial.as_f64()),
    }
}

pub fn iso(text: &str) -> Cell {
    moment(text).map_or_else(|| clip(text), Cell::Moment)
}

/// As the spreadsheet shows a failed formula.
fn error_name(error: &CellErrorType) -> &'static str {
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
        XlsxError::Password => encrypted(),
        other => damaged(other),
    }
}
