//! A robot's test call counts for nothing; a stop by force hangs everybody up.

use super::{
    super::{CampaignSpec, Command, Ended, Floor, Input, Refusal, TestCall},
    invariants,
    script::{Stage, check},
    stage,
};
use crate::{
    campaign::{Mode, Settings, State},
    destination::Destination,
    gate::{Block, Facts, No},
    ids::{AttemptId, CallId, LegId, SoundId},
    outcome::Outcome,
    robot::{Listens, Speech},
    time::Millis,
};

const NUMBER: &str = "13900001111";

/// A campaign that nobody has started, shut at this hour.
fn shut() -> CampaignSpec {
    let mut spec = stage::campaign("c", Mode::Robot);
    spec.state = State::Stopped;
    spec.settings.window.ranges = vec![(16 * 60, 20 * 60)];
    spec.settings.robot.prompt = "hello.wav".into();
    spec.settings.robot.then_queue = Some(stage::QUEUE.into());
    spec
}

fn floor() -> Floor {
    let mut floor = Floor::new(stage::opening());
    let configuration = Box::new(stage::configuration(&["1".into()]));
    floor.handle(Input::Configured(configuration), stage::opening());
    floor.handle(Input::Campaign(Box::new(shut())), stage::opening());
    commands(&mut floor);
    floor
}

fn asked(settings: Settings, facts: Facts) -> TestCall {
    TestCall {
        campaign: "c".into(),
        settings,
        number: NUMBER.into(),
        facts: Facts {
            number: NUMBER.into(),
            ..facts
        },
    }
}

fn test(floor: &mut Floor, facts: Facts) -> Result<CallId, No> {
    floor.test(asked(shut().settings, facts), stage::opening())
}

fn commands(floor: &mut Floor) -> Vec<Command> {
    invariants::hold(floor);
    std::iter::from_fn(|| floor.poll_command()).collect()
}

/// The attempt that is to be written.
fn opening(floor: &mut Floor) -> AttemptId {
    let all = commands(floor);
    let [Command::OpenAttempt(open)] = all.as_slice() else {
        panic!("{all:?}");
    };
    assert!(open.call.is_test && open.call.lead.is_none() && open.call.task.is_none());
    assert_eq!(open.call.campaign, Some("c".into()));
    assert_eq!(
        (open.number.as_str(), open.gateway.as_str()),
        (NUMBER, stage::GATEWAY)
    );
    open.attempt
}

fn at(seconds: i64) -> Millis {
    stage::opening().plus(seconds * 1_000)
}

/// Dials and answers; the leg, and what is done with it.
fn picked_up(floor: &mut Floor) -> (LegId, Vec<Command>) {
    let attempt = opening(floor);
    floor.handle(Input::AttemptOpened { attempt }, at(0));
    let all = commands(floor);
    let [
        Command::Dial {
            leg,
            number,
            caller,
            ..
        },
    ] = all.as_slice()
    else {
        panic!("{all:?}");
    };
    assert_eq!((number.as_str(), caller.as_str()), (NUMBER, "02110000"));
    let leg = *leg;
    floor.handle(Input::LegRinging { leg, early: false }, at(1));
    floor.handle(Input::LegAnswered { leg }, at(5));
    (leg, commands(floor))
}

/// The same; the leg and the prompt that plays.
fn answered(floor: &mut Floor) -> (LegId, SoundId) {
    let (leg, all) = picked_up(floor);
    let [Command::Play { sound, prompt, .. }] = all.as_slice() else {
        panic!("{all:?}");
    };
    assert_eq!(prompt, "hello.wav");
    (leg, *sound)
}

#[test]
fn a_test_call_speaks_its_prompt_outside_the_window_and_counts_for_nothing() {
    let mut floor = floor();
    let seen = |floor: &Floor| format!("{:?}", floor.view(at(0)).campaigns);
    let before = seen(&floor);
    test(&mut floor, Facts::default()).unwrap();
    let (leg, sound) = answered(&mut floor);
    floor.handle(Input::PlayDone { leg, sound }, at(20));
    let all = commands(&mut floor);
    assert!(
        matches!(all.as_slice(), [Command::Hangup { leg: hung, .. }] if *hung == leg),
        "no agent is bothered: {all:?}"
    );
    let ended = Ended::default();
    floor.handle(Input::LegEnded { leg, ended }, at(20));
    let all = commands(&mut floor);
    let closed = all.iter().find_map(|command| match command {
        Command::CloseCall(close) => Some(close),
        _ => None,
    });
    let closed = closed.expect("a CDR");
    assert_eq!(closed.outcome, Outcome::Connected);
    let attempt = closed.attempt.as_ref().expect("an attempt");
    assert!(!attempt.counted && attempt.next_dial_at.is_none());
    assert_eq!(seen(&floor), before);
    invariants::nothing_is_left(&floor);
}

/// The outcome of a test call of a robot that listens, to somebody who speaks or does not.
fn listening(speaks: bool) -> Outcome {
    let mut floor = floor();
    let mut settings = shut().settings;
    settings.robot.listens = Some(Listens::default());
    let queue = stage::QUEUE.into();
    settings.robot.otherwise = Some(Destination::Queue { queue });
    floor
        .test(asked(settings, Facts::default()), stage::opening())
        .unwrap();
    let (leg, all) = picked_up(&mut floor);
    let [Command::ListenForSpeech { .. }, Command::Play { sound, .. }] = all.as_slice() else {
        panic!("{all:?}");
    };
    let sound = *sound;
    floor.handle(Input::PlayDone { leg, sound }, at(20));
    if speaks {
        for (speech, seconds) in [(Speech::Began, 21), (Speech::Paused, 22)] {
            floor.handle(Input::Speech { leg, speech }, at(seconds));
        }
    }
    floor.handle_wake(at(23));
    let all = commands(&mut floor);
    assert!(
        matches!(
            all.as_slice(),
            [Command::StopListening { .. }, Command::Hangup { .. }]
        ),
        "no agent is bothered: {all:?}"
    );
    let ended = Ended::default();
    floor.handle(Input::LegEnded { leg, ended }, at(23));
    let closed = commands(&mut floor)
        .into_iter()
        .find_map(|command| match command {
            Command::CloseCall(close) => Some(close.outcome),
            _ => None,
        });
    closed.expect("a CDR")
}

#[test]
fn a_test_call_listens_as_the_robot_does_and_leads_nowhere() {
    assert_eq!(listening(true), Outcome::Connected);
    assert_eq!(listening(false), Outcome::Silent);
}

#[test]
fn a_test_call_goes_on_by_the_next_gateway() {
    let mut floor = floor();
    let mut configuration = stage::configuration(&["1".into()]);
    let mut second = configuration.gateways[0].clone();
    second.id = "second".into();
    configuration.gateways.push(second);
    floor.handle(Input::Configured(Box::new(configuration)), at(0));
    let mut settings = shut().settings;
    settings.fallback_gateways = vec!["second".into()];
    floor
        .test(asked(settings, Facts::default()), at(0))
        .unwrap();
    let attempt = opening(&mut floor);
    floor.handle(Input::AttemptOpened { attempt }, at(0));
    let dialled = commands(&mut floor);
    let [Command::Dial { leg, .. }] = dialled[..] else {
        panic!("{dialled:?}");
    };
    let why = Refusal::Gateway;
    floor.handle(Input::LegRefused { leg, why }, at(1));
    let asked = commands(&mut floor);
    let [Command::CheckNumber { leg, campaign, .. }] = &asked[..] else {
        panic!("the lists are not asked: {asked:?}");
    };
    assert_eq!(*campaign, Some("c".into()));
    let told = Input::NumberChecked {
        leg: *leg,
        allowed: true,
        callers: Vec::new(),
    };
    floor.handle(told, at(1));
    let dialled = commands(&mut floor);
    assert!(
        matches!(&dialled[..], [Command::Dial { gateway, .. }] if gateway.as_str() == "second"),
        "{dialled:?}"
    );
}

#[test]
fn a_test_call_passes_the_gate_like_every_other() {
    let mut floor = floor();
    let block = |floor: &mut Floor, settings: Settings, facts: Facts| {
        floor
            .test(asked(settings, facts), stage::opening())
            .unwrap_err()
            .block
    };
    let settings = || shut().settings;
    let listed = Facts {
        dnc: true,
        ..Facts::default()
    };
    assert_eq!(block(&mut floor, settings(), listed), Block::Dnc);
    let live = Facts {
        live: true,
        ..Facts::default()
    };
    assert_eq!(block(&mut floor, settings(), live), Block::Live);
    let nobody = Settings {
        caller_ids: Vec::new(),
        ..settings()
    };
    assert_eq!(block(&mut floor, nobody, Facts::default()), Block::CallerId);
    let nowhere = Settings {
        gateway: Some("gone".into()),
        ..settings()
    };
    let missing = block(&mut floor, nowhere, Facts::default());
    assert_eq!(missing, Block::GatewayMissing);
    let wanted = Settings {
        consent_required: true,
        ..settings()
    };
    let consent = block(&mut floor, wanted, Facts::default());
    assert_eq!(consent, Block::Consent);
    // Ten in the morning here is nine in the evening in New York: the law's hours are over.
    let abroad = asked(settings(), Facts::default());
    let abroad = TestCall {
        number: "+12125550100".into(),
        facts: Facts {
            number: "+12125550100".into(),
            ..Facts::default()
        },
        ..abroad
    };
    let no = floor.test(abroad, stage::opening()).unwrap_err();
    assert_eq!(no.block, Block::Window);
    floor.handle(Input::Drain, at(0));
    assert_eq!(
        block(&mut floor, settings(), Facts::default()),
        Block::Stopped
    );
    assert!(
        !commands(&mut floor)
            .iter()
            .any(|command| matches!(command, Command::OpenAttempt(_) | Command::Dial { .. }))
    );
    invariants::nothing_is_left(&floor);
}

#[test]
fn a_test_call_whose_attempt_is_refused_is_never_dialled() {
    let mut floor = floor();
    test(&mut floor, Facts::default()).unwrap();
    let attempt = opening(&mut floor);
    let block = Block::Dnc;
    floor.handle(Input::AttemptRefused { attempt, block }, at(0));
    let all = commands(&mut floor);
    assert!(matches!(all.as_slice(), [Command::Tell(_)]), "{all:?}");
    invariants::nothing_is_left(&floor);
}

#[test]
fn a_stop_lets_calls_end_and_one_by_force_hangs_them_up() {
    let script = "campaign c robot
         leads c 3
         0 wait
         1 answers L1
         1 answers L2";
    check(
        &format!("{script}\n2 stop c\n9 wait"),
        "0 dial L1
         0 dial L2
         0 dial L3
         1 play L1 robot
         1 play L2 robot
         2 release all of c
         2 hang up L3
         2 close L3 cancelled again in 300 not counted",
    );
    let mut stage = Stage::of(script);
    stage.floor.break_off(&"c".into(), stage.now);
    stage.play("wait");
    let ends: Vec<&str> = stage.shown[5..].iter().map(String::as_str).collect();
    assert_eq!(
        ends,
        [
            "1 release all of c",
            "1 hang up L1",
            "1 hang up L2",
            "1 hang up L3",
            "1 close L1 connected",
            "1 close L2 connected",
            "1 close L3 cancelled again in 300 not counted"
        ]
    );
    invariants::nothing_is_left(&stage.floor);
}
