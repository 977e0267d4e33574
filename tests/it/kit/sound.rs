//! Tones, made and measured.

use std::{f64::consts::TAU, path::Path};

pub const RATE: u32 = 8_000;

/// A tone of `frequency` hertz, `amplitude` 0 to 1, starting at sample `from`.
pub fn tone(frequency: f64, amplitude: f64, from: u64, count: usize) -> Vec<i16> {
    (from..)
        .take(count)
        .map(|n| {
            let phase = TAU * frequency * n as f64 / f64::from(RATE);
            (phase.sin() * amplitude * f64::from(i16::MAX)) as i16
        })
        .collect()
}

/// Power of one frequency against everything else, in decibels, by Goertzel's filter: the upper quartile
/// over windows of 200 ms, so that a slip of the clock spoils one window only, and one in each second is
/// no matter.
///
/// # Panics
/// When there is less than one window.
pub fn over_noise_db(samples: &[i16], frequency: f64) -> f64 {
    let window = RATE as usize / 5;
    let mut ratios: Vec<f64> = samples
        .chunks_exact(window)
        .map(|part| window_db(part, frequency))
        .collect();
    assert!(!ratios.is_empty(), "only {} samples", samples.len());
    ratios.sort_by(f64::total_cmp);
    ratios[ratios.len() * 3 / 4]
}

/// So many samples are what somebody hears now: 600 ms.
pub const LATELY: usize = RATE as usize * 3 / 5;

/// Which of these tones are heard: those that have a tenth of the power or more.
pub fn tones_in(samples: &[i16], tones: &[f64]) -> Vec<f64> {
    let total: f64 = samples.iter().map(|s| f64::from(*s).powi(2)).sum();
    // Silence has no tones, however its noise falls.
    let loud = total > samples.len() as f64 * 10_000.0;
    let heard = |tone: &&f64| loud && tone_energy(samples, **tone) > total / 10.0;
    tones.iter().filter(heard).copied().collect()
}

fn window_db(samples: &[i16], frequency: f64) -> f64 {
    let total: f64 = samples.iter().map(|s| f64::from(*s).powi(2)).sum();
    let tone = tone_energy(samples, frequency);
    // Half a step of quantisation keeps silence from dividing by zero.
    let noise = (total - tone).max(samples.len() as f64 * 0.25);
    10.0 * (tone.max(f64::MIN_POSITIVE) / noise).log10()
}

/// The energy of the sine of this frequency that fits the samples best.
fn tone_energy(samples: &[i16], frequency: f64) -> f64 {
    let step = TAU * frequency / f64::from(RATE);
    let coefficient = 2.0 * step.cos();
    let (mut last, mut before) = (0.0, 0.0);
    for sample in samples {
        (last, before) = (f64::from(*sample) + coefficient * last - before, last);
    }
    let power = last * last + before * before - coefficient * last * before;
    2.0 * power / samples.len() as f64
}

/// Both channels of a stereo recording.
///
/// # Panics
/// When it is none.
pub fn read_stereo(wav: &Path) -> [Vec<i16>; 2] {
    let mut reader = hound::WavReader::open(wav).expect("a wav file");
    assert_eq!(
        (reader.spec().channels, reader.spec().sample_rate),
        (2, RATE)
    );
    let samples: Vec<i16> = reader
        .samples()
        .map(|s| s.expect("whole samples"))
        .collect();
    [0, 1].map(|channel| samples.iter().skip(channel).step_by(2).copied().collect())
}

/// A mono file.
///
/// # Panics
/// When it cannot be written.
pub fn write_wav(path: &Path, samples: &[i16]) {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: RATE,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(path, spec).expect("it is writable");
    for sample in samples {
        writer.write_sample(*sample).expect("it is writable");
    }
    writer.finalize().expect("it is writable");
}

#[test]
fn two_tones_are_heard_and_a_third_is_not() {
    let both: Vec<i16> = tone(1000.0, 0.3, 0, 4800)
        .into_iter()
        .zip(tone(600.0, 0.3, 0, 4800))
        .map(|(a, b)| a + b)
        .collect();
    assert_eq!(tones_in(&both, &[450.0, 600.0, 1000.0]), [600.0, 1000.0]);
    assert!(tones_in(&[3; 4800], &[600.0]).is_empty());
}

#[test]
fn a_tone_is_told_from_another_and_from_silence() {
    let kilohertz = tone(1000.0, 0.5, 0, 8000);
    assert!(over_noise_db(&kilohertz, 1000.0) > 40.0);
    assert!(over_noise_db(&kilohertz, 600.0) < -20.0);
    assert!(over_noise_db(&[0; 8000], 1000.0) < -20.0);
}

#[test]
fn a_tone_with_a_break_in_every_other_window_is_heard() {
    let mut broken = tone(1000.0, 0.5, 0, 16_000);
    for window in broken.chunks_exact_mut(3_200) {
        window[..400].fill(0);
    }
    assert!(over_noise_db(&broken, 1000.0) > 40.0);
    assert!(over_noise_db(&broken, 600.0) < -20.0);
}
