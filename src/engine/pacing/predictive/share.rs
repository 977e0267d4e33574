//! A share of yes among yes and no, and a mean, both of which forget.

use serde::{Deserialize, Serialize};

use crate::time::Millis;

/// How often something was so, lately.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Share {
    yes: f64,
    all: f64,
    /// After so many more, an old case counts 1/e.
    memory: f64,
}

impl Share {
    /// Starts from `yes` of `all` cases that nobody has seen.
    pub fn new(yes: f64, all: f64, memory: f64) -> Self {
        Self { yes, all, memory }
    }

    pub fn note(&mut self, so: bool) {
        let keep = 1.0 - 1.0 / self.memory;
        self.yes = self.yes * keep + f64::from(u8::from(so));
        self.all = self.all * keep + 1.0;
    }

    /// What was seen counts half, but no less than `least` cases.
    pub fn fade(&mut self, least: f64) {
        let keep = half_of(self.all, least);
        (self.yes, self.all) = (self.yes * keep, self.all * keep);
    }

    /// 0 to 1.
    pub fn get(&self) -> f64 {
        self.yes / self.all
    }
}

/// The mean of what was noted lately.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Mean {
    sum: f64,
    weight: f64,
    memory: f64,
}

impl Mean {
    pub fn new(mean: f64, weight: f64, memory: f64) -> Self {
        Self {
            sum: mean * weight,
            weight,
            memory,
        }
    }

    pub fn note(&mut self, value: f64) {
        let keep = 1.0 - 1.0 / self.memory;
        self.sum = self.sum * keep + value;
        self.weight = self.weight * keep + 1.0;
    }

    pub fn get(&self) -> f64 {
        self.sum / self.weight
    }

    /// What was seen counts half, but no less than `least` cases.
    pub fn fade(&mut self, least: f64) {
        let keep = half_of(self.weight, least);
        (self.sum, self.weight) = (self.sum * keep, self.weight * keep);
    }
}

/// What to multiply a weight by so that it halves, but does not come below `least`.
pub(super) fn half_of(weight: f64, least: f64) -> f64 {
    (least / weight.max(1e-9)).clamp(0.5, 1.0)
}

/// How often something happens that nobody asks for.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Stream {
    weight: f64,
    at: Option<Millis>,
}

/// Seconds after which an old event counts 1/e.
const STREAM_MEMORY_S: f64 = 900.0;

impl Stream {
    pub fn note(&mut self, now: Millis) {
        self.weight = self.left(now) + 1.0;
        self.at = Some(now);
    }

    /// Events expected within the next `s` seconds.
    pub fn expected(&self, s: f64, now: Millis) -> f64 {
        self.left(now) / STREAM_MEMORY_S * s
    }

    fn left(&self, now: Millis) -> f64 {
        let age_s = self.at.map_or(0.0, |at| now.since(at) as f64 / 1000.0);
        self.weight * (-age_s / STREAM_MEMORY_S).exp()
    }
}
