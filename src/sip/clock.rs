//! The one place where the time is read.

use std::time::{Instant, SystemTime};

/// UTC milliseconds that never run backwards: the wall clock is read once, at the start.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    started: Instant,
    started_at_ms: u64,
}

impl Clock {
    #[expect(clippy::disallowed_methods, reason = "this is the shell's clock")]
    pub(crate) fn start() -> Self {
        let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let since_epoch = since_epoch.unwrap_or_default().as_millis();
        Self {
            started: Instant::now(),
            started_at_ms: u64::try_from(since_epoch).unwrap_or_default(),
        }
    }

    pub(crate) fn now_ms(&self) -> u64 {
        let passed = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.started_at_ms.saturating_add(passed)
    }

    /// The moment at which [`Self::now_ms`] will say `at_ms`.
    pub(crate) fn instant(&self, at_ms: u64) -> Instant {
        let ahead = at_ms.saturating_sub(self.started_at_ms);
        self.started + std::time::Duration::from_millis(ahead)
    }
}
