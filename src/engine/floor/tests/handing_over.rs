//! An answered call finds its agent, or nobody does.

use super::script::check;

#[test]
fn the_longest_idle_agent_gets_the_call() {
    check(
        "agents 1 2
         campaign c predictive
         leads c 1
         show told
         0 ready 2
         1 ready 1
         5 answers L1
         6 answers a2",
        "0 dial L1
         5 popup 2 13900000000
         5 ring a2
         6 bridge L1 a2",
    );
}

#[test]
fn an_agent_who_picks_up_is_bridged_talks_wraps_up_and_is_ready() {
    check(
        "agents 1
         campaign c predictive record=yes
         leads c 1
         show agent park
         0 ready 1
         5 answers L1
         6 answers a1
         30 ends L1
         41 wait",
        "0 agent 1 unready.wait
         0 agent 1 ready
         0 dial L1
         5 agent 1 busy.ringing
         5 ring a1
         5 park L1 music
         6 bridge L1 a1
         6 agent 1 busy.answered
         30 close L1 connected by 1
         30 hang up a1
         30 agent 1 acw
         40 agent 1 ready
         40.2 finish c",
    );
}

#[test]
fn a_call_nobody_takes_in_two_seconds_is_abandoned_with_a_message() {
    check(
        "agents 1 2
         campaign c predictive
         leads c 1
         show agent
         0 ready 1
         4 break 1
         5 answers L1
         9 heard L1",
        "0 agent 1 unready.wait
         0 agent 2 unready.wait
         0 agent 1 ready
         0 dial L1
         4 agent 1 unready.break
         7 play L1 sorry
         9 hang up L1
         9 close L1 abandoned again in 86400",
    );
}

#[test]
fn an_abandoned_caller_has_waited_until_the_message_began() {
    check(
        "campaign c predictive
         leads c 1
         agents 1
         show waited
         0 ready 1
         4 break 1
         5 answers L1
         9 heard L1",
        "0 dial L1
         7 play L1 sorry
         9 hang up L1
         9 close L1 abandoned again in 86400 waited 2000",
    );
}

#[test]
fn an_offer_that_still_rings_at_two_seconds_is_taken_back() {
    check(
        "agents 1
         campaign c predictive
         leads c 1
         show agent
         0 ready 1
         5 answers L1
         7 wait
         7.5 answers a1
         9 heard L1",
        "0 agent 1 unready.wait
         0 agent 1 ready
         0 dial L1
         5 agent 1 busy.ringing
         5 ring a1
         7 hang up a1 NoAnswer
         7 agent 1 ready
         7 play L1 sorry
         7.5 hang up a1
         9 hang up L1
         9 close L1 abandoned again in 86400",
    );
}

#[test]
fn a_caller_who_gives_up_while_waiting_is_abandoned() {
    check(
        "agents 1
         campaign c predictive
         leads c 1
         show agent
         0 ready 1
         5 answers L1
         6 ends L1",
        "0 agent 1 unready.wait
         0 agent 1 ready
         0 dial L1
         5 agent 1 busy.ringing
         5 ring a1
         6 hang up a1 NoAnswer
         6 agent 1 ready
         6 close L1 abandoned again in 86400",
    );
}

#[test]
fn a_phone_that_rejects_sends_the_call_to_the_next_agent() {
    check(
        "agents 1 2
         campaign c predictive
         leads c 1
         show agent
         0 ready 1
         0.5 ready 2
         5 answers L1
         5.5 ends a1 486
         6 answers a2",
        "0 agent 1 unready.wait
         0 agent 2 unready.wait
         0 agent 1 ready
         0 dial L1
         0.5 agent 2 ready
         5 agent 1 busy.ringing
         5 ring a1
         5.5 agent 1 ready
         5.5 agent 2 busy.ringing
         5.5 ring a2
         6 bridge L1 a2
         6 agent 2 busy.answered",
    );
}

#[test]
fn an_agent_who_hangs_up_on_an_offer_rejects_it_and_the_caller_waits_on() {
    check(
        "agents 1 2
         campaign c predictive
         leads c 1
         0 ready 1
         0.5 ready 2
         5 answers L1
         5.5 hangs-up 1
         6 answers a2",
        "0 dial L1
         5 ring a1
         5.5 hang up a1 NoAnswer
         5.5 ring a2
         6 bridge L1 a2",
    );
}

#[test]
fn an_agent_who_lets_it_ring_too_often_is_put_on_a_break() {
    check(
        "agents 1
         queue ring=3 no-answers=2 wait=60
         show agent
         0 ready 1
         1 calls x 4000
         4 ends a1 480
         8 ends a1 480
         20 ends x
         21 ready 1
         22 calls y 4000
         25 ends a1 480
         27 wait",
        "0 agent 1 unready.wait
         0 agent 1 ready
         1 answer x
         1 agent 1 busy.ringing
         1 ring a1
         4 agent 1 ready
         5 agent 1 busy.ringing
         5 ring a1
         8 agent 1 unready.break NO_ANSWER
         20 close x abandoned
         21 agent 1 ready
         22 answer y
         22 agent 1 busy.ringing
         22 ring a1
         25 agent 1 ready
         26 agent 1 busy.ringing
         26 ring a1",
    );
}

#[test]
fn a_phone_that_never_tells_is_given_up_a_second_after_its_ringing() {
    check(
        "agents 1 2
         queue ring=3 wait=60
         0 ready 1
         0.5 ready 2
         1 calls x 4000
         2 ends a1 480
         6 ends a2 480
         9.5 wait
         12 wait",
        "1 answer x
         1 ring a1
         2 ring a2
         6 hang up a2 NoAnswer
         6 ring a1
         10 hang up a1 NoAnswer
         10 ring a2",
    );
}

#[test]
fn a_phone_that_the_switch_does_not_reach_rests_and_is_not_blamed() {
    check(
        "agents 1
         queue no-answers=1 wait=60
         show agent
         0 ready 1
         1 calls x 4000
         1 refuses a1 ours
         1.5 wait
         2.1 answers a1",
        "0 agent 1 unready.wait
         0 agent 1 ready
         1 answer x
         1 agent 1 busy.ringing
         1 ring a1
         1 agent 1 ready
         2 agent 1 busy.ringing
         2 ring a1
         2.1 bridge x a1
         2.1 agent 1 busy.answered",
    );
}

#[test]
fn calls_we_dialled_come_before_calls_that_came_in() {
    check(
        "agents 1
         campaign c predictive ratio=2
         leads c 1
         0 ready 1
         1 break 1
         2 calls x 4000
         3 answers L1
         4 ready 1
         4.5 answers a1
         20 ends L1
         31 answers a1",
        "0 dial L1
         2 answer x
         4 ring a1
         4.5 bridge L1 a1
         20 close L1 connected by 1
         20 hang up a1
         30 ring a1
         30.2 finish c
         31 bridge x a1",
    );
}

#[test]
fn a_caller_waits_as_long_as_the_queue_lets_him_then_hears_a_message() {
    check(
        "agents 1
         queue wait=10
         1 calls x 4000
         11 wait
         13 heard x",
        "1 answer x
         11 play x sorry
         13 hang up x
         13 close x abandoned",
    );
}

#[test]
fn a_number_without_a_route_is_not_answered() {
    check(
        "agents 1
         0 ready 1
         1 calls x 4001
         2 calls y 4000 from-nowhere",
        "1 hang up x Unallocated
         2 hang up y Unallocated",
    );
}

#[test]
fn a_route_to_a_queue_that_is_gone_is_no_route() {
    check(
        "agents 1
         0 ready 1
         1 remove queue
         2 calls x 4000",
        "2 hang up x Unallocated",
    );
}

#[test]
fn a_lost_person_hears_the_campaigns_message_and_the_record_says_how_much() {
    check(
        "agents 1
         campaign c predictive ratio=3 sorry=who-called
         leads c 3
         show heard
         0 ready 1
         1 answers L1
         1.1 answers a1
         2 answers L2
         2 answers L3
         4 wait
         6 heard L2
         7 ends L3
         9 ends L1",
        "0 dial L1
         0 dial L2
         0 dial L3
         1 ring a1
         1.1 bridge L1 a1
         4 play L2 who-called
         4 play L3 who-called
         6 hang up L2
         6 close L2 abandoned again in 86400 who-called played
         7 close L3 abandoned again in 86400 who-called cut_short
         9 close L1 connected by 1
         9 hang up a1",
    );
}

#[test]
fn a_message_that_cannot_be_played_is_recorded_as_such() {
    check(
        "agents 1
         campaign c predictive
         leads c 1
         show heard
         0 ready 1
         0.5 phone 1 off
         1 answers L1
         3 wait
         3.1 mute L1",
        "0 dial L1
         3 play L1 sorry
         3.1 hang up L1
         3.1 close L1 abandoned again in 86400 sorry failed",
    );
}

#[test]
fn a_limit_that_is_raised_helps_those_who_wait() {
    check(
        "agents 1
         queue abandon=2
         campaign c predictive
         leads c 1
         0 ready 1
         1 answers L1
         2 set queue abandon=8
         2.5 hangs-up 1
         2.5 break 1
         10 wait",
        "0 dial L1
         1 ring a1
         2.5 hang up a1 NoAnswer
         9 play L1 sorry",
    );
}

#[test]
fn who_had_an_agent_of_their_own_waits_in_a_queue_like_others() {
    check(
        "agents 1 2
         queue wait=30
         phone 8500
         1 dials at 8500 x 801
         2 answers a1
         5 in-call 1 transfer queue sales
         6 ready 2",
        "1 ring a1
         2 answer x
         2 bridge x a1
         5 hang up a1
         6 ring a2",
    );
}
