//! The classifier for sound before the answer.

use super::{
    Classifier, Finding, Found, Verdict,
    pure::{Steady, tone_in},
    sit::{Sit, Tracker},
};
use crate::codec::Samples;

const FRAME_MS: u32 = 20;

/// Listens for special information tones and for nothing else, without a time limit: nobody has
/// answered, so there is nobody to be told from a machine, and a ringback may be any music.
#[derive(Debug, Default)]
pub struct EarlyDetector {
    steady: Steady,
    sit: Tracker,
    /// Milliseconds heard.
    now: u32,
    is_done: bool,
}

impl Classifier for EarlyDetector {
    fn hear(&mut self, frame: &Samples) -> Option<Finding> {
        if self.is_done {
            return None;
        }
        self.now = self.now.saturating_add(FRAME_MS);
        let sit = self.sit.hear(self.steady.hold(tone_in(frame)))?;
        self.is_done = true;
        Some(Finding {
            what: Found::Verdict(Verdict::Network),
            sit,
            why: Sit::why(sit),
            after_ms: self.now,
            greeted_ms: None,
        })
    }

    fn is_done(&self) -> bool {
        self.is_done
    }
}
