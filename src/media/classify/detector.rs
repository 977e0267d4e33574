//! The built-in classifier: words, pauses and tones.
//!
//! The shape is that of the known detectors: a person says a short word and waits, a machine
//! talks on. Beside it tones are looked for, which no person makes.

use super::{
    Classifier, Finding, Found, Verdict,
    beep::Beep,
    fax::FaxTones,
    level::Floor,
    pure::{Steady, Tone, tone_in},
    sit::{Sit, Tracker},
};
use crate::codec::Samples;

const FRAME_MS: u32 = 20;
/// A pause inside a word that does not end it.
const BRIDGED_MS: u32 = 60;

/// Thresholds of one campaign, all in milliseconds but where it is said.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AnswerParams {
    /// A verdict is given after this at the latest.
    pub budget_ms: u32,
    /// Silence at the beginning after which it is no use to listen on: unsure.
    pub initial_silence_ms: u32,
    /// A person's greeting, from its first word to its last, is shorter than this; a machine talks
    /// on.
    pub longest_greeting_ms: u32,
    /// Silence after a greeting that makes it a person's.
    pub after_greeting_ms: u32,
    /// Words of a person's greeting; more are a machine.
    pub most_words: u32,
    /// The shortest sound that counts as a word.
    pub shortest_word_ms: u32,
    /// The pause that separates two words.
    pub between_words_ms: u32,
    /// What is quieter is no speech, in decibels of full scale.
    pub least_db: f32,
    /// How long a beep must hold.
    pub shortest_beep_ms: u32,
    /// How long to wait for the beep of a machine; 0 does not wait.
    pub beep_budget_ms: u32,
}

impl Default for AnswerParams {
    fn default() -> Self {
        Self {
            budget_ms: 8_000,
            initial_silence_ms: 2_500,
            longest_greeting_ms: 6_000,
            after_greeting_ms: 800,
            most_words: 10,
            shortest_word_ms: 100,
            between_words_ms: 120,
            least_db: -42.0,
            shortest_beep_ms: 160,
            beep_budget_ms: 0,
        }
    }
}

impl AnswerParams {
    /// The parameters with every value inside the range that makes sense for it.
    #[must_use]
    pub fn within_bounds(self) -> Self {
        Self {
            budget_ms: self.budget_ms.clamp(500, 20_000),
            initial_silence_ms: self.initial_silence_ms.clamp(200, 20_000),
            longest_greeting_ms: self.longest_greeting_ms.clamp(300, 10_000),
            after_greeting_ms: self.after_greeting_ms.clamp(100, 5_000),
            most_words: self.most_words.clamp(1, 50),
            shortest_word_ms: self.shortest_word_ms.clamp(20, 1_000),
            between_words_ms: self.between_words_ms.clamp(20, 1_000),
            least_db: self.least_db.clamp(-70.0, -10.0),
            shortest_beep_ms: self.shortest_beep_ms.clamp(60, 2_000),
            beep_budget_ms: self.beep_budget_ms.min(120_000),
        }
    }
}

/// Listens to one answered leg.
#[derive(Debug)]
pub struct AnswerDetector {
    params: AnswerParams,
    floor: Floor,
    steady: Steady,
    beep: Beep,
    fax: FaxTones,
    sit: Tracker,
    /// What they said.
    said: Option<Sit>,
    /// Milliseconds heard.
    now: u32,
    /// When the greeting began.
    began: Option<u32>,
    /// Speech of this word, and the silence since.
    word: u32,
    silence: u32,
    words: u32,
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Judging,
    /// It is a machine; the beep is waited for until then.
    AwaitingBeep {
        until: u32,
    },
    Done,
}

impl AnswerDetector {
    /// A detector with these thresholds, brought [within bounds](AnswerParams::within_bounds).
    #[must_use]
    pub fn new(params: AnswerParams) -> Self {
        let params = params.within_bounds();
        Self {
            params,
            floor: Floor::new(params.least_db),
            steady: Steady::default(),
            beep: Beep::of(params.shortest_beep_ms),
            fax: FaxTones::default(),
            sit: Tracker::default(),
            said: None,
            now: 0,
            began: None,
            word: 0,
            silence: 0,
            words: 0,
            stage: Stage::Judging,
        }
    }

    fn judge(
        &mut self,
        frame: &Samples,
        tone: Option<Tone>,
        steady: Option<(f32, u32)>,
    ) -> Option<(Verdict, &'static str)> {
        if let Some(said) = self.sit.hear(steady) {
            self.said = said;
            return Some((Verdict::Network, Sit::why(said)));
        }
        if self.fax.hear(tone) {
            return Some((Verdict::Fax, "fax tone"));
        }
        // Before a word has been said a tone is no beep: it may become one of the others.
        if self.began.is_none() {
            self.beep.unspoken(steady);
        } else if self.words > 0 && self.beep.is_heard(steady, frame) {
            return Some((Verdict::Machine, "beep"));
        }
        // A tone is no speech, but a vowel may look like one for a frame or two.
        let toned = self.fax.is_heard() || steady.is_some_and(|(_, frames)| frames >= 4);
        let voice = self.floor.is_voice(frame) && !toned;
        if voice {
            self.beep.spoken(frame);
        }
        self.count(voice);
        self.weigh()
    }

    /// Keeps the books of speech and silence.
    fn count(&mut self, voice: bool) {
        if voice {
            self.began.get_or_insert(self.now - FRAME_MS);
            // A short pause belongs to the word.
            let bridged = if self.silence <= BRIDGED_MS && self.word > 0 {
                self.silence
            } else {
                0
            };
            self.word += FRAME_MS + bridged;
            self.silence = 0;
            return;
        }
        self.silence += FRAME_MS;
        if self.silence == self.params.between_words_ms.next_multiple_of(FRAME_MS) {
            if self.word >= self.params.shortest_word_ms {
                self.words += 1;
            } else if self.words == 0 {
                // A click, not a word.
                self.began = None;
            }
            self.word = 0;
        }
    }

    fn weigh(&self) -> Option<(Verdict, &'static str)> {
        let params = &self.params;
        let words = self.words + u32::from(self.word >= params.shortest_word_ms);
        let length = self
            .began
            .map_or(0, |began| self.now.saturating_sub(self.silence + began));
        if words > 0 && length >= params.longest_greeting_ms {
            return Some((Verdict::Machine, "long greeting"));
        }
        if words > params.most_words {
            return Some((Verdict::Machine, "many words"));
        }
        if self.words > 0 && self.silence >= params.after_greeting_ms {
            return Some((Verdict::Human, "short greeting"));
        }
        let comes_to_something = self.fax.is_heard() || self.sit.is_heard();
        let silent = self.began.is_none() && !comes_to_something;
        if silent && self.now >= params.initial_silence_ms {
            return Some((Verdict::Unsure, "silence"));
        }
        (self.now >= params.budget_ms).then_some((Verdict::Unsure, "out of time"))
    }

    fn await_beep(
        &mut self,
        frame: &Samples,
        steady: Option<(f32, u32)>,
        until: u32,
    ) -> Option<Finding> {
        if self.beep.is_heard(steady, frame) {
            self.stage = Stage::Done;
            return Some(self.finding(Found::Beep, "beep"));
        }
        if self.now >= until {
            self.stage = Stage::Done;
        }
        None
    }

    fn finding(&self, what: Found, why: &'static str) -> Finding {
        Finding {
            what,
            sit: self.said,
            why,
            after_ms: self.now,
            greeted_ms: (self.words > 0 && self.silence >= self.params.between_words_ms)
                .then(|| self.now - self.silence),
        }
    }
}

impl Classifier for AnswerDetector {
    fn hear(&mut self, frame: &Samples) -> Option<Finding> {
        self.now += FRAME_MS;
        let tone = tone_in(frame);
        let steady = self.steady.hold(tone);
        match self.stage {
            Stage::Done => None,
            Stage::AwaitingBeep { until } => self.await_beep(frame, steady, until),
            Stage::Judging => {
                let (verdict, why) = self.judge(frame, tone, steady)?;
                let waits = verdict == Verdict::Machine && self.params.beep_budget_ms > 0;
                self.stage = match waits {
                    true => Stage::AwaitingBeep {
                        until: self.now + self.params.beep_budget_ms,
                    },
                    false => Stage::Done,
                };
                Some(self.finding(Found::Verdict(verdict), why))
            }
        }
    }

    fn is_done(&self) -> bool {
        self.stage == Stage::Done
    }
}
