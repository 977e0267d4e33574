//! Which column of a file fills which field: suggested with a reason, never guessed silently.
//!
//! A column applies when its title is the field's, when the uploader says so, or when they said so for
//! an earlier file of the batch with the same header. Everything else is a suggestion, to be confirmed.

use std::collections::BTreeMap;

use crate::{
    field::{self, Field},
    import_row::{Cell, letters, show},
};

mod cells;
mod header;
mod words;

pub use header::header_row;

/// What an uploader confirms: columns by their titles or letters, each with the code of the field it
/// fills; an empty code leaves the column out. Columns that are not named go by their titles.
pub type Mapping = BTreeMap<String, String>;

/// What is known about a file before it is looked at.
#[derive(Debug, Clone, Copy, Default)]
pub struct Known<'a> {
    /// Confirmed with the upload.
    pub given: Option<&'a Mapping>,
    /// Confirmed for an earlier file of the batch with the same [`signature`]: columns by letters.
    pub remembered: Option<&'a Mapping>,
}

/// Why a column fills its field, or none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    Given,
    Remembered,
    /// The title is the field's, but for blanks around it and case.
    Title,
    /// The same but for blanks, width, brackets and stars.
    AlmostTitle,
    /// Another word for the same.
    Synonym,
    /// What the cells look like, with their share in percent.
    Cells {
        what: &'static str,
        percent: u8,
    },
    /// The uploader said to leave it out.
    Ignored,
    /// The field is local or excluded from imports (OUT-044, OUT-066).
    NotImported,
    /// An earlier column fills the field already.
    Repeats,
    /// It has no title.
    Unnamed,
    Unknown,
}

/// One column of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// From 0.
    pub at: usize,
    /// As the file has it, trimmed.
    pub title: String,
    /// Code of the field it fills, or may fill.
    pub field: Option<String>,
    pub reason: Reason,
    /// 0 to 100.
    pub confidence: u8,
    /// Whether the rows are read so.
    pub applies: bool,
    /// The first values, at most three.
    pub samples: Vec<String>,
}

/// Values of a column that are shown.
const SAMPLES: usize = 3;

/// Says for every column of a file what it fills, and why. `sample` holds the first rows after the
/// header.
#[must_use]
pub fn suggest(
    header: &[String],
    sample: &[Vec<Cell>],
    fields: &[Field],
    known: &Known<'_>,
) -> Vec<Column> {
    let width = header.len();
    let mut columns: Vec<Column> = (0..width)
        .map(|at| Column {
            at,
            title: header[at].trim().to_owned(),
            field: None,
            reason: Reason::Unknown,
            confidence: 0,
            applies: false,
            samples: samples(sample, at),
        })
        .collect();
    for (mapping, reason) in [
        (known.given, Reason::Given),
        (known.remembered, Reason::Remembered),
    ] {
        for column in &mut columns {
            column.confirm(mapping, fields, &reason);
        }
        forget_repeats(&mut columns);
    }
    by_title(&mut columns, fields, Reason::Title, 100, field::same_title);
    by_title(
        &mut columns,
        fields,
        Reason::AlmostTitle,
        90,
        words::almost_same,
    );
    for at in 0..width {
        let free = free(&columns, fields);
        let found = free.iter().find(|f| words::synonym(&columns[at].title, f));
        if let (Some(found), true) = (found, columns[at].is_open()) {
            columns[at].suggest(&found.code, Reason::Synonym, 70);
        }
    }
    for at in 0..width {
        let free = free(&columns, fields);
        if let (Some((code, reason, sure)), true) =
            (cells::fit(sample, at, &free), columns[at].is_open())
        {
            columns[at].suggest(&code, reason, sure);
        }
    }
    for column in &mut columns {
        column.give_up(fields);
    }
    columns
}

impl Column {
    /// The code of the field that its cells are read into.
    #[must_use]
    pub fn applied(&self) -> Option<&str> {
        self.field.as_deref().filter(|_| self.applies)
    }

    /// The title, or the letters where there is none.
    #[must_use]
    pub fn name(&self) -> String {
        if self.title.is_empty() {
            self.letters()
        } else {
            self.title.clone()
        }
    }

    #[must_use]
    pub fn letters(&self) -> String {
        letters(self.at)
    }

    fn is_open(&self) -> bool {
        self.field.is_none() && self.reason == Reason::Unknown
    }

    fn confirm(&mut self, mapping: Option<&Mapping>, fields: &[Field], reason: &Reason) {
        if !self.is_open() {
            return;
        }
        let named = |mapping: &Mapping| {
            let by_title = |(name, code): (&String, &String)| {
                (*reason == Reason::Given && field::same_title(name, &self.title))
                    .then(|| code.clone())
            };
            let title = mapping.iter().find_map(by_title);
            title.or_else(|| mapping.get(&self.letters()).cloned())
        };
        match mapping.and_then(named) {
            Some(code) if code.is_empty() => self.reason = Reason::Ignored,
            Some(code) if fields.iter().any(|f| f.code == code && f.is_imported()) => {
                self.suggest(&code, reason.clone(), 100);
                self.applies = true;
            }
            _ => {}
        }
    }

    fn suggest(&mut self, code: &str, reason: Reason, confidence: u8) {
        (self.field, self.reason) = (Some(code.to_owned()), reason);
        self.confidence = confidence;
    }

    /// Says why nothing was found.
    fn give_up(&mut self, fields: &[Field]) {
        if !self.is_open() {
            return;
        }
        let titled = fields.iter().find(|field| field.is_titled(&self.title));
        self.reason = match titled {
            _ if self.title.is_empty() => Reason::Unnamed,
            Some(field) if field.is_imported() => Reason::Repeats,
            Some(_) => Reason::NotImported,
            None => Reason::Unknown,
        };
    }
}

impl Reason {
    /// Stable name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Given => "given",
            Self::Remembered => "remembered",
            Self::Title => "title",
            Self::AlmostTitle => "almost_title",
            Self::Synonym => "synonym",
            Self::Cells { .. } => "cells",
            Self::Ignored => "ignored",
            Self::NotImported => "not_imported",
            Self::Repeats => "repeats",
            Self::Unnamed => "unnamed",
            Self::Unknown => "unknown",
        }
    }

    #[must_use]
    pub fn words(&self) -> String {
        let words = match self {
            Self::Given => "confirmed with this upload",
            Self::Remembered => "confirmed for an earlier file with this header",
            Self::Title => "the title is the field's",
            Self::AlmostTitle => "the title is the field's but for blanks, width or brackets",
            Self::Synonym => "the title is another word for the field's",
            Self::Cells { what, percent } => return format!("{percent} % of its cells are {what}"),
            Self::Ignored => "left out, as asked",
            Self::NotImported => "the field is not filled by files",
            Self::Repeats => "an earlier column fills the field",
            Self::Unnamed => "it has no title",
            Self::Unknown => "no field goes by this title",
        };
        words.into()
    }
}

/// What a header is known by: the same titles in the same order, but for case and blanks around them.
#[must_use]
pub fn signature(header: &[String]) -> String {
    // FNV-1a, 64 bits: short, and the same for ever.
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for title in header {
        for byte in title.trim().to_lowercase().bytes().chain([0x1f]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    format!("{hash:016x}-{}", header.len())
}

/// The mapping that a file was read with, to be remembered: every column with its field or none.
#[must_use]
pub fn confirmed(columns: &[Column]) -> Mapping {
    let entry = |column: &Column| {
        let code = column.applied().unwrap_or_default();
        (column.letters(), code.to_owned())
    };
    columns.iter().map(entry).collect()
}

fn samples(sample: &[Vec<Cell>], at: usize) -> Vec<String> {
    let shown = sample.iter().filter_map(|row| row.get(at).and_then(show));
    shown.take(SAMPLES).collect()
}

fn by_title(
    columns: &mut [Column],
    fields: &[Field],
    reason: Reason,
    confidence: u8,
    same: impl Fn(&str, &str) -> bool,
) {
    for at in 0..columns.len() {
        let free = free(columns, fields);
        let column = &mut columns[at];
        if column.title.is_empty() || !column.is_open() {
            continue;
        }
        if let Some(field) = free.iter().find(|field| same(&field.title, &column.title)) {
            column.suggest(&field.code, reason.clone(), confidence);
            column.applies = reason == Reason::Title;
        }
    }
}

/// Imported fields that no column fills yet.
fn free<'a>(columns: &[Column], fields: &'a [Field]) -> Vec<&'a Field> {
    let taken = |code: &str| {
        columns
            .iter()
            .any(|column| column.field.as_deref() == Some(code))
    };
    let imported = fields.iter().filter(|field| field.is_imported());
    imported.filter(|field| !taken(&field.code)).collect()
}

/// Of two columns that are mapped to one field, the first one fills it.
fn forget_repeats(columns: &mut [Column]) {
    for at in 1..columns.len() {
        let (before, rest) = columns.split_at_mut(at);
        let column = &mut rest[0];
        if column.field.is_some() && before.iter().any(|other| other.field == column.field) {
            (column.field, column.applies, column.confidence) = (None, false, 0);
            column.reason = Reason::Repeats;
        }
    }
}

#[cfg(test)]
mod tests;
