//! A robot that listens (VOX-115, VOX-116): whoever speaks to it goes on. It understands nothing of what
//! is said; that somebody speaks, and when they pause, the switch tells.

use serde::{Deserialize, Serialize};

use crate::{destination::Destination, time::Millis};

/// Loudest level that a threshold may be.
pub const LOUDEST: u16 = 10_000;
/// Why a robot that does not listen sends nobody elsewhere.
pub(crate) const DEAF: &str = "only a robot that listens knows who has not spoken";
/// Whom we have called says hello before they listen: what begins so soon after their answer ends no prompt.
const GREETING_MS: i64 = 2_000;
/// Who never pauses, as on a line that is noisier than its silence may be, goes on after this.
const LONGEST_SPEECH_MS: i64 = 30_000;

/// How a robot listens, as stored. A level is the mean of the absolute values of the linear 16-bit samples
/// of 20 ms, 0 to 32,767.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Listens {
    /// 声音阈值: sound of this level or more is speech, 0 to 10,000.
    pub voice_level: u16,
    /// 静音阈值: sound below this level is silence; at most the level of speech.
    pub silence_level: u16,
    /// 说话停顿超时: silence that ends what was said; milliseconds, 100 to 5,000.
    pub pause_ms: u32,
    /// 无对话提示等待时长: how long somebody has to begin to speak, after each prompt; seconds, 1 to 60.
    pub wait_s: u32,
    /// Speech ends the prompt; else what is said under it does not count.
    pub interruptible: bool,
    /// A prompt name: heard by who has not spoken, who then is waited for once more.
    pub silent: Option<String>,
}

impl Default for Listens {
    fn default() -> Self {
        Self {
            voice_level: 200,
            silence_level: 200,
            pause_ms: 200,
            wait_s: 3,
            interruptible: true,
            silent: None,
        }
    }
}

impl Listens {
    /// # Errors
    /// The first value that makes no sense: its name, and why. What `silent` names is not looked at.
    pub fn validate(&self) -> Result<(), (&'static str, &'static str)> {
        let table = [
            (
                self.voice_level <= LOUDEST,
                "voice_level",
                "must be 0 to 10000",
            ),
            (
                self.silence_level <= LOUDEST,
                "silence_level",
                "must be 0 to 10000",
            ),
            (
                self.silence_level <= self.voice_level,
                "silence_level",
                "must not be more than voice_level",
            ),
            (
                (100..=5_000).contains(&self.pause_ms),
                "pause_ms",
                "must be 100 to 5000",
            ),
            ((1..=60).contains(&self.wait_s), "wait_s", "must be 1 to 60"),
        ];
        let bad = table.into_iter().find(|(holds, ..)| !holds);
        bad.map_or(Ok(()), |(_, name, why)| Err((name, why)))
    }
}

/// That a robot listens after its prompt, and what becomes of those who never speak.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listening {
    pub listens: Listens,
    /// Where who never spoke goes.
    pub otherwise: Destination,
}

impl Listening {
    /// Where nothing else is said, the call of who never spoke ends. `None`: the robot does not listen.
    #[must_use]
    pub fn of(listens: Option<&Listens>, otherwise: Option<&Destination>) -> Option<Self> {
        Some(Self {
            listens: listens?.clone(),
            otherwise: otherwise.cloned().unwrap_or(Destination::Hangup),
        })
    }
}

/// What the switch tells of a leg that it listens to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speech {
    Began,
    Paused,
    /// The switch does not listen: nobody knows whether somebody speaks.
    Unheard,
}

/// One caller before a robot that listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dialogue {
    listens: Listens,
    stand: Stand,
    /// Speech under a prompt counts from then on, where not from the beginning.
    counts_from: Option<Millis>,
    /// The prompt for those who say nothing was played.
    has_asked: bool,
    is_deaf: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stand {
    /// The robot says something.
    Saying,
    /// It waits for somebody to speak.
    Waiting {
        until: Millis,
    },
    /// Somebody speaks.
    Hearing {
        until: Millis,
    },
    Over,
}

/// What is to be done next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    Stay,
    /// Play this; its end is told.
    Say(String),
    /// Wait for somebody to speak, until then.
    Wait(Millis),
    /// Somebody speaks: the prompt ends. Until then at the latest.
    Hear(Millis),
    Over {
        spoke: bool,
    },
}

impl Dialogue {
    /// The robot says its first words.
    #[must_use]
    pub fn begin(listens: Listens) -> Self {
        Self {
            listens,
            stand: Stand::Saying,
            counts_from: None,
            has_asked: false,
            is_deaf: false,
        }
    }

    /// The robot says its first words to somebody who has just answered, and whose greeting is still to come.
    #[must_use]
    pub fn begin_before_greeting(listens: Listens, now: Millis) -> Self {
        Self {
            counts_from: Some(now.plus(GREETING_MS)),
            ..Self::begin(listens)
        }
    }

    #[must_use]
    pub fn listens(&self) -> &Listens {
        &self.listens
    }

    /// Whether the switch is to listen while the robot says something.
    #[must_use]
    pub fn can_be_interrupted(&self) -> bool {
        self.listens.interruptible
    }

    /// What the robot says is over, heard or not.
    pub fn said(&mut self, now: Millis) -> Next {
        match self.stand {
            Stand::Saying if self.is_deaf => self.over(true),
            Stand::Saying => {
                let until = now.plus(i64::from(self.listens.wait_s) * 1_000);
                self.stand = Stand::Waiting { until };
                Next::Wait(until)
            }
            _ => Next::Stay,
        }
    }

    /// Whoever cannot be listened to goes on as one who speaks: to hang up on a person is worse.
    pub fn speech(&mut self, speech: Speech, now: Millis) -> Next {
        self.is_deaf |= speech == Speech::Unheard;
        match (self.stand, speech) {
            (Stand::Saying, Speech::Began) if self.can_be_ended_by_speech(now) => self.hear(now),
            (Stand::Waiting { .. }, Speech::Began) => self.hear(now),
            (Stand::Hearing { .. }, Speech::Paused)
            | (Stand::Hearing { .. } | Stand::Waiting { .. }, Speech::Unheard) => self.over(true),
            _ => Next::Stay,
        }
    }

    fn can_be_ended_by_speech(&self, now: Millis) -> bool {
        self.listens.interruptible && self.counts_from.is_none_or(|from| from <= now)
    }

    /// A key is a word: as a tone it would be heard as one.
    pub fn key(&mut self) -> Next {
        match self.stand {
            Stand::Saying if !self.listens.interruptible => Next::Stay,
            Stand::Over => Next::Stay,
            _ => self.over(true),
        }
    }

    /// The time that was told has come; any other does nothing.
    pub fn due(&mut self, now: Millis) -> Next {
        match self.stand {
            Stand::Waiting { until } if until <= now => match self.listens.silent.clone() {
                Some(prompt) if !self.has_asked => {
                    self.has_asked = true;
                    self.stand = Stand::Saying;
                    Next::Say(prompt)
                }
                _ => self.over(false),
            },
            Stand::Hearing { until } if until <= now => self.over(true),
            _ => Next::Stay,
        }
    }

    /// The wall clock was set.
    pub fn shift(&mut self, by_ms: i64) {
        if let Stand::Waiting { until } | Stand::Hearing { until } = &mut self.stand {
            *until = until.plus(by_ms);
        }
        self.counts_from = self.counts_from.map(|from| from.plus(by_ms));
    }

    fn hear(&mut self, now: Millis) -> Next {
        let until = now.plus(LONGEST_SPEECH_MS);
        self.stand = Stand::Hearing { until };
        Next::Hear(until)
    }

    fn over(&mut self, spoke: bool) -> Next {
        self.stand = Stand::Over;
        Next::Over { spoke }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_makes_no_sense_is_named() {
        type Change = fn(&mut Listens);
        let table: [(Change, &str); 6] = [
            (|it| it.voice_level = 10_001, "voice_level"),
            (|it| it.silence_level = 201, "silence_level"),
            (|it| it.pause_ms = 99, "pause_ms"),
            (|it| it.pause_ms = 5_001, "pause_ms"),
            (|it| it.wait_s = 0, "wait_s"),
            (|it| it.wait_s = 61, "wait_s"),
        ];
        for (change, name) in table {
            let mut listens = Listens::default();
            assert_eq!(listens.validate(), Ok(()));
            change(&mut listens);
            assert_eq!(listens.validate().unwrap_err().0, name, "{listens:?}");
        }
        let widest = Listens {
            voice_level: 10_000,
            silence_level: 0,
            ..Listens::default()
        };
        assert_eq!(widest.validate(), Ok(()));
    }

    #[test]
    fn what_is_left_out_is_as_usual() {
        let listens: Listens = serde_json::from_str(r#"{"voice_level":800}"#).unwrap();
        let usual = Listens::default();
        assert_eq!(
            (listens.voice_level, listens.silence_level),
            (800, usual.silence_level)
        );
        assert_eq!((usual.pause_ms, usual.wait_s), (200, 3));
        assert!(serde_json::from_str::<Listens>(r#"{"volume":1}"#).is_err());
    }
}
