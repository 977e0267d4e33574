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

/// The last few looks at the lateness: whether more than one slot in a hundred was late lately.
#[derive(Debug)]
pub struct Watch {
    /// Slots from here on are late; counted exactly at the bounds of the histogram.
    limit: Duration,
    /// What the histogram said at each look, the oldest first.
    looks: VecDeque<(u64, u64)>,
}

/// Looks that are looked back on.
const LOOKS: usize = 4;
/// Fewer slots than this say nothing.
const ENOUGH: u64 = 100;

impl Watch {
    /// Slots that are served this long after their time are late: 1, 2, 5, 10, 20, 50 or 100 ms.
    #[must_use]
    pub fn new(limit: Duration) -> Self {
        Self {
            limit,
            looks: VecDeque::from([(0, 0)]),
        }
    }

    /// Looks once more; call it at a steady beat.
    pub fn is_late(&mut self, lateness: &Lateness) -> bool {
        let now = lateness.later_than(self.limit);
        let then = self.looks.front().copied().unwrap_or_default();
        self.looks.push_back(now);
        if self.looks.len() > LOOKS {
            self.looks.pop_front();
        }
        let (all, late) = (now.0 - then.0, now.1 - then.1);
        all >= ENOUGH && late * 100 > all
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
    fn more_than_one_late_slot_in_a_hundred_is_late_until_it_is_over() {
        let (lateness, mut watch) = (Lateness::default(), Watch::new(Duration::from_millis(20)));
        let serve = |count, ms| {
            (0..count).for_each(|_| lateness.count(Duration::from_millis(ms)));
        };
        serve(50, 30);
        assert!(!watch.is_late(&lateness), "too few to say");
        serve(1_000, 19);
        assert!(watch.is_late(&lateness), "fifty of them");
        for beat in 0..LOOKS {
            serve(500, 0);
            let late = watch.is_late(&lateness);
            assert_eq!(late, beat + 2 < LOOKS, "beat {beat}");
        }
        serve(500, 20);
        assert!(watch.is_late(&lateness));
        // Nothing is served any more, so nothing is late.
        for _ in 0..LOOKS {
            watch.is_late(&lateness);
        }
        assert!(!watch.is_late(&lateness));
    }
}
