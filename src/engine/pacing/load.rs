//! The floor of one campaign, as its pacer sees it.

use serde::{Deserialize, Serialize};

use super::Limit;
use crate::{
    ledger::{Allowed, Tally},
    time::Millis,
};

/// What a policy may look at.
#[derive(Debug, Clone, PartialEq)]
pub struct Load {
    pub now: Millis,
    /// Signed-in agents of the campaign's queue, each in its state since when.
    pub agents: Vec<Agent>,
    /// Legs that are not yet with a person: this campaign's, and those of others for the same queue.
    pub in_flight: Vec<Leg>,
    /// Answered calls of this campaign's queue that wait for an agent: until when each does.
    pub waiting: Vec<Millis>,
    /// Calls of this campaign that are up, answered or not.
    pub up: u32,
    pub counts: Counts,
    /// This campaign's books, since it began and over the last 24 hours.
    pub booked: Tally,
    pub today: Tally,
    /// What the strictest window of the books allows.
    pub allowed: Allowed,
    /// What that window holds; `None`: the campaign's whole life counts.
    pub window: Option<Tally>,
    /// A dialled person without an agent is lost after so long.
    pub patience_ms: i64,
    /// No gateway takes calls: each is unknown, does not answer, or rests.
    pub no_gateway: bool,
    /// Channels the gateways can still give to dialling.
    pub free_channels: u32,
    /// Calls the gateway's rate limit lets start now.
    pub burst: u32,
    /// The campaign's own limit on calls up at once.
    pub max_concurrency: Option<u32>,
    /// What a limit that other campaigns share leaves; `None`: there is none.
    pub shared_room: Option<u32>,
    /// Leads that could be dialled at once.
    pub leads: u32,
    /// Leads that are left at all; `None`: unknown, or without end.
    pub left: Option<u64>,
}

impl Default for Load {
    fn default() -> Self {
        Self {
            now: Millis(0),
            agents: Vec::new(),
            in_flight: Vec::new(),
            waiting: Vec::new(),
            up: 0,
            counts: Counts::default(),
            booked: Tally::default(),
            today: Tally::default(),
            allowed: Allowed::default(),
            window: None,
            patience_ms: 2_000,
            no_gateway: false,
            free_channels: 0,
            burst: 0,
            max_concurrency: None,
            shared_room: None,
            leads: 0,
            left: None,
        }
    }
}

impl Load {
    /// Idle agents; what every simple policy starts from.
    #[must_use]
    pub fn idle(&self) -> u32 {
        let is_idle = |agent: &&Agent| agent.state == AgentState::Idle && !agent.leaves;
        count(self.agents.iter().filter(is_idle).count())
    }

    /// What is left of each limit that no policy may pass.
    #[must_use]
    pub(super) fn limits(&self) -> [(u32, Limit); 6] {
        let own = self
            .max_concurrency
            .map_or(u32::MAX, |limit| limit.saturating_sub(self.up));
        [
            (own, Limit::Concurrency),
            (
                self.shared_room.unwrap_or(u32::MAX),
                Limit::SharedConcurrency,
            ),
            (if self.no_gateway { 0 } else { u32::MAX }, Limit::Gateway),
            (self.free_channels, Limit::Channels),
            (self.burst, Limit::Rate),
            (self.leads, Limit::NoLeads),
        ]
    }

    /// The most lines that could be placed.
    #[must_use]
    pub fn room(&self) -> u32 {
        self.limits()
            .into_iter()
            .map(|(lines, _)| lines)
            .min()
            .unwrap_or(0)
    }
}

/// One agent, seen from the pacer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Agent {
    pub state: AgentState,
    pub since: Millis,
    /// After-call work ends then at the latest, by itself.
    pub free_at: Option<Millis>,
    /// Goes on a break or home next: comes free for nobody.
    pub leaves: bool,
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

/// One line without a person on it yet, seen from the pacer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leg {
    /// The number of its call.
    pub call: u64,
    pub stage: Stage,
    /// The dial, or the pick-up.
    pub since: Millis,
    /// Dialled by another campaign for the same agents: nothing is learned from it.
    pub foreign: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Dialled, not answered.
    Ringing,
    /// Answered by a person or a machine.
    Detecting,
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

pub(super) fn count(things: usize) -> u32 {
    u32::try_from(things).unwrap_or(u32::MAX)
}
