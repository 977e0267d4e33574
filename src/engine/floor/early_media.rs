//! A far end rings. What it sends before its answer (early media, RFC 3960), such as a carrier's word
//! that a number is busy, unknown or switched off, is heard by whoever waits for it, in place of our
//! own ringback.

use super::{Command, Floor, Phase, Role, talk::RINGBACK};
use crate::{
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
            Some(Role::Party(id)) if early => {
                let id = *id;
                self.party_sounds(id, leg);
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
        self.touch_all(now);
    }

    /// Somebody whom an agent asks. Who is transferred hears music until somebody answers.
    fn party_sounds(&mut self, id: CallId, leg: LegId) {
        let call = self.calls.get_mut(&id);
        if let Some(party) = call.and_then(|call| call.parties.with(leg)) {
            party.sounds = true;
        }
        if self.is_second(id, leg) {
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
