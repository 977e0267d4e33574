//! The one place of this crate that reads the clock.

use std::time::{SystemTime, UNIX_EPOCH};

use engine::time::Millis;

/// Now.
#[must_use]
#[expect(
    clippy::disallowed_methods,
    reason = "the shell's clock; everything else is handed the time"
)]
pub fn now() -> Millis {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
