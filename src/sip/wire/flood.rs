//! A modest limit on what one stranger may send.

use std::{
    collections::{HashMap, HashSet},
    net::IpAddr,
    sync::{Mutex, PoisonError, RwLock},
    time::Instant,
};

const MAX_SOURCES: usize = 10_000;

/// A token bucket per source address.
pub(super) struct Flood {
    /// Datagrams a second; 0 is no limit.
    limit: u32,
    trusted: RwLock<HashSet<IpAddr>>,
    buckets: Mutex<HashMap<IpAddr, Bucket>>,
    /// Who is shut out, and until when.
    banned: RwLock<HashMap<IpAddr, Instant>>,
}

struct Bucket {
    tokens: f64,
    at: Instant,
}

impl Flood {
    pub(super) fn new(limit: u32) -> Self {
        Self {
            limit,
            trusted: RwLock::default(),
            buckets: Mutex::default(),
            banned: RwLock::default(),
        }
    }

    pub(super) fn trust(&self, addresses: Vec<IpAddr>) {
        let mut trusted = self.trusted.write().unwrap_or_else(PoisonError::into_inner);
        *trusted = addresses.into_iter().collect();
    }

    /// Reads nothing from `source` until then.
    pub(super) fn ban(&self, source: IpAddr, now: Instant, until: Instant) {
        let mut banned = self.banned.write().unwrap_or_else(PoisonError::into_inner);
        if banned.len() >= MAX_SOURCES {
            banned.retain(|_, until| *until > now);
        }
        if banned.len() < MAX_SOURCES {
            banned.insert(source, until);
        }
    }

    fn banned_nobody(&self) -> bool {
        let banned = self.banned.read().unwrap_or_else(PoisonError::into_inner);
        banned.is_empty()
    }

    fn is_banned(&self, source: IpAddr, now: Instant) -> bool {
        let banned = self.banned.read().unwrap_or_else(PoisonError::into_inner);
        banned.get(&source).is_some_and(|until| *until > now)
    }

    pub(super) fn trusts(&self, source: IpAddr) -> bool {
        let trusted = self.trusted.read().unwrap_or_else(PoisonError::into_inner);
        trusted.contains(&source)
    }

    /// Whether nothing at all is to be read from `source`.
    pub(super) fn shuts_out(&self, source: IpAddr, now: Instant) -> bool {
        self.is_banned(source, now) && !self.trusts(source)
    }

    /// Whether a datagram from `source` is to be read.
    pub(super) fn admits(&self, source: IpAddr, now: Instant) -> bool {
        if self.limit == 0 && self.banned_nobody() {
            return true;
        }
        if self.trusts(source) {
            return true;
        }
        if self.is_banned(source, now) {
            return false;
        }
        if self.limit == 0 {
            return true;
        }
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= MAX_SOURCES && !buckets.contains_key(&source) {
            buckets.retain(|_, b| now.duration_since(b.at).as_secs() < 2);
            if buckets.len() >= MAX_SOURCES {
                return false;
            }
        }
        let rate = f64::from(self.limit);
        let bucket = buckets.entry(source).or_insert(Bucket {
            tokens: rate * 2.0,
            at: now,
        });
        let refill = now.duration_since(bucket.at).as_secs_f64() * rate;
        bucket.tokens = (bucket.tokens + refill).min(rate * 2.0);
        bucket.at = now;
        if bucket.tokens < 1.0 {
            return false;
        }
        bucket.tokens -= 1.0;
        true
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_burst_passes_and_a_flood_does_not() {
        let flood = Flood::new(10);
        let (now, source) = (Instant::now(), IpAddr::from([192, 0, 2, 1]));
        let passed = (0..100).filter(|_| flood.admits(source, now)).count();
        assert_eq!(passed, 20);
        assert!(flood.admits(source, now + Duration::from_secs(1)));
        flood.ban(source, now, now + Duration::from_secs(60));
        assert!(!flood.admits(source, now + Duration::from_secs(59)));
        assert!(flood.admits(source, now + Duration::from_secs(60)));
        flood.trust(vec![source]);
        assert!((0..100).all(|_| flood.admits(source, now)));
    }
}
