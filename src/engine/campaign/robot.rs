//! What the robot of a campaign says to those who answer, and whether it listens (VOX-115, VOX-116).

use serde::{Deserialize, Serialize};

use super::BadSetting;
use crate::{
    destination::Destination,
    ids::{MenuId, QueueId},
    robot::{DEAF, Listening, Listens},
    route,
};

/// A robot's part in a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Robot {
    /// The prompt that an answered call hears.
    pub prompt: String,
    /// Then the call enters this queue; of a robot that listens, that of who has spoken. `None`: it is
    /// hung up.
    pub then_queue: Option<QueueId>,
    /// Whether it listens, and how.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listens: Option<Listens>,
    /// Where the call of who never spoke goes; `None`: it is hung up, and
    /// [`Silent`](crate::outcome::Outcome::Silent).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub otherwise: Option<Destination>,
}

impl Default for Robot {
    fn default() -> Self {
        Self {
            prompt: "robot".into(),
            then_queue: None,
            listens: None,
            otherwise: None,
        }
    }
}

impl Robot {
    /// That it listens, where it does.
    #[must_use]
    pub fn listening(&self) -> Option<Listening> {
        Listening::of(self.listens.as_ref(), self.otherwise.as_ref())
    }

    /// Queues that calls are led to, each with its JSON pointer.
    pub fn queues(&self) -> impl Iterator<Item = (&'static str, &QueueId)> {
        let then = self.then_queue.as_ref();
        let then = then.map(|queue| ("/settings/robot/then_queue", queue));
        let otherwise = self.otherwise.as_ref().and_then(Destination::queue);
        let otherwise = otherwise.map(|queue| ("/settings/robot/otherwise", queue));
        then.into_iter().chain(otherwise)
    }

    /// The voice menu that calls are led to.
    #[must_use]
    pub fn menu(&self) -> Option<&MenuId> {
        self.otherwise.as_ref().and_then(Destination::menu)
    }

    /// The prompts that it names, each with its JSON pointer. A campaign without the first is not started.
    pub(super) fn prompts(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let said = Some(&*self.prompt).filter(|name| !name.is_empty());
        let said = said.map(|name| ("/settings/robot/prompt", name));
        let silent = self.silent_prompt();
        let silent = silent.map(|name| ("/settings/robot/listens/silent", name));
        said.into_iter().chain(silent)
    }

    fn silent_prompt(&self) -> Option<&str> {
        self.listens.as_ref()?.silent.as_deref()
    }

    /// Every value that makes no sense.
    pub(super) fn faults(&self) -> Vec<BadSetting> {
        let bad = |pointer: &'static str, message: &str| BadSetting {
            pointer,
            message: message.to_owned(),
        };
        let silent = self.silent_prompt().map_or(Ok(()), |name| {
            route::prompt_name("/settings/robot/listens/silent", name)
        });
        let otherwise = route::leads("/settings/robot/otherwise", self.otherwise.as_ref());
        let mut faults: Vec<BadSetting> = [silent, otherwise]
            .into_iter()
            .filter_map(Result::err)
            .map(|rule| bad(rule.at, &rule.message))
            .collect();
        match &self.listens {
            Some(listens) => {
                let fault = listens.validate().err();
                faults.extend(fault.map(|(name, why)| bad(place(name), why)));
            }
            None if self.otherwise.is_some() => {
                faults.push(bad("/settings/robot/otherwise", DEAF));
            }
            None => {}
        }
        faults
    }
}

fn place(name: &str) -> &'static str {
    match name {
        "voice_level" => "/settings/robot/listens/voice_level",
        "silence_level" => "/settings/robot/listens/silence_level",
        "pause_ms" => "/settings/robot/listens/pause_ms",
        "wait_s" => "/settings/robot/listens/wait_s",
        _ => "/settings/robot/listens",
    }
}
