//! A queue (技能组): where answered and inbound calls wait for an agent.

use serde::{Deserialize, Serialize};

/// A queue's settings, as stored with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// A dialled person who has no agent after this long is abandoned; milliseconds, 500 to 10,000.
    pub abandon_after_ms: i64,
    /// An inbound caller waits at most this long; milliseconds, 5,000 to 3,600,000.
    pub max_wait_ms: i64,
    /// An agent's phone rings this long before the next agent is tried; milliseconds.
    pub ring_ms: i64,
    /// After-call work; milliseconds, 0 = the agent ends it by hand (AGT-020).
    pub wrap_up_ms: i64,
    /// What a waiting caller hears: a prompt name.
    pub music: String,
    /// What an abandoned or timed-out caller hears before we hang up: a prompt name.
    pub sorry: String,
    /// An agent who lets this many offers in a row ring out is put on a break; 0 = never.
    pub max_no_answer: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            abandon_after_ms: 2_000,
            max_wait_ms: 300_000,
            ring_ms: 15_000,
            wrap_up_ms: 10_000,
            music: "music".into(),
            sorry: "sorry".into(),
            max_no_answer: 3,
        }
    }
}
