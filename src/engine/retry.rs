//! When a lead comes back (OUT-151, OUT-240): one budget, the rules choose only the delay.

use serde::{Deserialize, Serialize};

use crate::{outcome::Outcome, time::Millis};

/// Dials a lead gets in all, those that were nobody's fault but the carrier's included: a number that is
/// never carried must not be tried for ever. One that our own side did not take is none.
pub const MOST_DIALS: u32 = 20;

/// Attempts and delays of a campaign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Retry {
    /// Attempts a lead gets in all, 1 to 10.
    pub max_attempts: u32,
    /// Attempts on one number a day, over all campaigns, 1 to 10.
    pub attempts_per_day: u32,
    pub no_answer_minutes: u32,
    pub busy_minutes: u32,
    pub unavailable_minutes: u32,
    pub declined_minutes: u32,
    pub machine_minutes: u32,
    /// After a call in which nobody said anything to a robot that listens.
    pub silent_minutes: u32,
    /// After an abandoned call: nobody is called again at once.
    pub abandoned_minutes: u32,
    pub fault_minutes: u32,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            max_attempts: 3,
            attempts_per_day: 2,
            no_answer_minutes: 30,
            busy_minutes: 10,
            unavailable_minutes: 240,
            declined_minutes: 1440,
            machine_minutes: 240,
            silent_minutes: 240,
            abandoned_minutes: 1440,
            fault_minutes: 5,
        }
    }
}

impl Retry {
    #[must_use]
    pub fn is_valid(&self) -> bool {
        (1..=10).contains(&self.max_attempts) && (1..=10).contains(&self.attempts_per_day)
    }

    /// When the lead may be dialled again; `None` when it is done.
    /// `attempts` counts this one too, when it counts.
    #[must_use]
    pub fn next(&self, outcome: Outcome, attempts: u32, now: Millis) -> Option<Millis> {
        let minutes = match outcome {
            Outcome::Connected
            | Outcome::Exited
            | Outcome::Unallocated
            | Outcome::Unwanted
            | Outcome::Fax => {
                return None;
            }
            Outcome::Busy => self.busy_minutes,
            Outcome::NoAnswer => self.no_answer_minutes,
            Outcome::Declined | Outcome::Blocked => self.declined_minutes,
            Outcome::Unavailable => self.unavailable_minutes,
            Outcome::Machine => self.machine_minutes,
            Outcome::Silent => self.silent_minutes,
            Outcome::Abandoned => self.abandoned_minutes,
            Outcome::Congestion
            | Outcome::Misconfigured
            | Outcome::Failed
            | Outcome::Recovered
            | Outcome::Cancelled => self.fault_minutes,
        };
        (attempts < self.max_attempts).then(|| now.plus(i64::from(minutes) * 60_000))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_number_comes_back_until_its_attempts_are_used_up() {
        let retry = Retry::default();
        assert_eq!(
            retry.next(Outcome::Busy, 1, Millis(0)),
            Some(Millis(600_000))
        );
        assert_eq!(retry.next(Outcome::Busy, 3, Millis(0)), None);
    }

    #[test]
    fn a_number_that_reaches_nobody_or_wants_no_calls_is_never_dialled_again() {
        for outcome in [Outcome::Unallocated, Outcome::Unwanted, Outcome::Fax] {
            assert_eq!(Retry::default().next(outcome, 1, Millis(0)), None);
        }
    }

    #[test]
    fn who_said_nothing_comes_back_after_a_time_of_their_own() {
        let retry = Retry {
            silent_minutes: 90,
            ..Retry::default()
        };
        let next = |attempts| retry.next(Outcome::Silent, attempts, Millis(0));
        assert_eq!(next(1), Some(Millis(5_400_000)));
        assert_eq!(next(3), None);
    }

    #[test]
    fn our_own_congestion_brings_the_lead_back_soon() {
        assert_eq!(
            Retry::default().next(Outcome::Congestion, 0, Millis(0)),
            Some(Millis(300_000))
        );
    }
}
