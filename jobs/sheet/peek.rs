//! Reads one sheet of a workbook that a test has made.

use std::path::Path;

use calamine::{Reader, Xlsx, open_workbook};

/// The sheet of this name, cell by cell as text.
pub fn sheet(path: &Path, name: &str) -> Vec<Vec<String>> {
    let mut book: Xlsx<_> = open_workbook(path).unwrap();
    let range = book.worksheet_range(name).unwrap();
    let row = |row: &[calamine::Data]| row.iter().map(ToString::to_string).collect();
    range.rows().map(row).collect()
}
