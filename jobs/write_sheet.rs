//! Writes .xlsx files: rows in order, little memory, and nothing in them that a spreadsheet runs.

use std::path::{Path, PathBuf};

use rust_xlsxwriter::{Format, Workbook, Worksheet};

use crate::error::JobError;

/// Longest text of a cell in Excel, in characters.
const CELL_MAX: usize = 32_767;

/// A cell to write.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Text(String),
    Number(f64),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Value {
    #[expect(clippy::cast_precision_loss, reason = "a sheet's numbers are floats")]
    fn from(number: i64) -> Self {
        Self::Number(number as f64)
    }
}

/// A file being written. It appears under its name when it is whole.
pub struct Writer {
    book: Workbook,
    path: PathBuf,
    row: u32,
}

impl Writer {
    /// Begins a file with one sheet and its header.
    ///
    /// # Errors
    /// When the sheet's name or a title is refused.
    pub fn new(path: &Path, sheet: &str, titles: &[&str]) -> Result<Self, JobError> {
        let mut writer = Self {
            book: Workbook::new(),
            path: path.into(),
            row: 0,
        };
        writer.sheet(sheet, titles)?;
        Ok(writer)
    }

    /// Begins a further sheet; the one before it is done.
    ///
    /// # Errors
    /// As [`Writer::new`].
    pub fn sheet(&mut self, name: &str, titles: &[&str]) -> Result<(), JobError> {
        let sheet = self.book.add_worksheet_with_constant_memory()?;
        sheet.set_name(name)?;
        sheet.set_freeze_panes(1, 0)?;
        let bold = Format::new().set_bold();
        for (column, title) in (0_u16..).zip(titles) {
            sheet.set_column_width(column, 18)?;
            sheet.write_string_with_format(0, column, harmless(title), &bold)?;
        }
        self.row = 1;
        Ok(())
    }

    /// Adds a row to the sheet begun last.
    ///
    /// # Errors
    /// When the sheet is full.
    pub fn row(&mut self, values: &[Value]) -> Result<(), JobError> {
        let row = self.row;
        self.row += 1;
        let sheet = self.last()?;
        for (column, value) in (0_u16..).zip(values) {
            match value {
                Value::Text(text) => sheet.write_string(row, column, harmless(text))?,
                Value::Number(number) => sheet.write_number(row, column, *number)?,
            };
        }
        Ok(())
    }

    fn last(&mut self) -> Result<&mut Worksheet, JobError> {
        let at = self.book.worksheets().len() - 1;
        Ok(self.book.worksheet_from_index(at)?)
    }

    /// Ends the file: it is written beside its place, then moved there.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn finish(mut self) -> Result<(), JobError> {
        if let Some(directory) = self.path.parent() {
            std::fs::create_dir_all(directory)?;
        }
        let part = self
            .path
            .with_extension(format!("{}.part", uuid::Uuid::new_v4().simple()));
        let saved = self.book.save(&part).map_err(JobError::from);
        let moved = saved.and_then(|()| Ok(std::fs::rename(&part, &self.path)?));
        if moved.is_err() {
            // The first error is the one that counts.
            let _ = std::fs::remove_file(&part);
        }
        moved
    }
}

/// A text that starts like a formula gets an apostrophe, so that it stays text wherever the file is
/// opened, saved as .csv and opened again.
#[must_use]
pub fn harmless(text: &str) -> String {
    let kept = match text.char_indices().nth(CELL_MAX - 1) {
        Some((end, _)) => &text[..end],
        None => text,
    };
    let is_formula = kept.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if is_formula {
        format!("'{kept}")
    } else {
        kept.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_formula_is_written_as_text() {
        for text in ["=1+1", "+86", "-1", "@cmd", "\tx"] {
            assert_eq!(harmless(text), format!("'{text}"));
        }
        assert_eq!(harmless("13800138000"), "13800138000");
        assert_eq!(harmless(&"長".repeat(40_000)).chars().count(), CELL_MAX - 1);
    }

    #[test]
    fn a_file_appears_only_when_it_is_whole() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("files/report.xlsx");
        let mut writer = Writer::new(&path, "one", &["a", "b"]).unwrap();
        writer.row(&["x".into(), 1.into()]).unwrap();
        writer.sheet("two", &["c"]).unwrap();
        assert!(!path.exists());
        writer.finish().unwrap();
        assert_eq!(crate::sheet::header(&path).unwrap(), ["a", "b"]);
        let left = std::fs::read_dir(path.parent().unwrap()).unwrap().count();
        assert_eq!(left, 1);
    }
}
