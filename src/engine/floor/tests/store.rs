//! A store in memory, with the rules of the real one.

use std::collections::{BTreeMap, BTreeSet};

use super::super::{CloseCall, Command, Input, Lead, OpenAttempt};
use crate::{
    caps::History,
    disposition::Step,
    gate::{Ask, Block, Facts, Used},
    ids::{AgentId, AttemptId, CallId, CampaignId, LeadId},
    outcome::CallStatus,
    time::Millis,
};

#[derive(Debug, Clone)]
pub struct Row {
    pub lead: Lead,
    pub campaign: CampaignId,
    pub status: CallStatus,
    pub next: Option<Millis>,
    pub reserved: bool,
    pub facts: Facts,
    /// Its number was put on a DNC list.
    pub listed: bool,
    /// On this agent's own list.
    pub agent: Option<AgentId>,
    /// The gate turned it away for good, or an agent said that it is done.
    pub settled: bool,
    /// When each attempt that counts was opened.
    pub dialled: Vec<Millis>,
}

#[derive(Debug, Default)]
pub struct Store {
    pub rows: BTreeMap<LeadId, Row>,
    pub attempts: BTreeMap<AttemptId, LeadId>,
    pub open_calls: BTreeSet<CallId>,
    pub closed: BTreeMap<CallId, CloseCall>,
    pub opened: usize,
    pub finished: BTreeMap<CampaignId, usize>,
    /// Outside numbers on a DNC list.
    pub forbidden: BTreeSet<String>,
    /// Call backs that are still to be made, or being made: their numbers.
    pub promises: BTreeMap<CallId, String>,
    /// How often numbers were shown.
    pub shown: BTreeMap<String, u32>,
    /// Call backs that were taken in hand.
    pub taken: BTreeSet<CallId>,
}

impl Store {
    pub fn add(&mut self, id: &str, campaign: &str, due: Millis) -> &mut Row {
        let number = format!("1390000{:04}", self.rows.len());
        let lead = Lead {
            id: id.into(),
            task: None,
            batch: "batch".into(),
            number,
            next_number: None,
            dials: 0,
        };
        self.rows.entry(id.into()).or_insert(Row {
            lead,
            campaign: campaign.into(),
            status: CallStatus::NotCall,
            next: Some(due),
            reserved: false,
            facts: Facts::default(),
            listed: false,
            agent: None,
            settled: false,
            dialled: Vec::new(),
        })
    }

    /// Carries a command out; the answer, where it has one.
    pub fn carry(&mut self, command: &Command, now: Millis) -> Option<Input> {
        match command {
            Command::Draw { campaign, count } => {
                let leads = self.draw(campaign, None, *count as usize, now);
                let all = *count > 0 && leads.len() == *count as usize;
                let undone = || self.rows_of(campaign).filter(|row| row.is_undone());
                let next_due = undone()
                    .filter(|row| !row.reserved)
                    .filter_map(|row| row.next)
                    .min();
                return Some(Input::Drawn {
                    campaign: campaign.clone(),
                    undone: (!all).then(|| undone().count() as u64),
                    next_due: next_due.filter(|_| !all),
                    leads,
                });
            }
            Command::DrawPreview {
                agent,
                campaign,
                lead,
            } => {
                let lead = match lead {
                    Some(lead) => self.pick(campaign, agent, lead),
                    None => self.draw(campaign, Some(agent), 1, now).pop(),
                };
                return Some(Input::PreviewLead {
                    agent: agent.clone(),
                    campaign: campaign.clone(),
                    lead: lead.map(Box::new),
                });
            }
            Command::Check { lead, ask } => {
                return Some(Input::Checked {
                    lead: lead.clone(),
                    facts: self.facts(lead, ask).map(Box::new),
                });
            }
            Command::OpenAttempt(open) => {
                let attempt = open.attempt;
                return Some(match self.open(open) {
                    Ok(()) => Input::AttemptOpened { attempt },
                    Err(block) => Input::AttemptRefused { attempt, block },
                });
            }
            Command::CheckNumber {
                leg,
                spellings,
                callers,
                ..
            } => {
                let listed = |number: &String| self.forbidden.contains(number);
                return Some(Input::NumberChecked {
                    leg: *leg,
                    allowed: !spellings.iter().any(listed),
                    callers: self.used(callers),
                });
            }
            Command::CheckPhone { leg, spellings, .. } => {
                let listed = |number: &String| self.forbidden.contains(number);
                return Some(Input::NumberChecked {
                    leg: *leg,
                    allowed: !spellings.iter().any(listed),
                    callers: Vec::new(),
                });
            }
            Command::Shown { caller, .. } => {
                *self.shown.entry(caller.clone()).or_default() += 1;
            }
            Command::Block { lead, retry_at, .. } => {
                let row = self.row(lead);
                row.reserved = false;
                row.settled = retry_at.is_none();
                row.next = *retry_at;
            }
            Command::Release { lead, retry_at } => {
                let row = self.row(lead);
                if row.status != CallStatus::Calling {
                    row.reserved = false;
                    row.next = retry_at.or(row.next);
                }
            }
            Command::ReleaseAll { campaign } => {
                let of_campaign =
                    |row: &&mut Row| row.campaign == *campaign && row.status != CallStatus::Calling;
                for row in self.rows.values_mut().filter(of_campaign) {
                    row.reserved = false;
                }
            }
            Command::Promise(promise) => {
                let call = promise.call.id;
                let number = promise.call.callee.clone();
                let kept = !self.promises.values().any(|promised| *promised == number);
                if kept {
                    assert!(self.open_calls.insert(call), "{call} opened twice");
                    self.promises.insert(call, number);
                }
                return Some(Input::Promised { call, kept });
            }
            Command::TakeCallBack {
                leg,
                call,
                spellings,
                callers,
                ..
            } => {
                let listed = |number: &String| self.forbidden.contains(number);
                return Some(Input::NumberChecked {
                    leg: *leg,
                    allowed: self.taken.insert(*call) && !spellings.iter().any(listed),
                    callers: self.used(callers),
                });
            }
            Command::OpenCall(call) => {
                assert!(self.open_calls.insert(call.id), "{} opened twice", call.id);
            }
            Command::CloseCall(call) => self.close(call),
            Command::Dispose { lead, step, .. } => self.dispose(lead.as_ref(), *step),
            Command::FinishCampaign { campaign } => {
                *self.finished.entry(campaign.clone()).or_default() += 1;
            }
            _ => {}
        }
        None
    }

    fn used(&self, callers: &[String]) -> Vec<Used> {
        let known = callers.iter().filter_map(|caller| {
            Some(Used {
                caller: caller.clone(),
                today: *self.shown.get(caller)?,
                last: Millis(0),
                refused: false,
            })
        });
        known.collect()
    }

    /// A lead of the agent's own list, whether it is due or not.
    fn pick(&mut self, campaign: &CampaignId, agent: &AgentId, lead: &LeadId) -> Option<Lead> {
        let row = self.rows.get_mut(lead)?;
        let may = row.campaign == *campaign
            && row.agent.as_ref() == Some(agent)
            && !row.reserved
            && row.is_undone();
        may.then(|| {
            row.reserved = true;
            row.lead.clone()
        })
    }

    fn row(&mut self, lead: &LeadId) -> &mut Row {
        self.rows.get_mut(lead).expect("a lead of the store")
    }

    pub fn rows_of(&self, campaign: &CampaignId) -> impl Iterator<Item = &Row> {
        let campaign = campaign.clone();
        self.rows
            .values()
            .filter(move |row| row.campaign == campaign)
    }

    fn draw(
        &mut self,
        campaign: &CampaignId,
        agent: Option<&AgentId>,
        count: usize,
        now: Millis,
    ) -> Vec<Lead> {
        // Numbers rise in the order of the list.
        let mut due: Vec<(bool, Millis, String, LeadId)> = self
            .rows_of(campaign)
            .filter(|row| row.is_due(now) && (agent.is_none() || row.agent.as_ref() == agent))
            .filter_map(|row| {
                let fresh = row.status == CallStatus::NotCall;
                Some((
                    fresh,
                    row.next?,
                    row.lead.number.clone(),
                    row.lead.id.clone(),
                ))
            })
            .collect();
        due.sort_unstable();
        due.truncate(count);
        due.into_iter()
            .map(|(_, _, _, id)| {
                let row = self.row(&id);
                row.reserved = true;
                row.lead.clone()
            })
            .collect()
    }

    fn facts(&self, lead: &LeadId, ask: &Ask) -> Option<Facts> {
        let row = &self.rows[lead];
        if !row.reserved || row.status == CallStatus::Calling {
            return None;
        }
        let today = row
            .dialled
            .iter()
            .filter(|at| **at >= ask.day_start)
            .count();
        let facts = row.facts.clone();
        let person = &facts.said.person;
        let mut callers = facts.callers.clone();
        callers.extend(self.used(&ask.callers));
        Some(Facts {
            callers,
            attempts: facts.attempts + row.dialled.len() as u32,
            attempts_today: facts.attempts_today + today as u32,
            dnc: facts.dnc || row.listed,
            number: row.lead.number.clone(),
            of_number: self.history(|other| other.lead.number == row.lead.number),
            of_person: self.history(|other| person.is_some() && other.facts.said.person == *person),
            ..facts
        })
    }

    fn history(&self, is_same: impl Fn(&Row) -> bool) -> History {
        let rows = self.rows.values().filter(|row| is_same(row));
        let mut dials: Vec<Millis> = rows.flat_map(|row| row.dialled.clone()).collect();
        dials.sort_unstable_by(|a, b| b.cmp(a));
        History {
            dials,
            ..History::default()
        }
    }

    fn open(&mut self, open: &OpenAttempt) -> Result<(), Block> {
        let lead = open.call.lead.clone().expect("a dialled call has its lead");
        let row = self.row(&lead);
        if !row.reserved || row.status == CallStatus::Calling || row.facts.live {
            return Err(Block::Live);
        }
        if row.facts.dnc || row.listed {
            return Err(Block::Dnc);
        }
        row.status = CallStatus::Calling;
        row.dialled.push(open.call.started_at);
        *self.shown.entry(open.call.caller.clone()).or_default() += 1;
        self.opened += 1;
        self.attempts.insert(open.attempt, lead);
        let id = open.call.id;
        assert!(self.open_calls.insert(id), "{id} opened twice");
        Ok(())
    }

    fn close(&mut self, call: &CloseCall) {
        let id = call.id;
        assert!(self.open_calls.remove(&id), "{id} closed, but not open");
        self.promises.remove(&id);
        if let Some(close) = &call.attempt {
            let lead = self.attempts.remove(&close.id);
            assert_eq!(lead.as_ref(), Some(&close.lead), "{id} closes its attempt");
            let row = self.row(&close.lead);
            row.status = close.status;
            row.next = close.next_dial_at;
            if let Some(number) = &close.number {
                row.lead.number.clone_from(number);
                row.lead.next_number = None;
            }
            row.reserved = false;
            if !close.counted {
                row.dialled.pop();
            }
        }
        self.closed.insert(id, call.clone());
    }

    fn dispose(&mut self, lead: Option<&LeadId>, step: Step) {
        let Some(lead) = lead else { return };
        let row = self.row(lead);
        row.next = match step {
            Step::CallAgain(at) | Step::TryAgain(at) => Some(at),
            Step::Close | Step::Suppress => None,
        };
        row.settled = row.next.is_none();
        row.facts.dnc |= step == Step::Suppress;
    }
}

impl Row {
    fn is_due(&self, now: Millis) -> bool {
        let waits = self.status != CallStatus::Calling && !self.reserved && !self.facts.voided;
        waits && self.next.is_some_and(|at| at <= now)
    }

    pub fn is_undone(&self) -> bool {
        !self.facts.voided && (self.next.is_some() || self.status == CallStatus::Calling)
    }
}
