//! A phone sends its customer on (REFER, RFC 3515; with Replaces, RFC 3891) and is told how that went: at
//! once where there is a place for the customer, else that it rings, and when the one who is rung has
//! answered or does not come. Until then the customer hears music and the phone stays; it has them back
//! where nobody comes. So it is with whom the phone has called itself and who does not answer yet
//! (RFC 5589 section 6.2).

use super::{
    Command, Floor, OrderRefused,
    party::{Round, Who},
    phone_orders::{DECLINED, NOT_FOUND, status_of},
    talk::second_is_up,
};
use crate::{
    destination::Destination,
    ids::{CallId, LegId},
    time::Millis,
};

const RINGING: u16 = 180;
const DONE: u16 = 200;

/// Where a customer is whom a phone has sent on.
enum Sent {
    There,
    /// Still with the phone, while somebody is rung.
    Waits,
}

impl Floor {
    /// A phone asks for a transfer of its call.
    pub(super) fn transfer_asked(
        &mut self,
        leg: LegId,
        to: &str,
        replaces: Option<LegId>,
        now: Millis,
    ) {
        // The phone hears the answer before we hang up on it.
        let first = self.commands.len();
        let sip_status = match self.send_on(leg, to, replaces, now) {
            Ok(Sent::There) => DONE,
            Ok(Sent::Waits) => return,
            Err(status) => status,
        };
        let answer = Command::TransferResult { leg, sip_status };
        self.commands.insert(first, answer);
    }

    fn send_on(
        &mut self,
        leg: LegId,
        to: &str,
        replaces: Option<LegId>,
        now: Millis,
    ) -> Result<Sent, u16> {
        let (by, call) = self.talk_at(leg, now).ok_or(DECLINED)?;
        let seen = &self.calls[&call];
        if let Some(replaced) = replaces {
            let (own, via) = (seen.own_leg(), seen.via().map(|via| via.leg));
            // The phone names the other of its two calls, whichever of them it asks on.
            let pair = [(own, via), (via, own)];
            if !pair.contains(&(Some(leg), Some(replaced))) {
                return Err(DECLINED);
            }
            if self.waits_for_second(call, leg) {
                return Ok(Sent::Waits);
            }
            let done = self.complete_call(call, now);
            return done.map(|()| Sent::There).map_err(|no| status_of(&no));
        }
        if seen.own_leg() != Some(leg) {
            return Err(DECLINED);
        }
        let sent = match self.dialled_at_phone(&by, to, now).ok_or(NOT_FOUND)? {
            to @ (Destination::Queue { .. } | Destination::Ivr { .. }) => {
                let sent = self.send_customer(&by, call, to, now);
                sent.map(|()| Sent::There)
            }
            to => self.ring_for_customer(&by, call, to, leg, now),
        };
        sent.map_err(|no| status_of(&no))
    }

    /// Rings somebody for the customer of `by`, who is told at `leg` how that went.
    fn ring_for_customer(
        &mut self,
        by: &Who,
        id: CallId,
        to: Destination,
        leg: LegId,
        now: Millis,
    ) -> Result<Sent, OrderRefused> {
        if self.calls[&id].parties.second.is_some() {
            return Err(second_is_up());
        }
        let who = self.find(by, id, to, now)?;
        let mut party = self.call_party(id, who, now)?;
        party.by = Some(by.clone());
        if party.is_up() {
            let from = self.part(id, "transferred", now);
            self.send_to(id, party, from, now);
            return Ok(Sent::There);
        }
        party.asked_on = Some(leg);
        if let Some(call) = self.calls.get_mut(&id) {
            call.parties.second = Some(party);
            call.parties.round = Round::Second;
        }
        self.arrange(id);
        self.show_round(id, now);
        Ok(Sent::Waits)
    }

    /// Whom the phone has called itself is to have its customer, and has not answered yet: from now on
    /// that is what is waited for, whatever becomes of the phone's own call. False where there is nobody
    /// to wait for.
    fn waits_for_second(&mut self, id: CallId, leg: LegId) -> bool {
        let call = self.calls.get_mut(&id);
        let second = call.and_then(|call| call.parties.second.as_mut());
        let Some(second) = second.filter(|second| !second.is_up()) else {
            return false;
        };
        second.asked_on = Some(leg);
        if second.rings {
            self.tell_ringing(Some(leg));
        }
        true
    }

    /// Who was rung for a phone's customer has answered and takes them. False when the phone only asks.
    pub(super) fn takes_sent(&mut self, id: CallId, leg: LegId, now: Millis) -> bool {
        let second = self.calls.get(&id);
        let second = second.and_then(|call| call.parties.second.as_ref());
        let is_sent = second.is_some_and(|it| it.leg == leg && it.asked_on.is_some());
        if is_sent {
            self.hand_over(id, now);
        }
        is_sent
    }

    /// The phone that sent its customer on is told that it rings.
    pub(super) fn tell_ringing(&mut self, asked_on: Option<LegId>) {
        self.tell_sender(asked_on, RINGING);
    }

    /// The phone that sent its customer on is told that they are away.
    pub(super) fn tell_sent(&mut self, asked_on: Option<LegId>) {
        self.tell_sender(asked_on, DONE);
    }

    /// The phone that sent its customer on is told why nobody took them, in a word.
    pub(super) fn tell_not_sent(&mut self, asked_on: Option<LegId>, why: &str) {
        let status = match why {
            "busy" => 486,
            "no_answer" | "not_reached" => 480,
            "bad_number" => NOT_FOUND,
            "gateway" => 503,
            "cancelled" | "call_over" => 487,
            _ => DECLINED,
        };
        self.tell_sender(asked_on, status);
    }

    /// Nothing when it has hung up meanwhile.
    fn tell_sender(&mut self, asked_on: Option<LegId>, sip_status: u16) {
        if let Some(leg) = asked_on.filter(|leg| self.legs.contains_key(leg)) {
            let result = Command::TransferResult { leg, sip_status };
            self.commands.push_back(result);
        }
    }
}
