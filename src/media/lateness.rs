//! How late the media threads are: the sign of overload.

use std::{
    collections::VecDeque,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// Upper bounds of the buckets in milliseconds; the last bucket has none.
const BOUNDS_MS: [u64; 7] = [1, 2, 5, 10, 20, 50, 100];

/// A histogram of how long after its time each slot was served, over the engine's life.
#[derive(Debug, Default)]
pub struct Lateness {
    buckets: [AtomicU64; BOUNDS_MS.len() + 1],
    /// A running mean over the last sixty or so slots, in microseconds.
    recent: AtomicU64,
}

impl Lateness {
    pub(crate) fn count(&self, late: Duration) {
        let ms = late.as_millis() as u64;
        let bucket = BOUNDS_MS
            .iter()
            .position(|&bound| ms < bound)
            .unwrap_or(BOUNDS_MS.len());
        self.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        let recent = self.recent.load(Ordering::Relaxed);
        let micros = late.as_micros() as u64;
        self.recent
            .store((recent * 63 + micros) / 64, Ordering::Relaxed);
    }

    /// Nothing is to be served, so nothing is late.
    pub(crate) fn calm(&self) {
        self.recent.store(0, Ordering::Relaxed);
    }

    /// How late slots are served now, on average.
    #[must_use]
    pub fn recent(&self) -> Duration {
        Duration::from_micros(self.recent.load(Ordering::Relaxed))
    }

    /// Counts by upper bound in milliseconds; the bound of the last is `None`.
    #[must_use]
    pub fn histogram(&self) -> Vec<(Option<u64>, u64)> {
        let bounds = BOUNDS_MS.iter().map(|&bound| Some(bound)).chain([None]);
        bounds
            .zip(
                self.buckets
                    .iter()
                    .map(|count| count.load(Ordering::Relaxed)),
            )
            .collect()
    }

    /// How many slots there were, and how many of them were served `limit` or more after their time.
    fn later_than(&self, limit: Duration) -> (u64, u64) {
        let lower = [0].into_iter().chain(BOUNDS_MS);
        let counts = self
            .buckets
            .iter()
            .map(|count| count.load(Ordering::Relaxed));
        let limit = limit.as_millis() as u64;
        lower
            .zip(counts)
            .fold((0, 0), |(all, late), (from, count)| {
                (all + count, late + if from >= limit { count } else { 0 })
            })
    }

    /// The bound in milliseconds under which 99 of 100 slots were served; `None` above all bounds.
    #[must_use]
    pub fn p99_ms(&self) -> Option<u64> {
        let histogram = self.histogram();
        let total: u64 = histogram.iter().map(|(_, count)| count).sum();
        let mut seen = 0;
        histogram
            .into_iter()
            .find(|(_, count)| {
                seen += count;
                seen * 100 >= total * 99
            })
            .and_then(|(bound, _)| bound)
    }
}

/// The last few looks at the lateness: whether slots were late in most of them. A machine that stands
/// still for a moment makes one look late, or two, and is not overloaded.
#[derive(Debug)]
pub struct Watch {
    /// Slots from here on are late; counted exactly at the bounds of the histogram.
    limit: Duration,
    /// What the histogram said at the last look.
    then: (u64, u64),
    /// Whether more than one slot in a hundred was late between looks, the oldest first.
    looks: VecDeque<bool>,
}

/// Looks that are looked back on, and how many late ones of them are too many.
const LOOKS: usize = 4;
const TOO_MANY: usize = 3;
/// Fewer slots than this between looks say nothing.
const ENOUGH: u64 = 25;

impl Watch {
    /// Slots that are served this long after their time are late: 1, 2, 5, 10, 20, 50 or 100 ms.
    #[must_use]
    pub fn new(limit: Duration) -> Self {
        Self {
            limit,
            then: (0, 0),
            looks: VecDeque::new(),
        }
    }

    /// Looks once more; call it at a steady beat.
    pub fn is_late(&mut self, lateness: &Lateness) -> bool {
        let now = lateness.later_than(self.limit);
        let (all, late) = (now.0 - self.then.0, now.1 - self.then.1);
        self.then = now;
        if self.looks.len() == LOOKS {
            self.looks.pop_front();
        }
        self.looks.push_back(all >= ENOUGH && late * 100 > all);
        self.looks.iter().filter(|&&late| late).count() >= TOO_MANY
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ninety_ninth_percentile_is_a_bound() {
        let lateness = Lateness::default();
        (0..99).for_each(|_| lateness.count(Duration::from_micros(100)));
        lateness.count(Duration::from_millis(30));
        assert_eq!(lateness.p99_ms(), Some(1));
        (0..3).for_each(|_| lateness.count(Duration::from_millis(30)));
        assert_eq!(lateness.p99_ms(), Some(50));
        (0..9).for_each(|_| lateness.count(Duration::from_secs(1)));
        assert_eq!(lateness.p99_ms(), None);
    }

    #[test]
    fn a_moment_is_not_late_but_most_of_the_last_looks_are() {
        let (lateness, mut watch) = (Lateness::default(), Watch::new(Duration::from_millis(20)));
        let mut look = |slots: &[(u32, u64)]| {
            for &(count, ms) in slots {
                (0..count).for_each(|_| lateness.count(Duration::from_millis(ms)));
            }
            watch.is_late(&lateness)
        };
        let (well, badly) = ([(100, 19), (1, 20)], [(99, 19), (2, 20)]);
        for beat in 0..LOOKS {
            assert!(!look(&[(10, 30)]), "too few to say, {beat}");
        }
        for beat in 0..LOOKS {
            assert!(!look(&well), "one in a hundred, {beat}");
        }
        let stall = [look(&badly), look(&badly), look(&well), look(&well)];
        assert_eq!(stall, [false; 4]);
        let overload = [look(&badly), look(&well), look(&badly), look(&badly)];
        assert_eq!(overload, [false, false, false, true]);
        assert!(look(&badly));
        // Nothing is served any more, so nothing is late.
        assert_eq!([look(&[]), look(&[])], [true, false]);
    }
}
