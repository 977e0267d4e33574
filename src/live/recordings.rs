//! What recordings are called.

use std::path::PathBuf;

use engine::{ids::CallId, time::Millis};

/// `2026-11-20/cal_….wav`: a directory a day, in UTC. Below the directory of recordings.
#[must_use]
pub fn file_of(call: CallId, now: Millis) -> PathBuf {
    PathBuf::from(day_of(now)).join(format!("{call}.wav"))
}

pub(crate) fn day_of(now: Millis) -> String {
    chrono::DateTime::from_timestamp_millis(now.0)
        .map(|at| at.format("%Y-%m-%d").to_string())
        .unwrap_or_default()
}
