//! What the network did with a dial: the first layer of its result.

use serde::Serialize;

use super::Outcome;

/// See the module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    Answered,
    /// A 200 that ended within a second without any sound: no answer of a person.
    FalseAnswer,
    Busy,
    NoAnswer,
    Declined,
    Blocked,
    Unwanted,
    /// No such number.
    Invalid,
    Unavailable,
    /// Ours or the carrier's channels, rate or network.
    Capacity,
    /// Credentials, funds or media.
    Configuration,
    /// Nothing that can be told.
    Unclear,
    /// We gave it up before an answer.
    Cancelled,
    /// The process died during the call.
    Lost,
}

/// How an answered call ended, as far as it tells a false answer from a true one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ending {
    /// From the answer to the end; milliseconds.
    pub lasted_ms: i64,
    pub by_them: bool,
    pub packets: u64,
}

/// An answer that is shorter and has no sound is none; milliseconds.
const FALSE_ANSWER_MS: i64 = 1_000;

impl Transport {
    /// `answered`: how it ended, when it was answered.
    #[must_use]
    pub fn of(outcome: Outcome, answered: Option<Ending>) -> Self {
        if let Some(ending) = answered {
            let is_false =
                ending.lasted_ms < FALSE_ANSWER_MS && ending.by_them && ending.packets == 0;
            return if is_false {
                Self::FalseAnswer
            } else {
                Self::Answered
            };
        }
        match outcome {
            Outcome::Busy => Self::Busy,
            Outcome::NoAnswer => Self::NoAnswer,
            Outcome::Declined => Self::Declined,
            Outcome::Blocked => Self::Blocked,
            Outcome::Unwanted => Self::Unwanted,
            Outcome::Unallocated => Self::Invalid,
            Outcome::Unavailable => Self::Unavailable,
            Outcome::Congestion => Self::Capacity,
            Outcome::Misconfigured => Self::Configuration,
            Outcome::Cancelled => Self::Cancelled,
            Outcome::Recovered => Self::Lost,
            Outcome::Failed
            | Outcome::Connected
            | Outcome::Abandoned
            | Outcome::Exited
            | Outcome::Silent
            | Outcome::Machine
            | Outcome::Fax => Self::Unclear,
        }
    }

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::FalseAnswer => "false_answer",
            Self::Busy => "busy",
            Self::NoAnswer => "no_answer",
            Self::Declined => "declined",
            Self::Blocked => "blocked",
            Self::Unwanted => "unwanted",
            Self::Invalid => "invalid",
            Self::Unavailable => "unavailable",
            Self::Capacity => "capacity",
            Self::Configuration => "configuration",
            Self::Unclear => "unclear",
            Self::Cancelled => "cancelled",
            Self::Lost => "lost",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_network_s_part_is_told_apart_from_what_came_of_it() {
        let ending = |lasted_ms, by_them, packets| {
            Some(Ending {
                lasted_ms,
                by_them,
                packets,
            })
        };
        let table = [
            (
                Outcome::Connected,
                ending(90_000, true, 4_500),
                Transport::Answered,
            ),
            (
                Outcome::Machine,
                ending(4_000, false, 200),
                Transport::Answered,
            ),
            (
                Outcome::Abandoned,
                ending(2_500, false, 0),
                Transport::Answered,
            ),
            (
                Outcome::Abandoned,
                ending(400, true, 20),
                Transport::Answered,
            ),
            (
                Outcome::Abandoned,
                ending(400, false, 0),
                Transport::Answered,
            ),
            (
                Outcome::Abandoned,
                ending(400, true, 0),
                Transport::FalseAnswer,
            ),
            (Outcome::Busy, None, Transport::Busy),
            (Outcome::Blocked, None, Transport::Blocked),
            (Outcome::Unwanted, None, Transport::Unwanted),
            (Outcome::Unallocated, None, Transport::Invalid),
            (Outcome::Congestion, None, Transport::Capacity),
            (Outcome::Misconfigured, None, Transport::Configuration),
            (Outcome::Recovered, None, Transport::Lost),
            (Outcome::Failed, None, Transport::Unclear),
        ];
        for (outcome, answered, transport) in table {
            assert_eq!(Transport::of(outcome, answered), transport, "{outcome:?}");
        }
    }
}
