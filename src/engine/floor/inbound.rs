//! A call comes in: a route takes it to a queue.

use super::{Call, Cause, Command, Floor, Phase, Role};
use crate::{
    ids::{CallId, GatewayId, LegId, QueueId},
    time::Millis,
};

impl Floor {
    pub(super) fn incoming(
        &mut self,
        leg: LegId,
        from: String,
        to: String,
        gateway: Option<GatewayId>,
        now: Millis,
    ) {
        let (Some(queue), Some(gateway)) = (self.queue_for(&to), gateway) else {
            self.commands.push_back(Command::Hangup {
                leg,
                cause: Cause::Unallocated,
            });
            return;
        };
        let trunk = self.gateways.get_mut(&gateway);
        let holds_channel = trunk.is_some();
        if let Some(trunk) = trunk {
            trunk.state.take_inbound();
        }
        let id = CallId(self.numbers.take());
        let mut call = Call::new(id, from, to, now);
        call.queue = Some(queue);
        call.gateway = Some(gateway);
        call.holds_channel = holds_channel;
        call.customer = Some(leg);
        call.phase = Phase::Answering;
        self.legs.insert(leg, Role::Customer(id));
        self.commands
            .push_back(Command::OpenCall(Box::new(call.beginning())));
        let queue = call.queue.as_ref();
        if queue.is_none_or(|queue| self.turns_away(queue, now)) {
            call.phase = Phase::Leaving;
            call.turned_away = true;
            let cause = Cause::Busy;
            self.commands.push_back(Command::Hangup { leg, cause });
            self.calls.insert(id, call);
            return;
        }
        self.commands.push_back(Command::Ring { leg });
        self.commands.push_back(Command::Answer { leg });
        self.calls.insert(id, call);
    }

    /// Where calls to a number go: its own route, else the one for any number.
    fn queue_for(&self, number: &str) -> Option<QueueId> {
        let leads_there = |wanted: &str| {
            let route = self.routes.iter().find(|route| route.number == wanted)?;
            self.queues
                .contains_key(&route.queue)
                .then(|| route.queue.clone())
        };
        leads_there(number).or_else(|| leads_there("*"))
    }
}
