//! What a call came to, in the three layers of a result.

use super::{AnswerClass, By, Call, Ended, Heard, Message};
use crate::{
    campaign::Mode,
    outcome::{CallStatus, Ending, Outcome, Transport},
    time::Millis,
};

/// No phone rings before this; milliseconds.
const AT_ONCE_MS: i64 = 1_000;

/// A refusal without a name that comes before anything could ring is the carrier's too.
pub(super) fn is_fault_of_gateway(call: &Call, outcome: Outcome, now: Millis) -> bool {
    let at_once = call.times.ringing.is_none() && now.since(call.times.started) < AT_ONCE_MS;
    outcome.is_gateway_fault() || (outcome == Outcome::Failed && at_once)
}

pub(super) fn transport_of(call: &Call, outcome: Outcome, now: Millis) -> Transport {
    let ending = call.times.answered.map(|answered| Ending {
        lasted_ms: now.since(answered),
        by_them: call.ended.as_ref().is_some_and(|end| end.by == By::Them),
        packets: call
            .ended
            .as_ref()
            .map_or(0, |end| end.quality.packets_received),
    });
    Transport::of(outcome, ending)
}

/// What a call came to when its customer leg ended.
pub(super) fn outcome_of(call: &Call, ended: &Ended) -> Outcome {
    if call.times.answered.is_some() {
        let is_mute = call.way.robot.as_ref().is_some_and(|robot| robot.is_mute());
        let spoken_to = call.mode == Some(Mode::Robot) && !call.let_go && !is_mute;
        let reached = call.times.bridged.is_some() || spoken_to;
        if call.mode.is_none() && !reached && call.way.is_served {
            return Outcome::Exited;
        }
        return if call.abandoned {
            Outcome::Abandoned
        } else if call.silent && call.times.bridged.is_none() {
            Outcome::Silent
        } else if call.times.bridged.is_some() || spoken_to {
            Outcome::Connected
        } else {
            call.unmet()
        };
    }
    if let Some(outcome) = call.turned_away {
        return outcome;
    }
    if call.cancelled {
        return Outcome::Cancelled;
    }
    if call.class == AnswerClass::Network {
        return call.unmet();
    }
    // A 408 of our own making: the gateway said nothing at all, so nobody was bothered.
    if ended.by != By::Them && ended.sip_status == Some(408) {
        return Outcome::Congestion;
    }
    let status = ended.sip_status.unwrap_or_default();
    Outcome::of_refusal(status, ended.q850, ended.reason.as_deref())
}

/// A machine has recorded the whole message: it is not told again.
pub(super) fn has_message(call: &Call) -> bool {
    let whole = |message: &Message| message.heard == Heard::Played;
    call.class == AnswerClass::Machine && call.message.as_ref().is_some_and(whole)
}

impl Outcome {
    /// Whether the lead's list shows it as reached.
    #[must_use]
    pub fn is_success(self) -> bool {
        self.status() == CallStatus::Success
    }
}
