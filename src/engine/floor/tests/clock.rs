//! The wall clock is set while people work.

use super::{super::Input, script::Stage, stage};

const HOUR: i64 = 3_600_000;

/// Plays `script`, sets the clock by so much, and plays what comes after on the new time.
fn set(script: &str, by_ms: i64, after_ms: i64) -> Stage {
    let mut stage = Stage::of(script);
    stage.shown.clear();
    stage.set_clock(stage.now.plus(by_ms));
    stage.tell(Input::ClockMoved { by_ms });
    stage.pass(after_ms);
    stage
}

const RINGS_AT_AGENT: &str = "agents 1
     queue ring=20 abandon=60
     campaign c predictive
     leads c 3
     0 ready 1
     1 answers L1";
const WRAPS_UP: &str = "agents 1
     queue wrap=30
     campaign c predictive
     leads c 1
     show agent
     0 ready 1
     1 answers L1
     1 answers a1
     2 ends L1";

#[test]
fn an_offer_rings_as_long_as_it_would_have() {
    for by_ms in [HOUR, -HOUR] {
        let stage = set(RINGS_AT_AGENT, by_ms, 15_000);
        assert_eq!(stage.shown, [""; 0], "by {by_ms}: too early");
        let stage = set(RINGS_AT_AGENT, by_ms, 30_000);
        assert!(
            stage.shown[0].ends_with("hang up a1 NoAnswer"),
            "{:?}",
            stage.shown
        );
    }
}

#[test]
fn after_call_work_ends_when_it_would_have() {
    for by_ms in [HOUR, -HOUR] {
        assert_eq!(set(WRAPS_UP, by_ms, 29_000).shown, [""; 0], "by {by_ms}");
        let shown = set(WRAPS_UP, by_ms, 31_000).shown;
        assert!(shown[0].ends_with("agent 1 ready"), "by {by_ms}: {shown:?}");
    }
}

#[test]
fn a_call_has_lasted_as_long_as_it_has() {
    for by_ms in [HOUR, -HOUR] {
        let script = "agents 1
             campaign c predictive
             leads c 1
             0 ready 1
             1 answers L1
             1 answers a1
             21 wait";
        let mut stage = set(script, by_ms, 10_000);
        stage.play("ends L1");
        let closed = stage.store.closed.values().next().expect("one call");
        assert_eq!(closed.talk_ms, Some(30_000), "by {by_ms}");
    }
}

#[test]
fn a_clock_that_is_set_back_keeps_nobody_from_dialling() {
    let script = "agents 1 2
         campaign c predictive
         leads c 5
         gateway cps=1
         0 ready 1
         0.5 wait";
    let mut stage = set(script, -HOUR, 0);
    stage.play("ready 2");
    stage.pass(2_000);
    let shown = stage.shown.join("\n");
    assert!(shown.contains("dial L2"), "{shown}");
    assert!(stage.now < stage::opening());
}

#[test]
fn a_switch_is_spared_as_long_as_it_would_have_been() {
    let script = "agents 1
         campaign c predictive
         leads c 5
         gateway cps=1
         0 ready 1
         0.5 refuses L1 ours";
    let mut stage = set(script, -HOUR, 0);
    stage.pass(3_000);
    let shown = stage.shown.join("\n");
    assert!(shown.contains("dial L2"), "{shown}");
    assert!(stage.now < stage::opening());
}

#[test]
fn a_person_whose_greeting_was_heard_waits_as_long_as_they_would_have() {
    for by_ms in [HOUR, -HOUR] {
        let script = "agents 1
             queue abandon=20
             campaign c predictive listens
             leads c 1
             0 ready 1
             1 answers L1
             2 judges L1 human 1 0.5
             3 break 1
             3 hangs-up 1";
        assert_eq!(set(script, by_ms, 10_000).shown, [""; 0], "by {by_ms}");
        let shown = set(script, by_ms, 30_000).shown;
        assert!(shown[0].ends_with("play L1 sorry"), "by {by_ms}: {shown:?}");
    }
}
