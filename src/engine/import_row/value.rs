//! What a cell is kept as: one canonical text for each data type (OUT-041 to OUT-068).

use std::borrow::Cow;

use super::{
    Cell, Choice, OfField, RowReject,
    clean::{clean, half_width},
    date::{date_text, datetime_text, moment_of, moment_text},
    told::Told,
};
use crate::{
    dictionary::Dictionary,
    field::{Check, DataType, Element, Field},
};

/// A number from here on has more digits than a spreadsheet keeps.
const DIGITS_KEPT: f64 = 1e15;
/// Choices that a reject lists.
const CHOICES: usize = 20;

/// How a field reads its cells.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rule<'a> {
    pub field: &'a Field,
    /// The dictionary that the field is bound to.
    pub dictionary: Option<&'a Dictionary>,
    /// What the uploader says of values that stand in the file.
    pub choices: Option<&'a OfField>,
    /// The sheet counts its days from 1904.
    pub is_1904: bool,
}

/// Why a cell is not taken: stable code, and words.
pub(super) type Bad = (&'static str, Cow<'static, str>);

/// A value, and what the uploader should know about it.
type Kept = (String, Option<Told>);

/// The text under which a cell is kept; `None` when it is empty.
///
/// # Errors
/// Why the field does not take it.
pub fn value(field: &Field, cell: &Cell) -> Result<Option<String>, RowReject> {
    value_among(field, None, cell)
}

/// The same for a field that is bound to a dictionary.
///
/// # Errors
/// Why the field does not take it.
pub fn value_among(
    field: &Field,
    dictionary: Option<&Dictionary>,
    cell: &Cell,
) -> Result<Option<String>, RowReject> {
    let rule = Rule {
        field,
        dictionary,
        choices: None,
        is_1904: false,
    };
    match rule.read(cell) {
        Ok(kept) => Ok(kept.map(|(text, _)| text)),
        Err((code, reason)) => Err(RowReject {
            column: field.title.clone(),
            code,
            reason: reason.into_owned(),
        }),
    }
}

/// What separates the values of one cell (OUT-062) or of a filter's list.
#[must_use]
pub fn is_separator(char: char) -> bool {
    matches!(char, ',' | ';' | '、' | '，' | '；' | '\n')
}

impl Rule<'_> {
    /// Reads a cell; `None` when it holds nothing.
    pub fn read(&self, cell: &Cell) -> Result<Option<Kept>, Bad> {
        if let Cell::Error(name) = cell {
            let reason = format!("the cell's formula ended in {name}");
            return Err(("CELL_ERROR", reason.into()));
        }
        let Some(text) = shown(cell) else {
            return Ok(None);
        };
        if !self.field.multi {
            return self.one(cell, text);
        }
        let (mut values, mut told) = (String::new(), None);
        for part in text.split(is_separator).map(str::trim) {
            if !part.is_empty() {
                let kept = self.one(&Cell::Text(part.into()), part.into())?;
                let Some((value, what)) = kept else { continue };
                if !values.is_empty() {
                    values.push(',');
                }
                values.push_str(&value);
                told = told.or(what);
            }
        }
        Ok((!values.is_empty()).then_some((values, told)))
    }

    /// `None`: the uploader said that it is to be empty.
    fn one(&self, cell: &Cell, text: Cow<'_, str>) -> Result<Option<Kept>, Bad> {
        match self.dictionary {
            Some(dictionary) => {
                let kept = self.choice(dictionary, &text)?;
                Ok(kept.map(|text| (text, None)))
            }
            None => self.plain(cell, text).map(Some),
        }
    }

    fn plain(&self, cell: &Cell, text: Cow<'_, str>) -> Result<Kept, Bad> {
        let field = self.field;
        if text.len() > field.max_len as usize && text.chars().count() > field.max_len as usize {
            let reason = format!("longer than {} characters", field.max_len);
            return Err(("TOO_LONG", reason.into()));
        }
        self.check(cell, &text)?;
        let told = match cell {
            Cell::Number(number) if number.abs() >= DIGITS_KEPT => Some(Told::DigitsLost),
            _ => None,
        };
        match field.data_type {
            DataType::String if field.is_dated() => Ok((moment_text(self.moment(cell)?), None)),
            DataType::String if field.association.is_some() => Ok((id(text)?, told)),
            DataType::String => Ok((text.into_owned(), told)),
            DataType::Int => Ok((whole(&text)?, told)),
            DataType::Decimal => Ok((decimal(&text)?, told)),
            DataType::Date => {
                let moment = self.moment(cell)?;
                let has_time = moment.time() != chrono::NaiveTime::MIN;
                Ok((date_text(moment), has_time.then_some(Told::TimeDropped)))
            }
            DataType::Datetime => Ok((datetime_text(self.moment(cell)?), None)),
            DataType::Bool => match truth(&text) {
                Some(truth) => Ok((truth.to_string(), None)),
                None => Err(("NOT_BOOL", "neither yes nor no".into())),
            },
        }
    }

    /// The dictionary's code where the field replaces labels (OUT-064), else the text, which is one of
    /// its codes or labels (OUT-053).
    fn choice(&self, dictionary: &Dictionary, text: &str) -> Result<Option<String>, Bad> {
        let said = self.choices.and_then(|choices| choices.get(text));
        let (text, item) = match said {
            Some(Choice::Empty) => return Ok(None),
            Some(Choice::Error) => {
                let reason = "the uploader said that rows with this value are wrong";
                return Err(("NOT_IN_DICTIONARY", reason.into()));
            }
            // As long as it is only looked at, the dictionary does not have it.
            Some(Choice::Add) => match dictionary.labelled(text) {
                None => return Ok(Some(text.into())),
                item => (text, item),
            },
            Some(Choice::To(code)) => {
                let item = dictionary.coded(code).or_else(|| dictionary.labelled(code));
                (item.map_or(text, |item| item.label.as_str()), item)
            }
            None => {
                let item = dictionary.labelled(text);
                (text, item.or_else(|| dictionary.coded(text)))
            }
        };
        match item {
            Some(item) if self.field.replace => Ok(Some(item.code.clone())),
            Some(_) => Ok(Some(text.into())),
            None => Err(("NOT_IN_DICTIONARY", choices(dictionary).into())),
        }
    }

    fn check(&self, cell: &Cell, text: &str) -> Result<(), Bad> {
        let field = self.field;
        let numeric = field.has(Check::Number) || field.element == Element::Number;
        if numeric && field.data_type != DataType::Bool && number(text).is_none() {
            return Err(("NOT_NUMBER", "not a number".into()));
        }
        if field.has(Check::Date) || field.has(Check::Datetime) {
            self.moment(cell)?;
        }
        Ok(())
    }

    fn moment(&self, cell: &Cell) -> Result<chrono::NaiveDateTime, Bad> {
        let reason = "not a date as 2026-11-20 or 2026-11-20 09:30:00";
        moment_of(cell, self.is_1904).ok_or(("NOT_DATE", reason.into()))
    }
}

fn choices(dictionary: &Dictionary) -> String {
    let labels = dictionary.items.iter().map(|item| item.label.as_str());
    let listed: Vec<&str> = labels.take(CHOICES).collect();
    let more = match dictionary.items.len().saturating_sub(CHOICES) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("not one of the choices: {}{more}", listed.join(", "))
}

/// A record's id: letters, digits, `-` and `_` (OUT-057).
fn id(text: Cow<'_, str>) -> Result<String, Bad> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if text.len() <= 64 && text.bytes().all(plain) {
        return Ok(text.into_owned());
    }
    Err((
        "NOT_AN_ID",
        "not the id of a record: letters, digits, - and _".into(),
    ))
}

fn whole(text: &str) -> Result<String, Bad> {
    let plain = number(text);
    let whole = plain.as_deref().map(|plain| match plain.split_once('.') {
        Some((whole, part)) if part.bytes().all(|byte| byte == b'0') => whole,
        _ => plain,
    });
    match whole.and_then(|whole| whole.parse::<i64>().ok()) {
        Some(whole) => Ok(whole.to_string()),
        None => Err(("NOT_WHOLE_NUMBER", "not a whole number".into())),
    }
}

fn decimal(text: &str) -> Result<String, Bad> {
    match number(text) {
        Some(plain) => Ok(plain.trim_start_matches('+').into()),
        None => Err(("NOT_NUMBER", "not a number".into())),
    }
}

/// The plain digits of a number, `1,234.50` and `１２` included.
fn number(text: &str) -> Option<Cow<'_, str>> {
    if crate::filter::number(text).is_some() {
        return Some(Cow::Borrowed(text.trim()));
    }
    let narrow = half_width(text);
    let plain = if is_grouped(&narrow) {
        narrow.replace(',', "")
    } else {
        narrow.into_owned()
    };
    crate::filter::number(&plain).map(|_| Cow::Owned(plain.trim().to_owned()))
}

/// Digits in groups of three.
fn is_grouped(text: &str) -> bool {
    let whole = text.split('.').next().unwrap_or_default();
    let whole = whole.trim().trim_start_matches(['+', '-']);
    let mut groups = whole.split(',');
    let first = groups.next().unwrap_or_default().len();
    (1..=3).contains(&first) && groups.all(|group| group.len() == 3)
}

/// A cell as text, trimmed; numbers without exponent. `None` when there is nothing in it.
#[must_use]
pub fn show(cell: &Cell) -> Option<String> {
    shown(cell).map(Cow::into_owned)
}

fn shown(cell: &Cell) -> Option<Cow<'_, str>> {
    let text = match cell {
        Cell::Empty => return None,
        Cell::Text(text) => clean(text),
        Cell::Number(number) => Cow::Owned(digits(*number)),
        Cell::Bool(truth) => Cow::Borrowed(if *truth { "true" } else { "false" }),
        Cell::Moment(moment) => Cow::Owned(moment_text(*moment)),
        Cell::Error(name) => Cow::Borrowed(*name),
    };
    (!text.is_empty()).then_some(text)
}

/// A cell as the sheet had it, for whoever is to mend it.
#[must_use]
pub fn original(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => text.clone(),
        other => shown(other).unwrap_or_default().into_owned(),
    }
}

/// A number with the 15 digits that a spreadsheet shows: `0.1 + 0.2` is `0.3`.
fn digits(number: f64) -> String {
    let text = format!("{number}");
    if number.fract() == 0.0 || text.len() <= 16 {
        return text;
    }
    let rounded = format!("{number:.14e}").parse::<f64>();
    rounded.map_or(text, |rounded| format!("{rounded}"))
}

/// Yes or no in the spellings that sheets use.
#[must_use]
pub fn truth(text: &str) -> Option<bool> {
    match text.trim().to_lowercase().as_str() {
        "true" | "1" | "yes" | "y" | "是" | "对" | "有" => Some(true),
        "false" | "0" | "no" | "n" | "否" | "错" | "无" => Some(false),
        _ => None,
    }
}
