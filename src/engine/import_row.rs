//! A spreadsheet's row becomes a lead, or a reject that says why (OUT-033 to OUT-080).

use chrono::NaiveDateTime;

mod choices;
mod clean;
mod date;
mod dialled;
mod header;
mod plan;
mod told;
mod value;
mod values;

pub use choices::{Choice, Choices, OfField};
pub use clean::{clean, half_width};
pub use date::{date_text, datetime_text, moment, moment_text};
pub use dialled::dialled;
pub use header::{BadHeader, REJECT_TITLES, cell_name, check_template, letters};
pub use plan::{Ask, Plan};
pub use told::{Tally, Told};
pub use value::{is_separator, original, show, truth, value, value_among};
pub use values::Values;

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
    /// A formula that failed, as the sheet shows it: `#REF!`.
    Error(&'static str),
}

impl Cell {
    /// Whether nobody sees anything in it.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Text(text) => clean(text).is_empty(),
            Self::Number(_) | Self::Bool(_) | Self::Moment(_) | Self::Error(_) => false,
        }
    }
}

/// A row that may be called.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NewLead {
    pub phone: String,
    pub phone_raw: String,
    /// Every number of every phone field in dialling order, `phone` first; none twice.
    pub phones: Vec<String>,
    /// What duplicates are decided on: the primary-key field, else the phone.
    pub key_value: String,
    pub data: Values,
}

/// A row that is not imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowReject {
    /// Title of the column at fault, as the file has it.
    pub column: String,
    /// Stable code.
    pub code: &'static str,
    pub reason: String,
}

#[cfg(test)]
mod tests;
