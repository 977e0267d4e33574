//! A call that is for one phone or one number outside rings at its caller until somebody answers
//! there: nobody pays for a call that nobody took, and who is refused is told why. Whatever needs the
//! caller's ear (a prompt, a queue, a mailbox) answers first.

use super::{Call, Cause, Command, Ended, Floor, Phase};
use crate::{
    destination::Destination,
    ids::{CallId, LegId},
    outcome::Outcome,
    time::Millis,
};

impl Call {
    /// It came in, and our 200 has not arrived.
    pub fn is_unanswered(&self) -> bool {
        self.is_inbound() && self.times.answered.is_none()
    }
}

impl Floor {
    /// What becomes of a call that has come in.
    pub(super) fn take_in(
        &mut self,
        id: CallId,
        prompt: Option<String>,
        then: Destination,
        now: Millis,
    ) {
        if prompt.is_none() && rings(&then) {
            self.send(id, then, now);
            return;
        }
        if let Some(leg) = self.calls.get(&id).and_then(|call| call.customer) {
            self.commands.push_back(Command::Ring { leg });
        }
        self.answer_for(id, prompt, then);
    }

    fn answer_for(&mut self, id: CallId, prompt: Option<String>, then: Destination) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        call.phase = Phase::Answering;
        call.way.entry = Some((prompt, then));
        if let Some(leg) = call.customer {
            self.commands.push_back(Command::Answer { leg });
        }
    }

    /// Answers a caller who is still to be answered, for what needs to be heard. False when there is
    /// nothing to wait for.
    pub(super) fn answers_first(
        &mut self,
        id: CallId,
        prompt: Option<&str>,
        then: &Destination,
    ) -> bool {
        let is_unanswered = self.calls.get(&id).is_some_and(Call::is_unanswered);
        let rings = prompt.is_none() && rings(then);
        if is_unanswered && !rings {
            self.answer_for(id, prompt.map(str::to_owned), then.clone());
        }
        is_unanswered && !rings
    }

    /// Who was rung has answered: now the caller is answered too. False for one who is.
    pub(super) fn answers_caller(&mut self, id: CallId, own: LegId, now: Millis) -> bool {
        let call = self.calls.get_mut(&id);
        let Some(call) = call.filter(|call| call.is_unanswered()) else {
            return false;
        };
        let customer = call.customer;
        call.phase = Phase::PickedUp;
        self.leg_up(id, own, now);
        if let Some(leg) = customer {
            self.commands.push_back(Command::Answer { leg });
        }
        true
    }

    /// It rings where the caller wants to go; `of` with early media, which a number outside may send, be
    /// it that of an agent's telephone.
    pub(super) fn caller_hears_ringing(&mut self, id: CallId, of: LegId, early: bool) {
        let is_outside = self.remote.contains_key(&of);
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        let is_reached = call.phase == Phase::Reaching;
        let is_offered = matches!(call.phase, Phase::Offered { .. }) && call.way.is_direct;
        let rings = (is_reached || is_offered) && call.agent_leg == Some(of);
        let (Some(leg), true) = (call.customer, rings) else {
            return;
        };
        let sounds = early && (is_reached || is_outside);
        if call.is_unanswered() {
            self.commands.push_back(Command::Ring { leg });
            if sounds {
                call.way.hears_early = true;
                self.commands.push_back(Command::Progress { leg });
            }
        }
        if sounds {
            self.commands.push_back(Command::HearEarly { leg, of });
        }
    }

    /// Nobody took the call. Who has not been answered is told why, the other hears that it is so.
    pub(super) fn nobody_took(&mut self, id: CallId, why: Cause) {
        let call = self.calls.get_mut(&id);
        let Some(call) = call.filter(|call| call.is_unanswered()) else {
            self.hear(id, "sorry", Destination::Hangup);
            return;
        };
        call.phase = Phase::Leaving;
        call.turned_away = Some(why.outcome());
        if let Some(leg) = call.customer {
            let cause = why;
            self.commands.push_back(Command::Hangup { leg, cause });
        }
    }
}

/// Whether the caller of such a call is answered by whom it reaches.
fn rings(to: &Destination) -> bool {
    matches!(
        to,
        Destination::Extension { .. }
            | Destination::Agent { .. }
            | Destination::Number { .. }
            | Destination::Hangup
    )
}

impl Cause {
    /// What a caller is told of a far end that refused.
    pub(super) fn of(ended: &Ended) -> Self {
        if ended.forwards_to.is_some() {
            return Self::Declined;
        }
        let status = ended.sip_status.unwrap_or_default();
        match Outcome::of_refusal(status, ended.q850, ended.reason.as_deref()) {
            Outcome::Busy => Self::Busy,
            Outcome::NoAnswer | Outcome::Unavailable => Self::NoAnswer,
            Outcome::Declined | Outcome::Blocked | Outcome::Unwanted => Self::Declined,
            Outcome::Unallocated => Self::Unallocated,
            _ => Self::Congestion,
        }
    }

    /// Why a leg that was rung for a caller ended, in a word.
    pub(super) fn of_leg(self) -> &'static str {
        match self {
            Self::Busy => "busy",
            Self::NoAnswer => "no_answer",
            Self::Normal | Self::Declined => "rejected",
            Self::Unallocated => "bad_number",
            Self::Congestion => "gateway",
        }
    }

    fn outcome(self) -> Outcome {
        match self {
            Self::Busy => Outcome::Busy,
            Self::NoAnswer => Outcome::NoAnswer,
            Self::Normal | Self::Declined => Outcome::Declined,
            Self::Unallocated => Outcome::Unallocated,
            Self::Congestion => Outcome::Congestion,
        }
    }
}
