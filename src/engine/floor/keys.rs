//! A caller presses a key.

use super::{Floor, Phase, Role, way::Exit};
use crate::{
    campaign::Mode,
    destination::Destination,
    ids::{CallId, LegId},
    time::Millis,
};

impl Floor {
    pub(super) fn key(&mut self, leg: LegId, key: char, now: Millis) {
        let Some(Role::Customer(id)) = self.legs.get(&leg).cloned() else {
            return;
        };
        match self.calls.get(&id).map(|call| &call.phase) {
            Some(Phase::Waiting | Phase::Offered { .. }) => self.leave_queue(id, key, now),
            Some(Phase::Message { .. }) if key == '#' => self.end_message(id),
            Some(Phase::Survey { .. }) => self.score(id, key),
            Some(Phase::Choosing { .. }) => self.key_in_menu(id, key, now),
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
        if exit.to == Destination::Callback && !self.promise_call_back(id, now) {
            return;
        }
        self.hush(id);
        self.withdraw_offer(id, now);
        if let Some(call) = self.calls.get_mut(&id) {
            let to = exit.to.as_str();
            call.way.exit = Some(Exit { key, to });
            call.way.left_at = Some(now);
            call.way.is_served = true;
        }
        self.send(id, exit.to, now);
        self.touch_all(now);
    }
}
