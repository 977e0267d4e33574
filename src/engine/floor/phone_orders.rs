//! What agents ask for at their phones instead of in the console, and others at theirs: a hold
//! (re-INVITE), and a second call, with which somebody is asked; a transfer: `refer`. The phone keeps its
//! two calls apart; the floor joins each with whom it is for.

use super::{
    Call, Cause, Command, Floor, OrderRefused, Phase, Role,
    party::{Party, Via, Who},
};
use crate::{
    destination::Destination,
    ids::{CallId, LegId},
    time::Millis,
};

pub(super) const NOT_FOUND: u16 = 404;
const BUSY: u16 = 486;
const UNAVAILABLE: u16 = 503;
pub(super) const DECLINED: u16 = 603;

impl Floor {
    /// A far end no longer listens, or does again. Who talks with a phone that holds hears music; a
    /// customer who holds us has music of their own.
    pub(super) fn far_end_holds(&mut self, leg: LegId, on: bool, now: Millis) {
        match on && self.legs.contains_key(&leg) {
            true => self.holding.insert(leg),
            false => self.holding.remove(&leg),
        };
        match self.legs.get(&leg).cloned() {
            Some(Role::Own(id)) => self.own_holds(id, leg, on),
            Some(Role::Customer(id)) => {
                let call = self.calls.get_mut(&id);
                let Some(call) = call.filter(|call| call.way.from_phone.is_some()) else {
                    return;
                };
                call.parties.caller_holds = on;
                self.arrange(id);
            }
            Some(Role::AgentFor(_) | Role::NailedUp(_) | Role::Party(_)) => {
                let has =
                    |call: &&Call| call.phase == Phase::Talking && call.own_leg() == Some(leg);
                let Some(call) = self.calls.values().find(has) else {
                    return;
                };
                let second = call.parties.second.as_ref();
                // Who is asked in the console is heard instead of the customer, whatever the phone does.
                if second.is_none_or(Party::is_at_phone) {
                    self.set_held(call.id, on, now);
                }
            }
            Some(Role::TakesOver(_) | Role::Supervisor) | None => {}
        }
    }

    fn own_holds(&mut self, id: CallId, leg: LegId, on: bool) {
        let second = self.calls.get_mut(&id);
        let second = second.and_then(|call| call.parties.second.as_mut());
        if let Some(via) = second.and_then(|second| second.via.as_mut())
            && via.leg == leg
        {
            via.held = on;
            self.arrange(id);
        }
    }

    /// The call in which a phone talks at this leg, and who talks there.
    pub(super) fn talk_at(&mut self, leg: LegId, now: Millis) -> Option<(Who, CallId)> {
        let id = match self.legs.get(&leg)? {
            Role::AgentFor(id) | Role::Party(id) | Role::Own(id) => *id,
            Role::NailedUp(agent) => self.talking(agent).ok()?,
            Role::Customer(id) => {
                let id = *id;
                self.turn_round(id, now).then_some(id)?
            }
            Role::TakesOver(_) | Role::Supervisor => return None,
        };
        Some((self.calls.get(&id)?.holder()?, id))
    }

    /// Who is asked by a number that is dialled at a phone.
    pub(super) fn askable(
        &self,
        by: &Who,
        number: &str,
        now: Millis,
    ) -> Result<Destination, OrderRefused> {
        let unknown = || OrderRefused::new("BAD_NUMBER", "that number leads nowhere");
        match self.dialled_at_phone(by, number, now).ok_or_else(unknown)? {
            to @ (Destination::Agent { .. }
            | Destination::Extension { .. }
            | Destination::Queue { .. }
            | Destination::Number { .. }) => Ok(to),
            _ => Err(unknown()),
        }
    }

    /// A phone that talks calls somebody else: a question, with the customer on hold.
    pub(super) fn ask_from_phone(
        &mut self,
        leg: LegId,
        by: &Who,
        id: CallId,
        to: &str,
        now: Millis,
    ) -> Result<(), OrderRefused> {
        let to = self.askable(by, to, now)?;
        let via = Via {
            leg,
            up: false,
            held: false,
        };
        self.ask_somebody(by, id, to, Some(via), now)?;
        self.legs.insert(leg, Role::Own(id));
        let second = self
            .calls
            .get(&id)
            .and_then(|call| call.parties.second.as_ref());
        let is_up = second.is_some_and(Party::is_up);
        self.commands.push_back(Command::Ring { leg });
        if is_up {
            self.commands.push_back(Command::Answer { leg });
        }
        Ok(())
    }

    /// The second party has answered: so do we, at the phone that called.
    pub(super) fn answer_own(&mut self, id: CallId) {
        let second = self
            .calls
            .get(&id)
            .and_then(|call| call.parties.second.as_ref());
        if let Some(via) = second.and_then(|second| second.via.as_ref()) {
            let leg = via.leg;
            self.commands.push_back(Command::Answer { leg });
        }
    }

    /// The phone's second call is up: it is joined with the second party.
    pub(super) fn own_answered(&mut self, id: CallId, leg: LegId) {
        let second = self.calls.get_mut(&id);
        let second = second.and_then(|call| call.parties.second.as_mut());
        if let Some(via) = second.and_then(|second| second.via.as_mut())
            && via.leg == leg
        {
            via.up = true;
            if self.calls.get(&id).is_some_and(|call| call.parties.muted) {
                self.commands.push_back(Command::Mute { leg, on: true });
            }
            self.arrange(id);
        }
    }

    /// The phone's second call is over: so is the question, unless the phone has sent its customer on to
    /// whom it asked.
    pub(super) fn own_gone(&mut self, id: CallId, leg: LegId, now: Millis) {
        let second = self.calls.get_mut(&id);
        let second = second.and_then(|call| call.parties.second.as_mut());
        let is_via = |second: &&mut Party| second.via.as_ref().is_some_and(|via| via.leg == leg);
        let Some(second) = second.filter(is_via) else {
            return;
        };
        if second.asked_on.is_none() {
            return self.drop_second(id, now);
        }
        second.via = None;
        self.arrange(id);
    }

    /// Lets go of the leg with which a phone called a second party.
    pub(super) fn drop_own(&mut self, second: &Party) {
        let Some(via) = &second.via else { return };
        let leg = via.leg;
        if self.legs.remove(&leg).is_some() {
            let cause = match via.up {
                true => Cause::Normal,
                false => Cause::NoAnswer,
            };
            self.commands.push_back(Command::Hangup { leg, cause });
        }
    }

    /// Who hears whom when the phone itself keeps two calls apart.
    pub(super) fn apart(&self, call: &Call, second: &Party, via: &Via) -> Vec<Command> {
        let (Some(customer), Some(own)) = (call.customer, call.own_leg()) else {
            return Vec::new();
        };
        let music = self.music_of(call);
        let joined = |far: LegId, near: LegId, held: bool| match held {
            true => vec![
                Command::Park {
                    leg: far,
                    music: Some(music.clone()),
                },
                Command::Park {
                    leg: near,
                    music: None,
                },
            ],
            false => vec![Command::Bridge { a: far, b: near }],
        };
        let mut todo = joined(customer, own, call.parties.held);
        let (leg, of) = (via.leg, second.leg);
        if second.is_up() && via.up {
            todo.extend(joined(of, leg, via.held));
        } else if second.sounds && !second.is_up() {
            todo.push(Command::Progress { leg });
            todo.push(Command::HearEarly { leg, of });
        }
        todo
    }
}

/// What a phone is told of a refusal.
pub(super) fn status_of(refused: &OrderRefused) -> u16 {
    match refused.code {
        "NO_SUCH_AGENT" | "NO_SUCH_QUEUE" | "NO_SUCH_MENU" | "BAD_NUMBER" | "NO_ROUTE" => NOT_FOUND,
        "BUSY" | "NOBODY_FREE" | "TOO_MANY_CALLS" | "SECOND_CALL_UP" => BUSY,
        "GATEWAY_BUSY" | "DRAINING" => UNAVAILABLE,
        _ => DECLINED,
    }
}

/// The same for a call that a phone began.
pub(super) fn cause_of(refused: &OrderRefused) -> Cause {
    match status_of(refused) {
        NOT_FOUND => Cause::Unallocated,
        BUSY => Cause::Busy,
        UNAVAILABLE => Cause::Congestion,
        _ => Cause::Declined,
    }
}
