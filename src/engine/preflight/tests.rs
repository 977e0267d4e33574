use super::*;
use crate::{gateway, window::Window};

/// 2025-11-20 20:00 in Shanghai less eight hours: noon, in the lunch break.
const NOON: Millis = Millis(1_763_611_200_000);

fn settings(window: Window) -> Settings {
    Settings {
        window,
        caller_ids: vec!["02110000".into()],
        ..Settings::default()
    }
}

fn trunk() -> Gateway {
    Gateway::new(gateway::Settings::default(), Millis(0))
}

fn open() -> Candidate {
    Candidate {
        has_number: true,
        hold: Hold::Open,
        facts: Facts::default(),
        due: None,
        appointed: false,
    }
}

fn look(window: Window, candidate: &Candidate) -> Seen {
    let settings = settings(window);
    seen(&Desk::new(&settings, Some(trunk()), NOON), candidate)
}

/// A standing, and the reason of one that is not called today.
#[derive(Debug, PartialEq)]
enum Seen {
    Now,
    Later(Millis),
    Not(Why),
}

fn seen(desk: &Desk, candidate: &Candidate) -> Seen {
    match desk.look(candidate) {
        (Standing::Now, _) => Seen::Now,
        (Standing::Later(at), _) => Seen::Later(at),
        (Standing::Not, reason) => Seen::Not(reason.why),
    }
}

#[test]
fn a_clean_lead_is_called_now_or_when_the_window_opens() {
    assert_eq!(look(Window::always(), &open()), Seen::Now);
    let after_lunch = Seen::Later(NOON.plus(90 * 60_000));
    assert_eq!(look(Window::default(), &open()), after_lunch);
    let mornings = Window {
        ranges: vec![(9 * 60, 12 * 60)],
        ..Window::default()
    };
    assert_eq!(look(mornings, &open()), Seen::Not(Why::Gate(Block::Window)));
}

#[test]
fn a_lead_that_waits_is_called_later_today_or_says_what_for() {
    let due = |hours: i64, appointed| Candidate {
        due: Some(NOON.plus(hours * HOUR)),
        appointed,
        ..open()
    };
    let look = |candidate| look(Window::always(), &candidate);
    assert_eq!(look(due(-1, false)), Seen::Now);
    assert_eq!(look(due(3, true)), Seen::Later(NOON.plus(3 * HOUR)));
    assert_eq!(look(due(13, true)), Seen::Not(Why::Appointment));
    assert_eq!(look(due(13, false)), Seen::Not(Why::Resting));
}

#[test]
fn without_gateway_or_caller_nobody_is_called() {
    let good = settings(Window::always());
    let desk = Desk::new(&good, None, NOON);
    assert_eq!(
        seen(&desk, &open()),
        Seen::Not(Why::Gate(Block::GatewayMissing))
    );
    let mute = Settings {
        caller_ids: Vec::new(),
        ..good.clone()
    };
    let desk = Desk::new(&mute, Some(trunk()), NOON);
    assert_eq!(seen(&desk, &open()), Seen::Not(Why::Gate(Block::CallerId)));
}

/// A seeded walk over mixed leads: one answer each, and the gate's where it is the gate's.
#[test]
fn the_numbers_add_up_and_the_gate_agrees() {
    let mut state = 20_261_120_u64;
    let mut dice = |sides: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) % sides
    };
    let holds = [
        Hold::Open,
        Hold::InUse,
        Hold::Reserved,
        Hold::Dialling,
        Hold::Done,
    ];
    for round in 0..40 {
        let window = match round % 3 {
            0 => Window::always(),
            1 => Window::default(),
            _ => Window {
                ranges: vec![(9 * 60, 11 * 60)],
                ..Window::default()
            },
        };
        let settings = settings(window);
        let now = NOON.plus(i64::try_from(dice(24)).unwrap() * HOUR);
        let desk = Desk::new(&settings, Some(trunk()), now);
        let mut summary = Summary::default();
        for _ in 0..200 {
            let candidate = Candidate {
                has_number: dice(20) > 0,
                hold: holds[usize::try_from(dice(10)).unwrap().saturating_sub(5)],
                facts: Facts {
                    voided: dice(10) == 0,
                    dnc: dice(10) == 0,
                    attempts: u32::try_from(dice(4)).unwrap(),
                    attempts_today: u32::try_from(dice(4)).unwrap(),
                    live: dice(10) == 0,
                    ..Facts::default()
                },
                due: (dice(2) == 0).then(|| now.plus(i64::try_from(dice(30)).unwrap() * HOUR)),
                appointed: dice(2) == 0,
            };
            let looked = desk.look(&candidate);
            summary.add(looked, now);
            let gate = gate::check(
                &candidate.facts,
                &settings,
                Some("02110000"),
                Some(&mut trunk()),
                now,
            )
            .map(|_| ());
            let due_now = candidate.due.is_none_or(|due| due <= now);
            match seen(&desk, &candidate) {
                Seen::Now => assert!(gate.is_ok() && due_now, "{candidate:?}"),
                Seen::Later(at) => {
                    assert!(at > now && at < desk.tomorrow && settings.window.is_open(at));
                    assert!(matches!(gate, Ok(()) | Err(Block::Window | Block::Live)));
                }
                Seen::Not(Why::Gate(block)) => assert_eq!(gate, Err(block)),
                Seen::Not(Why::Appointment | Why::Resting) => {
                    assert!(gate.is_ok() && !due_now)
                }
                Seen::Not(_) => {
                    assert!(candidate.hold != Hold::Open || !candidate.has_number);
                }
            }
        }
        let not: u64 = summary.not.values().sum();
        let reasons: u64 = summary.reasons.values().sum();
        assert_eq!(reasons, summary.total);
        let curve: u64 = summary.curve.values().sum();
        assert_eq!(summary.total, 200);
        assert_eq!(summary.now + summary.later + not, summary.total);
        assert_eq!(summary.now + summary.later, curve);
    }
}

#[test]
fn a_lead_says_why_and_until_when() {
    let settings = settings(Window::default());
    let desk = Desk::new(&settings, Some(trunk()), NOON);
    let reason = |candidate: &Candidate| {
        let reason = desk.reason(candidate);
        (reason.why, reason.until)
    };
    let after_lunch = Some(NOON.plus(90 * 60_000));
    assert_eq!(reason(&open()), (Why::Gate(Block::Window), after_lunch));
    let facts = Facts {
        dnc: true,
        attempts: 9,
        ..Facts::default()
    };
    let never = Candidate { facts, ..open() };
    assert_eq!(reason(&never), (Why::Gate(Block::Dnc), None));
    assert_eq!(unclaimed(&never), Why::Gate(Block::Dnc));
    assert_eq!(unclaimed(&open()), Why::Unallocated);
    let numberless = Candidate {
        has_number: false,
        ..open()
    };
    assert_eq!(unclaimed(&numberless), Why::NoNumber);
}
