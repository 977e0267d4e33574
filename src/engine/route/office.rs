//! When an inbound rule is in effect (生效时间, VOX-111, VOX-112).

use std::collections::BTreeSet;

use chrono::{Datelike, NaiveDate};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::{
    time::Millis,
    window::hours::{self, Hours},
};

/// Most spans of an office.
const MOST_SPANS: usize = 21;
/// Most days that are named one by one.
const MOST_DAYS: usize = 366;

/// Office hours on the wall clock of one zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Office {
    /// IANA name.
    pub zone: String,
    /// None: all day, every day.
    pub spans: Vec<Span>,
    /// Shut on the house's holidays.
    pub holidays: bool,
    /// Days that are shut besides.
    pub shut: BTreeSet<NaiveDate>,
    /// Days that are open as on any weekday that they fall on, holiday or not.
    pub open: BTreeSet<NaiveDate>,
}

/// Some weekdays from one minute to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Span {
    /// ISO weekdays, 1 = Monday.
    pub weekdays: Vec<u8>,
    /// Minutes since midnight, inclusive.
    pub from: u16,
    /// Exclusive; 1440 is midnight.
    pub to: u16,
}

impl Default for Office {
    fn default() -> Self {
        Self {
            zone: "Asia/Shanghai".into(),
            spans: Vec::new(),
            holidays: false,
            shut: BTreeSet::new(),
            open: BTreeSet::new(),
        }
    }
}

/// Hours that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadOffice {
    #[error("\"{0}\" is no time zone")]
    Zone(String),
    #[error("a span has weekdays from 1 (Monday) to 7 and ends after it begins, within one day")]
    Span,
    #[error("at most {MOST_SPANS} spans and {MOST_DAYS} days")]
    TooMany,
}

impl Office {
    /// # Errors
    /// The first thing that makes these hours unusable.
    pub fn validate(&self) -> Result<(), BadOffice> {
        self.tz()?;
        let is_well = |span: &Span| {
            let days = &span.weekdays;
            let days_exist = !days.is_empty() && days.iter().all(|day| (1..=7).contains(day));
            days_exist && span.from < span.to && span.to <= 24 * 60
        };
        if !self.spans.iter().all(is_well) {
            return Err(BadOffice::Span);
        }
        if self.spans.len() > MOST_SPANS || self.shut.len() + self.open.len() > MOST_DAYS {
            return Err(BadOffice::TooMany);
        }
        Ok(())
    }

    /// Whether they are open. Hours that do not validate are shut.
    #[must_use]
    pub fn is_open(&self, holidays: &BTreeSet<NaiveDate>, now: Millis) -> bool {
        let on = On {
            office: self,
            holidays,
        };
        self.tz().is_ok_and(|tz| hours::is_open(&on, tz, now))
    }

    fn tz(&self) -> Result<Tz, BadOffice> {
        let zone = self.zone.parse();
        zone.map_err(|_| BadOffice::Zone(self.zone.clone()))
    }
}

struct On<'a> {
    office: &'a Office,
    holidays: &'a BTreeSet<NaiveDate>,
}

impl Hours for On<'_> {
    fn on(&self, day: NaiveDate) -> Vec<(u16, u16)> {
        let office = self.office;
        let is_holiday = office.holidays && self.holidays.contains(&day);
        if !office.open.contains(&day) && (is_holiday || office.shut.contains(&day)) {
            return Vec::new();
        }
        if office.spans.is_empty() {
            return vec![(0, 24 * 60)];
        }
        let weekday = u8::try_from(day.weekday().number_from_monday()).unwrap_or_default();
        let spans = office.spans.iter();
        spans
            .filter(|span| span.weekdays.contains(&weekday))
            .map(|span| (span.from, span.to))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn at(text: &str) -> Millis {
        let at = DateTime::parse_from_rfc3339(text).unwrap();
        Millis(at.timestamp_millis())
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn weekdays() -> Office {
        let span = |weekdays: &[u8], from: u16, to: u16| Span {
            weekdays: weekdays.to_vec(),
            from: from * 60,
            to: to * 60,
        };
        Office {
            spans: vec![
                span(&[1, 2, 3, 4, 5], 9, 12),
                span(&[1, 2, 3, 4, 5], 13, 18),
                span(&[6], 10, 16),
            ],
            holidays: true,
            ..Office::default()
        }
    }

    #[test]
    fn each_weekday_has_its_hours() {
        let office = weekdays();
        office.validate().unwrap();
        let open = |text: &str| office.is_open(&BTreeSet::new(), at(text));
        assert!(open("2026-11-20T09:00:00+08:00"), "Friday morning");
        assert!(!open("2026-11-20T12:30:00+08:00"), "lunch");
        assert!(!open("2026-11-20T18:00:00+08:00"), "evening");
        assert!(open("2026-11-21T10:00:00+08:00"), "Saturday");
        assert!(!open("2026-11-22T10:00:00+08:00"), "Sunday");
    }

    #[test]
    fn holidays_are_shut_unless_the_day_is_worked() {
        let mut office = weekdays();
        let holidays = BTreeSet::from([day("2026-11-20")]);
        let friday = at("2026-11-20T10:00:00+08:00");
        assert!(!office.is_open(&holidays, friday));
        office.open.insert(day("2026-11-20"));
        assert!(office.is_open(&holidays, friday));
        office.open.clear();
        office.holidays = false;
        assert!(office.is_open(&holidays, friday));
        office.shut.insert(day("2026-11-20"));
        assert!(!office.is_open(&holidays, friday));
    }

    #[test]
    fn hours_that_make_no_sense_are_refused_and_never_open() {
        let backwards = Office {
            spans: vec![Span {
                weekdays: vec![1],
                from: 600,
                to: 500,
            }],
            ..Office::default()
        };
        assert_eq!(backwards.validate(), Err(BadOffice::Span));
        let nowhere = Office {
            zone: "Mars/Olympus".into(),
            ..Office::default()
        };
        assert!(nowhere.validate().is_err());
        assert!(!nowhere.is_open(&BTreeSet::new(), Millis(0)));
    }
}
