//! How many lines to dial now, and why not more (OUT-244).
//!
//! A policy sees the floor of one campaign and answers at once; it keeps no clock and dials nobody.

mod progressive;
mod ratio;

use serde::{Deserialize, Serialize};

use crate::time::Millis;

/// Which policy paces a campaign.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "mode", rename_all = "snake_case", deny_unknown_fields)]
pub enum Policy {
    /// One line for each idle agent.
    Progressive {},
    /// `lines` calls in the air for each idle agent, 1.0 to 10.0.
    Ratio { lines: f64 },
}

impl Default for Policy {
    fn default() -> Self {
        Self::Progressive {}
    }
}

/// What a policy may look at.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Load {
    pub now: Millis,
    /// Signed-in agents of the campaign's queue, each in its state since when.
    pub agents: Vec<Agent>,
    /// Legs that are not yet answered: this campaign's, and those of others for the same queue.
    pub in_flight: Vec<Leg>,
    /// Answered calls of this campaign's queue that wait for an agent.
    pub waiting: u32,
    /// Calls of this campaign that are up, answered or not.
    pub up: u32,
    pub counts: Counts,
    /// Channels the gateway can still give to dialling.
    pub free_channels: u32,
    /// Calls the gateway's rate limit lets start now.
    pub burst: u32,
    /// The campaign's own limit on calls up at once.
    pub max_concurrency: Option<u32>,
    /// Leads that could be dialled at once.
    pub leads: u32,
}

/// One agent, seen from the pacer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Agent {
    pub state: AgentState,
    pub since: Millis,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AgentState {
    Idle,
    /// Reserved or ringing for a call.
    Offered,
    Talking,
    WrapUp,
    /// Signed in, not available.
    Away,
}

/// One unanswered line, seen from the pacer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leg {
    pub ringing: bool,
    pub since: Millis,
}

/// Since the campaign started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    pub dialled: u64,
    /// Answered by a person.
    pub answered: u64,
    pub machines: u64,
    pub connected: u64,
    pub abandoned: u64,
}

/// Lines to dial now, and what kept the number from being larger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Decision {
    pub lines: u32,
    pub why: Limit,
}

/// What binds a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// No agent is signed in to the queue (OUT-258).
    NoAgents,
    /// Every idle agent has a line already.
    IdleAgents,
    /// The policy's ratio is in the air.
    Ratio,
    /// Answered calls wait: they come first.
    Waiting,
    /// The campaign's own limit on calls.
    Concurrency,
    /// The gateway's channels are used up.
    Channels,
    /// The gateway's calls per second are used up.
    Rate,
    /// No lead can be dialled now.
    NoLeads,
    /// Outside the campaign's calling window.
    Window,
}

impl Policy {
    #[must_use]
    pub fn is_valid(&self) -> bool {
        match self {
            Self::Progressive {} => true,
            Self::Ratio { lines } => (1.0..=10.0).contains(lines),
        }
    }

    /// Lines for a campaign whose answered calls need an agent.
    #[must_use]
    pub fn decide(&self, load: &Load) -> Decision {
        let wish = if load.agents.is_empty() {
            Decision {
                lines: 0,
                why: Limit::NoAgents,
            }
        } else {
            match self {
                Self::Progressive {} => progressive::wish(load),
                Self::Ratio { lines } => ratio::wish(load, *lines),
            }
        };
        within_limits(wish, load)
    }
}

/// Lines for a robot campaign: whatever can be carried (OUT-257).
#[must_use]
pub fn robot(load: &Load) -> Decision {
    within_limits(
        Decision {
            lines: u32::MAX,
            why: Limit::Channels,
        },
        load,
    )
}

/// The smallest limit wins and is named.
fn within_limits(wish: Decision, load: &Load) -> Decision {
    let own = load
        .max_concurrency
        .map_or(u32::MAX, |limit| limit.saturating_sub(load.up));
    let limits = [
        (own, Limit::Concurrency),
        (load.free_channels, Limit::Channels),
        (load.burst, Limit::Rate),
        (load.leads, Limit::NoLeads),
    ];
    limits.into_iter().fold(wish, |least, (lines, why)| {
        if lines < least.lines {
            Decision { lines, why }
        } else {
            least
        }
    })
}

/// Idle agents and lines in the air; what every simple policy starts from.
fn idle(load: &Load) -> u32 {
    let idle = load
        .agents
        .iter()
        .filter(|agent| agent.state == AgentState::Idle)
        .count();
    u32::try_from(idle).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(idle: usize, talking: usize, in_flight: usize) -> Load {
        let agent = |state| Agent {
            state,
            since: Millis(0),
        };
        Load {
            agents: [
                vec![agent(AgentState::Idle); idle],
                vec![agent(AgentState::Talking); talking],
            ]
            .concat(),
            in_flight: vec![
                Leg {
                    ringing: true,
                    since: Millis(0)
                };
                in_flight
            ],
            free_channels: 100,
            burst: 100,
            leads: 100,
            ..Load::default()
        }
    }

    fn decide(policy: Policy, load: &Load) -> (u32, Limit) {
        let decision = policy.decide(load);
        (decision.lines, decision.why)
    }

    #[test]
    fn progressive_gives_each_idle_agent_one_line() {
        let policy = Policy::Progressive {};
        assert_eq!(decide(policy, &load(5, 3, 0)), (5, Limit::IdleAgents));
        assert_eq!(decide(policy, &load(5, 3, 4)), (1, Limit::IdleAgents));
        assert_eq!(decide(policy, &load(0, 8, 0)), (0, Limit::IdleAgents));
    }

    #[test]
    fn a_ratio_keeps_so_many_lines_in_the_air() {
        let policy = Policy::Ratio { lines: 1.5 };
        assert_eq!(decide(policy, &load(4, 0, 0)), (6, Limit::Ratio));
        assert_eq!(decide(policy, &load(4, 0, 5)), (1, Limit::Ratio));
    }

    #[test]
    fn waiting_calls_are_served_before_more_are_dialled() {
        let mut load = load(2, 0, 0);
        load.waiting = 2;
        assert_eq!(decide(Policy::Progressive {}, &load), (0, Limit::Waiting));
    }

    #[test]
    fn the_limit_that_binds_is_named() {
        let policy = Policy::Progressive {};
        let mut load = load(9, 0, 0);
        load.leads = 4;
        assert_eq!(decide(policy, &load), (4, Limit::NoLeads));
        load.burst = 3;
        assert_eq!(decide(policy, &load), (3, Limit::Rate));
        load.free_channels = 2;
        assert_eq!(decide(policy, &load), (2, Limit::Channels));
        load.max_concurrency = Some(10);
        load.up = 9;
        assert_eq!(decide(policy, &load), (1, Limit::Concurrency));
        load.agents.clear();
        assert_eq!(decide(policy, &load), (0, Limit::NoAgents));
    }

    #[test]
    fn a_robot_campaign_uses_what_can_be_carried() {
        let mut load = Load {
            free_channels: 7,
            burst: 5,
            leads: 100,
            ..Load::default()
        };
        assert_eq!(
            robot(&load),
            Decision {
                lines: 5,
                why: Limit::Rate
            }
        );
        load.burst = 50;
        assert_eq!(
            robot(&load),
            Decision {
                lines: 7,
                why: Limit::Channels
            }
        );
    }
}
