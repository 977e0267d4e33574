//! The one place where the live process reads the time.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use engine::time::Millis;

#[expect(clippy::disallowed_methods, reason = "this is the shell's clock")]
pub(crate) fn now() -> Millis {
    of(SystemTime::now())
}

pub(crate) fn of(at: SystemTime) -> Millis {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    Millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// From now until `at`.
pub(crate) fn until(at: Millis) -> Duration {
    Duration::from_millis(u64::try_from(at.0.saturating_sub(now().0)).unwrap_or_default())
}

/// Waits so long, or for ever.
pub(crate) async fn sleep(wait: Option<Duration>) {
    match wait {
        Some(wait) => tokio::time::sleep(wait).await,
        None => std::future::pending().await,
    }
}

/// A clock that is being kept right moves by less between two looks.
const KEPT_RIGHT_MS: i64 = 1_000;

/// Notices when somebody sets the clock, by one that nobody can set.
#[derive(Debug)]
pub(crate) struct Watch {
    wall: Millis,
    steady: Instant,
}

impl Watch {
    pub fn start() -> Self {
        Self {
            wall: now(),
            steady: Instant::now(),
        }
    }

    /// Now, and by how many milliseconds the clock was set since the last look.
    pub fn look(&mut self) -> (Millis, Option<i64>) {
        let before = std::mem::replace(self, Self::start());
        let passed = self.steady.duration_since(before.steady);
        (self.wall, moved(before.wall, self.wall, passed))
    }
}

fn moved(before: Millis, after: Millis, passed: Duration) -> Option<i64> {
    let passed = i64::try_from(passed.as_millis()).unwrap_or(i64::MAX);
    let by_ms = after.0.saturating_sub(before.0).saturating_sub(passed);
    (by_ms.saturating_abs() >= KEPT_RIGHT_MS).then_some(by_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_set_is_told_from_time_that_passes() {
        let moved =
            |after, passed| moved(Millis(10_000), Millis(after), Duration::from_secs(passed));
        assert_eq!(moved(70_000, 60), None, "a minute passed");
        assert_eq!(moved(70_900, 60), None, "kept right");
        assert_eq!(moved(3_670_000, 60), Some(3_600_000));
        assert_eq!(moved(-3_590_000, 0), Some(-3_600_000));
    }
}
