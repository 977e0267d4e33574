//! Pure tones: the one frequency of a frame, if it has one.

use crate::{codec::Samples, g711::RATE, goertzel::power};

/// A pure tone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tone {
    pub hz: f32,
    pub db: f32,
}

/// The least share of a frame's power that its one tone must carry.
const PURITY: f64 = 0.8;
/// How far the first guess of the frequency may be off, in hertz: noise draws it to the middle.
const OFF_BY: f64 = 15.0;
/// Nothing quieter is a signal, in decibels of full scale.
const LEAST_DB: f32 = -40.0;

/// The tone of a frame. A sine obeys `x[n-1] + x[n+1] = 2 cos(w) x[n]`; the best `cos(w)` in the
/// sense of least squares guesses the frequency, and the power found there says whether it is the
/// only one.
pub fn tone_in(frame: &Samples) -> Option<Tone> {
    let db = super::level::loudness_db(frame);
    if db < LEAST_DB {
        return None;
    }
    let (mut cross, mut own) = (0.0_f64, 0.0_f64);
    for window in frame.windows(3) {
        let [before, now, after] = [window[0], window[1], window[2]].map(f64::from);
        cross += now * (before + after);
        own += now * now;
    }
    let cosine = cross / (2.0 * own);
    if !(-1.0..=1.0).contains(&cosine) {
        return None;
    }
    let guess = cosine.acos() / std::f64::consts::TAU * f64::from(RATE);
    let (hz, power) = [guess - OFF_BY, guess, guess + OFF_BY]
        .map(|hz| (hz, power(frame, hz)))
        .into_iter()
        .max_by(|(_, a), (_, b)| a.total_cmp(b))?;
    let whole = own / (frame.len() - 2) as f64;
    (power > PURITY * whole).then_some(Tone { hz: hz as f32, db })
}

/// A tone that holds its pitch over frames.
#[derive(Debug, Clone, Copy, Default)]
pub struct Steady {
    hz: f32,
    frames: u32,
}

impl Steady {
    /// Takes the tone of the next frame; returns the pitch and how many frames it has held.
    pub fn hold(&mut self, tone: Option<Tone>) -> Option<(f32, u32)> {
        let Some(tone) = tone else {
            *self = Self::default();
            return None;
        };
        if self.frames > 0 && (tone.hz - self.hz).abs() <= 20.0 + self.hz * 0.01 {
            self.frames += 1;
            self.hz += (tone.hz - self.hz) / self.frames as f32;
        } else {
            *self = Self {
                hz: tone.hz,
                frames: 1,
            };
        }
        Some((self.hz, self.frames))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{comfort::Comfort, tone};

    fn frame_of(sound: &[i16]) -> Samples {
        std::array::from_fn(|n| sound[n])
    }

    #[test]
    fn a_tone_is_found_at_its_pitch_and_noise_is_none() {
        for hz in [425.0, 950.0, 1_100.0, 1_400.0, 1_800.0, 2_100.0] {
            let found = tone_in(&frame_of(&tone::sine(hz, 20))).expect("a tone");
            assert!((f64::from(found.hz) - hz).abs() <= 16.0, "{hz}: {found:?}");
        }
        let mut noise = Comfort::of_payload(&[12]).expect("a level");
        for _ in 0..200 {
            let mut frame = [0; 160];
            noise.fill(&mut frame);
            assert_eq!(tone_in(&frame), None);
        }
        let two: Vec<i16> = tone::sine(440.0, 20)
            .iter()
            .zip(tone::sine(1_300.0, 20))
            .map(|(a, b)| a / 2 + b / 2)
            .collect();
        assert_eq!(tone_in(&frame_of(&two)), None);
        assert_eq!(tone_in(&[0; 160]), None);
    }
}
