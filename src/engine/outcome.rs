//! What the network said, in one table (OUT-235 to OUT-239).
//!
//! A call's result has three layers, never one code: what the network did ([`Transport`]), who
//! answered (`floor::AnswerClass`), and what came of it ([`Outcome`], later the agent's disposition).

mod transport;

pub use transport::{Ending, Transport};

use serde::{Deserialize, Serialize};

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Answered and handed to an agent or a robot.
    Connected,
    /// Answered by a person, but nobody was there within the limit, or the callee gave up.
    Abandoned,
    /// A caller whom no agent had, and who was not lost: a key led out of the queue, a message was left,
    /// the office was shut (VOX-035).
    Exited,
    /// Answered, and hung up on by a robot that listens, to which nobody said anything.
    Silent,
    /// Answered by a machine.
    Machine,
    /// Answered by a fax or a modem.
    Fax,
    Busy,
    NoAnswer,
    Declined,
    /// Refused before a person heard of it, by the called network's or an analyst's judgement of the
    /// caller number (RFC 8688, and 603 with the reason that says so).
    Blocked,
    /// The called party wants no such calls (RFC 8197): never again.
    Unwanted,
    /// No such number.
    Unallocated,
    /// Switched off or out of service.
    Unavailable,
    /// Our side or the carrier could not carry the call. Not an attempt on the lead.
    Congestion,
    /// The trunk refuses us: credentials, funds, media. Not an attempt on the lead.
    Misconfigured,
    /// No clear answer from the network.
    Failed,
    /// The process died during the call (OUT-242).
    Recovered,
    /// We hung up before an answer, on a supervisor's or an agent's order.
    Cancelled,
}

/// The spec's four-valued call status of a lead (OUT-235).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CallStatus {
    NotCall,
    Calling,
    Success,
    Failed,
    Exception,
}

impl CallStatus {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotCall => "notcall",
            Self::Calling => "calling",
            Self::Success => "success",
            Self::Failed => "failed",
            Self::Exception => "exception",
        }
    }
}

impl Outcome {
    pub const ALL: [Self; 18] = [
        Self::Connected,
        Self::Abandoned,
        Self::Exited,
        Self::Silent,
        Self::Machine,
        Self::Fax,
        Self::Busy,
        Self::NoAnswer,
        Self::Declined,
        Self::Blocked,
        Self::Unwanted,
        Self::Unallocated,
        Self::Unavailable,
        Self::Congestion,
        Self::Misconfigured,
        Self::Failed,
        Self::Recovered,
        Self::Cancelled,
    ];

    /// The one place that turns a final refusal into an outcome: its SIP status, the Q.850 cause and
    /// the text of its Reason header or status line.
    ///
    /// 607, 608 and a 603 whose reason speaks of blocking say who refused, which no cause does. Else a
    /// Q.850 cause, where the gateway gives one, is nearer to the truth than the SIP status it was
    /// mapped to.
    #[must_use]
    pub fn of_refusal(sip: u16, q850: Option<u8>, reason: Option<&str>) -> Self {
        match sip {
            607 => Self::Unwanted,
            608 => Self::Blocked,
            603 if reason.is_some_and(speaks_of_blocking) => Self::Blocked,
            _ => q850
                .and_then(Self::of_q850)
                .unwrap_or_else(|| Self::of_status(sip)),
        }
    }

    fn of_status(sip: u16) -> Self {
        match sip {
            486 | 600 => Self::Busy,
            408 | 480 | 487 => Self::NoAnswer,
            404 | 410 | 484 | 485 | 604 => Self::Unallocated,
            403 | 603 => Self::Declined,
            502 => Self::Unavailable,
            500 | 503 | 504 => Self::Congestion,
            401 | 402 | 407 | 415 | 488 | 606 => Self::Misconfigured,
            _ => Self::Failed,
        }
    }

    /// ITU-T Q.850 causes that say more than the SIP status; 16 and 31 say nothing.
    fn of_q850(cause: u8) -> Option<Self> {
        Some(match cause {
            1 | 22 | 28 => Self::Unallocated,
            17 => Self::Busy,
            18 | 19 => Self::NoAnswer,
            20 | 27 => Self::Unavailable,
            21 => Self::Declined,
            34 | 38 | 41 | 42 | 44 => Self::Congestion,
            _ => return None,
        })
    }

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Connected => "connected",
            Self::Abandoned => "abandoned",
            Self::Exited => "exited",
            Self::Silent => "silent",
            Self::Machine => "machine",
            Self::Fax => "fax",
            Self::Busy => "busy",
            Self::NoAnswer => "no_answer",
            Self::Declined => "declined",
            Self::Blocked => "blocked",
            Self::Unwanted => "unwanted",
            Self::Unallocated => "unallocated",
            Self::Unavailable => "unavailable",
            Self::Congestion => "congestion",
            Self::Misconfigured => "misconfigured",
            Self::Failed => "failed",
            Self::Recovered => "recovered",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether the called party was bothered: only such a dial is an attempt on the lead. After a
    /// crash nobody knows, so it counts.
    #[must_use]
    pub fn counts(self) -> bool {
        !matches!(
            self,
            Self::Congestion | Self::Misconfigured | Self::Cancelled
        )
    }

    /// Whether the gateway, not the called party, failed the call (OUT-253).
    #[must_use]
    pub fn is_gateway_fault(self) -> bool {
        matches!(self, Self::Congestion | Self::Misconfigured)
    }

    /// What the lead's list shows (OUT-236 to OUT-238).
    #[must_use]
    pub fn status(self) -> CallStatus {
        match self {
            Self::Connected | Self::Exited => CallStatus::Success,
            Self::Congestion | Self::Misconfigured | Self::Failed | Self::Recovered => {
                CallStatus::Exception
            }
            Self::Cancelled => CallStatus::NotCall,
            _ => CallStatus::Failed,
        }
    }
}

/// `603 Network Blocked`, `Reason: SIP;cause=603;text="v=analytics1;..."` (ATIS-1000099).
fn speaks_of_blocking(reason: &str) -> bool {
    let reason = reason.to_ascii_lowercase();
    reason.contains("block") || reason.contains("analytics")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_has_its_outcome() {
        let table = [
            (486, None, "", Outcome::Busy),
            (600, None, "", Outcome::Busy),
            (480, None, "", Outcome::NoAnswer),
            (408, None, "", Outcome::NoAnswer),
            (487, None, "", Outcome::NoAnswer),
            (404, None, "", Outcome::Unallocated),
            (410, None, "", Outcome::Unallocated),
            (484, None, "", Outcome::Unallocated),
            (485, None, "", Outcome::Unallocated),
            (604, None, "", Outcome::Unallocated),
            (403, None, "", Outcome::Declined),
            (603, None, "Decline", Outcome::Declined),
            (502, None, "", Outcome::Unavailable),
            (500, None, "", Outcome::Congestion),
            (503, None, "", Outcome::Congestion),
            (504, None, "", Outcome::Congestion),
            (401, None, "", Outcome::Misconfigured),
            (402, None, "", Outcome::Misconfigured),
            (407, None, "", Outcome::Misconfigured),
            (488, None, "", Outcome::Misconfigured),
            (606, None, "", Outcome::Misconfigured),
            (499, None, "", Outcome::Failed),
            // The cause overrules the status it was squeezed into.
            (480, Some(17), "", Outcome::Busy),
            (480, Some(18), "", Outcome::NoAnswer),
            (500, Some(19), "", Outcome::NoAnswer),
            (503, Some(1), "", Outcome::Unallocated),
            (503, Some(22), "", Outcome::Unallocated),
            (500, Some(28), "", Outcome::Unallocated),
            (500, Some(21), "", Outcome::Declined),
            (480, Some(20), "", Outcome::Unavailable),
            (480, Some(27), "", Outcome::Unavailable),
            (404, Some(34), "", Outcome::Congestion),
            (480, Some(38), "", Outcome::Congestion),
            (480, Some(41), "", Outcome::Congestion),
            (480, Some(42), "", Outcome::Congestion),
            (480, Some(44), "", Outcome::Congestion),
            // Normal clearing says nothing about a refusal.
            (486, Some(16), "", Outcome::Busy),
            (603, Some(31), "", Outcome::Declined),
            // Who refused is told by the status and its reason, whatever the cause.
            (603, Some(21), "Call rejected", Outcome::Declined),
            (603, Some(21), "Network Blocked", Outcome::Blocked),
            (603, None, "v=analytics1;text=Blocked", Outcome::Blocked),
            (607, None, "Unwanted", Outcome::Unwanted),
            (607, Some(21), "", Outcome::Unwanted),
            (608, None, "Rejected", Outcome::Blocked),
            (608, Some(17), "", Outcome::Blocked),
        ];
        for (sip, q850, reason, outcome) in table {
            let reason = (!reason.is_empty()).then_some(reason);
            assert_eq!(
                Outcome::of_refusal(sip, q850, reason),
                outcome,
                "{sip} {q850:?} {reason:?}"
            );
        }
    }

    #[test]
    fn our_own_limits_are_no_attempt_on_the_lead() {
        let not_counted: Vec<_> = Outcome::ALL.into_iter().filter(|o| !o.counts()).collect();
        assert_eq!(
            not_counted,
            [
                Outcome::Congestion,
                Outcome::Misconfigured,
                Outcome::Cancelled
            ]
        );
    }
}
