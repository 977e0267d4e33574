//! Who guesses passwords or looks for phones is shut out, each time for longer.

use std::{
    collections::{HashMap, VecDeque},
    hash::{BuildHasher as _, RandomState},
    net::IpAddr,
    time::{Duration, SystemTime},
};

use super::{Core, Output};
use crate::{
    Ban, BanReason, Hop, SipEvent,
    message::{Message, Method},
};

/// Wrong passwords from one address that are one too many. A right one makes up for those of its own name
/// alone: who has one phone guesses no other's.
const MAX_WRONG: u32 = 8;
/// Challenges that nobody answered, likewise: this is how extensions are looked for.
const MAX_UNANSWERED: u32 = 80;
/// Of one that calls itself as a scanner does. A phone answers its first.
const MAX_IN_DOUBT: u32 = 4;
/// From an address with registered phones behind it so many times more are passed over: others share it.
const SHARED: u32 = 10;
/// The count starts anew after this long without a failure.
const FORGIVEN_AFTER_MS: u64 = 10 * 60_000;
/// The first ban; each further one within a day lasts four times as long.
const FIRST_BAN_S: u64 = 60;
const LONGEST_BAN_S: u64 = 24 * 3600;
/// Addresses remembered; the longest known go first.
const MAX_SOURCES: usize = 20_000;

/// Tools that knock at every door, by a part of their User-Agent in lower case.
const SCANNERS: [&str; 9] = [
    "friendly-scanner",
    "friendly-request",
    "sipvicious",
    "sipcli",
    "sip-scan",
    "sipscan",
    "sundayddr",
    "pplsip",
    "iwar",
];

/// What is remembered of strangers.
#[derive(Debug, Default)]
pub(super) struct Bouncer {
    known: HashMap<IpAddr, Record>,
    order: VecDeque<IpAddr>,
    names: RandomState,
}

#[derive(Debug, Default)]
struct Record {
    /// Wrong passwords by the name that was claimed, which may be of any length and so is not kept.
    wrong: HashMap<u64, u32>,
    unanswered: u32,
    failed_at_ms: u64,
    bans: u32,
    banned_at_ms: u64,
    banned_until_ms: u64,
    banned_for: Option<Offence>,
}

/// What somebody did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Offence {
    /// The name claimed, in few bits.
    WrongPassword(u64),
    /// It was challenged; most answer.
    Challenged,
    /// The same, of one that calls itself as a scanner does.
    ChallengedInDoubt,
    Scanner,
}

impl Bouncer {
    /// Notes an offence; gives the seconds of the ban when it was one too many.
    fn note(&mut self, source: IpAddr, offence: Offence, shared: bool, now_ms: u64) -> Option<u64> {
        if !self.known.contains_key(&source) {
            if self.known.len() >= MAX_SOURCES
                && let Some(oldest) = self.order.pop_front()
            {
                self.known.remove(&oldest);
            }
            self.order.push_back(source);
        }
        let record = self.known.entry(source).or_default();
        if now_ms.saturating_sub(record.failed_at_ms) > FORGIVEN_AFTER_MS {
            record.forgive();
        }
        record.failed_at_ms = now_ms;
        let patience = if shared { SHARED } else { 1 };
        let too_many = match offence {
            Offence::WrongPassword(name) => {
                *record.wrong.entry(name).or_default() += 1;
                record.wrong.values().sum::<u32>() >= MAX_WRONG * patience
            }
            // Anybody can send these in another's name, over UDP at least: they shut no office out.
            Offence::Challenged | Offence::ChallengedInDoubt if shared => false,
            Offence::Challenged => {
                record.unanswered += 1;
                record.unanswered >= MAX_UNANSWERED
            }
            Offence::ChallengedInDoubt => {
                record.unanswered += MAX_UNANSWERED / MAX_IN_DOUBT;
                record.unanswered >= MAX_UNANSWERED
            }
            Offence::Scanner => !shared,
        };
        if !too_many {
            return None;
        }
        record.forgive();
        if now_ms.saturating_sub(record.banned_at_ms) > LONGEST_BAN_S * 1000 {
            record.bans = 0;
        }
        let seconds = FIRST_BAN_S << (2 * record.bans.min(10));
        record.bans += 1;
        record.banned_at_ms = now_ms;
        let seconds = seconds.min(LONGEST_BAN_S);
        record.banned_until_ms = now_ms + seconds * 1000;
        record.banned_for = Some(offence);
        Some(seconds)
    }

    /// Who is shut out now, the newest first.
    fn banned(&self, now_ms: u64) -> Vec<Ban> {
        let ban = |(source, record): (&IpAddr, &Record)| {
            let reason = match record.banned_for? {
                Offence::WrongPassword(_) => BanReason::WrongPassword,
                Offence::Challenged => BanReason::Unanswered,
                Offence::Scanner | Offence::ChallengedInDoubt => BanReason::Scanner,
            };
            (record.banned_until_ms > now_ms).then(|| Ban {
                source: *source,
                reason,
                since: SystemTime::UNIX_EPOCH + Duration::from_millis(record.banned_at_ms),
                until: SystemTime::UNIX_EPOCH + Duration::from_millis(record.banned_until_ms),
            })
        };
        let mut all: Vec<_> = self.known.iter().filter_map(ban).collect();
        all.sort_by_key(|ban| (std::cmp::Reverse(ban.since), ban.source));
        all
    }

    #[cfg(test)]
    pub(super) fn is_unknown(&self, source: IpAddr) -> bool {
        !self.known.contains_key(&source)
    }

    /// Nothing happened.
    fn forget(&mut self, source: IpAddr) {
        self.known.remove(&source);
        self.order.retain(|known| *known != source);
    }

    /// Somebody there knows this name's password.
    fn absolve(&mut self, source: IpAddr, name: &str) {
        let name = self.names.hash_one(name);
        if let Some(record) = self.known.get_mut(&source) {
            record.unanswered = 0;
            record.wrong.remove(&name);
        }
    }
}

impl Record {
    fn forgive(&mut self) {
        self.wrong.clear();
        self.unanswered = 0;
    }
}

impl Core {
    /// Whether the request comes from a scanner by its own admission; then its address is banned. Whom
    /// we know, a gateway or a phone that has registered from there, may call itself what it likes, and who
    /// registers may show a password first.
    pub(super) fn is_scanner(&mut self, request: &Message, from: Hop) -> bool {
        let registers = request.method() == Some(&Method::Register);
        if registers || !sounds_like_a_scanner(request) {
            return false;
        }
        if self.is_trusted(from.addr.ip()) || self.registrar.speaks_from(from) {
            return false;
        }
        self.offended(from, Offence::Scanner);
        true
    }

    /// The request had no password and was challenged.
    pub(super) fn challenged_stranger(&mut self, request: &Message, from: Hop) {
        let offence = match sounds_like_a_scanner(request) {
            true => Offence::ChallengedInDoubt,
            false => Offence::Challenged,
        };
        self.offended(from, offence);
    }

    pub(super) fn offended(&mut self, from: Hop, offence: Offence) {
        let source = from.addr.ip();
        if self.is_trusted(source) {
            return;
        }
        let shared = self.registrar.speaks_from_ip(source);
        let Some(seconds) = self.bouncer.note(source, offence, shared, self.now_ms) else {
            return;
        };
        self.out.push(Output::Ban { source, seconds });
        self.tell(SipEvent::Banned {
            source,
            seconds,
            at: self.at(),
        });
    }

    /// Reads again from an address that was shut out, and forgets what it did.
    pub(super) fn pardon(&mut self, source: IpAddr) {
        self.bouncer.forget(source);
        self.out.push(Output::Ban { source, seconds: 0 });
    }

    /// Who is shut out now.
    pub(crate) fn bans(&self) -> Vec<Ban> {
        self.bouncer.banned(self.now_ms)
    }

    /// The password was none, or not that of the name claimed.
    pub(super) fn guessed(&mut self, from: Hop, username: &str) {
        let name = self.bouncer.names.hash_one(username);
        self.offended(from, Offence::WrongPassword(name));
    }

    pub(super) fn behaved(&mut self, from: Hop, username: &str) {
        let source = from.addr.ip();
        self.bouncer.absolve(source, username);
        self.out.push(Output::Vouch { source });
    }

    fn is_trusted(&self, source: IpAddr) -> bool {
        let registrar = |s: &super::account::AccountState| s.is_at(source);
        self.is_trunk(source) || self.accounts.values().any(registrar)
    }
}

fn sounds_like_a_scanner(request: &Message) -> bool {
    request.headers("User-Agent").any(|agent| {
        let agent = agent.to_ascii_lowercase();
        SCANNERS.iter().any(|name| agent.contains(name))
    })
}
