//! What an agent may be, under the names all interfaces start from (table 3.3.1).

use serde::{Deserialize, Serialize};

use crate::{
    ids::{CallId, LeadId},
    time::Millis,
};

/// Why a signed-in agent takes no calls (AGT-010).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unready {
    Wait,
    Dnd,
    Break,
    Away,
    Custom,
}

/// A work mode that agents may choose (AGT-046): ready is 0 示闲, wait is 3 示忙, away is 6 离开; the others are
/// the remaining ways to take no calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorkMode {
    Ready,
    Unready(Unready),
}

impl WorkMode {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Unready(sub) => sub.as_str(),
        }
    }
}

impl Unready {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Wait => "wait",
            Self::Dnd => "dnd",
            Self::Break => "break",
            Self::Away => "away",
            Self::Custom => "custom",
        }
    }
}

/// What a busy agent does (AGT-011).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Busy {
    Calling,
    Ringing,
    Answered,
    Transfer,
    Conference,
    Hold,
}

/// Where an agent stands. A state carries what only that state has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    LoggedOut,
    Unready {
        sub: Unready,
        reason: Option<String>,
    },
    Ready,
    /// Looks at a lead before dialling it; `dial_at` when a countdown runs (OUT-202).
    Preview {
        lead: LeadId,
        dial_at: Option<Millis>,
    },
    Busy {
        sub: Busy,
        call: CallId,
    },
    /// After-call work; `until` is `None` when only the agent ends it.
    WrapUp {
        call: CallId,
        until: Option<Millis>,
    },
}

impl State {
    /// 免打扰 (AGT-010): nobody's call is to ring at this agent, whoever wants it.
    #[must_use]
    pub fn is_not_to_be_disturbed(&self) -> bool {
        let dnd = Unready::Dnd;
        matches!(self, Self::Unready { sub, .. } if *sub == dnd)
    }

    /// Canonical name, as table 3.3.1 has it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::LoggedOut => "logout",
            Self::Unready { .. } => "unready",
            Self::Ready => "ready",
            Self::Preview { .. } => "preview",
            Self::Busy { .. } => "busy",
            Self::WrapUp { .. } => "acw",
        }
    }

    #[must_use]
    pub fn sub_name(&self) -> Option<&'static str> {
        match self {
            Self::Unready { sub, .. } => Some(sub.as_str()),
            Self::Busy { sub, .. } => Some(match sub {
                Busy::Calling => "calling",
                Busy::Ringing => "ringing",
                Busy::Answered => "answered",
                Busy::Transfer => "transfer",
                Busy::Conference => "conference",
                Busy::Hold => "hold",
            }),
            _ => None,
        }
    }

    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Unready { reason, .. } => reason.as_deref(),
            _ => None,
        }
    }
}
