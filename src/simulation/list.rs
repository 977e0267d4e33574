//! The list of leads, with the rules of the store: reservations, attempts, and when a lead comes back.

use std::collections::{BTreeMap, BTreeSet};

use engine::{
    disposition::Step,
    floor::{CloseCall, Command, Input, Lead, OpenAttempt},
    gate::{Block, Facts},
    ids::{CampaignId, LeadId},
    time::Millis,
};

/// The number of the first lead.
const FIRST_NUMBER: u64 = 13_000_000_000;

/// Leads `0..all`, of which those that were never touched are only a count.
pub(crate) struct List {
    all: u64,
    /// The first lead that was never drawn.
    fresh: u64,
    /// Given back undialled.
    back: BTreeSet<u64>,
    /// Coming back then.
    due: BTreeSet<(Millis, u64)>,
    reserved: BTreeSet<u64>,
    calling: BTreeSet<u64>,
    /// When each attempt that counts was made.
    attempts: BTreeMap<u64, Vec<Millis>>,
}

impl List {
    pub fn new(all: u64) -> Self {
        Self {
            all,
            fresh: 0,
            back: BTreeSet::new(),
            due: BTreeSet::new(),
            reserved: BTreeSet::new(),
            calling: BTreeSet::new(),
            attempts: BTreeMap::new(),
        }
    }

    /// Leads that were never drawn.
    pub fn untouched(&self) -> u64 {
        self.all - self.fresh + self.back.len() as u64
    }

    /// Attempts that were made on a lead and count.
    pub fn attempts_of(&self, lead: u64) -> u64 {
        self.attempts.get(&lead).map_or(0, |made| made.len() as u64)
    }

    /// What the floor is told of a command to the store.
    pub fn carry(&mut self, command: &Command, now: Millis) -> Option<Input> {
        match command {
            Command::Draw { campaign, count } => Some(self.draw(campaign, *count, now)),
            Command::Check { lead, ask } => {
                let known = place(lead).filter(|lead| self.reserved.contains(lead));
                Some(Input::Checked {
                    lead: lead.clone(),
                    facts: known.map(|lead| Box::new(self.facts(lead, ask.day_start))),
                })
            }
            Command::OpenAttempt(open) => Some(self.open(open)),
            Command::CloseCall(call) => {
                self.close(call);
                None
            }
            Command::Block { lead, retry_at, .. } => {
                self.settle(lead, *retry_at);
                None
            }
            Command::Release { lead, retry_at } => {
                match retry_at {
                    Some(_) => self.settle(lead, *retry_at),
                    None => self
                        .back
                        .extend(place(lead).filter(|lead| self.reserved.remove(lead))),
                }
                None
            }
            Command::ReleaseAll { .. } => {
                self.back.append(&mut self.reserved);
                None
            }
            Command::Dispose {
                lead: Some(lead),
                step,
                ..
            } => {
                if let Step::CallAgain(at) | Step::TryAgain(at) = step {
                    self.due.extend(place(lead).map(|lead| (*at, lead)));
                }
                None
            }
            _ => None,
        }
    }

    fn draw(&mut self, campaign: &CampaignId, count: u32, now: Millis) -> Input {
        let mut leads = Vec::new();
        while leads.len() < count as usize
            && let Some(lead) = self.next(now)
        {
            self.reserved.insert(lead);
            leads.push(self.lead(lead));
        }
        let all = count > 0 && leads.len() == count as usize;
        let in_hand = self.reserved.len() + self.calling.len() + self.due.len();
        Input::Drawn {
            campaign: campaign.clone(),
            leads,
            undone: (!all).then(|| self.untouched() + in_hand as u64),
            next_due: self.due.first().map(|(at, _)| *at),
        }
    }

    fn next(&mut self, now: Millis) -> Option<u64> {
        if self.due.first().is_some_and(|(at, _)| *at <= now) {
            return self.due.pop_first().map(|(_, lead)| lead);
        }
        if let Some(lead) = self.back.pop_first() {
            return Some(lead);
        }
        let is_left = self.fresh < self.all;
        self.fresh += u64::from(is_left);
        is_left.then(|| self.fresh - 1)
    }

    fn lead(&self, lead: u64) -> Lead {
        Lead {
            id: lead.to_string().as_str().into(),
            task: None,
            batch: String::new(),
            number: (FIRST_NUMBER + lead).to_string(),
            next_number: None,
            dials: self.attempts.get(&lead).map_or(0, |made| made.len() as u32),
        }
    }

    fn facts(&self, lead: u64, day_start: Millis) -> Facts {
        let made = self.attempts.get(&lead).map_or(&[][..], Vec::as_slice);
        let today = made.iter().filter(|at| **at >= day_start);
        Facts {
            attempts: made.len() as u32,
            attempts_today: today.count() as u32,
            ..Facts::default()
        }
    }

    fn open(&mut self, open: &OpenAttempt) -> Input {
        let attempt = open.attempt;
        let lead = open.call.lead.as_ref().and_then(place);
        match lead.filter(|lead| self.reserved.remove(lead)) {
            Some(lead) => {
                self.calling.insert(lead);
                self.attempts
                    .entry(lead)
                    .or_default()
                    .push(open.call.started_at);
                Input::AttemptOpened { attempt }
            }
            None => Input::AttemptRefused {
                attempt,
                block: Block::Live,
            },
        }
    }

    fn close(&mut self, call: &CloseCall) {
        let Some(close) = &call.attempt else { return };
        let Some(lead) = place(&close.lead).filter(|lead| self.calling.remove(lead)) else {
            return;
        };
        if !close.counted
            && let Some(made) = self.attempts.get_mut(&lead)
        {
            made.pop();
        }
        self.due.extend(close.next_dial_at.map(|at| (at, lead)));
    }

    /// A lead that was in hand waits, or is done.
    fn settle(&mut self, lead: &LeadId, retry_at: Option<Millis>) {
        let lead = place(lead).filter(|lead| self.reserved.remove(lead));
        self.due
            .extend(lead.zip(retry_at).map(|(lead, at)| (at, lead)));
    }
}

fn place(lead: &LeadId) -> Option<u64> {
    lead.as_str().parse().ok()
}

/// A number's place on the list.
pub(crate) fn place_of(number: &str) -> u64 {
    let number: u64 = number.parse().unwrap_or_default();
    number.saturating_sub(FIRST_NUMBER)
}
