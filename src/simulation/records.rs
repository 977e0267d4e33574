//! A scenario made of what was recorded.

use engine::{outcome::Outcome, time::Millis};

use crate::{Scenario, Spread};

/// What a day left behind.
#[derive(Debug, Clone, Default)]
pub struct Records {
    pub dials: Vec<Dial>,
    /// After-call work of the agents; seconds.
    pub wrap_ups_s: Vec<f64>,
}

/// One dial of the day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dial {
    pub at: Millis,
    /// Seconds until a person answered.
    pub answered_after_s: Option<f64>,
    pub talk_s: Option<f64>,
    pub outcome: Outcome,
}

/// Too little was recorded to make a scenario of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "{dials} dials with {answered} answers are too few; at least {LEAST_DIALS} with {LEAST_ANSWERS} are needed"
)]
pub struct TooFew {
    pub dials: usize,
    pub answered: usize,
}

pub(crate) const LEAST_DIALS: usize = 100;
pub(crate) const LEAST_ANSWERS: usize = 20;
/// An hour with fewer dials has the share of the whole day.
const ENOUGH_IN_AN_HOUR: usize = 50;
/// Durations that are kept of each kind, spread evenly over the sorted ones.
const KEPT: usize = 1_000;

impl Scenario {
    /// Takes answers by hour, refusals, ringing, talk and after-call work from records instead. Dials
    /// that say nothing about the called persons (a full gateway, our own cancelling) are left out.
    ///
    /// # Errors
    /// [`TooFew`]; nothing has changed. Too few after-call works leave those of the scenario.
    pub fn replay(&mut self, records: &Records) -> Result<(), TooFew> {
        let tells = |dial: &&Dial| dial.outcome.counts() || dial.answered_after_s.is_some();
        let dials: Vec<&Dial> = records.dials.iter().filter(tells).collect();
        let rings: Vec<f64> = dials
            .iter()
            .filter_map(|dial| dial.answered_after_s)
            .collect();
        let talks: Vec<f64> = dials.iter().filter_map(|dial| dial.talk_s).collect();
        if dials.len() < LEAST_DIALS || rings.len() < LEAST_ANSWERS || talks.len() < LEAST_ANSWERS {
            return Err(TooFew {
                dials: dials.len(),
                answered: rings.len(),
            });
        }
        let share = |so: fn(&Dial) -> bool| {
            dials.iter().filter(|dial| so(dial)).count() as f64 / dials.len() as f64
        };
        let answered = rings.len() as f64 / dials.len() as f64;
        self.busy = share(|dial| dial.outcome == Outcome::Busy);
        self.invalid = share(|dial| dial.outcome == Outcome::Unallocated);
        let most = 1.0 - self.busy - self.invalid;
        let ahead_ms = self.opened().map_or(0, |(_, ahead)| ahead);
        self.answers = (0..24)
            .map(|hour| {
                by_hour(&dials, hour, ahead_ms)
                    .unwrap_or(answered)
                    .min(most)
            })
            .collect();
        self.ring = measured(rings);
        self.talk = measured(talks);
        if records.wrap_ups_s.len() >= LEAST_ANSWERS {
            self.wrap_up = measured(records.wrap_ups_s.clone());
        }
        Ok(())
    }
}

/// Answers among the dials of an hour of the day; `None` when they are few.
fn by_hour(dials: &[&Dial], hour: i64, ahead_ms: i64) -> Option<f64> {
    let in_hour = |dial: &&&Dial| {
        let local = (dial.at.0 + ahead_ms).div_euclid(3_600_000);
        local.rem_euclid(24) == hour
    };
    let of_hour: Vec<_> = dials.iter().filter(in_hour).collect();
    let answered = of_hour
        .iter()
        .filter(|dial| dial.answered_after_s.is_some())
        .count();
    (of_hour.len() >= ENOUGH_IN_AN_HOUR).then(|| answered as f64 / of_hour.len() as f64)
}

fn measured(mut all: Vec<f64>) -> Spread {
    all.iter_mut()
        .for_each(|s| *s = s.clamp(0.0, crate::chance::LONGEST_S));
    all.sort_by(f64::total_cmp);
    let kept = all.len().min(KEPT);
    let at = |no: usize| all[(2 * no + 1) * all.len() / (2 * kept)];
    Spread::Measured {
        s: (0..kept).map(at).collect(),
    }
}
