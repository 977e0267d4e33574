//! A call comes in: a route takes it to a queue.

use super::{Call, Cause, Command, Floor, Phase, Role};
use crate::{
    ids::{CallId, GatewayId, LegId},
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
        let route = self.routes.iter().find(|route| route.number == to);
        let route = route.or_else(|| self.routes.iter().find(|route| route.number == "*"));
        let (Some(route), Some(gateway)) = (route, gateway) else {
            self.commands.push_back(Command::Hangup {
                leg,
                cause: Cause::Unallocated,
            });
            return;
        };
        let queue = route.queue.clone();
        if let Some(gateway) = self.gateways.get_mut(&gateway) {
            gateway.state.take_inbound();
        }
        let id = CallId(self.numbers.take());
        let mut call = Call::new(id, from, to, now);
        call.queue = Some(queue);
        call.gateway = Some(gateway);
        call.customer = Some(leg);
        call.phase = Phase::Answering;
        self.legs.insert(leg, Role::Customer(id));
        self.commands
            .push_back(Command::OpenCall(Box::new(call.beginning())));
        self.commands.push_back(Command::Ring { leg });
        self.commands.push_back(Command::Answer { leg });
        self.calls.insert(id, call);
    }
}
