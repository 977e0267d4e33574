//! The hook of an analog telephone is tapped in a talk.

use super::{
    super::Input,
    script::{Stage, check},
    talking::{check_talk, talk},
};

#[test]
fn a_flash_a_number_and_hanging_up_transfer_the_customer() {
    check_talk(
        "agents 1 2
         show park legs
         2.5 ready 2
         5 flashes a1
         6 presses a1 802#
         8 answers a2
         10 ends a1
         20 ends L1",
        "5 park L1 music
         5 park a1 dial-tone
         6 park L1 music
         6 park a1 silence
         6 ring a2
         6 park L1 music
         6 park a1 ringback
         8 park L1 music
         8 bridge a2 a1
         10 bridge L1 a2
         20 close L1 connected by 2, agent 1 from 2 to 10 hung_up, agent 2 from 10 to 20 call_over
         20 hang up a2",
    );
}

#[test]
fn whoever_dials_no_key_more_has_dialled_the_number() {
    check_talk(
        "agents 1
         route 95588 outbound
         5 flashes a1
         6 presses a1 955
         8 presses a1 88
         13 answers 95588
         20 ends L1",
        "12 dial 95588
         13 bridge 95588 a1
         20 close L1 connected by 1
         20 hang up a1
         20 hang up 95588",
    );
}

#[test]
fn a_second_flash_goes_back_before_the_answer_and_to_the_other_after_it() {
    check_talk(
        "agents 1 2
         2.5 ready 2
         4 flashes a1
         5 flashes a1
         6 flashes a1
         7 presses a1 802#
         8 flashes a1
         9 flashes a1
         10 presses a1 802#
         11 answers a2
         12 flashes a1
         13 flashes a1
         14 ends a2
         15 flashes a1
         20 ends L1",
        "5 bridge L1 a1
         7 ring a2
         8 hang up a2 NoAnswer
         8 bridge L1 a1
         10 ring a2
         11 bridge a2 a1
         12 bridge L1 a1
         13 bridge a2 a1
         15 bridge L1 a1
         20 close L1 connected by 1
         20 hang up a1",
    );
}

#[test]
fn who_dials_nothing_or_a_wrong_number_is_back_with_the_customer() {
    check_talk(
        "agents 1 2
         show told
         5 flashes a1
         21 flashes a1
         22 presses a1 #
         30 flashes a1
         31 presses a1 55555#
         32 flashes a1
         33 presses a1 801
         50 ends L1",
        "20 bridge L1 a1
         22 bridge L1 a1
         31 bridge L1 a1
         31 play a1 refused
         31 tell 1 55555 bad_number
         37 bridge L1 a1
         37 play a1 refused
         37 tell 1 801 bad_number
         50 close L1 connected by 1
         50 hang up a1",
    );
}

#[test]
fn a_telephone_hears_that_nobody_came_and_goes_back_by_another_flash() {
    check_talk(
        "agents 1
         route 95588 outbound
         show told
         5 flashes a1
         6 presses a1 95588#
         9 ends 95588 486
         11 flashes a1
         20 ends L1",
        "6 dial 95588
         9 tell 1 95588 busy
         9 play a1 refused
         11 bridge L1 a1
         20 close L1 connected by 1
         20 hang up a1",
    );
}

#[test]
fn what_the_console_does_meanwhile_ends_the_dialling() {
    check_talk(
        "agents 1 2
         show keys park
         5 flashes a1
         6 presses a1 80
         7 in-call 1 retrieve
         8 presses a1 2
         15 in-call 1 hold
         20 ends L1",
        "5 park L1 music
         5 park a1 dial-tone
         6 park L1 music
         6 park a1 silence
         7 bridge L1 a1
         15 park L1 music
         15 park a1 silence
         20 close L1 connected by 1
         20 hang up a1",
    );
}

#[test]
fn a_flash_takes_a_code_back_and_changes_no_conference() {
    check_talk(
        "agents 1 2
         show keys
         2.5 ready 2
         5 presses a1 *5
         6 flashes a1
         7 flashes a1
         8 in-call 1 invite agent 2
         9 answers a2
         10 flashes a1
         11 flashes a2
         20 ends L1",
        "5 withhold keys of a1
         6 pass keys of a1
         7 bridge L1 a1
         8 ring a2
         8 bridge L1 a1
         9 confer L1
         9 confer a1
         9 confer a2
         20 close L1 connected by 1
         20 hang up a1
         20 hang up a2",
    );
}

#[test]
fn a_phone_without_an_agent_asks_by_a_flash_about_whom_it_has_called() {
    check(
        "agents 1
         phone 8500
         phone 8600
         0 dials at 8500 mine 8600
         1 answers 8600
         2 answers mine
         5 flashes mine
         6 presses mine 801#
         8 answers a1
         9 ends mine
         20 ends 8600",
        "0 ring 8600
         1 answer mine
         1 bridge mine 8600
         6 ring a1
         8 bridge a1 mine
         9 bridge 8600 a1
         20 close 8500 connected by 1
         20 hang up a1",
    );
}

#[test]
fn a_number_of_nobody_in_the_house_leads_outside_only_where_the_tenant_has_it_so() {
    let script = "agents 1 2
         phone 8500
         route 95588 outbound
         inside only
         show told
         2.5 ready 2
         5 flashes a1
         6 presses a1 95588#
         7 refers a1 95588
         7.5 refers a1 95588#
         8 dials at 801 mine 95588
         9 in-call 1 consult number 95588
         10 in-call 1 cancel
         11 flashes a1
         12 presses a1 802#
         13 answers a2
         20 ends L1";
    check_talk(
        script,
        "6 bridge L1 a1
         6 play a1 refused
         6 tell 1 95588 bad_number
         7 tell a1 of its transfer 404
         7.5 tell a1 of its transfer 404
         8 hang up mine Unallocated
         9 dial 95588
         10 hang up 95588 NoAnswer
         10 bridge L1 a1
         12 popup 2 13900000000
         12 ring a2
         13 bridge a2 a1
         20 close L1 connected by 1
         20 hang up a1
         20 hang up a2",
    );
}

#[test]
fn a_phone_without_an_agent_stays_inside_too_but_calls_out_itself() {
    check(
        "agents 1
         phone 8500
         phone 8600
         route 95588 outbound
         inside only
         0 dials at 8500 mine 8600
         1 answers 8600
         2 answers mine
         3 flashes mine
         4 presses mine 95588#
         6 ends mine
         7 dials at 8500 again 95588
         8 ends again",
        "0 ring 8600
         1 answer mine
         1 bridge mine 8600
         4 bridge 8600 mine
         4 play mine refused
         6 hang up 8600
         6 close 8500 connected
         7 dial 95588
         8 close 8500 failed
         8 hang up 95588",
    );
}

#[test]
fn the_clock_may_be_set_while_somebody_dials() {
    let mut stage = Stage::of(&talk("agents 1\nroute 95588 outbound"));
    for line in ["5 flashes a1", "6 presses a1 95588"] {
        stage.line(line);
    }
    let hour = 3_600_000;
    stage.set_clock(stage.now.plus(hour));
    stage.tell(Input::ClockMoved { by_ms: hour });
    stage.pass(3_900);
    let dialled = |stage: &Stage| stage.shown.iter().any(|line| line.ends_with("dial 95588"));
    assert!(!dialled(&stage), "the next key may still come");
    stage.pass(200);
    assert!(dialled(&stage));
}
