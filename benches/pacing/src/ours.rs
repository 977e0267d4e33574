//! The engine's own pacer, in this process.

use engine::{
    ledger::{Ledger, Tally, Window},
    pacing::{
        Agent, AgentState, Leg, Load, Pacer, Policy as Choice, Stage,
        predictive::{Fact, Settings},
    },
    time::Millis,
};

use crate::{
    policy::Policy,
    seen::{AState, CState, Ev, Hello, Obs},
    sim::Sim,
};

pub struct Ours {
    pacer: Pacer,
    policy: Choice,
    cap: f64,
    patience_ms: i64,
    ledger: Ledger,
    booked: Tally,
}

impl Default for Ours {
    fn default() -> Self {
        Self {
            pacer: Pacer::new(28.0),
            policy: Choice::default(),
            cap: 0.0,
            patience_ms: 2_000,
            ledger: Ledger::default(),
            booked: Tally::default(),
        }
    }
}

impl Ours {
    fn book(&mut self, o: &Obs, now: Millis) {
        let booked = Tally {
            answered: o.answered as u64,
            connected: o.connected as u64,
            lost: o.abandoned as u64,
            machines: o.machines as u64,
            ..Tally::default()
        };
        let new = booked.since(&self.booked);
        if new != Tally::default() {
            self.ledger.book(&new, now);
            self.booked = booked;
        }
    }
}

impl Policy for Ours {
    fn hello(&mut self, hello: &Hello) {
        self.pacer = Pacer::new(hello.ring_timeout);
        self.cap = hello.cap;
        self.policy = Choice::Predictive(Settings {
            cap: hello.cap,
            ..Settings::default()
        });
        self.patience_ms = (hello.patience * 1000.0) as i64;
    }

    fn decide(&mut self, o: &Obs, _: &Sim) -> usize {
        let now = Millis((o.t * 1000.0).round() as i64);
        let ago = |s: f64| now.plus(-((s * 1000.0).round() as i64));
        for event in &o.events {
            let fact = match *event {
                Ev::Ended(call, after_s, _) => Fact::Over {
                    call: call.into(),
                    after_s,
                },
                Ev::Pickup(call, ring_s) => Fact::PickedUp {
                    call: call.into(),
                    ring_s,
                },
                Ev::Person(call) => Fact::Person { call: call.into() },
                Ev::TalkEnd(_, s) => Fact::TalkOver { s },
                Ev::WrapEnd(_, s) => Fact::WrapUpOver { s },
                Ev::Logout(_) => Fact::AgentLeft,
                Ev::Connected(..) | Ev::Abandoned(_) | Ev::Login(_) => continue,
            };
            self.pacer.learn(fact, now);
        }
        self.book(o, now);
        let state = |state| match state {
            AState::Idle => AgentState::Idle,
            AState::Talk => AgentState::Talking,
            AState::Wrap => AgentState::WrapUp,
            AState::Off => AgentState::Away,
        };
        let waits = o.calls.iter().filter(|call| call.1 == CState::Wait);
        let load = Load {
            now,
            agents: o
                .agents
                .iter()
                .map(|&(_, st, age)| Agent {
                    state: state(st),
                    since: ago(age),
                    free_at: None,
                    leaves: false,
                })
                .collect(),
            in_flight: o
                .calls
                .iter()
                .filter(|call| call.1 != CState::Wait)
                .map(|&(call, st, age)| Leg {
                    call: call.into(),
                    stage: if st == CState::Ring {
                        Stage::Ringing
                    } else {
                        Stage::Detecting
                    },
                    since: ago(age),
                    foreign: false,
                })
                .collect(),
            waiting: waits
                .map(|&(_, _, age)| ago(age).plus(self.patience_ms))
                .collect(),
            up: 0,
            booked: self.booked,
            today: self.ledger.tally(Window::Day, now),
            allowed: self.ledger.standing(self.cap, &Window::ALL, now).allowed,
            patience_ms: self.patience_ms,
            free_channels: o.free_channels.min(1 << 30) as u32,
            burst: o.cps_room as u32,
            leads: o.leads_left.min(1 << 30) as u32,
            left: (o.leads_left < 1 << 40).then_some(o.leads_left as u64),
            ..Load::default()
        };
        self.policy.decide(&load, &mut self.pacer).lines as usize
    }
}
