//! Campaigns start, pause, stop, finish; robots speak.

use super::script::{Stage, check};

#[test]
fn a_pause_gives_leads_back_and_leaves_live_calls_alone() {
    check(
        "agents 1 2
         campaign c predictive
         leads c 5
         0 ready 1
         0 ready 2
         1 answers L1
         1.5 answers a1
         2 pause c
         3 ends L2 486
         5 ends L1
         60 wait",
        "0 dial L1
         0 dial L2
         1 ring a1
         1.5 bridge L1 a1
         2 release all of c
         3 close L2 busy again in 600
         5 close L1 connected by 1
         5 hang up a1",
    );
}

#[test]
fn a_stop_cancels_what_rings_and_leaves_talks_alone() {
    check(
        "agents 1 2
         campaign c predictive
         leads c 5
         0 ready 1
         0 ready 2
         1 answers L1
         1.5 answers a1
         2 stop c
         5 ends L1",
        "0 dial L1
         0 dial L2
         1 ring a1
         1.5 bridge L1 a1
         2 release all of c
         2 hang up L2
         2 close L2 cancelled again in 300 not counted
         5 close L1 connected by 1
         5 hang up a1",
    );
}

#[test]
fn a_resumed_campaign_goes_on() {
    check(
        "agents 1
         campaign c predictive
         leads c 2
         0 ready 1
         1 pause c
         2 ends L1 486
         3 start c
         4 ends L2 404
         5 wait",
        "0 dial L1
         1 release all of c
         2 close L1 busy again in 600
         3 dial L2
         4 close L2 unallocated",
    );
}

#[test]
fn an_attempt_that_is_written_after_the_stop_is_not_dialled() {
    check(
        "agents 1
         campaign c predictive
         leads c 1
         by hand attempt
         show attempt
         0 ready 1
         1 stop c
         2 opened L1",
        "0 open L1
         1 release all of c
         2 close L1 cancelled again in 300 not counted",
    );
}

#[test]
fn an_attempt_that_is_written_after_the_pause_is_not_dialled() {
    check(
        "agents 1
         campaign c predictive
         leads c 1
         by hand attempt
         show attempt
         0 ready 1
         1 pause c
         2 opened L1",
        "0 open L1
         1 release all of c
         2 close L1 cancelled again in 300 not counted",
    );
}

#[test]
fn an_attempt_that_is_refused_after_the_stop_leaves_nothing() {
    check(
        "agents 1
         campaign c predictive
         leads c 1
         by hand attempt
         show attempt
         0 ready 1
         1 stop c
         2 refused L1",
        "0 open L1
         1 release all of c
         2 block L1 live again in 30",
    );
}

#[test]
fn leads_that_are_drawn_after_the_pause_go_back() {
    check(
        "agents 1
         campaign c predictive
         leads c 2
         by hand draw
         0 ready 1
         1 pause c
         2 drawn c L1 L2",
        "1 release all of c
         2 release all of c",
    );
}

#[test]
fn a_lead_that_is_checked_after_the_pause_goes_back() {
    check(
        "agents 1
         campaign c predictive
         leads c 1
         by hand check
         0 ready 1
         1 pause c
         2 checked L1",
        "1 release all of c
         2 release L1",
    );
}

#[test]
fn a_lead_drawn_twice_is_dialled_once() {
    check(
        "agents 1 2 3
         campaign c predictive
         leads c 2
         by hand draw check
         show check
         0 ready 1
         0 ready 2
         0 ready 3
         1 drawn c L1 L2
         1.5 checked L1
         2 drawn c L2
         3 checked L2
         4 wait",
        "1 check L1
         1 check L2
         1.5 dial L1
         3 dial L2",
    );
}

#[test]
fn a_campaign_finishes_once_when_everything_is_done() {
    check(
        "agents 1
         campaign c predictive attempts=2 day=5
         leads c 2
         show told
         0 ready 1
         1 ends L1 486
         2 ends L2 404
         600 wait
         602 ends L1 486
         700 wait",
        "0 dial L1
         1 close L1 busy again in 600
         1 dial L2
         2 close L2 unallocated
         601 dial L1
         602 close L1 busy
         602 finish c
         602 finished c",
    );
}

#[test]
fn a_campaign_of_blocked_leads_finishes() {
    check(
        "agents 1
         campaign c predictive
         lead c dnc
         lead c voided
         0 ready 1
         3 wait",
        "0 block L1 dnc
         1 finish c",
    );
}

#[test]
fn a_drain_dials_nothing_more_and_lets_calls_end() {
    check(
        "agents 1 2
         campaign c predictive
         leads c 5
         0 ready 1
         0 ready 2
         1 answers L1
         1.5 answers a1
         2 drain
         3 ends L2 486
         20 ends L1
         60 wait",
        "0 dial L1
         0 dial L2
         1 ring a1
         1.5 bridge L1 a1
         2 release all of c
         3 close L2 busy again in 600
         20 close L1 connected by 1
         20 hang up a1",
    );
}

#[test]
fn an_end_waits_for_the_attempt_that_is_being_written() {
    let script = "agents 1
         campaign c predictive
         leads c 1
         by hand attempt
         0 ready 1
         1 drain";
    assert!(Stage::of(script).floor.awaits_store());
    let written = format!("{script}\n2 opened L1");
    let stage = Stage::of(&written);
    assert!(!stage.floor.awaits_store());
    assert_eq!(
        stage.shown.last().map(String::as_str),
        Some("2 close L1 cancelled again in 300 not counted")
    );
}

#[test]
fn a_robot_speaks_and_hangs_up() {
    check(
        "campaign c robot
         leads c 1
         0 wait
         2 answers L1
         12 heard L1
         14 wait",
        "0 dial L1
         2 play L1 robot
         12 hang up L1
         12 close L1 connected
         12 finish c",
    );
}

#[test]
fn a_robot_speaks_and_hands_over() {
    check(
        "agents 1
         campaign c robot then=sales
         leads c 1
         0 ready 1
         2 answers L1
         12 heard L1
         13 answers a1
         20 ends L1",
        "0 dial L1
         2 play L1 robot
         12 ring a1
         13 bridge L1 a1
         20 close L1 connected by 1
         20 hang up a1",
    );
}

#[test]
fn a_robot_needs_no_agents_and_fills_what_can_be_carried() {
    check(
        "gateway channels=3
         campaign c robot
         leads c 5
         0 wait
         1 answers L1
         2 ends L1
         3 wait",
        "0 dial L1
         0 dial L2
         0 dial L3
         1 play L1 robot
         2 close L1 connected
         2 dial L4",
    );
}

#[test]
fn a_callee_who_hangs_up_on_the_robot_was_reached() {
    check(
        "campaign c robot
         leads c 1
         0 wait
         2 answers L1
         5 ends L1",
        "0 dial L1
         2 play L1 robot
         5 close L1 connected
         5 finish c",
    );
}

#[test]
fn an_answer_older_than_a_callback_does_not_finish_the_campaign() {
    check(
        "agents 1
         campaign c predictive
         leads c 1
         by hand draw
         show draw
         0 ready 1
         1 drawn c L1
         2 answers L1
         3 answers a1
         8 ends L1
         9 says 1 L1 callback 60
         9.1 drawn c nothing
         11 wait",
        "0 draw c 200
         1 draw c 200
         1 dial L1
         2 ring a1
         3 bridge L1 a1
         8 close L1 connected by 1
         8 hang up a1
         9 dispose L1 callback
         10.1 draw c 200",
    );
}

#[test]
fn whom_a_robot_could_say_nothing_is_not_reached() {
    check(
        "campaign c robot
         leads c 1
         0 wait
         2 answers L1
         2.1 mute L1",
        "0 dial L1
         2 play L1 robot
         2.1 hang up L1
         2.1 close L1 abandoned again in 86400",
    );
}
