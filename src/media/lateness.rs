//! How late the media threads are: the sign of overload.

use std::{
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
}
