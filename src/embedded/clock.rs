//! The one place that reads the wall clock.

use std::time::SystemTime;

#[expect(clippy::disallowed_methods, reason = "this is the shell's clock")]
pub fn now() -> SystemTime {
    SystemTime::now()
}
