//! Who is in a call besides its customer and its agent: a second party whom the agent has called, or
//! somebody who has the customer without being an agent.

use std::collections::BTreeSet;

use super::{Call, Phase, hook_flash::Dialling, phone_codes::Code};
use crate::{
    ids::{AgentId, GatewayId, LegId},
    time::Millis,
};

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
    /// It has told that it rings.
    pub rings: bool,
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
    /// The leg on which a phone sends its customer to it (REFER), and is to be told how that went.
    pub asked_on: Option<LegId>,
    /// It was dialled after a hook flash.
    pub flashed: bool,
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
    /// A conference.
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
    /// Legs of others who may only listen (AGT-151).
    pub hushed: BTreeSet<LegId>,
    pub second: Option<Party>,
    /// Others who were called into the talk before the second party; oldest first.
    pub guests: Vec<Party>,
    pub round: Round,
    /// Since when all hear one another.
    pub conferred: Option<Millis>,
    /// Who is called joins the talk as soon as they answer.
    pub joins_all: bool,
    /// The conference is over for all when its agent hangs up.
    pub ends_all: bool,
    /// Has the customer in an agent's place, or is rung to have it.
    pub other: Option<Party>,
    /// Who gets the customer back when the one to whom it was transferred does not take it.
    pub from: Option<Who>,
    /// What the phone that has the customer is pressing.
    pub code: Option<Code>,
    /// What it dials after a hook flash, while the far end hears music.
    pub dialling: Option<Dialling>,
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
            rings: false,
            sounds: false,
            channel: None,
            shows: None,
            refused: Vec::new(),
            by: None,
            via: None,
            asked_on: None,
            flashed: false,
        }
    }

    /// A phone has it called, not the console, and says itself who is held.
    pub fn is_at_phone(&self) -> bool {
        self.via.is_some() || self.asked_on.is_some()
    }

    pub fn is_up(&self) -> bool {
        self.reach == Reach::Up
    }

    pub fn is_agent(&self, id: &AgentId) -> bool {
        matches!(&self.who, Who::Agent(agent) if agent == id)
    }
}

impl Parties {
    /// Who was called besides the customer, oldest first.
    pub fn called(&self) -> impl DoubleEndedIterator<Item = &Party> {
        self.guests.iter().chain(&self.second)
    }

    /// The same, and whoever has the customer without being an agent.
    pub fn all(&self) -> impl Iterator<Item = &Party> {
        self.called().chain(&self.other)
    }

    /// The party that has this leg.
    pub fn with(&mut self, leg: LegId) -> Option<&mut Party> {
        let parties = [&mut self.second, &mut self.other];
        let mut parties = parties.into_iter().flatten().chain(&mut self.guests);
        parties.find(|party| party.leg == leg)
    }

    /// Whoever was talked with is held no longer, and nothing is dialled.
    pub fn take_up(&mut self) {
        self.held = false;
        self.dialling = None;
    }

    /// Takes who was called last; an earlier one is the second party then.
    pub fn take_second(&mut self) -> Option<Party> {
        let second = self.second.take();
        self.second = self.guests.pop();
        if self.second.is_none() {
            self.round = Round::Customer;
            self.conferred = None;
            self.joins_all = false;
            self.ends_all = false;
            // A phone that called the second party itself holds the customer until it says otherwise.
            self.held &= second.as_ref().is_some_and(Party::is_at_phone);
        }
        second
    }

    /// Takes the called party that has this leg.
    pub fn take_called(&mut self, leg: LegId) -> Option<Party> {
        match self.guests.iter().position(|guest| guest.leg == leg) {
            Some(at) => Some(self.guests.remove(at)),
            None if self.second.as_ref().is_some_and(|it| it.leg == leg) => self.take_second(),
            None => None,
        }
    }

    /// Takes whoever has the customer next: of those who are up an agent before a phone, and that before
    /// a number outside; where nobody is up, who was called last.
    pub fn take_next(&mut self) -> Option<Party> {
        let rank = |party: &&Party| match party.who {
            Who::Agent(_) => 0,
            Who::Extension(_) => 1,
            Who::Outside(_) => 2,
        };
        let next = self.called().filter(|party| party.is_up()).min_by_key(rank);
        match next.map(|party| party.leg) {
            Some(leg) => self.take_called(leg),
            None => self.take_second(),
        }
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

    /// Whoever has the customer and was put through, with neither an agent nor a party of the call: kind
    /// and name.
    pub fn put_through_to(&self) -> Option<(&'static str, &str)> {
        self.agent_leg.filter(|_| self.phase == Phase::Talking)?;
        match (&self.way.to_phone, &self.way.out) {
            (Some(phone), _) => Some(("extension", phone)),
            (None, Some(out)) => Some(("outside", &out.number)),
            (None, None) => None,
        }
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
