//! Supervisors listen, whisper, barge in, take over and release.

use super::{script::check, talking::check_talk};

#[test]
fn a_supervisor_goes_from_one_way_to_the_other_without_being_called_again() {
    check_talk(
        "agents 1
         phone 9000
         show told legs
         5 boss listens 1
         6 answers 9000
         7 boss whispers 1
         8 boss barges 1
         9 boss leaves
         20 ends L1",
        "5 ring 9000
         6 supervise 9000 a1 Listen
         6 tell 1 boss listen
         7 supervise 9000 a1 Whisper
         7 tell 1 boss whisper
         8 supervise 9000 a1 Barge
         8 tell 1 boss barge
         9 hang up 9000
         9 tell 1 boss left
         20 close L1 connected by 1, agent 1 from 2 to 20 call_over, supervisor 9000 to 9 left
         20 hang up a1",
    );
}

#[test]
fn a_supervisor_who_turns_to_another_call_has_left_the_first_and_is_in_the_second() {
    check_talk(
        "agents 1 2
         phone 9000
         queue wait=60
         show told legs
         3 ready 2
         3.5 calls x 4000
         4 answers a2
         5 boss listens 1
         6 answers 9000
         8 boss whispers 2
         10 boss leaves
         20 ends L1
         21 ends x",
        "3.5 answer x
         3.5 popup 2 x
         3.5 ring a2
         4 bridge x a2
         5 ring 9000
         6 supervise 9000 a1 Listen
         6 tell 1 boss listen
         8 tell 1 boss left
         8 supervise 9000 a2 Whisper
         8 tell 2 boss whisper
         10 hang up 9000
         10 tell 2 boss left
         20 close L1 connected by 1, agent 1 from 2 to 20 call_over, supervisor 9000 to 8 left
         20 hang up a1
         21 close x connected by 2, agent 2 from 4 to 21 call_over, supervisor 9000 to 10 left
         21 hang up a2",
    );
}

#[test]
fn a_supervisor_who_turns_to_a_held_call_no_longer_hears_the_other() {
    check_talk(
        "agents 1 2
         phone 9000
         queue wait=60
         show park
         3 ready 2
         3.5 calls x 4000
         4 answers a2
         5 boss listens 1
         6 answers 9000
         7 in-call 2 hold
         8 boss listens 2
         9 in-call 2 retrieve",
        "3.5 answer x
         3.5 ring a2
         3.5 park x music
         4 bridge x a2
         5 ring 9000
         6 supervise 9000 a1 Listen
         7 park x music
         7 park a2 silence
         8 park 9000 silence
         9 bridge x a2
         9 supervise 9000 a2 Listen",
    );
}

#[test]
fn a_supervisor_turns_to_no_call_that_has_as_many_as_may_be() {
    check_talk(
        "agents 1 2
         phone 9000
         phone 9001
         phone 9002
         phone 9003
         phone 9004
         queue wait=60
         show legs
         3 ready 2
         3.5 calls x 4000
         4 answers a2
         5 boss listens 1
         6 answers 9000
         7 boss1 listens 2
         7.1 boss2 listens 2
         7.2 boss3 listens 2
         7.3 boss4 listens 2
         8 boss listens 2
         9 boss whispers 1
         10 boss4 leaves
         11 boss listens 2",
        "3.5 answer x
         3.5 ring a2
         4 bridge x a2
         5 ring 9000
         6 supervise 9000 a1 Listen
         7 ring 9001
         7.1 ring 9002
         7.2 ring 9003
         7.3 ring 9004
         8 refused TOO_MANY_CALLS
         9 supervise 9000 a1 Whisper
         10 hang up 9004
         11 supervise 9000 a2 Listen",
    );
}

#[test]
fn a_supervisor_hears_on_after_a_hold_and_a_transfer() {
    check_talk(
        "agents 1 2
         phone 9000
         5 boss listens 1
         6 answers 9000
         7 in-call 1 hold
         8 in-call 1 retrieve
         9 in-call 1 transfer agent 2
         10 answers a2
         20 ends L1",
        "5 ring 9000
         6 supervise 9000 a1 Listen
         8 bridge L1 a1
         8 supervise 9000 a1 Listen
         9 ring a2
         9 hang up a1
         10 bridge L1 a2
         10 supervise 9000 a2 Listen
         20 close L1 connected by 2
         20 hang up a2
         20 hang up 9000",
    );
}

#[test]
fn a_supervisor_takes_the_customer_over_and_the_agent_wraps_up() {
    check_talk(
        "agents 1
         phone 9000
         show agent legs
         5 boss listens 1
         6 answers 9000
         7 boss intercepts 1
         20 ends L1",
        "5 ring 9000
         6 supervise 9000 a1 Listen
         7 hang up a1
         7 agent 1 acw
         7 bridge L1 9000
         17 agent 1 ready
         20 close L1 connected by 1, agent 1 from 2 to 7 intercepted, supervisor 9000 from 7 to 20 call_over
         20 hang up 9000
         20 finish c",
    );
}

#[test]
fn an_intercept_rings_first_and_a_customer_who_leaves_meanwhile_ends_it() {
    check_talk(
        "agents 1
         phone 9000
         5 boss intercepts 1
         6 ends L1
         6.1 answers 9000",
        "5 ring 9000
         6 close L1 connected by 1
         6 hang up a1
         6 hang up 9000
         6.1 hang up 9000",
    );
}

#[test]
fn an_intercept_in_mid_question_lets_everybody_else_go() {
    check_talk(
        "agents 1 2
         phone 9000
         show agent
         5 in-call 1 consult agent 2
         6 answers a2
         7 boss intercepts 1
         8 answers 9000
         9 ends 9000",
        "5 agent 2 busy.ringing
         5 ring a2
         5 agent 1 busy.transfer
         6 agent 2 busy.answered
         6 bridge a2 a1
         7 ring 9000
         8 hang up a2
         8 agent 2 unready.wait
         8 hang up a1
         8 agent 1 acw
         8 bridge L1 9000
         9 hang up L1
         9 close L1 connected by 1",
    );
}

#[test]
fn a_forced_release_ends_the_call_of_the_agent() {
    check_talk(
        "agents 1
         show told
         5 boss mutes 1
         6 boss releases 1
         7 boss releases 1",
        "5 mute a1
         6 tell 1 boss release
         6 hang up L1
         6 close L1 connected by 1
         6 hang up a1
         7 refused NO_SUCH_CALL",
    );
}

#[test]
fn a_supervisor_whose_phone_does_not_answer_has_heard_nothing() {
    check_talk(
        "agents 1
         phone 9000
         5 boss whispers 1
         8 ends 9000 480
         9 boss leaves
         10 boss barges 1
         11 answers 9000",
        "5 ring 9000
         9 refused NO_SUCH_CALL
         10 ring 9000
         11 supervise 9000 a1 Barge",
    );
}

#[test]
fn nobody_is_supervised_who_is_in_no_call_nor_from_a_phone_that_is_not_there() {
    check_talk(
        "agents 1 2
         5 boss listens 2
         6 boss listens 1
         7 boss leaves",
        "5 refused NO_SUCH_CALL
         6 refused PHONE_NOT_REGISTERED
         7 refused NO_SUCH_CALL",
    );
}

#[test]
fn a_supervisor_hears_a_conference() {
    check_talk(
        "agents 1 2
         phone 9000
         5 in-call 1 consult agent 2
         6 boss listens 1
         6.5 answers 9000
         7 answers a2
         8 in-call 1 confer
         9 boss whispers 2",
        "5 ring a2
         6 ring 9000
         7 bridge a2 a1
         7 supervise 9000 a1 Listen
         8 confer L1
         8 confer a1
         8 confer a2
         8 supervise 9000 a1 Listen
         9 supervise 9000 a2 Whisper",
    );
}

#[test]
fn a_forced_sign_out_waits_for_the_end_of_the_talk_and_takes_an_offer_back_at_once() {
    check_talk(
        "agents 1
         show told agent
         5 boss signs-out 1
         20 ends L1",
        "5 tell 1 boss sign_out
         20 close L1 connected by 1
         20 hang up a1
         20 agent 1 acw
         20 agent 1 logout
         20 finish c
         20 finished c",
    );
    check(
        "agents 1 2
         queue wait=60
         show told agent
         0 ready 1
         1 calls x 4000
         2 boss signs-out 1
         3 ready 2
         4 answers a2
         9 boss signs-out 1",
        "0 agent 1 unready.wait
         0 agent 2 unready.wait
         0 agent 1 ready
         1 answer x
         1 agent 1 busy.ringing
         1 popup 1 x
         1 ring a1
         2 hang up a1 NoAnswer
         2 agent 1 ready
         2 agent 1 logout
         2 tell 1 boss sign_out
         3 agent 2 ready
         3 agent 2 busy.ringing
         3 popup 2 x
         3 ring a2
         4 bridge x a2
         4 agent 2 busy.answered
         9 refused ILLEGAL_TRANSITION",
    );
}

#[test]
fn a_supervisor_takes_a_forced_sign_out_back_while_the_talk_lasts() {
    for (order, told, then) in [
        ("calls-back", "resume", "ready"),
        ("sends-away", "leave", "unready.custom"),
    ] {
        check_talk(
            &format!(
                "agents 1
                 show told agent
                 5 boss signs-out 1
                 6 boss {order} 1
                 20 ends L1
                 21 boss ends-wrap-up 1"
            ),
            &format!(
                "5 tell 1 boss sign_out
                 6 tell 1 boss {told}
                 20 close L1 connected by 1
                 20 hang up a1
                 20 agent 1 acw
                 21 agent 1 {then}
                 21 tell 1 boss finish_wrap_up
                 21 finish c
                 21 finished c"
            ),
        );
    }
}

#[test]
fn a_supervisor_sends_an_agent_away_and_back_and_ends_the_after_call_work() {
    check_talk(
        "agents 1
         show told agent
         5 boss sends-away 1
         20 ends L1
         21 boss ends-wrap-up 1
         22 boss calls-back 1
         23 boss ends-wrap-up 1
         24 boss signs-out 1
         25 boss calls-back 1",
        "5 tell 1 boss leave
         20 close L1 connected by 1
         20 hang up a1
         20 agent 1 acw
         21 agent 1 unready.custom
         21 tell 1 boss finish_wrap_up
         21 finish c
         21 finished c
         22 agent 1 ready
         22 tell 1 boss resume
         23 refused ILLEGAL_TRANSITION
         24 agent 1 logout
         24 tell 1 boss sign_out
         25 refused ILLEGAL_TRANSITION",
    );
}

#[test]
fn a_supervisor_sets_an_agents_work_mode_now_or_after_the_call() {
    check_talk(
        "agents 1 2
         show told agent
         5 boss sets 1 away
         6 boss sets 2 ready
         7 boss sets 2 wait
         20 ends L1
         21 boss ends-wrap-up 1
         22 boss sets 1 ready
         23 boss signs-out 1
         24 boss sets 1 away",
        "5 tell 1 boss work_mode away
         6 agent 2 ready
         6 tell 2 boss work_mode ready
         7 agent 2 unready.wait
         7 tell 2 boss work_mode wait
         20 close L1 connected by 1
         20 hang up a1
         20 agent 1 acw
         21 agent 1 unready.away
         21 tell 1 boss finish_wrap_up
         21 finish c
         21 finished c
         22 agent 1 ready
         22 tell 1 boss work_mode ready
         23 agent 1 logout
         23 tell 1 boss sign_out
         24 refused ILLEGAL_TRANSITION",
    );
}

#[test]
fn after_call_work_that_owes_a_disposition_ends_when_a_supervisor_says_so() {
    check(
        "agents 1
         campaign c predictive disposition=required
         leads c 1
         show agent
         0 ready 1
         1 answers L1
         2 answers a1
         3 ends L1
         4 done 1
         5 boss ends-wrap-up 1",
        "0 agent 1 unready.wait
         0 agent 1 ready
         0 dial L1
         1 agent 1 busy.ringing
         1 ring a1
         2 bridge L1 a1
         2 agent 1 busy.answered
         3 close L1 connected by 1
         3 hang up a1
         3 agent 1 acw
         4 refused DISPOSITION_REQUIRED
         5 agent 1 ready",
    );
}

#[test]
fn a_supervisor_ends_a_call_that_no_agent_has() {
    check(
        "agents 1
         queue wait=60 key=1:voicemail/sales
         1 calls x 4000
         2 boss ends-call x
         2.1 ends x
         3 boss ends-call x",
        "1 answer x
         2 hang up x
         2 close x abandoned
         3 refused NO_SUCH_CALL",
    );
}

#[test]
fn a_forced_release_of_one_whose_phone_only_rings_keeps_the_caller() {
    check(
        "agents 1 2
         queue wait=60 strategy=all
         0 ready 1
         0 ready 2
         1 calls x 4000
         2 boss releases 1
         3 answers a2
         6 hangs-up 2",
        "1 answer x
         1 ring a1
         1 ring a2
         2 hang up a1 NoAnswer
         3 bridge x a2
         6 hang up x
         6 close x connected by 2
         6 hang up a2",
    );
    check_talk(
        "agents 1 2
         5 in-call 1 transfer agent 2
         6 boss releases 2
         8 answers a1",
        "5 ring a2
         5 hang up a1
         6 hang up a2 NoAnswer
         6 ring a1
         8 bridge L1 a1",
    );
}

#[test]
fn a_forced_sign_out_of_one_who_is_rung_for_a_colleagues_customer_gives_the_customer_back() {
    check_talk(
        "agents 1 2
         show agent
         5 in-call 1 transfer agent 2
         6 boss signs-out 2",
        "5 agent 2 busy.ringing
         5 ring a2
         5 hang up a1
         5 agent 1 acw
         6 hang up a2 NoAnswer
         6 agent 2 unready.wait
         6 agent 2 logout
         6 agent 1 busy.ringing
         6 ring a1",
    );
}

#[test]
fn an_intercept_whose_phone_is_up_too_late_says_so_and_ends() {
    check_talk(
        "agents 1
         phone 9000
         show told legs
         5 boss intercepts 1
         6 in-call 1 transfer queue sales
         7 answers 9000
         7 break 1
         20 ends L1",
        "5 ring 9000
         6 hang up a1
         7 tell 1 boss too_late
         7 hang up 9000
         7 tell 1 boss left
         20 close L1 connected by 1, agent 1 from 2 to 6 transferred, supervisor 9000 to 7 too_late
         20 finish c
         20 finished c",
    );
}

#[test]
fn a_customer_is_taken_only_from_the_agent_whom_the_order_names() {
    check_talk(
        "agents 1 2
         phone 9000
         show supervised
         5 boss intercepts 1
         6 in-call 1 transfer agent 2
         7 answers a2
         8 answers 9000",
        "5 ring 9000
         6 ring a2
         6 hang up a1
         7 bridge L1 a2
         8 hang up 9000",
    );
}
