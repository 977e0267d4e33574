//! Keys as telephones make them, and what sounds like them.

use std::{f64::consts::TAU, iter};

use super::*;
use crate::{
    comfort::Comfort,
    g711::{FRAME, Law, RATE},
    keys::{EVENTS, Keys, Press, tones},
    tone,
};

/// Amplitude of a tone of 0 dBm0: 3.14 dB below what A-law can carry (G.711).
const PEAK: f64 = 22_500.0;

/// How a key is pressed.
#[derive(Debug, Clone, Copy)]
struct Touch {
    ms: usize,
    /// Silence after it.
    pause_ms: usize,
    /// Level of the row's and of the column's tone, dBm0.
    row: f64,
    column: f64,
    /// How far each is off its pitch, as a share of it.
    row_off: f64,
    column_off: f64,
}

const TOUCH: Touch = Touch {
    ms: 40,
    pause_ms: 40,
    row: -10.0,
    column: -10.0,
    row_off: 0.0,
    column_off: 0.0,
};

impl Touch {
    /// The keys one after the other, through A-law, after so many samples of silence.
    fn presses(self, digits: &[char], lead: usize) -> Vec<i16> {
        let keys = digits.iter().flat_map(|&digit| self.press(digit));
        let sound = iter::repeat_n(0, lead).chain(keys);
        sound
            .map(|sample| Law::Pcma.decode(Law::Pcma.encode(sample)))
            .collect()
    }

    fn press(self, digit: char) -> Vec<i16> {
        let (row, column) = tones(digit).expect("a key");
        let wave = |n: usize, hz: f64, off: f64, level: f64| {
            let t = n as f64 / f64::from(RATE);
            PEAK * 10_f64.powf(level / 20.0) * (TAU * hz * (1.0 + off) * t).sin()
        };
        let both = |n| {
            let sum = wave(n, row, self.row_off, self.row)
                + wave(n, column, self.column_off, self.column);
            sum.clamp(-32_768.0, 32_767.0) as i16
        };
        let pause = iter::repeat_n(0, self.pause_ms * 8);
        (0..self.ms * 8).map(both).chain(pause).collect()
    }
}

fn heard_in(sound: &[i16]) -> Vec<Key> {
    let mut ears = ToneKeys::default();
    let (frames, _) = sound.as_chunks::<FRAME>();
    let quiet = iter::repeat_n([0; FRAME], 5);
    let frames = frames.iter().copied().chain(quiet);
    frames.filter_map(|frame| ears.hear(&frame)).collect()
}

fn digits_in(sound: &[i16]) -> String {
    heard_in(sound).iter().map(|key| key.digit).collect()
}

#[test]
fn every_key_we_play_is_heard_once() {
    let mut keys = Keys::default();
    let digits: String = EVENTS.iter().collect();
    keys.press(&digits);
    let frames = iter::from_fn(|| {
        let busy = keys.is_busy();
        busy.then(|| match keys.step(None) {
            Some(Press::Tone(samples)) => samples,
            _ => [0; FRAME],
        })
    });
    let sound: Vec<i16> = frames.flatten().collect();
    assert_eq!(digits_in(&sound), digits);
    let heard = heard_in(&sound);
    assert!(
        heard.iter().all(|key| (110..=130).contains(&key.ms)),
        "{heard:?}"
    );
}

#[test]
fn forty_milliseconds_are_a_key_wherever_they_begin_and_however_they_may_be() {
    let all: String = EVENTS.iter().collect();
    for (row, column) in [(0.0, 0.0), (-4.0, 0.0), (0.0, -8.0), (-25.0, -25.0)] {
        for (row_off, column_off) in [(0.0, 0.0), (0.015, -0.015), (-0.015, 0.015), (0.015, 0.015)]
        {
            let touch = Touch {
                row,
                column,
                row_off,
                column_off,
                ..TOUCH
            };
            for lead in (0..FRAME).step_by(11) {
                let sound = touch.presses(&EVENTS, lead);
                assert_eq!(digits_in(&sound), all, "{touch:?} after {lead} samples");
            }
        }
    }
}

#[test]
fn what_is_shorter_than_a_key_or_off_its_pitch_is_none() {
    let short = Touch { ms: 24, ..TOUCH };
    let off = |row_off, column_off| Touch {
        ms: 100,
        row_off,
        column_off,
        ..TOUCH
    };
    let twisted = |row, column| Touch {
        ms: 100,
        row,
        column,
        ..TOUCH
    };
    for touch in [
        short,
        off(0.035, 0.0),
        off(0.0, -0.035),
        off(-0.035, 0.035),
        twisted(-20.0, -8.0),
        twisted(-8.0, -20.0),
        twisted(-55.0, -55.0),
    ] {
        for lead in (0..FRAME).step_by(11) {
            let sound = touch.presses(&EVENTS, lead);
            assert_eq!(digits_in(&sound), "", "{touch:?} after {lead} samples");
        }
    }
}

#[test]
fn a_pause_of_forty_milliseconds_parts_two_keys_and_a_crack_does_not() {
    let twice = |pause_ms| Touch {
        pause_ms,
        ms: 80,
        ..TOUCH
    };
    for lead in (0..FRAME).step_by(11) {
        let parted = twice(40).presses(&['5', '5'], lead);
        assert_eq!(digits_in(&parted), "55", "after {lead} samples");
        let cracked = twice(10).presses(&['5', '5'], lead);
        let heard = heard_in(&cracked);
        assert_eq!(heard.len(), 1, "after {lead} samples: {heard:?}");
        assert!((150..=180).contains(&heard[0].ms), "{heard:?}");
    }
}

#[test]
fn music_voices_single_tones_and_noise_are_no_keys() {
    let mut noise = Comfort::of_payload(&[15]).expect("a level");
    let noisy = iter::repeat_with(|| {
        let mut frame = [0; FRAME];
        noise.fill(&mut frame);
        frame
    });
    let noisy: Vec<i16> = noisy.take(2_000).flatten().collect();
    assert_eq!(heard_in(&noisy), []);
    for name in [
        "music",
        "ringback",
        "voice:20000",
        "tone:697:2000",
        "tone:1336:2000",
    ] {
        let sound = tone::built_in(name).expect("a built-in");
        assert_eq!(heard_in(&sound), [], "{name}");
    }
}
