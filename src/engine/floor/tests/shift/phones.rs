//! What phones do by themselves, at random: they hold, send calls on, call somebody, take what rings and
//! what is up elsewhere.

use rand::Rng;

use super::{
    super::{super::*, stage},
    in_call,
    world::World,
};

/// Phones without an agent.
pub const ALONE: [&str; 2] = ["8500", "8600"];

impl World {
    pub(super) fn phone_does(&mut self) {
        let leg = self.some_leg();
        match (self.rng.random_range(0..10), leg) {
            (0..3, Some(leg)) => {
                let on = self.rng.random_bool(0.5);
                self.input(Input::FarEndHolds { leg, on });
            }
            (3..6, Some(leg)) => {
                let to = self.some_number();
                let replaces = self.some_leg().filter(|_| self.rng.random_bool(0.4));
                self.input(Input::TransferAsked { leg, to, replaces });
            }
            (6, Some(leg)) => {
                self.input(Input::HookFlash { leg });
                for key in self.some_number().chars().chain(['#']) {
                    let withheld = false;
                    self.input(Input::Key { leg, key, withheld });
                }
            }
            _ => self.phone_calls_somebody(),
        }
    }

    fn phone_calls_somebody(&mut self) {
        self.next_incoming += 1;
        let leg = LegId(self.next_incoming);
        let (phone, to) = (self.some_phone(), self.some_number());
        let any = self.floor.legs.keys().copied().collect::<Vec<_>>();
        let replaces = self.rng.random_bool(0.2) && !any.is_empty();
        let replaces = replaces.then(|| any[self.rng.random_range(0..any.len())]);
        self.switch.incoming(leg, self.now, &mut self.rng);
        self.input(Input::Incoming {
            leg,
            from: phone.clone(),
            to,
            gateway: None,
            phone: Some(phone),
            replaces,
        });
    }

    pub(super) fn some_ringing(&mut self) -> PickUp {
        match self.rng.random_range(0..4) {
            0 => PickUp::Group,
            1 => PickUp::Queue(stage::QUEUE.into()),
            2 => PickUp::Extension(self.some_phone()),
            _ => {
                let agents = &self.plan.configuration.agents;
                PickUp::Agent(agents[self.rng.random_range(0..agents.len())].id.clone())
            }
        }
    }

    fn some_leg(&mut self) -> Option<LegId> {
        let up = self.switch.answered_legs();
        (!up.is_empty()).then(|| up[self.rng.random_range(0..up.len())])
    }

    fn some_phone(&mut self) -> String {
        let agents = &self.plan.configuration.agents;
        let which = self.rng.random_range(0..agents.len() + ALONE.len());
        match agents.get(which) {
            Some(agent) => agent.extension.clone(),
            None => ALONE[which - agents.len()].to_owned(),
        }
    }

    fn some_number(&mut self) -> String {
        let phone = self.some_phone();
        match self.rng.random_range(0..10) {
            0..4 => phone,
            4 => "4000".into(),
            5 => in_call::OUTSIDE.into(),
            6 => "*".into(),
            7 => format!("*7{phone}"),
            8 => format!("*6{}", stage::QUEUE),
            _ => "55555".into(),
        }
    }
}
