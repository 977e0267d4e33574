//! Phones that register with us (RFC 3261 section 10.3).

use std::{
    collections::{HashMap, hash_map::Entry},
    net::IpAddr,
};

use super::{Core, TxId, remote_control::Keys, secure::is_secure, timers::Timer};
use crate::{
    Hop, Registration, SipEvent, Transport,
    message::{Message, NameAddr, Uri},
};

/// More contacts than this per phone push out the oldest.
const MAX_BINDINGS: usize = 5;

/// One contact of a phone.
#[derive(Debug, Clone)]
pub(super) struct Binding {
    pub(super) contact: String,
    /// Where the REGISTER came from; requests to the phone go there.
    pub(super) source: Hop,
    expires_at_ms: u64,
    registered_at_ms: u64,
    call_id: String,
    cseq: u32,
    user_agent: String,
    /// What the last ping told; `None` before the first.
    answers: Option<bool>,
    latency_ms: Option<u32>,
    keys: Keys,
}

#[derive(Debug, Default)]
pub(super) struct Registrar {
    bindings: HashMap<String, Vec<Binding>>,
    /// How many live bindings speak from an address.
    sources: HashMap<Hop, usize>,
    /// The same by IP address alone.
    ips: HashMap<IpAddr, usize>,
    /// When a phone's next timer fires: one is enough, however often it registers.
    wakes: HashMap<String, u64>,
}

impl Registrar {
    /// The contact that registered last.
    pub(super) fn binding(&self, extension: &str, now_ms: u64) -> Option<&Binding> {
        let live = self
            .bindings
            .get(extension)?
            .iter()
            .filter(|b| b.expires_at_ms > now_ms);
        live.max_by_key(|b| b.registered_at_ms)
    }

    /// Every live contact with where its phone speaks from, the newest first.
    pub(super) fn contacts(&self, extension: &str, now_ms: u64) -> Vec<(String, Hop)> {
        let all = self.bindings.get(extension).into_iter().flatten();
        let mut live: Vec<_> = all.filter(|b| b.expires_at_ms > now_ms).collect();
        live.sort_by_key(|b| std::cmp::Reverse(b.registered_at_ms));
        let found = live.into_iter().map(|b| (b.contact.clone(), b.source));
        found.collect()
    }

    /// Whether a registered phone is at this address.
    pub(super) fn speaks_from(&self, from: Hop) -> bool {
        self.sources.contains_key(&from)
    }

    /// Whether a registered phone is behind this address.
    pub(super) fn speaks_from_ip(&self, ip: IpAddr) -> bool {
        self.ips.contains_key(&ip)
    }

    /// Phone, contact and where it speaks from, of everything that is registered.
    pub(super) fn every_contact(&self, now_ms: u64) -> Vec<(String, String, Hop)> {
        let all = self.bindings.iter().flat_map(|(extension, bindings)| {
            let live = bindings.iter().filter(|b| b.expires_at_ms > now_ms);
            live.map(move |b| (extension.clone(), b.contact.clone(), b.source))
        });
        let mut all: Vec<_> = all.collect();
        all.sort();
        all
    }

    pub(super) fn registrations(&self, now_ms: u64) -> Vec<Registration> {
        let all = self.bindings.iter().flat_map(|(extension, bindings)| {
            let live = bindings.iter().filter(|b| b.expires_at_ms > now_ms);
            live.map(|b| Registration {
                extension: extension.clone(),
                contact: b.contact.clone(),
                source: b.source,
                user_agent: b.user_agent.clone(),
                expires_in_s: u32::try_from((b.expires_at_ms - now_ms) / 1000).unwrap_or(u32::MAX),
                answers: b.answers,
                latency_ms: b.latency_ms,
                takes_talk: b.keys.talk,
                takes_hold: b.keys.hold,
            })
        });
        let mut all: Vec<_> = all.collect();
        all.sort_by(|a, b| (&a.extension, &a.contact).cmp(&(&b.extension, &b.contact)));
        all
    }

    /// A contact that still speaks from there.
    fn known(&self, extension: &str, contact: &str, source: Hop) -> Option<&Binding> {
        let bindings = self.bindings.get(extension)?;
        let same = |b: &&Binding| b.contact == contact && b.source == source;
        bindings.iter().find(same)
    }

    /// The keys that the phone at that address lets others press.
    pub(super) fn keys_at(&self, extension: &str, source: Hop) -> Keys {
        let all = self.bindings.get(extension).into_iter().flatten();
        let there = all.rev().find(|b| b.source == source);
        there.map(|b| b.keys).unwrap_or_default()
    }

    /// What the phone at that address says of it.
    pub(super) fn note_keys(&mut self, extension: &str, source: Hop, keys: Keys) {
        let all = self.bindings.get_mut(extension).into_iter().flatten();
        for binding in all.filter(|b| b.source == source) {
            binding.keys = keys;
        }
    }

    /// `None` for a ping that nothing answered.
    pub(super) fn note_latency(&mut self, extension: &str, contact: &str, ms: Option<u32>) {
        let bindings = self.bindings.get_mut(extension).into_iter().flatten();
        for binding in bindings.filter(|b| b.contact == contact) {
            binding.answers = Some(ms.is_some());
            binding.latency_ms = ms.or(binding.latency_ms);
        }
    }

    /// Drops a phone; false when it was not registered.
    pub(super) fn forget(&mut self, extension: &str) -> bool {
        let known = self.bindings.contains_key(extension);
        self.drop_where(extension, |_| true);
        known
    }

    fn put(&mut self, extension: &str, binding: Binding) {
        self.drop_contact(extension, &binding.contact);
        *self.sources.entry(binding.source).or_default() += 1;
        *self.ips.entry(binding.source.addr.ip()).or_default() += 1;
        let bindings = self.bindings.entry(extension.to_owned()).or_default();
        bindings.push(binding);
        if bindings.len() > MAX_BINDINGS {
            let oldest = bindings[0].contact.clone();
            self.drop_contact(extension, &oldest);
        }
    }

    fn drop_contact(&mut self, extension: &str, contact: &str) {
        self.drop_where(extension, |b| b.contact == contact);
    }

    fn drop_where(&mut self, extension: &str, gone: impl Fn(&Binding) -> bool) {
        let Some(bindings) = self.bindings.get_mut(extension) else {
            return;
        };
        for binding in bindings.extract_if(.., |b| gone(b)) {
            count_down(&mut self.sources, binding.source);
            count_down(&mut self.ips, binding.source.addr.ip());
        }
        if bindings.is_empty() {
            self.bindings.remove(extension);
        }
    }
}

/// One less; forgotten at none.
fn count_down<K: std::hash::Hash + Eq>(counts: &mut HashMap<K, usize>, key: K) {
    if let Entry::Occupied(mut count) = counts.entry(key) {
        *count.get_mut() -= 1;
        if *count.get() == 0 {
            count.remove();
        }
    }
}

/// What a REGISTER wants done.
struct Wish {
    /// Contact URI and seconds; 0 removes it.
    contacts: Vec<(String, u32)>,
    remove_all: bool,
}

/// Whether a contact may be bound, else why not. What is to be reached by TLS alone has to come that way, to
/// an address that says so too (RFC 5630 section 5.4).
fn may_be_bound(contact: &str, request: &Message, from: Hop) -> Result<(), u16> {
    let scheme = Uri::parse(contact).map(|uri| uri.scheme);
    let asked = request.uri().is_some_and(is_secure);
    match scheme.as_deref() {
        Some("sip") => Ok(()),
        Some("sips") if from.transport != Transport::Tls => Err(403),
        Some("sips") if asked => Ok(()),
        _ => Err(400),
    }
}

impl Core {
    pub(super) fn on_register(&mut self, tx: TxId, request: &Message, from: Hop) {
        let Some(username) = self.authenticate(tx, request, from) else {
            return;
        };
        let to = request.header("To").and_then(NameAddr::parse);
        let to = to.and_then(|t| Uri::parse(&t.uri));
        let to = to.filter(|to| matches!(&*to.scheme, "sip" | "sips"));
        let Some(to) = to else {
            return self.refuse(tx, request, 400);
        };
        if to.scheme == "sips" && from.transport != Transport::Tls {
            return self.refuse(tx, request, 403);
        }
        let extension = to.user;
        if extension != username {
            return self.refuse(tx, request, 403);
        }
        match self.wish(request, from) {
            Ok(wish) => self.fulfil(tx, request, from, &extension, wish),
            Err(status) => {
                let mut answer = self.refusal(request, status);
                if status == 423 {
                    answer.push("Min-Expires", self.config.registration.min_s.to_string());
                }
                self.respond(tx, answer);
            }
        }
    }

    fn wish(&self, request: &Message, from: Hop) -> Result<Wish, u16> {
        let bounds = self.config.registration;
        let header = request.header("Expires").map(|e| e.trim().parse::<u32>());
        let header = header.map(|e| e.unwrap_or(bounds.default_s));
        let mut wish = Wish {
            contacts: Vec::new(),
            remove_all: false,
        };
        for contact in request.list("Contact").take(MAX_BINDINGS) {
            if contact == "*" {
                wish.remove_all = true;
                continue;
            }
            let contact = NameAddr::parse(contact).ok_or(400_u16)?;
            may_be_bound(&contact.uri, request, from)?;
            let own = contact.params.get("expires").map(|e| e.parse::<u32>());
            let own = own.map(|e| e.unwrap_or(bounds.default_s));
            let seconds = own.or(header).unwrap_or(bounds.default_s);
            if seconds != 0 && seconds < bounds.min_s {
                return Err(423);
            }
            wish.contacts.push((contact.uri, seconds.min(bounds.max_s)));
        }
        let secure = |(contact, _): &&(String, u32)| is_secure(contact);
        let secure = wish.contacts.iter().filter(secure).count();
        if secure > 0 && secure < wish.contacts.len() {
            return Err(400);
        }
        if wish.remove_all && (header != Some(0) || !wish.contacts.is_empty()) {
            return Err(400);
        }
        Ok(wish)
    }

    fn fulfil(&mut self, tx: TxId, request: &Message, from: Hop, extension: &str, wish: Wish) {
        let number = request.cseq().map_or(0, |c| c.number);
        let call_id = request.call_id().to_owned();
        let late = |b: &&Binding| b.call_id == call_id && b.cseq >= number;
        if self
            .registrar
            .bindings
            .get(extension)
            .is_some_and(|all| all.iter().any(|b| late(&b)))
        {
            return self.refuse(tx, request, 500);
        }
        let before = self.registrar.binding(extension, self.now_ms).cloned();
        if wish.remove_all {
            self.registrar.drop_where(extension, |_| true);
        }
        let agent = request.header("User-Agent").unwrap_or_default();
        let user_agent: String = agent.chars().take(120).collect();
        for (contact, seconds) in wish.contacts {
            let known = self.registrar.known(extension, &contact, from);
            let latency_ms = known.and_then(|b| b.latency_ms);
            let keys = known.map(|b| b.keys).unwrap_or_default();
            self.registrar.drop_contact(extension, &contact);
            if seconds > 0 {
                let expires_at_ms = self.now_ms + u64::from(seconds) * 1000;
                let binding = Binding {
                    contact,
                    source: from,
                    expires_at_ms,
                    registered_at_ms: self.now_ms,
                    call_id: call_id.clone(),
                    cseq: number,
                    user_agent: user_agent.clone(),
                    answers: latency_ms.map(|_| true),
                    latency_ms,
                    keys: Keys::told_by(request).unwrap_or(keys),
                };
                self.registrar.put(extension, binding);
                self.watch(extension, expires_at_ms);
            }
        }
        self.confirm_registration(tx, request, extension);
        self.tell_registration(request, extension, before.as_ref());
    }

    fn confirm_registration(&mut self, tx: TxId, request: &Message, extension: &str) {
        let mut ok = self.refusal(request, 200);
        for binding in self.registrar.bindings.get(extension).into_iter().flatten() {
            let left = binding.expires_at_ms.saturating_sub(self.now_ms) / 1000;
            ok.push("Contact", format!("<{}>;expires={left}", binding.contact));
        }
        self.respond(tx, ok);
    }

    fn tell_registration(&mut self, request: &Message, extension: &str, before: Option<&Binding>) {
        let (extension, at) = (extension.to_owned(), self.at());
        match (before, self.registrar.binding(&extension, self.now_ms)) {
            (Some(_), None) => self.tell(SipEvent::Unregistered { extension, at }),
            (before, Some(now)) if before.is_none_or(|b| b.source != now.source) => {
                let source = now.source.addr;
                let agent = request.header("User-Agent").unwrap_or_default();
                let user_agent = agent.chars().take(120).collect();
                self.tell(SipEvent::Registered {
                    extension,
                    user_agent,
                    source,
                    at,
                });
            }
            _ => {}
        }
    }

    /// Sees to it that a timer fires no later than `at_ms`.
    fn watch(&mut self, extension: &str, at_ms: u64) {
        let planned = self.registrar.wakes.get(extension);
        if planned.is_none_or(|planned| at_ms < *planned) {
            self.registrar.wakes.insert(extension.to_owned(), at_ms);
            self.timers.set(at_ms, Timer::Binding(extension.to_owned()));
        }
    }

    pub(super) fn on_binding_timer(&mut self, extension: &str) {
        let now_ms = self.now_ms;
        if self
            .registrar
            .wakes
            .get(extension)
            .is_none_or(|at| *at > now_ms)
        {
            return;
        }
        self.registrar.wakes.remove(extension);
        let registered = self.registrar.bindings.contains_key(extension);
        self.registrar
            .drop_where(extension, |b| b.expires_at_ms <= now_ms);
        let left = self.registrar.bindings.get(extension);
        let next = left.and_then(|all| all.iter().map(|b| b.expires_at_ms).min());
        match next {
            Some(at_ms) => self.watch(extension, at_ms),
            None if registered => {
                let (extension, at) = (extension.to_owned(), self.at());
                self.tell(SipEvent::Unregistered { extension, at });
            }
            None => {}
        }
    }
}
