//! Has somebody begun to speak, and have they paused? By two levels that somebody set, without a guess
//! at the line's own noise.
//!
//! The level of a frame is the mean of the absolute values of its linear 16-bit samples, 160 in twenty
//! milliseconds: from 0 to 32,768. It is the measure of FreeSWITCH's `silence_threshold`. A sine of
//! amplitude *a* has the level 0.64 *a*; speech on a telephone mostly has some hundreds to some
//! thousands, a quiet line less than fifty.

use super::{Classifier, Finding, Found};
use crate::codec::Samples;

const FRAME_MS: u32 = 20;
/// A shorter sound is a crack in the line, or a breath.
const SHORTEST_MS: u32 = 100;

/// What counts as speech and what as silence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpeechParams {
    /// A frame of this level or more is voice.
    pub voice_level: u16,
    /// A frame below this level is silence. One between the two belongs to what was before it.
    pub silence_level: u16,
    /// Silence that ends what was said; milliseconds.
    pub pause_ms: u32,
}

/// Tells when somebody begins to speak and when they pause, over and over.
#[derive(Debug)]
pub struct SpeechDetector {
    params: SpeechParams,
    /// Milliseconds heard.
    now: u32,
    speaks: bool,
    /// Sound that may become speech, or silence that may become a pause; milliseconds.
    other: u32,
}

impl SpeechDetector {
    #[must_use]
    pub fn new(params: SpeechParams) -> Self {
        Self {
            params,
            now: 0,
            speaks: false,
            other: 0,
        }
    }

    /// Whether what was not speech before has become some.
    fn begins(&mut self, level: u16) -> bool {
        let goes_on = self.other > 0 && !self.is_silence(level);
        self.other = match self.is_voice(level) || goes_on {
            true => self.other + FRAME_MS,
            false => 0,
        };
        self.other >= SHORTEST_MS
    }

    /// Whether who spoke before has paused.
    fn pauses(&mut self, level: u16) -> bool {
        let goes_on = self.other > 0 && !self.is_voice(level);
        self.other = match self.is_silence(level) || goes_on {
            true => self.other + FRAME_MS,
            false => 0,
        };
        self.other >= self.params.pause_ms
    }

    /// No sound at all is no voice, and is silence, wherever the levels are.
    fn is_voice(&self, level: u16) -> bool {
        level > 0 && level >= self.params.voice_level
    }

    fn is_silence(&self, level: u16) -> bool {
        level == 0 || level < self.params.silence_level
    }
}

impl Classifier for SpeechDetector {
    fn hear(&mut self, frame: &Samples) -> Option<Finding> {
        self.now = self.now.saturating_add(FRAME_MS);
        let level = level_of(frame);
        let (has_changed, what) = match self.speaks {
            true => (self.pauses(level), Found::SpeechPaused),
            false => (self.begins(level), Found::SpeechBegan),
        };
        if !has_changed {
            return None;
        }
        self.speaks = !self.speaks;
        self.other = 0;
        Some(Finding {
            what,
            sit: None,
            why: "",
            after_ms: self.now,
            greeted_ms: None,
        })
    }

    fn is_done(&self) -> bool {
        false
    }
}

/// See the module.
fn level_of(frame: &Samples) -> u16 {
    let sum: u32 = frame.iter().map(|s| u32::from(s.unsigned_abs())).sum();
    // The mean of sixteen bits has sixteen bits.
    (sum / frame.len() as u32) as u16
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{g711::FRAME, tone};

    const PARAMS: SpeechParams = SpeechParams {
        voice_level: 200,
        silence_level: 100,
        pause_ms: 200,
    };

    /// What is told of frames of these levels, each for so many milliseconds, and when.
    fn told(params: SpeechParams, sound: &[(i16, u32)]) -> Vec<(Found, u32)> {
        let mut detector = SpeechDetector::new(params);
        let levels = sound
            .iter()
            .flat_map(|&(level, ms)| std::iter::repeat_n(level, (ms / FRAME_MS) as usize));
        levels
            .filter_map(|level| {
                // As a wave, to both sides.
                let frame = std::array::from_fn(|n| if n % 2 == 0 { level } else { -level });
                detector.hear(&frame)
            })
            .map(|finding| (finding.what, finding.after_ms))
            .collect()
    }

    #[test]
    fn speech_begins_at_its_level_and_ends_with_a_pause_as_long_as_is_set() {
        use Found::{SpeechBegan, SpeechPaused};
        let words = [(0, 100), (200, 500), (99, 180), (300, 400), (0, 1_000)];
        assert_eq!(
            told(PARAMS, &words),
            [(SpeechBegan, 200), (SpeechPaused, 1_380)]
        );
        let twice = [(200, 100), (0, 200), (200, 100), (0, 200)];
        assert_eq!(
            told(PARAMS, &twice),
            [
                (SpeechBegan, 100),
                (SpeechPaused, 300),
                (SpeechBegan, 400),
                (SpeechPaused, 600)
            ]
        );
        let patient = SpeechParams {
            pause_ms: 1_000,
            ..PARAMS
        };
        assert_eq!(told(patient, &twice), [(SpeechBegan, 100)]);
    }

    #[test]
    fn what_is_below_the_level_or_too_short_is_no_speech() {
        assert_eq!(told(PARAMS, &[(199, 5_000)]), []);
        assert_eq!(told(PARAMS, &[(5_000, 80), (0, 20), (5_000, 80)]), []);
    }

    #[test]
    fn between_the_levels_goes_on_what_was_before() {
        let begun = [(200, 20), (150, 80), (150, 1_000)];
        assert_eq!(told(PARAMS, &begun), [(Found::SpeechBegan, 100)]);
        let ended = [(200, 100), (0, 20), (150, 180)];
        assert_eq!(
            told(PARAMS, &ended),
            [(Found::SpeechBegan, 100), (Found::SpeechPaused, 300)]
        );
    }

    #[test]
    fn no_sound_at_all_is_silence_at_any_level() {
        let anything = SpeechParams {
            voice_level: 0,
            silence_level: 0,
            pause_ms: 200,
        };
        assert_eq!(told(anything, &[(0, 2_000)]), []);
        let word = [(1, 100), (0, 200)];
        assert_eq!(
            told(anything, &word),
            [(Found::SpeechBegan, 100), (Found::SpeechPaused, 300)]
        );
    }

    #[test]
    fn the_level_is_the_mean_of_the_absolute_samples() {
        assert_eq!(level_of(&[i16::MIN; FRAME]), 32_768);
        assert_eq!(level_of(&[0; FRAME]), 0);
        let sine = tone::sine(1_000.0, 20);
        let amplitude = sine.iter().map(|s| f64::from(s.unsigned_abs()));
        let amplitude = amplitude.fold(0.0, f64::max);
        let frame = sine.first_chunk().expect("a frame");
        let share = f64::from(level_of(frame)) / amplitude;
        assert!((0.58..0.70).contains(&share), "{share}");
    }
}
