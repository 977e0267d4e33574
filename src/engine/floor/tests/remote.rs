//! Agents at telephones outside (RPN): called for each call, or kept on the line.

use super::{
    super::AgentOrder,
    script::{Stage, check},
    talking::check_talk,
};

const AGENT: &str = "agents 1
     remote 1 13900000001
     route ^139 outbound=trunk
";

#[track_caller]
fn check_remote(script: &str, expected: &str) {
    check(&format!("{AGENT}{script}"), expected);
}

#[test]
fn a_call_calls_the_telephone_first_and_the_talk_starts_when_it_answers() {
    check_remote(
        "show check route agent
         0 ready 1
         1 calls x 4000
         3 answers 13900000001
         9 ends x",
        "0 agent 1 unready.wait
         0 agent 1 ready
         1 answer x
         1 agent 1 busy.ringing
         1 check 13900000001
         1 dial 13900000001 as 4000 by trunk
         3 bridge x 13900000001
         3 agent 1 busy.answered
         9 close x connected by 1
         9 hang up 13900000001
         9 agent 1 acw",
    );
}

#[test]
fn a_leg_that_is_kept_takes_the_next_call_at_once_and_is_called_again_when_it_fell() {
    check(
        "agents 1
         remote 1 13900000001 kept
         route ^139 outbound
         0 ready 1
         1 calls x 4000
         3 answers 13900000001
         9 ends x
         10 done 1
         11 calls y 4000
         12 ends 13900000001
         13 done 1
         14 calls z 4000
         15 answers 13900000001
         16 ends z
         17 done 1
         18 out 1",
        "1 answer x
         1 dial 13900000001
         3 bridge x 13900000001
         9 close x connected by 1
         11 answer y
         11 bridge y 13900000001
         12 hang up y
         12 close y connected by 1
         14 answer z
         14 dial 13900000001
         15 bridge z 13900000001
         16 close z connected by 1
         18 hang up 13900000001",
    );
}

#[test]
fn a_telephone_on_a_dnc_list_is_never_called() {
    check_remote(
        "forbidden 13900000001
         show check
         0 ready 1
         1 calls x 4000
         2.5 ends x",
        "1 answer x
         1 check 13900000001
         2 check 13900000001
         2.5 close x abandoned",
    );
}

#[test]
fn a_barred_number_is_no_device_and_an_agent_works_at_the_own_one_only() {
    check_remote(
        "outside denied=139\n 1 ready 1",
        "0 refused BARRED\n1 refused ILLEGAL_TRANSITION",
    );
    check(
        "agents 1
         remote 1 13900000001
         1 wait",
        "0 refused NO_ROUTE",
    );
    let mut stage = Stage::of(&format!("{AGENT}by hand sign-in\n 0 wait"));
    let elsewhere = AgentOrder::SignIn {
        extension: Some("RP_13900000002".into()),
        nailed_up: false,
    };
    let (now, floor) = (stage.now, &mut stage.floor);
    let refused = floor.order(&"1".into(), elsewhere, now).unwrap_err();
    assert_eq!(refused.code, "NOT_OWN_DEVICE");
}

#[test]
fn the_next_gateway_calls_a_telephone_that_the_first_refused() {
    check(
        "agents 1
         another gateway second
         remote 1 13900000001
         route ^139 outbound=trunk,second
         queue no-answers=1
         show route
         0 ready 1
         1 calls x 4000
         2 ends 13900000001 503
         4 answers 13900000001",
        "1 answer x
         1 dial 13900000001 as 4000 by trunk
         3 dial 13900000001 as 4000 by second
         4 bridge x 13900000001",
    );
}

#[test]
fn without_a_line_the_call_waits_for_one() {
    check_remote(
        "1 calls x 4000
         2 gateway trunk down
         3 ready 1
         6 gateway trunk up",
        "1 answer x
         6 dial 13900000001",
    );
}

#[test]
fn an_hour_has_its_bound() {
    check_remote(
        "outside hour=1
         0 ready 1
         1 calls x 4000
         2 answers 13900000001
         3 ends x
         4 done 1
         5 calls y 4000
         9 wait",
        "1 answer x
         1 dial 13900000001
         2 bridge x 13900000001
         3 close x connected by 1
         3 hang up 13900000001
         5 answer y",
    );
}

#[test]
fn a_caller_who_hangs_up_while_the_store_is_asked_leaves_nothing_behind() {
    check_remote(
        "by hand number
         0 ready 1
         1 calls x 4000
         1.5 ends x
         2 allows 13900000001 yes",
        "1 answer x
         1.5 hang up 13900000001 NoAnswer
         1.5 close x abandoned",
    );
}

#[test]
fn a_colleague_outside_is_asked_and_takes_the_customer() {
    check_talk(
        "agents 1 2
         remote 2 13900000002
         route ^139 outbound
         show route
         5 in-call 1 consult agent 2
         8 answers 13900000002
         9 in-call 1 complete
         20 ends L1",
        "5 dial 13900000002 as 02110000 by trunk
         8 bridge 13900000002 a1
         9 hang up a1
         9 bridge L1 13900000002
         20 close L1 connected by 2
         20 hang up 13900000002",
    );
}

#[test]
fn nobody_is_dialled_for_a_telephone_that_is_still_to_be_called() {
    check_remote(
        "campaign c predictive
         leads c 1
         0 ready 1
         5 wait",
        "",
    );
    check_remote(
        "campaign c predictive
         leads c 1
         by hand sign-in
         0 in 1 nailed
         1 answers 13900000001
         2 ready 1
         3 answers L1",
        "0 dial 13900000001
         2 dial L1
         3 bridge L1 13900000001",
    );
}

#[test]
fn an_agent_outside_dials_a_lead_of_the_own_list() {
    check_remote(
        "campaign c preview
         lead c agent=1
         0 next 1 c
         1 dials 1
         3 answers 13900000001
         5 answers L1
         9 hangs-up 1",
        "1 dial 13900000001
         3 dial L1
         5 bridge L1 13900000001
         9 hang up L1
         9 close L1 connected by 1
         9 hang up 13900000001",
    );
}
