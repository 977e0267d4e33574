//! Blind transfers: to agents, queues, phones and outside numbers; and those that nobody takes.

use super::{script::check, talking::check_talk};

#[test]
fn a_colleague_takes_the_customer_and_the_first_agent_wraps_up() {
    check_talk(
        "agents 1 2
         show agent legs
         2.5 ready 2
         5 in-call 1 transfer agent 2
         8 answers a2
         20 ends L1",
        "2.5 agent 2 ready
         5 agent 2 busy.ringing
         5 ring a2
         5 hang up a1
         5 agent 1 acw
         8 bridge L1 a2
         8 agent 2 busy.answered
         15 agent 1 ready
         20 close L1 connected by 2, agent 1 from 2 to 5 transferred, agent 2 from 8 to 20 call_over
         20 hang up a2
         20 agent 2 acw",
    );
}

#[test]
fn the_customer_hears_music_meanwhile() {
    check_talk(
        "agents 1 2
         show park told
         5 in-call 1 transfer agent 2",
        "5 popup 2 13900000000
         5 ring a2
         5 hang up a1
         5 park L1 music",
    );
}

#[test]
fn a_customer_who_gives_up_while_the_colleague_is_rung_frees_both() {
    check_talk(
        "agents 1 2
         show agent
         5 in-call 1 transfer agent 2
         6 ends L1
         6.5 answers a2",
        "5 agent 2 busy.ringing
         5 ring a2
         5 hang up a1
         5 agent 1 acw
         6 hang up a2 NoAnswer
         6 agent 2 unready.wait
         6 close L1 connected by 1
         6.5 hang up a2",
    );
}

#[test]
fn a_colleague_who_rejects_sends_the_customer_back() {
    check_talk(
        "agents 1 2
         show agent told
         5 in-call 1 transfer agent 2
         6 ends a2 486
         8 answers a1
         20 ends L1",
        "5 agent 2 busy.ringing
         5 popup 2 13900000000
         5 ring a2
         5 hang up a1
         5 agent 1 acw
         6 agent 2 unready.wait
         6 tell 1 2 rejected
         6 agent 1 busy.ringing
         6 popup 1 13900000000
         6 ring a1
         8 bridge L1 a1
         8 agent 1 busy.answered
         20 close L1 connected by 1
         20 hang up a1
         20 agent 1 acw",
    );
}

#[test]
fn a_customer_whom_nobody_takes_back_waits_in_the_queue_without_being_abandoned() {
    check_talk(
        "agents 1 2 3
         show agent legs
         5 in-call 1 transfer agent 2
         6 hangs-up 2
         7 ends a1 480
         9 ready 3
         10 answers a3
         20 ends L1",
        "5 agent 2 busy.ringing
         5 ring a2
         5 hang up a1
         5 agent 1 acw
         6 hang up a2 NoAnswer
         6 agent 2 unready.wait
         6 agent 1 busy.ringing
         6 ring a1
         7 agent 1 unready.break NO_ANSWER
         9 agent 3 ready
         9 agent 3 busy.ringing
         9 ring a3
         10 bridge L1 a3
         10 agent 3 busy.answered
         20 close L1 connected by 3, agent 1 from 2 to 5 transferred, agent 2 to 6 rejected, agent 1 to 7 hung_up, agent 3 from 10 to 20 call_over
         20 hang up a3
         20 agent 3 acw",
    );
}

#[test]
fn a_queue_gets_the_customer_at_once_and_lets_them_wait_as_a_caller() {
    check_talk(
        "agents 1 2
         show agent waited
         queue wait=30
         5 in-call 1 transfer queue sales
         5.1 break 1
         12 ready 2
         14 answers a2
         20 ends L1",
        "5 hang up a1
         5 agent 1 acw
         12 agent 2 ready
         12 agent 2 busy.ringing
         12 ring a2
         14 bridge L1 a2
         14 agent 2 busy.answered
         15 agent 1 unready.break
         20 close L1 connected by 2 waited 1000
         20 hang up a2
         20 agent 2 acw",
    );
}

#[test]
fn a_customer_who_waits_too_long_after_a_transfer_was_not_abandoned() {
    check_talk(
        "agents 1
         queue wait=5 wrap=100
         5 in-call 1 transfer queue sales
         12 heard L1",
        "5 hang up a1
         10 play L1 sorry
         12 hang up L1
         12 close L1 connected by 1",
    );
}

#[test]
fn a_phone_without_an_agent_takes_the_customer_until_it_hangs_up() {
    check_talk(
        "agents 1
         phone 8500
         show legs
         5 in-call 1 transfer extension 8500
         7 answers 8500
         20 ends 8500",
        "5 ring 8500
         5 hang up a1
         7 bridge L1 8500
         20 hang up L1
         20 close L1 connected by 1, agent 1 from 2 to 5 transferred, extension 8500 from 7 to 20 hung_up
         20 finish c",
    );
}

#[test]
fn an_extension_on_which_an_agent_sits_is_that_agent() {
    check_talk(
        "agents 1 2
         show agent
         5 in-call 1 transfer extension 802",
        "5 agent 2 busy.ringing
         5 ring a2
         5 hang up a1
         5 agent 1 acw",
    );
}

#[test]
fn an_outside_number_is_asked_about_before_it_is_dialled() {
    check_talk(
        "agents 1
         show check route legs
         by hand number
         5 in-call 1 transfer number 10010
         6 allows 10010 yes
         9 answers 10010
         20 ends L1",
        "5 check 10010
         5 hang up a1
         6 dial 10010 as 02110000 by trunk
         9 bridge L1 10010
         20 close L1 connected by 1, agent 1 from 2 to 5 transferred, outside 10010 from 9 to 20 call_over
         20 hang up 10010
         20 finish c",
    );
}

#[test]
fn a_number_on_a_dnc_list_is_not_called_and_the_customer_comes_back() {
    check_talk(
        "agents 1
         forbidden 10010
         show told
         5 in-call 1 transfer number 10010",
        "5 hang up a1
         5 tell 1 10010 dnc
         5 popup 1 13900000000
         5 ring a1",
    );
}

#[test]
fn outside_numbers_have_limits() {
    check_talk(
        "agents 1
         outside hour=1 denied=00 denied=+
         5 in-call 1 consult number 008810010
         6 in-call 1 consult number +8810010
         7 in-call 1 consult number 10010
         8 in-call 1 cancel
         9 in-call 1 consult number 10010
         10 in-call 1 consult number 1",
        "5 refused BARRED
         6 refused BARRED
         7 dial 10010
         8 hang up 10010 NoAnswer
         8 bridge L1 a1
         9 refused TOO_MANY_CALLS
         10 refused BAD_NUMBER",
    );
}

#[test]
fn a_full_gateway_takes_no_outside_number() {
    check_talk(
        "agents 1
         gateway channels=1
         5 in-call 1 consult number 10010",
        "5 refused GATEWAY_BUSY",
    );
}

#[test]
fn nobody_gets_a_customer_who_cannot_take_one() {
    check_talk(
        "agents 1 2
         2.5 in-call 1 transfer agent 1
         3 out 2
         3 in-call 1 transfer agent 2
         4 in 2
         4 phone 2 off
         4 in-call 1 transfer agent 2
         5 in-call 1 transfer queue nowhere
         6 in-call 1 transfer extension 8500
         7 in-call 1 transfer agent 9
         8 in-call 2 transfer agent 1",
        "2.5 refused NO_SUCH_AGENT
         3 refused NO_SUCH_AGENT
         4 refused PHONE_NOT_REGISTERED
         5 refused NO_SUCH_QUEUE
         6 refused PHONE_NOT_REGISTERED
         7 refused NO_SUCH_AGENT
         8 refused NO_SUCH_CALL",
    );
}

#[test]
fn a_nailed_up_colleague_has_the_customer_at_once() {
    check(
        "agents 1 2
         campaign c predictive
         leads c 1
         by hand sign-in
         show park
         0 in 1 nailed
         0 in 2 nailed
         0 ready 1
         0.5 answers a1
         0.5 answers a2
         1 answers L1
         5 in-call 1 transfer agent 2
         9 ends L1",
        "0 ring a1
         0 ring a2
         0.5 park a1 silence
         0.5 park a2 silence
         0.5 dial L1
         1 bridge L1 a1
         5 park a1 silence
         5 bridge L1 a2
         9 close L1 connected by 2
         9 park a2 silence",
    );
}

#[test]
fn a_customer_who_has_had_an_agent_waits_as_long_as_any_caller() {
    check(
        "agents 1
         queue abandon=10 wait=60
         campaign c predictive
         leads c 1
         0 ready 1
         1 answers L1
         2 answers a1
         4 in-call 1 transfer queue sales
         5 break 1
         65 wait",
        "0 dial L1
         1 ring a1
         2 bridge L1 a1
         4 hang up a1
         64 play L1 sorry",
    );
}

#[test]
fn after_call_work_goes_on_when_the_customer_hangs_up_on_the_way_back() {
    check(
        "agents 1 2
         campaign c predictive disposition=required
         leads c 1
         show agent
         0 ready 1
         1 answers L1
         2 answers a1
         5 in-call 1 transfer agent 2
         6 ends a2 486
         8 ends L1",
        "0 agent 1 unready.wait
         0 agent 2 unready.wait
         0 agent 1 ready
         0 dial L1
         1 agent 1 busy.ringing
         1 ring a1
         2 bridge L1 a1
         2 agent 1 busy.answered
         5 agent 2 busy.ringing
         5 ring a2
         5 hang up a1
         5 agent 1 acw
         6 agent 2 unready.wait
         6 agent 1 busy.ringing
         6 ring a1
         8 hang up a1 NoAnswer
         8 agent 1 acw
         8 close L1 connected by 1",
    );
}

#[test]
fn who_leaves_after_a_transfer_is_told_to_the_agent_who_has_the_customer() {
    check_talk(
        "agents 1 2 3
         show told
         5 in-call 1 transfer agent 2
         8 answers a2
         10 in-call 2 consult agent 3
         12 ends a3 486",
        "5 popup 2 13900000000
         5 ring a2
         5 hang up a1
         8 bridge L1 a2
         10 popup 3 13900000000
         10 ring a3
         12 tell 2 3 busy",
    );
}
