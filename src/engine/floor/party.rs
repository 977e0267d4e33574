//! Who is in a call besides its customer and its agent: a second party whom the agent has called, or
//! somebody who has the customer without being an agent.

use super::{Call, Phase, phone_codes::Code};
use crate::ids::{AgentId, GatewayId, LegId};

/// Whom a leg reaches.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Who {
    Agent(AgentId),
    /// A phone on which no agent is signed in.
    Extension(String),
    /// A number behind a gateway.
    Outside(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// The store is asked whether the number may be called.
    Asking,
    Ringing,
    Up,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Party {
    pub who: Who,
    pub leg: LegId,
    pub reach: Reach,
    /// It sends early media.
    pub sounds: bool,
    /// The gateway of which it has a channel.
    pub channel: Option<GatewayId>,
    /// The number of the pool that it is to see.
    pub shows: Option<String>,
    /// Gateways that refused it.
    pub refused: Vec<GatewayId>,
    /// Who had it called.
    pub by: Option<Who>,
    /// The call with which a phone itself asks it.
    pub via: Option<Via>,
}

/// A second call of the phone that has the customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Via {
    pub leg: LegId,
    pub up: bool,
    /// The phone holds it.
    pub held: bool,
}

/// Whom the agent hears while there is a second party.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Round {
    #[default]
    Customer,
    Second,
    /// A conference of three.
    All,
}

/// See the module.
#[derive(Debug, Clone, Default)]
pub(super) struct Parties {
    /// The customer hears music and the agent nothing.
    pub held: bool,
    /// A phone of ours that called holds the call: who talks with it hears music.
    pub caller_holds: bool,
    /// The agent is not heard.
    pub muted: bool,
    pub second: Option<Party>,
    pub round: Round,
    /// The second party joins the talk as soon as it answers.
    pub joins_all: bool,
    /// The conference is over for all when its agent hangs up.
    pub ends_all: bool,
    /// Has the customer in an agent's place, or is rung to have it.
    pub other: Option<Party>,
    /// Who gets the customer back when the one to whom it was transferred does not take it.
    pub from: Option<Who>,
    /// What the phone that has the customer is pressing.
    pub code: Option<Code>,
    /// Who had the customer last.
    pub last_agent: Option<AgentId>,
}

impl Who {
    /// `agent`, `extension` or `outside`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Agent(_) => "agent",
            Self::Extension(_) => "extension",
            Self::Outside(_) => "outside",
        }
    }

    /// The agent's number, the extension, or the number that was dialled.
    pub fn name(&self) -> &str {
        match self {
            Self::Agent(agent) => agent.as_str(),
            Self::Extension(name) | Self::Outside(name) => name,
        }
    }
}

impl Reach {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Asking => "checking",
            Self::Ringing => "ringing",
            Self::Up => "up",
        }
    }
}

impl Party {
    /// One whose phone rings.
    pub fn ringing(who: Who, leg: LegId) -> Self {
        Self {
            who,
            leg,
            reach: Reach::Ringing,
            sounds: false,
            channel: None,
            shows: None,
            refused: Vec::new(),
            by: None,
            via: None,
        }
    }

    pub fn is_up(&self) -> bool {
        self.reach == Reach::Up
    }

    pub fn is_agent(&self, id: &AgentId) -> bool {
        matches!(&self.who, Who::Agent(agent) if agent == id)
    }
}

impl Parties {
    /// The party that has this leg.
    pub fn with(&mut self, leg: LegId) -> Option<&mut Party> {
        let parties = [&mut self.second, &mut self.other];
        let mut parties = parties.into_iter().flatten();
        parties.find(|party| party.leg == leg)
    }
}

impl Call {
    /// The leg of whoever has the customer.
    pub fn own_leg(&self) -> Option<LegId> {
        let other = self.parties.other.as_ref();
        self.agent_leg.or(other.map(|party| party.leg))
    }

    /// The second call of the phone that has the customer.
    pub fn via(&self) -> Option<&Via> {
        self.parties.second.as_ref()?.via.as_ref()
    }

    /// The agent or the phone that talks with the customer.
    pub fn holder(&self) -> Option<Who> {
        let talks = self.phase == Phase::Talking && self.own_leg().is_some();
        let phone = || match &self.parties.other {
            Some(other) => match &other.who {
                Who::Extension(phone) => Some(phone.clone()),
                Who::Agent(_) | Who::Outside(_) => None,
            },
            None => self.way.to_phone.clone(),
        };
        match &self.agent {
            _ if !talks => None,
            Some(agent) => Some(Who::Agent(agent.clone())),
            None => phone().map(Who::Extension),
        }
    }
}
