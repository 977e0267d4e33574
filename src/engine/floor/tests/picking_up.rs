//! Calls that are taken while they ring elsewhere, by code, by order and by naming the leg; and what becomes
//! of them when who took them does not come to the phone.

use super::{
    script::{check, check_after},
    talking::check_talk,
};

#[test]
fn a_colleague_picks_up_what_rings_for_five_seconds() {
    check(
        "agents 1 2
         queue wait=60 ring=30
         show agent
         0 ready 1
         1 calls x 4000
         3 dials at 802 early *7801#
         7 dials at 802 p *7801#
         9 ends x",
        "0 agent 1 unready.wait
         0 agent 2 unready.wait
         0 agent 1 ready
         1 answer x
         1 agent 1 busy.ringing
         1 ring a1
         3 hang up early Declined
         7 agent 2 busy.ringing
         7 hang up a1 NoAnswer
         7 agent 1 ready
         7 answer p
         7 bridge x p
         7 agent 2 busy.answered
         9 close x connected by 2
         9 hang up p
         9 agent 2 acw",
    );
}

#[test]
fn a_call_that_rings_at_a_phone_or_in_a_queue_is_taken_by_code_and_by_its_leg() {
    check(
        "agents 1
         phone 8500
         phone 8600
         queue wait=60 ring=30
         route 777 inbound=8500
         route 8500 basic
         1 calls x 777
         7 dials at 8600 p *78500
         8 ends p
         10 ready 1
         11 calls y 4000
         12 dials at 8600 q any a1
         17 dials at 8600 q2 any a1
         18 ends y
         19 dials at 8600 r *7sales#",
        "1 ring 8500
         7 hang up 8500 NoAnswer
         7 answer p
         7 answer x
         7 bridge x p
         8 hang up x
         8 close x connected
         11 answer y
         11 ring a1
         12 hang up q Declined
         17 hang up a1 NoAnswer
         17 answer q2
         17 bridge y q2
         18 close y connected
         18 hang up q2
         19 hang up r Declined",
    );
}

#[test]
fn a_queue_is_named_by_its_number_and_an_extension_of_that_number_counts_before_it() {
    check(
        "agents 1 2
         phone 8600
         queue wait=60 ring=30
         another queue care 4001 ring=30
         another queue night 802 ring=30
         also in care 1
         also in night 1
         0 ready 1
         1 calls x 4001
         7 dials at 8600 other *74000#
         8 dials at 8600 p *74001#
         9 ends p
         11 calls y 802
         12 out 2
         13 phone 2 off
         18 dials at 8600 q *7802#
         19 dials at 8600 nobody *79999#
         20 dials at 8600 r *7night",
        "1 answer x
         1 ring a1
         7 hang up other Declined
         8 hang up a1 NoAnswer
         8 answer p
         8 bridge x p
         9 hang up x
         9 close x connected
         11 answer y
         11 ring a1
         18 hang up q Declined
         19 hang up nobody Declined
         20 hang up a1 NoAnswer
         20 answer r
         20 bridge y r",
    );
}

const RINGS_AT_1: &str = "agents 1 2 3
     queue wait=60 ring=30
     another queue care 4001
     phone 8500
     0 ready 1
     1 calls x 4000";

#[track_caller]
fn check_ringing(script: &str, expected: &str) {
    let timed = script
        .lines()
        .find(|line| is_timed(line))
        .unwrap_or_default();
    let (set, then) = script.split_at(script.find(timed).unwrap_or(0));
    check_after(
        "1 ring a1",
        &format!("{set}\n{RINGS_AT_1}\n{then}"),
        expected,
    );
}

fn is_timed(line: &str) -> bool {
    let word = line.split_whitespace().next();
    word.is_some_and(|word| word.parse::<f64>().is_ok())
}

#[test]
fn an_agent_takes_what_rings_at_a_colleague_and_the_own_phone_rings_for_it() {
    for what in ["agent 1", "extension 801", "queue sales", ""] {
        check_ringing(
            &format!(
                "3 picks-up 2 {what}
                 7 picks-up 2 {what}
                 9 answers a2
                 20 ends x"
            ),
            "3 refused TOO_EARLY
             7 hang up a1 NoAnswer
             7 ring a2
             9 bridge x a2
             20 close x connected by 2
             20 hang up a2",
        );
    }
}

#[test]
fn a_call_that_was_picked_up_and_not_answered_waits_on_at_its_place() {
    check_ringing(
        "show park waited
         6 calls y 4000
         7 picks-up 2
         7.5 break 1
         18 ready 3
         19 answers a3
         20 ends x",
        "1 park x music
         6 answer y
         6 park y music
         7 hang up a1 NoAnswer
         7 ring a2
         7 ring a1
         18 hang up a2 NoAnswer
         18 park x music
         18 ring a3
         19 bridge x a3
         20 close x connected by 3 waited 18000
         20 hang up a3",
    );
}

#[test]
fn who_cannot_take_a_call_is_told_why() {
    check_ringing(
        "5.9 picks-up 2 queue care
         6 out 3
         6.1 picks-up 3
         6.2 dials at 802 own 8500
         7 picks-up 2
         8 ends own 487
         9 phone 2 off
         10 picks-up 2
         10.5 phone 2 on
         11 picks-up 2 agent 3
         12 picks-up 1",
        "5.9 refused NO_SUCH_CALL
         6.1 refused ILLEGAL_TRANSITION
         6.2 ring 8500
         7 refused BUSY
         8 close 802 no_answer
         8 hang up 8500
         10 refused PHONE_NOT_REGISTERED
         11 refused NO_SUCH_CALL
         12 refused BUSY",
    );
}

#[test]
fn the_code_without_a_number_takes_what_rings_longest_in_the_group() {
    check(
        "agents 1 2 3
         phone 8500
         route 777 inbound=801
         route 801 basic
         queue wait=60 ring=30 wrap=1
         another queue care 4001 ring=30
         also in care 3
         0 ready 3
         1 calls x 4001
         9 dials at 8500 nobody *
         10 dials at 802 stranger *
         11 ends x
         11.1 break 3
         20 calls y 777
         21 ready 2
         22 calls z 4000
         29 dials at 803 p *
         35 ends p
         37 done 3
         38 dials at 803 q *7#
         40 ends q",
        "1 answer x
         1 ring a3
         9 hang up nobody Declined
         10 hang up stranger Declined
         11 hang up a3 NoAnswer
         11 close x abandoned
         20 ring a1
         22 answer z
         22 ring a2
         29 hang up a1 NoAnswer
         29 answer p
         29 answer y
         29 bridge y p
         35 hang up y
         35 close y connected by 3
         38 hang up a2 NoAnswer
         38 answer q
         38 bridge z q
         40 hang up z
         40 close z connected by 3",
    );
}

/// The phone 8500 takes the call that rings at agent 1, and does not come up at once.
const TAKEN: &str = "agents 1 2
     phone 8500
     queue wait=60 ring=30
     by hand answer
     show park waited
     0 ready 1
     1 calls x 4000
     1 answers x
     2 calls y 4000
     2 answers y
     7 dials at 8500 p *7801";

#[test]
fn a_phone_that_takes_a_queues_call_and_hangs_up_at_once_leaves_the_caller_in_the_line() {
    check_after(
        "7 ring a1",
        &format!(
            "{TAKEN}
             7.5 ends p
             8 ready 2
             10 answers a2
             20 ends x"
        ),
        "7.5 park x music
         8 ring a2
         10 bridge x a2
         20 close x connected by 2 waited 9000
         20 hang up a2",
    );
}

#[test]
fn a_phone_that_takes_a_queues_call_and_never_comes_up_leaves_the_caller_in_the_line() {
    check_after(
        "7 ring a1",
        &format!(
            "{TAKEN}
             18 ready 2
             20 ends x"
        ),
        "17 hang up p NoAnswer
         17 park x music
         18 ring a2
         20 hang up a2 NoAnswer
         20 close x abandoned waited 19000",
    );
}

#[test]
fn a_caller_who_leaves_while_somebody_takes_the_call_was_lost() {
    check_after(
        "7 answer p",
        "agents 1
         phone 8500
         queue wait=60 ring=30 resume=60
         another queue care 4001
         by hand answer
         0 ready 1
         1 calls x 4000
         1 answers x
         7 dials at 8500 p *7sales
         8 ends x",
        "8 close x abandoned
         8 hang up p",
    );
}

#[test]
fn a_call_for_one_phone_that_nobody_took_after_all_rings_there_again() {
    check(
        "agents 1 2
         phone 8500
         phone 8600
         route 777 inbound=801
         route 801 basic
         route 778 inbound=8500
         route 8500 basic
         by hand answer
         1 calls x 777
         7 dials at 8600 p *7801
         8 ends p
         9 answers a1
         9 answers x
         10 ends x
         20 calls y 778
         26 dials at 8600 q *78500
         27 ends q
         28 answers 8500
         28 answers y
         29 ends y
         40 calls z 777
         46 picks-up 2 agent 1
         47 ends a2 486
         48 answers a1
         48 answers z",
        "1 ring a1
         7 hang up a1 NoAnswer
         7 answer p
         8 ring a1
         9 answer x
         9 bridge x a1
         10 close x connected by 1
         10 hang up a1
         20 ring 8500
         26 hang up 8500 NoAnswer
         26 answer q
         27 ring 8500
         28 answer y
         28 bridge y 8500
         29 close y connected
         29 hang up 8500
         40 ring a1
         46 hang up a1 NoAnswer
         46 ring a2
         47 ring a1
         48 answer z
         48 bridge z a1",
    );
}

#[test]
fn a_call_that_is_sent_on_is_taken_by_another_and_comes_back_to_who_sent_it() {
    check_talk(
        "agents 1 2 3
         phone 8500
         phone 8600
         show legs
         2.5 ready 2
         5 in-call 1 transfer agent 2
         10.5 dials at 8600 alone *7802
         11 picks-up 3 agent 2
         12 ends a3 486
         13 answers a1
         14 in-call 1 transfer extension 8500
         20 dials at 803 p *78500
         30 in-call 3 transfer extension 8500
         36 picks-up 2 extension 8500
         38 answers a2
         40 ends L1",
        "5 ring a2
         5 hang up a1
         10.5 hang up alone Unallocated
         11 ring a3
         11 hang up a2 NoAnswer
         12 ring a1
         13 bridge L1 a1
         14 ring 8500
         14 hang up a1
         20 hang up 8500 NoAnswer
         20 answer p
         20 bridge L1 p
         30 ring 8500
         30 hang up p
         36 ring a2
         36 hang up 8500 NoAnswer
         38 bridge L1 a2
         40 close L1 connected by 2, agent 1 from 2 to 5 transferred, agent 2 to 11 withdrawn, agent 3 to 12 hung_up, agent 1 from 13 to 14 transferred, extension 8500 to 20 withdrawn, agent 3 from 20 to 30 transferred, extension 8500 to 36 withdrawn, agent 2 from 38 to 40 call_over
         40 hang up a2",
    );
}

#[test]
fn a_phone_without_an_agent_takes_a_caller_who_was_sent_on() {
    check(
        "agents 1 2
         phone 8500
         queue wait=60 ring=30
         0 ready 1
         1 calls x 4000
         2 answers a1
         3 in-call 1 transfer agent 2
         9 dials at 8500 p *7802
         12 ends p",
        "1 answer x
         1 ring a1
         2 bridge x a1
         3 ring a2
         3 hang up a1
         9 hang up a2 NoAnswer
         9 answer p
         9 bridge x p
         12 hang up x
         12 close x connected by 1",
    );
}
