//! What a cell is kept as: one canonical text for each data type (OUT-058 to OUT-068).

use chrono::{Duration, NaiveDate, NaiveDateTime};

use super::{Cell, RowReject, reject};
use crate::field::{Check, DataType, Field};

/// The text under which a cell is kept; `None` when it is empty.
///
/// # Errors
/// Why the field does not take it.
pub fn value(field: &Field, cell: &Cell) -> Result<Option<String>, RowReject> {
    let Some(text) = show(cell) else {
        return Ok(None);
    };
    if !field.multi {
        return one(field, cell, &text).map(Some);
    }
    let values = text
        .split(is_separator)
        .map(str::trim)
        .filter(|text| !text.is_empty())
        .map(|text| one(field, &Cell::Text(text.into()), text))
        .collect::<Result<Vec<_>, _>>()?;
    Ok((!values.is_empty()).then(|| values.join(",")))
}

/// What separates the values of one cell (OUT-062) or of a filter's list.
#[must_use]
pub fn is_separator(char: char) -> bool {
    matches!(char, ',' | ';' | '、' | '，' | '；' | '\n')
}

fn one(field: &Field, cell: &Cell, text: &str) -> Result<String, RowReject> {
    let bad = |code, reason: &str| Err(reject(field, code, reason.into()));
    if text.chars().count() > field.max_len as usize {
        let reason = format!("longer than {} characters", field.max_len);
        return Err(reject(field, "TOO_LONG", reason));
    }
    let date = || moment_of(cell);
    let is_number = || crate::filter::number(text).is_some();
    if field.has(Check::Number) && !is_number() {
        return bad("NOT_NUMBER", "not a number");
    }
    if (field.has(Check::Date) || field.has(Check::Datetime)) && date().is_none() {
        return bad(
            "NOT_DATE",
            "not a date as 2026-11-20 or 2026-11-20 09:30:00",
        );
    }
    match field.data_type {
        DataType::String if field.to_date => match date() {
            Some(moment) => Ok(moment_text(moment)),
            None => bad(
                "NOT_DATE",
                "not a date as 2026-11-20 or 2026-11-20 09:30:00",
            ),
        },
        DataType::String => Ok(text.into()),
        DataType::Int => match text.strip_suffix(".0").unwrap_or(text).parse::<i64>() {
            Ok(whole) => Ok(whole.to_string()),
            Err(_) => bad("NOT_WHOLE_NUMBER", "not a whole number"),
        },
        DataType::Decimal if is_number() => Ok(text.trim_start_matches('+').into()),
        DataType::Decimal => bad("NOT_NUMBER", "not a number"),
        DataType::Date => match date() {
            Some(moment) => Ok(date_text(moment)),
            None => bad("NOT_DATE", "not a date as 2026-11-20"),
        },
        DataType::Datetime => match date() {
            Some(moment) => Ok(datetime_text(moment)),
            None => bad("NOT_DATE", "not a date and time as 2026-11-20 09:30:00"),
        },
        DataType::Bool => match truth(text) {
            Some(truth) => Ok(truth.to_string()),
            None => bad("NOT_BOOL", "neither yes nor no"),
        },
    }
}

/// A cell as text, trimmed; numbers without exponent. `None` when there is nothing in it.
#[must_use]
pub fn show(cell: &Cell) -> Option<String> {
    let text = match cell {
        Cell::Empty => return None,
        Cell::Text(text) => text.trim().to_owned(),
        Cell::Number(number) => format!("{number}"),
        Cell::Bool(truth) => truth.to_string(),
        Cell::Moment(moment) => moment_text(*moment),
    };
    (!text.is_empty()).then_some(text)
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

fn moment_of(cell: &Cell) -> Option<NaiveDateTime> {
    match cell {
        Cell::Moment(moment) => Some(*moment),
        Cell::Number(serial) => of_serial(*serial),
        Cell::Text(text) => moment(text),
        Cell::Empty | Cell::Bool(_) => None,
    }
}

/// Excel's days since 1899-12-30, from 1900-03-01 (before that its calendar is wrong) to 9999.
fn of_serial(serial: f64) -> Option<NaiveDateTime> {
    if !(61.0..2_958_466.0).contains(&serial) {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "below 3e11 seconds")]
    let seconds = (serial * 86_400.0).round() as i64;
    NaiveDate::from_ymd_opt(1899, 12, 30)?
        .and_hms_opt(0, 0, 0)?
        .checked_add_signed(Duration::seconds(seconds))
}

/// Reads `yyyy-MM-dd` or `yyyy/MM/dd`, alone or with `HH:mm` or `HH:mm:ss` (OUT-060), or the serial
/// that Excel keeps a date as.
#[must_use]
pub fn moment(text: &str) -> Option<NaiveDateTime> {
    let text = text.trim().replace('/', "-").replace('T', " ");
    let date = |text: &str| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
    let Some((day, time)) = text.split_once(' ') else {
        let serial = || crate::filter::number(&text).and_then(of_serial);
        return date(&text)
            .and_then(|day| day.and_hms_opt(0, 0, 0))
            .or_else(serial);
    };
    let time = ["%H:%M:%S", "%H:%M"]
        .iter()
        .find_map(|format| chrono::NaiveTime::parse_from_str(time.trim(), format).ok())?;
    Some(date(day)?.and_time(time))
}

#[must_use]
pub fn date_text(moment: NaiveDateTime) -> String {
    moment.format("%Y-%m-%d").to_string()
}

#[must_use]
pub fn datetime_text(moment: NaiveDateTime) -> String {
    moment.format("%Y-%m-%d %H:%M:%S").to_string()
}

/// Without the time when it is midnight.
#[must_use]
pub fn moment_text(moment: NaiveDateTime) -> String {
    if moment.time() == chrono::NaiveTime::MIN {
        date_text(moment)
    } else {
        datetime_text(moment)
    }
}
