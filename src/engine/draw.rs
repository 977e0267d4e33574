//! How many leads a start of a campaign draws, and who gets how many (OUT-127 to OUT-129).

use serde::{Deserialize, Serialize};

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

/// A target and the most it takes; 0 = whatever is left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    pub target_type: TargetType,
    pub target_id: String,
    pub quantity: u64,
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

/// What each target gets, in their order, of `available` leads when at most `extract_count` are
/// drawn at a time. Leads beyond the sum stay unallocated.
#[must_use]
pub fn allot(available: u64, extract_count: u64, share: Share, targets: &[Target]) -> Vec<u64> {
    let mut left = share.of(available.min(extract_count));
    targets
        .iter()
        .map(|target| {
            let gets = if target.quantity == 0 {
                left
            } else {
                left.min(target.quantity)
            };
            left -= gets;
            gets
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agent(quantity: u64) -> Target {
        Target {
            target_type: TargetType::Agent,
            target_id: "1001".into(),
            quantity,
        }
    }

    #[test]
    fn the_sample_task_leaves_369_of_479_unallocated() {
        let given: u64 = allot(479, 110, Share::All, &[agent(100), agent(100)])
            .iter()
            .sum();
        assert_eq!((given, 479 - given), (110, 369));
    }

    #[test]
    fn targets_fill_in_order_and_zero_takes_the_rest() {
        let targets = [agent(30), agent(0), agent(10)];
        assert_eq!(allot(1000, 100, Share::All, &targets), [30, 70, 0]);
        assert_eq!(allot(20, 100, Share::All, &targets), [20, 0, 0]);
        assert_eq!(allot(0, 100, Share::All, &targets), [0, 0, 0]);
    }

    #[test]
    fn a_share_is_taken_of_what_was_drawn() {
        assert_eq!(allot(1000, 101, Share::ThreeQuarters, &[agent(0)]), [75]);
        assert_eq!(allot(1000, 101, Share::Half, &[agent(0)]), [50]);
        assert_eq!(allot(1000, 101, Share::Quarter, &[agent(0)]), [25]);
    }

    #[test]
    fn no_target_gets_more_than_was_available() {
        for available in [0, 1, 7, 99, 1_000_000] {
            let given: u64 = allot(available, u64::MAX, Share::All, &[agent(5), agent(0)])
                .iter()
                .sum();
            assert_eq!(given, available);
        }
    }

    #[test]
    fn robots_are_only_for_robot_campaigns() {
        use crate::campaign::Mode;
        assert!(TargetType::Robot.fits(Mode::Robot));
        assert!(!TargetType::Robot.fits(Mode::Predictive));
        assert!(TargetType::Department.fits(Mode::Preview));
    }
}
