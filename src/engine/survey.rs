//! Satisfaction surveys (满意度调查, VOX-205 to VOX-209): what is asked after a conversation, and which of
//! them a queue or a campaign wants.

use serde::{Deserialize, Serialize};

use crate::{
    queue::{BadSetting, first_out_of},
    route::prompt_name,
};

/// What a caller is asked, and what the keys mean.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Survey {
    /// The question: a prompt name.
    pub prompt: String,
    /// What is heard after an answer: a prompt name; `None`: nothing.
    #[serde(default)]
    pub thanks: Option<String>,
    /// One to ten, each with a key of its own.
    pub keys: Vec<Answer>,
    /// A key is waited for so long after the question; milliseconds, 1,000 to 60,000.
    pub wait_ms: i64,
}

/// What a key says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// 0 to 9, * or #.
    pub key: char,
    /// 1 satisfied, 2 fair, 3 dissatisfied (VOX-208).
    pub score: u8,
}

/// Which survey follows a conversation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Written", into = "String")]
pub enum Choice {
    #[default]
    None,
    /// That of [`Survey::default`].
    Standard,
    /// One of the house's, by its id.
    Named(String),
}

/// How a choice is written: `none`, `standard`, or an id. Queues of before have a yes or no.
#[derive(Deserialize)]
#[serde(untagged, expecting = "expected none, standard or the id of a survey")]
enum Written {
    Switch(bool),
    Word(String),
}

pub const NONE: &str = "none";
pub const STANDARD: &str = "standard";

/// What was asked at the end of a call, and what was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// `standard`, or the survey's id.
    pub survey: String,
    /// `None`: nothing that the survey knows.
    pub answer: Option<Answer>,
}

impl Default for Survey {
    fn default() -> Self {
        let answer = |(key, score)| Answer { key, score };
        Self {
            prompt: "survey".into(),
            thanks: Some("thanks".into()),
            keys: [('1', 1), ('2', 2), ('3', 3)].map(answer).to_vec(),
            wait_ms: 10_000,
        }
    }
}

impl Survey {
    /// # Errors
    /// The first setting that makes no sense.
    pub fn validate(&self) -> Result<(), BadSetting> {
        first_out_of(&[("/wait_ms", self.wait_ms, 1_000, 60_000)])?;
        prompt_name("/prompt", &self.prompt)?;
        if let Some(thanks) = &self.thanks {
            prompt_name("/thanks", thanks)?;
        }
        let bad = |message| Err(BadSetting::new("/keys", message));
        if !(1..=10).contains(&self.keys.len()) {
            return bad("must be 1 to 10 keys");
        }
        for (at, answer) in self.keys.iter().enumerate() {
            if !answer.key.is_ascii_digit() && !matches!(answer.key, '*' | '#') {
                return bad("a key is 0 to 9, * or #");
            }
            if !(1..=3).contains(&answer.score) {
                return bad("a score is 1, 2 or 3");
            }
            if self.keys[..at].iter().any(|other| other.key == answer.key) {
                return bad("each key has one meaning");
            }
        }
        Ok(())
    }

    /// The prompts that it names, each with its JSON pointer.
    #[must_use]
    pub fn prompts(&self) -> Vec<(&'static str, &str)> {
        let thanks = self.thanks.as_deref().map(|name| ("/thanks", name));
        let mut named = vec![("/prompt", &*self.prompt)];
        named.extend(thanks);
        named
    }

    /// What a key says; `None`: the survey does not know it.
    #[must_use]
    pub fn answer(&self, key: char) -> Option<Answer> {
        self.keys.iter().copied().find(|answer| answer.key == key)
    }
}

impl Choice {
    /// The id of a survey of the house.
    #[must_use]
    pub fn named(&self) -> Option<&str> {
        match self {
            Self::Named(id) => Some(id),
            Self::None | Self::Standard => None,
        }
    }
}

impl From<Written> for Choice {
    fn from(written: Written) -> Self {
        match written {
            Written::Switch(false) => Self::None,
            Written::Switch(true) => Self::Standard,
            Written::Word(word) => match word.as_str() {
                NONE => Self::None,
                STANDARD => Self::Standard,
                _ => Self::Named(word),
            },
        }
    }
}

impl From<Choice> for String {
    fn from(choice: Choice) -> Self {
        match choice {
            Choice::None => NONE.into(),
            Choice::Standard => STANDARD.into(),
            Choice::Named(id) => id,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_is_written_in_a_word_and_read_from_a_switch_of_before() {
        let read = |text: &str| serde_json::from_str::<Choice>(text).unwrap();
        assert_eq!(read("false"), Choice::None);
        assert_eq!(read("true"), Choice::Standard);
        for (word, choice) in [
            ("\"none\"", Choice::None),
            ("\"standard\"", Choice::Standard),
            ("\"nps\"", Choice::Named("nps".into())),
        ] {
            assert_eq!(read(word), choice);
            assert_eq!(serde_json::to_string(&choice).unwrap(), word);
        }
    }

    #[test]
    fn keys_differ_and_mean_something() {
        let with = |keys: &[(char, u8)]| Survey {
            keys: keys
                .iter()
                .map(|&(key, score)| Answer { key, score })
                .collect(),
            ..Survey::default()
        };
        assert_eq!(Survey::default().validate(), Ok(()));
        assert_eq!(with(&[('5', 1), ('0', 3), ('*', 2)]).validate(), Ok(()));
        for keys in [
            &[][..],
            &[('A', 1)],
            &[('1', 0)],
            &[('1', 4)],
            &[('1', 1), ('1', 2)],
        ] {
            assert!(with(keys).validate().is_err(), "{keys:?}");
        }
        assert_eq!(with(&[('5', 1)]).answer('5').map(|one| one.score), Some(1));
        assert_eq!(with(&[('5', 1)]).answer('1'), None);
    }
}
