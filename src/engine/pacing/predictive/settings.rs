//! What a supervisor may choose about prediction.

use serde::{Deserialize, Serialize};

use super::super::load::count;
use crate::ledger::{Preset, Tally};

/// A predictive campaign's own settings.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Lost persons among those who answered, 0 to 0.05; 0 dials one line for each idle agent.
    pub cap: f64,
    /// Share of the cap to aim for, 0.5 to 1. 0.92 keeps nearly every single day under the cap,
    /// 0.98 uses it.
    pub safety: f64,
    /// With fewer agents signed in, one line for each idle agent; 2 to 100.
    pub min_agents: u32,
    /// Over which time the cap must hold.
    pub books: Preset,
    /// Machines among those taken for persons, 0 to 0.5, as expected until the agents' dispositions
    /// say more: it weighs as much as [`crate::ledger::PRIOR_CALLS`] of them. `None`: dispositions
    /// alone.
    pub machine_share: Option<f64>,
    /// Unanswered lines for each agent at work, 1.0 to 10.0 (OUT-247); `None`: as many as the risk
    /// allows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub most_lines: Option<f64>,
}

/// The most persons a campaign may lose among those who answer.
pub const CAP_MAX: f64 = 0.05;

impl Default for Settings {
    fn default() -> Self {
        Self {
            cap: 0.03,
            safety: 0.98,
            min_agents: 3,
            books: Preset::default(),
            machine_share: None,
            most_lines: None,
        }
    }
}

impl Settings {
    #[must_use]
    pub fn is_valid(&self) -> bool {
        let lines = |lines: f64| (1.0..=10.0).contains(&lines);
        (0.0..=CAP_MAX).contains(&self.cap)
            && (0.5..=1.0).contains(&self.safety)
            && (2..=100).contains(&self.min_agents)
            && self.most_lines.is_none_or(lines)
            && self
                .machine_share
                .is_none_or(|share| (0.0..=0.5).contains(&share))
    }

    /// The books with the machines taken for persons that these settings expect.
    #[must_use]
    pub fn corrected(&self, tally: Tally) -> Tally {
        match self.machine_share {
            Some(share) => tally.expecting_machines(share),
            None => tally,
        }
    }

    /// Lines that may be added when `agents` are at work and `in_flight` lines are not answered.
    pub(super) fn ratio_room(&self, agents: usize, in_flight: usize) -> u32 {
        let Some(lines) = self.most_lines else {
            return u32::MAX;
        };
        let most = (agents as f64 * lines).floor() as usize;
        count(most.saturating_sub(in_flight))
    }
}
