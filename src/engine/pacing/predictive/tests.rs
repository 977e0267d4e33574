use rand::{Rng, SeedableRng, rngs::StdRng};

use super::{
    super::{Leg, Policy},
    outlook::Wish,
    *,
};
use crate::ledger::{Preset, Tally};

const SETTINGS: Settings = Settings {
    cap: 0.03,
    safety: 0.96,
    min_agents: 3,
    books: Preset::Strictest,
    machine_share: None,
    most_lines: None,
};

fn agent(state: AgentState, since: i64) -> Agent {
    Agent {
        state,
        since: Millis(since),
        free_at: None,
        leaves: false,
    }
}

fn leg(call: u64, stage: Stage, since: i64) -> Leg {
    Leg {
        call,
        stage,
        since: Millis(since),
        foreign: false,
    }
}

/// At 100 s, everybody since 60 s.
fn load(idle: usize, talking: usize, ringing: u64) -> Load {
    Load {
        now: Millis(100_000),
        agents: [
            vec![agent(AgentState::Idle, 60_000); idle],
            vec![agent(AgentState::Talking, 60_000); talking],
        ]
        .concat(),
        in_flight: (0..ringing)
            .map(|call| leg(call, Stage::Ringing, 95_000))
            .collect(),
        free_channels: 1_000,
        burst: 1_000,
        leads: 1_000,
        ..Load::default()
    }
}

/// A pacer past its first outcomes.
fn pacer() -> Pacer {
    let mut pacer = Pacer::new(28.0);
    pacer.model.outcomes = START_OUTCOMES;
    pacer
}

fn decide(load: &Load) -> Decision {
    Policy::Predictive(SETTINGS).decide(load, &mut pacer())
}

fn outlook(idle: usize, busy: &[f64], air: &[f64], fresh: f64) -> Outlook {
    Outlook {
        idle,
        busy: busy.iter().map(|p| [*p; MOMENTS]).collect(),
        air: air.iter().map(|p| [*p; MOMENTS]).collect(),
        fresh: [fresh; MOMENTS],
        ..Outlook::default()
    }
}

fn wish(outlook: &Outlook, threshold: f64) -> (u32, f64) {
    let Wish { lines, risk } = outlook.wish(threshold, 1_000);
    (lines, (risk * 1e6).round() / 1e6)
}

#[test]
fn tiny_floors_come_out_as_worked_by_hand() {
    // One idle agent, a quarter of the lines answered: a second line would be lost in 1 of 4 cases.
    assert_eq!(wish(&outlook(1, &[], &[], 0.25), 0.03), (1, 0.25));
    // Two idle: both of two lines answered 1/16; at least two of three 10/64.
    assert_eq!(wish(&outlook(2, &[], &[], 0.25), 0.03), (2, 0.0625));
    assert_eq!(wish(&outlook(2, &[], &[], 0.25), 0.1), (3, 0.15625));
    // One agent who is free by then with 0.9, nobody in the air: a call would be lost with 0.1.
    assert_eq!(wish(&outlook(0, &[0.9], &[], 0.25), 0.03), (0, 0.1));
    assert_eq!(wish(&outlook(0, &[0.9], &[], 0.25), 0.1), (1, 0.325));
    // One idle, one line at 0.5 in the air: 0.5 already.
    assert_eq!(wish(&outlook(1, &[], &[0.5], 0.25), 0.03), (0, 0.5));
    // One idle, one busy (0.5), one in the air (0.5): lost when it comes and the busy one does not.
    assert_eq!(wish(&outlook(1, &[0.5], &[0.5], 0.25), 0.3), (1, 0.375));
}

#[test]
fn many_agents_come_out_as_few_do() {
    let busy: Vec<f64> = (0..30).map(|i| 0.1 + 0.02 * f64::from(i)).collect();
    let air: Vec<f64> = (0..40).map(|i| 0.05 + 0.005 * f64::from(i)).collect();
    let few = outlook(4, &busy, &air, 0.25);
    let (exact, _) = wish(&few, 0.05);
    // The same floor one line larger than what is summed exactly, the added ones without a chance.
    let mut many = few.clone();
    many.air.extend(vec![[0.0; MOMENTS]; 100]);
    let (normal, _) = wish(&many, 0.05);
    assert!(exact.abs_diff(normal) <= 1, "{exact} and {normal}");
}

#[test]
fn inbound_calls_take_agents_that_were_counted_on() {
    let quiet = outlook(6, &[0.5; 6], &[0.3; 6], 0.25);
    let busy = Outlook {
        inbound: [3.0; MOMENTS],
        ..quiet.clone()
    };
    assert!(wish(&busy, 0.05).0 < wish(&quiet, 0.05).0);
}

#[test]
fn the_risk_rises_with_every_line() {
    for agents in [5, 60] {
        let floor = outlook(3, &vec![0.4; agents], &vec![0.2; agents], 0.3);
        let risk = |lines: u32| {
            let mut more = floor.clone();
            more.air.extend(vec![floor.fresh; lines as usize]);
            more.wish(0.0, 0).risk
        };
        let risks: Vec<f64> = (0..30).map(risk).collect();
        assert!(
            risks.windows(2).all(|pair| pair[0] <= pair[1] + 1e-12),
            "{risks:?}"
        );
    }
}

#[test]
fn more_idle_agents_never_mean_fewer_lines() {
    for talking in [0, 2, 20, 100] {
        let lines: Vec<u32> = (0..25)
            .map(|idle| decide(&load(idle + 3, talking, 10)).lines)
            .collect();
        assert!(lines.is_sorted(), "{talking} talking: {lines:?}");
    }
}

#[test]
fn more_lines_in_the_air_never_mean_more_new_ones() {
    let lines: Vec<u32> = (0..60)
        .map(|ringing| decide(&load(6, 20, ringing)).lines)
        .collect();
    assert!(lines.is_sorted_by(|a, b| a >= b), "{lines:?}");
}

#[test]
fn a_decision_says_what_bound_it() {
    let why = |load: &Load| decide(load).why;
    assert_eq!(why(&load(6, 6, 2)), Limit::Risk);
    assert_eq!(why(&load(1, 1, 0)), Limit::FewAgents);
    let stopped = Load {
        allowed: Allowed::OneLineEach,
        ..load(6, 6, 2)
    };
    assert_eq!(why(&stopped), Limit::Ledger);
    let over = Load {
        allowed: Allowed::Nothing,
        ..load(6, 6, 2)
    };
    assert_eq!(decide(&over), Decision::new(0, Limit::LedgerStop));
    let narrow = Load {
        free_channels: 1,
        ..load(6, 6, 0)
    };
    assert_eq!(why(&narrow), Limit::Channels);
    let inputs = decide(&load(6, 6, 2)).inputs.expect("a prediction");
    assert!(inputs.risk > inputs.threshold, "{inputs:?}");
    assert!((6.0..12.0).contains(&inputs.free), "{inputs:?}");
}

#[test]
fn a_fresh_campaign_starts_with_three_lines_an_agent() {
    let mut fresh = Pacer::new(28.0);
    let decision = Policy::Predictive(SETTINGS).decide(&load(30, 0, 0), &mut fresh);
    assert!(decision.lines <= 90, "{decision:?}");
}

#[test]
fn an_agent_who_leaves_is_not_counted_on() {
    let mut some_leave = load(4, 8, 0);
    some_leave.agents[0].leaves = true;
    some_leave.agents[5].leaves = true;
    let (one, other) = (decide(&some_leave), decide(&load(3, 7, 0)));
    assert_eq!((one.lines, one.why), (other.lines, other.why));
}

#[test]
fn a_floor_that_was_not_seen_is_not_predicted_from() {
    let mut pacer = pacer();
    let policy = Policy::Predictive(SETTINGS);
    assert_eq!(policy.decide(&load(6, 6, 2), &mut pacer).why, Limit::Risk);
    let later = Load {
        now: Millis(104_000),
        ..load(6, 6, 2)
    };
    let decision = policy.decide(&later, &mut pacer);
    assert_eq!((decision.lines, decision.why), (4, Limit::Blind));
    let back = Load {
        now: Millis(103_000),
        ..load(6, 6, 2)
    };
    assert_eq!(policy.decide(&back, &mut pacer).why, Limit::Blind);
}

#[test]
fn lost_calls_make_it_careful() {
    let mut pacer = pacer();
    let policy = Policy::Predictive(SETTINGS);
    let with = |lost: u64| Load {
        booked: tally(400, lost),
        today: tally(400, lost),
        ..load(8, 12, 4)
    };
    let threshold = |load: &Load, pacer: &mut Pacer| {
        let inputs = policy.decide(load, pacer).inputs;
        inputs.expect("a prediction").threshold
    };
    let before = threshold(&with(10), &mut pacer);
    let after = threshold(&with(14), &mut pacer);
    assert!(after < before, "{after} after {before}");
}

fn tally(answered: u64, lost: u64) -> Tally {
    Tally {
        answered,
        connected: answered - lost,
        lost,
        ..Tally::default()
    }
}

/// A floor and its facts at random, whatever their sense.
fn chance(rng: &mut StdRng, now: Millis) -> (Vec<Fact>, Load) {
    let call = |rng: &mut StdRng| rng.random_range(0..40);
    let s = |rng: &mut StdRng| [0.0, 0.3, 7.0, 29.0, 700.0, 1e7][rng.random_range(0..6)];
    let fact = |rng: &mut StdRng| match rng.random_range(0..7) {
        0 => Fact::PickedUp {
            call: call(rng),
            ring_s: s(rng),
        },
        1 => Fact::Person { call: call(rng) },
        2 => Fact::Over {
            call: call(rng),
            after_s: s(rng),
        },
        3 => Fact::TalkOver { s: s(rng) },
        4 => Fact::WrapUpOver { s: s(rng) },
        5 => Fact::AgentLeft,
        _ => Fact::Inbound,
    };
    let facts = (0..rng.random_range(0..6)).map(|_| fact(rng)).collect();
    let since = |rng: &mut StdRng| now.plus(-rng.random_range(0..400_000));
    let states = [
        AgentState::Idle,
        AgentState::Talking,
        AgentState::WrapUp,
        AgentState::Offered,
    ];
    let agents = (0..rng.random_range(0..60)).map(|_| Agent {
        state: states[rng.random_range(0..4)],
        since: since(rng),
        free_at: rng.random_bool(0.2).then_some(now),
        leaves: rng.random_bool(0.1),
    });
    let agents = agents.collect();
    let in_flight = (0..rng.random_range(0..160))
        .map(|_| Leg {
            call: call(rng),
            stage: if rng.random_bool(0.8) {
                Stage::Ringing
            } else {
                Stage::Detecting
            },
            since: since(rng),
            foreign: rng.random_bool(0.1),
        })
        .collect();
    let answered = now.0 as u64 / 3_000;
    let load = Load {
        now,
        agents,
        in_flight,
        booked: tally(answered, answered / 40),
        today: tally(answered, answered / 40),
        free_channels: 500,
        burst: 500,
        leads: 500,
        ..Load::default()
    };
    (facts, load)
}

/// Plays chance from `from` on and returns what was decided.
fn play(pacer: &mut Pacer, rng: &mut StdRng, from: i64, looks: i64) -> Vec<Decision> {
    let policy = Policy::Predictive(SETTINGS);
    (0..looks)
        .map(|look| {
            let now = Millis(from + look * 700);
            let (facts, load) = chance(rng, now);
            facts.into_iter().for_each(|fact| pacer.learn(fact, now));
            policy.decide(&load, pacer)
        })
        .collect()
}

#[test]
fn no_order_of_events_makes_it_lose_its_mind() {
    for seed in 0..10 {
        let mut rng = StdRng::seed_from_u64(seed);
        let decisions = play(&mut Pacer::new(28.0), &mut rng, 0, 400);
        for inputs in decisions.iter().filter_map(|decision| decision.inputs) {
            let seen = [
                inputs.risk,
                inputs.threshold,
                inputs.answer_share,
                inputs.lost_share,
            ];
            assert!(
                seen.iter().all(|x| (0.0..=1.0).contains(x)),
                "{seed}: {inputs:?}"
            );
            let more = [inputs.arrivals, inputs.free, inputs.horizon_s];
            assert!(
                more.iter().all(|x| x.is_finite() && *x >= 0.0),
                "{seed}: {inputs:?}"
            );
        }
    }
}

#[test]
fn what_was_kept_goes_on_as_if_nothing_had_been() {
    let mut rng = StdRng::seed_from_u64(7);
    let mut pacer = Pacer::new(28.0);
    play(&mut pacer, &mut rng, 0, 300);
    let kept = serde_json::to_string(&pacer.kept()).expect("JSON");
    let mut restored: Pacer = serde_json::from_str(&kept).expect("a pacer");
    let mut again = rng.clone();
    let lines = |decisions: Vec<Decision>| -> Vec<(u32, Limit)> {
        decisions
            .iter()
            .map(|decision| (decision.lines, decision.why))
            .collect()
    };
    let one = lines(play(&mut pacer, &mut rng, 210_000, 100));
    let other = lines(play(&mut restored, &mut again, 210_000, 100));
    assert!(one == other, "the restored pacer decides otherwise");
}

#[test]
fn settings_have_their_ranges_and_old_ones_are_read() {
    let read = |text: &str| serde_json::from_str::<Policy>(text);
    assert_eq!(
        read(r#"{"mode":"predictive"}"#).expect("defaults"),
        Policy::Predictive(Settings::default())
    );
    assert_eq!(
        read(r#"{"mode":"progressive"}"#).expect("old"),
        Policy::Progressive {}
    );
    assert_eq!(
        read(r#"{"mode":"ratio","lines":2.0}"#).expect("old"),
        Policy::Ratio { lines: 2.0 }
    );
    assert!(read(r#"{"mode":"predictive","cup":0.03}"#).is_err());
    let valid = |cap, safety, min_agents| {
        Policy::Predictive(Settings {
            cap,
            safety,
            min_agents,
            ..SETTINGS
        })
        .is_valid()
    };
    assert!(valid(0.0, 1.0, 2) && valid(0.05, 0.5, 100));
    assert!(!valid(0.051, 0.9, 3) && !valid(0.03, 1.1, 3) && !valid(0.03, 0.9, 1));
    assert!(!valid(f64::NAN, 0.9, 3));
}

#[test]
fn after_a_night_what_was_learned_counts_half_but_no_less_than_the_guess() {
    let mut rng = StdRng::seed_from_u64(3);
    let mut pacer = Pacer::new(28.0);
    play(&mut pacer, &mut rng, 0, 900);
    let weight = |pacer: &Pacer| {
        let seen = serde_json::to_value(pacer).expect("JSON");
        let of = |path: &str| seen.pointer(path).and_then(|one| one.as_f64()).expect(path);
        let paths = ["ring/at_risk/0", "person/all", "talk/mean/weight"];
        paths.map(|path| of(&format!("/model/{path}")))
    };
    let evening = weight(&pacer);
    let look = |pacer: &mut Pacer, hours: i64| {
        let load = Load {
            now: Millis(900 * 700 + hours * 3_600_000),
            ..load(1, 0, 0)
        };
        let decision = Policy::Predictive(SETTINGS).decide(&load, pacer);
        assert!(decision.lines <= 3, "{decision:?}");
    };
    look(&mut pacer, 3);
    assert_eq!(weight(&pacer), evening);
    look(&mut pacer, 18);
    let morning = weight(&pacer);
    for (before, after) in evening.iter().zip(morning) {
        assert!((after - before / 2.0).abs() < 1.0, "{after} of {before}");
    }
    (1..30).for_each(|day| look(&mut pacer, 18 + 24 * day));
    let forgotten = weight(&pacer);
    for (left, guess) in forgotten.iter().zip([40.0, 5.0, 4.0]) {
        assert!((left - guess).abs() < 1e-6, "{left}, not {guess}");
    }
}

#[test]
fn no_more_lines_are_in_the_air_than_the_ratio_allows() {
    let capped = |most_lines, load: &Load| {
        let settings = Settings {
            most_lines,
            ..SETTINGS
        };
        Policy::Predictive(settings).decide(load, &mut pacer())
    };
    let floor = load(10, 0, 5);
    let free = capped(None, &floor);
    assert!(free.lines > 10, "{free:?}");
    let held = capped(Some(1.3), &floor);
    assert_eq!((held.lines, held.why), (8, Limit::Ratio));
    let full = capped(Some(1.0), &load(0, 10, 12));
    assert_eq!(full.lines, 0);
    assert_eq!(capped(Some(10.0), &floor).lines, free.lines);
    let valid = |most_lines| {
        Settings {
            most_lines,
            ..SETTINGS
        }
        .is_valid()
    };
    assert!(valid(Some(1.0)) && !valid(Some(0.9)) && !valid(Some(f64::NAN)));
}
