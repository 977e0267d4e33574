//! The floor, its far ends and the clock.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

use engine::{
    agent::Unready,
    campaign::{Mode, Settings, State},
    floor::{
        AgentOrder, AgentSpec, By, CampaignSpec, Command, Configuration, Floor, GatewaySpec, Input,
        QueueSpec,
    },
    gateway,
    ids::{AgentId, LegId},
    ledger::Ledger,
    pacing::{Counts, Policy},
    queue,
    route::Rule,
    settings::Rules,
    time::Millis,
    window::Window,
};
use rand::Rng;

use crate::{
    Figures, Scenario,
    chance::dice,
    far_end::ended,
    figures::Meter,
    list::{List, place_of},
};

const CAMPAIGN: &str = "campaign";
const QUEUE: &str = "queue";
const GATEWAY: &str = "gateway";
const INBOUND: &str = "95000";
/// Between a hang-up and its end, and between an answer and the sound; milliseconds.
const SOON_MS: i64 = 20;
/// How long the message to a lost person lasts.
const MESSAGE_MS: i64 = 6_000;
/// Kinds of dice.
const FATE: u64 = 1;
const WRAP_UP: u64 = 2;
const BREAK: u64 = 3;
const INCOMING: u64 = 4;

/// What is to happen.
enum Happening {
    Hear(Input),
    /// An agent's after-call work is done.
    WrapUpDone(AgentId),
    BreakBegins(AgentId),
    BreakEnds(AgentId),
    SomebodyCalls,
}

pub(crate) struct World<'a> {
    scenario: &'a Scenario,
    opens: Millis,
    ahead_ms: i64,
    floor: Floor,
    list: List,
    meter: Meter,
    now: Millis,
    end: Millis,
    planned: BTreeMap<(Millis, u64), Happening>,
    next: u64,
    /// Customer legs that are up.
    customers: BTreeMap<LegId, Customer>,
    /// Legs of agents' phones; they stay up for the whole shift.
    phones: BTreeSet<LegId>,
    /// Since when each agent is in the present state.
    agents: BTreeMap<AgentId, (&'static str, Millis)>,
    wrapped_up: u64,
    inbound: u64,
}

struct Customer {
    talk_ms: i64,
    answered: bool,
}

impl<'a> World<'a> {
    /// `scenario` is valid.
    pub fn new(scenario: &'a Scenario) -> Self {
        let (opens, ahead_ms) = scenario.opened().unwrap_or((Millis(0), 0));
        let end = opens.plus((scenario.hours * 3_600_000.0) as i64);
        Self {
            scenario,
            opens,
            ahead_ms,
            floor: Floor::new(opens),
            list: List::new(scenario.leads),
            meter: Meter::new(opens, end),
            now: opens,
            end,
            planned: BTreeMap::new(),
            next: 0,
            customers: BTreeMap::new(),
            phones: BTreeSet::new(),
            agents: BTreeMap::new(),
            wrapped_up: 0,
            inbound: 0,
        }
    }

    pub fn play(mut self) -> Figures {
        self.open();
        while self.meter.finished.is_none() {
            let wake = self.floor.next_wake().map(|(at, _)| at);
            let planned = self.planned.first_key_value().map(|((at, _), _)| *at);
            let next = [wake, planned].into_iter().flatten().min();
            let Some(next) = next.filter(|at| *at < self.end) else {
                self.now = self.end;
                break;
            };
            self.now = self.now.max(next);
            if planned == Some(next) {
                if let Some((_, happening)) = self.planned.pop_first() {
                    self.happen(happening);
                }
            } else {
                self.floor.handle_wake(self.now);
                self.carry_out();
            }
        }
        self.read()
    }

    fn read(mut self) -> Figures {
        for (state, since) in std::mem::take(&mut self.agents).into_values() {
            self.meter.spent(state, since, self.now);
        }
        let cap = match self.scenario.pacing {
            Policy::Predictive(settings) => Some(settings.cap),
            _ => None,
        };
        let head = Figures {
            seed: self.scenario.seed,
            agents: self.scenario.agents,
            channels: self.scenario.channels,
            cap,
            untouched: self.list.untouched(),
            occupancy: 0.0,
            abandoned: 0.0,
            worst_hour: 0.0,
            dials: 0,
            answered: 0,
            connected: 0,
            lost: 0,
            connects_per_agent_hour: 0.0,
            idle_wait_s: 0.0,
            channels_mean: 0.0,
            channels_peak: 0,
            finished_after_s: None,
            spans: Vec::new(),
        };
        self.meter.read(head, self.now)
    }

    fn open(&mut self) {
        let agents: Vec<String> = (1..=self.scenario.agents)
            .map(|id| id.to_string())
            .collect();
        self.hear(Input::Configured(Box::new(self.configuration(&agents))));
        for id in &agents {
            let (extension, registered) = (id.clone(), true);
            self.hear(Input::Phone {
                extension,
                registered,
            });
            let sign_in = AgentOrder::SignIn {
                extension: None,
                nailed_up: true,
            };
            let agent: AgentId = id.as_str().into();
            self.order(&agent, sign_in);
            self.order(&agent, AgentOrder::Ready);
            self.plan_break(&agent);
        }
        self.hear(Input::Campaign(Box::new(self.campaign())));
        self.plan_incoming();
    }

    fn configuration(&self, agents: &[String]) -> Configuration {
        let agent = |id: &String| AgentSpec {
            id: id.as_str().into(),
            name: id.clone(),
            extension: id.clone(),
            queues: [QUEUE.into()].into(),
            // Ends when the dice say so.
            wrap_up_ms: Some(0),
            auto_ready: true,
            keep_leg: false,
            phone_mask: false,
            desk: Arc::default(),
        };
        Configuration {
            agents: agents.iter().map(agent).collect(),
            queues: vec![QueueSpec::new(
                QUEUE.into(),
                QUEUE,
                queue::Settings {
                    abandon_after_ms: self.scenario.abandon_after_ms,
                    ..queue::Settings::default()
                },
            )],
            gateways: vec![GatewaySpec {
                id: GATEWAY.into(),
                name: GATEWAY.into(),
                settings: gateway::Settings {
                    max_channels: self.scenario.channels,
                    max_cps: self.scenario.calls_per_second,
                    inbound_reserved: 0.0,
                },
            }],
            routes: vec![Rule::to_queue(INBOUND, QUEUE.into()).expect("a number")],
            ..Configuration::default()
        }
    }

    fn campaign(&self) -> CampaignSpec {
        CampaignSpec {
            id: CAMPAIGN.into(),
            name: CAMPAIGN.into(),
            mode: Mode::Predictive,
            state: State::Running,
            queue: Some(QUEUE.into()),
            settings: Settings {
                gateway: Some(GATEWAY.into()),
                caller_ids: vec!["95001".into()],
                window: Window::always(),
                ring_timeout_s: self.scenario.ring_timeout_s,
                pacing: self.scenario.pacing,
                retry: self.scenario.retry.clone(),
                record: false,
                ..Settings::default()
            },
            rules: Rules::default(),
            counts: Counts::default(),
            ledger: Ledger::default(),
        }
    }

    fn plan(&mut self, after_ms: i64, happening: Happening) {
        self.next += 1;
        self.planned
            .insert((self.now.plus(after_ms), self.next), happening);
    }

    fn tell(&mut self, after_ms: i64, input: Input) {
        self.plan(after_ms, Happening::Hear(input));
    }

    fn hear(&mut self, input: Input) {
        self.floor.handle(input, self.now);
        self.carry_out();
    }

    /// What does not fit, as a break in the middle of a call does, takes effect when the call is over.
    fn order(&mut self, agent: &AgentId, order: AgentOrder) {
        let _ = self.floor.order(agent, order, self.now);
        self.carry_out();
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Hear(input) => self.far_end(input),
            Happening::WrapUpDone(agent) => self.order(&agent, AgentOrder::FinishWrapUp),
            Happening::BreakBegins(agent) => self.take_break(&agent),
            Happening::BreakEnds(agent) => {
                self.order(&agent, AgentOrder::Ready);
                self.plan_break(&agent);
            }
            Happening::SomebodyCalls => self.somebody_calls(),
        }
    }

    /// A far end does what was planned for it, unless its leg is gone.
    fn far_end(&mut self, input: Input) {
        match &input {
            Input::LegAnswered { leg } if !self.phones.contains(leg) => {
                match self.customers.get_mut(leg) {
                    Some(customer) => customer.answered = true,
                    None => return,
                }
            }
            Input::LegEnded { leg, .. } => {
                if self.customers.remove(leg).is_none() {
                    return;
                }
                self.meter.channel(-1, self.now);
            }
            _ => {}
        }
        self.hear(input);
    }

    fn carry_out(&mut self) {
        let mut pending = VecDeque::new();
        loop {
            while let Some(command) = self.floor.poll_command() {
                self.carry(&command);
                pending.extend(self.list.carry(&command, self.now));
            }
            let Some(input) = pending.pop_front() else {
                return;
            };
            self.floor.handle(input, self.now);
        }
    }
    fn carry(&mut self, command: &Command) {
        match command {
            Command::Dial {
                leg,
                number,
                ring_ms,
                ..
            } => self.dialled(*leg, number, *ring_ms),
            Command::RingPhone { leg, .. } => {
                self.phones.insert(*leg);
                self.tell(0, Input::LegAnswered { leg: *leg });
            }
            Command::Answer { leg } => self.tell(SOON_MS, Input::LegAnswered { leg: *leg }),
            Command::Bridge { a, b } => self.bridge(*a, *b),
            Command::Hangup { leg, .. } => {
                let answered = self.customers.get(leg).is_some_and(|one| one.answered);
                let status = (!answered).then_some(487);
                self.tell(SOON_MS, ended(*leg, By::Us, status));
            }
            Command::Play { leg, sound, .. } => {
                let (leg, sound) = (*leg, *sound);
                self.tell(MESSAGE_MS, Input::PlayDone { leg, sound });
            }
            Command::AgentChanged(change) => {
                self.meter.agent(change);
                self.agents
                    .insert(change.agent.clone(), (change.to, change.at));
                if change.to == "acw" {
                    self.wrap_up(&change.agent);
                }
            }
            Command::CloseCall(call) => self.meter.closed(call),
            Command::FinishCampaign { .. } => self.meter.finished = Some(self.now),
            _ => {}
        }
    }

    /// What becomes of a dial is in the dice from the beginning.
    fn dialled(&mut self, leg: LegId, number: &str, ring_ms: i64) {
        self.meter.dialled(self.now);
        self.meter.channel(1, self.now);
        let lead = place_of(number);
        let mut dice = dice(self.scenario.seed, FATE, lead, self.list.attempts_of(lead));
        let (fate, soon): (f64, f64) = (dice.random(), dice.random());
        let rings_ms = self.scenario.ring.draw(&mut dice);
        let talk_ms = self.scenario.talk.draw(&mut dice);
        let answers = self.scenario.answers_at(self.now, self.ahead_ms);
        let busy = answers + self.scenario.busy;
        let invalid = busy + self.scenario.invalid;
        let answered = false;
        self.customers.insert(leg, Customer { talk_ms, answered });
        let soon_ms = 500 + (soon * 3_000.0) as i64;
        let refused = |status| ended(leg, By::Them, Some(status));
        match fate {
            _ if fate < answers && rings_ms < ring_ms => {
                self.tell(rings_ms, Input::LegAnswered { leg });
            }
            _ if fate < answers => self.tell(ring_ms, refused(480)),
            _ if fate < busy => self.tell(soon_ms, refused(486)),
            _ if fate < invalid => self.tell(soon_ms, refused(404)),
            _ => self.tell(ring_ms, refused(480)),
        }
    }

    fn bridge(&mut self, a: LegId, b: LegId) {
        let is_there = |leg: &LegId| self.customers.contains_key(leg);
        let Some(leg) = [a, b].into_iter().find(is_there) else {
            return;
        };
        let talk_ms = self.customers[&leg].talk_ms.max(1_000);
        self.tell(SOON_MS, Input::Bridged { leg });
        self.tell(SOON_MS + talk_ms, ended(leg, By::Them, None));
    }

    fn wrap_up(&mut self, agent: &AgentId) {
        self.wrapped_up += 1;
        let mut dice = dice(self.scenario.seed, WRAP_UP, self.wrapped_up, 0);
        let after = self.scenario.wrap_up.draw(&mut dice);
        self.plan(after, Happening::WrapUpDone(agent.clone()));
    }

    /// The first breaks are spread over the time between two.
    fn plan_break(&mut self, agent: &AgentId) {
        let Some(breaks) = self.scenario.breaks else {
            return;
        };
        let number = agent.as_str().parse().unwrap_or_default();
        let mut dice = dice(self.scenario.seed, BREAK, number, 0);
        let first = if self.now == self.opens {
            dice.random::<f64>()
        } else {
            1.0
        };
        let after = (breaks.every_minutes * 60_000.0 * first) as i64;
        self.plan(after, Happening::BreakBegins(agent.clone()));
    }

    fn take_break(&mut self, agent: &AgentId) {
        let Some(breaks) = self.scenario.breaks else {
            return;
        };
        let (sub, reason) = (Unready::Break, None);
        self.order(agent, AgentOrder::NotReady { sub, reason });
        let after = (breaks.minutes * 60_000.0) as i64;
        self.plan(after, Happening::BreakEnds(agent.clone()));
    }

    fn plan_incoming(&mut self) {
        if self.scenario.inbound_per_hour > 0.0 {
            let mut dice = dice(self.scenario.seed, INCOMING, self.inbound, 0);
            let gap_h = -dice.random::<f64>().max(1e-12).ln() / self.scenario.inbound_per_hour;
            self.plan((gap_h * 3_600_000.0) as i64, Happening::SomebodyCalls);
        }
    }

    fn somebody_calls(&mut self) {
        self.inbound += 1;
        let leg = LegId((1 << 63) + self.inbound);
        let mut dice = dice(self.scenario.seed, INCOMING, self.inbound, 1);
        let talk_ms = self.scenario.talk.draw(&mut dice);
        let answered = false;
        self.customers.insert(leg, Customer { talk_ms, answered });
        self.meter.channel(1, self.now);
        self.plan_incoming();
        self.hear(Input::Incoming {
            leg,
            from: "13900000000".into(),
            to: INBOUND.into(),
            gateway: Some(GATEWAY.into()),
            phone: None,
            replaces: None,
        });
    }
}
