//! How many lines to dial now, and why not more (OUT-244).
//!
//! A policy sees the floor of one campaign and answers at once; it keeps no clock and dials nobody.

mod decision;
mod history;
mod load;
pub mod predictive;
mod progressive;
mod ratio;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use decision::{Decision, Inputs, Limit};
pub use history::{History, KEPT, Record, Seen};
pub use load::{Agent, AgentState, Counts, Leg, Load, Stage};
pub use predictive::Pacer;

/// Which policy paces a campaign.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "mode", rename_all = "snake_case", deny_unknown_fields)]
pub enum Policy {
    /// One line for each idle agent.
    Progressive {},
    /// `lines` calls in the air for each idle agent, 1.0 to 10.0.
    Ratio { lines: f64 },
    /// As many lines as the chance of a lost call allows.
    Predictive(predictive::Settings),
}

impl Default for Policy {
    fn default() -> Self {
        Self::Progressive {}
    }
}

impl Policy {
    #[must_use]
    pub fn is_valid(&self) -> bool {
        match self {
            Self::Progressive {} => true,
            Self::Ratio { lines } => (1.0..=10.0).contains(lines),
            Self::Predictive(settings) => settings.is_valid(),
        }
    }

    /// Lines for a campaign whose answered calls need an agent. `pacer` is what the campaign has
    /// learned; it goes on learning whichever policy decides.
    #[must_use]
    pub fn decide(&self, load: &Load, pacer: &mut Pacer) -> Decision {
        pacer.look(load);
        let wish = if load.agents.is_empty() {
            Decision::new(0, Limit::NoAgents)
        } else {
            match self {
                Self::Progressive {} => progressive::wish(load),
                Self::Ratio { lines } => ratio::wish(load, *lines),
                Self::Predictive(settings) => pacer.wish(settings, load),
            }
        };
        within_limits(wish, load)
    }
}

/// Lines for a robot campaign: whatever can be carried (OUT-257).
#[must_use]
pub fn robot(load: &Load) -> Decision {
    within_limits(Decision::new(u32::MAX, Limit::Channels), load)
}

/// The smallest limit wins and is named.
fn within_limits(wish: Decision, load: &Load) -> Decision {
    load.limits()
        .into_iter()
        .fold(wish, |least, (lines, why)| Decision {
            lines: least.lines.min(lines),
            why: if lines < least.lines { why } else { least.why },
            ..least
        })
}
