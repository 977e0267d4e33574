//! When a dialled line brings a person, second by second since the dial: competing risks.
//!
//! A line that rings either brings a person in this second, ends otherwise (busy, machine, nobody),
//! or rings on. Lines that still ring count as having rung so long, so a fresh campaign does not
//! take quick answers for many.

use serde::{Deserialize, Serialize};

/// One-second bins since the dial; the last one has no end.
pub(super) const BINS: usize = 60;
/// Weight of an old attempt when one more is over.
const KEEP: f64 = 0.9998;

/// Attempts before anything was seen: of 40, a third is answered by persons, evenly over 4 to 24 s,
/// six fail at once, the rest rings to the end.
const PRIOR: f64 = 40.0;
const PRIOR_PERSONS: f64 = 40.0 / 3.0;
const PRIOR_FAILS: f64 = 6.0;

/// See the module.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Ring {
    at_risk: Vec<f64>,
    persons: Vec<f64>,
    others: Vec<f64>,
}

/// Chances of a fresh line: cumulated, at each whole second.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Curve {
    /// A person by then.
    persons: [f64; BINS + 1],
    /// Still ringing then.
    ringing: [f64; BINS + 1],
}

impl Ring {
    pub fn new(ring_timeout_s: f64) -> Self {
        let last = (ring_timeout_s as usize).clamp(8, BINS - 1);
        let mut ring = Self {
            at_risk: vec![0.0; BINS],
            persons: vec![0.0; BINS],
            others: vec![0.0; BINS],
        };
        let (from, to) = (4, 24.min(last));
        let mut left = PRIOR;
        for bin in 0..=last {
            ring.at_risk[bin] = left;
            if bin < 3 {
                ring.others[bin] = PRIOR_FAILS / 3.0;
            }
            if (from..to).contains(&bin) {
                ring.persons[bin] = PRIOR_PERSONS / (to - from) as f64;
            }
            if bin == last {
                ring.others[bin] = left;
            }
            left -= ring.others[bin] + ring.persons[bin];
        }
        ring
    }

    /// A line rang from `from` to `to` seconds since its dial.
    pub fn rang(&mut self, from: Option<f64>, to: f64) {
        let first = from.map_or(0, |from| bin_of(from) + 1);
        let last = bin_of(to);
        if first <= last {
            self.at_risk[first..=last]
                .iter_mut()
                .for_each(|n| *n += 1.0);
        }
    }

    /// An attempt is over: its ringing ended after `s`, with or without a person.
    pub fn over(&mut self, s: f64, person: bool) {
        for bins in [&mut self.at_risk, &mut self.persons, &mut self.others] {
            bins.iter_mut().for_each(|n| *n *= KEEP);
        }
        let ended = if person {
            &mut self.persons
        } else {
            &mut self.others
        };
        ended[bin_of(s)] += 1.0;
    }

    /// What was learned counts half, but no less than the guess.
    pub fn fade(&mut self) {
        let keep = super::share::half_of(self.at_risk[0], PRIOR);
        for bins in [&mut self.at_risk, &mut self.persons, &mut self.others] {
            bins.iter_mut().for_each(|n| *n *= keep);
        }
    }

    /// Chance of a person in this second of ringing, at the answer level the curves were learned at.
    fn answer(&self, bin: usize) -> f64 {
        ratio(self.persons[bin], self.at_risk[bin])
    }

    /// Persons expected of a line that rang from the dial up to each whole second, in hazards.
    pub fn exposure(&self) -> [f64; BINS + 1] {
        let mut sum = [0.0; BINS + 1];
        for bin in 0..BINS {
            sum[bin + 1] = sum[bin] + self.answer(bin);
        }
        sum
    }

    /// What a fresh line brings when answers come `level` times as often as the curves say.
    pub fn curve(&self, level: f64) -> Curve {
        let mut curve = Curve {
            persons: [0.0; BINS + 1],
            ringing: [1.0; BINS + 1],
        };
        for bin in 0..BINS {
            let other = ratio(self.others[bin], self.at_risk[bin]);
            let person = (level * self.answer(bin)).min(1.0 - other);
            let left = curve.ringing[bin];
            curve.persons[bin + 1] = curve.persons[bin] + left * person;
            curve.ringing[bin + 1] = (left * (1.0 - person - other)).max(0.0);
        }
        curve
    }
}

impl Curve {
    /// Chance that a fresh line brings a person at all.
    pub fn total(&self) -> f64 {
        self.persons[BINS]
    }

    /// Chance that a line that has rung for `age` whole seconds brings a person in each of the
    /// seconds ahead, each weighed and all summed.
    pub fn weighed(&self, age: usize, weights: &[f64]) -> f64 {
        let ringing = self.ringing[age];
        if ringing < 1e-9 {
            return 0.0;
        }
        let ahead = self.persons[age..].windows(2);
        let sum: f64 = ahead.zip(weights).map(|(g, w)| (g[1] - g[0]) * w).sum();
        (sum / ringing).clamp(0.0, 1.0)
    }

    /// When a fresh line has brought this share (0 to 1) of the persons it brings, in seconds.
    pub fn quantile(&self, share: f64) -> f64 {
        let wanted = share * self.total();
        let bin = self.persons[1..].partition_point(|&g| g < wanted);
        if bin >= BINS {
            return BINS as f64;
        }
        let (from, to) = (self.persons[bin], self.persons[bin + 1]);
        bin as f64 + ratio(wanted - from, to - from)
    }
}

/// Linear between whole seconds.
pub(super) fn at(values: &[f64; BINS + 1], s: f64) -> f64 {
    let s = s.clamp(0.0, BINS as f64);
    let bin = (s as usize).min(BINS - 1);
    values[bin] + (values[bin + 1] - values[bin]) * (s - bin as f64)
}

fn bin_of(s: f64) -> usize {
    (s.max(0.0) as usize).min(BINS - 1)
}

fn ratio(part: f64, whole: f64) -> f64 {
    if whole < 1e-6 {
        0.0
    } else {
        (part / whole).clamp(0.0, 1.0)
    }
}
