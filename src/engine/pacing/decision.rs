//! What a policy answers: lines, what bound them, and what it saw.

use serde::{Deserialize, Serialize};

/// Lines to dial now, and what kept the number from being larger.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Decision {
    pub lines: u32,
    pub why: Limit,
    /// What a prediction saw; `None` where nothing was predicted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inputs: Option<Inputs>,
}

impl Decision {
    #[must_use]
    pub fn new(lines: u32, why: Limit) -> Self {
        Self {
            lines,
            why,
            inputs: None,
        }
    }
}

/// What a predictive decision rests on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Inputs {
    /// Chance, 0 to 1, that a call dialled beyond the wished-for lines would meet nobody if answered.
    pub risk: f64,
    /// The chance that is taken now.
    pub threshold: f64,
    /// Lines wished for before limits.
    pub wish: u32,
    /// Persons expected of the lines in the air when a fresh call would be answered.
    pub arrivals: f64,
    /// Agents expected to be free then.
    pub free: f64,
    /// Chance that a fresh line brings a person.
    pub answer_share: f64,
    /// Seconds from a dial to its answer, the middle of it.
    pub horizon_s: f64,
    /// Lost among answered persons over the last 24 hours.
    pub lost_share: f64,
    /// Twice as many calls were lost as predicted, over 200 answers: the model does not fit.
    pub is_off: bool,
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
    /// One more call would too probably meet nobody.
    Risk,
    /// The abandonment ledger allows one line for each idle agent.
    Ledger,
    /// The abandonment ledger allows nothing.
    LedgerStop,
    /// Too few agents to predict: one line for each idle one.
    FewAgents,
    /// Too few outcomes to predict from.
    Start,
    /// The floor was not seen for a while: one line for each idle agent.
    Blind,
    /// The campaign's own limit on calls.
    Concurrency,
    /// The limit on calls that the outbound settings set for all campaigns of the level.
    SharedConcurrency,
    /// No gateway takes calls: each is unknown, does not answer, or rests.
    Gateway,
    /// The gateway's channels are used up.
    Channels,
    /// The gateway's calls per second are used up.
    Rate,
    /// The switch has just refused a dial, for it has more to do than it can.
    Overload,
    /// No lead can be dialled now.
    NoLeads,
    /// Outside the campaign's calling window.
    Window,
}
