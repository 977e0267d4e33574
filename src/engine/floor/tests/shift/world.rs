//! Plays store, switch, agents and supervisor around a floor, and watches what it does.

use std::collections::{BTreeMap, VecDeque};

use rand::{Rng, SeedableRng, rngs::StdRng};

use super::{
    super::{super::*, invariants, stage, store::Store},
    plan::{self, HOUR, MINUTE, Plan},
    switch::{Happening, Switch},
};
use crate::{
    agent::Unready,
    campaign::{Mode, State},
    disposition::{Code, Disposition},
    outcome::CallStatus,
};

pub struct World {
    rng: StdRng,
    floor: Floor,
    store: Store,
    switch: Switch,
    plan: Plan,
    now: Millis,
    /// What the scribe has still to write, each with when it will have done so.
    scribe: VecDeque<(Millis, Command)>,
    next_chance: Millis,
    next_incoming: u64,
    /// Dials of attempts that are open now.
    dialled: BTreeMap<AttemptId, u32>,
    admitted: VecDeque<Millis>,
    /// Every command and when it came, for a comparison of two shifts.
    pub commands: Vec<(Millis, Command)>,
}

impl World {
    pub fn new(seed: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut store = Store::default();
        let plan = plan::draw(&mut rng, &mut store);
        let now = stage::opening();
        Self {
            rng,
            floor: Floor::new(now),
            store,
            switch: Switch::default(),
            plan,
            now,
            scribe: VecDeque::new(),
            next_chance: now,
            next_incoming: 1 << 63,
            dialled: BTreeMap::new(),
            admitted: VecDeque::new(),
            commands: Vec::new(),
        }
    }

    pub fn calls(&self) -> usize {
        self.store.closed.len()
    }

    /// Two hours of chance, then everybody goes home.
    pub fn play(&mut self) {
        self.open();
        self.until(stage::opening().plus(2 * HOUR), true);
        self.close();
        self.until(self.now.plus(4 * HOUR), false);
        self.books_add_up();
    }

    fn open(&mut self) {
        self.configure();
        for agent in self.plan.configuration.agents.clone() {
            self.input(Input::Phone {
                extension: agent.extension,
                registered: true,
            });
        }
        for spec in self.plan.campaigns.clone() {
            self.input(Input::Campaign(Box::new(spec)));
        }
    }

    /// Campaigns stop and agents leave; what is up ends by itself.
    fn close(&mut self) {
        self.configure();
        for mut spec in self.plan.campaigns.clone() {
            spec.state = State::Stopped;
            self.input(Input::Campaign(Box::new(spec)));
        }
        self.input(Input::Drain);
    }

    fn configure(&mut self) {
        let configuration = self.plan.configuration.clone();
        self.input(Input::Configured(Box::new(configuration)));
    }

    /// Goes from one thing that happens to the next.
    fn until(&mut self, end: Millis, busy: bool) {
        loop {
            let wake = self.floor.next_wake().map(|(at, _)| at);
            let planned = self.switch.planned.first_key_value().map(|(at, _)| at.0);
            let written = self.scribe.front().map(|(at, _)| *at);
            let chance = busy.then_some(self.next_chance);
            let next = [wake, planned, written, chance].into_iter().flatten().min();
            let Some(next) = next.filter(|at| *at <= end) else {
                break;
            };
            self.now = self.now.max(next);
            if planned == Some(next) {
                let (_, happening) = self.switch.planned.pop_first().expect("it is planned");
                if let Some(input) = self.switch.happens(happening, self.now, &mut self.rng) {
                    self.input(input);
                }
            } else if written == Some(next) {
                self.write();
            } else if chance == Some(next) {
                self.chance();
            } else {
                self.floor.handle_wake(self.now);
                self.settle();
            }
        }
        self.now = end;
    }

    fn write(&mut self) {
        let (_, command) = self
            .scribe
            .pop_front()
            .expect("there is something to write");
        if let Command::FinishCampaign { campaign } = &command {
            let undone = self.store.rows_of(campaign).filter(|row| row.is_undone());
            assert_eq!(undone.count(), 0, "{campaign} is finished too early");
        }
        if let Some(answer) = self.store.carry(&command, self.now) {
            self.input(answer);
        }
    }

    fn input(&mut self, input: Input) {
        self.floor.handle(input, self.now);
        self.settle();
    }

    fn order(&mut self, agent: &AgentId, order: AgentOrder) {
        // What does not fit is refused, and must change nothing that matters.
        let _ = self.floor.order(agent, order, self.now);
        self.settle();
    }

    fn settle(&mut self) {
        let mut pending = VecDeque::new();
        loop {
            invariants::hold(&self.floor);
            while let Some(command) = self.floor.poll_command() {
                self.watch(&command);
                self.commands.push((self.now, command.clone()));
                pending.extend(self.switch.carry(&command, self.now, &mut self.rng));
                self.queue_for_scribe(command);
            }
            let Some(input) = pending.pop_front() else {
                return;
            };
            self.floor.handle(input, self.now);
        }
    }

    fn queue_for_scribe(&mut self, command: Command) {
        if matches!(command, Command::Tell(_)) {
            return;
        }
        let free = self.scribe.back().map_or(self.now, |(at, _)| *at);
        // Now and then the database is slow, or away for a while.
        let longest = match self.rng.random_range(0..1000) {
            0 => 20_000,
            1..20 => 1_000,
            _ => 8,
        };
        let at = free.max(self.now).plus(self.rng.random_range(0..longest));
        self.scribe.push_back((at, command));
    }

    /// What no command may do, whatever came before.
    fn watch(&mut self, command: &Command) {
        match command {
            Command::OpenAttempt(open) => {
                self.dialled.insert(open.attempt, 0);
                self.admitted.push_back(self.now);
                self.rate_is_kept();
                self.channels_are_kept();
            }
            Command::Dial { number, .. } => self.may_dial(number),
            Command::CloseCall(call) => {
                if let Some(close) = &call.attempt {
                    assert!(
                        self.dialled.remove(&close.id).is_some(),
                        "{} is closed twice",
                        close.id
                    );
                }
            }
            _ => {}
        }
    }

    fn rate_is_kept(&mut self) {
        let second_ago = self.now.plus(-1_000);
        while self.admitted.front().is_some_and(|at| *at <= second_ago) {
            self.admitted.pop_front();
        }
        let max_cps = self.plan.configuration.gateways[0].settings.max_cps;
        let rate = self.admitted.len() as f64;
        assert!(
            rate <= max_cps * 2.0 + 1.0,
            "{rate} calls in a second of {max_cps}"
        );
    }

    fn channels_are_kept(&self) {
        let settings = &self.plan.configuration.gateways[0].settings;
        let outbound = |call: &&Call| call.mode.is_some() && call.holds_channel;
        let up = self.floor.calls.values().filter(outbound).count();
        let free = f64::from(settings.max_channels) * (1.0 - settings.inbound_reserved);
        assert!(up as f64 <= free.max(1.0), "{up} calls on {free} channels");
        for campaign in self.floor.campaigns.values() {
            if let Some(limit) = campaign.spec.settings.max_concurrency {
                assert!(
                    campaign.calls.len() <= limit as usize,
                    "more calls than {limit}"
                );
            }
        }
    }

    fn may_dial(&mut self, number: &str) {
        let mut rows = self.store.rows.values();
        let row = rows.find(|row| row.lead.number == *number).expect("a lead");
        assert_eq!(row.status, CallStatus::Calling, "a dial without an attempt");
        assert!(
            !row.facts.dnc && !row.facts.voided,
            "{number} must not be called"
        );
        let campaign = &self.floor.campaigns[&row.campaign];
        let settings = &campaign.spec.settings;
        assert!(campaign.is_running(), "{} is not running", row.campaign);
        assert!(settings.window.is_open(self.now), "outside the window");
        let attempts = row.dialled.len();
        assert!(
            attempts <= settings.retry.max_attempts as usize,
            "{attempts} attempts"
        );
        let attempt = self
            .store
            .attempts
            .iter()
            .find(|(_, lead)| **lead == row.lead.id);
        let (attempt, _) = attempt.expect("a durable attempt");
        let dials = self.dialled.get_mut(attempt).expect("an open attempt");
        *dials += 1;
        assert_eq!(*dials, 1, "{attempt} is dialled twice");
    }

    fn books_add_up(&self) {
        assert_eq!(self.switch.up(), 0, "legs are left");
        invariants::nothing_is_left(&self.floor);
        assert!(self.store.open_calls.is_empty(), "calls are left open");
        assert!(self.store.attempts.is_empty(), "attempts are left open");
        for row in self.store.rows.values() {
            assert_ne!(row.status, CallStatus::Calling, "{row:?}");
            assert!(!row.reserved, "{row:?} is still reserved");
            let is_done = row.blocked || row.facts.voided || row.status != CallStatus::NotCall;
            assert!(
                row.next.is_some() || is_done,
                "{row:?} has neither end nor next time"
            );
        }
    }

    /// Somebody does something.
    fn chance(&mut self) {
        self.next_chance = self.now.plus(self.rng.random_range(100..3_000));
        match self.rng.random_range(0..1000) {
            0..800 => self.agent_does(),
            800..900 => self.somebody_calls(),
            900..980 => self.phone_or_channel(),
            980..995 => self.supervisor_does(),
            _ => self.configuration_changes(),
        }
    }

    fn some_agent(&mut self) -> AgentSpec {
        let agents = &self.plan.configuration.agents;
        agents[self.rng.random_range(0..agents.len())].clone()
    }

    fn agent_does(&mut self) {
        let agent = self.some_agent().id;
        let order = match self.rng.random_range(0..100) {
            0..10 => AgentOrder::SignIn {
                extension: None,
                nailed_up: self.rng.random_bool(0.3),
            },
            10..12 => AgentOrder::SignOut,
            12..40 => AgentOrder::Ready,
            40..44 => AgentOrder::NotReady {
                sub: Unready::Break,
                reason: None,
            },
            44..48 => AgentOrder::Hangup,
            48..60 => AgentOrder::FinishWrapUp,
            60..70 => self.some_preview(),
            70..82 => AgentOrder::DialPreview,
            82..84 => AgentOrder::SkipPreview,
            _ => match self.some_disposition(&agent) {
                Some(order) => order,
                None => return,
            },
        };
        self.order(&agent, order);
    }

    fn some_preview(&mut self) -> AgentOrder {
        let preview = |spec: &&CampaignSpec| spec.mode == Mode::Preview;
        let campaign = self.plan.campaigns.iter().find(preview);
        let campaign = campaign.map_or_else(|| "none".into(), |spec| spec.id.clone());
        AgentOrder::NextPreview { campaign }
    }

    fn some_disposition(&mut self, agent: &AgentId) -> Option<AgentOrder> {
        let call = self.floor.agents.get(agent)?.last_call.as_ref()?.id;
        let code = Code::ALL[self.rng.random_range(0..Code::ALL.len())];
        let at = self.now.plus(self.rng.random_range(-1_000..30 * MINUTE));
        let disposition = Disposition {
            code,
            note: String::new(),
            callback_at: Some(at),
        };
        Some(AgentOrder::Dispose { call, disposition })
    }

    fn somebody_calls(&mut self) {
        self.next_incoming += 1;
        let leg = LegId(self.next_incoming);
        let to = if self.rng.random_bool(0.9) {
            "4000"
        } else {
            "4001"
        };
        self.switch.incoming(leg, self.now, &mut self.rng);
        self.input(Input::Incoming {
            leg,
            from: "13811112222".into(),
            to: to.into(),
            gateway: Some(stage::GATEWAY.into()),
        });
    }

    fn phone_or_channel(&mut self) {
        let agent = self.some_agent();
        let up = self.rng.random_bool(0.7);
        let input = if self.rng.random_bool(0.5) {
            Input::Phone {
                extension: agent.extension,
                registered: up,
            }
        } else {
            Input::Presence {
                agent: agent.id,
                connected: up,
            }
        };
        self.input(input);
    }

    fn supervisor_does(&mut self) {
        let index = self.rng.random_range(0..self.plan.campaigns.len());
        let states = [
            State::Running,
            State::Paused,
            State::Running,
            State::Stopped,
        ];
        let mut spec = self.plan.campaigns[index].clone();
        spec.state = states[self.rng.random_range(0..states.len())];
        self.input(Input::Campaign(Box::new(spec)));
        if self.rng.random_bool(0.8) {
            // Most often it goes on at once.
            let again = Input::Campaign(Box::new(self.plan.campaigns[index].clone()));
            let at = self.now.plus(self.rng.random_range(0..2_000));
            self.switch.plan(at, Happening::Tell(again));
        }
    }

    /// Something is taken away, and most often put back soon.
    fn configuration_changes(&mut self) {
        let mut configuration = self.plan.configuration.clone();
        match self.rng.random_range(0..4) {
            0 => configuration.queues.clear(),
            1 => configuration.gateways.clear(),
            2 => configuration.routes.clear(),
            _ => {
                configuration.agents.pop();
            }
        }
        self.input(Input::Configured(Box::new(configuration)));
        let back = Input::Configured(Box::new(self.plan.configuration.clone()));
        let at = self.now.plus(self.rng.random_range(0..30_000));
        self.switch.plan(at, Happening::Tell(back));
    }
}
