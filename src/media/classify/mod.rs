//! Who or what answered: the stage that listens to a called party's first seconds.
//!
//! A [`Classifier`] gets every frame the far end says and gives its [`Finding`]s. The one that is
//! built in, [`AnswerDetector`], counts words and pauses and looks for tones; another can take its
//! place without the engine noticing. Whatever it cannot tell in its time budget is unsure, and
//! unsure is to be treated as a person: a machine that is connected costs seconds, a person who is
//! hung up on is a complaint.

mod beep;
mod detector;
mod early;
mod fax;
mod level;
mod pure;
mod sit;
mod speech;
#[cfg(test)]
mod tests;

pub use detector::{AnswerDetector, AnswerParams};
pub use early::EarlyDetector;
pub use sit::Sit;
pub use speech::{SpeechDetector, SpeechParams};

use crate::codec::Samples;

/// Listens and judges; called once every twenty milliseconds on a media thread, so it must not
/// wait and should not take more than some microseconds.
pub trait Classifier: Send + std::fmt::Debug {
    /// Takes the next frame. A verdict comes once; a beep may follow it.
    fn hear(&mut self, frame: &Samples) -> Option<Finding>;

    /// True when nothing more will be found.
    fn is_done(&self) -> bool;
}

/// Something that was found out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Finding {
    pub what: Found,
    /// What special information tones said; `None` where they said nothing, and for other verdicts.
    pub sit: Option<Sit>,
    /// Why, in a word or two for the log and the record.
    pub why: &'static str,
    /// Milliseconds of sound it took.
    pub after_ms: u32,
    /// When the greeting was over, likewise; `None` when none was heard or it goes on.
    pub greeted_ms: Option<u32>,
}

/// What was found out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    Verdict(Verdict),
    /// The tone after which a machine records.
    Beep,
    /// Somebody speaks: of [`SpeechDetector`] alone, as the next.
    SpeechBegan,
    /// Who spoke has paused.
    SpeechPaused,
}

/// Who or what answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    Human,
    Machine,
    /// A fax or a modem: calling tone 1100 Hz (T.30 CNG) or answering tone 2100 Hz (CED, ANS,
    /// ANSam).
    Fax,
    /// Special information tones (ITU-T E.180 §7): an announcement of the network, no party.
    Network,
    /// It could not be told in time: treat as human.
    Unsure,
}
