//! A week of calls that nobody answers, held against every cap (OUT-151, OUT-259).

use std::collections::{BTreeMap, VecDeque};

use rand::{Rng, SeedableRng, rngs::StdRng};

use super::{
    super::{By, Command, Ended, Floor, Input, Role},
    invariants, stage,
    store::Store,
};
use crate::{
    campaign::Mode,
    caps::{Caps, Limits},
    ids::{CallId, LegId},
    time::Millis,
    window::Window,
};

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
const LEADS: usize = 30;
/// Every third lead is of the same person as the one before.
const PERSONS: usize = 20;

struct Dialled {
    at: Millis,
    number: String,
    person: String,
    call: CallId,
}

struct Week {
    rng: StdRng,
    floor: Floor,
    store: Store,
    now: Millis,
    ends: BTreeMap<(Millis, LegId), u16>,
    dials: Vec<Dialled>,
}

const NUMBER: Limits = Limits {
    day: Some(2),
    week: Some(6),
    rest_days: None,
};
const PERSON: Limits = Limits {
    day: Some(3),
    week: Some(8),
    rest_days: None,
};

impl Week {
    fn new(seed: u64) -> Self {
        let mut store = Store::default();
        let mut week = Self {
            rng: StdRng::seed_from_u64(seed),
            floor: Floor::new(stage::opening()),
            now: stage::opening(),
            ends: BTreeMap::new(),
            dials: Vec::new(),
            store: {
                for lead in 0..LEADS {
                    let row = store.add(&format!("L{lead}"), "c", stage::opening());
                    row.facts.said.person = Some(format!("P{}", lead % PERSONS));
                }
                store
            },
        };
        let mut spec = stage::campaign("c", Mode::Robot);
        spec.settings.window = Window {
            ranges: vec![(9 * 60, 20 * 60)],
            ..Window::default()
        };
        spec.settings.caps = Caps {
            number: NUMBER,
            person: PERSON,
        };
        let retry = &mut spec.settings.retry;
        (retry.max_attempts, retry.attempts_per_day) = (10, 10);
        (
            retry.no_answer_minutes,
            retry.busy_minutes,
            retry.fault_minutes,
        ) = (20, 7, 5);
        week.input(Input::Configured(Box::new(stage::configuration(&[]))));
        week.input(Input::Campaign(Box::new(spec)));
        week
    }

    fn input(&mut self, input: Input) {
        self.floor.handle(input, self.now);
        self.settle();
    }

    fn settle(&mut self) {
        let mut answers = VecDeque::new();
        loop {
            invariants::hold(&self.floor);
            while let Some(command) = self.floor.poll_command() {
                self.watch(&command);
                answers.extend(self.store.carry(&command, self.now));
            }
            let Some(input) = answers.pop_front() else {
                return;
            };
            self.floor.handle(input, self.now);
        }
    }

    fn watch(&mut self, command: &Command) {
        let Command::Dial { leg, number, .. } = command else {
            return;
        };
        let Some(Role::Customer(call)) = self.floor.legs.get(leg).cloned() else {
            panic!("{leg} is no customer's");
        };
        let mut rows = self.store.rows.values();
        let row = rows.find(|row| row.lead.number == *number);
        let person = row.and_then(|row| row.facts.said.person.clone());
        self.dials.push(Dialled {
            at: self.now,
            number: number.clone(),
            person: person.expect("a person"),
            call,
        });
        let status = [486, 480, 480, 503][self.rng.random_range(0..4)];
        let at = self.now.plus(self.rng.random_range(2_000..25_000));
        self.ends.insert((at, *leg), status);
    }

    fn play(&mut self, days: i64) {
        let end = self.now.plus(days * DAY);
        loop {
            let wake = self.floor.next_wake().map(|(at, _)| at);
            let ends = self.ends.first_key_value().map(|(at, _)| at.0);
            let Some(next) = [wake, ends].into_iter().flatten().min() else {
                return;
            };
            if next > end {
                return;
            }
            self.now = self.now.max(next);
            if ends == Some(next) {
                let ((_, leg), status) = self.ends.pop_first().expect("an end");
                let ended = Ended {
                    by: By::Them,
                    sip_status: Some(status),
                    ..Ended::default()
                };
                self.input(Input::LegEnded { leg, ended });
            } else {
                self.floor.handle_wake(self.now);
                // A pacer that wants nothing has changed nothing.
                if !self.floor.commands.is_empty() {
                    self.settle();
                }
            }
        }
    }

    /// How many of the dials of a span that ends now bothered somebody.
    fn within(&self, place: usize, ms: i64, is_same: impl Fn(&Dialled) -> bool) -> u32 {
        let at = self.dials[place].at;
        let earlier = self.dials[..place].iter();
        let counted = earlier
            .filter(|dial| is_same(dial) && at.since(dial.at) < ms)
            .filter(|dial| self.counted(dial.call));
        u32::try_from(counted.count()).expect("a few")
    }

    fn counted(&self, call: CallId) -> bool {
        let closed = self.store.closed.get(&call);
        closed
            .and_then(|call| call.attempt.as_ref())
            .is_none_or(|attempt| attempt.counted)
    }
}

#[test]
fn retries_over_a_week_respect_every_cap() {
    for seed in 0..2 {
        let mut week = Week::new(seed);
        week.play(7);
        assert!(week.dials.len() > 150, "only {} dials", week.dials.len());
        let window = &week.floor.campaigns[&"c".into()].spec.settings.window;
        for (place, dial) in week.dials.iter().enumerate() {
            assert!(window.is_open(dial.at), "seed {seed}: outside the window");
            let number = |other: &Dialled| other.number == dial.number;
            let person = |other: &Dialled| other.person == dial.person;
            assert!(
                week.within(place, DAY, number) < 2,
                "seed {seed}: number, day"
            );
            assert!(
                week.within(place, 7 * DAY, number) < 6,
                "seed {seed}: number, week"
            );
            assert!(
                week.within(place, DAY, person) < 3,
                "seed {seed}: person, day"
            );
            assert!(
                week.within(place, 7 * DAY, person) < 8,
                "seed {seed}: person, week"
            );
        }
        let most = |key: fn(&Dialled) -> &str| {
            let mut times: BTreeMap<&str, u32> = BTreeMap::new();
            for dial in week.dials.iter().filter(|dial| week.counted(dial.call)) {
                *times.entry(key(dial)).or_default() += 1;
            }
            times.into_values().max()
        };
        // The caps are reached, so they were what bound.
        assert_eq!(most(|dial| &dial.number), Some(6), "seed {seed}");
        assert_eq!(most(|dial| &dial.person), Some(8), "seed {seed}");
        // A carrier that fails is no attempt.
        let faults = week.dials.iter().filter(|dial| !week.counted(dial.call));
        assert!(faults.count() > 10, "seed {seed}");
    }
}
