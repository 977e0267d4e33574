//! Which number the called party outside sees: one of those that the calling phone or the queue is
//! bound to (号码池, VOX-198 to VOX-200, OUT-256).

use std::collections::BTreeMap;

use super::{Call, Floor, Role, campaigns::Campaign, dialling::Dial, party::Who, way_out::Leaving};
use crate::{
    gate::{
        Facts, Used,
        caller::{Pick, Rule},
        pool::Pool,
    },
    ids::{CallId, GatewayId, LegId},
    time::Millis,
};

const ANY: Rule = Rule {
    pick: Pick::Random,
    daily_cap: None,
    cool_down_s: None,
};

/// The house's numbers, and which of them the phones show.
#[derive(Debug, Clone, Default)]
pub(super) struct Callers {
    pub pool: Pool,
    /// Extension to its numbers.
    pub of_phones: BTreeMap<String, Vec<String>>,
    /// Extension to the gateway that it is bound to.
    pub gateways: BTreeMap<String, GatewayId>,
}

impl Callers {
    fn of_phone(&self, extension: &str) -> Vec<String> {
        self.of_phones.get(extension).cloned().unwrap_or_default()
    }
}

impl Floor {
    /// The extension from which a call goes out: the phone that sent the call there, that called or that has
    /// the customer, or the agent's.
    pub(super) fn phone_behind(&self, id: CallId, leg: LegId) -> Option<String> {
        let call = self.calls.get(&id)?;
        if let Some(phone) = self.phone_that_sent(call, leg) {
            return Some(phone);
        }
        let agent = call.agent.as_ref().or(call.parties.last_agent.as_ref());
        let agent = agent.and_then(|id| self.agents.get(id));
        let of_agent = agent.map(|agent| agent.extension.clone());
        let phone = call.way.from_phone.clone().or(of_agent);
        phone.or_else(|| match call.holder()? {
            Who::Extension(phone) => Some(phone),
            Who::Agent(_) | Who::Outside(_) => None,
        })
    }

    /// The phone that sent its call to this leg.
    fn phone_that_sent(&self, call: &Call, leg: LegId) -> Option<String> {
        match call.sent_on.by(leg)? {
            Who::Agent(agent) => Some(self.agents.get(agent)?.extension.clone()),
            Who::Extension(phone) => Some(phone.clone()),
            Who::Outside(_) => None,
        }
    }

    /// The numbers that a call out for this call may show, on this leg where it has one; empty: what its
    /// route says.
    pub(super) fn callers_of(&self, id: CallId, leg: Option<LegId>) -> Vec<String> {
        let Some(call) = self.calls.get(&id) else {
            return Vec::new();
        };
        let agent = call.agent.as_ref().or(call.parties.last_agent.as_ref());
        let agent = agent.and_then(|id| self.agents.get(id));
        let sent = leg.and_then(|leg| self.phone_that_sent(call, leg));
        let phone = sent.or_else(|| call.way.from_phone.clone());
        let phone = phone.or_else(|| agent.map(|agent| agent.extension.clone()));
        let own = phone.map_or_else(Vec::new, |phone| self.callers.of_phone(&phone));
        let queue = call.queue.as_ref().and_then(|id| self.queues.get(id));
        let queue = queue.map_or_else(Vec::new, |queue| queue.settings.caller_ids.clone());
        // The queue calls back, whoever is at the telephone.
        let in_order = match call.way.is_call_back {
            true => [queue, own],
            false => [own, queue],
        };
        let mut in_order = in_order.into_iter();
        in_order
            .find(|callers| !callers.is_empty())
            .unwrap_or_default()
    }

    /// The numbers that a campaign's dial may show: the campaign's own, else those of the agent's phone,
    /// else those of its queue.
    pub(super) fn callers_of_dial(&self, dial: &Dial) -> Vec<String> {
        let Some(campaign) = self.campaigns.get(&dial.campaign) else {
            return Vec::new();
        };
        if !campaign.spec.settings.caller_ids.is_empty() {
            return campaign.spec.settings.caller_ids.clone();
        }
        match dial.call {
            Some(call) => self.callers_of(call, None),
            None => self.callers_of_queue(campaign),
        }
    }

    fn callers_of_queue(&self, campaign: &Campaign) -> Vec<String> {
        let queue = campaign.spec.queue.as_ref();
        let queue = queue.and_then(|id| self.queues.get(id));
        queue.map_or_else(Vec::new, |queue| queue.settings.caller_ids.clone())
    }

    /// Those of the numbers of which the books are to tell how often they were shown today.
    pub(super) fn asked_about(&self, callers: Vec<String>) -> Vec<String> {
        match self.callers.pool.asks(&callers) {
            true => callers,
            false => Vec::new(),
        }
    }

    /// The store has answered about a number outside: now it is settled which number its party sees.
    pub(super) fn choose_shown(&mut self, leg: LegId, used: Vec<Used>, now: Millis) {
        let asked = self.under_way.answered(leg);
        if self.remote.contains_key(&leg) {
            return;
        }
        let id = match self.legs.get(&leg) {
            // A campaign's dial shows by the next gateway what the gate has chosen.
            Some(Role::Customer(id)) if self.is_attempt(*id) => return,
            Some(Role::Party(id) | Role::AgentFor(id) | Role::Customer(id)) => *id,
            _ => return,
        };
        let Some(number) = self.number_outside(id, leg) else {
            return;
        };
        let callers = self.callers_of(id, Some(leg));
        if callers.is_empty() {
            return;
        }
        let phone = self.phone_behind(id, leg);
        let Ok(way) = self.way_out_from(phone.as_deref(), &number, &[], now) else {
            return;
        };
        let mut facts = Facts {
            number,
            callers: used,
            ..Facts::default()
        };
        self.under_way.complete(&mut facts, asked, true);
        let pool = &self.callers.pool;
        let usable = pool.usable(&callers, &facts.callers, Some(&way.gateway));
        let turn = usize::try_from(self.numbers.take()).unwrap_or_default();
        let shown = ANY.choose(&usable, &facts, turn, now).map(str::to_owned);
        if let Some(shown) = &shown {
            self.under_way.shown(shown, now);
        }
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        if let Some(party) = call.parties.with(leg) {
            party.shows = shown;
        } else if let Some(out) = call.way.out.as_mut().filter(|out| out.leg == leg) {
            out.shows = shown;
        }
    }

    /// The number that is called outside on this leg.
    fn number_outside(&mut self, id: CallId, leg: LegId) -> Option<String> {
        let call = self.calls.get_mut(&id)?;
        if let Some(party) = call.parties.with(leg) {
            return Some(party.who.name().to_owned());
        }
        let out = call.way.out.as_ref().filter(|out| out.leg == leg)?;
        Some(out.number.clone())
    }

    /// The number of the pool that is shown through this gateway, where one was chosen.
    pub(super) fn shown_through(
        &self,
        call: Leaving<'_>,
        gateway: &GatewayId,
    ) -> Option<(CallId, String)> {
        let (id, shows) = call.shows?;
        let fits = self.callers.pool.fits(shows, Some(gateway));
        fits.then(|| (id, shows.to_owned()))
    }
}
