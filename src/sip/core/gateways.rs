//! Gateways: who they are, and whether they answer.

mod pings;

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::{Duration, SystemTime},
};

use super::{Core, called::Called, timers::Timer};
use crate::{
    Account, Gateway, GatewayHealth, GatewayStatus, Hop, HopStatus, Profile, SipError, SipEvent,
    Source, Transport, message::Message,
};

/// INVITEs may run ahead of their pace by this much.
const BURST_US: u64 = 1_000_000;

#[derive(Debug)]
pub(super) struct GatewayEntry {
    pub(super) gateway: Gateway,
    pub(super) profile: Arc<Profile>,
    hops: Vec<HopEntry>,
    /// Whether its registrar has us; `None` before the first answer, and without an account.
    registered: Option<bool>,
    /// Until when its registrar has us, by its last 200.
    registered_until_ms: u64,
    told: Option<GatewayHealth>,
    since_ms: u64,
    /// What went wrong last, and when.
    last_error: Option<(String, u64)>,
    /// When the next INVITE would be due if all kept the pace, in UTC microseconds.
    due_us: u64,
    /// Tells the ping timers of a replaced gateway apart.
    turn: u64,
}

#[derive(Debug)]
struct HopEntry {
    hop: Hop,
    /// What the last ping told.
    answers: Option<bool>,
    latency_ms: Option<u32>,
    rests_until_ms: u64,
    suspect_until_ms: u64,
}

impl GatewayEntry {
    /// Host part of our URIs there; `None` for gateways known by address alone.
    pub(super) fn domain(&self) -> Option<String> {
        let account = self.gateway.account.as_ref().map(|a| a.domain.clone());
        self.gateway.domain.clone().or(account)
    }

    /// The addresses that do not rest, the promising ones first, of these the one at which we are
    /// registered: behind the others nobody may know us.
    pub(super) fn open_hops(&self, now_ms: u64, registrar: Option<Hop>) -> Vec<Hop> {
        let mut open: Vec<_> = self
            .hops
            .iter()
            .filter(|h| h.rests_until_ms <= now_ms)
            .collect();
        open.sort_by_key(|h| {
            let elsewhere = registrar.is_some_and(|registrar| registrar != h.hop);
            (
                h.answers == Some(false),
                h.suspect_until_ms > now_ms,
                elsewhere,
            )
        });
        open.into_iter().map(|h| h.hop).collect()
    }

    /// `None` while nothing is known.
    fn health(&self, now_ms: u64) -> Option<GatewayHealth> {
        let silent = self.hops.iter().filter(|h| h.answers == Some(false));
        let silent = silent.count();
        let tired =
            |h: &HopEntry| h.rests_until_ms.max(h.suspect_until_ms) > now_ms && h.answers.is_some();
        let known = self.hops.iter().any(|h| h.answers.is_some());
        if silent == self.hops.len() || self.registered == Some(false) {
            return Some(GatewayHealth::Down);
        }
        if silent > 0 || self.hops.iter().any(tired) {
            return Some(GatewayHealth::Degraded);
        }
        (known || self.registered == Some(true)).then_some(GatewayHealth::Up)
    }

    /// Goes on with what was known of the gateway before somebody changed it: an address that
    /// stays keeps its health, an account its registration.
    fn take_over(&mut self, old: Self) {
        for hop in &mut self.hops {
            if let Some(known) = old.hops.iter().find(|h| h.hop == hop.hop) {
                hop.answers = known.answers.filter(|_| self.gateway.ping.is_some());
                hop.latency_ms = known.latency_ms.filter(|_| self.gateway.ping.is_some());
                hop.rests_until_ms = known.rests_until_ms;
                hop.suspect_until_ms = known.suspect_until_ms;
            }
        }
        if old.gateway.account == self.gateway.account {
            self.registered = old.registered;
            self.registered_until_ms = old.registered_until_ms;
        }
        (self.told, self.since_ms) = (old.told, old.since_ms);
        (self.last_error, self.due_us) = (old.last_error, old.due_us);
    }

    /// Microseconds until the next INVITE may go; counts it when that is now.
    fn pace(&mut self, now_ms: u64) -> u64 {
        let Some(pace) = self.gateway.pace else {
            return 0;
        };
        let now_us = now_ms * 1000;
        let pace_us = u64::try_from(pace.as_micros()).unwrap_or(u64::MAX);
        let due_us = self.due_us.max(now_us);
        let wait = (due_us - now_us).saturating_sub(BURST_US.saturating_sub(pace_us));
        if wait == 0 {
            self.due_us = due_us.saturating_add(pace_us);
        }
        wait
    }
}

impl Core {
    pub(crate) fn gateway_statuses(&self) -> Vec<GatewayStatus> {
        let now_ms = self.now_ms;
        let hop = |h: &HopEntry| HopStatus {
            hop: h.hop,
            answers: h.answers,
            latency_ms: h.latency_ms,
            rests: h.rests_until_ms > now_ms,
        };
        let status = |entry: &GatewayEntry| GatewayStatus {
            gateway: entry.gateway.name.clone(),
            health: entry.health(now_ms),
            registered: entry.registered,
            expired: entry.registered == Some(true) && entry.registered_until_ms <= now_ms,
            registers: entry.gateway.account.is_some(),
            since: at_ms(entry.since_ms),
            last_error: entry.last_error.clone().map(|(text, at)| (text, at_ms(at))),
            hops: entry.hops.iter().map(hop).collect(),
        };
        self.gateways.values().map(status).collect()
    }

    pub(super) fn set_gateways(&mut self, gateways: Vec<Gateway>) {
        let mut before = std::mem::take(&mut self.gateways);
        let mut entries = BTreeMap::new();
        for gateway in gateways {
            let old = before.remove(&gateway.name);
            let entry = match old {
                Some(same) if same.gateway == gateway => same,
                old => {
                    let account = old.as_ref().and_then(|e| e.gateway.account.clone());
                    self.change_account(account, gateway.account.as_ref());
                    let mut fresh = self.new_gateway(gateway);
                    if let Some(old) = old {
                        fresh.take_over(old);
                    }
                    fresh
                }
            };
            entries.insert(entry.gateway.name.clone(), entry);
        }
        for gone in before.into_values() {
            self.change_account(gone.gateway.account, None);
        }
        self.gateways = entries;
    }

    fn change_account(&mut self, old: Option<crate::Account>, new: Option<&crate::Account>) {
        if old.as_ref() == new {
            return;
        }
        if let Some(old) = old
            && new.is_none_or(|new| new.id != old.id)
        {
            self.unregister(old.id);
        }
        if let Some(new) = new {
            self.register(new.clone());
        }
    }

    fn new_gateway(&mut self, gateway: Gateway) -> GatewayEntry {
        self.made_txs += 1;
        let turn = self.made_txs;
        if gateway.ping.is_some() {
            self.timers
                .set(self.now_ms, Timer::Ping(gateway.name.clone(), turn));
        }
        let hops = gateway.hops().map(|hop| HopEntry {
            hop,
            answers: None,
            latency_ms: None,
            rests_until_ms: 0,
            suspect_until_ms: 0,
        });
        GatewayEntry {
            profile: Arc::new(gateway.profile.clone()),
            hops: hops.collect(),
            registered: None,
            registered_until_ms: 0,
            told: None,
            since_ms: self.now_ms,
            last_error: None,
            due_us: 0,
            turn,
            gateway,
        }
    }

    /// The gateway whose address an INVITE comes from. Its exact address decides before its IP
    /// alone does, and the IP alone does not when a phone speaks from there. Of several at one address
    /// it is the one whose account is called, or else the first.
    pub(super) fn gateway_at(
        &self,
        from: Hop,
        phone_speaks: bool,
        called: Option<&Called>,
    ) -> Option<String> {
        let all = || self.gateways.values().map(|e| &e.gateway);
        let everywhere =
            |g: &Gateway, fits: &dyn Fn(Hop) -> bool| g.hops().chain(g.registrars()).any(fits);
        let exact = |g: &&Gateway| everywhere(g, &|hop| hop.addr == from.addr);
        let by_ip = |g: &&Gateway| {
            everywhere(g, &|hop| hop.addr.ip() == from.addr.ip())
                || g.more_sources.contains(&from.addr.ip())
        };
        let mut there: Vec<_> = all().filter(exact).collect();
        if there.is_empty() && !phone_speaks {
            there.extend(all().filter(by_ip));
        }
        let with = |fits: fn(&Called, &Account) -> bool| {
            let called = called?;
            let is_called = |g: &&&Gateway| g.account.as_ref().is_some_and(|a| fits(called, a));
            there.iter().find(is_called)
        };
        let found = with(Called::is_sent_to).or_else(|| with(Called::was_for));
        found.or(there.first()).map(|g| g.name.clone())
    }

    /// What we are registered as at the gateway that a call comes from.
    pub(super) fn account_of(&self, source: &Source) -> Option<&Account> {
        match source {
            Source::Gateway(name) => self.gateways.get(name)?.gateway.account.as_ref(),
            Source::Phone(_) | Source::Account(_) => None,
        }
    }

    /// Whether a gateway is at that address.
    pub(super) fn is_trunk(&self, ip: IpAddr) -> bool {
        self.gateways.values().any(|e| {
            let gateway = &e.gateway;
            let mut all = gateway.hops().chain(gateway.registrars());
            all.any(|hop| hop.addr.ip() == ip) || gateway.more_sources.contains(&ip)
        })
    }

    /// Our address as whoever is there sees it.
    pub(super) fn me_towards(&self, hop: Hop) -> SocketAddr {
        let tls = self.config.tls.as_ref().map(|tls| tls.port);
        let port = match hop.transport {
            Transport::Tls => tls,
            // A phone may be behind the same address: its router lets only the port in that it registered at.
            Transport::Udp if self.registrar.speaks_from(hop) => None,
            Transport::Udp if self.is_trunk(hop.addr.ip()) => self.config.trunk_port,
            Transport::Udp | Transport::Tcp => None,
        };
        SocketAddr::new(self.me.ip(), port.unwrap_or(self.me.port()))
    }

    /// Counts an INVITE against a gateway's pace; or says how long it must wait, in milliseconds.
    pub(super) fn keep_pace(&mut self, gateway: &str) -> Result<(), u64> {
        let now_ms = self.now_ms;
        let wait_us = self.gateways.get_mut(gateway).map_or(0, |e| e.pace(now_ms));
        if wait_us == 0 {
            Ok(())
        } else {
            Err(wait_us.div_ceil(1000))
        }
    }

    /// The INVITE of a call within the pace, or a refusal.
    pub(super) fn admit_at_pace(&mut self, gateway: Option<&str>) -> Result<(), SipError> {
        gateway.map_or(Ok(()), |g| self.keep_pace(g).map_err(|_| SipError::TooFast))
    }

    /// The registration of a gateway's account came about, for so many seconds, or failed.
    pub(super) fn on_gateway_registration(
        &mut self,
        account: crate::AccountId,
        outcome: Result<u32, String>,
    ) {
        let now_ms = self.now_ms;
        let of_account =
            |e: &&mut GatewayEntry| e.gateway.account.as_ref().map(|a| a.id) == Some(account);
        let Some(entry) = self.gateways.values_mut().find(of_account) else {
            return;
        };
        let registered = outcome.is_ok();
        if entry.registered.replace(registered) != Some(registered) {
            entry.since_ms = now_ms;
        }
        match outcome {
            Ok(expires_s) => entry.registered_until_ms = now_ms + u64::from(expires_s) * 1000,
            Err(error) => entry.last_error = Some((error, now_ms)),
        }
        let name = entry.gateway.name.clone();
        self.tell_health(&name);
    }

    pub(super) fn tell_health(&mut self, name: &str) {
        let (now_ms, at) = (self.now_ms, self.at());
        let Some(entry) = self.gateways.get_mut(name) else {
            return;
        };
        let Some(state) = entry.health(now_ms) else {
            return;
        };
        if entry.told.replace(state) != Some(state) {
            entry.since_ms = now_ms;
            let gateway = name.to_owned();
            self.tell(SipEvent::GatewayState { gateway, state, at });
        }
    }
}

fn at_ms(ms: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(ms)
}

/// A response's status and phrase, cut to what a list has room for.
pub(super) fn words(status: u16, response: &Message) -> String {
    let phrase: String = response
        .reason_phrase()
        .unwrap_or_default()
        .chars()
        .take(60)
        .collect();
    format!("{status} {phrase}").trim_end().to_owned()
}

/// Seconds of Retry-After; its comment and parameters are passed over.
pub(super) fn retry_after(response: &Message) -> Option<u64> {
    let value = response.header("Retry-After")?;
    let digits = value.trim().split([' ', ';', '(', ',']).next()?;
    digits.parse().ok().filter(|s| *s > 0)
}
