//! How much more or less often persons answer now than the ring curves say.
//!
//! The curves learn over thousands of attempts; the level follows the hour and the list. It weighs
//! persons who came against persons who were due. What is due is credited while lines ring:
//! counting outcomes when attempts end would hear of a whole cohort's answers before its silence.

use serde::{Deserialize, Serialize};

/// Persons due until an old one counts 1/e: several memories, the shortest first.
const MEMORIES: [f64; 4] = [15.0, 60.0, 250.0, 1_000.0];
/// Persons that came as they were due before anything was seen.
const PRIOR: f64 = 4.0;
/// Standard deviations of a shorter memory's level that make a longer one wrong.
const SURPRISE: f64 = 2.2;
const LEAST: f64 = 0.1;
const MOST: f64 = 6.0;

/// See the module.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Level {
    counts: [Count; MEMORIES.len()],
}

#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
struct Count {
    came: f64,
    due: f64,
}

impl Count {
    fn credit(&mut self, came: f64, due: f64, memory: f64) {
        let keep = (-due / memory).exp();
        self.came = self.came * keep + came;
        self.due = self.due * keep + due;
    }

    fn level(&self, coming: f64) -> f64 {
        ((self.came + coming + PRIOR) / (self.due + PRIOR)).clamp(LEAST, MOST)
    }

    fn deviation(&self) -> f64 {
        1.0 / (self.due + PRIOR).sqrt()
    }
}

impl Level {
    pub fn new() -> Self {
        Self {
            counts: Default::default(),
        }
    }

    /// `came`: persons since the last look; `due`: persons that the ringing since then let expect.
    pub fn credit(&mut self, came: f64, due: f64) {
        for (count, memory) in self.counts.iter_mut().zip(MEMORIES) {
            count.credit(came, due, memory);
        }
    }

    /// What was seen counts half.
    pub fn fade(&mut self) {
        for count in &mut self.counts {
            (count.came, count.due) = (count.came / 2.0, count.due / 2.0);
        }
    }

    /// The level, and its standard deviation as a share of it: the longest memory that no shorter
    /// one contradicts. `coming`: persons expected of the calls that are just being told from
    /// machines.
    pub fn get(&self, coming: f64) -> (f64, f64) {
        let agrees = |long: usize| {
            let level = self.counts[long].level(coming);
            self.counts[..long].iter().all(|short| {
                let surprise = (short.level(coming) / level).ln().abs();
                surprise <= SURPRISE * short.deviation()
            })
        };
        let longest = (0..MEMORIES.len()).rev().find(|long| agrees(*long));
        let count = self.counts[longest.unwrap_or(0)];
        (count.level(coming), count.deviation())
    }
}
