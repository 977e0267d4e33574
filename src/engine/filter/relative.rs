//! Days that are meant from today: fixed when a filter runs, so that the run can be repeated.

use chrono::{DateTime, Datelike, Days, Months, NaiveDate};
use chrono_tz::Tz;

use super::{Condition, Op, Value};
use crate::time::Millis;

/// Farthest day from today, in days.
pub const DAYS_MAX: u64 = 36_500;

/// The date in a time zone; `None` when there is no such zone.
#[must_use]
pub fn today(now: Millis, zone: &str) -> Option<NaiveDate> {
    let zone: Tz = zone.parse().ok()?;
    let utc = DateTime::from_timestamp_millis(now.0)?;
    Some(utc.with_timezone(&zone).date_naive())
}

/// A moment as a filter compares it: on the wall clock of the zone, `yyyy-MM-dd HH:mm:ss`.
#[must_use]
pub fn wall_clock(at: Millis, zone: &str) -> Option<String> {
    let zone: Tz = zone.parse().ok()?;
    let utc = DateTime::from_timestamp_millis(at.0)?;
    let local = utc.with_timezone(&zone).naive_local();
    Some(crate::import_row::datetime_text(local))
}

/// Days between a moment and today, by the calendar of the zone.
#[must_use]
pub fn days_since(at: Millis, zone: &str, today: NaiveDate) -> Option<i64> {
    let day = self::today(at, zone)?;
    Some(today.signed_duration_since(day).num_days())
}

/// The first and the last day that an operator means.
///
/// # Errors
/// What is wrong with the number of days.
pub(super) fn range(
    op: Op,
    condition: &Condition,
    today: NaiveDate,
) -> Result<Option<(NaiveDate, NaiveDate)>, &'static str> {
    let range = match op {
        Op::Today => Some((today, today)),
        Op::Yesterday => today.pred_opt().map(|day| (day, day)),
        Op::LastDays => {
            let first = today.checked_sub_days(Days::new(days(condition)? - 1));
            first.map(|first| (first, today))
        }
        Op::NextDays => {
            let last = today.checked_add_days(Days::new(days(condition)? - 1));
            last.map(|last| (today, last))
        }
        Op::ThisWeek => {
            let week = today.week(chrono::Weekday::Mon);
            week.checked_first_day().zip(week.checked_last_day())
        }
        Op::ThisMonth => {
            let first = today.with_day(1);
            let next = first.and_then(|first| first.checked_add_months(Months::new(1)));
            first.zip(next.and_then(|next| next.pred_opt()))
        }
        _ => return Ok(None),
    };
    range.map(Some).ok_or("that day is too far away")
}

fn days(condition: &Condition) -> Result<u64, &'static str> {
    let count = condition.value.text().and_then(|text| text.parse().ok());
    count
        .filter(|count| (1..=DAYS_MAX).contains(count))
        .ok_or("a number of days is needed, 1 to 36,500")
}

/// The value with `today`, `today-7` and `today+30` replaced by the dates they mean.
pub(super) fn fixed(value: &Value, today: NaiveDate) -> Value {
    let fix = |text: &String| day(text, today).map_or_else(|| text.clone(), text_of);
    match value {
        Value::None => Value::None,
        Value::One(text) => Value::One(fix(text)),
        Value::Many(texts) => Value::Many(texts.iter().map(fix).collect()),
    }
}

pub(super) fn text_of(day: NaiveDate) -> String {
    day.format("%Y-%m-%d").to_string()
}

fn day(text: &str, today: NaiveDate) -> Option<NaiveDate> {
    let rest = text.trim().strip_prefix("today")?.trim_start();
    if rest.is_empty() {
        return Some(today);
    }
    let count = |digits: &str| {
        let count = digits.trim_start().parse().ok();
        count.filter(|count| *count <= DAYS_MAX).map(Days::new)
    };
    if let Some(ahead) = rest.strip_prefix('+') {
        return today.checked_add_days(count(ahead)?);
    }
    today.checked_sub_days(count(rest.strip_prefix('-')?)?)
}

/// Whether a text is a day that is meant from today, and how many days away it is.
pub(super) fn distance(text: &str) -> Option<i64> {
    let from = NaiveDate::from_ymd_opt(2000, 1, 1)?;
    day(text, from).map(|day| day.signed_duration_since(from).num_days())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn range_of(op: Op, value: &str, today: &str) -> String {
        let condition = Condition {
            value: Value::One(value.into()),
            ..Condition::default()
        };
        match range(op, &condition, date(today)) {
            Ok(Some((first, last))) => format!("{first} {last}"),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn ranges_include_today() {
        for (op, value, today, expected) in [
            (Op::Today, "", "2026-03-01", "2026-03-01 2026-03-01"),
            (Op::Yesterday, "", "2026-03-01", "2026-02-28 2026-02-28"),
            (Op::LastDays, "1", "2026-03-01", "2026-03-01 2026-03-01"),
            (Op::LastDays, "7", "2026-03-01", "2026-02-23 2026-03-01"),
            (Op::NextDays, "30", "2028-02-10", "2028-02-10 2028-03-10"),
            (Op::ThisWeek, "", "2026-11-22", "2026-11-16 2026-11-22"),
            (Op::ThisWeek, "", "2027-01-01", "2026-12-28 2027-01-03"),
            (Op::ThisMonth, "", "2028-02-29", "2028-02-01 2028-02-29"),
        ] {
            assert_eq!(range_of(op, value, today), expected);
        }
        for value in ["", "0", "-3", "1.5", "36501", "99999999999999999999"] {
            assert!(range_of(Op::LastDays, value, "2026-03-01").starts_with("Err"));
        }
    }

    #[test]
    fn days_count_from_today() {
        let fix = |text: &str| fixed(&Value::One(text.into()), date("2026-11-20"));
        for (text, expected) in [
            ("today", "2026-11-20"),
            (" today - 20 ", "2026-10-31"),
            ("today+11", "2026-12-01"),
            ("today+99999", "today+99999"),
            ("todays", "todays"),
            ("2026-01-01", "2026-01-01"),
        ] {
            assert_eq!(fix(text), Value::One(expected.into()));
        }
    }

    #[test]
    fn today_is_a_matter_of_the_zone() {
        let at = Millis(1_795_190_400_000 - 1); // 2026-11-20 23:59:59.999 in Shanghai is 15:59:59.999 UTC
        let utc = today(at, "UTC").unwrap();
        let there = today(at, "Pacific/Kiritimati").unwrap();
        assert_eq!(utc.succ_opt(), Some(there));
        assert_eq!(today(at, "Mars/Olympus"), None);
        assert_eq!(days_since(at, "UTC", utc + Days::new(15)), Some(15));
        assert_eq!(
            wall_clock(Millis(0), "Asia/Shanghai").as_deref(),
            Some("1970-01-01 08:00:00")
        );
    }
}
