//! The rule of a robot's number (VOX-115).

use serde::{Deserialize, Serialize};

use super::{BadRule, leads, prompt_name};
use crate::{
    destination::Destination,
    robot::{DEAF, Listening, Listens},
};

/// 机器人: a voice says something, then the call goes on or ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Robot {
    /// A prompt name.
    pub prompt: String,
    /// Where the call goes then; of a robot that listens, that of who has spoken. Else it ends.
    #[serde(default)]
    pub then: Option<Destination>,
    /// Whether it listens, and how.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listens: Option<Listens>,
    /// Where the call of who never spoke goes; else it ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub otherwise: Option<Destination>,
}

impl Robot {
    /// A robot that says something and does not listen.
    #[must_use]
    pub fn saying(prompt: &str, then: Option<Destination>) -> Self {
        Self {
            prompt: prompt.to_owned(),
            then,
            listens: None,
            otherwise: None,
        }
    }

    pub(super) fn listening(&self) -> Option<Box<Listening>> {
        Listening::of(self.listens.as_ref(), self.otherwise.as_ref()).map(Box::new)
    }

    pub(super) fn destinations(&self) -> impl Iterator<Item = &Destination> {
        self.then.iter().chain(&self.otherwise)
    }

    pub(super) fn prompts(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let listens = self.listens.as_ref();
        let silent = listens.and_then(|listens| listens.silent.as_deref());
        let silent = silent.map(|prompt| ("/listens/silent", prompt));
        [("/prompt", &*self.prompt)].into_iter().chain(silent)
    }

    pub(super) fn validate(&self) -> Result<(), BadRule> {
        for (at, prompt) in self.prompts() {
            prompt_name(at, prompt)?;
        }
        if let Some(listens) = &self.listens {
            listens.validate().map_err(|(name, why)| BadRule {
                at: place(name),
                message: why.to_owned(),
            })?;
        } else if self.otherwise.is_some() {
            return Err(BadRule {
                at: "/otherwise",
                message: DEAF.to_owned(),
            });
        }
        leads("/then", self.then.as_ref())?;
        leads("/otherwise", self.otherwise.as_ref())
    }
}

fn place(name: &str) -> &'static str {
    match name {
        "voice_level" => "/listens/voice_level",
        "silence_level" => "/listens/silence_level",
        "pause_ms" => "/listens/pause_ms",
        "wait_s" => "/listens/wait_s",
        _ => "/listens",
    }
}
