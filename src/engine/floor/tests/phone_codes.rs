//! Codes that are pressed at a phone while it talks.

use super::{script::check, talking::check_talk};

#[test]
fn a_code_sends_the_customer_to_an_extension_without_being_heard() {
    check_talk(
        "agents 1 2
         show keys legs
         2.5 ready 2
         5 presses a1 *5802#
         8 answers a2
         20 ends L1",
        "5 withhold keys of a1
         5 pass keys of a1
         5 ring a2
         5 hang up a1
         8 bridge L1 a2
         20 close L1 connected by 2, agent 1 from 2 to 5 transferred, agent 2 from 8 to 20 call_over
         20 hang up a2",
    );
}

#[test]
fn a_code_sends_the_customer_to_a_queue_by_its_name_or_its_number() {
    for code in ["*62#", "*6301#"] {
        check_talk(
            &format!(
                "agents 1 2
                 another queue 2 301
                 show park
                 5 presses a1 {code}
                 20 ends L1"
            ),
            "5 hang up a1
             5 park L1 music
             20 close L1 connected by 1
             20 finish c",
        );
    }
}

#[test]
fn a_wrong_number_is_told_and_the_talk_goes_on() {
    check_talk(
        "agents 1 2
         show told
         5 presses a1 *55555#
         6 presses a1 *69#
         7 presses a1 *5801#
         7.5 ready 2
         8 presses a1 *5802#
         9 answers a2
         10 presses a2 *5801#
         20 ends L1",
        "5 play a1 refused
         5 tell 1 5555 bad_number
         6 play a1 refused
         6 tell 1 9 bad_number
         7 play a1 refused
         7 tell 1 801 bad_number
         8 popup 2 13900000000
         8 ring a2
         8 hang up a1
         9 bridge L1 a2
         10 play a2 refused
         10 tell 2 801 busy
         20 close L1 connected by 2
         20 hang up a2",
    );
}

#[test]
fn what_is_no_code_is_pressed_at_the_customer_after_all() {
    // The `*` is heard at once; so is all that does not follow it.
    check_talk(
        "agents 1
         show keys
         5 presses a1 12#
         6 presses a1 *12
         7 presses a1 *5
         11 presses a1 3
         12 presses a1 *5#
         13 presses a1 **5A
         14 presses a1 *512345678901234567890",
        "6 withhold keys of a1
         6 pass keys of a1
         6 keys L1 1
         7 withhold keys of a1
         11 pass keys of a1
         11 keys L1 5
         12 withhold keys of a1
         12 pass keys of a1
         12 keys L1 5#
         13 withhold keys of a1
         13 pass keys of a1
         13 keys L1 *5A
         14 withhold keys of a1
         14 pass keys of a1
         14 keys L1 5123456789012345678",
    );
}

#[test]
fn a_code_is_a_code_at_the_phone_of_who_has_the_customer_only() {
    check_talk(
        "agents 1 2
         show keys
         2.5 ready 2
         3 presses L1 *5802#
         5 in-call 1 consult agent 2
         8 answers a2
         9 presses a2 *5802#
         10 presses a1 *5802#
         20 ends L1",
        "5 ring a2
         8 bridge a2 a1
         10 withhold keys of a1
         10 pass keys of a1
         10 play a1 refused
         20 close L1 connected by 1
         20 hang up a1
         20 hang up a2",
    );
}

#[test]
fn a_code_that_is_not_finished_ends_with_its_talk() {
    check(
        "agents 1
         campaign c predictive
         leads c 2
         by hand sign-in
         show keys
         0 in 1 nailed
         0 ready 1
         1 answers a1
         2 answers L1
         5 presses a1 *58
         6 ends L1
         7 presses a1 01#",
        "0 ring a1
         1 dial L1
         2 bridge L1 a1
         5 withhold keys of a1
         6 close L1 connected by 1
         6 pass keys of a1",
    );
}

#[test]
fn a_phone_without_an_agent_sends_whom_it_has_called_on() {
    check(
        "agents 1
         phone 8500
         phone 8600
         phone 8700
         1 dials at 8500 x 8600
         4 answers 8600
         5 presses x *58700#
         8 answers 8700
         9 presses 8700 *58500#
         12 answers 8500
         20 ends 8500",
        "1 ring 8600
         4 answer x
         4 bridge x 8600
         5 ring 8700
         5 hang up x
         8 bridge 8600 8700
         9 ring 8500
         9 hang up 8700
         12 bridge 8600 8500
         20 hang up 8600
         20 close 8500 connected",
    );
}

#[test]
fn an_agent_sends_the_customer_to_a_voice_menu() {
    check_talk(
        "agents 1
         menu main keys=1 1:queue/sales
         route 200 ivr=main
         show choices legs
         5 in-call 1 transfer ivr nowhere
         6 in-call 1 consult ivr main
         7 presses a1 *5200#
         8 in-call 1 transfer ivr main
         10 presses L1 1
         11 done 1
         14 answers a1
         20 ends L1",
        "5 refused NO_SUCH_MENU
         6 refused BAD_DESTINATION
         7 play a1 refused
         8 hang up a1
         8 play L1 greet
         10 hush L1
         11 ring a1
         14 bridge L1 a1
         20 close L1 connected by 1, agent 1 from 2 to 8 transferred, agent 1 from 14 to 20 call_over, main 1 queue
         20 hang up a1",
    );
}

#[test]
fn a_phone_sends_the_customer_to_the_number_of_a_voice_menu() {
    check_talk(
        "agents 1
         menu main keys=1 1:queue/sales
         route 200 ivr=main
         5 refers a1 200
         8 ends L1",
        "5 tell a1 of its transfer 200
         5 hang up a1
         5 play L1 greet
         8 close L1 connected by 1",
    );
}
