//! How much risk to take now, so that the losses of the day come out at the aim.

use serde::{Deserialize, Serialize};

use super::Settings;
use crate::ledger::Tally;

const LEAST: f64 = 0.004;
const MOST: f64 = 0.6;
const MOST_USED: f64 = 0.8;
/// What one lost person takes off the logarithm of the threshold, late in a day.
const LEAST_GAIN: f64 = 0.05;
/// How strongly losses that are left, or overdrawn, move the threshold at once.
const FREED: f64 = 1.5;

/// Answers that are lent to a young day.
const LENT: f64 = 20.0;
/// Kept from the cap while few persons have answered: so much over the root of their number.
const MARGIN: f64 = 0.3;
/// Lost machines are taken out as if they were lost as often as persons. They answer earlier or
/// later than persons do, so for each machine among the connected a little is kept.
const UNSEEN: f64 = 0.1;

/// The threshold of risk, steered by the books.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Steering {
    /// Logarithm of the threshold; `None` before the first decision.
    log: Option<f64>,
    /// The campaign's books when it was last steered.
    seen: Option<Tally>,
}

/// What the books leave to spend.
struct Budget {
    /// Losses for each answered person that the next few hundred may bring.
    now: f64,
    /// Losses that are still free, as a share of the aim's at this size of day; -1 to 1.
    free: f64,
}

impl Budget {
    fn of(today: &Tally, settings: &Settings, to_come: f64) -> Self {
        let (persons, lost) = (today.persons(), today.lost_persons());
        let margin = MARGIN / (persons + 60.0).sqrt();
        let unseen = UNSEEN * (1.0 - today.person_share());
        let aim = settings.cap * (settings.safety - margin - unseen);
        let left = aim * (persons + to_come.min(LENT)) - lost;
        Self {
            now: (aim + left / (300.0 + 0.15 * persons)).clamp(0.3 * aim, 1.8 * aim),
            free: (left / (aim * (persons + 100.0))).clamp(-1.0, 1.0),
        }
    }
}

impl Steering {
    pub fn new() -> Self {
        Self {
            log: None,
            seen: None,
        }
    }

    /// Learns from the books, and says which risk to take. `booked` only ever grows; `to_come`:
    /// persons that the leads which are left will bring, when their end is known.
    pub fn threshold(
        &mut self,
        settings: &Settings,
        booked: &Tally,
        today: &Tally,
        to_come: Option<f64>,
    ) -> f64 {
        let budget = Budget::of(today, settings, to_come.unwrap_or(LENT));
        let before = self.seen.replace(*booked).unwrap_or(*booked);
        let (share, new) = (today.person_share(), booked.since(&before));
        let (answered, lost) = (new.answered as f64 * share, new.lost as f64 * share);
        // The model is calibrated: what is risked is about what is lost.
        let start = settings.cap.clamp(LEAST, MOST).ln();
        let gain = (0.3 / (1.0 + today.persons() / 60.0)).max(LEAST_GAIN);
        let log = self.log.unwrap_or(start) + gain * (budget.now * answered - lost);
        let log = log.clamp(LEAST.ln(), MOST.ln());
        self.log = Some(log);
        (log.exp() * (FREED * budget.free).exp()).min(MOST_USED)
    }
}
