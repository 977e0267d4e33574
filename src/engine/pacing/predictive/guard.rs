//! What must not happen however good the prediction looks.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::{ledger::Tally, time::Millis};

const MINUTE_MS: i64 = 60_000;
const HOUR_MINUTES: usize = 60;
/// An hour with fewer persons is not judged.
const ENOUGH: f64 = 50.0;
/// Answers over which prediction and losses are compared.
const COMPARED: f64 = 200.0;

/// The last hour's books, minute by minute.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct LastHour {
    minutes: VecDeque<(Millis, Tally)>,
    last: Option<Tally>,
}

impl LastHour {
    /// Takes in the campaign's books. Returns what is new in them.
    pub fn note(&mut self, booked: &Tally, now: Millis) -> Tally {
        let last = self.minutes.back().map(|(at, _)| *at);
        if last.is_none_or(|at| now.since(at) >= MINUTE_MS) {
            self.minutes.push_back((now, *booked));
        }
        let old = now.plus(-(HOUR_MINUTES as i64) * MINUTE_MS);
        while self.minutes.len() > HOUR_MINUTES + 1
            || self.minutes.get(1).is_some_and(|(at, _)| *at <= old)
        {
            self.minutes.pop_front();
        }
        booked.since(&self.last.replace(*booked).unwrap_or(*booked))
    }

    /// More than twice the cap was lost within the hour.
    pub fn is_bad(&self, booked: &Tally, cap: f64) -> bool {
        let Some((_, before)) = self.minutes.front() else {
            return false;
        };
        let hour = booked.since(before);
        hour.answered as f64 >= ENOUGH && hour.rate() > 2.0 * cap
    }
}

/// Whether as many calls are lost as were predicted.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Calibration {
    answered: f64,
    predicted: f64,
    lost: f64,
}

impl Calibration {
    /// A person came whose call was dialled at this risk.
    pub fn predicted(&mut self, risk: f64) {
        if self.answered > COMPARED {
            let keep = 1.0 - 1.0 / COMPARED;
            (self.answered, self.predicted) = (self.answered * keep, self.predicted * keep);
            self.lost *= keep;
        }
        self.answered += 1.0;
        self.predicted += risk;
    }

    pub fn lost(&mut self, calls: f64) {
        self.lost += calls;
    }

    /// Losses are at least twice what was predicted, beyond chance.
    pub fn is_off(&self) -> bool {
        let by_chance = 3.0 * self.predicted.max(1.0).sqrt();
        self.answered >= COMPARED && self.lost > 2.0 * self.predicted + by_chance
    }
}
