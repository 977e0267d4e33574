//! How long an agent's talk or after-call work lasts, given how long it has lasted.
//!
//! A hazard for each of a few dozen bins of elapsed time: narrow ones first, where short calls and
//! voicemail show, then wider and wider ones.

use serde::{Deserialize, Serialize};

use super::share::Mean;

/// Bins two seconds wide, then each a seventh wider than the one before: 40 reach past half an hour.
const BINS: usize = 40;
const EVEN: usize = 10;
const WIDTH_S: f64 = 2.0;
const GROWTH: f64 = 1.0 + 1.0 / 7.0;
/// Weight of an old end when one more is noted.
const KEEP: f64 = 0.9995;
/// Ends that each bin is credited with at the mean's rate before anything was seen.
const PRIOR_ENDS: f64 = 2.0;

/// See the module. Seconds throughout.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Spell {
    ended: Vec<f64>,
    spent: Vec<f64>,
    mean: Mean,
}

/// The survival curve of a [`Spell`] at one moment.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Survival {
    /// Cumulated hazard at each bin's left edge, and the hazard within it.
    bins: Vec<(f64, f64, f64)>,
}

impl Spell {
    /// Nothing seen yet but a guess.
    pub fn new(mean_s: f64) -> Self {
        Self {
            ended: vec![0.0; BINS],
            spent: vec![0.0; BINS],
            mean: Mean::new(mean_s, 4.0, 2_000.0),
        }
    }

    /// One ended after `s`.
    pub fn note(&mut self, s: f64) {
        let s = s.max(0.0);
        self.mean.note(s);
        let mut left = 0.0;
        for (bin, width) in widths().enumerate() {
            self.ended[bin] *= KEEP;
            self.spent[bin] = self.spent[bin] * KEEP + (s - left).clamp(0.0, width);
            if s >= left && s < left + width {
                self.ended[bin] += 1.0;
            }
            left += width;
        }
    }

    /// What was seen counts half.
    pub fn fade(&mut self) {
        self.mean.fade(4.0);
        for bins in [&mut self.ended, &mut self.spent] {
            bins.iter_mut().for_each(|n| *n /= 2.0);
        }
    }

    /// The curve, with those that still run (for so long) counted as having lasted.
    pub fn survival(&self, running: impl Iterator<Item = f64>) -> Survival {
        let mut spent = self.spent.clone();
        for s in running {
            let mut left = 0.0;
            for (bin, width) in widths().enumerate() {
                if s <= left {
                    break;
                }
                spent[bin] += (s - left).min(width);
                left += width;
            }
        }
        let (mut left, mut sum) = (0.0, 0.0);
        let prior = PRIOR_ENDS * self.mean.get().max(1.0);
        let bins = widths().enumerate().map(|(bin, width)| {
            let hazard = (self.ended[bin] + PRIOR_ENDS) / (spent[bin] + prior);
            let row = (left, sum, hazard);
            left += width;
            sum += hazard * width;
            row
        });
        Survival {
            bins: bins.collect(),
        }
    }
}

impl Survival {
    /// Minus the logarithm of the chance to last longer than `s`.
    pub fn cumulated(&self, s: f64) -> f64 {
        let bin = bin_of(s).min(self.bins.len().saturating_sub(1));
        match self.bins.get(bin) {
            Some((left, sum, hazard)) => sum + hazard * (s - left).max(0.0),
            None => 0.0,
        }
    }

    /// The chance that what has lasted `so_far` ends within `more`.
    pub fn ends_within(&self, so_far: f64, more: f64) -> f64 {
        1.0 - (self.cumulated(so_far) - self.cumulated(so_far + more)).exp()
    }
}

/// Bin widths; the last one has no end.
fn widths() -> impl Iterator<Item = f64> {
    let mut width = WIDTH_S;
    (0..BINS).map(move |bin| {
        if bin >= EVEN {
            width *= GROWTH;
        }
        if bin + 1 == BINS {
            f64::INFINITY
        } else {
            width
        }
    })
}

fn bin_of(s: f64) -> usize {
    let even = EVEN as f64 * WIDTH_S;
    if s < even {
        return (s.max(0.0) / WIDTH_S) as usize;
    }
    // The left edge of bin EVEN + k is even + W * (g + .. + g^k).
    let steps = (s - even) / WIDTH_S * (GROWTH - 1.0) / GROWTH + 1.0;
    (EVEN + (steps.ln() / GROWTH.ln()) as usize).min(BINS - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_moment_lies_in_its_bin() {
        let mut left = 0.0;
        for (bin, width) in widths().enumerate() {
            assert_eq!(bin_of(left + 1e-6), bin, "at {left}");
            assert_eq!(
                bin_of(left + width.min(1e4) - 1e-6),
                bin,
                "before {}",
                left + width
            );
            left += width;
        }
    }

    #[test]
    fn before_anything_is_seen_the_guess_is_exponential() {
        let curve = Spell::new(80.0).survival(std::iter::empty());
        assert!((curve.ends_within(0.0, 80.0) - (1.0 - (-1.0f64).exp())).abs() < 1e-9);
        assert!((curve.ends_within(500.0, 80.0) - (1.0 - (-1.0f64).exp())).abs() < 1e-9);
    }

    #[test]
    fn a_fixed_length_is_learned() {
        let mut talk = Spell::new(80.0);
        (0..500).for_each(|_| talk.note(31.0));
        let curve = talk.survival(std::iter::empty());
        assert!(curve.ends_within(2.0, 20.0) < 0.15);
        assert!(curve.ends_within(26.0, 12.0) > 0.6);
    }

    #[test]
    fn what_still_runs_counts_as_lasting() {
        let talk = Spell::new(10.0);
        let alone = talk.survival(std::iter::empty());
        let among_long_ones = talk.survival([600.0; 20].into_iter());
        assert!(among_long_ones.ends_within(0.0, 10.0) < alone.ends_within(0.0, 10.0) / 2.0);
    }
}
