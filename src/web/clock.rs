//! The web shell's one clock, and how times look outside.

use std::time::SystemTime;

use chrono::{DateTime, SecondsFormat, Utc};
use engine::time::Millis;
use serde::{Serialize, Serializer};

/// Now.
#[must_use]
pub fn now() -> Millis {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where web reads the time"
    )]
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    Millis(since.map_or(0, |since| {
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    }))
}

/// A moment as answers carry it: RFC 3339, UTC, milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, utoipa::ToSchema)]
#[schema(value_type = String, format = DateTime)]
pub struct At(pub i64);

impl At {
    #[must_use]
    pub fn text(self) -> String {
        DateTime::<Utc>::from_timestamp_millis(self.0)
            .unwrap_or_default()
            .to_rfc3339_opts(SecondsFormat::Millis, true)
    }
}

impl From<i64> for At {
    fn from(ms: i64) -> Self {
        Self(ms)
    }
}

impl From<Millis> for At {
    fn from(at: Millis) -> Self {
        Self(at.0)
    }
}

impl Serialize for At {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text())
    }
}

/// Reads an RFC 3339 moment.
#[must_use]
pub fn moment(text: &str) -> Option<Millis> {
    DateTime::parse_from_rfc3339(text)
        .ok()
        .map(|at| Millis(at.timestamp_millis()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_goes_out_and_comes_back() {
        assert_eq!(At(1_500).text(), "1970-01-01T00:00:01.500Z");
        assert_eq!(moment("1970-01-01T08:00:01.500+08:00"), Some(Millis(1_500)));
        assert_eq!(moment("yesterday"), None);
    }
}
