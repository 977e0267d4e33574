//! Somebody in a call presses a key.

use super::{Floor, Phase, Role, way::Exit};
use crate::{
    campaign::Mode,
    destination::Destination,
    ids::{CallId, LegId},
    time::Millis,
};

impl Floor {
    pub(super) fn key(&mut self, leg: LegId, key: char, withheld: bool, now: Millis) {
        if self.key_after_flash(leg, key, now) || self.key_at_phone(leg, key, withheld, now) {
            return;
        }
        let Some(Role::Customer(id)) = self.legs.get(&leg).cloned() else {
            return;
        };
        match self.calls.get(&id).map(|call| &call.phase) {
            Some(Phase::Waiting | Phase::Offered { .. }) => self.leave_queue(id, key, now),
            Some(Phase::Message { .. }) if key == '#' => self.end_message(id),
            Some(Phase::Survey { .. }) => self.score(id, key, now),
            Some(Phase::Choosing { .. }) => self.key_in_menu(id, key, now),
            Some(Phase::Dialogue { .. }) => self.key_at_robot(id, now),
            _ => {}
        }
    }

    /// A key that leads out of the queue leads out at once, also when a phone rings already.
    fn leave_queue(&mut self, id: CallId, key: char, now: Millis) {
        let Some(call) = self.calls.get(&id).filter(|call| call.is_waiting()) else {
            return;
        };
        if call.mode == Some(Mode::Predictive) {
            return;
        }
        let queue = call.queue.as_ref().and_then(|id| self.queues.get(id));
        let exits = queue.map(|queue| queue.settings.exit_keys.clone());
        let exit = exits.and_then(|exits| exits.into_iter().find(|exit| exit.key == key));
        let Some(exit) = exit else { return };
        match exit.to {
            Destination::Callback => self.promise_call_back(id, key, now),
            to => self.leave_queue_for(id, key, to, now),
        }
    }

    pub(super) fn leave_queue_for(&mut self, id: CallId, key: char, to: Destination, now: Millis) {
        self.hush(id);
        self.withdraw_offer(id, now);
        if let Some(call) = self.calls.get_mut(&id) {
            let to = to.as_str();
            call.way.exit = Some(Exit { key, to });
            call.way.left_at = Some(now);
            call.way.is_served = true;
        }
        self.send(id, to, now);
        self.touch_all(now);
    }
}
