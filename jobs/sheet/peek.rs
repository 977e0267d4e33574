//! Reads workbooks that a test has made.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

use calamine::{Reader, Xlsx, open_workbook};

use super::{Flow, Part, xlsx};

/// The sheet of this name, cell by cell as text.
pub fn sheet(path: &Path, name: &str) -> Vec<Vec<String>> {
    let mut book: Xlsx<_> = open_workbook(path).unwrap();
    let range = book.worksheet_range(name).unwrap();
    let row = |row: &[calamine::Data]| row.iter().map(ToString::to_string).collect();
    range.rows().map(row).collect()
}

/// Sees that a workbook tells the same whether the library holds its shared texts or they are kept apart.
pub fn agrees(path: &Path, sheet: Option<&str>) {
    let told = |texts_max: u64| -> Result<Vec<Part>, &'static str> {
        let mut parts = Vec::new();
        let reading = || {
            xlsx::read_within(path, texts_max, sheet, &mut |part| {
                parts.push(part);
                Ok(Flow::On)
            })
        };
        match catch_unwind(AssertUnwindSafe(reading)) {
            Ok(Ok(())) => Ok(parts),
            Ok(Err(error)) => Err(error.code()),
            Err(_) => Err("FILE_DAMAGED"),
        }
    };
    assert_eq!(told(0), told(u64::MAX), "{}", path.display());
}
