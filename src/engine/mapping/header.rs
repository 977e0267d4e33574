//! Which of the first rows holds the titles.

use super::{cells::is_mobile, words};
use crate::{field::Field, import_row::Cell};

/// The row, among the first ones of a sheet, that holds the titles: the one with most titles of
/// fields, else the first that looks like titles, else the first that holds anything.
#[must_use]
pub fn header_row(rows: &[&[Cell]], fields: &[Field]) -> Option<usize> {
    let mut best: Option<(usize, i32)> = None;
    for (nth, row) in rows.iter().enumerate() {
        let score = score(row, fields);
        if score > best.map_or(0, |(_, score)| score) {
            best = Some((nth, score));
        }
    }
    let filled = |row: &[Cell]| row.iter().filter(|cell| !cell.is_blank()).count();
    let widest = rows.iter().map(|row| filled(row)).max().unwrap_or_default();
    let likely = |row: &&[Cell]| filled(row) >= widest.min(2) && looks_like_titles(row);
    best.map(|(nth, _)| nth)
        .or_else(|| rows.iter().position(likely))
        .or_else(|| rows.iter().position(|row| filled(row) > 0))
}

/// How well a row fits the fields; a number to dial shows that it is data.
fn score(row: &[Cell], fields: &[Field]) -> i32 {
    if row.iter().any(is_mobile) {
        return 0;
    }
    row.iter()
        .map(|cell| match cell {
            Cell::Text(text) if fields.iter().any(|field| field.is_titled(text)) => 4,
            Cell::Text(text) => {
                let almost = |field: &Field| words::almost_same(&field.title, text);
                let synonym = |field: &Field| words::synonym(text, field);
                if fields.iter().any(almost) {
                    3
                } else if fields.iter().any(synonym) {
                    2
                } else {
                    0
                }
            }
            Cell::Number(_) | Cell::Moment(_) => -1,
            Cell::Empty | Cell::Bool(_) | Cell::Error(_) => 0,
        })
        .sum()
}

/// Texts without a number among them, or with a word that lists use.
fn looks_like_titles(row: &[Cell]) -> bool {
    let mut seen: Vec<&str> = Vec::new();
    row.iter().all(|cell| match cell {
        Cell::Empty => true,
        Cell::Text(text) => {
            let text = text.trim();
            let again = !text.is_empty() && seen.contains(&text);
            seen.push(text);
            !again || words::is_known(text)
        }
        Cell::Number(_) | Cell::Bool(_) | Cell::Moment(_) | Cell::Error(_) => false,
    }) && !row.iter().any(is_mobile)
}
