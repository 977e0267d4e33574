//! .xlsx, cell by cell: nothing is allocated for the range a sheet claims to have.

use std::{
    fs::File,
    io::{BufReader, Read, Seek},
    path::Path,
};

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
    large::Large,
    merges::Merges,
    place,
    scan::Seen,
};
use crate::error::JobError;

/// What the library's table of shared texts may take. Of a workbook that has more the texts go where they
/// have room, see [`super::large`].
const TEXTS_MAX: u64 = 192 * 1024 * 1024;

enum Book {
    Held(Xlsx<BufReader<File>>),
    Large(Large),
}

pub fn read(path: &Path, asked: Option<&str>, take: &mut Take<'_>) -> Result<(), JobError> {
    read_within(path, TEXTS_MAX, asked, take)
}

/// `texts_max`: what the library's table of shared texts may take.
pub fn read_within(
    path: &Path,
    texts_max: u64,
    asked: Option<&str>,
    take: &mut Take<'_>,
) -> Result<(), JobError> {
    let (parts, book) = archive::check_beside(path, |held| match held >= texts_max {
        true => Ok(Book::Large(Large::open(path)?)),
        false => Ok(Book::Held(open(path)?)),
    })?;
    match book {
        Book::Held(mut book) => {
            let sheet = Chosen::of(&book, &parts, asked)?;
            held(&mut book, &sheet, take)
        }
        Book::Large(mut book) => {
            let sheet = Chosen::of(book.outline(), &parts, asked)?;
            let part = parts.part(&sheet.name).unwrap_or_default();
            large(&mut book, &sheet, part, take)
        }
    }
}

/// The sheet that is read.
struct Chosen {
    name: String,
    listed: Vec<Listed>,
    at: usize,
    is_1904: bool,
    seen: Seen,
}

impl Chosen {
    fn of<R: Read + Seek>(
        book: &Xlsx<R>,
        parts: &Parts,
        asked: Option<&str>,
    ) -> Result<Self, JobError> {
        let listed = listed(book.sheets_metadata(), parts);
        let at = choice::choose(&listed, asked)?;
        let name = listed[at].name.clone();
        Ok(Self {
            seen: parts.of(&name).cloned().unwrap_or_default(),
            is_1904: book.has_1904_epoch(),
            name,
            listed,
            at,
        })
    }

    fn about(&self, claimed: u32) -> Part {
        let rows = claimed_rows(claimed);
        Part::About(choice::about(&self.listed, self.at, rows, self.is_1904))
    }
}

fn held<R: Read + Seek>(
    book: &mut Xlsx<R>,
    sheet: &Chosen,
    take: &mut Take<'_>,
) -> Result<(), JobError> {
    let mut cells = book.worksheet_cells_reader(&sheet.name).map_err(bad)?;
    take(sheet.about(cells.dimensions().end.0))?;
    let mut rows = Rows::new(&sheet.seen, take);
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
    rows.end(facts(&sheet.seen))
}

fn large(
    book: &mut Large,
    sheet: &Chosen,
    part: &str,
    take: &mut Take<'_>,
) -> Result<(), JobError> {
    let mut cells = book.cells(&sheet.name, part, sheet.is_1904)?;
    take(sheet.about(cells.claimed()))?;
    let mut rows = Rows::new(&sheet.seen, take);
    while let Some((at, column, cell)) = cells.next()? {
        if rows.cell(at, column, cell)? == Flow::Stop {
            return Ok(());
        }
    }
    rows.end(facts(&sheet.seen))
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
        let failed = Cell::Error(UNNAMED_ERROR);
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

/// What a failed formula is that the library has no name for.
pub const UNNAMED_ERROR: &str = "#ERROR!";

/// A number that is shown as a date, or as a time of day when it is less than a day.
pub fn dated(serial: &ExcelDateTime) -> Cell {
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

pub fn bad(error: XlsxError) -> JobError {
    match error {
        XlsxError::Password => encrypted(),
        other => damaged(other),
    }
}
