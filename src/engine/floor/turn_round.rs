//! A phone that has called somebody sends them on, or asks somebody else about them: from then on the far
//! end is the customer of the call, and the phone has them as if it had been called.

use super::{
    Floor, Phase, Role,
    party::{Party, Reach, Who},
};
use crate::{ids::CallId, time::Millis};

impl Floor {
    /// Turns a phone's own call round. False where it does not talk with a phone or a number outside: who
    /// talks with an agent is that agent's customer.
    pub(super) fn turn_round(&mut self, id: CallId, now: Millis) -> bool {
        let Some(call) = self.calls.get_mut(&id) else {
            return false;
        };
        let talks = call.phase == Phase::Talking && call.agent.is_none();
        let (Some(near), Some(phone)) = (call.customer, call.way.from_phone.clone()) else {
            return false;
        };
        if !talks || call.parties.second.is_some() {
            return false;
        }
        let Some(far) = call.own_leg() else {
            return false;
        };
        self.cut_recording_of(id, near);
        let Some(call) = self.calls.get_mut(&id) else {
            return false;
        };
        call.agent_leg = None;
        call.way.from_phone = None;
        let (other, out) = (call.parties.other.take(), call.way.out.take());
        let (who, channel) = match (other, out) {
            (Some(other), _) => (other.who, other.channel),
            (None, Some(out)) => (Who::Outside(out.number), out.channel),
            (None, None) => {
                let rung = call.way.to_phone.take().unwrap_or_default();
                (Who::Extension(rung), None)
            }
        };
        call.way.is_ordered = false;
        call.caller = who.name().to_owned();
        call.callee.clone_from(&phone);
        if let Who::Extension(far) = who {
            call.way.from_phone = Some(far);
        }
        let is_ours = call.way.from_phone.is_some();
        // The channel is the call's own from now on.
        call.holds_channel |= channel.is_some();
        call.gateway = channel.or(call.gateway.take());
        let mut party = Party::ringing(Who::Extension(phone), near);
        party.reach = Reach::Up;
        call.customer = Some(far);
        let parties = &mut call.parties;
        std::mem::swap(&mut parties.held, &mut parties.caller_holds);
        // A customer who holds us has music of their own.
        parties.caller_holds &= is_ours;
        let near_muted = parties.hushed.remove(&near);
        if std::mem::replace(&mut parties.muted, near_muted) {
            parties.hushed.insert(far);
        }
        parties.other = Some(party.clone());
        self.legs.insert(far, Role::Customer(id));
        self.legs.insert(near, Role::Party(id));
        self.leg_began(id, &party, now);
        self.leg_joined(id, near, now);
        true
    }
}
