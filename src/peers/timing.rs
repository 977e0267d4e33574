//! How long people take.

use std::time::Duration;

use crate::dice::Dice;

/// The times of a carrier's people and machines.
#[derive(Debug, Clone, PartialEq)]
pub struct Timing {
    /// Ringing before an answer or a refusal by a person, evenly between the two.
    pub ring: (Duration, Duration),
    /// How long a person stays, from the answer on: log-normal around this mean ...
    pub talk_mean: Duration,
    /// ... and within these bounds.
    pub talk: (Duration, Duration),
    /// The share of persons who hang up when they are done; the others wait for us, at most twice
    /// the longest talk.
    pub hangs_up: f64,
    /// A machine's greeting before its beep.
    pub greeting: Duration,
}

impl Timing {
    /// Rings of a few tenths of a second, talks of a few seconds: for tests and quick shows.
    #[must_use]
    pub fn fast() -> Self {
        Self {
            ring: (Duration::from_millis(100), Duration::from_millis(500)),
            talk_mean: Duration::from_millis(2_500),
            talk: (Duration::from_millis(800), Duration::from_secs(6)),
            hangs_up: 0.9,
            greeting: Duration::from_millis(1_500),
        }
    }

    /// As people are: rings of seconds, talks around forty seconds.
    #[must_use]
    pub fn normal() -> Self {
        Self {
            ring: (Duration::from_secs(2), Duration::from_secs(12)),
            talk_mean: Duration::from_secs(40),
            talk: (Duration::from_secs(5), Duration::from_secs(180)),
            hangs_up: 0.9,
            greeting: Duration::from_secs(6),
        }
    }

    pub(crate) fn ring(&self, dice: &mut Dice) -> Duration {
        dice.between(self.ring.0, self.ring.1)
    }

    pub(crate) fn talk(&self, dice: &mut Dice) -> Duration {
        dice.log_normal(self.talk_mean)
            .clamp(self.talk.0, self.talk.1)
    }
}
