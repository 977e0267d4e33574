//! How much of one frequency is in a piece of sound.

use crate::g711::RATE;

/// The power of `hz` in `samples`, such that a full sine of amplitude `a` gives `a * a / 2`.
#[must_use]
pub fn power(samples: &[i16], hz: f64) -> f64 {
    let omega = std::f64::consts::TAU * hz / f64::from(RATE);
    let turn = 2.0 * omega.cos();
    let (mut one, mut two) = (0.0, 0.0);
    for &sample in samples {
        let next = f64::from(sample) + turn * one - two;
        two = one;
        one = next;
    }
    let energy = one * one + two * two - turn * one * two;
    let count = samples.len().max(1) as f64;
    2.0 * energy / (count * count)
}

/// How far `hz` stands over everything else in `samples`, in decibels.
///
/// Pure silence gives a large negative number, a pure tone a large positive one.
#[must_use]
pub fn over_noise_db(samples: &[i16], hz: f64) -> f64 {
    let total = samples
        .iter()
        .map(|&s| f64::from(s) * f64::from(s))
        .sum::<f64>();
    let total = total / samples.len().max(1) as f64;
    let tone = power(samples, hz);
    let rest = (total - tone).max(tone * 1e-9).max(1e-3);
    10.0 * ((tone.max(1e-6)) / rest).log10()
}

/// The best [`over_noise_db`] of any half second of `samples`: a tone that was there counts, though
/// the machine stuttered elsewhere.
#[must_use]
pub fn best_over_noise_db(samples: &[i16], hz: f64) -> f64 {
    let window = RATE as usize / 2;
    let step = window / 10;
    let starts = (0..=samples.len().saturating_sub(window)).step_by(step);
    starts
        .map(|start| over_noise_db(&samples[start..samples.len().min(start + window)], hz))
        .fold(f64::NEG_INFINITY, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tone;

    #[test]
    fn a_tone_stands_out_at_its_own_frequency_only() {
        let samples = tone::sine(1_000.0, 1_000);
        assert!(over_noise_db(&samples, 1_000.0) > 40.0);
        assert!(over_noise_db(&samples, 440.0) < -20.0);
    }

    #[test]
    fn a_stutter_hides_no_tone() {
        let mut samples = tone::sine(1_000.0, 2_000);
        samples[3_000..3_200].fill(0);
        assert!(over_noise_db(&samples, 1_000.0) < 20.0);
        assert!(best_over_noise_db(&samples, 1_000.0) > 40.0);
        assert!(best_over_noise_db(&[0; 100], 1_000.0) < 0.0);
    }

    #[test]
    fn silence_holds_no_tone() {
        assert!(over_noise_db(&[0; 800], 1_000.0) < 0.0);
    }
}
