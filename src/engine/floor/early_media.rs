//! A far end rings. What it sends before its answer (early media, RFC 3960), such as a carrier's word
//! that a number is busy, unknown or switched off, is heard by whoever waits for it, in place of our
//! own ringback. Special information tones say that there will be no answer: a dial that nobody listens
//! to ends with them, instead of ringing on.

use super::{AnswerClass, Cause, Command, Floor, Phase, Role, talk::RINGBACK};
use crate::{
    classification::{Answerer, Finding, Treatment},
    ids::{CallId, LegId},
    time::Millis,
};

impl Floor {
    pub(super) fn leg_ringing(&mut self, leg: LegId, early: bool, now: Millis) {
        match self.legs.get(&leg) {
            Some(Role::Customer(id)) => {
                let id = *id;
                self.customer_rings(id, early, now);
            }
            Some(Role::AgentFor(id)) => {
                let id = *id;
                self.caller_hears_ringing(id, leg, early);
            }
            Some(Role::Party(id)) => {
                let id = *id;
                self.party_rings(id, leg, early);
            }
            _ => {}
        }
    }

    fn customer_rings(&mut self, id: CallId, early: bool, now: Millis) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        call.times.ringing.get_or_insert(now);
        let waits = call.agent_leg.filter(|_| call.phase == Phase::Dialling);
        if let (Some(leg), Some(of), true) = (waits, call.customer, early) {
            self.commands.push_back(Command::HearEarly { leg, of });
        }
        if early {
            self.listen_early(id);
        }
        self.touch_all(now);
    }

    /// A campaign that hangs up on announcements need not wait for an answer to do so.
    fn listen_early(&mut self, id: CallId) {
        let hangs_up = self
            .classifies(id)
            .is_some_and(|settings| settings.treatment(Answerer::Network) == Treatment::HangUp);
        let call = self.calls.get(&id);
        let dialled = call.filter(|call| hangs_up && call.phase == Phase::Dialling);
        if let Some(leg) = dialled.and_then(|call| call.customer) {
            self.commands.push_back(Command::ListenEarly { leg });
        }
    }

    /// What was found in early media. Only the network can have said something so far.
    pub(super) fn announced(&mut self, id: CallId, finding: Finding, now: Millis) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        if finding.answerer != Answerer::Network {
            return;
        }
        call.class = AnswerClass::Network;
        call.finding = Some(finding);
        // Given up by us, and yet it came to something.
        call.phase = Phase::Leaving;
        self.leave(id, Cause::Normal, now);
        self.touch_all(now);
    }

    /// Somebody whom an agent asks, or to whom a phone sends its customer. Who is transferred hears music
    /// until somebody answers.
    fn party_rings(&mut self, id: CallId, leg: LegId, early: bool) {
        let call = self.calls.get_mut(&id);
        let Some(party) = call.and_then(|call| call.parties.with(leg)) else {
            return;
        };
        let is_news = !std::mem::replace(&mut party.rings, true);
        party.sounds |= early;
        let asked_on = party.asked_on;
        if is_news {
            self.tell_ringing(asked_on);
        }
        if early && self.is_second(id, leg) {
            self.arrange(id);
        }
    }

    /// Who waits hears that it rings.
    pub(super) fn hear_ringback(&mut self, leg: Option<LegId>) {
        if let Some(leg) = leg {
            let music = Some(RINGBACK.to_owned());
            self.commands.push_back(Command::Park { leg, music });
        }
    }
}
