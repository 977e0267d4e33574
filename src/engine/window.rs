//! When a campaign may dial (OUT-126).

pub mod hours;

use chrono::{DateTime, Datelike, NaiveDate, TimeZone};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::time::Millis;
use hours::Hours;

/// Dates, weekdays and up to four ranges a day, in one time zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// IANA name.
    pub zone: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<NaiveDate>,
    /// Inclusive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<NaiveDate>,
    /// ISO weekdays, 1 = Monday.
    pub weekdays: Vec<u8>,
    /// Minutes since midnight, from inclusive, to exclusive.
    pub ranges: Vec<(u16, u16)>,
}

impl Default for Window {
    fn default() -> Self {
        Self {
            zone: "Asia/Shanghai".into(),
            from: None,
            to: None,
            weekdays: (1..=7).collect(),
            ranges: vec![(9 * 60, 12 * 60), (13 * 60 + 30, 20 * 60)],
        }
    }
}

/// A window that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadWindow {
    #[error("\"{0}\" is no time zone")]
    Zone(String),
    #[error("a window needs 1 to 4 ranges that end after they begin, within one day")]
    Ranges,
    #[error("weekdays are numbers from 1 (Monday) to 7")]
    Weekdays,
}

impl Window {
    /// Every minute of every day.
    #[must_use]
    pub fn always() -> Self {
        Self {
            ranges: vec![(0, 24 * 60)],
            ..Self::default()
        }
    }

    /// # Errors
    /// The first thing that makes this window unusable.
    pub fn validate(&self) -> Result<(), BadWindow> {
        self.tz()?;
        let in_order = |&(from, to): &(u16, u16)| from < to && to <= 24 * 60;
        if !(1..=4).contains(&self.ranges.len()) || !self.ranges.iter().all(in_order) {
            return Err(BadWindow::Ranges);
        }
        if self.weekdays.is_empty() || !self.weekdays.iter().all(|day| (1..=7).contains(day)) {
            return Err(BadWindow::Weekdays);
        }
        Ok(())
    }

    /// Whether a call may start now. A window that does not validate is never open.
    #[must_use]
    pub fn is_open(&self, now: Millis) -> bool {
        self.tz().is_ok_and(|tz| hours::is_open(self, tz, now))
    }

    /// The next minute at which the window is open; `None` when it never opens within two weeks.
    #[must_use]
    pub fn next_open(&self, now: Millis) -> Option<Millis> {
        hours::next_open(self, self.tz().ok()?, now)
    }

    /// The last local midnight; a day ago for a zone that does not exist.
    #[must_use]
    pub fn day_start(&self, now: Millis) -> Millis {
        let midnight = self.local(now).and_then(|local| {
            let midnight = local.date_naive().and_hms_opt(0, 0, 0)?;
            local.timezone().from_local_datetime(&midnight).earliest()
        });
        midnight.map_or_else(|| now.plus(-86_400_000), |at| Millis(at.timestamp_millis()))
    }

    /// The same moment on the wall clock of the window's zone.
    #[must_use]
    pub fn local(&self, now: Millis) -> Option<DateTime<Tz>> {
        let utc = DateTime::from_timestamp_millis(now.0)?;
        Some(utc.with_timezone(&self.tz().ok()?))
    }

    /// # Errors
    /// When there is no such zone.
    pub fn tz(&self) -> Result<Tz, BadWindow> {
        self.zone
            .parse()
            .map_err(|_| BadWindow::Zone(self.zone.clone()))
    }
}

impl Hours for Window {
    fn on(&self, day: NaiveDate) -> Vec<(u16, u16)> {
        let weekday = u8::try_from(day.weekday().number_from_monday()).unwrap_or_default();
        let has_day = self.weekdays.contains(&weekday)
            && self.from.is_none_or(|from| from <= day)
            && self.to.is_none_or(|to| day <= to);
        if has_day {
            self.ranges.clone()
        } else {
            Vec::new()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Millis {
        Millis(
            DateTime::parse_from_rfc3339(text)
                .unwrap()
                .timestamp_millis(),
        )
    }

    #[test]
    fn the_default_window_closes_for_lunch_and_at_night() {
        let window = Window::default();
        assert!(window.is_open(at("2026-11-20T09:00:00+08:00")));
        assert!(!window.is_open(at("2026-11-20T12:00:00+08:00")));
        assert!(window.is_open(at("2026-11-20T13:30:00+08:00")));
        assert!(!window.is_open(at("2026-11-20T20:00:00+08:00")));
    }

    #[test]
    fn a_closed_window_names_its_next_opening() {
        let window = Window {
            weekdays: vec![1, 2, 3, 4, 5],
            ..Window::default()
        };
        let friday_night = at("2026-11-20T21:00:00+08:00");
        assert_eq!(
            window.next_open(friday_night),
            Some(at("2026-11-23T09:00:00+08:00"))
        );
    }

    #[test]
    fn an_unknown_zone_is_refused_and_never_open() {
        let window = Window {
            zone: "Mars/Olympus".into(),
            ..Window::always()
        };
        assert_eq!(
            window.validate(),
            Err(BadWindow::Zone("Mars/Olympus".into()))
        );
        assert!(!window.is_open(at("2026-11-20T10:00:00Z")));
    }
}
