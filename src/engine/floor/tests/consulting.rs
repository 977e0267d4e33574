//! Consultations: ask somebody while the customer waits, swap, join, hand over; and what may go wrong.

use super::{script::check, talking::check_talk};

#[test]
fn the_agent_asks_a_colleague_and_hands_the_customer_over() {
    check_talk(
        "agents 1 2
         show agent park legs
         5 in-call 1 consult agent 2
         8 answers a2
         12 in-call 1 complete
         20 ends L1",
        "5 agent 2 busy.ringing
         5 ring a2
         5 park L1 music
         5 park a1 ringback
         5 agent 1 busy.transfer
         8 agent 2 busy.answered
         8 park L1 music
         8 bridge a2 a1
         12 hang up a1
         12 agent 1 acw
         12 bridge L1 a2
         20 close L1 connected by 2, agent 1 from 2 to 12 transferred, agent 2 from 12 to 20 call_over
         20 hang up a2
         20 agent 2 acw",
    );
}

#[test]
fn swapping_lets_the_other_of_the_two_hear_music() {
    check_talk(
        "agents 1
         phone 8500
         show park
         5 in-call 1 consult extension 8500
         6 in-call 1 swap
         7 answers 8500
         8 in-call 1 swap
         9 in-call 1 swap
         10 in-call 1 cancel",
        "5 ring 8500
         5 park L1 music
         5 park a1 ringback
         6 bridge L1 a1
         7 park 8500 music
         7 bridge L1 a1
         8 park L1 music
         8 bridge 8500 a1
         9 park 8500 music
         9 bridge L1 a1
         10 hang up 8500
         10 bridge L1 a1",
    );
}

#[test]
fn a_conference_is_left_by_one_and_goes_on_between_two() {
    check_talk(
        "agents 1 2
         show agent
         5 in-call 1 consult agent 2
         8 answers a2
         10 in-call 1 confer
         11 in-call 1 swap
         15 hangs-up 1
         20 hangs-up 2",
        "5 agent 2 busy.ringing
         5 ring a2
         5 agent 1 busy.transfer
         8 agent 2 busy.answered
         8 bridge a2 a1
         10 confer L1
         10 confer a1
         10 confer a2
         10 agent 1 busy.conference
         10 agent 2 busy.conference
         11 refused IN_CONFERENCE
         15 hang up a1
         15 agent 1 acw
         15 bridge L1 a2
         15 agent 2 busy.answered
         20 hang up L1
         20 close L1 connected by 2
         20 hang up a2
         20 agent 2 acw",
    );
}

#[test]
fn a_colleague_who_leaves_a_conference_leaves_the_other_two_together() {
    check_talk(
        "agents 1 2
         show agent
         5 in-call 1 consult agent 2
         8 answers a2
         10 in-call 1 confer
         15 ends a2",
        "5 agent 2 busy.ringing
         5 ring a2
         5 agent 1 busy.transfer
         8 agent 2 busy.answered
         8 bridge a2 a1
         10 confer L1
         10 confer a1
         10 confer a2
         10 agent 1 busy.conference
         10 agent 2 busy.conference
         15 agent 2 unready.wait
         15 bridge L1 a1
         15 agent 1 busy.answered",
    );
}

#[test]
fn a_customer_who_leaves_a_conference_ends_it() {
    check_talk(
        "agents 1 2
         5 in-call 1 consult agent 2
         8 answers a2
         10 in-call 1 confer
         15 ends L1",
        "5 ring a2
         8 bridge a2 a1
         10 confer L1
         10 confer a1
         10 confer a2
         15 close L1 connected by 1
         15 hang up a1
         15 hang up a2",
    );
}

#[test]
fn a_customer_who_hangs_up_while_the_colleague_is_rung_ends_both() {
    check_talk(
        "agents 1 2
         show agent
         5 in-call 1 consult agent 2
         6 ends L1
         6.2 answers a2",
        "5 agent 2 busy.ringing
         5 ring a2
         5 agent 1 busy.transfer
         6 close L1 connected by 1
         6 hang up a1
         6 agent 1 acw
         6 hang up a2 NoAnswer
         6 agent 2 unready.wait
         6.2 hang up a2",
    );
}

#[test]
fn a_colleague_who_rejects_leaves_the_customer_on_hold() {
    check_talk(
        "agents 1 2
         show agent told park
         5 in-call 1 consult agent 2
         6 ends a2 486
         8 in-call 1 retrieve",
        "5 agent 2 busy.ringing
         5 popup 2 13900000000
         5 ring a2
         5 park L1 music
         5 park a1 ringback
         5 agent 1 busy.transfer
         6 agent 2 unready.wait
         6 tell 1 2 busy
         6 park L1 music
         6 park a1 silence
         6 agent 1 busy.hold
         8 bridge L1 a1
         8 agent 1 busy.answered",
    );
}

#[test]
fn a_customer_and_a_colleague_who_leave_at_once_leave_nothing_behind() {
    check_talk(
        "agents 1 2
         5 in-call 1 consult agent 2
         6 ends a2 486
         6 ends L1
         7 in-call 1 retrieve",
        "5 ring a2
         6 close L1 connected by 1
         6 hang up a1
         7 refused NO_SUCH_CALL",
    );
}

#[test]
fn a_phone_that_never_tells_is_given_up_after_half_a_minute() {
    check_talk(
        "agents 1
         phone 8500
         show told
         5 in-call 1 consult extension 8500
         40 wait",
        "5 ring 8500
         36 hang up 8500 NoAnswer
         36 tell 1 8500 no_answer",
    );
}

#[test]
fn an_agent_who_completes_before_the_answer_has_sent_the_customer_on() {
    check_talk(
        "agents 1 2
         show agent
         5 in-call 1 consult agent 2
         6 in-call 1 complete
         8 answers a2",
        "5 agent 2 busy.ringing
         5 ring a2
         5 agent 1 busy.transfer
         6 hang up a1
         6 agent 1 acw
         8 bridge L1 a2
         8 agent 2 busy.answered",
    );
}

#[test]
fn who_hangs_up_the_phone_on_two_lets_the_two_have_each_other() {
    check_talk(
        "agents 1 2
         show agent
         5 in-call 1 consult agent 2
         6 answers a2
         8 ends a1
         9 ends L1",
        "5 agent 2 busy.ringing
         5 ring a2
         5 agent 1 busy.transfer
         6 agent 2 busy.answered
         6 bridge a2 a1
         8 agent 1 acw
         8 bridge L1 a2
         9 close L1 connected by 2
         9 hang up a2
         9 agent 2 acw",
    );
}

#[test]
fn hanging_up_in_the_console_ends_the_question_and_keeps_the_customer() {
    check_talk(
        "agents 1 2
         5 in-call 1 consult agent 2
         6 answers a2
         8 hangs-up 1",
        "5 ring a2
         6 bridge a2 a1
         8 hang up a2
         8 bridge L1 a1",
    );
}

#[test]
fn an_agent_who_is_asked_can_do_nothing_with_the_customer() {
    check_talk(
        "agents 1 2
         5 in-call 1 consult agent 2
         6 answers a2
         7 in-call 2 hold
         7 in-call 2 transfer agent 1
         7 in-call 1 hold
         7 in-call 1 consult agent 2
         8 hangs-up 2
         9 in-call 1 swap",
        "5 ring a2
         6 bridge a2 a1
         7 refused NO_SUCH_CALL
         7 refused NO_SUCH_CALL
         7 refused SECOND_CALL_UP
         7 refused SECOND_CALL_UP
         8 hang up a2
         9 refused NO_SECOND_CALL",
    );
}

#[test]
fn an_outside_expert_joins_and_gets_the_customer() {
    check_talk(
        "agents 1
         show legs
         5 in-call 1 consult number 10010
         5.5 in-call 1 confer
         6 answers 10010
         7 in-call 1 confer
         9 in-call 1 complete
         20 ends 10010",
        "5 dial 10010
         5.5 refused NOT_ANSWERED
         6 bridge 10010 a1
         7 confer L1
         7 confer a1
         7 confer 10010
         9 hang up a1
         9 bridge L1 10010
         20 hang up L1
         20 close L1 connected by 1, agent 1 from 2 to 9 transferred, outside 10010 from 9 to 20 hung_up
         20 finish c",
    );
}

#[test]
fn an_answer_of_the_store_that_comes_too_late_dials_nobody() {
    check_talk(
        "agents 1
         by hand number
         show check
         5 in-call 1 consult number 10010
         6 in-call 1 complete
         6 in-call 1 cancel
         7 allows 10010 yes",
        "5 check 10010
         6 refused NOT_ANSWERED
         6 bridge L1 a1",
    );
}

#[test]
fn a_question_to_a_queue_goes_to_its_longest_idle_agent() {
    check(
        "agents 1 2 3
         campaign c preview
         lead c agent=1
         0 next 1 c
         1 dials 1
         2 answers a1
         3 answers L1
         4 in-call 1 consult queue sales
         5 ready 3
         6 ready 2
         7 in-call 1 consult queue sales",
        "1 ring a1
         2 dial L1
         3 bridge L1 a1
         4 refused NOBODY_FREE
         7 ring a3",
    );
}
