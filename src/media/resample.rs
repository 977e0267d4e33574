//! Brings any rate to 8 kHz, when a prompt is loaded.

use std::f64::consts::PI;

use crate::g711::RATE;

/// Half the width of the filter, in samples of the slower rate.
const REACH: f64 = 12.0;

/// `samples` at `rate` as samples at 8 kHz, low-passed by a windowed sinc.
#[must_use]
pub fn to_8k(samples: &[f32], rate: u32) -> Vec<i16> {
    if rate == RATE {
        return samples
            .iter()
            .map(|&sample| to_i16(f64::from(sample)))
            .collect();
    }
    let step = f64::from(rate) / f64::from(RATE);
    let count = (samples.len() as f64 / step).floor() as usize;
    (0..count)
        .map(|n| to_i16(at(samples, n as f64 * step, step.max(1.0))))
        .collect()
}

/// The filtered value at `position`; `width` is how many input samples one output sample spans.
fn at(samples: &[f32], position: f64, width: f64) -> f64 {
    let reach = REACH * width;
    let first = (position - reach).ceil().max(0.0) as usize;
    let last = ((position + reach).floor() as usize).min(samples.len().saturating_sub(1));
    let (mut sum, mut weights) = (0.0, 0.0);
    for (index, &sample) in samples.iter().enumerate().take(last + 1).skip(first) {
        let weight = kernel((index as f64 - position) / width);
        sum += f64::from(sample) * weight;
        weights += weight;
    }
    if weights.abs() < 1e-9 {
        0.0
    } else {
        sum / weights
    }
}

/// A sinc that cuts a little below the new Nyquist frequency, under a Hann window.
fn kernel(x: f64) -> f64 {
    const CUT: f64 = 0.92;
    let window = 0.5 * (1.0 + (PI * x / REACH).cos());
    let sinc = if x.abs() < 1e-9 {
        CUT
    } else {
        (PI * CUT * x).sin() / (PI * x)
    };
    window * sinc
}

fn to_i16(sample: f64) -> i16 {
    (sample * 32_767.0).clamp(-32_768.0, 32_767.0) as i16
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::goertzel;

    fn tone(hz: f64, rate: u32) -> Vec<f32> {
        let turn = std::f64::consts::TAU * hz / f64::from(rate);
        (0..rate)
            .map(|n| (0.4 * (turn * f64::from(n)).sin()) as f32)
            .collect()
    }

    #[test]
    fn a_tone_keeps_its_pitch_from_every_rate() {
        for rate in [8_000, 11_025, 16_000, 22_050, 44_100, 48_000] {
            let samples = to_8k(&tone(1_000.0, rate), rate);
            assert_eq!(samples.len(), 8_000, "{rate}");
            assert!(goertzel::over_noise_db(&samples, 1_000.0) > 30.0, "{rate}");
        }
    }

    #[test]
    fn what_eight_kilohertz_cannot_carry_is_filtered_out() {
        let samples = to_8k(&tone(6_000.0, 48_000), 48_000);
        let loudest = samples[200..7_800].iter().map(|s| s.unsigned_abs()).max();
        assert!(loudest < Some(300), "{loudest:?}");
    }
}
