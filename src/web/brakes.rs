//! Brakes: failed sign-ins, requests per token (RST-023) and guesses at what is masked. In memory and bounded.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use engine::time::Millis;

/// Names and addresses remembered at once; beyond it the oldest half is forgotten.
const MOST: usize = 10_000;

/// Failed sign-ins by name and by address.
#[derive(Debug, Default)]
pub struct SignIns(Mutex<HashMap<String, Failures>>);

#[derive(Debug, Clone, Copy)]
struct Failures {
    count: u32,
    last: Millis,
}

/// Failures that are free.
const FREE: u32 = 5;
const FORGOTTEN_MS: i64 = 15 * 60_000;

impl SignIns {
    /// Seconds this name or address has to wait; 0 = it may try.
    #[must_use]
    pub fn wait(&self, who: &str, now: Millis) -> i64 {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(failures) = all
            .get(who)
            .filter(|seen| now.since(seen.last) < FORGOTTEN_MS)
        else {
            return 0;
        };
        let over = failures.count.saturating_sub(FREE);
        if over == 0 {
            return 0;
        }
        // 2, 4, 8 ... seconds, at most a quarter of an hour.
        let wait = 1_000 * (1_i64 << over.min(10)).min(900);
        let left = wait - now.since(failures.last);
        left.max(0).div_euclid(1_000) + i64::from(left > 0)
    }

    pub fn failed(&self, who: &str, now: Millis) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        make_room(&mut all, |failures| failures.last);
        let seen = all.entry(who.to_owned()).or_insert(Failures {
            count: 0,
            last: now,
        });
        if now.since(seen.last) >= FORGOTTEN_MS {
            seen.count = 0;
        }
        seen.count = seen.count.saturating_add(1);
        seen.last = now;
    }

    pub fn succeeded(&self, who: &str) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(who);
    }
}

/// A token bucket for each of many.
#[derive(Debug)]
pub struct Buckets {
    a_second: f64,
    at_once: f64,
    all: Mutex<HashMap<String, Bucket>>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    left: f64,
    filled: Millis,
}

impl Buckets {
    /// A session's requests: 50 a second, 100 at once.
    #[must_use]
    pub fn of_requests() -> Self {
        Self::new(50.0, 100.0)
    }

    /// A person's searches for a whole number that is shown masked: 30 an hour, 30 at once.
    #[must_use]
    pub fn of_guesses() -> Self {
        Self::new(30.0 / 3_600.0, 30.0)
    }

    fn new(a_second: f64, at_once: f64) -> Self {
        Self {
            a_second,
            at_once,
            all: Mutex::default(),
        }
    }

    /// How long an empty bucket takes for the next one, rounded up.
    #[must_use]
    pub fn seconds_each(&self) -> i64 {
        (1.0 / self.a_second).ceil() as i64
    }

    /// Takes one; `false` when there is none left for `who`.
    #[must_use]
    pub fn take(&self, who: &str, now: Millis) -> bool {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        make_room(&mut all, |bucket| bucket.filled);
        let bucket = all.entry(who.to_owned()).or_insert(Bucket {
            left: self.at_once,
            filled: now,
        });
        let seconds = now.since(bucket.filled) as f64 / 1_000.0;
        bucket.left = (bucket.left + seconds * self.a_second).min(self.at_once);
        bucket.filled = now;
        if bucket.left < 1.0 {
            return false;
        }
        bucket.left -= 1.0;
        true
    }
}

fn make_room<V>(all: &mut HashMap<String, V>, age: impl Fn(&V) -> Millis) {
    if all.len() < MOST {
        return;
    }
    let mut times: Vec<Millis> = all.values().map(&age).collect();
    times.sort_unstable();
    let middle = times[times.len() / 2];
    all.retain(|_, value| age(value) > middle);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sixth_failure_waits_and_success_forgives() {
        let brakes = SignIns::default();
        for _ in 0..5 {
            brakes.failed("a", Millis(0));
        }
        assert_eq!(brakes.wait("a", Millis(1)), 0);
        brakes.failed("a", Millis(0));
        assert_eq!(brakes.wait("a", Millis(0)), 3);
        assert_eq!(brakes.wait("a", Millis(2_001)), 0);
        brakes.failed("a", Millis(2_001));
        assert_eq!(brakes.wait("a", Millis(2_001)), 5);
        assert_eq!(brakes.wait("b", Millis(2_001)), 0);
        assert_eq!(brakes.wait("a", Millis(2_001 + FORGOTTEN_MS)), 0);
        brakes.succeeded("a");
        assert_eq!(brakes.wait("a", Millis(2_001)), 0);
    }

    #[test]
    fn a_session_has_a_hundred_at_once_and_fifty_a_second() {
        let requests = Buckets::of_requests();
        let taken = |now| (0..500).filter(|_| requests.take("s", Millis(now))).count();
        assert_eq!(taken(0), 100);
        assert_eq!(taken(1_000), 50);
    }

    #[test]
    fn a_person_has_thirty_guesses_and_another_every_two_minutes() {
        let guesses = Buckets::of_guesses();
        let taken = |now| (0..500).filter(|_| guesses.take("u", Millis(now))).count();
        assert_eq!(taken(0), 30);
        assert_eq!(taken(119_000), 0);
        assert_eq!(taken(121_000), 1);
        assert_eq!(guesses.seconds_each(), 120);
    }

    #[test]
    fn strangers_do_not_fill_the_memory() {
        let brakes = SignIns::default();
        for number in 0..25_000 {
            brakes.failed(&number.to_string(), Millis(number));
        }
        assert!(brakes.0.lock().unwrap().len() <= MOST);
    }
}
