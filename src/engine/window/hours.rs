//! Hours on a wall clock: whether they are open in a zone, and when they open next.

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeZone, Timelike};
use chrono_tz::Tz;

use crate::time::Millis;

/// How far ahead an opening is looked for, in days.
const LOOK_AHEAD: usize = 15;

/// When something may be done on a day, whatever the zone.
pub trait Hours {
    /// Minutes since midnight, from inclusive, to exclusive; none on a day on which it is shut.
    fn on(&self, day: NaiveDate) -> Vec<(u16, u16)>;
}

#[must_use]
pub fn is_open(hours: &dyn Hours, zone: Tz, now: Millis) -> bool {
    let Some(local) = local(zone, now) else {
        return false;
    };
    let minute = u16::try_from(local.hour() * 60 + local.minute()).unwrap_or(u16::MAX);
    let ranges = hours.on(local.date_naive());
    ranges
        .iter()
        .any(|&(from, to)| from <= minute && minute < to)
}

/// Now, when they are open, or the next minute at which they open; `None`: not within two weeks.
#[must_use]
pub fn next_open(hours: &dyn Hours, zone: Tz, now: Millis) -> Option<Millis> {
    if is_open(hours, zone, now) {
        return Some(now);
    }
    let today = local(zone, now)?.date_naive();
    today.iter_days().take(LOOK_AHEAD).find_map(|day| {
        let mut ranges = hours.on(day);
        ranges.sort_unstable();
        ranges
            .iter()
            .filter_map(|&(from, to)| opening(zone, day, from, to))
            .find(|at| *at > now)
    })
}

/// Open under all of these hours in all of these zones: the next such minute.
#[must_use]
pub fn next_open_everywhere(hours: &[&dyn Hours], zones: &[Tz], now: Millis) -> Option<Millis> {
    let last = now.plus(LOOK_AHEAD as i64 * 86_400_000);
    let mut at = now;
    while at <= last {
        let mut latest = at;
        for hours in hours {
            for zone in zones {
                latest = latest.max(next_open(*hours, *zone, at)?);
            }
        }
        if latest == at {
            return Some(at);
        }
        at = latest;
    }
    None
}

/// The same moment on the wall clock of a zone.
#[must_use]
pub fn local(zone: Tz, at: Millis) -> Option<DateTime<Tz>> {
    Some(DateTime::from_timestamp_millis(at.0)?.with_timezone(&zone))
}

/// The first moment of a range. One that falls into the hour that a clock leaves out begins after it,
/// if it is not over by then.
fn opening(zone: Tz, day: NaiveDate, from: u16, to: u16) -> Option<Millis> {
    let wall = |minute: u16| -> Option<NaiveDateTime> {
        day.and_hms_opt(u32::from(minute) / 60, u32::from(minute) % 60, 0)
    };
    let at = (from..to)
        .step_by(15)
        .find_map(|minute| zone.from_local_datetime(&wall(minute)?).earliest())?;
    Some(Millis(at.timestamp_millis()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every day from one minute to another.
    struct Daily(u16, u16);

    impl Hours for Daily {
        fn on(&self, _: NaiveDate) -> Vec<(u16, u16)> {
            vec![(self.0, self.1)]
        }
    }

    fn at(text: &str) -> Millis {
        Millis(
            DateTime::parse_from_rfc3339(text)
                .unwrap()
                .timestamp_millis(),
        )
    }

    const DAY: Daily = Daily(8 * 60, 21 * 60);
    const NEW_YORK: Tz = Tz::America__New_York;
    const LOS_ANGELES: Tz = Tz::America__Los_Angeles;

    #[test]
    fn the_hours_of_two_zones_meet() {
        let next = |now| next_open_everywhere(&[&DAY], &[NEW_YORK, LOS_ANGELES], at(now));
        // Eight in the west is eleven in the east.
        assert_eq!(
            next("2026-11-20T09:00:00-05:00"),
            Some(at("2026-11-20T08:00:00-08:00"))
        );
        // Nine in the east shuts the west too.
        assert_eq!(
            next("2026-11-20T21:00:00-05:00"),
            Some(at("2026-11-21T08:00:00-08:00"))
        );
        let noon = at("2026-11-20T12:00:00-08:00");
        assert_eq!(
            next_open_everywhere(&[&DAY], &[LOS_ANGELES], noon),
            Some(noon)
        );
    }

    #[test]
    fn hours_that_never_meet_never_open() {
        let night = Daily(0, 60);
        let none = next_open_everywhere(&[&DAY, &night], &[NEW_YORK], at("2026-11-20T12:00:00Z"));
        assert_eq!(none, None);
        let (shanghai, morning) = (Tz::Asia__Shanghai, Daily(9 * 60, 11 * 60));
        let none = next_open_everywhere(
            &[&morning],
            &[shanghai, NEW_YORK],
            at("2026-11-20T12:00:00Z"),
        );
        assert_eq!(none, None);
    }

    #[test]
    fn the_day_on_which_clocks_change_has_its_own_hours() {
        // Eight o'clock in New York is 13:00 UTC on Saturday and 12:00 UTC on Sunday, 8 March 2026.
        assert!(!is_open(&DAY, NEW_YORK, at("2026-03-07T12:30:00Z")));
        assert!(is_open(&DAY, NEW_YORK, at("2026-03-08T12:30:00Z")));
        assert_eq!(
            next_open(&DAY, NEW_YORK, at("2026-03-08T02:00:00Z")),
            Some(at("2026-03-08T12:00:00Z"))
        );
        // And back to 13:00 UTC on 1 November.
        assert!(is_open(&DAY, NEW_YORK, at("2026-10-31T12:30:00Z")));
        assert!(!is_open(&DAY, NEW_YORK, at("2026-11-01T12:30:00Z")));
        // Half past two does not exist on that March day.
        let early = Daily(2 * 60 + 30, 4 * 60);
        assert_eq!(
            next_open(&early, NEW_YORK, at("2026-03-08T05:30:00Z")),
            Some(at("2026-03-08T03:00:00-04:00"))
        );
    }
}
