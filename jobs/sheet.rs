//! Reads spreadsheets, and is the only place that does: .xlsx, .xlsb, .xls, .ods, and text with
//! separators in UTF-8, UTF-16 or GB18030.
//!
//! A file comes from a stranger. What it is, is told by its bytes; what it claims about its size is
//! measured before anything of it is kept in memory; rows go by one at a time. Every way in which
//! it can be bad is a [`JobError::User`] with a stable code.

mod archive;
mod choice;
mod large;
mod legacy;
mod merges;
mod ods;
mod package;
#[cfg(test)]
pub mod peek;
mod records;
mod scan;
mod text;
mod xlsb;
mod xlsx;

use std::{
    fs::File,
    io::Read,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

use engine::import_row::Cell;

use crate::error::JobError;

/// Largest file, in bytes (OUT-077).
pub const BYTES_MAX: u64 = 200 * 1024 * 1024;
/// Largest .xls file: its cells are all held in memory.
pub const LEGACY_BYTES_MAX: u64 = 32 * 1024 * 1024;
/// Most rows after the header (OUT-077).
pub const ROWS_MAX: u32 = 1_000_000;
/// Longest text of a cell, in characters; no field takes more than 2,000, so the rest is dropped.
pub const CELL_MAX: usize = 4_000;
/// Rows among which the titles are looked for: these may be as wide as a sheet can be.
pub const HEAD_ROWS: u32 = 50;
/// Columns kept of the other rows.
const COLUMNS_KEPT: usize = engine::field::COLUMNS_MAX;

/// One row of a worksheet.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// As the spreadsheet shows it, from 1.
    pub no: u32,
    /// From column A; may be shorter than the header.
    pub cells: Vec<Cell>,
}

/// What a file says of itself before its rows are read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct About {
    /// How many rows the sheet says it has, header included; 0 when it does not say. Only good for
    /// showing progress.
    pub rows: u32,
    /// The sheet that is read; `None` for text.
    pub sheet: Option<String>,
    /// Every other sheet that is not hidden.
    pub others: Vec<String>,
    /// Days count from 1904.
    pub is_1904: bool,
}

/// What was seen of a sheet beside its cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Facts {
    /// Rows and columns that are hidden; they are read as the others.
    pub hidden_rows: u32,
    pub hidden_columns: u32,
    /// Merges that reach over several rows; their value is in each of these.
    pub merges: u32,
}

/// What is read, in this order: one [`About`], rows that rise by their number, one [`Facts`].
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    About(About),
    Row(Row),
    Facts(Facts),
}

/// Whether to go on reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    On,
    Stop,
}

/// Takes parts as they are read.
pub type Take<'a> = dyn FnMut(Part) -> Result<Flow, JobError> + 'a;

/// Reads the first visible worksheet that holds something. Blocks.
///
/// # Errors
/// As [`read_sheet`].
pub fn read(path: &Path, take: &mut Take<'_>) -> Result<(), JobError> {
    read_sheet(path, None, take)
}

/// Reads a worksheet row by row: the one of this name or number from 1, else the first visible one
/// that holds something. Rows that hold nothing may be left out. Blocks.
///
/// # Errors
/// `FILE_MISSING`, `FILE_TOO_LARGE`, `NOT_A_SPREADSHEET`, `FILE_ENCRYPTED`, `FILE_DAMAGED`,
/// `ARCHIVE_BOMB`, `SHEET_NOT_FOUND`, `SHEET_TOO_LARGE`, `TOO_MANY_ROWS`, or what `take` returns.
pub fn read_sheet(path: &Path, sheet: Option<&str>, take: &mut Take<'_>) -> Result<(), JobError> {
    let mut last = 0;
    let mut checked = |part: Part| {
        if let Part::Row(row) = &part {
            let is_blank = row.cells.iter().all(|cell| *cell == Cell::Empty);
            if row.no > ROWS_MAX + 1 && !is_blank {
                let text = format!("the sheet has more than {ROWS_MAX} rows");
                return Err(JobError::user("TOO_MANY_ROWS", text));
            }
            if row.no <= last {
                let no = row.no;
                return Err(damaged(format!("row {no} stands behind row {last}")));
            }
            last = row.no;
        }
        take(part)
    };
    let reading = || match kind(path)? {
        Kind::Xlsx => xlsx::read(path, sheet, &mut checked),
        Kind::Xlsb => xlsb::read(path, sheet, &mut checked),
        Kind::Ods => ods::read(path, sheet, &mut checked),
        Kind::Xls => legacy::read(path, sheet, &mut checked),
        Kind::Text => text::read(path, sheet, &mut checked),
    };
    // A parser that panics on a file does so every time: the file is what is wrong.
    catch_unwind(AssertUnwindSafe(reading))
        .unwrap_or_else(|_| Err(damaged("its parts do not fit together")))
}

/// The titles in the first row. Blocks.
///
/// # Errors
/// As [`read`].
pub fn header(path: &Path) -> Result<Vec<String>, JobError> {
    let mut header = Vec::new();
    read(path, &mut |part| {
        let Part::Row(row) = part else {
            return Ok(Flow::On);
        };
        if row.no == 1 {
            header = titles(&row.cells);
        }
        Ok(Flow::Stop)
    })?;
    Ok(header)
}

/// A header row as titles, up to the last one that is not empty.
#[must_use]
pub fn titles(cells: &[Cell]) -> Vec<String> {
    let mut titles: Vec<String> = cells
        .iter()
        .map(|cell| engine::import_row::show(cell).unwrap_or_default())
        .collect();
    while titles.last().is_some_and(String::is_empty) {
        titles.pop();
    }
    titles
}

enum Kind {
    Xlsx,
    Xlsb,
    Ods,
    Xls,
    Text,
}

/// What the file is, by its bytes.
fn kind(path: &Path) -> Result<Kind, JobError> {
    let missing = |_| JobError::user("FILE_MISSING", "the uploaded file is not there any more");
    let mut file = File::open(path).map_err(missing)?;
    let bytes = file.metadata()?.len();
    if bytes > BYTES_MAX {
        return Err(JobError::user(
            "FILE_TOO_LARGE",
            "the file is larger than 200 MB",
        ));
    }
    let mut start = Vec::with_capacity(4096);
    (&mut file).take(4096).read_to_end(&mut start)?;
    if start.starts_with(b"PK\x03\x04") {
        return archive::kind(path);
    }
    if !start.starts_with(&[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1]) {
        return match text::looks_like(&start) {
            true => Ok(Kind::Text),
            false if is_page(&start) => Err(JobError::user(
                "NOT_A_SPREADSHEET",
                "the file is a web page or XML; open it and save it as .xlsx",
            )),
            false => Err(not_a_spreadsheet()),
        };
    }
    if bytes > LEGACY_BYTES_MAX {
        let text = "the .xls file is larger than 32 MB; save it as .xlsx";
        return Err(JobError::user("FILE_TOO_LARGE", text));
    }
    Ok(Kind::Xls)
}

fn is_page(start: &[u8]) -> bool {
    start.trim_ascii_start().starts_with(b"<")
}

fn not_a_spreadsheet() -> JobError {
    JobError::user(
        "NOT_A_SPREADSHEET",
        "the file is no .xlsx, .xlsb, .xls, .ods, .csv or .tsv spreadsheet",
    )
}

fn damaged(why: impl std::fmt::Display) -> JobError {
    JobError::user(
        "FILE_DAMAGED",
        format!("the file is damaged or incomplete: {why}"),
    )
}

fn encrypted() -> JobError {
    JobError::user(
        "FILE_ENCRYPTED",
        "the file is protected by a password; remove it first",
    )
}

/// Whether a cell in this column is kept: where titles may stand, whatever the width.
fn keeps(no: u32, column: usize) -> bool {
    column < COLUMNS_KEPT || no <= HEAD_ROWS
}

/// Puts a cell where it belongs.
fn place(row: &mut Row, column: usize, cell: Cell) {
    if cell == Cell::Empty || !keeps(row.no, column) {
        return;
    }
    if row.cells.len() == column {
        row.cells.push(cell);
        return;
    }
    if row.cells.len() < column {
        row.cells.resize(column + 1, Cell::Empty);
    }
    row.cells[column] = cell;
}

/// A text of bounded length, without the one character that PostgreSQL cannot keep.
fn clip(text: &str) -> Cell {
    let end = match text.len() {
        0..=CELL_MAX => text.len(),
        _ => text
            .char_indices()
            .nth(CELL_MAX)
            .map_or(text.len(), |(end, _)| end),
    };
    let kept = &text[..end];
    if let Some(name) = error_named(kept) {
        return Cell::Error(name);
    }
    Cell::Text(if kept.contains('\0') {
        kept.replace('\0', "")
    } else {
        kept.into()
    })
}

/// A failed formula, as every spreadsheet writes it.
fn error_named(text: &str) -> Option<&'static str> {
    if !text.starts_with('#') {
        return None;
    }
    let names = [
        "#DIV/0!",
        "#N/A",
        "#NAME?",
        "#NULL!",
        "#NUM!",
        "#REF!",
        "#VALUE!",
        "#SPILL!",
        "#CALC!",
        "#FIELD!",
        "#BLOCKED!",
        "#CONNECT!",
        "#GETTING_DATA",
    ];
    names.into_iter().find(|name| *name == text.trim())
}

#[cfg(test)]
mod tests;
