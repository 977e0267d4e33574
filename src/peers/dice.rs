//! Chance that repeats itself: the same seed and number give the same person.

use std::time::Duration;

use rand::{Rng, SeedableRng, rngs::StdRng};

/// How far talk times spread; e^0.6 is a factor of 1.8.
const SPREAD: f64 = 0.6;

/// A seeded source of durations and decisions.
#[derive(Debug)]
pub struct Dice(StdRng);

impl Dice {
    /// The dice of the `nth` call of a number, whatever other calls there are.
    pub fn of(seed: u64, number: &str, nth: u32) -> Self {
        let named = number.bytes().chain(nth.to_le_bytes());
        // FNV-1a: the standard hasher promises no stable values.
        let mixed = named.fold(0xcbf2_9ce4_8422_2325 ^ seed, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Self(StdRng::seed_from_u64(mixed))
    }

    pub fn between(&mut self, least: Duration, most: Duration) -> Duration {
        least + most.saturating_sub(least).mul_f64(self.0.random())
    }

    pub fn chance(&mut self, share: f64) -> bool {
        self.0.random_bool(share.clamp(0.0, 1.0))
    }

    /// Log-normal with this mean.
    pub fn log_normal(&mut self, mean: Duration) -> Duration {
        let exponent = SPREAD * self.normal() - SPREAD * SPREAD / 2.0;
        mean.mul_f64(exponent.clamp(-4.0, 4.0).exp())
    }

    /// Exponential with this mean: the gap between callers who do not know each other.
    pub fn exponential(&mut self, mean: Duration) -> Duration {
        mean.mul_f64(-self.above_zero().ln())
    }

    /// A digit string of this length.
    pub fn digits(&mut self, count: usize) -> String {
        (0..count)
            .map(|_| char::from(b'0' + self.0.random_range(0..10_u8)))
            .collect()
    }

    /// Standard normal, by Box and Muller.
    fn normal(&mut self) -> f64 {
        let radius = (-2.0 * self.above_zero().ln()).sqrt();
        radius * (std::f64::consts::TAU * self.0.random::<f64>()).cos()
    }

    fn above_zero(&mut self) -> f64 {
        1.0 - self.0.random::<f64>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_repeats_itself_and_differs_from_others() {
        let draw = |number, nth| Dice::of(7, number, nth).log_normal(Duration::from_secs(40));
        assert_eq!(draw("100", 0), draw("100", 0));
        assert_ne!(draw("100", 0), draw("100", 1));
        assert_ne!(draw("100", 0), draw("101", 0));
    }

    #[test]
    fn talks_have_the_mean_they_should() {
        let total: f64 = (0..4_000)
            .map(|n| {
                Dice::of(1, "x", n)
                    .log_normal(Duration::from_secs(40))
                    .as_secs_f64()
            })
            .sum();
        let mean = total / 4_000.0;
        assert!((mean - 40.0).abs() < 3.0, "{mean}");
    }
}
