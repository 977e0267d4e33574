use engine::{
    outcome::Outcome,
    pacing::{Policy, predictive},
    time::Millis,
};

use super::*;

fn small() -> Scenario {
    Scenario {
        hours: 1.5,
        agents: 10,
        ..Scenario::default()
    }
}

fn played(change: impl FnOnce(&mut Scenario)) -> Figures {
    let mut scenario = small();
    change(&mut scenario);
    play(&scenario).unwrap()
}

fn progressive(scenario: &mut Scenario) {
    scenario.pacing = Policy::Progressive {};
}

#[test]
fn the_same_seed_gives_the_same_figures_and_another_gives_others() {
    let (one, again) = (played(|_| ()), played(|_| ()));
    assert_eq!(one, again);
    assert_eq!(svg(std::slice::from_ref(&one)), svg(&[again]));
    assert_ne!(one, played(|scenario| scenario.seed = 2));
}

#[test]
fn one_line_for_each_idle_agent_loses_nobody_and_prediction_keeps_agents_busy() {
    let alone = played(progressive);
    assert_eq!(alone.lost, 0);
    let ahead = played(|_| ());
    assert!(
        ahead.occupancy > alone.occupancy + 0.1,
        "{ahead:?} {alone:?}"
    );
    assert!(ahead.abandoned < 0.06, "{ahead:?}");
    assert!(ahead.dials > alone.dials && ahead.connected > alone.connected);
}

#[test]
fn a_lower_cap_loses_fewer_and_keeps_agents_less_busy() {
    let cap = |cap| {
        played(|scenario| {
            scenario.hours = 4.0;
            scenario.pacing = Policy::Predictive(predictive::Settings {
                cap,
                ..predictive::Settings::default()
            });
        })
    };
    let (low, high) = (cap(0.01), cap(0.05));
    assert!(low.abandoned < high.abandoned, "{low:?} {high:?}");
    assert!(low.occupancy < high.occupancy, "{low:?} {high:?}");
}

#[test]
fn talks_as_short_as_the_patience_of_the_called_keep_the_cap_and_agents_busy() {
    let figures = played(|scenario| {
        (scenario.hours, scenario.agents) = (4.0, 5);
        (scenario.channels, scenario.calls_per_second) = (200, 20.0);
        (scenario.talk, scenario.wrap_up) = (Spread::of(1.5, 0.5), Spread::of(0.5, 0.5));
    });
    // Counted from their arrival, people who wait would be in nobody's way: 6.6 % and 5 %.
    assert!(figures.abandoned < 0.035, "{figures:?}");
    assert!(figures.occupancy > 0.6, "{figures:?}");
}

#[test]
fn few_channels_bind() {
    let (few, many) = (played(|scenario| scenario.channels = 12), played(|_| ()));
    assert!(few.channels_peak <= 12 && many.channels_peak > 12);
    assert!(few.occupancy < many.occupancy - 0.1, "{few:?} {many:?}");
}

#[test]
fn more_agents_finish_a_list_earlier() {
    let finish = |agents| {
        let figures = played(|scenario| {
            scenario.leads = 600;
            scenario.agents = agents;
            scenario.hours = 24.0;
            scenario.retry.max_attempts = 1;
        });
        assert_eq!((figures.untouched, figures.dials), (0, 600));
        figures.finished_after_s.unwrap()
    };
    let (five, twenty) = (finish(5), finish(20));
    assert!(twenty < five * 0.5, "{twenty} {five}");
    assert_eq!(played(|_| ()).finished_after_s, None);
}

#[test]
fn inbound_calls_and_breaks_take_agents() {
    let quiet = played(progressive);
    let blended = played(|scenario| {
        progressive(scenario);
        scenario.inbound_per_hour = 120.0;
    });
    assert!(blended.connected < quiet.connected, "{blended:?} {quiet:?}");
    assert!(blended.occupancy > quiet.occupancy);
    let tired = played(|scenario| {
        progressive(scenario);
        scenario.breaks = Some(Breaks {
            every_minutes: 30.0,
            minutes: 15.0,
        });
    });
    assert!(
        tired.connected < quiet.connected * 9 / 10,
        "{tired:?} {quiet:?}"
    );
}

#[test]
fn answers_follow_the_hour_and_measured_durations_are_kept() {
    let by_hour = |hours: [f64; 2]| {
        played(|scenario| {
            progressive(scenario);
            let mut answers = vec![0.0; 24];
            (answers[9], answers[10]) = (hours[0], hours[1]);
            scenario.answers = answers;
            scenario.talk = Spread::Measured { s: vec![30.0] };
            scenario.wrap_up = Spread::Measured { s: vec![5.0] };
        })
    };
    let early = by_hour([0.5, 0.0]);
    let answered = |figures: &Figures, spans: std::ops::Range<usize>| -> u64 {
        figures.spans[spans].iter().map(|span| span.answered).sum()
    };
    assert!(answered(&early, 0..12) > 100);
    // What rang at the full hour may still be answered.
    assert!(answered(&early, 13..18) == 0, "{early:?}");
    let busy_s = early.occupancy * early.idle_wait_s / (1.0 - early.occupancy);
    assert!((busy_s - 35.0).abs() < 3.0, "{busy_s} s a call");
}

#[test]
fn what_cannot_be_played_is_named() {
    for (change, key) in [
        (
            (|scenario| scenario.agents = 0) as fn(&mut Scenario),
            "agents",
        ),
        (|scenario| scenario.hours = f64::NAN, "hours"),
        (|scenario| scenario.opens = "tomorrow".into(), "opens"),
        (|scenario| scenario.answers = vec![0.2, 0.3], "answers"),
        (|scenario| scenario.busy = 0.9, "answers"),
        (
            |scenario| scenario.talk = Spread::Measured { s: vec![] },
            "talk",
        ),
        (|scenario| scenario.leads = 0, "leads"),
    ] {
        let mut scenario = small();
        change(&mut scenario);
        assert_eq!(play(&scenario).unwrap_err().key, key);
    }
}

#[test]
fn a_scenario_is_read_from_a_file() {
    let text = r#"
        seed = 7
        agents = 30
        answers = [0.2]
        talk = { mean_s = 95.0, cv = 1.0 }
        wrap_up = { s = [3.0, 9.0] }
        breaks = { every_minutes = 90.0, minutes = 10.0 }
        [pacing]
        mode = "predictive"
        cap = 0.01
    "#;
    let read: Scenario = toml::from_str(text).unwrap();
    assert_eq!((read.seed, read.agents, read.channels), (7, 30, 200));
    assert_eq!(read.wrap_up, Spread::Measured { s: vec![3.0, 9.0] });
    let error = toml::from_str::<Scenario>("agentz = 3").unwrap_err();
    assert!(error.to_string().contains("agentz"));
}

#[test]
fn the_example_is_the_built_in_shift() {
    let text = include_str!("../../simulate.example.toml");
    assert_eq!(
        toml::from_str::<Scenario>(text).unwrap(),
        Scenario::default()
    );
}

#[test]
fn the_picture_has_a_line_for_each_row_in_both_charts() {
    let rows = [played(progressive), played(|_| ())];
    let picture = svg(&rows);
    assert_eq!(picture.matches("<polyline").count(), 4);
    assert!(picture.starts_with("<svg") && picture.ends_with("</svg>\n"));
    assert!(!picture.contains("NaN") && !picture.contains("inf"));
}

#[test]
fn a_day_of_records_becomes_a_scenario() {
    let hour = |hour: i64, no: i64| {
        // The scenario's clock is eight hours ahead.
        Millis((hour - 8) * 3_600_000 + no * 10_000)
    };
    let dial = |at, no: i64, answers: i64| {
        let answered = no % 10 < answers;
        Dial {
            at,
            answered_after_s: answered.then_some(5.0 + (no % 7) as f64),
            talk_s: answered.then_some(60.0),
            outcome: match no % 10 {
                _ if answered => Outcome::Connected,
                9 => Outcome::Busy,
                _ => Outcome::NoAnswer,
            },
        }
    };
    let mut records = Records {
        dials: (0..100).map(|no| dial(hour(9, no), no, 4)).collect(),
        wrap_ups_s: vec![9.0; 30],
    };
    records
        .dials
        .extend((0..100).map(|no| dial(hour(10, no), no, 2)));
    records.dials.extend((0..30).map(|no| Dial {
        outcome: Outcome::Congestion,
        ..dial(hour(10, no), 8, 0)
    }));
    let mut scenario = small();
    scenario.replay(&records).unwrap();
    assert_eq!((scenario.answers[9], scenario.answers[10]), (0.4, 0.2));
    assert!((scenario.answers[15] - 0.3).abs() < 1e-9);
    assert!((scenario.busy - 0.1).abs() < 1e-9 && scenario.invalid == 0.0);
    assert_eq!(scenario.talk, Spread::Measured { s: vec![60.0; 60] });
    assert_eq!(scenario.wrap_up, Spread::Measured { s: vec![9.0; 30] });
    assert!(play(&scenario).unwrap().answered > 50);

    records.dials.truncate(90);
    let before = scenario.clone();
    assert_eq!(
        scenario.replay(&records),
        Err(TooFew {
            dials: 90,
            answered: 36
        })
    );
    assert_eq!(scenario, before);
}
