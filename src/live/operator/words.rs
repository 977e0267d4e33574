//! The words of the floor for those of the switch, and the other way round.

use engine::{
    floor::{By, Cause, Ended, Input, Monitor, Refusal},
    ids::SoundId,
};
use switch::{Refused, Side};

use crate::answers;

/// What the switch said is nearer to the truth than what was expected.
pub fn refused_as(input: Input, refused: Refused) -> Input {
    match (input, refused) {
        (
            Input::LegRefused { leg, .. },
            Refused::MediaOverload | Refused::TooFast | Refused::Draining,
        ) => Input::LegRefused {
            leg,
            why: Refusal::Ours,
        },
        (Input::LegRefused { leg, .. }, Refused::BadNumber) => Input::LegRefused {
            leg,
            why: Refusal::BadNumber,
        },
        (input, _) => input,
    }
}

/// The call goes on; its CDR says why there is no recording.
pub fn not_recorded(sound: SoundId) -> Input {
    Input::RecordDone {
        sound,
        file: String::new(),
        ms: 0,
        error: Some("the switch did not record".into()),
    }
}

pub fn monitor_of(monitor: Monitor) -> switch::Monitor {
    match monitor {
        Monitor::Listen => switch::Monitor::Listen,
        Monitor::Whisper => switch::Monitor::Whisper,
        Monitor::Barge => switch::Monitor::Barge,
    }
}

pub fn cause_of(cause: Cause) -> switch::Cause {
    match cause {
        Cause::Normal => switch::Cause::Normal,
        Cause::Busy => switch::Cause::Busy,
        Cause::NoAnswer => switch::Cause::NoAnswer,
        Cause::Declined => switch::Cause::Declined,
        Cause::Unallocated => switch::Cause::Unallocated,
        Cause::Congestion => switch::Cause::Congestion,
    }
}

pub fn ended_of(ended: switch::Ended) -> Ended {
    Ended {
        by: match ended.side {
            Side::Us => By::Us,
            Side::Them => By::Them,
            Side::Network => By::Network,
        },
        sip_status: ended.sip_status,
        q850: ended.q850,
        reason: ended.reason,
        forwards_to: ended.forwards_to,
        quality: answers::quality(&ended.stats),
    }
}
