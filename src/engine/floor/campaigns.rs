//! The campaigns on the floor: their leads in hand, their books, their beginning and end.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::{
    AnswerClass, Call, CampaignSpec, Cause, Command, Event, Floor, Lead, agents::Agent,
    audience::Audience,
};
use crate::{
    campaign::{Mode, State},
    gate::Block,
    ids::{CallId, CampaignId, LeadId},
    ledger::{Ledger, Standing, Tally, Window},
    outcome::Outcome,
    pacing::{Counts, Decision, History, Load, Pacer, Policy, predictive::Fact},
    time::Millis,
};

/// The pacer is asked at most this often, however much happens.
const PACE_AT_MOST_MS: i64 = 20;
/// What a campaign has learned is kept this often.
pub(super) const KEEP_EVERY_MS: i64 = 60_000;
/// An empty hopper is looked after this often: leads come back from calls and appointments.
const DRAW_AGAIN_MS: i64 = 1_000;

#[derive(Debug, Clone)]
pub(super) struct Campaign {
    pub spec: CampaignSpec,
    pub hopper: VecDeque<Lead>,
    pub drawing: bool,
    /// A lead came back while the store was asked what is left: the answer may not know it.
    pub answer_is_old: bool,
    pub draw_at: Millis,
    pub undone: u64,
    pub calls: BTreeSet<CallId>,
    /// Leads that are with the gate.
    pub checking: u32,
    pub counts: Counts,
    pub outcomes: BTreeMap<Outcome, u64>,
    pub blocked: BTreeMap<Block, u64>,
    pub decision: Option<Decision>,
    pub history: History,
    pub pacer: Pacer,
    /// What the policy that is only watched has learned.
    pub shadow: Option<Pacer>,
    pub ledger: Ledger,
    pub next_pace: Millis,
    pub last_pace: Millis,
    /// Lines it got by its weight: of several campaigns that want one, it is the turn of the one with
    /// the least.
    pub served: f64,
    /// When this campaign last got a line: of several that got as much, it is the turn of the one
    /// that waited longest.
    pub last_line: Millis,
    /// When what it has learned is to be kept next.
    pub keep_at: Millis,
    pub next_caller: usize,
    /// Answers taken for machines that an agent is still to check; a fraction.
    pub checks_owed: f64,
    /// Where its leads were found to be, and what is asked of them while it is shut.
    pub audience: Audience,
}

impl Campaign {
    fn new(spec: CampaignSpec, now: Millis) -> Self {
        Self {
            counts: spec.counts,
            ledger: spec.ledger.clone(),
            pacer: Pacer::new(f64::from(spec.settings.ring_timeout_s)),
            spec: CampaignSpec {
                ledger: Ledger::default(),
                ..spec
            },
            hopper: VecDeque::new(),
            drawing: false,
            answer_is_old: false,
            draw_at: now,
            undone: 0,
            calls: BTreeSet::new(),
            checking: 0,
            outcomes: BTreeMap::new(),
            blocked: BTreeMap::new(),
            decision: None,
            history: History::default(),
            shadow: None,
            next_pace: now,
            last_pace: Millis(i64::MIN / 2),
            served: 0.0,
            last_line: Millis(i64::MIN / 2),
            keep_at: now.plus(KEEP_EVERY_MS),
            next_caller: 0,
            checks_owed: 0.0,
            audience: Audience::default(),
        }
    }

    pub fn is_running(&self) -> bool {
        self.spec.state == State::Running
    }

    /// Asks for a pacing decision soon.
    pub fn touch(&mut self, now: Millis) {
        self.next_pace = self
            .next_pace
            .min(now.max(self.last_pace.plus(PACE_AT_MOST_MS)));
    }

    /// How a campaign that predicts stands in the strictest of its windows.
    pub fn standing(&self, now: Millis) -> Option<Standing> {
        let Policy::Predictive(settings) = self.spec.settings.pacing else {
            return None;
        };
        let windows = settings.books.windows();
        let corrected = |tally| self.corrected(tally);
        let ledger = &self.ledger;
        Some(ledger.standing_of(settings.cap, windows, now, corrected))
    }

    /// The books as the pacer is to see them.
    pub fn tally(&self, window: Window, now: Millis) -> Tally {
        self.corrected(self.ledger.tally(window, now))
    }

    /// What was counted, with what is not known by counting: machines that agents took for persons,
    /// and persons who were turned away as machines.
    fn corrected(&self, tally: Tally) -> Tally {
        let settings = &self.spec.settings;
        let tally = match settings.pacing {
            Policy::Predictive(settings) => settings.corrected(tally),
            _ => tally,
        };
        tally.with_missed(settings.classification.mistaken_prior)
    }

    /// Takes in what happened.
    pub fn learn(&mut self, fact: Fact, now: Millis) {
        self.pacer.learn(fact, now);
        if let Some(shadow) = &mut self.shadow {
            shadow.learn(fact, now);
        }
    }

    /// A line is opened for it.
    pub fn charge(&mut self) {
        self.served += 1.0 / f64::from(self.spec.settings.weight.max(1));
    }

    /// Where it stands among campaigns that want lines; the least goes first.
    pub fn place(&self) -> (i16, f64, Millis) {
        let priority = -i16::from(self.spec.settings.priority);
        (priority, self.served, self.last_line)
    }

    /// An agent said for the first time whether a call was a machine's, one that was taken for a
    /// person or for a machine.
    pub fn book_said(&mut self, as_machine: bool, is_machine: bool, now: Millis) {
        if self.spec.mode == Mode::Predictive {
            self.ledger.book(&Tally::said(as_machine, is_machine), now);
        }
    }

    /// The policy that dials, and the one that is only watched, on the same look.
    pub fn ask(&mut self, load: &Load) -> (Decision, Option<Decision>) {
        let settings = &self.spec.settings;
        let decision = settings.pacing.decide(load, &mut self.pacer);
        let Some(watched) = settings.shadow else {
            self.shadow = None;
            return (decision, None);
        };
        // It begins with what the campaign has learned, and learns on by itself.
        let pacer = self.shadow.get_or_insert_with(|| self.pacer.clone());
        (decision, Some(watched.decide(load, pacer)))
    }

    fn is_idle(&self) -> bool {
        self.hopper.is_empty() && self.calls.is_empty() && self.checking == 0
    }

    /// Its own limit on calls is reached.
    pub fn is_full(&self) -> bool {
        let limit = self.spec.settings.max_concurrency;
        limit.is_some_and(|limit| self.calls.len() >= limit as usize)
    }
}

impl Floor {
    pub(super) fn campaign_changed(&mut self, spec: CampaignSpec, now: Millis) {
        let id = spec.id.clone();
        let state = spec.state;
        match self.campaigns.get_mut(&id) {
            Some(campaign) => {
                campaign.spec = CampaignSpec {
                    counts: campaign.spec.counts,
                    ledger: Ledger::default(),
                    ..spec
                };
                campaign.relearn_places();
                campaign.draw_at = now;
                campaign.touch(now);
            }
            None => {
                self.campaigns.insert(id.clone(), Campaign::new(spec, now));
            }
        }
        if state != State::Running {
            self.quiet(&id, now);
        }
        if state == State::Stopped {
            self.cancel_in_flight(&id, now);
        }
    }

    /// No new dials: what was reserved goes back.
    pub(super) fn quiet(&mut self, id: &CampaignId, now: Millis) {
        self.take_back_previews(id, now);
        self.keep(id, now);
        if let Some(campaign) = self.campaigns.get_mut(id) {
            campaign.hopper.clear();
            campaign.decision = None;
            campaign.history.rest(now);
        }
        self.commands.push_back(Command::ReleaseAll {
            campaign: id.clone(),
        });
    }

    /// Stops a campaign at once: nothing more is dialled for it, and its calls are hung up (OUT-222).
    pub fn break_off(&mut self, id: &CampaignId, now: Millis) {
        let Some(campaign) = self.campaigns.get_mut(id) else {
            return;
        };
        campaign.spec.state = State::Stopped;
        let calls = campaign.calls.clone();
        self.quiet(id, now);
        for call in calls {
            self.leave(call, Cause::Normal, now);
        }
        self.settle(now);
    }

    fn cancel_in_flight(&mut self, id: &CampaignId, now: Millis) {
        let Some(campaign) = self.campaigns.get(id) else {
            return;
        };
        let in_flight = |id: &&CallId| self.calls.get(id).is_some_and(Call::is_in_flight);
        let calls: Vec<CallId> = campaign.calls.iter().filter(in_flight).copied().collect();
        for call in calls {
            self.leave(call, Cause::Normal, now);
        }
    }

    pub(super) fn drawn(
        &mut self,
        id: &CampaignId,
        leads: Vec<Lead>,
        undone: Option<u64>,
        next_due: Option<Millis>,
        now: Millis,
    ) {
        let Some(campaign) = self.campaigns.get_mut(id) else {
            return;
        };
        campaign.drawing = false;
        let probes = campaign.audience.end_probe();
        let is_old = std::mem::take(&mut campaign.answer_is_old);
        campaign.undone = undone.unwrap_or(campaign.undone);
        let soon = now.plus(DRAW_AGAIN_MS);
        campaign.draw_at = match next_due {
            _ if !leads.is_empty() && !probes => now,
            Some(due) if due > now => due.min(soon),
            _ => soon,
        };
        let nothing_left = leads.is_empty() && undone == Some(0) && !is_old;
        if self.draining || !campaign.is_running() {
            if !leads.is_empty() {
                self.commands.push_back(Command::ReleaseAll {
                    campaign: id.clone(),
                });
            }
            return;
        }
        // A lead that was given back a moment ago may come again while it is still in hand.
        let in_hand: BTreeSet<LeadId> =
            campaign.hopper.iter().map(|lead| lead.id.clone()).collect();
        let is_new =
            |lead: &Lead| !in_hand.contains(&lead.id) && !self.dials.contains_key(&lead.id);
        let leads: Vec<Lead> = leads.into_iter().filter(is_new).collect();
        campaign.touch(now);
        let is_idle = campaign.is_idle();
        if probes {
            self.probe(id, leads, now);
        } else {
            campaign.hopper.extend(leads);
        }
        if nothing_left && is_idle && !self.is_being_disposed(id) {
            self.campaign_over(id);
        }
    }

    /// A call of the campaign is still to get its disposition, which may bring its lead back.
    fn is_being_disposed(&self, id: &CampaignId) -> bool {
        let of_campaign = |agent: &Agent| {
            let wrapped = agent.machine.call();
            agent.last_call.as_ref().is_some_and(|last| {
                wrapped == Some(last.id) && last.campaign.as_ref() == Some(id) && !last.disposed
            })
        };
        self.agents.values().any(of_campaign)
    }

    fn campaign_over(&mut self, id: &CampaignId) {
        if let Some(campaign) = self.campaigns.get_mut(id) {
            campaign.spec.state = State::Finished;
            self.commands.push_back(Command::FinishCampaign {
                campaign: id.clone(),
            });
            self.tell(Event::CampaignFinished {
                campaign: id.clone(),
            });
        }
    }

    /// Counts an answered, finished call.
    pub(super) fn count(&mut self, call: &Call, outcome: Outcome, now: Millis) {
        let Some(id) = &call.campaign else { return };
        let Some(campaign) = self.campaigns.get_mut(id) else {
            return;
        };
        campaign.calls.remove(&call.id);
        if let Some(lead) = &call.lead {
            campaign.history.came_to(lead, outcome);
        }
        *campaign.outcomes.entry(outcome).or_default() += 1;
        match outcome {
            Outcome::Connected => campaign.counts.connected += 1,
            Outcome::Abandoned => campaign.counts.abandoned += 1,
            _ => {}
        }
        match call.class {
            AnswerClass::Person => campaign.counts.answered += 1,
            AnswerClass::Machine => campaign.counts.machines += 1,
            _ => {}
        }
        campaign.draw_at = campaign.draw_at.min(now);
        self.touch_all(now);
    }

    pub(super) fn touch_all(&mut self, now: Millis) {
        for campaign in self.campaigns.values_mut() {
            campaign.touch(now);
        }
    }
}
