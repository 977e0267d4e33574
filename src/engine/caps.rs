//! How often a number and a person may be dialled (OUT-151, OUT-259), over all campaigns.
//!
//! One budget: rules about retries choose only the delay, and none of them adds a dial. Only dials that
//! bothered somebody count.

use serde::{Deserialize, Serialize};

use crate::time::Millis;

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

/// Dials that are remembered of a number or a person; more than any cap.
pub const REMEMBERED: usize = 100;
/// How far back a history reaches: the longest rest that can be asked for; milliseconds.
pub const REACHES_BACK: i64 = 30 * DAY;

/// Limits on one number or one person. What is not set does not limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Dials in any 24 hours, 1 to 50.
    pub day: Option<u32>,
    /// Dials in any seven days, 1 to 100.
    pub week: Option<u32>,
    /// Days without a dial after a conversation, 1 to 30.
    pub rest_days: Option<u32>,
}

/// A campaign's own limits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Caps {
    pub number: Limits,
    /// Of a person, where a column tells who that is.
    pub person: Limits,
}

/// What was done to a number or a person, over all campaigns.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct History {
    /// When it was dialled, the newest first, as far as it counts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dials: Vec<Millis>,
    /// The end of the last conversation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub talked: Option<Millis>,
    /// The last abandoned call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub abandoned: Option<Millis>,
}

impl Limits {
    #[must_use]
    pub fn is_valid(&self) -> bool {
        let within = |value: Option<u32>, most| value.is_none_or(|n| (1..=most).contains(&n));
        within(self.day, 50) && within(self.week, 100) && within(self.rest_days, 30)
    }

    /// Until when these limits forbid another dial; `None`: they allow one now.
    #[must_use]
    pub fn shut_until(&self, history: &History, now: Millis) -> Option<Millis> {
        let rest = self.rest_days.zip(history.talked);
        [
            self.day.and_then(|cap| history.used_up(cap, DAY)),
            self.week.and_then(|cap| history.used_up(cap, 7 * DAY)),
            rest.map(|(days, talked)| talked.plus(i64::from(days) * DAY)),
        ]
        .into_iter()
        .flatten()
        .filter(|until| *until > now)
        .max()
    }
}

impl History {
    /// When the oldest of the last `cap` dials leaves a span of `ms`.
    fn used_up(&self, cap: u32, ms: i64) -> Option<Millis> {
        let oldest = self.dials.get((cap as usize).checked_sub(1)?)?;
        Some(oldest.plus(ms))
    }

    /// Until when it rests after an abandoned call.
    #[must_use]
    pub fn rests_until(&self, hours: u32, now: Millis) -> Option<Millis> {
        let until = self.abandoned?.plus(i64::from(hours) * HOUR);
        (until > now).then_some(until)
    }

    /// Takes in a dial that the books do not show yet.
    pub fn dialled(&mut self, at: Millis) {
        let place = self.dials.partition_point(|earlier| *earlier > at);
        self.dials.insert(place, at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Millis = Millis(100 * DAY);

    fn ago(hours: &[i64]) -> History {
        History {
            dials: hours.iter().map(|hours| NOW.plus(-hours * HOUR)).collect(),
            ..History::default()
        }
    }

    #[test]
    fn a_cap_frees_when_its_oldest_dial_is_old_enough() {
        let three_a_day = Limits {
            day: Some(3),
            ..Limits::default()
        };
        assert_eq!(three_a_day.shut_until(&ago(&[1, 2]), NOW), None);
        assert_eq!(
            three_a_day.shut_until(&ago(&[1, 2, 20]), NOW),
            Some(NOW.plus(4 * HOUR))
        );
        assert_eq!(three_a_day.shut_until(&ago(&[1, 2, 24]), NOW), None);
        // Four were made under another campaign's limits: the third newest decides.
        assert_eq!(
            three_a_day.shut_until(&ago(&[1, 2, 5, 20]), NOW),
            Some(NOW.plus(19 * HOUR))
        );
    }

    #[test]
    fn seven_in_seven_days_and_none_after_a_conversation() {
        let reg_f = Limits {
            week: Some(7),
            rest_days: Some(7),
            ..Limits::default()
        };
        let weekly = ago(&[10, 30, 50, 70, 90, 110, 130]);
        assert_eq!(reg_f.shut_until(&weekly, NOW), Some(NOW.plus(38 * HOUR)));
        assert_eq!(reg_f.shut_until(&ago(&[10, 30, 50]), NOW), None);
        let talked = History {
            talked: Some(NOW.plus(-DAY)),
            ..ago(&[24])
        };
        assert_eq!(reg_f.shut_until(&talked, NOW), Some(NOW.plus(6 * DAY)));
        let long_ago = History {
            talked: Some(NOW.plus(-7 * DAY)),
            ..ago(&[])
        };
        assert_eq!(reg_f.shut_until(&long_ago, NOW), None);
    }

    #[test]
    fn a_dial_on_its_way_counts_in_its_place() {
        let mut history = ago(&[1, 5]);
        history.dialled(NOW);
        history.dialled(NOW.plus(-2 * HOUR));
        assert_eq!(history, ago(&[0, 1, 2, 5]));
    }
}
