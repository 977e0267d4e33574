//! Which leads a start of a campaign draws, who gets how many, and in which order they are dialled
//! (OUT-127 to OUT-132).

use serde::{Deserialize, Serialize};

mod deal;
pub mod grants;
mod order;
mod owner;
mod split;

pub use deal::{deal_in_turn, deal_one_after_another};
pub use order::{LATE, ListOrder, Rank, late};
pub use owner::{Owners, Undealt};
pub use split::{Taker, in_order, in_proportion};

/// How drawn leads are divided among the targets.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case", deny_unknown_fields)]
pub enum Division {
    /// The targets are filled in their order up to their quantities (OUT-127).
    #[default]
    Manual,
    /// Every target gets as many as the others, dealt in turn.
    Even,
    /// By the targets' weights, dealt in turn.
    Proportional,
    /// To the agent that this field of the lead names by number, user name or display name. The
    /// targets say who may get any: agents, or departments for all of their members.
    Owner { field: String },
}

/// Who leads are given to (OUT-120).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TargetType {
    Agent,
    Department,
    Queue,
    Robot,
}

impl TargetType {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Department => "department",
            Self::Queue => "queue",
            Self::Robot => "robot",
        }
    }

    /// The type that is written so; `None` for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Agent, Self::Department, Self::Queue, Self::Robot]
            .into_iter()
            .find(|kind| kind.as_str() == text)
    }

    /// The allocation status of a lead given to such a target (OUT-132).
    #[must_use]
    pub fn alloc_status(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Department => "dept",
            Self::Queue => "queue",
            Self::Robot => "ai",
        }
    }

    /// Whether a campaign of this mode may give leads to it (OUT-107).
    #[must_use]
    pub fn fits(self, mode: crate::campaign::Mode) -> bool {
        use crate::campaign::Mode;
        match mode {
            Mode::Preview => matches!(self, Self::Agent | Self::Department),
            Mode::Predictive => self == Self::Queue,
            Mode::Robot => self == Self::Robot,
        }
    }
}

/// A target and the most it takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    pub target_type: TargetType,
    pub target_id: String,
    /// Most leads of one task; 0 = whatever is left.
    pub quantity: u64,
    /// Its part of [`Division::Proportional`], 0 to 1,000,000.
    #[serde(default = "one")]
    pub weight: u64,
    /// Most undialled leads it may hold at once, of whatever task; 0 = any number.
    #[serde(default)]
    pub hold_max: u64,
}

fn one() -> u64 {
    1
}

impl Target {
    /// A target with weight 1 that may hold any number.
    #[must_use]
    pub fn new(target_type: TargetType, target_id: impl Into<String>, quantity: u64) -> Self {
        Self {
            target_type,
            target_id: target_id.into(),
            quantity,
            weight: 1,
            hold_max: 0,
        }
    }

    /// What it takes of one task when it holds `held` undialled leads already.
    #[must_use]
    pub fn taker(&self, held: u64) -> Taker {
        let room = match self.hold_max {
            0 => u64::MAX,
            most => most.saturating_sub(held),
        };
        let quantity = match self.quantity {
            0 => u64::MAX,
            quantity => quantity,
        };
        Taker {
            weight: self.weight,
            most: quantity.min(room),
        }
    }
}

/// 名单分配: the share of the drawn leads that is given away (OUT-116, OUT-117).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Share {
    #[default]
    #[serde(rename = "all")]
    All,
    #[serde(rename = "75")]
    ThreeQuarters,
    #[serde(rename = "50")]
    Half,
    #[serde(rename = "25")]
    Quarter,
}

impl Share {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::ThreeQuarters => "75",
            Self::Half => "50",
            Self::Quarter => "25",
        }
    }

    /// The share that is written so; `None` for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::All, Self::ThreeQuarters, Self::Half, Self::Quarter]
            .into_iter()
            .find(|share| share.as_str() == text)
    }

    /// Rounded down: half a lead cannot be given away.
    #[must_use]
    pub fn of(self, drawn: u64) -> u64 {
        match self {
            Self::All => drawn,
            Self::ThreeQuarters => drawn / 4 * 3 + drawn % 4 * 3 / 4,
            Self::Half => drawn / 2,
            Self::Quarter => drawn / 4,
        }
    }
}

/// How many leads a start gives away at most: the share of those it draws.
#[must_use]
pub fn to_give(available: u64, extract_count: u64, share: Share) -> u64 {
    share.of(available.min(extract_count))
}

#[cfg(test)]
mod tests;
