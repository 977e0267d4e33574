//! The campaigns on the floor: leads in hand, and the pacer's turn.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::{
    AnswerClass, Call, CampaignSpec, Cause, Command, Event, Floor, Lead, Phase,
    agents::Agent,
    audience::{Audience, PROBE},
};
use crate::{
    campaign::{Mode, State},
    gate::Block,
    ids::{CallId, CampaignId, GatewayId, LeadId, QueueId},
    ledger::{Allowed, Ledger, Tally, Window},
    outcome::Outcome,
    pacing::{self, Counts, Decision, Limit, Load, Pacer, Policy, Stage},
    time::Millis,
};

/// The pacer is asked at least this often (OUT-244).
const PACE_EVERY_MS: i64 = 250;
/// ... and at most this often, however much happens.
const PACE_AT_MOST_MS: i64 = 20;
/// Leads in hand below which more are drawn.
const LOW_WATER: usize = 100;
const DRAW: u32 = 200;
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
    pub pacer: Pacer,
    pub ledger: Ledger,
    pub next_pace: Millis,
    pub last_pace: Millis,
    /// When this campaign last got a line: of several that want one, it is the turn of the one
    /// that waited longest.
    pub last_line: Millis,
    pub next_caller: usize,
    /// Where its leads were found to be, and what is asked of them while it is shut.
    pub audience: Audience,
}

impl Campaign {
    fn new(spec: CampaignSpec, now: Millis) -> Self {
        Self {
            counts: spec.counts,
            ledger: Ledger::of_earlier(&Tally {
                answered: spec.counts.answered,
                connected: spec.counts.connected,
                lost: spec.counts.abandoned,
                machines: 0,
            }),
            pacer: Pacer::new(f64::from(spec.settings.ring_timeout_s)),
            spec,
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
            next_pace: now,
            last_pace: Millis(i64::MIN / 2),
            last_line: Millis(i64::MIN / 2),
            next_caller: 0,
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

    /// What the books allow a campaign that predicts.
    fn allowed(&self, now: Millis) -> Allowed {
        match self.spec.settings.pacing {
            Policy::Predictive(settings) => {
                let standing = self.ledger.standing(settings.cap, &Window::ALL, now);
                standing.allowed
            }
            _ => Allowed::default(),
        }
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
        if let Some(campaign) = self.campaigns.get_mut(id) {
            campaign.hopper.clear();
            campaign.decision = None;
        }
        self.commands.push_back(Command::ReleaseAll {
            campaign: id.clone(),
        });
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

    /// Gives every campaign whose time has come its turn.
    pub(super) fn pace(&mut self, now: Millis) {
        if self.draining {
            return;
        }
        let mut due: Vec<(Millis, CampaignId)> = self
            .campaigns
            .iter()
            .filter(|(_, campaign)| campaign.is_running() && campaign.next_pace <= now)
            .map(|(id, campaign)| (campaign.last_line, id.clone()))
            .collect();
        due.sort_unstable();
        for (_, id) in due {
            if let Some(campaign) = self.campaigns.get_mut(&id) {
                campaign.last_pace = now;
                campaign.next_pace = now.plus(PACE_EVERY_MS);
            }
            self.refill(&id, now);
            self.pace_one(&id, now);
        }
    }

    fn pace_one(&mut self, id: &CampaignId, now: Millis) {
        let Some(decision) = self.decide(id, now) else {
            return;
        };
        let Some(campaign) = self.campaigns.get_mut(id) else {
            return;
        };
        campaign.decision = Some(decision);
        if decision.lines > 0 {
            campaign.last_line = now;
        }
        if decision.why == Limit::Window && !campaign.hopper.is_empty() {
            campaign.hopper.clear();
            let campaign = id.clone();
            self.commands.push_back(Command::ReleaseAll { campaign });
            return;
        }
        let lines = campaign.hopper.len().min(decision.lines as usize);
        let leads: Vec<Lead> = campaign.hopper.drain(..lines).collect();
        for lead in leads {
            self.begin_dial(id.clone(), lead, now);
        }
    }

    /// Lines for a campaign now; `None` for one whose agents dial.
    fn decide(&mut self, id: &CampaignId, now: Millis) -> Option<Decision> {
        let spec = &self.campaigns.get(id)?.spec;
        let mode = spec.mode;
        if mode == Mode::Preview {
            return None;
        }
        if !self.campaigns.get(id)?.may_be_open(now) {
            return Some(Decision::new(0, Limit::Window));
        }
        let load = self.load(id, now);
        let campaign = self.campaigns.get_mut(id)?;
        Some(match mode {
            Mode::Robot => pacing::robot(&load),
            _ => (campaign.spec.settings.pacing).decide(&load, &mut campaign.pacer),
        })
    }

    fn refill(&mut self, id: &CampaignId, now: Millis) {
        let Some(campaign) = self.campaigns.get_mut(id) else {
            return;
        };
        let low = campaign.hopper.len() < LOW_WATER;
        // A preview campaign draws for one agent at a time, and a lead that may not be called now
        // is not taken in hand: then this only learns what is left.
        let dials_itself = campaign.spec.mode != Mode::Preview;
        let takes = dials_itself && campaign.may_be_open(now);
        let count = if takes { DRAW } else { 0 };
        if low && !campaign.drawing && campaign.draw_at <= now {
            let count = match dials_itself && !takes && campaign.audience.begin_probe(now) {
                true => PROBE,
                false => count,
            };
            campaign.drawing = true;
            self.commands.push_back(Command::Draw {
                campaign: id.clone(),
                count,
            });
        }
    }

    /// What the pacer may look at.
    fn load(&mut self, id: &CampaignId, now: Millis) -> Load {
        let campaign = &self.campaigns[id];
        let queue = campaign.spec.queue.clone();
        let gateways: Vec<GatewayId> = campaign.gateways().cloned().collect();
        let in_flight = self.in_flight(id, now);
        let waiting = self
            .calls
            .values()
            .filter(|call| call.phase == Phase::Waiting && call.queue == queue && queue.is_some())
            .map(|call| call.times.queued.unwrap_or(now))
            .collect();
        let mut load = Load {
            now,
            agents: queue
                .as_ref()
                .filter(|queue| self.queues.contains_key(queue))
                .map(|queue| self.pacing_agents(queue, now))
                .unwrap_or_default(),
            up: u32::try_from(campaign.calls.len()).unwrap_or(u32::MAX) + campaign.checking,
            in_flight,
            waiting,
            counts: campaign.counts,
            booked: campaign.ledger.tally(Window::Campaign, now),
            today: campaign.ledger.tally(Window::Day, now),
            allowed: campaign.allowed(now),
            patience_ms: self.patience_ms(queue.as_ref()),
            max_concurrency: campaign.spec.settings.max_concurrency,
            shared_room: self.ceiling_room(id),
            leads: u32::try_from(campaign.hopper.len()).unwrap_or(u32::MAX),
            left: Some(campaign.undone).filter(|undone| *undone > 0),
            ..Load::default()
        };
        let checking = campaign.checking;
        for id in gateways {
            if let Some(gateway) = self.gateways.get_mut(&id)
                && !gateway.gone
                && !gateway.state.is_paused(now)
            {
                load.free_channels += gateway.state.free_for_dialling();
                load.burst += gateway.state.burst(now);
            }
        }
        load.free_channels = load.free_channels.saturating_sub(checking);
        load.burst = load.burst.saturating_sub(checking);
        load
    }

    /// How long a person waits in a queue before the call is lost.
    fn patience_ms(&self, queue: Option<&QueueId>) -> i64 {
        let settings = queue
            .and_then(|id| self.queues.get(id))
            .map(|seen| &seen.settings);
        settings.map_or(2_000, |settings| settings.abandon_after_ms)
    }

    /// Unanswered lines for the agents of this campaign's queue, whichever campaign dialled them:
    /// an agent can take only one of them.
    fn in_flight(&self, id: &CampaignId, now: Millis) -> Vec<pacing::Leg> {
        let queue = self.campaigns[id].spec.queue.as_ref();
        let shares = |(other, seen): &(&CampaignId, &Campaign)| {
            *other == id || (queue.is_some() && seen.spec.queue.as_ref() == queue)
        };
        let mut legs = Vec::new();
        for (other, campaign) in self.campaigns.iter().filter(shares) {
            let calls = campaign
                .calls
                .iter()
                .filter_map(|call| self.calls.get(call));
            legs.extend(
                calls
                    .filter(|call| call.is_in_flight())
                    .map(|call| pacing::Leg {
                        call: call.id.0,
                        stage: Stage::Ringing,
                        since: call.times.started,
                        foreign: other != id,
                    }),
            );
            legs.extend((0..campaign.checking).map(|_| pacing::Leg {
                call: 0,
                stage: Stage::Ringing,
                since: now,
                foreign: true,
            }));
        }
        legs
    }

    /// Counts an answered, finished call.
    pub(super) fn count(&mut self, call: &Call, outcome: Outcome, now: Millis) {
        let Some(id) = &call.campaign else { return };
        let Some(campaign) = self.campaigns.get_mut(id) else {
            return;
        };
        campaign.calls.remove(&call.id);
        *campaign.outcomes.entry(outcome).or_default() += 1;
        match outcome {
            Outcome::Connected => campaign.counts.connected += 1,
            Outcome::Abandoned => campaign.counts.abandoned += 1,
            Outcome::Machine => campaign.counts.machines += 1,
            _ => {}
        }
        if call.class == AnswerClass::Person {
            campaign.counts.answered += 1;
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
