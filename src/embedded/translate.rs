//! The port's words in those of `sip` and `media`, and back.

use media::classify::{AnswerParams, Finding, SpeechParams};
use sip::{Destination, EndCause, Identity, SipError};
use switch::{
    CallerId, Cause, Classify, EventKind, GatewayState, MediaStats, PhoneKey, PlayEnd, Refused,
    Side, Sit, Speech, Target, Verdict,
};

pub fn destination(target: &Target) -> Destination {
    match target.clone() {
        Target::Gateway { gateway, number } => Destination::Gateway { gateway, number },
        Target::Phone { extension } => Destination::Phone { extension },
    }
}

pub fn identity(caller: CallerId) -> Identity {
    Identity {
        number: caller.number,
        name: caller.name,
        withheld: caller.withheld,
    }
}

pub fn cause(cause: Cause) -> EndCause {
    match cause {
        Cause::Normal => EndCause::Normal,
        Cause::Busy => EndCause::Busy,
        Cause::NoAnswer => EndCause::NoAnswer,
        Cause::Declined => EndCause::Declined,
        Cause::Unallocated => EndCause::Unallocated,
        Cause::Congestion => EndCause::Congestion,
    }
}

pub fn key(key: PhoneKey) -> sip::PhoneKey {
    match key {
        PhoneKey::Talk => sip::PhoneKey::Talk,
        PhoneKey::Hold => sip::PhoneKey::Hold,
    }
}

pub fn refused(error: &SipError) -> Refused {
    match error {
        SipError::NoSuchGateway | SipError::GatewayRests => Refused::GatewayDown,
        SipError::TooFast => Refused::TooFast,
        SipError::NotRegistered => Refused::NotRegistered,
        SipError::BadNumber => Refused::BadNumber,
        SipError::NoSuchCall => Refused::NoSuchLeg,
        SipError::ShuttingDown => Refused::Draining,
        _ => Refused::Unsupported,
    }
}

pub fn gateway_state(health: sip::GatewayHealth) -> GatewayState {
    match health {
        sip::GatewayHealth::Up => GatewayState::Up,
        sip::GatewayHealth::Degraded => GatewayState::Degraded,
        sip::GatewayHealth::Down => GatewayState::Down,
    }
}

pub fn ban_reason(reason: sip::BanReason) -> &'static str {
    match reason {
        sip::BanReason::WrongPassword => "wrong_password",
        sip::BanReason::Unanswered => "unanswered",
        sip::BanReason::Scanner => "scanner",
    }
}

pub fn side(side: sip::Side) -> Side {
    match side {
        sip::Side::Us => Side::Us,
        sip::Side::Them => Side::Them,
        sip::Side::Network => Side::Network,
    }
}

pub fn play_end(why: media::PlayEnd) -> PlayEnd {
    match why {
        media::PlayEnd::Finished => PlayEnd::Finished,
        media::PlayEnd::Stopped => PlayEnd::Stopped,
        media::PlayEnd::LegEnded => PlayEnd::LegEnded,
    }
}

pub fn stats(stats: media::Stats) -> MediaStats {
    MediaStats {
        packets_received: stats.received,
        packets_sent: stats.sent,
        packets_lost: stats.lost,
        jitter_ms: stats.jitter_ms,
        round_trip_ms: stats.round_trip_ms,
        reported_lost: stats.reported_lost,
        reported_jitter_ms: stats.reported_jitter_ms,
        mos: stats.mos,
    }
}

pub fn thresholds(params: Classify) -> AnswerParams {
    AnswerParams {
        budget_ms: params.budget_ms,
        initial_silence_ms: params.initial_silence_ms,
        longest_greeting_ms: params.longest_greeting_ms,
        after_greeting_ms: params.after_greeting_ms,
        most_words: params.most_words,
        beep_budget_ms: params.beep_budget_ms,
        ..AnswerParams::default()
    }
}

pub fn speech(params: Speech) -> SpeechParams {
    SpeechParams {
        voice_level: params.voice_level,
        silence_level: params.silence_level,
        pause_ms: params.pause_ms,
    }
}

fn sit(sit: media::classify::Sit) -> Sit {
    match sit {
        media::classify::Sit::Intercept => Sit::Intercept,
        media::classify::Sit::VacantCode => Sit::VacantCode,
        media::classify::Sit::Reorder => Sit::Reorder,
        media::classify::Sit::NoCircuit => Sit::NoCircuit,
    }
}

pub fn finding(finding: Finding) -> EventKind {
    use media::classify::Verdict as Found;
    let verdict = match finding.what {
        media::classify::Found::Beep => return EventKind::Beep,
        media::classify::Found::SpeechBegan => return EventKind::SpeechBegan,
        media::classify::Found::SpeechPaused => return EventKind::SpeechPaused,
        media::classify::Found::Verdict(verdict) => match verdict {
            Found::Human => Verdict::Human,
            Found::Machine => Verdict::Machine,
            Found::Fax => Verdict::Fax,
            Found::Network => Verdict::Network,
            Found::Unsure => Verdict::Unsure,
        },
    };
    EventKind::Classified {
        verdict,
        sit: finding.sit.map(sit),
        why: finding.why.to_owned(),
        after_ms: finding.after_ms,
        greeted_ms: finding.greeted_ms,
    }
}
