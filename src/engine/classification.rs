//! Answer classification (应答识别): whether a campaign listens to who or what answers, and what
//! becomes of those that are no persons (OUT-255).
//!
//! Whatever cannot be told in time is a person. A machine costs an agent some seconds; a person who
//! is hung up on is a lost call, and the books count it as one (OUT-248, [`crate::ledger`]).

use serde::{Deserialize, Serialize};

use crate::{campaign::BadSetting, outcome::Outcome};

/// Who or what answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answerer {
    Human,
    Machine,
    /// A fax or a modem.
    Fax,
    /// An announcement of the network, led by special information tones (ITU-T E.180); it may come
    /// before an answer, and in place of one.
    Network,
    /// It could not be told in time: a person.
    Unsure,
}

impl Answerer {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Human => "human",
            Self::Machine => "machine",
            Self::Fax => "fax",
            Self::Network => "network",
            Self::Unsure => "unsure",
        }
    }

    #[must_use]
    pub fn is_person(self) -> bool {
        matches!(self, Self::Human | Self::Unsure)
    }
}

/// What special information tones say where they are coded (ANSI T1.401, Telcordia GR-674).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sit {
    /// The number is out of service, or has changed.
    Intercept,
    /// There is no such number.
    VacantCode,
    /// Equipment on the way failed, or something was missing.
    Reorder,
    /// All circuits are busy.
    NoCircuit,
}

impl Sit {
    /// What a call comes to that was told so.
    #[must_use]
    pub fn outcome(self) -> Outcome {
        match self {
            Self::Intercept | Self::VacantCode => Outcome::Unallocated,
            Self::Reorder | Self::NoCircuit => Outcome::Congestion,
        }
    }
}

/// What listening to an answer came to, or to early media.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub answerer: Answerer,
    /// Why an announcement says that there is nobody; `None` where its tones say nothing.
    pub sit: Option<Sit>,
    /// Why, in a word or two.
    pub why: String,
    /// Since the answer, or since the early media; milliseconds.
    pub after_ms: u32,
    /// When the greeting was over, since the answer; milliseconds. `None`: none was heard, or it
    /// went on.
    pub greeted_ms: Option<u32>,
}

impl Finding {
    /// Nothing was found out.
    #[must_use]
    pub fn unsure(why: &str, after_ms: u32) -> Self {
        Self {
            answerer: Answerer::Unsure,
            sit: None,
            why: why.into(),
            after_ms,
            greeted_ms: None,
        }
    }
}

/// What becomes of an answer that is no person's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Treatment {
    /// It is hung up at once.
    HangUp,
    /// A machine records a message after its beep; then it is hung up.
    Message,
    /// As a person.
    Connect,
}

/// A campaign's settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Off: every answer is taken for a person's.
    pub enabled: bool,
    pub machine: Treatment,
    /// The prompt that machines record, for [`Treatment::Message`].
    pub message: Option<String>,
    /// `hang_up` or `connect`.
    pub fax: Treatment,
    /// `hang_up` or `connect`.
    pub network: Treatment,
    /// So many of the answers that are taken for machines, 0 to 1, are brought to an agent who is
    /// idle all the same: what the agent says of them measures how many were persons.
    pub checked_share: f64,
    /// Persons among those taken for machines, 0 to 0.5, until checks say more: it weighs as much as
    /// [`crate::ledger::PRIOR_CHECKS`] of them.
    pub mistaken_prior: f64,
    pub thresholds: Thresholds,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            enabled: false,
            machine: Treatment::HangUp,
            message: None,
            fax: Treatment::HangUp,
            network: Treatment::HangUp,
            checked_share: 0.1,
            mistaken_prior: 0.05,
            thresholds: Thresholds::default(),
        }
    }
}

/// When a greeting is whose; milliseconds but where it is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Thresholds {
    /// A verdict is there after this at the latest, 500 to 10,000. Whoever has greeted and waits does
    /// not wait for that, but for `after_greeting_ms`; with 3,000 every verdict is there within the
    /// three seconds of OUT-255, and most machines, which still talk then, count as persons.
    pub budget_ms: u32,
    /// Silence at the beginning after which it is no use to listen on, 200 to 6,000.
    pub initial_silence_ms: u32,
    /// A greeting that is this long, from its first word to its last, is a machine's; 300 to 10,000.
    pub longest_greeting_ms: u32,
    /// Silence after a greeting that makes it a person's, 100 to 3,000.
    pub after_greeting_ms: u32,
    /// More words than this are a machine, 1 to 50.
    pub most_words: u32,
    /// How long to wait for the beep of a machine that is to record a message, 1,000 to 60,000.
    pub beep_budget_ms: u32,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            budget_ms: 8_000,
            initial_silence_ms: 2_500,
            longest_greeting_ms: 6_000,
            after_greeting_ms: 800,
            most_words: 10,
            beep_budget_ms: 30_000,
        }
    }
}

impl Settings {
    /// What becomes of such an answer.
    #[must_use]
    pub fn treatment(&self, answerer: Answerer) -> Treatment {
        match answerer {
            Answerer::Human | Answerer::Unsure => Treatment::Connect,
            Answerer::Machine => self.machine,
            Answerer::Fax => self.fax,
            Answerer::Network => self.network,
        }
    }

    /// Every value that is out of its range.
    pub(crate) fn faults(&self) -> Vec<BadSetting> {
        let named = |prompt: &String| (1..=64).contains(&prompt.len());
        let asks = self.machine == Treatment::Message;
        let silent = |treatment| treatment != Treatment::Message;
        let share = |value: f64, most: f64| (0.0..=most).contains(&value);
        let checks = [
            (
                self.message.as_ref().map_or(!asks, named),
                "/settings/classification/message",
                "must be the name of a prompt, 1 to 64 characters, where machines record one",
            ),
            (
                silent(self.fax),
                "/settings/classification/fax",
                "must be hang_up or connect",
            ),
            (
                silent(self.network),
                "/settings/classification/network",
                "must be hang_up or connect",
            ),
            (
                share(self.checked_share, 1.0),
                "/settings/classification/checked_share",
                "must be 0 to 1",
            ),
            (
                share(self.mistaken_prior, 0.5),
                "/settings/classification/mistaken_prior",
                "must be 0 to 0.5",
            ),
            (
                self.thresholds.is_valid(),
                "/settings/classification/thresholds",
                "budget_ms must be 500 to 10,000, initial_silence_ms 200 to 6,000, \
                 longest_greeting_ms 300 to 10,000, after_greeting_ms 100 to 3,000, most_words 1 to \
                 50, beep_budget_ms 1,000 to 60,000",
            ),
        ];
        checks
            .into_iter()
            .filter(|(holds, ..)| !holds)
            .map(|(_, pointer, message)| BadSetting {
                pointer,
                message: message.into(),
            })
            .collect()
    }
}

impl Thresholds {
    fn is_valid(&self) -> bool {
        (500..=10_000).contains(&self.budget_ms)
            && (200..=6_000).contains(&self.initial_silence_ms)
            && (300..=10_000).contains(&self.longest_greeting_ms)
            && (100..=3_000).contains(&self.after_greeting_ms)
            && (1..=50).contains(&self.most_words)
            && (1_000..=60_000).contains(&self.beep_budget_ms)
    }
}

/// The class of an answer, as the records keep it: the second layer of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerClass {
    Person,
    Machine,
    Fax,
    /// An announcement of the network, after an answer or in place of one.
    Network,
    /// Never answered.
    Unknown,
}

impl AnswerClass {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Machine => "machine",
            Self::Fax => "fax",
            Self::Network => "network",
            Self::Unknown => "unknown",
        }
    }

    /// Something answered, and it was no person.
    #[must_use]
    pub fn is_no_person(self) -> bool {
        matches!(self, Self::Machine | Self::Fax | Self::Network)
    }

    /// What such an answer comes to when it meets neither an agent nor a robot.
    #[must_use]
    pub fn unmet(self) -> Outcome {
        match self {
            Self::Machine => Outcome::Machine,
            Self::Fax => Outcome::Fax,
            Self::Network => Outcome::Unavailable,
            Self::Person | Self::Unknown => Outcome::Abandoned,
        }
    }
}

impl From<Answerer> for AnswerClass {
    fn from(answerer: Answerer) -> Self {
        match answerer {
            Answerer::Human | Answerer::Unsure => Self::Person,
            Answerer::Machine => Self::Machine,
            Answerer::Fax => Self::Fax,
            Answerer::Network => Self::Network,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_held_against_their_ranges() {
        assert_eq!(Settings::default().faults(), []);
        let bad = Settings {
            machine: Treatment::Message,
            fax: Treatment::Message,
            network: Treatment::Message,
            checked_share: 1.5,
            mistaken_prior: f64::NAN,
            thresholds: Thresholds {
                budget_ms: 20_000,
                ..Thresholds::default()
            },
            ..Settings::default()
        };
        let pointers: Vec<_> = bad.faults().iter().map(|bad| bad.pointer).collect();
        let names = [
            "message",
            "fax",
            "network",
            "checked_share",
            "mistaken_prior",
            "thresholds",
        ];
        assert_eq!(
            pointers,
            names.map(|name| format!("/settings/classification/{name}"))
        );
    }

    #[test]
    fn whoever_cannot_be_told_is_a_person() {
        let hangs_up = Settings::default();
        for answerer in [Answerer::Human, Answerer::Unsure] {
            assert_eq!(hangs_up.treatment(answerer), Treatment::Connect);
            assert_eq!(AnswerClass::from(answerer), AnswerClass::Person);
        }
        assert_eq!(hangs_up.treatment(Answerer::Machine), Treatment::HangUp);
    }

    #[test]
    fn nobody_who_has_greeted_waits_a_second_for_the_verdict() {
        let thresholds = Thresholds::default();
        assert!(thresholds.after_greeting_ms < 1_000);
        // Silence is given up before the two seconds that a greeting starts could hurt.
        assert!(thresholds.initial_silence_ms < thresholds.budget_ms);
    }
}
