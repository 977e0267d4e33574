//! Plays store, switch, agents and supervisor around a floor, and watches what it does.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use chrono::Timelike;
use chrono_tz::Tz;
use rand::{Rng, SeedableRng, rngs::StdRng};

use super::{
    super::{
        super::*,
        invariants, stage,
        store::{Row, Store},
    },
    books::Books,
    in_call, phones,
    plan::{self, HOUR, Plan, Size},
    switch::Switch,
};
use crate::{
    campaign::{Mode, Settings, State},
    ledger::Window,
    outcome::CallStatus,
    window::hours,
};

pub struct World {
    pub(super) rng: StdRng,
    pub(super) floor: Floor,
    pub(super) store: Store,
    pub(super) switch: Switch,
    pub(super) plan: Plan,
    pub(super) now: Millis,
    /// What the scribe has still to write, each with when it will have done so.
    scribe: VecDeque<(Millis, Command)>,
    pub(super) next_chance: Millis,
    pub(super) next_incoming: u64,
    /// The gateways by which attempts that are open now were dialled.
    dialled: BTreeMap<AttemptId, BTreeSet<GatewayId>>,
    admitted: VecDeque<(Millis, GatewayId)>,
    /// Dials that went on by another gateway.
    pub moved_on: usize,
    pub books: Books,
    /// So many agents need a database that is never away for long.
    is_large: bool,
    /// Every command and when it came, for a comparison of two shifts.
    pub commands: Vec<(Millis, Command)>,
}

impl World {
    pub fn new(seed: u64, size: Option<Size>) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut store = Store::default();
        let plan = plan::draw(&mut rng, &mut store, size);
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
            moved_on: 0,
            books: Books::default(),
            is_large: size.is_some(),
            commands: Vec::new(),
        }
    }

    pub fn calls(&self) -> usize {
        self.store.closed.len()
    }

    /// So much time of chance, and everybody goes home.
    pub fn play_for(&mut self, ms: i64) {
        self.open();
        // Sign in, and be ready.
        self.everybody_works();
        self.everybody_works();
        let end = stage::opening().plus(ms);
        while self.now < end {
            self.until(end.min(self.now.plus(20_000)), true);
            // What a supervisor stopped, another one starts.
            for spec in self.plan.campaigns.clone() {
                self.input(Input::Campaign(Box::new(spec)));
            }
            self.everybody_works();
        }
        self.close();
        self.until(self.now.plus(4 * HOUR), false);
        self.books_add_up();
    }

    /// An hour of chance; then either everybody goes home, or works on until nothing is left.
    pub fn play(&mut self) {
        self.open();
        self.until(stage::opening().plus(HOUR), true);
        if self.plan.works_to_the_end {
            self.work_to_the_end();
        }
        self.close();
        self.until(self.now.plus(4 * HOUR), false);
        self.books_add_up();
    }

    /// Diligent agents on a quiet afternoon: every campaign comes to its end.
    fn work_to_the_end(&mut self) {
        self.open();
        let deadline = self.now.plus(48 * HOUR);
        while self.now < deadline && !self.is_finished() {
            self.everybody_works();
            self.until(self.now.plus(3_000), false);
        }
        for campaign in self.floor.campaigns.values() {
            let undone = self
                .store
                .rows_of(&campaign.spec.id)
                .filter(|row| row.is_undone());
            let undone: Vec<_> = undone.collect();
            assert!(
                !campaign.is_running(),
                "{} does not finish: {} leads are left, {:?} is the first",
                campaign.spec.id,
                undone.len(),
                undone.first()
            );
        }
    }

    fn is_finished(&self) -> bool {
        !self
            .floor
            .campaigns
            .values()
            .any(|campaign| campaign.is_running())
    }

    fn open(&mut self) {
        self.configure();
        for agent in self.plan.configuration.agents.clone() {
            self.input(Input::Phone {
                extension: agent.extension,
                registered: true,
            });
        }
        for extension in phones::ALONE {
            self.input(Input::Phone {
                extension: extension.to_owned(),
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
                // A pacer that wants nothing has changed nothing.
                if !self.floor.commands.is_empty() {
                    self.settle();
                }
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

    pub(super) fn input(&mut self, input: Input) {
        self.floor.handle(input, self.now);
        self.settle();
    }

    pub(super) fn order(&mut self, agent: &AgentId, order: AgentOrder) {
        // What does not fit is refused, and must change nothing that matters.
        let _ = self.floor.order(agent, order, self.now);
        self.settle();
    }

    pub(super) fn settle(&mut self) {
        let mut pending = VecDeque::new();
        loop {
            invariants::hold(&self.floor);
            self.books.look(&self.floor, self.now);
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
            _ if self.is_large => 2,
            0 => 20_000,
            1..30 => 3_000,
            _ => 8,
        };
        let at = free.max(self.now).plus(self.rng.random_range(0..longest));
        self.scribe.push_back((at, command));
    }

    /// What no command may do, whatever came before.
    fn watch(&mut self, command: &Command) {
        match command {
            Command::Check { lead, .. } => self.books.gave(lead, &self.floor, self.now),
            Command::OpenAttempt(open) => {
                self.dialled.insert(open.attempt, BTreeSet::new());
                self.admitted_by(&open.gateway);
            }
            Command::Dial {
                number, gateway, ..
            } if number != in_call::OUTSIDE => self.may_dial(number, gateway),
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

    fn admitted_by(&mut self, gateway: &GatewayId) {
        self.admitted.push_back((self.now, gateway.clone()));
        let second_ago = self.now.plus(-1_000);
        while matches!(self.admitted.front(), Some((at, _)) if *at <= second_ago) {
            self.admitted.pop_front();
        }
        let mut known = self.plan.configuration.gateways.iter();
        let spec = known.find(|spec| spec.id == *gateway).expect("a gateway");
        let by_it = self.admitted.iter().filter(|(_, by)| by == gateway);
        let (rate, max_cps) = (by_it.count() as f64, spec.settings.max_cps);
        assert!(
            rate <= max_cps * 2.0 + 1.0,
            "{rate} calls in a second of {max_cps}"
        );
        self.channels_are_kept();
    }

    fn channels_are_kept(&self) {
        for spec in &self.plan.configuration.gateways {
            let settings = &spec.settings;
            let outbound = |call: &&Call| {
                let is_by_it = call.gateway.as_ref() == Some(&spec.id);
                call.mode.is_some() && call.holds_channel && is_by_it
            };
            let up = self.floor.calls.values().filter(outbound).count();
            let free = f64::from(settings.max_channels) * (1.0 - settings.inbound_reserved);
            assert!(up as f64 <= free.max(1.0), "{up} calls on {free} channels");
        }
        for campaign in self.floor.campaigns.values() {
            if let Some(limit) = campaign.spec.settings.max_concurrency {
                assert!(
                    campaign.calls.len() <= limit as usize,
                    "more calls than {limit}"
                );
            }
        }
    }

    fn may_dial(&mut self, number: &str, gateway: &GatewayId) {
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
        self.is_awake(row, settings);
        self.caps_are_kept(row, settings);
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
        let by = self.dialled.get_mut(attempt).expect("an open attempt");
        let is_first = by.is_empty();
        assert!(by.insert(gateway.clone()), "{attempt} is dialled twice");
        if !is_first {
            self.moved_on += 1;
            self.admitted_by(gateway);
        }
    }

    /// The window is open on the called party's own clock, and so are the hours of the United States.
    fn is_awake(&self, row: &Row, settings: &Settings) {
        let home = match row.lead.number.get(..5) {
            Some("+1212" | "+1305") => Some(Tz::America__New_York),
            Some("+1310") => Some(Tz::America__Los_Angeles),
            _ => None,
        };
        let zone = home.unwrap_or(Tz::Asia__Shanghai);
        let open = hours::is_open(&settings.window, zone, self.now);
        assert!(open, "{} is outside the window", row.lead.number);
        if home.is_some() {
            let local = hours::local(zone, self.now).expect("a moment").hour();
            assert!((8..21).contains(&local), "it is {local} in {zone}");
        }
    }

    /// The dials of the last day, this one among them.
    fn caps_are_kept(&self, row: &Row, settings: &Settings) {
        let day_ago = self.now.plus(-24 * HOUR);
        let dials = |is_same: &dyn Fn(&Row) -> bool| {
            let rows = self.store.rows.values().filter(|row| is_same(row));
            rows.flat_map(|row| &row.dialled)
                .filter(|at| **at > day_ago)
                .count()
        };
        if let Some(cap) = settings.caps.number.day {
            let dials = dials(&|other| other.lead.number == row.lead.number);
            assert!(dials <= cap as usize, "{dials} dials of a number");
        }
        if let (Some(cap), Some(person)) = (settings.caps.person.day, &row.facts.said.person) {
            let dials = dials(&|other| other.facts.said.person.as_ref() == Some(person));
            assert!(dials <= cap as usize, "{dials} dials of a person");
        }
    }

    fn books_add_up(&self) {
        assert_eq!(self.switch.up(), 0, "legs are left");
        invariants::nothing_is_left(&self.floor);
        assert!(self.store.open_calls.is_empty(), "calls are left open");
        assert!(self.store.attempts.is_empty(), "attempts are left open");
        for row in self.store.rows.values() {
            assert_ne!(row.status, CallStatus::Calling, "{row:?}");
            assert!(!row.reserved, "{row:?} is still reserved");
            let is_done = row.settled || row.facts.voided || row.status != CallStatus::NotCall;
            assert!(
                row.next.is_some() || is_done,
                "{row:?} has neither end nor next time"
            );
        }
        self.counts_add_up();
    }

    /// What each campaign counted is what its CDRs say.
    fn counts_add_up(&self) {
        for (id, campaign) in &self.floor.campaigns {
            let is_of_campaign = |call: &&CloseCall| {
                let lead = call.attempt.as_ref().map(|attempt| &attempt.lead);
                lead.is_some_and(|lead| self.store.rows[lead].campaign == *id)
            };
            let closed: Vec<&CloseCall> =
                self.store.closed.values().filter(is_of_campaign).collect();
            let came_to: u64 = campaign.outcomes.values().sum();
            assert_eq!(came_to, closed.len() as u64, "outcomes of {id}");
            if campaign.spec.mode != Mode::Predictive {
                continue;
            }
            let is_none = |call: &CloseCall| call.answer_class.is_no_person();
            let count = |so: &dyn Fn(&CloseCall) -> bool| {
                closed.iter().filter(|call| so(call)).count() as u64
            };
            let books = campaign.ledger.tally(Window::Campaign, self.now);
            let lost = count(&|call| call.gave_up.is_some());
            assert_eq!(books.lost, lost, "lost, {id}");
            // One that was taken for a machine counts once its agent says that it is a person.
            let bridged = count(&|call| call.times.bridged.is_some());
            let persons = count(&|call| call.times.bridged.is_some() && !is_none(call));
            assert!(
                (persons..=bridged).contains(&books.connected),
                "{books:?} for {persons} persons of {bridged}, {id}"
            );
            let gone = count(&|call| {
                let met = call.times.bridged.is_some() || call.gave_up.is_some();
                call.times.answered.is_some() && !met && !is_none(call)
            });
            assert_eq!(
                books.answered,
                books.connected + lost + gone,
                "answered, {id}"
            );
        }
    }
}
