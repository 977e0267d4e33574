//! A spreadsheet's row becomes a lead, or a reject that says why (OUT-076 to OUT-080).

use std::collections::BTreeMap;

use chrono::NaiveDateTime;

use crate::{
    field::{self, Check, Field},
    phone,
};

mod value;

pub use value::{date_text, datetime_text, is_separator, moment, moment_text, show, truth, value};

/// What a cell holds.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Cell {
    #[default]
    Empty,
    Text(String),
    Number(f64),
    Bool(bool),
    /// A number that the sheet shows as a date.
    Moment(NaiveDateTime),
}

/// A row that may be called. `data` holds the non-empty fields by code.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NewLead {
    pub phone: String,
    pub phone_raw: String,
    /// Every number of every phone field in dialling order, `phone` first; none twice.
    pub phones: Vec<String>,
    /// What duplicates are decided on: the primary-key field, else the phone.
    pub key_value: String,
    pub data: BTreeMap<String, String>,
}

/// A row that is not imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowReject {
    /// Title of the column at fault.
    pub column: String,
    /// Stable code.
    pub code: &'static str,
    pub reason: String,
}

/// A file whose header does not fit the batch; nothing is imported.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct BadHeader {
    /// Stable code.
    pub code: &'static str,
    pub message: String,
}

/// Which column of a file fills which field.
#[derive(Debug, Clone)]
pub struct Plan {
    columns: Vec<Source>,
    /// Indexes into `columns`, in dialling order.
    phones: Vec<usize>,
    key: Option<usize>,
    /// What the operator should know about the header.
    pub warnings: Vec<String>,
}

#[derive(Debug, Clone)]
struct Source {
    at: usize,
    field: Field,
}

/// Checks the header of a template: 1 to 200 titles, none empty, none twice (OUT-033).
///
/// # Errors
/// What is wrong, naming the cell.
pub fn check_template(header: &[String]) -> Result<(), BadHeader> {
    let bad = |code, message| Err(BadHeader { code, message });
    if header.is_empty() {
        return bad("TEMPLATE_HEADER_INVALID", "the first row is empty".into());
    }
    check_width(header)?;
    for (at, title) in header.iter().enumerate() {
        let cell = cell_name(at);
        if title.trim().is_empty() {
            return bad(
                "TEMPLATE_HEADER_INVALID",
                format!("the header cell {cell} is empty"),
            );
        }
        if title.trim().chars().count() > field::TITLE_MAX {
            return bad(
                "TEMPLATE_HEADER_INVALID",
                format!(
                    "the header cell {cell} has more than {} characters",
                    field::TITLE_MAX
                ),
            );
        }
        if let Some(first) = header[..at]
            .iter()
            .position(|other| field::same_title(other, title))
        {
            return bad(
                "TEMPLATE_HEADER_INVALID",
                format!("the header cell {cell} repeats {}", cell_name(first)),
            );
        }
    }
    Ok(())
}

fn check_width(header: &[String]) -> Result<(), BadHeader> {
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

/// `A1`, `B1` ... `AA1`: a header cell as the spreadsheet names it.
#[must_use]
pub fn cell_name(column: usize) -> String {
    let mut letters = Vec::new();
    let mut rest = column + 1;
    while rest > 0 {
        letters.push(char::from(
            b'A' + u8::try_from((rest - 1) % 26).unwrap_or_default(),
        ));
        rest = (rest - 1) / 26;
    }
    letters.iter().rev().chain(&['1']).collect()
}

impl Plan {
    /// Matches a file's header with the batch's fields by title (OUT-076).
    ///
    /// # Errors
    /// When no column holds a phone number, the key column is missing, or there are too many.
    pub fn of(header: &[String], fields: &[Field]) -> Result<Self, BadHeader> {
        check_width(header)?;
        let mut columns: Vec<Source> = Vec::new();
        let mut warnings = Vec::new();
        for (at, title) in header.iter().enumerate() {
            if title.trim().is_empty() {
                continue;
            }
            match fields.iter().find(|field| field.is_titled(title)) {
                None => warnings.push(format!("column \"{}\" is unknown, ignored", title.trim())),
                Some(field) if !field.is_imported() => {
                    warnings.push(format!("column \"{}\" is not imported", title.trim()));
                }
                Some(field) if columns.iter().any(|other| other.field.code == field.code) => {
                    warnings.push(format!("{} repeats a column, ignored", cell_name(at)));
                }
                Some(field) => columns.push(Source {
                    at,
                    field: field.clone(),
                }),
            }
        }
        let by_field: Vec<Field> = columns.iter().map(|source| source.field.clone()).collect();
        let phones = field::phones(&by_field);
        if phones.is_empty() {
            return Err(BadHeader {
                code: "PHONE_COLUMN_MISSING",
                message: "the file has no column with the title of a phone field".into(),
            });
        }
        let key = columns.iter().position(|source| source.field.is_key);
        if let (None, Some(missing)) = (key, fields.iter().find(|field| field.is_key)) {
            return Err(BadHeader {
                code: "KEY_COLUMN_MISSING",
                message: format!(
                    "the file has no column \"{}\", which is the key",
                    missing.title
                ),
            });
        }
        Ok(Self {
            columns,
            phones,
            key,
            warnings,
        })
    }

    /// Whether a row holds nothing in any known column; such a row is no row.
    #[must_use]
    pub fn is_blank(&self, cells: &[Cell]) -> bool {
        self.columns
            .iter()
            .all(|source| match cells.get(source.at) {
                None | Some(Cell::Empty) => true,
                Some(Cell::Text(text)) => text.trim().is_empty(),
                Some(_) => false,
            })
    }

    /// Reads one row.
    ///
    /// # Errors
    /// The first column, from the left, that keeps the row from being a lead.
    pub fn read(&self, cells: &[Cell]) -> Result<NewLead, RowReject> {
        let mut data = BTreeMap::new();
        let mut raw_phones: Vec<(usize, phone::Phone)> = Vec::new();
        for (nth, source) in self.columns.iter().enumerate() {
            let cell = cells.get(source.at).unwrap_or(&Cell::Empty);
            let field = &source.field;
            let text = if field.is_phone {
                match phone::normalise(cell) {
                    Ok(phone) => {
                        let number = phone.number.clone();
                        raw_phones.push((nth, phone));
                        Some(number)
                    }
                    Err(phone::BadPhone::Empty) => None,
                    Err(why) => return Err(reject(field, why.code(), why.to_string())),
                }
            } else {
                value(field, cell)?
            };
            if text.is_none() && (field.has(Check::NotEmpty) || field.is_key) {
                return Err(reject(field, "EMPTY", "a value is required".into()));
            }
            if let Some(text) = text {
                data.insert(field.code.clone(), text);
            }
        }
        let rank = |nth: usize| self.phones.iter().position(|&other| other == nth);
        raw_phones.sort_by_key(|(nth, _)| rank(*nth));
        let mut phones: Vec<String> = Vec::with_capacity(raw_phones.len());
        for (_, phone) in &raw_phones {
            if !phones.contains(&phone.number) {
                phones.push(phone.number.clone());
            }
        }
        let Some((_, phone)) = raw_phones.into_iter().next() else {
            let why = phone::BadPhone::Empty;
            let field = &self.columns[self.phones[0]].field;
            return Err(reject(field, why.code(), why.to_string()));
        };
        let key = self
            .key
            .and_then(|nth| data.get(&self.columns[nth].field.code));
        let key_value = key.unwrap_or(&phone.number).clone();
        Ok(NewLead {
            phone: phone.number,
            phone_raw: phone.raw,
            phones,
            key_value,
            data,
        })
    }
}

fn reject(field: &Field, code: &'static str, reason: String) -> RowReject {
    RowReject {
        column: field.title.clone(),
        code,
        reason,
    }
}

#[cfg(test)]
mod tests;
