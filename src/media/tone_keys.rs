//! Keys heard as their tones (ITU-T Q.23, Q.24), where the far end sends no telephone events.

use crate::{
    codec::Samples,
    dtmf::Key,
    g711::FRAME,
    goertzel::power,
    keys::{all_tones, key_at},
};

/// Each of the two tones must be at least this loud, as power: about -35 dBm0.
const LOUD_ENOUGH: f64 = 40_000.0;
/// Share of the whole power that the two tones must make up.
const PURE_ENOUGH: f64 = 0.8;
/// How far each must stand over the other three of its group.
const OVER_OTHERS: f64 = 4.0;
/// How far apart the two may be: 8 dB.
const TWIST: f64 = 6.3;
/// Frames that make a key, and frames without it that end one.
const FRAMES_ON: u32 = 2;
const FRAMES_OFF: u32 = 2;

/// Listens frame by frame.
#[derive(Debug, Default)]
pub struct ToneKeys {
    held: Option<Held>,
}

#[derive(Debug, Clone, Copy)]
struct Held {
    digit: char,
    on: u32,
    off: u32,
}

impl ToneKeys {
    /// Takes the next frame; returns a key once it is released.
    pub fn hear(&mut self, frame: &Samples) -> Option<Key> {
        let heard = digit_in(frame);
        let Some(held) = &mut self.held else {
            self.held = heard.map(|digit| Held {
                digit,
                on: 1,
                off: 0,
            });
            return None;
        };
        if heard == Some(held.digit) {
            held.on += 1;
            held.off = 0;
            return None;
        }
        held.off += 1;
        if held.off < FRAMES_OFF && held.on >= FRAMES_ON {
            return None;
        }
        let over = *held;
        self.held = heard.map(|digit| Held {
            digit,
            on: 1,
            off: 0,
        });
        (over.on >= FRAMES_ON).then_some(Key {
            digit: over.digit,
            ms: over.on * 20,
        })
    }
}

/// The key that is held in a frame, if one is.
fn digit_in(frame: &Samples) -> Option<char> {
    let total = frame.iter().map(|&s| f64::from(s).powi(2)).sum::<f64>() / FRAME as f64;
    if total < 2.0 * LOUD_ENOUGH {
        return None;
    }
    let powers = all_tones().map(|hz| power(frame, hz));
    let (row, low) = best(&powers[..4])?;
    let (column, high) = best(&powers[4..])?;
    let twisted = low > high * TWIST || high > low * TWIST;
    (low + high > PURE_ENOUGH * total && !twisted).then(|| key_at(row, column))
}

/// The strongest of four tones, if it is loud and stands out.
fn best(powers: &[f64]) -> Option<(usize, f64)> {
    let (index, &power) = powers
        .iter()
        .enumerate()
        .max_by(|(_, a), (_, b)| a.total_cmp(b))?;
    let others = powers
        .iter()
        .enumerate()
        .filter(|(other, _)| *other != index);
    let clear = others
        .map(|(_, &other)| other)
        .all(|other| power > OVER_OTHERS * other);
    (power > LOUD_ENOUGH && clear).then_some((index, power))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        keys::{EVENTS, Keys, Press},
        tone,
    };

    fn heard_in(frames: impl Iterator<Item = Samples>) -> Vec<Key> {
        let mut ears = ToneKeys::default();
        let quiet = std::iter::repeat_n([0; FRAME], 5);
        frames
            .chain(quiet)
            .filter_map(|frame| ears.hear(&frame))
            .collect()
    }

    #[test]
    fn every_key_we_play_is_heard_once() {
        let mut keys = Keys::default();
        let digits: String = EVENTS.iter().collect();
        keys.press(&digits);
        let frames = std::iter::from_fn(|| {
            let busy = keys.is_busy();
            busy.then(|| match keys.step(None) {
                Some(Press::Tone(samples)) => samples,
                _ => [0; FRAME],
            })
        });
        let heard = heard_in(frames);
        let told: String = heard.iter().map(|key| key.digit).collect();
        assert_eq!(told, digits);
        assert!(
            heard.iter().all(|key| (100..=140).contains(&key.ms)),
            "{heard:?}"
        );
    }

    #[test]
    fn music_single_tones_and_noise_are_no_keys() {
        let mut noise = crate::comfort::Comfort::of_payload(&[15]).expect("a level");
        let noisy = std::iter::repeat_with(|| {
            let mut frame = [0; FRAME];
            noise.fill(&mut frame);
            frame
        });
        assert_eq!(heard_in(noisy.take(2_000)), []);
        for name in ["music", "ringback", "tone:697:2000", "tone:1336:2000"] {
            let sound = tone::built_in(name).expect("a built-in");
            let (frames, _) = sound.as_chunks::<FRAME>();
            assert_eq!(heard_in(frames.iter().copied()), [], "{name}");
        }
    }

    #[test]
    fn a_flicker_is_no_key() {
        let mut keys = Keys::default();
        keys.press("5");
        let one = match keys.step(None) {
            Some(Press::Tone(samples)) => samples,
            other => panic!("{other:?}"),
        };
        assert_eq!(heard_in(std::iter::once(one)), []);
    }
}
