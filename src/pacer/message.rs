//! The lines of the dialogue.

use engine::pacing::Limit;
use serde::{Deserialize, Serialize, de::IgnoredAny};

use super::row::{Event, Seen};

/// Any line that comes in; which one it is shows in what it has.
#[derive(Debug, Deserialize)]
pub struct Message {
    pub hello: Option<Hello>,
    pub bye: Option<IgnoredAny>,
    /// Seconds since the opening.
    pub t: Option<f64>,
    #[serde(default)]
    pub agents: Vec<Seen>,
    #[serde(default)]
    pub calls: Vec<Seen>,
    #[serde(default)]
    pub n: Counted,
    /// Free channels.
    pub free: Option<u64>,
    /// Calls the trunk takes now.
    pub cps: Option<f64>,
    /// Leads left; none: no end.
    pub left: Option<u64>,
    #[serde(default)]
    pub events: Vec<Event>,
}

/// What is told once.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Hello {
    /// Lost among answered persons, 0 to 0.05.
    pub cap: f64,
    /// Seconds.
    #[serde(default = "two_seconds")]
    pub patience: f64,
    /// Seconds.
    #[serde(default = "thirty_seconds")]
    pub ring_timeout: f64,
}

fn two_seconds() -> f64 {
    2.0
}

fn thirty_seconds() -> f64 {
    30.0
}

/// Since the opening.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default)]
pub struct Counted {
    pub answered: u64,
    pub connected: u64,
    pub abandoned: u64,
    pub machines: u64,
}

/// The answer to a state: lines to dial, and what bound them.
#[derive(Debug, Serialize)]
pub struct Answer {
    pub dial: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<Limit>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub risk: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f64>,
}
