//! What the gate takes for a dial: a caller number, and a channel of the first gateway that has one.

use std::collections::{BTreeMap, VecDeque};

use super::{CampaignSpec, Event, Floor, Phase, Role, Why, campaigns::Campaign, dialling::Dial};
use crate::{
    campaign::State,
    gate::{self, Block, Facts, No, Rules, Used, Verdict},
    ids::{CampaignId, GatewayId, LegId},
    settings::Level,
    time::Millis,
};

/// A pass, and what it took.
#[derive(Debug, Clone)]
pub(super) struct Admitted {
    pub verdict: Verdict,
    pub gateway: GatewayId,
    pub min_ring_s: u32,
    pub message_within_ms: Option<i64>,
}

/// Dials that passed after the facts for another were asked for: those facts do not know them.
#[derive(Debug, Clone, Default)]
pub(super) struct UnderWay {
    last: u64,
    dials: VecDeque<Passed>,
    /// Numbers outside about which the store is asked, and the last dial that had passed by then.
    asked: BTreeMap<LegId, u64>,
}

#[derive(Debug, Clone)]
struct Passed {
    serial: u64,
    at: Millis,
    caller: String,
    number: String,
    person: Option<String>,
}

/// More than can be passed while the store owes an answer.
const REMEMBERED: usize = 10_000;

impl UnderWay {
    /// The last dial that passed.
    pub fn last(&self) -> u64 {
        self.last
    }

    fn passed(&mut self, verdict: &Verdict, now: Millis) {
        self.add(Passed {
            serial: 0,
            at: now,
            caller: verdict.caller.clone(),
            number: verdict.facts.number.clone(),
            person: verdict.facts.said.person.clone(),
        });
    }

    /// A call out that is no campaign's is going to show this number.
    pub fn shown(&mut self, caller: &str, now: Millis) {
        self.add(Passed {
            serial: 0,
            at: now,
            caller: caller.to_owned(),
            number: String::new(),
            person: None,
        });
    }

    fn add(&mut self, dial: Passed) {
        self.last += 1;
        let serial = self.last;
        self.dials.push_back(Passed { serial, ..dial });
        if self.dials.len() > REMEMBERED {
            self.dials.pop_front();
        }
    }

    /// The store is asked about the number of this leg.
    pub fn ask(&mut self, leg: LegId) {
        self.asked.insert(leg, self.last);
    }

    /// The store has answered; gives the last dial of which it may have known.
    pub fn answered(&mut self, leg: LegId) -> u64 {
        self.asked.remove(&leg).unwrap_or(self.last)
    }

    /// Nothing is with the gate any more: the next facts know everything.
    fn settle(&mut self) {
        self.dials.clear();
    }

    /// Adds what the store could not know when it was asked.
    pub fn complete(&self, facts: &mut Facts, asked: u64, callers_too: bool) {
        let newer = self.dials.iter().rev();
        for dial in newer.take_while(|dial| dial.serial > asked) {
            if !dial.number.is_empty() && dial.number == facts.number {
                facts.of_number.dialled(dial.at);
                facts.attempts_today += 1;
            }
            if dial.person.is_some() && dial.person == facts.said.person {
                facts.of_person.dialled(dial.at);
            }
            if callers_too {
                facts.use_caller(&dial.caller, dial.at);
            }
        }
    }
}

impl Facts {
    fn use_caller(&mut self, caller: &str, at: Millis) {
        match self.callers.iter_mut().find(|used| used.caller == caller) {
            Some(used) => {
                used.today += 1;
                used.last = used.last.max(at);
            }
            None => self.callers.push(Used {
                caller: caller.into(),
                today: 1,
                last: at,
                refused: false,
            }),
        }
    }
}

impl Campaign {
    /// The gateways that it names itself: a dial goes out by the first that has room.
    pub fn gateways(&self) -> impl Iterator<Item = &GatewayId> {
        let settings = &self.spec.settings;
        settings.gateway.iter().chain(&settings.fallback_gateways)
    }

    /// The caller number for one dial, and the turn that it has.
    fn caller(&mut self, callers: &[String], facts: &Facts, now: Millis) -> Option<String> {
        let settings = &self.spec.settings;
        let turn = self.next_caller;
        let caller = settings.caller_rule.choose(callers, facts, turn, now);
        let caller = caller.map(str::to_owned);
        self.next_caller = self.next_caller.wrapping_add(1);
        caller
    }

    /// When a caller number is free again, where that is known.
    fn caller_free_at(&self, callers: &[String], facts: &Facts, now: Millis) -> Option<Millis> {
        let settings = &self.spec.settings;
        let tomorrow = Block::DayCap.retry_at(settings, now)?;
        let rule = &settings.caller_rule;
        let free = rule.free_at(callers, facts, tomorrow)?;
        (free > now).then_some(free)
    }
}

impl Floor {
    /// Runs the gate on fresh facts and takes what the dial needs.
    pub(super) fn admit(
        &mut self,
        dial: &Dial,
        facts: &Facts,
        now: Millis,
    ) -> Result<Admitted, No> {
        let mut facts = facts.clone();
        if facts.number.is_empty() {
            facts.number.clone_from(&dial.lead.number);
        }
        let gateway = self.gateway_for(&dial.campaign, now);
        // The call of an agent who waits is among those that are up.
        let room = self.ceiling_room(&dial.campaign);
        let is_capped = room == Some(0) && dial.call.is_none();
        let callers = self.callers_of_dial(dial);
        let in_pool = self.callers.pool.asks(&callers);
        let Some(campaign) = self.campaigns.get_mut(&dial.campaign) else {
            return Err(now_and_here(Block::GatewayMissing, now));
        };
        let asks = campaign.spec.settings.caller_rule.asks() || in_pool;
        self.under_way.complete(&mut facts, dial.asked, asks);
        if self.draining || campaign.spec.state != State::Running {
            return Err(now_and_here(Block::Stopped, now));
        }
        if campaign.is_full() || is_capped {
            return Err(now_and_here(Block::Gateway, now));
        }
        campaign.learn_place(&facts);
        let pool = &self.callers.pool;
        let usable = pool.usable(&callers, &facts.callers, gateway.as_ref());
        let caller = campaign.caller(&usable, &facts, now);
        let settings = &campaign.spec.settings;
        let state = gateway
            .as_ref()
            .and_then(|id| self.gateways.get_mut(id))
            .map(|gateway| &mut gateway.state);
        let verdict = gate::examine(&facts, settings, caller.as_deref(), state, now);
        let verdict = verdict.map_err(|no| match no.block {
            Block::CallerId => No {
                retry_at: campaign
                    .caller_free_at(&callers, &facts, now)
                    .or(no.retry_at),
                ..no
            },
            _ => no,
        })?;
        let Some(gateway) = gateway else {
            return Err(now_and_here(Block::GatewayMissing, now));
        };
        if self.dials.is_empty() && self.under_way.asked.is_empty() {
            self.under_way.settle();
        } else {
            self.under_way.passed(&verdict, now);
        }
        let rules = Rules::of(&facts, &campaign.spec.settings).ok();
        Ok(Admitted {
            min_ring_s: rules.as_ref().map_or(0, Rules::min_ring_s),
            message_within_ms: rules.as_ref().and_then(Rules::message_within_ms),
            verdict,
            gateway,
        })
    }

    /// Where a campaign's dials go out, in order: its own gateways, else the one of its queue (VOX-040).
    pub(super) fn gateways_of(&self, campaign: &Campaign) -> Vec<GatewayId> {
        let own: Vec<GatewayId> = campaign.gateways().cloned().collect();
        let queue = campaign.spec.queue.as_ref().filter(|_| own.is_empty());
        let queue = queue.and_then(|id| self.queues.get(id));
        own.into_iter()
            .chain(queue.and_then(|queue| queue.settings.gateway.clone()))
            .collect()
    }

    /// Where the campaign's next dial goes out.
    fn gateway_for(&mut self, campaign: &CampaignId, now: Millis) -> Option<GatewayId> {
        let pool = self.gateways_of(self.campaigns.get(campaign)?);
        self.first_with_room(pool, now)
    }

    /// The first of these gateways that has room, else the first that there is.
    pub(super) fn first_with_room(
        &mut self,
        mut there: Vec<GatewayId>,
        now: Millis,
    ) -> Option<GatewayId> {
        there.retain(|id| self.gateways.get(id).is_some_and(|seen| !seen.gone));
        let has_room = |id: &&GatewayId| {
            let seen = self.gateways.get_mut(*id);
            seen.is_some_and(|seen| seen.state.room(now).is_ok())
        };
        let free = there.iter().find(has_room).cloned();
        free.or_else(|| there.first().cloned())
    }

    /// Calls that the limit shared with other campaigns still allows; `None`: there is no such limit.
    pub(super) fn ceiling_room(&self, id: &CampaignId) -> Option<u32> {
        let spec = &self.campaigns.get(id)?.spec;
        let ceiling = spec.rules.ceiling?;
        let (most, up) = (ceiling.most, self.up_below(spec, ceiling.among));
        Some(most.saturating_sub(up))
    }

    /// Calls up, and leads with the gate, of the campaigns that share a limit with this one.
    fn up_below(&self, spec: &CampaignSpec, among: Level) -> u32 {
        let shares = |other: &CampaignSpec| {
            other.mode == spec.mode
                && match among {
                    Level::Tenant => other.rules.tenant == spec.rules.tenant,
                    Level::Department => other.rules.department == spec.rules.department,
                    Level::Campaign => other.id == spec.id,
                }
        };
        let mut up = 0;
        for campaign in self.campaigns.values().filter(|seen| shares(&seen.spec)) {
            up += campaign.calls.len() + campaign.checking as usize;
        }
        // Their agents' phones ring; the leads come next.
        let coming = self.calls.values().filter(|call| {
            let campaign = call.campaign.as_ref().and_then(|id| self.campaigns.get(id));
            call.phase == Phase::AgentFirst && campaign.is_some_and(|seen| shares(&seen.spec))
        });
        u32::try_from(up + coming.count()).unwrap_or(u32::MAX)
    }

    pub(super) fn gateway_answers(&mut self, id: &GatewayId, up: bool, now: Millis) {
        match up {
            true => self.down.remove(id),
            false => self.down.insert(id.clone()),
        };
        let Some(gateway) = self.gateways.get_mut(id) else {
            return;
        };
        if !gateway.state.answers(up) {
            return;
        }
        if up {
            self.gateway_rested(id, now);
        } else {
            self.gateway_degraded(id, now);
        }
        self.touch_all(now);
    }

    /// Nothing is dialled through it from now on.
    pub(super) fn gateway_degraded(&mut self, id: &GatewayId, now: Millis) {
        let trouble = self
            .gateways
            .get(id)
            .and_then(|gateway| gateway.state.trouble(now));
        let Some((why, until)) = trouble else {
            return;
        };
        if let Some(until) = until {
            self.timers.set(until, Why::GatewayRested(id.clone()));
        }
        self.tell(Event::GatewayDegraded {
            gateway: id.clone(),
            why,
            until,
        });
    }

    /// What kept a gateway from being dialled through is over, unless something else does.
    pub(super) fn gateway_rested(&mut self, id: &GatewayId, now: Millis) {
        let is_well = |gateway: &super::Gateway| gateway.state.trouble(now).is_none();
        if self.gateways.get(id).is_some_and(is_well) {
            let gateway = id.clone();
            self.tell(Event::GatewayRecovered { gateway });
            self.touch_all(now);
        }
    }

    /// Another INVITE left for this leg: the gateway's rate has to bear it.
    pub(super) fn leg_sent_again(&mut self, leg: LegId, now: Millis) {
        let gateway = self.gateway_of(leg).cloned();
        if let Some(gateway) = gateway.and_then(|id| self.gateways.get_mut(&id)) {
            gateway.state.sent_again(now);
        }
    }

    /// The gateway through which a leg is dialled, whoever wanted it called.
    fn gateway_of(&self, leg: LegId) -> Option<&GatewayId> {
        if let Some(remote) = self.remote.get(&leg) {
            return remote.channel.as_ref();
        }
        match self.legs.get(&leg)? {
            Role::Customer(id) => self.calls.get(id)?.gateway.as_ref(),
            Role::AgentFor(id) => {
                let out = self.calls.get(id)?.way.out.as_ref();
                out.filter(|out| out.leg == leg)?.channel.as_ref()
            }
            Role::Party(id) => {
                let mut parties = self.calls.get(id)?.parties.all();
                parties.find(|party| party.leg == leg)?.channel.as_ref()
            }
            Role::NailedUp(_) | Role::Own(_) | Role::TakesOver(_) | Role::Supervisor => None,
        }
    }
}

/// A reason that is of the floor and not of the lead.
fn now_and_here(block: Block, now: Millis) -> No {
    No {
        block,
        retry_at: Some(now.plus(30_000)),
        basis: None,
    }
}
