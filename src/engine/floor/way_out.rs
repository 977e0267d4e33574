//! The way out: which outbound route and which gateway carry a number outside, whoever wants it
//! called. The first rule that takes the number counts; among its gateways the next one carries a
//! call that one refuses.

use super::{Command, Floor, OrderRefused};
use crate::{
    campaign,
    ids::{CallId, CampaignId, GatewayId, LegId},
    phone,
    route::{self, Outbound, Side},
    time::Millis,
};

/// How a number outside is reached now.
#[derive(Debug, Clone)]
pub(super) struct WayOut {
    pub gateway: GatewayId,
    /// As it is dialled.
    pub number: String,
    pub rule: Outbound,
}

impl WayOut {
    pub fn ring_ms(&self) -> i64 {
        i64::from(self.rule.ring_timeout_s) * 1000
    }
}

/// Why a number outside cannot be reached now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoWay {
    /// No outbound route takes the number.
    NoRoute,
    /// No gateway of the route takes one more call.
    Full,
}

impl From<NoWay> for OrderRefused {
    fn from(no: NoWay) -> Self {
        match no {
            NoWay::NoRoute => Self::new("NO_ROUTE", "no outbound route takes that number"),
            NoWay::Full => Self::new("GATEWAY_BUSY", "no gateway takes one more call now"),
        }
    }
}

/// A call that is to leave the house.
#[derive(Debug, Clone, Copy)]
pub(super) struct Leaving<'a> {
    pub leg: LegId,
    pub number: &'a str,
    /// The extension from which it goes out.
    pub phone: Option<&'a str>,
    /// The caller number, where the route names none.
    pub caller: &'a str,
    /// The number of the pool that is shown before all others, where the gateway fits, and in which
    /// call.
    pub shows: Option<(CallId, &'a str)>,
    /// Gateways that refused it already.
    pub refused: &'a [GatewayId],
}

impl Floor {
    /// How a number outside is reached, by a gateway that takes one more call now and has not refused
    /// this one.
    pub(super) fn way_out(
        &mut self,
        number: &str,
        refused: &[GatewayId],
        now: Millis,
    ) -> Result<WayOut, NoWay> {
        self.way_out_from(None, number, refused, now)
    }

    /// The same from this extension, which may be bound to a gateway.
    pub(super) fn way_out_from(
        &mut self,
        phone: Option<&str>,
        number: &str,
        refused: &[GatewayId],
        now: Millis,
    ) -> Result<WayOut, NoWay> {
        let walk = route::walk(&self.routes, number, Side::Inside, now);
        let route::End::Out { number, rule } = walk.end else {
            return Err(NoWay::NoRoute);
        };
        let known: Vec<GatewayId> = self.gateways.keys().cloned().collect();
        let bound = phone.filter(|_| rule.by_extension);
        let bound = bound.and_then(|phone| self.callers.gateways.get(phone).cloned());
        let mut room = |id: &GatewayId| {
            let gateway = self.gateways.get_mut(id)?;
            let takes = !gateway.gone && !refused.contains(id) && gateway.state.room(now).is_ok();
            takes.then(|| gateway.state.free_for_dialling())
        };
        let gateway = match (bound.filter(|id| room(id).is_some()), &rule.gateway) {
            (Some(bound), _) => Some(bound),
            (None, Some(first)) => {
                let mut in_order = [first].into_iter().chain(&rule.fallback_gateways);
                in_order.find(|id| room(id).is_some()).cloned()
            }
            (None, None) => {
                let free = known.iter().filter_map(|id| Some((room(id)?, id)));
                free.max().map(|(_, id)| id.clone())
            }
        };
        let gateway = gateway.ok_or(NoWay::Full)?;
        Ok(WayOut {
            gateway,
            number,
            rule,
        })
    }

    /// Dials a number outside; tells by which way. The call has a channel of its gateway from now on.
    pub(super) fn dial_out(&mut self, call: Leaving<'_>, now: Millis) -> Result<WayOut, NoWay> {
        let way = self.way_out_from(call.phone, call.number, call.refused, now)?;
        let gateway = self.gateways.get_mut(&way.gateway).ok_or(NoWay::Full)?;
        if self.draining || gateway.state.admit(now).is_err() {
            return Err(NoWay::Full);
        }
        let of_pool = self.shown_through(call, &way.gateway);
        if let Some((call, caller)) = of_pool.clone() {
            let at = now;
            self.commands.push_back(Command::Shown { call, caller, at });
        }
        let of_pool = of_pool.map(|(_, caller)| caller);
        let caller = of_pool.or_else(|| way.rule.caller.clone());
        self.commands.push_back(Command::Dial {
            leg: call.leg,
            gateway: way.gateway.clone(),
            number: way.number.clone(),
            caller: caller.unwrap_or_else(|| call.caller.to_owned()),
            ring_ms: way.ring_ms(),
        });
        Ok(way)
    }

    /// A gateway refused a call: its channel is free, and its health the worse for it.
    pub(super) fn gateway_refused(&mut self, id: &GatewayId, now: Millis) {
        if let Some(gateway) = self.gateways.get_mut(id)
            && gateway.state.release(true, now)
        {
            self.gateway_degraded(id, now);
        }
    }

    /// Asks the store whether a DNC list forbids a number outside. It answers no when it cannot tell.
    pub(super) fn ask_about(&mut self, id: CallId, leg: LegId, number: &str, now: Millis) {
        let Some(call) = self.calls.get(&id) else {
            return;
        };
        let home = self.home_of(call.campaign.as_ref());
        self.ask_in(id, leg, number, &home, now);
    }

    /// The same for a number that is written as in the country `home`.
    pub(super) fn ask_in(&mut self, id: CallId, leg: LegId, number: &str, home: &str, now: Millis) {
        let Some(call) = self.calls.get(&id) else {
            return;
        };
        let of_test = call.test.as_ref().map(|test| test.campaign.clone());
        let campaign = call.campaign.clone().or(of_test);
        let spellings = phone::spellings(number, home);
        let (callers, day_start) = self.ask_callers(id, leg, now);
        self.commands.push_back(Command::CheckNumber {
            leg,
            call: id,
            campaign,
            spellings,
            callers,
            day_start,
        });
    }

    /// The numbers of the pool that the call may show and of which the books are to tell, and since
    /// when.
    pub(super) fn ask_callers(
        &mut self,
        id: CallId,
        leg: LegId,
        now: Millis,
    ) -> (Vec<String>, Millis) {
        self.under_way.ask(leg);
        let callers = self.asked_about(self.callers_of(id, Some(leg)));
        let call = self.calls.get(&id);
        let campaign = call.and_then(|call| self.campaigns.get(call.campaign.as_ref()?));
        let day_start = campaign.map_or_else(
            || campaign::Settings::default().window.day_start(now),
            |campaign| campaign.spec.settings.window.day_start(now),
        );
        (callers, day_start)
    }

    /// The country whose numbers are written without a country code.
    pub(super) fn home_of(&self, campaign: Option<&CampaignId>) -> String {
        let campaign = campaign.and_then(|id| self.campaigns.get(id));
        campaign.map_or_else(
            || crate::campaign::Settings::default().home_country,
            |campaign| campaign.spec.settings.home_country.clone(),
        )
    }

    /// The house's number in a call.
    pub(super) fn house_in(&self, id: CallId) -> String {
        let call = self.calls.get(&id);
        call.map_or_else(String::new, |call| match call.is_inbound() {
            true => call.callee.clone(),
            false => call.caller.clone(),
        })
    }
}
