//! Nonces of ours: no memory for those never used, so that strangers cannot fill it.

use std::{collections::HashMap, net::IpAddr};

use super::{Algorithm, hash::hex};

/// A nonce is good for this long.
pub(crate) const LIFETIME_MS: u64 = 300_000;
/// More used nonces than this are not remembered; the oldest become stale.
const MAX_USED: usize = 50_000;

/// The count of an answer without one (RFC 2069): nothing can follow it.
const ONLY: u32 = u32::MAX;

/// Makes nonces and knows its own.
#[derive(Debug)]
pub(crate) struct Nonces {
    secret: String,
    made: u64,
    /// The highest count seen with a nonce that was used, and when the nonce was made.
    used: HashMap<String, (u32, u64)>,
}

/// What is to be thought of a nonce.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NonceState {
    Good,
    /// Ours, but too old or with a count that was used.
    Stale,
    Foreign,
}

impl Nonces {
    pub(crate) fn new(secret: [u8; 32]) -> Self {
        Self {
            secret: hex(&secret),
            made: 0,
            used: HashMap::new(),
        }
    }

    /// A fresh nonce for whoever is there: time, serial number, and a seal over all. From elsewhere it is of
    /// no use: a sender who forges addresses hears of none, and so has nobody else shut out for guessing.
    pub(crate) fn make(&mut self, from: IpAddr, now_ms: u64) -> String {
        self.made += 1;
        let plain = format!("{now_ms:x}-{:x}", self.made);
        format!("{plain}-{}", self.seal(&plain, from))
    }

    /// Looks at a nonce without using it up. Without a count it is good once.
    pub(crate) fn state(
        &self,
        nonce: &str,
        from: IpAddr,
        count: Option<u32>,
        now_ms: u64,
    ) -> NonceState {
        let Some(made_at) = self.made_at(nonce, from) else {
            return NonceState::Foreign;
        };
        let used = self.used.get(nonce);
        let replayed = used.is_some_and(|(highest, _)| count.unwrap_or(ONLY) <= *highest);
        if replayed || now_ms.saturating_sub(made_at) > LIFETIME_MS {
            NonceState::Stale
        } else {
            NonceState::Good
        }
    }

    /// Remembers the count of a nonce that was used with the right password.
    pub(crate) fn use_up(&mut self, nonce: &str, from: IpAddr, count: Option<u32>, now_ms: u64) {
        let Some(made_at) = self.made_at(nonce, from) else {
            return;
        };
        let count = count.unwrap_or(ONLY);
        if self.used.len() >= MAX_USED {
            self.used
                .retain(|_, (_, made)| now_ms.saturating_sub(*made) <= LIFETIME_MS / 2);
        }
        if self.used.len() < MAX_USED || self.used.contains_key(nonce) {
            self.used.insert(nonce.to_owned(), (count, made_at));
        }
    }

    /// Forgets nonces that are too old to be accepted anyway.
    pub(crate) fn sweep(&mut self, now_ms: u64) {
        self.used
            .retain(|_, (_, made)| now_ms.saturating_sub(*made) <= LIFETIME_MS);
    }

    fn made_at(&self, nonce: &str, from: IpAddr) -> Option<u64> {
        let (plain, seal) = nonce.rsplit_once('-')?;
        let (made_at, _) = plain.split_once('-')?;
        (self.seal(plain, from) == seal).then(|| u64::from_str_radix(made_at, 16).ok())?
    }

    // The secret stands on both sides, so that nobody can lengthen a sealed text.
    fn seal(&self, plain: &str, from: IpAddr) -> String {
        let from = format!("@{}", from.to_canonical());
        let mut seal = Algorithm::Sha256.of_parts(&[&self.secret, plain, &from, &self.secret]);
        seal.truncate(24);
        seal
    }
}
