//! Before a start: how many leads could be called now, how many later today, and why not the others.
//!
//! Every lead gets exactly one answer, so the numbers add up. It is looked for in this order:
//! 1. whether the lead is there to be dialled at all ([`Hold`], [`Why::NoNumber`]);
//! 2. what the gate says now ([`gate::check`] itself, on a gateway with nothing on it);
//! 3. when it is due.
//!
//! A lead that only waits (for the window, for its time, for a call on its number to end) counts as
//! later today when the wait ends before midnight of the window's zone and the window is open then.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    campaign::Settings,
    gate::{self, Block, Facts, No, Rules},
    gateway::Gateway,
    time::Millis,
};

/// What is known of a lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    pub has_number: bool,
    pub hold: Hold,
    pub facts: Facts,
    /// When it may be dialled; `None`: at any time.
    pub due: Option<Millis>,
    /// That time is an appointment.
    pub appointed: bool,
}

/// Whose the lead is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// The campaign's, or to be had.
    Open,
    /// Somebody else's: it is not drawn before it is taken back (OUT-128).
    InUse,
    /// It lies in a hopper.
    Reserved,
    /// It is being dialled.
    Dialling,
    /// It has its final state.
    Done,
}

/// Why a lead is not being dialled. Each lead has one: the first that holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    InUse,
    Reserved,
    Dialling,
    Done,
    NoNumber,
    Gate(Block),
    /// It has an appointment.
    Appointment,
    /// It rests after an attempt.
    Resting,
    /// It could be dialled: it waits for the campaign's next line.
    Turn,
    /// No campaign has it.
    Unallocated,
}

impl Why {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InUse => "in_use",
            Self::Reserved => "reserved",
            Self::Dialling => "dialling",
            Self::Done => "done",
            Self::NoNumber => "no_number",
            Self::Gate(block) => block.as_str(),
            Self::Appointment => "appointment",
            Self::Resting => "resting",
            Self::Turn => "turn",
            Self::Unallocated => "unallocated",
        }
    }
}

/// Why a lead is not being dialled, and until when at least; `None`: it does not end by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reason {
    pub why: Why,
    pub until: Option<Millis>,
}

impl Reason {
    fn of(why: Why) -> Self {
        Self { why, until: None }
    }
}

/// Why a lead that no campaign has is not being dialled.
#[must_use]
pub fn unclaimed(candidate: &Candidate) -> Why {
    match candidate {
        Candidate { facts, .. } if facts.voided => Why::Gate(Block::Voided),
        Candidate { facts, .. } if facts.dnc => Why::Gate(Block::Dnc),
        Candidate {
            has_number: false, ..
        } => Why::NoNumber,
        _ => Why::Unallocated,
    }
}

/// The answer for one lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Now,
    Later(Millis),
    Not,
}

/// What a campaign dials by, at one moment.
#[derive(Debug, Clone)]
pub struct Desk<'a> {
    settings: &'a Settings,
    gateway: Option<Gateway>,
    now: Millis,
    /// The first moment of tomorrow.
    tomorrow: Millis,
}

impl<'a> Desk<'a> {
    /// `gateway` is the campaign's, when it can be used.
    #[must_use]
    pub fn new(settings: &'a Settings, gateway: Option<Gateway>, now: Millis) -> Self {
        let next_day = Block::DayCap.retry_at(settings, now);
        Self {
            settings,
            gateway,
            now,
            tomorrow: next_day.unwrap_or_else(|| now.plus(86_400_000)),
        }
    }

    /// Whether the lead is called today, and the reason why it is not being dialled now.
    #[must_use]
    pub fn look(&self, candidate: &Candidate) -> (Standing, Reason) {
        let reason = self.reason(candidate);
        let standing = match (reason.why, reason.until) {
            (Why::Turn, _) => Standing::Now,
            (Why::Gate(block), Some(at)) if is_a_wait(block) && at < self.tomorrow => {
                Standing::Later(at)
            }
            (Why::Appointment | Why::Resting, Some(at)) if at < self.tomorrow => {
                Standing::Later(at)
            }
            _ => Standing::Not,
        };
        (standing, reason)
    }

    /// The first reason why the lead is not being dialled.
    #[must_use]
    pub fn reason(&self, candidate: &Candidate) -> Reason {
        let held = match candidate.hold {
            Hold::Open if candidate.has_number => None,
            Hold::Open => Some(Why::NoNumber),
            Hold::InUse => Some(Why::InUse),
            Hold::Reserved => Some(Why::Reserved),
            Hold::Dialling => Some(Why::Dialling),
            Hold::Done => Some(Why::Done),
        };
        if let Some(why) = held {
            return Reason::of(why);
        }
        let due = candidate.due.filter(|due| *due > self.now);
        let waits = match self.gate(&candidate.facts) {
            Ok(()) => None,
            Err(no) if is_a_wait(no.block) => Some(no),
            Err(no) => {
                let (why, until) = (Why::Gate(no.block), no.retry_at);
                return Reason { why, until };
            }
        };
        let why = match &waits {
            None if due.is_none() => return Reason::of(Why::Turn),
            Some(no) => Why::Gate(no.block),
            None if candidate.appointed => Why::Appointment,
            None => Why::Resting,
        };
        let until = self.at(&candidate.facts, waits.as_ref(), due);
        Reason { why, until }
    }

    /// What the gate says now.
    fn gate(&self, facts: &Facts) -> Result<(), No> {
        let caller = self.settings.caller_ids.first().map(String::as_str);
        let mut gateway = self.gateway.clone();
        gate::examine(facts, self.settings, caller, gateway.as_mut(), self.now).map(|_| ())
    }

    /// When nothing keeps it waiting any more and the window is open where the called party is.
    fn at(&self, facts: &Facts, waits: Option<&No>, due: Option<Millis>) -> Option<Millis> {
        let waited = match waits {
            None => self.now,
            Some(no) => no.retry_at?,
        };
        let rules = Rules::of(facts, self.settings).ok()?;
        let at = due.map_or(waited, |due| due.max(waited));
        rules.next_open(facts, self.settings, at)
    }
}

/// Whether time alone makes the lead callable.
fn is_a_wait(block: Block) -> bool {
    matches!(
        block,
        Block::Window | Block::Holiday | Block::Live | Block::NumberCap | Block::PersonCap
    )
}

/// All answers. `total` = `now` + `later` + the sum of `not` = the sum of `reasons`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Summary {
    pub total: u64,
    pub now: u64,
    pub later: u64,
    /// Reason to leads that are not called today.
    pub not: BTreeMap<String, u64>,
    /// Reason to all leads: why each is not being dialled at this moment.
    #[serde(default)]
    pub reasons: BTreeMap<String, u64>,
    /// Hour, as the UTC milliseconds of its beginning, to the leads that become callable in it.
    pub curve: BTreeMap<i64, u64>,
}

const HOUR: i64 = 3_600_000;

impl Summary {
    pub fn add(&mut self, (standing, reason): (Standing, Reason), now: Millis) {
        self.total += 1;
        let why = reason.why.as_str();
        *self.reasons.entry(why.into()).or_default() += 1;
        match standing {
            Standing::Now => {
                self.now += 1;
                self.in_hour(now);
            }
            Standing::Later(at) => {
                self.later += 1;
                self.in_hour(at);
            }
            Standing::Not => *self.not.entry(why.into()).or_default() += 1,
        }
    }

    fn in_hour(&mut self, at: Millis) {
        *self.curve.entry(at.0.div_euclid(HOUR) * HOUR).or_default() += 1;
    }
}

#[cfg(test)]
mod tests;
