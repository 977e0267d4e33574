//! Reads spreadsheets, and is the only place that does: .xlsx, .xls, and .csv in UTF-8, UTF-16 with
//! a mark, or GB18030.
//!
//! A file comes from a stranger. What it is, is told by its bytes; what it claims about its size is
//! measured before anything of it is kept in memory; rows go by one at a time. Every way in which
//! it can be bad is a [`JobError::User`] with a stable code.

mod archive;
mod legacy;
#[cfg(test)]
pub mod peek;
mod text;
mod xlsx;

use std::{fs::File, io::Read, path::Path};

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
/// Columns kept of a row other than the header.
const COLUMNS_KEPT: usize = engine::field::COLUMNS_MAX;

/// One row of the first worksheet.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// As the spreadsheet shows it, from 1.
    pub no: u32,
    /// From column A; may be shorter than the header.
    pub cells: Vec<Cell>,
}

/// What is read, in this order: one guess, then rows.
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    /// How many rows the sheet says it has, header included; 0 when it does not say. Only good for
    /// showing progress.
    About(u32),
    Row(Row),
}

/// Whether to go on reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    On,
    Stop,
}

/// Takes parts as they are read.
pub type Take<'a> = dyn FnMut(Part) -> Result<Flow, JobError> + 'a;

/// Reads the first worksheet row by row. Rows that hold nothing may be left out. Blocks.
///
/// # Errors
/// `FILE_MISSING`, `FILE_TOO_LARGE`, `NOT_A_SPREADSHEET`, `FILE_ENCRYPTED`, `FILE_DAMAGED`,
/// `ARCHIVE_BOMB`, `TOO_MANY_ROWS`, or what `take` returns.
pub fn read(path: &Path, take: &mut Take<'_>) -> Result<(), JobError> {
    let mut counted = |part: Part| {
        if let Part::Row(row) = &part
            && row.no > ROWS_MAX + 1
            && row.cells.iter().any(|cell| *cell != Cell::Empty)
        {
            let text = format!("the sheet has more than {ROWS_MAX} rows");
            return Err(JobError::user("TOO_MANY_ROWS", text));
        }
        take(part)
    };
    match kind(path)? {
        Kind::Xlsx => xlsx::read(path, &mut counted),
        Kind::Xls => legacy::read(path, &mut counted),
        Kind::Text => text::read(path, &mut counted),
    }
}

/// The titles in row 1. Blocks.
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
    Xls,
    Text,
}

/// What the file is, by its first bytes.
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
    let mut start = Vec::with_capacity(512);
    (&mut file).take(512).read_to_end(&mut start)?;
    let extension = path
        .extension()
        .and_then(|text| text.to_str())
        .unwrap_or_default();
    let kind = if start.starts_with(b"PK\x03\x04") {
        Kind::Xlsx
    } else if start.starts_with(&[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1]) {
        Kind::Xls
    } else if matches!(extension, "xlsx" | "xls") || !text::looks_like(&start) {
        return Err(not_a_spreadsheet());
    } else {
        Kind::Text
    };
    if matches!(kind, Kind::Xls) && bytes > LEGACY_BYTES_MAX {
        let text = "the .xls file is larger than 32 MB; save it as .xlsx";
        return Err(JobError::user("FILE_TOO_LARGE", text));
    }
    Ok(kind)
}

fn not_a_spreadsheet() -> JobError {
    JobError::user(
        "NOT_A_SPREADSHEET",
        "the file is no .xlsx, .xls or .csv spreadsheet",
    )
}

fn damaged(why: impl std::fmt::Display) -> JobError {
    JobError::user(
        "FILE_DAMAGED",
        format!("the file is damaged or incomplete: {why}"),
    )
}

/// A text of bounded length, without the one character that PostgreSQL cannot keep.
fn clip(text: &str) -> Cell {
    let end = text
        .char_indices()
        .nth(CELL_MAX)
        .map_or(text.len(), |(end, _)| end);
    let kept = &text[..end];
    Cell::Text(if kept.contains('\0') {
        kept.replace('\0', "")
    } else {
        kept.into()
    })
}

#[cfg(test)]
mod tests;
