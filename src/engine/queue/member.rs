//! What a queue says of one of its agents (VOX-067 to VOX-077).

use serde::{Deserialize, Serialize};

use super::{BadSetting, first_out_of};

/// An agent's place in a queue, and what differs for the agent there from the queue's settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Member {
    /// The tier (等级): smaller is asked earlier; 1 to 100.
    pub level: u32,
    /// The place within the tier (地位): smaller is earlier; 1 to 100.
    pub position: u32,
    /// Ring time; milliseconds, 5,000 to 120,000. `None`: the queue's.
    pub ring_ms: Option<i64>,
    /// After-call work; milliseconds, 0 = the agent ends it by hand. `None`: the agent's, else the
    /// queue's.
    pub wrap_up_ms: Option<i64>,
    /// No offers for this long after the agent rejected one; milliseconds (VOX-072).
    pub reject_delay_ms: i64,
    /// No offers for this long after the phone was busy; milliseconds (VOX-073).
    pub busy_delay_ms: i64,
    /// Offers in a row that ring out before the agent is put on a break; 0 = never. `None`: the
    /// queue's.
    pub max_no_answer: Option<u32>,
}

impl Default for Member {
    fn default() -> Self {
        Self {
            level: 1,
            position: 1,
            ring_ms: None,
            wrap_up_ms: None,
            reject_delay_ms: 10_000,
            busy_delay_ms: 60_000,
            max_no_answer: None,
        }
    }
}

impl Member {
    /// # Errors
    /// The first value that is out of its range (VOX-077).
    pub fn validate(&self) -> Result<(), BadSetting> {
        first_out_of(&[
            ("/level", self.level.into(), 1, 100),
            ("/position", self.position.into(), 1, 100),
            ("/ring_ms", self.ring_ms.unwrap_or(20_000), 5_000, 120_000),
            ("/wrap_up_ms", self.wrap_up_ms.unwrap_or(0), 0, 3_600_000),
            ("/reject_delay_ms", self.reject_delay_ms, 0, 3_600_000),
            ("/busy_delay_ms", self.busy_delay_ms, 0, 3_600_000),
            (
                "/max_no_answer",
                self.max_no_answer.unwrap_or(0).into(),
                0,
                99,
            ),
        ])
    }
}
