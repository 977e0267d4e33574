//! Which of a workbook's sheets is read.

use super::{About, damaged};
use crate::error::JobError;

/// A sheet as the workbook lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    pub name: String,
    pub is_visible: bool,
    /// Whether any cell holds something; `true` when that is not known.
    pub is_filled: bool,
}

/// The position of the sheet that is asked for, by name or by number from 1, else of the first visible
/// one that holds something.
///
/// # Errors
/// `SHEET_NOT_FOUND` with the names there are.
pub fn choose(sheets: &[Listed], asked: Option<&str>) -> Result<usize, JobError> {
    if sheets.is_empty() {
        return Err(damaged("it has no worksheet"));
    }
    let Some(asked) = asked.map(str::trim).filter(|asked| !asked.is_empty()) else {
        let find = |wish: fn(&Listed) -> bool| sheets.iter().position(wish);
        let found = find(|sheet| sheet.is_visible && sheet.is_filled)
            .or_else(|| find(|sheet| sheet.is_visible));
        return Ok(found.unwrap_or_default());
    };
    let named = sheets.iter().position(|sheet| sheet.name.trim() == asked);
    let nth = || asked.parse::<usize>().ok()?.checked_sub(1);
    named
        .or_else(|| nth().filter(|nth| *nth < sheets.len()))
        .ok_or_else(|| {
            let names: Vec<&str> = sheets.iter().map(|sheet| sheet.name.as_str()).collect();
            let text = format!(
                "there is no sheet \"{asked}\"; there are: {}",
                names.join(", ")
            );
            JobError::user("SHEET_NOT_FOUND", text)
        })
}

/// What is told of the chosen sheet.
pub fn about(sheets: &[Listed], chosen: usize, rows: u32, is_1904: bool) -> About {
    let others = sheets.iter().enumerate();
    About {
        rows,
        sheet: Some(sheets[chosen].name.clone()),
        others: others
            .filter(|(at, sheet)| *at != chosen && sheet.is_visible && sheet.is_filled)
            .map(|(_, sheet)| sheet.name.clone())
            .collect(),
        is_1904,
    }
}
