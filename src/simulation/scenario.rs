//! What a shift is made of.

use chrono::DateTime;
use engine::{
    pacing::{Policy, predictive},
    retry::Retry,
    time::Millis,
};
use serde::{Deserialize, Serialize};

use crate::Spread;

/// A shift of one campaign. What is left out has the value of [`Scenario::default`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Scenario {
    pub seed: u64,
    /// When it begins: RFC 3339; the hours of `answers` are those of its offset.
    pub opens: String,
    /// It ends then at the latest; 0 to 24.
    pub hours: f64,
    /// 1 to 2,000.
    pub agents: u32,
    /// Channels of the gateway, 1 to 10,000.
    pub channels: u32,
    /// Calls that the gateway takes a second, more than 0 to 1,000.
    pub calls_per_second: f64,
    /// Leads on the list, 1 to 10,000,000.
    pub leads: u64,
    pub pacing: Policy,
    pub retry: Retry,
    /// Ring at most this long; seconds, 10 to 60.
    pub ring_timeout_s: u32,
    /// A person without an agent is lost after this long; milliseconds, 500 to 10,000.
    pub abandon_after_ms: i64,
    /// Persons among dials, 0 to 1: one value, or one for each hour of the day from midnight.
    pub answers: Vec<f64>,
    /// Dials that are busy, 0 to 1.
    pub busy: f64,
    /// Dials of numbers that do not exist, 0 to 1.
    pub invalid: f64,
    /// From the dial to a person's answer.
    pub ring: Spread,
    pub talk: Spread,
    pub wrap_up: Spread,
    pub breaks: Option<Breaks>,
    /// Calls that come in by themselves to the same agents, an hour.
    pub inbound_per_hour: f64,
}

/// Every agent leaves now and then.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Breaks {
    /// Minutes of work between two breaks, 1 to 1,440.
    pub every_minutes: f64,
    /// 1 to 240.
    pub minutes: f64,
}

impl Default for Scenario {
    fn default() -> Self {
        Self {
            seed: 1,
            opens: "2026-03-02T09:00:00+08:00".into(),
            hours: 8.0,
            agents: 20,
            channels: 200,
            calls_per_second: 20.0,
            leads: 1_000_000,
            pacing: Policy::Predictive(predictive::Settings::default()),
            retry: Retry::default(),
            ring_timeout_s: 28,
            abandon_after_ms: 2_000,
            answers: vec![0.25],
            busy: 0.08,
            invalid: 0.04,
            ring: Spread::of(12.0, 0.5),
            talk: Spread::of(80.0, 0.9),
            wrap_up: Spread::of(12.0, 0.6),
            breaks: None,
            inbound_per_hour: 0.0,
        }
    }
}

/// A scenario that cannot be played.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {message}")]
pub struct BadScenario {
    /// As it is written in a scenario.
    pub key: &'static str,
    pub message: &'static str,
}

impl Scenario {
    /// # Errors
    /// The first value that is out of its range.
    pub fn validate(&self) -> Result<(), BadScenario> {
        let share = |value: &f64| (0.0..=1.0).contains(value);
        let most = self.answers.iter().copied().fold(0.0, f64::max);
        let rules = [
            (
                self.opened().is_some(),
                "opens",
                "must be a moment like 2026-03-02T09:00:00+08:00",
            ),
            (
                self.hours > 0.0 && self.hours <= 24.0,
                "hours",
                "must be more than 0, at most 24",
            ),
            (
                (1..=2_000).contains(&self.agents),
                "agents",
                "must be 1 to 2,000",
            ),
            (
                (1..=10_000).contains(&self.channels),
                "channels",
                "must be 1 to 10,000",
            ),
            (
                self.calls_per_second > 0.0 && self.calls_per_second <= 1_000.0,
                "calls_per_second",
                "must be more than 0, at most 1,000",
            ),
            (
                (1..=10_000_000).contains(&self.leads),
                "leads",
                "must be 1 to 10,000,000",
            ),
            (self.pacing.is_valid(), "pacing", "is out of its range"),
            (self.retry.is_valid(), "retry", "attempts must be 1 to 10"),
            (
                (10..=60).contains(&self.ring_timeout_s),
                "ring_timeout_s",
                "must be 10 to 60",
            ),
            (
                (500..=10_000).contains(&self.abandon_after_ms),
                "abandon_after_ms",
                "must be 500 to 10,000",
            ),
            (
                matches!(self.answers.len(), 1 | 24) && self.answers.iter().all(share),
                "answers",
                "must be one share, or 24, each 0 to 1",
            ),
            (
                share(&self.busy) && share(&self.invalid),
                "busy",
                "and invalid must be 0 to 1",
            ),
            (
                most + self.busy + self.invalid <= 1.0 + 1e-9,
                "answers",
                "together with busy and invalid must not be more than 1",
            ),
            (
                self.ring.is_valid(),
                "ring",
                "must have a mean and a cv, or seconds",
            ),
            (
                self.talk.is_valid(),
                "talk",
                "must have a mean and a cv, or seconds",
            ),
            (
                self.wrap_up.is_valid(),
                "wrap_up",
                "must have a mean and a cv, or seconds",
            ),
            (
                self.breaks.is_none_or(Breaks::is_valid),
                "breaks",
                "are out of their range",
            ),
            (
                (0.0..=100_000.0).contains(&self.inbound_per_hour),
                "inbound_per_hour",
                "must be 0 to 100,000",
            ),
        ];
        match rules.into_iter().find(|(holds, ..)| !holds) {
            Some((_, key, message)) => Err(BadScenario { key, message }),
            None => Ok(()),
        }
    }

    /// The beginning, and milliseconds that its clock is ahead of UTC.
    pub(crate) fn opened(&self) -> Option<(Millis, i64)> {
        let at = DateTime::parse_from_rfc3339(&self.opens).ok()?;
        let ahead = i64::from(at.offset().local_minus_utc()) * 1_000;
        Some((Millis(at.timestamp_millis()), ahead))
    }

    /// Persons among dials at a moment.
    pub(crate) fn answers_at(&self, at: Millis, ahead_ms: i64) -> f64 {
        let hour = (at.0 + ahead_ms).div_euclid(3_600_000).rem_euclid(24);
        let of_hour = usize::try_from(hour)
            .ok()
            .and_then(|hour| self.answers.get(hour));
        *of_hour.unwrap_or(&self.answers[0])
    }
}

impl Breaks {
    fn is_valid(self) -> bool {
        (1.0..=1_440.0).contains(&self.every_minutes) && (1.0..=240.0).contains(&self.minutes)
    }
}
