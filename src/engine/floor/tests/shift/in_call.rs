//! What agents and supervisors do in calls, at random.

use rand::Rng;

use super::{
    super::{super::*, stage},
    phones::ALONE,
    world::World,
};
use crate::destination::Destination;

pub const OUTSIDE: &str = "10010";

impl World {
    pub(super) fn some_call_order(&mut self) -> CallOrder {
        match self.rng.random_range(0..11) {
            0 => CallOrder::Hold,
            1 => CallOrder::Retrieve,
            2 => CallOrder::Mute {
                on: self.rng.random_bool(0.5),
            },
            3 | 4 => CallOrder::Consult {
                to: self.somewhere(),
            },
            5 => CallOrder::Transfer {
                to: self.somewhere(),
            },
            6 => CallOrder::Swap,
            7 => CallOrder::Confer {
                ends_all: self.rng.random_bool(0.3),
            },
            8 => CallOrder::Invite {
                to: self.somewhere(),
                ends_all: self.rng.random_bool(0.3),
            },
            9 => CallOrder::Complete,
            _ => CallOrder::Cancel,
        }
    }

    fn somewhere(&mut self) -> Destination {
        let agents = &self.plan.configuration.agents;
        let agent = &agents[self.rng.random_range(0..agents.len())];
        match self.rng.random_range(0..6) {
            0..3 => Destination::Agent {
                agent: agent.id.clone(),
            },
            3 => Destination::Queue {
                queue: stage::QUEUE.into(),
            },
            4 => Destination::Extension {
                extension: ALONE[self.rng.random_range(0..ALONE.len())].to_owned(),
            },
            _ => Destination::Number {
                number: OUTSIDE.to_owned(),
            },
        }
    }

    pub(super) fn boss_does(&mut self) {
        let agents = &self.plan.configuration.agents;
        let agent = agents[self.rng.random_range(0..agents.len())].id.clone();
        let extension = ALONE[0].to_owned();
        let order = match self.rng.random_range(0..6) {
            0 => SupervisorOrder::Leave,
            1 => SupervisorOrder::Release { agent },
            2 => SupervisorOrder::Intercept { agent, extension },
            way => SupervisorOrder::Monitor {
                agent,
                extension,
                monitor: [Monitor::Listen, Monitor::Whisper, Monitor::Barge][way - 3],
            },
        };
        // What does not fit is refused, and must change nothing that matters.
        let _ = self.floor.supervise("boss", order, self.now);
        self.settle();
    }
}
