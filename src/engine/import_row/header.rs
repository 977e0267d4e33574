//! A header row (OUT-033).

use crate::field;

/// Titles of the columns that a file of rejects has behind the original ones. A file that comes back
/// with them is read as if they were not there.
pub const REJECT_TITLES: [&str; 4] = ["行号 Row", "列 Column", "代码 Code", "原因 Reason"];

/// A file whose header does not fit the batch; nothing is imported.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct BadHeader {
    /// Stable code.
    pub code: &'static str,
    pub message: String,
}

/// Checks the header of a template, which stands in row `row`, from 1: 1 to 200 titles, none empty,
/// none twice (OUT-033).
///
/// # Errors
/// What is wrong, naming the cell.
pub fn check_template(header: &[String], row: u32) -> Result<(), BadHeader> {
    let bad = |message| {
        Err(BadHeader {
            code: "TEMPLATE_HEADER_INVALID",
            message,
        })
    };
    if header.is_empty() {
        return bad("the file has no row with titles".into());
    }
    check_width(header)?;
    for (at, title) in header.iter().enumerate() {
        let cell = cell_name(at, row);
        if title.trim().is_empty() {
            return bad(format!("the header cell {cell} is empty"));
        }
        if title.trim().chars().count() > field::TITLE_MAX {
            let most = field::TITLE_MAX;
            return bad(format!(
                "the header cell {cell} has more than {most} characters"
            ));
        }
        let same = |other: &String| field::same_title(other, title);
        if let Some(first) = header[..at].iter().position(same) {
            let first = cell_name(first, row);
            return bad(format!("the header cell {cell} repeats {first}"));
        }
    }
    Ok(())
}

/// # Errors
/// `TOO_MANY_COLUMNS` for more than 200.
pub(crate) fn check_width(header: &[String]) -> Result<(), BadHeader> {
    if header.len() <= field::COLUMNS_MAX {
        return Ok(());
    }
    Err(BadHeader {
        code: "TOO_MANY_COLUMNS",
        message: format!(
            "the header has {} columns; at most {} are read",
            header.len(),
            field::COLUMNS_MAX
        ),
    })
}

/// `A`, `B` ... `AA`: a column, from 0, as the spreadsheet names it.
#[must_use]
pub fn letters(column: usize) -> String {
    let mut letters = Vec::new();
    let mut rest = column + 1;
    while rest > 0 {
        let letter = u8::try_from((rest - 1) % 26).unwrap_or_default();
        letters.push(char::from(b'A' + letter));
        rest = (rest - 1) / 26;
    }
    letters.iter().rev().collect()
}

/// `A1`, `B7`: a cell as the spreadsheet names it; the column counts from 0, the row from 1.
#[must_use]
pub fn cell_name(column: usize, row: u32) -> String {
    format!("{}{row}", letters(column))
}
