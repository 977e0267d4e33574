//! Answers and sound in the words of the floor and of the switch.

use engine::{
    classification::{self, Answerer, Thresholds},
    floor::Quality,
    robot::Listens,
};
use switch::{Classify, MediaStats, Sit, Speech, Verdict};

pub(crate) fn thresholds(wanted: &Thresholds, awaits_beep: bool) -> Classify {
    Classify {
        budget_ms: wanted.budget_ms,
        initial_silence_ms: wanted.initial_silence_ms,
        longest_greeting_ms: wanted.longest_greeting_ms,
        after_greeting_ms: wanted.after_greeting_ms,
        most_words: wanted.most_words,
        beep_budget_ms: if awaits_beep {
            wanted.beep_budget_ms
        } else {
            0
        },
    }
}

pub(crate) fn speech(listens: &Listens) -> Speech {
    Speech {
        voice_level: listens.voice_level,
        silence_level: listens.silence_level,
        pause_ms: listens.pause_ms,
    }
}

pub(crate) fn answerer(verdict: Verdict) -> Answerer {
    match verdict {
        Verdict::Human => Answerer::Human,
        Verdict::Machine => Answerer::Machine,
        Verdict::Fax => Answerer::Fax,
        Verdict::Network => Answerer::Network,
        Verdict::Unsure => Answerer::Unsure,
    }
}

pub(crate) fn sit(sit: Sit) -> classification::Sit {
    match sit {
        Sit::Intercept => classification::Sit::Intercept,
        Sit::VacantCode => classification::Sit::VacantCode,
        Sit::Reorder => classification::Sit::Reorder,
        Sit::NoCircuit => classification::Sit::NoCircuit,
    }
}

pub(crate) fn quality(stats: &MediaStats) -> Quality {
    Quality {
        packets_received: stats.packets_received,
        packets_sent: stats.packets_sent,
        packets_lost: stats.packets_lost,
        jitter_ms: f64::from(stats.jitter_ms),
        round_trip_ms: stats.round_trip_ms.map(f64::from),
        reported_lost: stats.reported_lost,
        reported_jitter_ms: stats.reported_jitter_ms.map(f64::from),
        mos: stats.mos.map(f64::from),
    }
}
