//! From a lead in hand to an INVITE, and what the network makes of it.

use super::script::{Stage, check};

#[test]
fn what_the_network_says_is_the_leads_next_step() {
    check(
        "agents 1 2 3 4 5 6 7
         campaign c predictive
         leads c 7
         0 ready 1
         0 ready 2
         0 ready 3
         0 ready 4
         0 ready 5
         0 ready 6
         0 ready 7
         1 break 1
         1 break 2
         1 break 3
         1 break 4
         1 break 5
         1 break 6
         1 break 7
         2 ends L1 486
         3 ends L2 480
         4 ends L3 404
         5 ends L4 503
         6 ends L5 603
         7 ends L6 502
         8 ends L7 488",
        "0 dial L1
         0 dial L2
         0 dial L3
         0 dial L4
         0 dial L5
         0 dial L6
         0 dial L7
         2 close L1 busy again in 600
         3 close L2 no_answer again in 1800
         4 close L3 unallocated
         5 close L4 congestion again in 300 not counted
         6 close L5 declined again in 86400
         7 close L6 unavailable again in 14400
         8 close L7 misconfigured again in 300 not counted",
    );
}

#[test]
fn a_lead_is_done_when_its_attempts_are_used_up() {
    check(
        "agents 1
         campaign c predictive attempts=2 day=5
         leads c 1
         0 ready 1
         1 ends L1 486
         602 ends L1 486
         610 wait",
        "0 dial L1
         1 close L1 busy again in 600
         601 dial L1
         602 close L1 busy
         602 finish c",
    );
}

#[test]
fn our_own_faults_are_no_attempts() {
    check(
        "agents 1
         campaign c predictive attempts=1
         leads c 1
         0 ready 1
         1 ends L1 503
         302 ends L1 503
         603 ends L1 486
         700 wait",
        "0 dial L1
         1 close L1 congestion again in 300 not counted
         301.1 dial L1
         302 close L1 congestion again in 300 not counted
         602.1 dial L1
         603 close L1 busy
         603 finish c",
    );
}

#[test]
fn each_step_waits_for_the_one_before() {
    check(
        "agents 1
         campaign c predictive
         leads c 1
         by hand draw check attempt
         show draw check attempt
         0 ready 1
         1 drawn c L1
         2 checked L1
         3 opened L1",
        "0 draw c 200
         1 draw c 200
         1 check L1
         2 open L1
         3 dial L1",
    );
}

#[test]
fn a_number_in_another_call_is_no_attempt_and_frees_its_channel() {
    check(
        "agents 1
         campaign c predictive
         leads c 1
         by hand attempt
         show attempt
         0 ready 1
         1 refused L1",
        "0 open L1
         1 block L1 live again in 30",
    );
}

#[test]
fn a_lead_that_is_no_longer_ours_is_dropped() {
    check(
        "agents 1
         campaign c predictive
         leads c 1
         by hand check
         show check
         0 ready 1
         1 checked L1 gone",
        "0 check L1",
    );
}

#[test]
fn every_block_stays_with_the_lead_and_is_no_attempt() {
    check(
        "agents 1 2 3 4 5 6 7
         campaign c predictive attempts=3 day=2
         lead c voided
         lead c dnc
         lead c attempts=3
         lead c today=2
         lead c live
         show attempt
         0 ready 1
         0 ready 2
         0 ready 3
         0 ready 4
         0 ready 5
         3 wait",
        "0 block L2 dnc
         0 block L3 cap
         0 block L4 day_cap again in 50399
         0 block L5 live again in 30",
    );
}

#[test]
fn without_a_caller_number_nothing_is_dialled() {
    check(
        "agents 1
         campaign c predictive caller=none
         leads c 1
         show attempt
         0 ready 1
         3 wait",
        "0 block L1 caller_id again in 300",
    );
}

#[test]
fn an_attempt_that_was_written_too_late_is_not_dialled() {
    check(
        "agents 1
         campaign c predictive
         leads c 1
         by hand attempt
         show attempt
         0 ready 1
         11 opened L1",
        "0 open L1
         11 close L1 cancelled again in 300 not counted",
    );
}

#[test]
fn a_window_that_shuts_while_the_attempt_is_written_stops_the_dial() {
    check(
        "agents 1
         campaign c predictive hours=9-11
         leads c 1
         by hand attempt
         show attempt
         3599 ready 1
         3601 opened L1",
        "3599 open L1
         3601 close L1 cancelled again in 300 not counted",
    );
}

#[test]
fn the_switch_refuses_a_leg() {
    check(
        "agents 1 2 3
         campaign c predictive
         leads c 3
         0 ready 1
         0 ready 2
         0 ready 3
         1 break 1
         1 break 2
         1 break 3
         2 refuses L1 gateway
         2 refuses L2 ours
         2 refuses L3 number",
        "0 dial L1
         0 dial L2
         0 dial L3
         2 close L1 congestion again in 300 not counted
         2 close L2 cancelled again in 300 not counted
         2 close L3 unallocated not counted",
    );
}

#[test]
fn what_the_switch_did_not_take_is_not_dialled_unless_an_earlier_gateway_was_asked() {
    let stage = Stage::of(
        "agents 1 2 3 4
         another gateway second
         campaign c predictive fallback=second
         leads c 4
         show dialled
         0 ready 1
         0 ready 2
         0 ready 3
         0 ready 4
         1 break 1
         1 break 2
         1 break 3
         1 break 4
         2 refuses L1 ours
         2 refuses L2 gateway
         3 refuses L2 ours
         4 ends L3 503
         5 refuses L3 ours
         6 ends L4 486",
    );
    let closed = |line: &&String| line.contains("close");
    let closed: Vec<&String> = stage.shown.iter().filter(closed).collect();
    assert_eq!(
        closed,
        [
            "2 close L1 cancelled again in 300 not counted not dialled",
            "3 close L2 cancelled again in 300 not counted not dialled",
            "5 close L3 cancelled again in 300 not counted",
            "6 close L4 busy again in 600",
        ]
    );
    let seen = stage.floor.view(stage.now).campaigns.remove(0);
    assert_eq!(seen.counts.dialled, 2);
}

#[test]
fn a_gateway_that_says_nothing_costs_the_lead_no_attempt() {
    check(
        "agents 1
         campaign c predictive
         leads c 1
         0 ready 1
         32 ends L1 408 network",
        "0 dial L1
         32 close L1 congestion again in 300 not counted",
    );
    check(
        "agents 1
         campaign c predictive
         leads c 1
         0 ready 1
         32 ends L1 408",
        "0 dial L1
         32 close L1 no_answer again in 1800",
    );
}

#[test]
fn a_dial_that_rang_and_was_stopped_is_an_attempt() {
    check(
        "agents 1
         campaign c predictive
         leads c 1
         0 ready 1
         2 rings L1
         3 stop c",
        "0 dial L1
         3 release all of c
         3 hang up L1
         3 close L1 cancelled again in 300",
    );
}

#[test]
fn a_number_that_nobody_has_gives_way_to_the_leads_next_one() {
    let mut stage = Stage::of(
        "campaign c robot
         lead c number=13800000001 next=13800000002
         1 ends L1 404
         2.5 wait",
    );
    let dialled = |stage: &Stage| {
        let again = |line: &&String| line.contains("dial L1");
        let number = stage.store.rows[&"L1".into()].lead.number.clone();
        (number, stage.shown.iter().filter(again).count())
    };
    assert_eq!(dialled(&stage), ("13800000002".into(), 2));
    // Nobody has that one either, and there is no other.
    stage.line("3 ends L1 404");
    stage.line("700 wait");
    assert_eq!(dialled(&stage), ("13800000002".into(), 2));
}

#[test]
fn a_busy_number_is_no_reason_to_dial_another() {
    let stage = Stage::of(
        "campaign c robot
         lead c number=13800000001 next=13800000002
         1 ends L1 486
         700 wait",
    );
    let row = &stage.store.rows[&"L1".into()];
    assert_eq!(row.lead.number, "13800000001");
}

#[test]
fn the_next_number_has_no_budget_of_its_own() {
    let stage = Stage::of(
        "campaign c robot attempts=1
         lead c number=13800000001 next=13800000002
         1 ends L1 404
         700 wait",
    );
    let again = |line: &&String| line.contains("dial L1");
    assert_eq!(
        stage.shown.iter().filter(again).count(),
        1,
        "{:?}",
        stage.shown
    );
}

#[test]
fn what_our_own_side_does_not_take_is_none_of_the_dials_that_a_lead_gets() {
    let last = |refused: &str| {
        format!(
            "agents 1
             campaign c predictive
             lead c dials=19
             0 ready 1
             0.1 refuses L1 {refused}"
        )
    };
    check(
        &last("ours"),
        "0 dial L1
         0.1 close L1 cancelled again in 300 not counted",
    );
    check(
        &last("gateway"),
        "0 dial L1
         0.1 close L1 congestion not counted
         0.1 finish c",
    );
}

#[test]
fn a_switch_that_refuses_for_itself_is_spared_for_a_second() {
    check(
        "agents 1
         campaign c predictive
         leads c 3
         0 ready 1
         0.1 refuses L1 ours
         0.9 why c
         3 ends L2 486",
        "0 dial L1
         0.1 close L1 cancelled again in 300 not counted
         0.9 0 lines: Overload
         1.1 dial L2
         3 close L2 busy again in 600
         3 dial L3",
    );
}
