//! A queue (技能组): where answered and inbound calls wait for an agent.

pub mod announcement;
pub mod exit_key;
pub mod member;
pub mod recording_name;
pub mod strategy;
pub mod tiers;

use serde::{Deserialize, Serialize};

use crate::{
    destination::Destination,
    ids::{GatewayId, MenuId, QueueId},
    route, survey,
};

pub use announcement::Announcement;
pub use exit_key::ExitKey;
pub use member::Member;
pub use recording_name::{BadPattern, Pattern};
pub use strategy::Strategy;
pub use tiers::Tiers;

/// A queue's settings, as stored with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Which agent is rung first (VOX-041).
    pub strategy: Strategy,
    /// Strict order of arrival, the longest idle agent, no tiers, levels or priorities (VOX-084).
    pub fifo: bool,
    pub tiers: Tiers,
    /// Where a waiting call's time counts from (VOX-050).
    pub time_base: TimeBase,
    /// Callers of a queue with a higher priority come first to an agent of several queues; 0 to 9.
    pub priority: u8,
    /// A dialled person who has no agent after this long is abandoned; milliseconds, 500 to 10,000.
    pub abandon_after_ms: i64,
    /// An inbound caller waits at most this long; milliseconds, 5,000 to 3,600,000, 0 = for ever
    /// (VOX-051).
    pub max_wait_ms: i64,
    /// An inbound caller waits at most this long while no agent is signed in; milliseconds, 0 = off
    /// (VOX-053).
    pub max_wait_no_agent_ms: i64,
    /// When that limit was reached, new calls are refused for this long; milliseconds (VOX-055).
    pub refuse_after_no_agent_ms: i64,
    /// So many callers may wait at once; the next is refused. 0 = no limit.
    pub max_waiting: u32,
    /// A caller who gave up and calls again in time has the former place (VOX-063).
    pub resume: bool,
    /// How soon that must be; milliseconds, 1,000 to 3,600,000 (VOX-062).
    pub resume_within_ms: i64,
    /// An agent's phone rings this long before the next agent is tried; milliseconds.
    pub ring_ms: i64,
    /// After-call work; milliseconds, 0 = the agent ends it by hand (AGT-020).
    pub wrap_up_ms: i64,
    /// What a caller hears on entering: a prompt name.
    pub welcome: Option<String>,
    /// What a waiting caller hears: a prompt name.
    pub music: String,
    /// What a waiting caller is told now and then.
    pub announcement: Option<Announcement>,
    /// Keys that lead out of the queue (VOX-035), at most five.
    pub exit_keys: Vec<ExitKey>,
    /// Where an inbound caller goes who finds no place or has waited too long; else the message of
    /// `sorry` is heard and the call ends.
    pub overflow: Option<Destination>,
    /// A caller who asked to be called back is, within this; milliseconds, 60,000 to 86,400,000.
    pub call_back_within_ms: i64,
    /// 播报工号: a caller hears the number of the agent who has answered before the two are bridged.
    pub announce_agent: bool,
    /// What the caller is asked after the conversation; `None`: what the tenant says (VOX-209).
    pub survey: Option<survey::Choice>,
    /// Numbers of the pool that are shown to whom is called out of this queue.
    pub caller_ids: Vec<String>,
    /// 绑定SIP网关: where predictive campaigns of the queue dial that name no gateway of their own (VOX-040).
    pub gateway: Option<GatewayId>,
    /// What an abandoned or timed-out caller hears before we hang up: a prompt name.
    pub sorry: String,
    /// An agent who lets this many offers in a row ring out is put on a break; 0 = never.
    pub max_no_answer: u32,
    /// What a recording is called once its call is over, see [`recording_name`]; `None`: as when it began
    /// (VOX-048).
    pub recording_name: Option<String>,
}

/// Where waiting time counts from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeBase {
    /// From entering the queue.
    #[default]
    Queue,
    /// From the beginning of the call.
    System,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            strategy: Strategy::LongestIdle,
            fifo: false,
            tiers: Tiers::default(),
            time_base: TimeBase::Queue,
            priority: 0,
            abandon_after_ms: 2_000,
            max_wait_ms: 0,
            max_wait_no_agent_ms: 0,
            refuse_after_no_agent_ms: 5_000,
            max_waiting: 0,
            resume: false,
            resume_within_ms: 60_000,
            ring_ms: 20_000,
            wrap_up_ms: 10_000,
            welcome: None,
            music: "music".into(),
            announcement: None,
            exit_keys: Vec::new(),
            overflow: None,
            call_back_within_ms: 3_600_000,
            announce_agent: false,
            survey: None,
            caller_ids: Vec::new(),
            gateway: None,
            sorry: "sorry".into(),
            max_no_answer: 3,
            recording_name: None,
        }
    }
}

/// A setting that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct BadSetting {
    /// JSON pointer within the settings.
    pub at: &'static str,
    pub message: String,
}

impl BadSetting {
    pub(crate) fn new(at: &'static str, message: impl Into<String>) -> Self {
        Self {
            at,
            message: message.into(),
        }
    }
}

impl From<route::BadRule> for BadSetting {
    fn from(bad: route::BadRule) -> Self {
        Self::new(bad.at, bad.message)
    }
}

/// Name, value, least, most.
type Range = (&'static str, i64, i64, i64);

pub(crate) fn first_out_of(ranges: &[Range]) -> Result<(), BadSetting> {
    let bad = ranges
        .iter()
        .find(|(_, value, least, most)| value < least || value > most);
    match bad {
        Some((at, _, least, most)) => {
            Err(BadSetting::new(at, format!("must be {least} to {most}")))
        }
        None => Ok(()),
    }
}

impl Settings {
    /// The queues that callers may leave this one for.
    pub fn leads_to(&self) -> impl Iterator<Item = &QueueId> {
        let keys = self.exit_keys.iter().map(|exit| &exit.to);
        keys.chain(&self.overflow).filter_map(Destination::queue)
    }

    /// The voice menus that callers may leave the queue for.
    pub fn menus(&self) -> impl Iterator<Item = &MenuId> {
        let keys = self.exit_keys.iter().map(|exit| &exit.to);
        keys.chain(&self.overflow).filter_map(Destination::menu)
    }

    /// The prompts that it names, each with its JSON pointer.
    #[must_use]
    pub fn prompts(&self) -> Vec<(&'static str, &str)> {
        let told = self.announcement.as_ref();
        let told = told.and_then(|told| told.prompt.as_deref());
        let maybe = [
            ("/welcome", self.welcome.as_deref()),
            ("/announcement/prompt", told),
        ];
        let named = maybe.into_iter().filter_map(|(at, name)| Some((at, name?)));
        named
            .chain([("/music", &*self.music), ("/sorry", &*self.sorry)])
            .collect()
    }

    /// # Errors
    /// The first setting that is out of its range.
    pub fn validate(&self) -> Result<(), BadSetting> {
        let waits_for_ever = self.max_wait_ms == 0;
        let least_wait = if waits_for_ever { 0 } else { 5_000 };
        first_out_of(&[
            ("/abandon_after_ms", self.abandon_after_ms, 500, 10_000),
            ("/max_wait_ms", self.max_wait_ms, least_wait, 3_600_000),
            (
                "/max_wait_no_agent_ms",
                self.max_wait_no_agent_ms,
                0,
                3_600_000,
            ),
            (
                "/refuse_after_no_agent_ms",
                self.refuse_after_no_agent_ms,
                0,
                3_600_000,
            ),
            ("/max_waiting", self.max_waiting.into(), 0, 10_000),
            ("/resume_within_ms", self.resume_within_ms, 1_000, 3_600_000),
            ("/ring_ms", self.ring_ms, 3_000, 120_000),
            ("/wrap_up_ms", self.wrap_up_ms, 0, 3_600_000),
            ("/max_no_answer", self.max_no_answer.into(), 0, 100),
            ("/priority", self.priority.into(), 0, 9),
            ("/tiers/wait_ms", self.tiers.wait_ms, 0, 3_600_000),
            (
                "/call_back_within_ms",
                self.call_back_within_ms,
                60_000,
                86_400_000,
            ),
        ])?;
        if let Some(prompt) = &self.welcome {
            route::prompt_name("/welcome", prompt)?;
        }
        route::prompt_name("/music", &self.music)?;
        route::prompt_name("/sorry", &self.sorry)?;
        if let Some(announcement) = &self.announcement {
            announcement.validate()?;
        }
        exit_key::validate(&self.exit_keys)?;
        self.recording_name()
            .map_err(|bad| BadSetting::new("/recording_name", bad.to_string()))?;
        match &self.overflow {
            Some(Destination::Callback) => {
                Err(BadSetting::new("/overflow", "only a key calls back"))
            }
            Some(to) => to
                .validate()
                .map_err(|text| BadSetting::new("/overflow", text)),
            None => Ok(()),
        }
    }

    /// How its recordings are named.
    ///
    /// # Errors
    /// Why that is no pattern of file names.
    pub fn recording_name(&self) -> Result<Option<Pattern>, BadPattern> {
        self.recording_name.as_deref().map(str::parse).transpose()
    }

    /// The strategy that is followed: a fifo queue knows one only.
    #[must_use]
    pub fn strategy(&self) -> Strategy {
        match self.fifo {
            true => Strategy::LongestIdle,
            false => self.strategy,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_queue_of_an_older_version_has_the_defaults() {
        let old = r#"{"abandon_after_ms":2000,"max_wait_ms":60000,"ring_ms":15000,"wrap_up_ms":0,
            "music":"music","sorry":"sorry","max_no_answer":3}"#;
        let settings: Settings = serde_json::from_str(old).unwrap();
        assert_eq!(settings.strategy, Strategy::LongestIdle);
        assert_eq!(settings.max_wait_ms, 60_000);
        settings.validate().unwrap();
    }

    #[test]
    fn a_wait_is_for_ever_or_long_enough() {
        let with = |max_wait_ms| Settings {
            max_wait_ms,
            ..Settings::default()
        };
        assert!(with(0).validate().is_ok());
        assert_eq!(with(1_000).validate().unwrap_err().at, "/max_wait_ms");
        let deep = Settings {
            tiers: Tiers {
                wait_ms: -1,
                ..Tiers::default()
            },
            ..Settings::default()
        };
        assert_eq!(deep.validate().unwrap_err().at, "/tiers/wait_ms");
        let outside = Settings {
            recording_name: Some("../{call_id}".into()),
            ..Settings::default()
        };
        assert_eq!(outside.validate().unwrap_err().at, "/recording_name");
    }
}
