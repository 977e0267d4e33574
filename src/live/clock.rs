//! The one place where the live process reads the time.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

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
