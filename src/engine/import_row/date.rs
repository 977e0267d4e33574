//! Dates and times as sheets hold them (OUT-060).

use chrono::{Duration, NaiveDate, NaiveDateTime, NaiveTime};

use super::{Cell, clean::half_width};

/// First and last serial that is taken for a date: 1910-01-01 to 9999-12-31. A smaller number is
/// more likely an age, a year or a sum.
const SERIALS: std::ops::Range<f64> = 3_654.0..2_958_466.0;
/// Days between the two epochs that sheets count from.
const EPOCH_1904: f64 = 1_462.0;

/// The moment that a cell holds; numbers are days since the sheet's epoch.
pub(super) fn moment_of(cell: &Cell, is_1904: bool) -> Option<NaiveDateTime> {
    match cell {
        Cell::Moment(moment) => Some(*moment),
        Cell::Number(serial) if is_1904 => of_serial(*serial + EPOCH_1904),
        Cell::Number(serial) => of_serial(*serial),
        Cell::Text(text) => moment(text),
        Cell::Empty | Cell::Bool(_) | Cell::Error(_) => None,
    }
}

/// Excel's days since 1899-12-30.
fn of_serial(serial: f64) -> Option<NaiveDateTime> {
    if !SERIALS.contains(&serial) {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "below 3e11 seconds")]
    let seconds = (serial * 86_400.0).round() as i64;
    NaiveDate::from_ymd_opt(1899, 12, 30)?
        .and_hms_opt(0, 0, 0)?
        .checked_add_signed(Duration::seconds(seconds))
}

/// Reads `yyyy-MM-dd`, `yyyy/MM/dd`, `yyyy.MM.dd`, `yyyy年M月d日` or `yyyyMMdd`, alone or with
/// `HH:mm` or `HH:mm:ss`, or the serial that Excel keeps a date as (OUT-060).
#[must_use]
pub fn moment(text: &str) -> Option<NaiveDateTime> {
    let text = half_width(text.trim());
    let end = text.find([' ', 'T', '日']);
    let (day, time) = match end {
        Some(end) => (
            &text[..end],
            text[end..].trim_start_matches([' ', 'T', '日']),
        ),
        None => (&*text, ""),
    };
    match date(day.trim()) {
        Some(day) if time.is_empty() => Some(day.and_time(NaiveTime::MIN)),
        Some(day) => Some(day.and_time(time_of(time)?)),
        None if end.is_none() => crate::filter::number(&text).and_then(of_serial),
        None => None,
    }
}

fn date(text: &str) -> Option<NaiveDate> {
    if text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return NaiveDate::parse_from_str(text, "%Y%m%d").ok();
    }
    let mut parts = text.split(['-', '/', '.', '年', '月']);
    let mut next = |width: std::ops::RangeInclusive<usize>| {
        let part = parts.next()?;
        let plain = part.bytes().all(|byte| byte.is_ascii_digit());
        (plain && width.contains(&part.len())).then(|| part.parse::<u32>().ok())?
    };
    let (year, month, day) = (next(4..=4)?, next(1..=2)?, next(1..=2)?);
    if parts.next().is_some() {
        return None;
    }
    NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)
}

fn time_of(text: &str) -> Option<NaiveTime> {
    ["%H:%M:%S%.f", "%H:%M"]
        .iter()
        .find_map(|format| NaiveTime::parse_from_str(text.trim(), format).ok())
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
    if moment.time() == NaiveTime::MIN {
        date_text(moment)
    } else {
        datetime_text(moment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_day_is_that_day() {
        for text in [
            "2026-11-20",
            "2026/11/20",
            "2026.11.20",
            "2026年11月20日",
            "20261120",
            "２０２６－１１－２０",
            "46346",
            "2026-11-20 00:00",
        ] {
            assert_eq!(
                moment(text).map(moment_text).as_deref(),
                Some("2026-11-20"),
                "{text}"
            );
        }
        for text in [
            "2026-1-2 9:05",
            "2026年1月2日9:05",
            "2026-01-02T09:05:00.000",
        ] {
            let read = moment(text).map(moment_text);
            assert_eq!(read.as_deref(), Some("2026-01-02 09:05:00"), "{text}");
        }
    }

    #[test]
    fn what_could_be_something_else_is_no_date() {
        for text in [
            "2026",
            "20/11/2026",
            "2026-13-01",
            "26-11-20",
            "x",
            "2026-11-20 25:00",
            "",
        ] {
            assert_eq!(moment(text), None, "{text}");
        }
    }

    #[test]
    fn numbers_count_from_the_epoch_of_their_sheet() {
        let day = |serial, is_1904| moment_of(&Cell::Number(serial), is_1904).map(moment_text);
        assert_eq!(day(46_346.0, false).as_deref(), Some("2026-11-20"));
        assert_eq!(day(44_884.0, true).as_deref(), Some("2026-11-20"));
        assert_eq!(day(46_346.5, false).as_deref(), Some("2026-11-20 12:00:00"));
    }
}
