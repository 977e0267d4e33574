//! Names of things. Configured things carry the database's id; calls, legs and attempts are
//! numbered by the floor.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};

macro_rules! named {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(from = "String", into = "String")]
        pub struct $name(pub Arc<str>);

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(id: &str) -> Self {
                Self(id.into())
            }
        }

        impl From<String> for $name {
            fn from(id: String) -> Self {
                Self(id.into())
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0.as_ref().into()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

named!(
    /// Agent number (座席工号).
    AgentId,
    CampaignId,
    GatewayId,
    LeadId,
    /// A voice menu.
    MenuId,
    QueueId,
    TaskId,
);

macro_rules! numbered {
    ($($(#[$doc:meta])* $name:ident $prefix:literal),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(pub u64);

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.to_string()
            }
        }

        impl TryFrom<String> for $name {
            type Error = std::num::ParseIntError;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "_{:013x}"), self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = std::num::ParseIntError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let digits = text.strip_prefix(concat!($prefix, "_")).unwrap_or(text);
                u64::from_str_radix(digits, 16).map(Self)
            }
        }
    )*};
}

numbered!(
    /// One conversation, from the first INVITE to the last BYE.
    CallId "cal",
    /// One SIP dialog of a call.
    LegId "leg",
    /// One dial of one lead.
    AttemptId "att",
    /// One playback or recording.
    SoundId "snd",
);

/// Hands out numbers that no earlier process of this node handed out.
#[derive(Debug, Clone)]
pub struct Numbers(u64);

impl Numbers {
    /// `started` is the process's start; a process may hand out 2^20 numbers a millisecond it lives.
    #[must_use]
    pub fn since(started: crate::time::Millis) -> Self {
        Self(u64::try_from(started.0).unwrap_or_default() << 20)
    }

    pub fn take(&mut self) -> u64 {
        self.0 += 1;
        self.0
    }
}
