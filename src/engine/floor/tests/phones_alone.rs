//! Phones at which no agent is signed in: they send their calls on, and ask somebody first.

use super::script::{check, check_since};

/// Somebody outside talks with the phone 8500 from second 3 on.
const CALLED: &str = "agents 1 2
     phone 8500
     phone 8600
     route 777 inbound=8500
     route 8500 basic
     1 calls x 777
     3 answers 8500";

#[track_caller]
fn check_called(set: &str, script: &str, expected: &str) {
    let script = format!("{set}\n{CALLED}\n{script}");
    check_since(3.0, &script, expected);
}

#[test]
fn a_phone_sends_its_caller_on_and_has_them_back_when_nobody_takes_them() {
    check_called(
        "show park legs",
        "5 refers 8500 802
         6 ends a2 486
         9 refers 8500 *6sales
         10 ready 2
         11 answers a2
         20 ends x",
        "5 ring a2
         5 park x music
         5 park 8500 ringback
         6 tell 8500 of its transfer 486
         6 bridge x 8500
         9 tell 8500 of its transfer 200
         9 hang up 8500
         9 park x music
         10 ring a2
         11 bridge x a2
         20 close x connected by 2, extension 8500 from 3 to 9 transferred, agent 2 to 6 busy, agent 2 from 11 to 20 call_over
         20 hang up a2",
    );
}

#[test]
fn what_a_phone_has_called_outside_is_barred_counted_and_by_the_routes() {
    check_called(
        "outside denied=00 hour=1
         route ^0 outbound",
        "4 refers 8500 55555
         5 refers 8500 0044
         6 refers 8500 8500
         7 refers 8500 10010
         8 ends 10010 486
         10 refers 8500 10010
         11 refers x 10010",
        "4 tell 8500 of its transfer 404
         5 tell 8500 of its transfer 603
         6 tell 8500 of its transfer 486
         7 dial 10010
         8 tell 8500 of its transfer 486
         8 bridge x 8500
         10 tell 8500 of its transfer 486
         11 tell x of its transfer 603",
    );
}

#[test]
fn a_phone_asks_another_and_hands_its_caller_over_on_either_of_its_calls() {
    for (on, names) in [("8500", "own"), ("own", "8500")] {
        check_called(
            "show park",
            &format!(
                "4 holds 8500 on
                 5 dials at 8500 own 8600
                 7 answers 8600
                 8 holds own on
                 9 holds own off
                 10 refers {on} 8600 {names}
                 20 ends 8600"
            ),
            &format!(
                "4 park x music
                 4 park 8500 silence
                 5 ring 8600
                 5 park x music
                 5 park 8500 silence
                 7 answer own
                 7 park x music
                 7 park 8500 silence
                 7 park x music
                 7 park 8500 silence
                 7 bridge 8600 own
                 8 park x music
                 8 park 8500 silence
                 8 park 8600 music
                 8 park own silence
                 9 park x music
                 9 park 8500 silence
                 9 bridge 8600 own
                 10 tell {on} of its transfer 200
                 10 hang up own
                 10 hang up 8500
                 10 bridge x 8600
                 20 hang up x
                 20 close x connected"
            ),
        );
    }
}

#[test]
fn a_phones_question_ends_with_its_call_and_who_hangs_up_on_two_lets_them_talk() {
    check_called(
        "",
        "4 holds 8500 on
         5 dials at 8500 own 802
         6 dials at 8500 third 8600
         7 answers a2
         8 ends own
         9 holds 8500 off
         10 dials at 8500 own 8600
         11 answers 8600
         12 ends 8500
         13 refers 8600 801
         14 answers a1
         15 ends a1",
        "5 ring a2
         6 hang up third Busy
         7 answer own
         7 bridge a2 own
         8 hang up a2
         9 bridge x 8500
         10 ring 8600
         10 bridge x 8500
         11 answer own
         11 bridge x 8500
         11 bridge x 8500
         11 bridge 8600 own
         12 hang up own
         12 bridge x 8600
         13 ring a1
         14 tell 8600 of its transfer 200
         14 hang up 8600
         14 bridge x a1
         15 hang up x
         15 close x connected by 1",
    );
}

#[test]
fn a_phone_sends_on_whom_it_called_outside() {
    check_since(
        3.0,
        "agents 1 2
         phone 8500
         phone 8600
         show caller park
         1 dials at 8500 x 10010
         3 answers 10010
         5 holds 10010 on
         6 refers x 802
         8 answers a2
         20 ends 10010",
        "5 park x music
         5 park 10010 silence
         6 ring a2 showing 10010
         6 park 10010 music
         6 park x ringback
         8 tell x of its transfer 200
         8 hang up x
         8 bridge 10010 a2
         20 close 8500 connected by 2
         20 hang up a2",
    );
}

#[test]
fn a_phone_asks_about_the_phone_that_it_called_and_hands_it_over() {
    check(
        "agents 1 2
         phone 8500
         phone 8600
         phone 8700
         1 dials at 8500 x 8600
         3 answers 8600
         4 holds x on
         5 dials at 8500 own 8700
         7 answers 8700
         8 refers x 8700 own
         9 dials at 8500 free 802
         20 ends 8700",
        "1 ring 8600
         3 answer x
         3 bridge x 8600
         5 ring 8700
         7 answer own
         7 bridge 8700 own
         8 tell x of its transfer 200
         8 hang up own
         8 hang up x
         8 bridge 8600 8700
         9 ring a2
         20 hang up 8600
         20 close 8500 connected",
    );
}

#[test]
fn whoever_an_agent_talks_with_sends_that_agent_nowhere() {
    check(
        "agents 1 2
         phone 8500
         1 dials at 8500 x 801
         3 answers a1
         5 refers x 802
         6 dials at 8500 own 802
         7 ends x",
        "1 ring a1
         3 answer x
         3 bridge x a1
         5 tell x of its transfer 603
         6 hang up own Busy
         7 close 8500 connected by 1
         7 hang up a1",
    );
}
