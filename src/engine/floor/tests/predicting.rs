//! Quiet shifts under the predictive policy: people answer or do not, agents always take the call.
//! The books keep to what the cap and a young ledger's loan allow, and agents wait less than they do with
//! one line each.

use std::collections::BTreeMap;

use rand::{Rng, SeedableRng, rngs::StdRng};

use super::{super::*, stage, store::Store};
use crate::{
    campaign::Mode,
    ledger::{Tally, Window},
    pacing::{Limit, Policy, predictive::Settings},
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
}

impl Shift {
    fn new(agents: usize, policy: Policy, seed: u64) -> Self {
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
        let mut spec = stage::campaign(CAMPAIGN, Mode::Predictive);
        spec.settings.pacing = policy;
        shift.input(Input::Campaign(Box::new(spec)));
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
fn what_was_learned_and_lost_comes_back_with_the_campaign() {
    let mut shift = Shift::new(6, predictive(0.03), 3).play();
    let id = CampaignId::from(CAMPAIGN);
    let learned = shift.floor.learned(&id).expect("a campaign");
    let text = serde_json::to_string(&learned).expect("JSON");
    let mut fresh = Shift::new(6, predictive(0.03), 3);
    let read: Learned = serde_json::from_str(&text).expect("what was written");
    let learned = Box::new(read);
    fresh.input(Input::Learned {
        campaign: id,
        learned,
    });
    assert_eq!(fresh.books(), shift.books());
}
