//! The pacer's turn: which campaign is asked, what it sees, and leads for its lines.

use std::cmp::Ordering;

use super::{
    Command, Floor, Lead, Phase,
    audience::PROBE,
    campaigns::{Campaign, KEEP_EVERY_MS},
};
use crate::{
    campaign::Mode,
    ids::{CampaignId, QueueId},
    ledger::{Allowed, Window},
    pacing::{self, Decision, Limit, Load, Seen, Stage},
    time::Millis,
};

/// The pacer is asked at least this often (OUT-244).
const PACE_EVERY_MS: i64 = 250;
/// Leads in hand below which more are drawn.
const LOW_WATER: usize = 100;
const DRAW: u32 = 200;
/// A campaign that wanted no lines for a while makes up for at most so many, by its weight.
const MOST_OWED: f64 = 5.0;

impl Floor {
    /// Gives every campaign whose time has come its turn.
    pub(super) fn pace(&mut self, now: Millis) {
        if self.draining {
            return;
        }
        for id in self.turns(now) {
            if let Some(campaign) = self.campaigns.get_mut(&id) {
                campaign.last_pace = now;
                campaign.next_pace = now.plus(PACE_EVERY_MS);
                if campaign.keep_at <= now {
                    self.keep(&id, now);
                }
            }
            self.refill(&id, now);
            self.pace_one(&id, now);
        }
    }

    /// The campaigns whose time has come: by priority, then by what they got for their weight, then
    /// by who waited longest.
    fn turns(&mut self, now: Millis) -> Vec<CampaignId> {
        let running = || self.campaigns.values().filter(|one| one.is_running());
        let most = running().map(|one| one.served).fold(0.0, f64::max);
        let mut due = Vec::new();
        for (id, campaign) in &mut self.campaigns {
            if campaign.is_running() && campaign.next_pace <= now {
                campaign.served = campaign.served.max(most - MOST_OWED);
                due.push((campaign.place(), id.clone()));
            }
        }
        due.sort_by(|(one, _), (other, _)| one.partial_cmp(other).unwrap_or(Ordering::Equal));
        due.into_iter().map(|(_, id)| id).collect()
    }

    /// What a campaign has learned is to outlive the process.
    pub(super) fn keep(&mut self, id: &CampaignId, now: Millis) {
        if let Some(campaign) = self.campaigns.get_mut(id) {
            campaign.keep_at = now.plus(KEEP_EVERY_MS);
        }
        if let Some(learned) = self.learned(id).map(Box::new) {
            let campaign = id.clone();
            self.commands.push_back(Command::Keep { campaign, learned });
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
        let lines = campaign.hopper.len().min(decision.lines as usize);
        if lines > 0 {
            campaign.last_line = now;
        }
        if decision.why == Limit::Window && !campaign.hopper.is_empty() {
            campaign.hopper.clear();
            let campaign = id.clone();
            self.commands.push_back(Command::ReleaseAll { campaign });
            return;
        }
        let leads: Vec<Lead> = campaign.hopper.drain(..lines).collect();
        campaign.history.gave(leads.iter().map(|lead| &lead.id));
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
        let is_open = self.campaigns.get(id)?.may_be_open(now);
        let load = self.load(id, now);
        let spared_until = self.spared_until;
        let campaign = self.campaigns.get_mut(id)?;
        let (decision, shadow) = match mode {
            _ if !is_open => (Decision::new(0, Limit::Window), None),
            _ if now < spared_until => (Decision::new(0, Limit::Overload), None),
            Mode::Robot => (pacing::robot(&load), None),
            _ => campaign.ask(&load),
        };
        let seen = Seen::of(&load);
        campaign.history.decided(decision, shadow, seen, now);
        Some(decision)
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
        let gateways = self.gateways_of(campaign);
        let in_flight = self.in_flight(id, now);
        let standing = campaign.standing(now);
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
            booked: campaign.tally(Window::Campaign, now),
            today: campaign.tally(Window::Day, now),
            allowed: standing.map_or_else(Allowed::default, |seen| seen.allowed),
            window: standing.map(|seen| seen.tally),
            patience_ms: self.patience_ms(queue.as_ref()),
            max_concurrency: campaign.spec.settings.max_concurrency,
            shared_room: self.ceiling_room(id),
            no_gateway: true,
            leads: u32::try_from(campaign.hopper.len()).unwrap_or(u32::MAX),
            left: Some(campaign.undone).filter(|undone| *undone > 0),
            ..Load::default()
        };
        let shares = |one: &&Campaign| self.gateways_of(one).iter().any(|id| gateways.contains(id));
        let with_the_gate = self.campaigns.values().filter(shares);
        let checking: u32 = with_the_gate.map(|one| one.checking).sum();
        for id in &gateways {
            if let Some(gateway) = self.gateways.get_mut(id)
                && !gateway.gone
                && !gateway.state.is_paused(now)
            {
                load.no_gateway = false;
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
            legs.extend(calls.filter_map(|call| {
                let (stage, since) = match call.phase {
                    Phase::Listening => (Stage::Detecting, call.times.answered?),
                    _ if call.is_in_flight() => (Stage::Ringing, call.times.started),
                    _ => return None,
                };
                Some(pacing::Leg {
                    call: call.id.0,
                    stage,
                    since,
                    foreign: other != id,
                })
            }));
            legs.extend((0..campaign.checking).map(|_| pacing::Leg {
                call: 0,
                stage: Stage::Ringing,
                since: now,
                foreign: true,
            }));
        }
        legs
    }
}
