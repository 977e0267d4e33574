//! Quiet shifts under the predictive policy: people answer or do not, agents always take the call.
//! The books keep to what the cap and a young ledger's loan allow, and agents wait less than they do with
//! one line each.

use std::collections::BTreeMap;

use rand::{Rng, SeedableRng, rngs::StdRng};

use super::{super::*, stage, store::Store};
use crate::{
    campaign::Mode,
    ledger::{Ledger, Preset, Tally, Window},
    pacing::{self, Limit, Policy, predictive::Settings},
};

const CAMPAIGN: &str = "autumn";
const MINUTES: i64 = 80;

struct Shift {
    floor: Floor,
    store: Store,
    rng: StdRng,
    now: Millis,
    due: BTreeMap<(Millis, u64), Input>,
    planned: u64,
    agents: usize,
    whys: BTreeMap<Limit, u32>,
    spec: CampaignSpec,
    kept: u32,
}

impl Shift {
    fn new(agents: usize, policy: Policy, seed: u64) -> Self {
        Self::with(agents, policy, seed, Ledger::default())
    }

    fn with(agents: usize, policy: Policy, seed: u64, ledger: Ledger) -> Self {
        let now = stage::opening();
        let mut shift = Self {
            floor: Floor::new(now),
            store: Store::default(),
            rng: StdRng::seed_from_u64(seed),
            now,
            due: BTreeMap::new(),
            planned: 0,
            agents,
            whys: BTreeMap::new(),
            spec: CampaignSpec {
                ledger,
                ..stage::campaign(CAMPAIGN, Mode::Predictive)
            },
            kept: 0,
        };
        for lead in 0..5_000 {
            shift.store.add(&format!("lead-{lead}"), CAMPAIGN, now);
        }
        let ids: Vec<String> = (10..10 + agents).map(|id| id.to_string()).collect();
        shift.input(Input::Configured(Box::new(stage::configuration(&ids))));
        for id in &ids {
            let extension = stage::extension(id);
            let registered = true;
            shift.input(Input::Phone {
                extension,
                registered,
            });
            let agent: AgentId = id.as_str().into();
            let sign_in = AgentOrder::SignIn {
                extension: None,
                nailed_up: false,
            };
            for order in [sign_in, AgentOrder::Ready] {
                shift.floor.order(&agent, order, now).expect("a good order");
            }
        }
        shift.spec.settings.pacing = policy;
        shift.input(Input::Campaign(Box::new(shift.spec.clone())));
        shift
    }

    fn plan(&mut self, ms: i64, input: Input) {
        self.planned += 1;
        self.due.insert((self.now.plus(ms), self.planned), input);
    }

    fn input(&mut self, input: Input) {
        self.floor.handle(input, self.now);
        self.carry_out();
    }

    fn carry_out(&mut self) {
        while let Some(command) = self.floor.poll_command() {
            match &command {
                Command::Dial { leg, ring_ms, .. } => self.dialled(*leg, *ring_ms),
                Command::RingPhone { leg, .. } => self.plan(300, Input::LegAnswered { leg: *leg }),
                Command::Keep { .. } => self.kept += 1,
                Command::Answer { leg } => self.plan(10, Input::LegAnswered { leg: *leg }),
                Command::Bridge { a, .. } => {
                    self.plan(20, Input::Bridged { leg: *a });
                    let talk = self.rng.random_range(10_000..150_000);
                    self.plan(talk, ended(*a, By::Them, None));
                }
                Command::Hangup { leg, .. } => self.plan(10, ended(*leg, By::Us, Some(487))),
                Command::Play { leg, sound, .. } => {
                    let (leg, sound) = (*leg, *sound);
                    self.plan(6_000, Input::PlayDone { leg, sound });
                }
                _ => {
                    if let Some(answer) = self.store.carry(&command, self.now) {
                        self.floor.handle(answer, self.now);
                    }
                }
            }
        }
    }

    /// A quarter answers, some are busy, the others let it ring.
    fn dialled(&mut self, leg: LegId, ring_ms: i64) {
        match self.rng.random_range(0..100) {
            0..25 => {
                let at = self.rng.random_range(3_000..22_000);
                self.plan(at, Input::LegAnswered { leg });
            }
            25..45 => {
                let at = self.rng.random_range(1_000..5_000);
                self.plan(at, ended(leg, By::Them, Some(486)));
            }
            _ => self.plan(ring_ms, ended(leg, By::Them, Some(480))),
        }
    }

    fn play(mut self) -> Self {
        let end = stage::opening().plus(MINUTES * 60_000);
        loop {
            let wake = self.floor.next_wake().map(|(at, _)| at);
            let planned = self.due.first_key_value().map(|((at, _), _)| *at);
            let Some(next) = [wake, planned].into_iter().flatten().min() else {
                return self;
            };
            if next > end {
                return self;
            }
            self.now = self.now.max(next);
            if planned == Some(next) {
                let (_, input) = self.due.pop_first().expect("it is planned");
                self.input(input);
            } else {
                self.floor.handle_wake(self.now);
                self.carry_out();
                let seen = &self.floor.campaigns[&CampaignId::from(CAMPAIGN)];
                if let Some(decision) = seen.decision {
                    *self.whys.entry(decision.why).or_default() += 1;
                }
            }
        }
    }

    fn books(&self) -> Tally {
        let campaign = &self.floor.campaigns[&CampaignId::from(CAMPAIGN)];
        campaign.ledger.tally(Window::Campaign, self.now)
    }

    /// Share of their time that agents were in calls and after-call work.
    fn occupancy(&self) -> f64 {
        let view = self.floor.view(self.now);
        let busy: i64 = view.agents.iter().map(|agent| agent.busy_ms).sum();
        busy as f64 / (MINUTES * 60_000 * self.agents as i64) as f64
    }
}

fn ended(leg: LegId, by: By, sip_status: Option<u16>) -> Input {
    let ended = Ended {
        by,
        sip_status,
        ..Ended::default()
    };
    Input::LegEnded { leg, ended }
}

fn predictive(cap: f64) -> Policy {
    Policy::Predictive(Settings {
        cap,
        safety: 0.92,
        ..Settings::default()
    })
}

#[test]
fn the_books_keep_to_the_cap_and_agents_wait_less() {
    let alone = Shift::new(10, Policy::Progressive {}, 1).play();
    assert_eq!(alone.books().lost, 0);
    for seed in 1..4 {
        let shift = Shift::new(10, predictive(0.03), seed).play();
        let (books, occupancy) = (shift.books(), shift.occupancy());
        assert!(books.answered > 250, "{books:?}");
        // A young ledger is lent 60 answers, and calls are in the air when it fills up.
        let most = 0.03 * (books.persons() + 60.0) + 3.0;
        assert!(books.lost_persons() <= most, "seed {seed}: {books:?}");
        let gain = occupancy - alone.occupancy();
        assert!(
            gain > 0.1,
            "seed {seed}: {occupancy} and {}",
            alone.occupancy()
        );
        assert!(shift.whys[&Limit::Risk] > 1_000, "{:?}", shift.whys);
    }
}

#[test]
fn without_a_cap_nobody_is_lost() {
    let shift = Shift::new(5, predictive(0.0), 2).play();
    let books = shift.books();
    assert_eq!(books.lost, 0);
    assert!(
        books.answered > 50 && books.connected + 1 >= books.answered,
        "{books:?}"
    );
}

#[test]
fn what_was_learned_comes_back_with_the_campaign() {
    let mut shift = Shift::new(6, predictive(0.03), 3).play();
    let id = CampaignId::from(CAMPAIGN);
    let learned = shift.floor.learned(&id).expect("a campaign");
    let text = serde_json::to_string(&learned).expect("JSON");
    let mut fresh = Shift::new(6, predictive(0.03), 3);
    assert_eq!(fresh.floor.learned(&id), None, "nothing was learned yet");
    let read: Learned = serde_json::from_str(&text).expect("what was written");
    fresh.input(Input::Learned {
        campaign: id.clone(),
        learned: Box::new(read),
    });
    assert!(fresh.floor.learned(&id).is_some());
}

#[test]
fn what_is_learned_is_kept_every_minute_and_at_the_end() {
    let mut shift = Shift::new(6, predictive(0.03), 3).play();
    let before = shift.kept;
    assert!((70..=80).contains(&before), "{before} times in 80 minutes");
    shift.input(Input::Drain);
    assert_eq!(shift.kept, before + 1);
}

#[test]
fn books_of_an_earlier_process_bind_at_once() {
    let hour = stage::opening().0 / 3_600_000;
    let lost = |lost| Tally {
        answered: 200,
        connected: 200 - lost,
        lost,
        ..Tally::default()
    };
    for (tally, wanted) in [
        (lost(0), Limit::Risk),
        (lost(12), Limit::Ledger),
        (lost(60), Limit::LedgerStop),
    ] {
        let ledger = Ledger::of(tally, [(hour, tally)]);
        let mut shift = Shift::with(6, predictive(0.03), 3, ledger);
        // The leads are there by then.
        shift.now = shift.now.plus(20);
        shift.floor.handle_wake(shift.now);
        shift.carry_out();
        let seen = &shift.floor.campaigns[&CampaignId::from(CAMPAIGN)];
        let first = seen.history.records().last().expect("a decision").decision;
        assert_eq!(first.why, wanted);
        assert_eq!(first.lines == 0, wanted == Limit::LedgerStop);
    }
}

#[test]
fn a_policy_that_is_only_watched_decides_beside_the_one_that_dials() {
    let mut watched = Shift::new(10, Policy::Progressive {}, 1);
    let mut spec = watched.spec.clone();
    spec.settings.shadow = Some(predictive(0.03));
    watched.input(Input::Campaign(Box::new(spec)));
    let watched = watched.play();
    assert_eq!(watched.books().lost, 0, "nothing is dialled for it");
    let records = watched.floor.campaigns[&CampaignId::from(CAMPAIGN)]
        .history
        .records();
    let shadow = |record: &pacing::Record| record.shadow.expect("a second decision");
    let more = records
        .iter()
        .filter(|one| shadow(one).lines > one.decision.lines)
        .count();
    assert!(more > 100, "it would have dialled more {more} times");
    assert!(records.iter().any(|one| shadow(one).inputs.is_some()));
    let outcomes: u32 = records.iter().flat_map(|one| one.outcomes.values()).sum();
    assert!(outcomes > 50, "{outcomes}");
}

#[test]
fn with_fewer_agents_than_are_set_nobody_is_predicted_for() {
    let policy = Policy::Predictive(Settings {
        min_agents: 5,
        ..Settings::default()
    });
    let shift = Shift::new(4, policy, 2).play();
    assert_eq!(shift.books().lost, 0);
    assert!(shift.whys[&Limit::FewAgents] > 1_000 && !shift.whys.contains_key(&Limit::Risk));
    let shift = Shift::new(5, policy, 2).play();
    assert!(shift.whys[&Limit::Risk] > 1_000, "{:?}", shift.whys);
}

#[test]
fn channels_that_bind_are_named_instead_of_tuned_for() {
    let mut shift = Shift::new(10, predictive(0.03), 4);
    let ids: Vec<String> = (10..20).map(|id| id.to_string()).collect();
    let mut configuration = stage::configuration(&ids);
    configuration.gateways[0].settings.max_channels = 8;
    shift.input(Input::Configured(Box::new(configuration)));
    let shift = shift.play();
    let risk = shift.whys.get(&Limit::Risk).copied().unwrap_or_default();
    assert!(shift.whys[&Limit::Channels] > 4 * risk, "{:?}", shift.whys);
    let history = &shift.floor.campaigns[&CampaignId::from(CAMPAIGN)].history;
    let bound = history.bound(shift.now);
    let all: i64 = bound.values().sum();
    assert!(bound[&Limit::Channels] * 10 > all * 8, "{bound:?}");
    assert!((3_500_000..=3_660_000).contains(&all), "an hour: {all} ms");
}

#[test]
fn calls_that_come_in_take_agents_and_the_cap_holds() {
    let mut shift = Shift::new(10, predictive(0.03), 5);
    for call in 0..240 {
        let incoming = Input::Incoming {
            leg: LegId((1 << 63) + call),
            from: "13800000000".into(),
            to: "4000".into(),
            gateway: Some(stage::GATEWAY.into()),
            phone: None,
            replaces: None,
        };
        shift.plan(call as i64 * 20_000, incoming);
    }
    let shift = shift.play();
    let books = shift.books();
    let most = 0.03 * (books.persons() + 60.0) + 3.0;
    assert!(books.lost_persons() <= most, "{books:?}");
    let alone = Shift::new(10, predictive(0.03), 5).play().books();
    assert!(
        books.connected < alone.connected * 3 / 4,
        "{books:?} {alone:?}"
    );
}

#[test]
fn losses_outside_the_window_of_the_jurisdiction_bind_no_more() {
    let long_ago = stage::opening().0 / 3_600_000 - 40 * 24;
    let lost = Tally {
        answered: 200,
        connected: 180,
        lost: 20,
        ..Tally::default()
    };
    let first = |books| {
        let policy = Policy::Predictive(Settings {
            books,
            ..Settings::default()
        });
        let ledger = Ledger::of(lost, [(long_ago, lost)]);
        let mut shift = Shift::with(6, policy, 3, ledger);
        shift.now = shift.now.plus(20);
        shift.floor.handle_wake(shift.now);
        shift.carry_out();
        let seen = &shift.floor.campaigns[&CampaignId::from(CAMPAIGN)];
        seen.history
            .records()
            .last()
            .expect("a decision")
            .decision
            .why
    };
    assert_eq!(first(Preset::Us), Limit::Risk);
    assert_eq!(first(Preset::Uk), Limit::Risk);
    assert_eq!(first(Preset::Campaign), Limit::Ledger);
    assert_eq!(first(Preset::Strictest), Limit::Ledger);
}
