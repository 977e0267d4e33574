//! What agents do at their phones: hold, transfer, ask, and call by themselves.

use crate::destination::Destination;

use super::{
    script::{Stage, check, check_after},
    talking::{check_talk, talk},
};

#[test]
fn a_hold_at_the_phone_gives_the_customer_music_and_shows() {
    check_talk(
        "agents 1
         show park agent
         5 holds a1 on
         9 holds a1 off
         20 ends L1",
        "5 park L1 music
         5 park a1 silence
         5 agent 1 busy.hold
         9 bridge L1 a1
         9 agent 1 busy.answered
         20 close L1 connected by 1
         20 hang up a1
         20 agent 1 acw",
    );
}

#[test]
fn what_a_phone_holds_by_itself_is_taken_up_there_when_the_console_retrieves_it() {
    check_talk(
        "agents 1
         5 holds a1 on
         7 in-call 1 retrieve
         7.1 holds a1 off
         8 in-call 1 hold
         9 in-call 1 retrieve
         10 holds a1 on
         11 holds a1 off
         12 in-call 1 hold
         13 in-call 1 retrieve
         20 ends L1",
        "7 take up a1
         7 bridge L1 a1
         9 bridge L1 a1
         11 bridge L1 a1
         13 bridge L1 a1
         20 close L1 connected by 1
         20 hang up a1",
    );
}

#[test]
fn a_phone_sends_the_customer_to_a_colleague_a_queue_or_outside() {
    check_talk(
        "agents 1 2
         show legs
         2.5 ready 2
         5 refers a1 802
         8 answers a2
         9 refers a2 10010
         12 answers 10010
         20 ends L1
         25 wait",
        "5 ring a2
         8 tell a1 of its transfer 200
         8 hang up a1
         8 bridge L1 a2
         9 dial 10010
         12 tell a2 of its transfer 200
         12 hang up a2
         12 bridge L1 10010
         20 close L1 connected by 2, agent 1 from 2 to 8 transferred, agent 2 from 8 to 12 transferred, outside 10010 from 12 to 20 call_over
         20 hang up 10010
         22.2 finish c",
    );
}

#[test]
fn a_phone_is_told_why_a_transfer_does_not_go() {
    check_talk(
        "agents 1 2
         outside denied=00
         route ^00 outbound
         5 refers a1 55555
         6 refers a1 008844
         7 in-call 1 consult number 10010
         8 refers a1 802
         9 in-call 1 cancel
         10 refers a1 802 L1
         11 refers L1 802
         12 out 2
         13 refers a1 2",
        "5 tell a1 of its transfer 404
         6 tell a1 of its transfer 603
         7 dial 10010
         8 tell a1 of its transfer 486
         9 hang up 10010 NoAnswer
         9 bridge L1 a1
         10 tell a1 of its transfer 603
         11 tell L1 of its transfer 603
         13 tell a1 of its transfer 404",
    );
}

const ASKED: &str = "agents 1 2
     2.5 ready 2
     5 holds a1 on
     6 dials at 801 own 802
     8 answers a2";

/// Agent 1 asks agent 2 at the phone, with the customer on hold: what comes from second 8 on.
#[track_caller]
fn check_asked(script: &str, expected: &str) {
    let script = talk(&format!("{ASKED}\n{script}"));
    check_after("8 bridge a2 own", &script, expected);
}

#[test]
fn a_phone_asks_a_colleague_with_the_customer_on_hold() {
    check_talk(
        &format!("show park\n{ASKED}"),
        "5 park L1 music
         5 park a1 silence
         6 ring a2
         6 park L1 music
         6 park a1 silence
         8 answer own
         8 park L1 music
         8 park a1 silence
         8 park L1 music
         8 park a1 silence
         8 bridge a2 own",
    );
}

#[test]
fn a_phone_that_has_asked_hands_the_customer_over() {
    check_asked(
        "show legs
         10 refers a1 802 own
         20 ends L1",
        "10 tell a1 of its transfer 200
         10 hang up own
         10 hang up a1
         10 bridge L1 a2
         20 close L1 connected by 2, agent 1 from 2 to 10 transferred, agent 2 from 10 to 20 call_over
         20 hang up a2",
    );
}

#[test]
fn a_question_from_the_phone_ends_with_its_call_and_the_phone_swaps_by_itself() {
    check_asked(
        "show park
         9 holds own on
         9.5 holds a1 off
         9.6 in-call 1 swap
         11 ends own",
        "9 park L1 music
         9 park a1 silence
         9 park a2 music
         9 park own silence
         9.5 bridge L1 a1
         9.5 park a2 music
         9.5 park own silence
         9.6 refused AT_PHONE
         11 hang up a2
         11 bridge L1 a1",
    );
}

#[test]
fn a_colleague_who_leaves_a_phones_question_leaves_the_customer_as_the_phone_has_them() {
    check_asked(
        "by hand hangup
         9 holds own on
         9.5 holds a1 off
         11 ends a2
         12 holds a1 off",
        "9.5 bridge L1 a1
         11 hang up own
         11 bridge L1 a1",
    );
    check_asked(
        "by hand hangup
         show park
         11 ends a2
         12 holds a1 off",
        "11 hang up own
         11 park L1 music
         11 park a1 silence
         12 bridge L1 a1",
    );
}

#[test]
fn a_customer_who_hangs_up_ends_the_phones_question_too() {
    check_talk(
        "agents 1 2
         2.5 ready 2
         6 dials at 801 own 802
         7 ends L1
         8 answers a2",
        "6 ring a2
         6 bridge L1 a1
         7 close L1 connected by 1
         7 hang up a1
         7 hang up own NoAnswer
         7 hang up a2 NoAnswer
         8 hang up a2",
    );
}

#[test]
fn phones_call_one_another_and_a_phone_is_in_one_call() {
    check(
        "agents 1
         phone 8500
         phone 8600
         phone 8700
         show park
         1 dials at 8500 x 8600
         2 dials at 8700 y 8600
         3 dials at 8500 z 8700
         4 answers 8600
         5 holds x on
         6 holds x off
         7 holds 8600 on
         8 holds 8600 off
         9 ends 8600
         10 dials at 8500 z 8600
         11 dials at 8700 y 99",
        "1 ring 8600
         2 hang up y Busy
         3 hang up z Busy
         4 answer x
         4 bridge x 8600
         5 park x silence
         5 park 8600 music
         6 bridge x 8600
         7 park x music
         7 park 8600 silence
         8 bridge x 8600
         9 hang up x
         9 close 8500 connected
         10 ring 8600
         11 hang up y Unallocated",
    );
}

#[test]
fn a_phone_calls_outside_by_the_routes_past_the_lists_and_not_where_it_is_barred() {
    check(
        "agents 1
         phone 8500
         outside denied=00
         route ^0 outbound=trunk prefix=9
         forbidden 02199
         show check route
         1 dials at 8500 x 02133
         3 answers 902133
         5 ends x
         6 dials at 8500 y 02199
         8 dials at 8500 z 0044
         9 dials at 8500 u 77777",
        "1 check 02133
         1 dial 02133 as 8500 by trunk
         3 answer x
         3 bridge x 02133
         5 close 8500 connected
         5 hang up 02133
         6 check 02199
         6 hang up y Declined
         6 close 8500 declined
         8 hang up z Declined
         9 hang up u Unallocated",
    );
}

#[test]
fn a_phone_that_calls_an_agent_by_number_is_not_recorded() {
    check(
        "agents 1
         phone 8500
         0 ready 1
         1 dials at 8500 x 1
         3 answers a1
         5 ends x",
        "1 ring a1
         3 answer x
         3 bridge x a1
         5 close 8500 connected by 1
         5 hang up a1",
    );
}

#[test]
fn an_agent_on_a_call_of_their_own_is_offered_none() {
    check(
        "agents 1
         phone 8500
         queue wait=60
         0 ready 1
         1 dials at 801 x 8500
         2 calls y 4000
         4 ends x 487
         5 answers a1",
        "1 ring 8500
         2 answer y
         4 close 801 no_answer
         4 hang up 8500
         4 ring a1
         5 bridge y a1",
    );
}

#[test]
fn a_phone_hears_what_a_robots_number_says_and_has_the_routes_priority() {
    check(
        "agents 1
         phone 8500
         phone 8600
         queue wait=60
         route 201 robot=hours
         route 301 queue=sales 5
         show park
         1 dials at 8500 x 201
         2 heard x
         2.1 ends x
         3 calls y 4000
         4 dials at 8600 z 301
         5 ready 1
         6 ends z",
        "1 answer x
         1 play x hours
         2 hang up x
         2 close 8500 exited
         3 answer y
         3 park y music
         4 answer z
         4 park z music
         5 ring a1
         6 hang up a1 NoAnswer
         6 close 8600 abandoned
         6 ring a1",
    );
}

#[test]
fn what_a_number_names_at_a_phone_goes_before_the_routes() {
    let stage = Stage::of(
        "agents 1
         another queue 2 301
         phone 8001
         route ^\\d{4}$ outbound
         0 ready 1",
    );
    let named = |number: &str| stage.floor.named_at_phone(number, stage.now);
    let extension = |extension: &str| {
        let extension = extension.into();
        Some(Some(Destination::Extension { extension }))
    };
    assert_eq!(named("8001"), extension("8001"));
    assert_eq!(named("*58001#"), extension("8001"));
    assert_eq!(
        named("1"),
        Some(Some(Destination::Agent { agent: "1".into() }))
    );
    assert_eq!(
        named("*62"),
        Some(Some(Destination::Queue { queue: "2".into() }))
    );
    assert_eq!(named("*58002"), Some(None), "no such phone");
    assert_eq!(named("8002"), None, "the routes say");
}
