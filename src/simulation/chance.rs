//! How long things last, and dice that depend on nothing but what they are asked about.

use rand::{Rng, SeedableRng, rngs::StdRng};
use serde::{Deserialize, Serialize};

/// Durations in seconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum Spread {
    /// Lognormal with this mean and coefficient of variation (standard deviation over mean).
    Lognormal { mean_s: f64, cv: f64 },
    /// As measured: each as probable as any other.
    Measured { s: Vec<f64> },
}

/// The longest duration that is drawn; seconds.
pub(crate) const LONGEST_S: f64 = 14_400.0;

impl Spread {
    #[must_use]
    pub fn of(mean_s: f64, cv: f64) -> Self {
        Self::Lognormal { mean_s, cv }
    }

    pub(crate) fn is_valid(&self) -> bool {
        let seconds = |s: f64| (0.0..=LONGEST_S).contains(&s);
        match self {
            Self::Lognormal { mean_s, cv } => {
                seconds(*mean_s) && *mean_s > 0.0 && (0.0..=10.0).contains(cv)
            }
            Self::Measured { s } => !s.is_empty() && s.iter().all(|one| seconds(*one)),
        }
    }

    /// Milliseconds.
    pub(crate) fn draw(&self, dice: &mut StdRng) -> i64 {
        let s = match self {
            Self::Lognormal { mean_s, cv } => {
                let variance = (1.0 + cv * cv).ln();
                (mean_s.ln() - variance / 2.0 + variance.sqrt() * normal(dice)).exp()
            }
            Self::Measured { s } => s[dice.random_range(0..s.len())],
        };
        (s.min(LONGEST_S) * 1_000.0).round() as i64
    }
}

/// Box and Muller; one of the two.
fn normal(dice: &mut StdRng) -> f64 {
    let (u, v): (f64, f64) = (dice.random::<f64>().max(1e-12), dice.random());
    (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
}

/// What dice are thrown for: the same seed, kind and numbers give the same throws.
pub(crate) fn dice(seed: u64, kind: u64, one: u64, other: u64) -> StdRng {
    let mut mixed = seed;
    for part in [kind, one, other] {
        mixed = splitmix(mixed ^ splitmix(part));
    }
    StdRng::seed_from_u64(mixed)
}

/// SplitMix64.
fn splitmix(seed: u64) -> u64 {
    let z = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_drawn_has_the_mean_and_the_spread_asked_for() {
        let spread = Spread::of(80.0, 0.9);
        let mut dice = dice(1, 2, 3, 4);
        let drawn: Vec<f64> = (0..40_000)
            .map(|_| spread.draw(&mut dice) as f64 / 1_000.0)
            .collect();
        let mean = drawn.iter().sum::<f64>() / drawn.len() as f64;
        let variance = drawn.iter().map(|s| (s - mean).powi(2)).sum::<f64>() / drawn.len() as f64;
        assert!((mean - 80.0).abs() < 2.0, "{mean}");
        assert!((variance.sqrt() / mean - 0.9).abs() < 0.08, "{variance}");
    }

    #[test]
    fn throws_depend_on_every_number_and_on_nothing_else() {
        let throw = |a, b, c, d| dice(a, b, c, d).random::<u64>();
        assert_eq!(throw(1, 2, 3, 4), throw(1, 2, 3, 4));
        let all = [
            throw(1, 2, 3, 4),
            throw(2, 2, 3, 4),
            throw(1, 3, 3, 4),
            throw(1, 2, 4, 3),
        ];
        let distinct: std::collections::BTreeSet<_> = all.into_iter().collect();
        assert_eq!(distinct.len(), 4);
    }
}
