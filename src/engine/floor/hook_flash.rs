//! The hook of an analog telephone, tapped while it talks (hook flash, AGT-135). Whoever is talked with
//! hears music and the telephone a dial tone; the keys that follow say who is asked, and hanging up then
//! hands the far end over. Tapped again it goes back, or to the other of the two once both are there.

use super::{
    Floor, OrderRefused, Why,
    party::{Party, Round},
};
use crate::{
    ids::{CallId, LegId},
    time::Millis,
};

pub(super) const DIAL_TONE: &str = "dial-tone";
/// Until the first key; milliseconds.
const FIRST_KEY_MS: i64 = 15_000;
/// Between two keys: whoever waits so long has dialled the whole number.
const NEXT_KEY_MS: i64 = 4_000;
/// Keys of a number.
const MOST: usize = 32;

/// What a telephone dials after the flash.
#[derive(Debug, Clone)]
pub(super) struct Dialling {
    leg: LegId,
    keys: String,
    /// It is whole when no key has come by then.
    pub until: Millis,
}

impl Dialling {
    pub fn has_begun(&self) -> bool {
        !self.keys.is_empty()
    }
}

impl Floor {
    pub(super) fn hook_flash(&mut self, leg: LegId, now: Millis) {
        if self.talk_with_codes(leg).is_none() {
            return;
        }
        let Some((_, id)) = self.talk_at(leg, now) else {
            return;
        };
        let parties = &self.calls[&id].parties;
        match (&parties.second, parties.round) {
            // What a phone keeps apart it swaps itself; who is in a conference stays in it.
            (Some(second), _) if second.is_at_phone() => {}
            (Some(_), Round::All) => {}
            (Some(second), _) if !second.is_up() => self.drop_second(id, now),
            (Some(_), Round::Second) => self.go_round(id, Round::Customer, now),
            (Some(_), Round::Customer) => self.go_round(id, Round::Second, now),
            (None, _) if parties.held => self.set_held(id, false, now),
            (None, _) => self.give_dial_tone(id, leg, now),
        }
    }

    fn give_dial_tone(&mut self, id: CallId, leg: LegId, now: Millis) {
        self.drop_code(id);
        let keys = String::new();
        self.await_number(id, leg, keys, now.plus(FIRST_KEY_MS));
        self.set_held(id, true, now);
    }

    fn await_number(&mut self, id: CallId, leg: LegId, keys: String, until: Millis) {
        if let Some(call) = self.calls.get_mut(&id) {
            call.parties.dialling = Some(Dialling { leg, keys, until });
            self.timers.set(until, Why::NumberIsDialled(id));
        }
    }

    /// A key at a telephone that hears the dial tone, or has begun to dial. False for every other one.
    pub(super) fn key_after_flash(&mut self, leg: LegId, key: char, now: Millis) -> bool {
        let Some(id) = self.talk_with_codes(leg) else {
            return false;
        };
        let Some(dialling) = self.take_dialling(id, |dialling| dialling.leg == leg) else {
            return false;
        };
        let mut keys = dialling.keys;
        if key == '#' || keys.len() >= MOST {
            self.call_dialled(id, leg, &keys, now);
            return true;
        }
        keys.push(key);
        let is_first = keys.len() == 1;
        self.await_number(id, leg, keys, now.plus(NEXT_KEY_MS));
        if is_first {
            self.arrange(id);
        }
        true
    }

    pub(super) fn number_due(&mut self, id: CallId, now: Millis) {
        if let Some(dialling) = self.take_dialling(id, |dialling| dialling.until <= now) {
            self.call_dialled(id, dialling.leg, &dialling.keys, now);
        }
    }

    fn take_dialling(&mut self, id: CallId, is_it: impl Fn(&Dialling) -> bool) -> Option<Dialling> {
        let dialling = &mut self.calls.get_mut(&id)?.parties.dialling;
        dialling.take_if(|dialling| is_it(dialling))
    }

    /// Nothing dialled, or nothing that can be called: back to whom was talked with.
    fn call_dialled(&mut self, id: CallId, leg: LegId, number: &str, now: Millis) {
        if number.is_empty() {
            return self.set_held(id, false, now);
        }
        let who = self.calls.get(&id).and_then(super::Call::holder);
        match self.ask_dialled(id, leg, number, now) {
            Ok(()) => {
                let call = self.calls.get_mut(&id);
                if let Some(second) = call.and_then(|call| call.parties.second.as_mut()) {
                    second.flashed = true;
                }
            }
            Err(refused) => {
                self.set_held(id, false, now);
                self.refuse_number(id, leg, who, number, &refused);
            }
        }
    }

    fn ask_dialled(
        &mut self,
        id: CallId,
        leg: LegId,
        number: &str,
        now: Millis,
    ) -> Result<(), OrderRefused> {
        let Some((by, _)) = self.talk_at(leg, now) else {
            return Ok(());
        };
        let to = self.askable(&by, number, now)?;
        self.ask_somebody(&by, id, to, None, now)
    }

    /// Who was asked by a flash does not come: the telephone, which shows nothing, hears so.
    pub(super) fn tell_flashed(&mut self, id: CallId, party: &Party) {
        let own = self.calls.get(&id).and_then(super::Call::own_leg);
        if let Some(leg) = own.filter(|_| party.flashed && !party.is_up()) {
            self.play_refused(leg);
        }
    }
}
