//! Prompts that need no file.

use std::f64::consts::TAU;

use crate::{classify::Sit, g711::RATE};

/// Half of full scale: loud and clear of clipping.
const AMPLITUDE: f64 = 12_000.0;
const DEFAULT_MS: u32 = 1_000;
const LONGEST_MS: u32 = 600_000;

/// The samples of a built-in prompt, or `None` when `name` is not one.
///
/// * `tone:<hz>` and `tone:<hz>:<ms>`: a sine, one second if not said otherwise
/// * `silence` and `silence:<ms>`
/// * `voice` and `voice:<ms>`: somebody who speaks without words, to be told from a tone
/// * `music`: a short melody made to be looped
/// * `ringback`: one second of 425 Hz, four of silence
/// * `sit`: the special information tones of ITU-T E.180; `sit:intercept`, `sit:vacant_code`,
///   `sit:reorder` and `sit:no_circuit` as they are coded in North America
/// * `dial-tone`: 425 Hz, made to be looped
/// * `refused`: four short pips of 425 Hz, for who has asked for something that does not go
#[must_use]
pub fn built_in(name: &str) -> Option<Vec<i16>> {
    if let Some(code) = sit_code(name) {
        let segments = Sit::segments(code).map(|(hz, ms)| sine(hz, ms));
        return Some(segments.concat());
    }
    let mut parts = name.split(':');
    let kind = parts.next()?;
    let first = parts.next().map(str::parse::<u32>);
    let second = parts.next().map(str::parse::<u32>);
    match (kind, first, second) {
        ("tone", Some(Ok(hz)), None) if audible(hz) => Some(sine(f64::from(hz), DEFAULT_MS)),
        ("tone", Some(Ok(hz)), Some(Ok(ms))) if audible(hz) && lasts(ms) => {
            Some(sine(f64::from(hz), ms))
        }
        ("silence", None, None) => Some(quiet(DEFAULT_MS)),
        ("silence", Some(Ok(ms)), None) if lasts(ms) => Some(quiet(ms)),
        ("voice", None, None) => Some(voice(DEFAULT_MS)),
        ("voice", Some(Ok(ms)), None) if lasts(ms) => Some(voice(ms)),
        ("music", None, None) => Some(melody()),
        ("ringback", None, None) => Some([sine(425.0, 1_000), quiet(4_000)].concat()),
        ("dial-tone", None, None) => Some(sine(425.0, 1_000)),
        ("refused", None, None) => Some([sine(425.0, 150), quiet(100)].concat().repeat(4)),
        _ => None,
    }
}

/// Whether a built-in prompt has this name; its samples are not made for that.
#[must_use]
pub fn is_built_in(name: &str) -> bool {
    if sit_code(name).is_some() {
        return true;
    }
    let mut parts = name.split(':');
    let kind = parts.next().unwrap_or_default();
    let numbers: Vec<_> = parts.map(str::parse::<u32>).collect();
    match (kind, &numbers[..]) {
        ("tone", [Ok(hz)]) => audible(*hz),
        ("tone", [Ok(hz), Ok(ms)]) => audible(*hz) && lasts(*ms),
        ("silence" | "voice", [Ok(ms)]) => lasts(*ms),
        ("silence" | "voice" | "music" | "ringback" | "dial-tone" | "refused", []) => true,
        _ => false,
    }
}

/// What the special information tones of that name say.
fn sit_code(name: &str) -> Option<Option<Sit>> {
    match name.split_once(':') {
        None => (name == "sit").then_some(None),
        Some(("sit", code)) => {
            let known = Sit::ALL.into_iter().find(|sit| sit.as_str() == code);
            known.map(Some)
        }
        Some(_) => None,
    }
}

/// A sine of `hz` for `ms`.
#[must_use]
pub fn sine(hz: f64, ms: u32) -> Vec<i16> {
    (0..samples_in(ms))
        .map(|n| (AMPLITUDE * (TAU * hz * f64::from(n) / f64::from(RATE)).sin()) as i16)
        .collect()
}

/// Harmonics of a pitch that glides, opened and closed like syllables.
#[must_use]
pub fn voice(ms: u32) -> Vec<i16> {
    let mut phase = 0.0;
    (0..samples_in(ms))
        .map(|n| {
            let t = f64::from(n) / f64::from(RATE);
            phase += (140.0 + 30.0 * (t * 5.0).sin()) / f64::from(RATE);
            let harmonics =
                (1..12).map(|k| (TAU * phase * f64::from(k)).sin() / f64::from(k).sqrt());
            let syllable = 0.6 + 0.4 * (TAU * 4.0 * t).sin();
            (harmonics.sum::<f64>() * syllable * AMPLITUDE / 5.0) as i16
        })
        .collect()
}

fn quiet(ms: u32) -> Vec<i16> {
    vec![0; samples_in(ms) as usize]
}

fn samples_in(ms: u32) -> u32 {
    ms * (RATE / 1_000)
}

fn audible(hz: u32) -> bool {
    (20..RATE / 2).contains(&hz)
}

fn lasts(ms: u32) -> bool {
    (1..=LONGEST_MS).contains(&ms)
}

/// Sixteen plucked notes, an arpeggio over four chords.
fn melody() -> Vec<i16> {
    const NOTES: [f64; 16] = [
        261.6, 329.6, 392.0, 523.3, 220.0, 261.6, 329.6, 440.0, 174.6, 220.0, 261.6, 349.2, 196.0,
        246.9, 293.7, 392.0,
    ];
    NOTES.iter().flat_map(|&hz| pluck(hz)).collect()
}

fn pluck(hz: f64) -> impl Iterator<Item = i16> {
    (0..samples_in(400)).map(move |n| {
        let t = f64::from(n) / f64::from(RATE);
        let fade = (-4.0 * t).exp() * (t * 200.0).min(1.0);
        (AMPLITUDE * 0.6 * fade * ((TAU * hz * t).sin() + 0.3 * (TAU * 2.0 * hz * t).sin())) as i16
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_no_tone_are_none() {
        for name in [
            "tone",
            "tone:",
            "tone:x",
            "tone:9000",
            "tone:440:0",
            "silence:x",
            "sit:",
            "sit:busy",
            "welcome",
        ] {
            assert!(built_in(name).is_none() && !is_built_in(name), "{name}");
        }
    }

    #[test]
    fn a_tone_lasts_as_long_as_its_name_says() {
        assert_eq!(built_in("tone:1000").map(|s| s.len()), Some(8_000));
        assert_eq!(built_in("tone:440:250").map(|s| s.len()), Some(2_000));
        assert_eq!(built_in("voice:30").map(|s| s.len()), Some(240));
        assert_eq!(built_in("refused").map(|s| s.len()), Some(8_000));
        assert_eq!(built_in("sit").map(|s| s.len()), Some(7_920));
        assert!(is_built_in("sit:no_circuit"));
        assert_eq!(built_in("silence:20").map(|s| s.len()), Some(160));
    }
}
