//! Things that happen in an unlucky order.

use super::script::{Stage, check};

#[test]
fn an_answer_that_crossed_our_cancel_changes_nothing() {
    check(
        "agents 1
         campaign c predictive
         leads c 1
         by hand hangup
         0 ready 1
         1 stop c
         1.2 answers L1
         1.3 ends L1",
        "0 dial L1
         1 release all of c
         1 hang up L1
         1.3 close L1 cancelled again in 300 not counted",
    );
}

#[test]
fn an_answer_of_a_leg_we_let_go_is_hung_up() {
    check(
        "agents 1
         campaign c predictive
         leads c 1
         by hand hangup
         0 ready 1
         1 answers L1
         2 ends L1
         2.1 answers a1
         2.2 ends a1",
        "0 dial L1
         1 ring a1
         2 hang up a1 NoAnswer
         2 close L1 abandoned again in 86400
         2.1 hang up a1",
    );
}

#[test]
fn a_customer_who_is_gone_while_both_are_joined_frees_the_agent() {
    check(
        "agents 1
         campaign c predictive
         leads c 1
         by hand bridge
         show agent
         0 ready 1
         1 answers L1
         2 answers a1
         2.1 ends L1
         2.2 bridged L1",
        "0 agent 1 unready.wait
         0 agent 1 ready
         0 dial L1
         1 agent 1 busy.ringing
         1 ring a1
         2 bridge L1 a1
         2 agent 1 busy.answered
         2.1 close L1 abandoned by 1 again in 86400
         2.1 hang up a1
         2.1 agent 1 ready",
    );
}

#[test]
fn a_phone_that_falls_off_while_both_are_joined_leaves_the_person_as_long_as_they_may_wait() {
    check(
        "agents 1
         campaign c predictive
         leads c 1
         by hand bridge
         show agent
         0 ready 1
         1 answers L1
         2 answers a1
         2.1 ends a1
         2.2 bridged L1
         4 heard L1",
        "0 agent 1 unready.wait
         0 agent 1 ready
         0 dial L1
         1 agent 1 busy.ringing
         1 ring a1
         2 bridge L1 a1
         2 agent 1 busy.answered
         2.1 agent 1 ready
         3 play L1 sorry
         4 hang up L1
         4 close L1 abandoned again in 86400",
    );
}

#[test]
fn a_bridge_that_fails_ends_the_call() {
    check(
        "agents 1
         campaign c predictive
         leads c 1
         by hand bridge
         show agent
         0 ready 1
         1 answers L1
         2 answers a1
         2.1 silent L1",
        "0 agent 1 unready.wait
         0 agent 1 ready
         0 dial L1
         1 agent 1 busy.ringing
         1 ring a1
         2 bridge L1 a1
         2 agent 1 busy.answered
         2.1 hang up L1
         2.1 close L1 abandoned by 1 again in 86400
         2.1 hang up a1
         2.1 agent 1 ready",
    );
}

#[test]
fn a_message_that_ends_after_its_call_changes_nothing() {
    check(
        "agents 1
         campaign c robot
         leads c 1
         0 wait
         1 answers L1
         2 ends L1
         3 heard L1",
        "0 dial L1
         1 play L1 robot
         2 close L1 connected
         2 finish c",
    );
}

#[test]
fn an_agent_cannot_sign_out_of_an_offer() {
    check(
        "agents 1
         campaign c predictive
         leads c 1
         show agent
         0 ready 1
         1 answers L1
         2 out 1
         2.5 answers a1",
        "0 agent 1 unready.wait
         0 agent 1 ready
         0 dial L1
         1 agent 1 busy.ringing
         1 ring a1
         2 refused ILLEGAL_TRANSITION
         2.5 bridge L1 a1
         2.5 agent 1 busy.answered",
    );
}

#[test]
fn a_nailed_up_agent_is_bridged_without_ringing_and_parked_after() {
    check(
        "agents 1
         campaign c predictive
         leads c 2
         by hand sign-in
         show park agent
         0 in 1 nailed
         0 ready 1
         1 answers a1
         2 answers L1
         10 ends L1
         21 answers L2
         25 ends L2",
        "0 agent 1 unready.wait
         0 ring a1
         0 agent 1 ready
         1 park a1 silence
         1 dial L1
         2 agent 1 busy.ringing
         2 bridge L1 a1
         2 agent 1 busy.answered
         10 close L1 connected by 1
         10 park a1 silence
         10 agent 1 acw
         20 agent 1 ready
         20 dial L2
         21 agent 1 busy.ringing
         21 bridge L2 a1
         21 agent 1 busy.answered
         25 close L2 connected by 1
         25 park a1 silence
         25 agent 1 acw",
    );
}

#[test]
fn a_nailed_up_phone_that_hangs_up_in_mid_call_ends_it_and_is_offered_nothing_more() {
    check(
        "agents 1
         campaign c predictive
         leads c 2
         by hand sign-in
         show agent
         0 in 1 nailed
         0 ready 1
         1 answers a1
         2 answers L1
         10 ends a1
         25 wait",
        "0 agent 1 unready.wait
         0 ring a1
         0 agent 1 ready
         1 dial L1
         2 agent 1 busy.ringing
         2 bridge L1 a1
         2 agent 1 busy.answered
         10 hang up L1
         10 close L1 connected by 1
         10 agent 1 acw
         20 agent 1 unready.away PHONE_HUNG_UP",
    );
}

#[test]
fn a_nailed_up_phone_that_does_not_answer_is_told() {
    check(
        "agents 1
         by hand sign-in
         show agent
         0 in 1 nailed
         0 ready 1
         5 ends a1 486",
        "0 agent 1 unready.wait
         0 ring a1
         0 agent 1 ready
         5 agent 1 unready.away PHONE_HUNG_UP",
    );
}

#[test]
fn a_nailed_up_agent_signs_out_and_the_leg_goes() {
    check(
        "agents 1
         by hand sign-in
         0 in 1 nailed
         1 answers a1
         2 out 1
         3 in 1 nailed
         4 out 1
         4.1 answers a1",
        "0 ring a1
         2 hang up a1
         3 ring a1
         4 hang up a1
         4.1 hang up a1",
    );
}

#[test]
fn an_agent_removed_in_mid_call_ends_it_and_is_gone() {
    check(
        "agents 1
         campaign c predictive
         leads c 2
         show agent
         0 ready 1
         1 answers L1
         2 answers a1
         3 remove agent 1
         9 ends L1
         30 wait",
        "0 agent 1 unready.wait
         0 agent 1 ready
         0 dial L1
         1 agent 1 busy.ringing
         1 ring a1
         2 bridge L1 a1
         2 agent 1 busy.answered
         9 close L1 connected by 1
         9 hang up a1
         9 agent 1 acw
         9 agent 1 logout",
    );
}

#[test]
fn an_agent_removed_while_ready_is_signed_out() {
    check(
        "agents 1
         show agent
         0 ready 1
         1 remove agent 1
         2 ready 1",
        "0 agent 1 unready.wait
         0 agent 1 ready
         1 agent 1 logout
         2 refused NO_SUCH_AGENT",
    );
}

#[test]
fn a_queue_removed_under_a_waiting_caller_lets_him_go() {
    check(
        "agents 1
         queue wait=10
         1 calls x 4000
         2 remove queue
         12 wait",
        "1 answer x
         11 hang up x
         11 close x abandoned",
    );
}

#[test]
fn a_queue_removed_under_its_campaign_stops_the_dialling() {
    check(
        "agents 1
         campaign c predictive
         leads c 3
         0 ready 1
         1 remove queue
         2 answers L1
         5 wait",
        "0 dial L1
         2 hang up L1
         2 close L1 abandoned again in 86400",
    );
}

#[test]
fn a_gateway_removed_and_put_back_still_counts_its_calls() {
    check(
        "agents 1 2
         gateway channels=1
         campaign c predictive
         leads c 3
         0 ready 1
         0 ready 2
         1 remove gateway
         2 set gateway channels=1
         3 wait
         4 ends L1 486
         5 wait",
        "0 dial L1
         4 close L1 busy again in 600
         4 dial L2",
    );
}

#[test]
fn a_lost_event_channel_makes_a_ready_agent_unready_after_half_a_minute() {
    check(
        "agents 1 2
         show agent
         0 ready 1
         0 ready 2
         1 seen 1 on
         1 seen 2 on
         2 seen 1 off
         3 seen 2 off
         20 seen 2 on
         30 seen 2 off
         33 wait
         59 seen 2 on
         70 wait",
        "0 agent 1 unready.wait
         0 agent 2 unready.wait
         0 agent 1 ready
         0 agent 2 ready
         32 agent 1 unready.away CONNECTION_LOST",
    );
}

#[test]
fn a_lost_event_channel_leaves_the_call_and_makes_unready_after_it() {
    check(
        "agents 1
         campaign c predictive
         leads c 2
         show agent
         0 ready 1
         1 seen 1 on
         2 answers L1
         3 answers a1
         4 seen 1 off
         50 ends L1
         70 wait",
        "0 agent 1 unready.wait
         0 agent 1 ready
         0 dial L1
         2 agent 1 busy.ringing
         2 ring a1
         3 bridge L1 a1
         3 agent 1 busy.answered
         50 close L1 connected by 1
         50 hang up a1
         50 agent 1 acw
         60 agent 1 unready.away CONNECTION_LOST",
    );
}

#[test]
fn an_unregistered_phone_is_offered_nothing() {
    check(
        "agents 1
         0 ready 1
         1 phone 1 off
         2 calls x 4000
         5 phone 1 on
         6 answers a1",
        "2 answer x
         5 ring a1
         6 bridge x a1",
    );
}

#[test]
fn a_person_whose_agent_falls_off_while_both_are_joined_has_the_next_one() {
    let stage = Stage::of(
        "agents 1 2
         campaign c predictive
         leads c 1
         by hand bridge
         0 ready 1
         1 answers L1
         2 answers a1
         2.1 ends a1
         2.2 ready 2
         2.9 answers a2
         3 bridged L1
         9 ends L1",
    );
    let expected = [
        "0 dial L1",
        "1 ring a1",
        "2 bridge L1 a1",
        "2.2 ring a2",
        "2.9 bridge L1 a2",
        "9 close L1 connected by 2",
        "9 hang up a2",
    ];
    assert_eq!(stage.shown, expected);
    let calls = |agent: &str| stage.floor.agents[&agent.into()].calls;
    assert_eq!((calls("1"), calls("2")), (0, 1));
}
