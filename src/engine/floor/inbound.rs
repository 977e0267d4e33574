//! A call comes in: a route says what becomes of it.

use super::{Call, Cause, Command, Floor, Phase, Role};
use crate::{
    destination::Destination,
    ids::{CallId, GatewayId, LegId},
    outcome::Outcome,
    robot::Listening,
    route::{self, Side},
    time::Millis,
};

/// What a route wants of a call.
pub(super) struct Entry {
    pub prompt: Option<String>,
    pub listening: Option<Box<Listening>>,
    pub then: Destination,
    pub priority: u8,
}

impl From<Destination> for Entry {
    fn from(then: Destination) -> Self {
        Self {
            prompt: None,
            listening: None,
            then,
            priority: 0,
        }
    }
}

impl Floor {
    pub(super) fn incoming(
        &mut self,
        leg: LegId,
        from: String,
        to: String,
        gateway: Option<GatewayId>,
        now: Millis,
    ) {
        let (Some(entry), Some(gateway)) = (self.entry_for(&to, now), gateway) else {
            self.commands.push_back(Command::Hangup {
                leg,
                cause: Cause::Unallocated,
            });
            return;
        };
        let trunk = self.gateways.get_mut(&gateway);
        let admitted = trunk.map(|trunk| trunk.state.admit_inbound());
        let id = CallId(self.numbers.take());
        let mut call = Call::new(id, from, to, now);
        if let (None, Destination::Queue { queue }) = (&entry.prompt, &entry.then) {
            call.queue = Some(queue.clone());
        }
        call.gateway = Some(gateway);
        call.holds_channel = admitted == Some(Ok(()));
        call.customer = Some(leg);
        call.phase = Phase::Answering;
        call.priority = entry.priority;
        call.way.listening.clone_from(&entry.listening);
        self.legs.insert(leg, Role::Customer(id));
        let open = Command::OpenCall(Box::new(call.beginning()));
        self.commands.push_back(open);
        let refusal = match admitted {
            Some(Err(_)) => Some((Cause::Congestion, Outcome::Congestion)),
            _ => self.refusal(&entry, id, now),
        };
        if let Some((cause, outcome)) = refusal {
            call.phase = Phase::Leaving;
            call.turned_away = Some(outcome);
            self.commands.push_back(Command::Hangup { leg, cause });
        }
        self.calls.insert(id, call);
        if refusal.is_none() {
            self.take_in(id, entry.prompt, entry.then, now);
        }
    }

    /// Where a called number leads; `None` when it leads nowhere, or to a queue or a menu that is gone.
    fn entry_for(&self, number: &str, now: Millis) -> Option<Entry> {
        let route::End::To {
            prompt,
            listening,
            then,
            priority,
        } = route::walk(&self.routes, number, Side::Gateway, now).end
        else {
            return None;
        };
        let is_there = match &then {
            Destination::Queue { queue } => self.queues.contains_key(queue),
            Destination::Ivr { menu } => self.menus.contains_key(menu),
            _ => true,
        };
        if !is_there {
            return None;
        }
        Some(Entry {
            prompt,
            listening,
            then,
            priority,
        })
    }

    /// Why a call is not even answered: its queue has no place, or the office is shut without a word.
    fn refusal(&self, entry: &Entry, id: CallId, now: Millis) -> Option<(Cause, Outcome)> {
        match (&entry.prompt, &entry.then) {
            (None, Destination::Queue { queue }) => {
                let settings = self.queues.get(queue).map(|queue| &queue.settings);
                let overflows = settings.is_some_and(|settings| settings.overflow.is_some());
                let is_refused = !overflows && self.turns_away(queue, id, now);
                is_refused.then_some((Cause::Busy, Outcome::Busy))
            }
            (None, Destination::Hangup) => Some((Cause::NoAnswer, Outcome::NoAnswer)),
            _ => None,
        }
    }
}
