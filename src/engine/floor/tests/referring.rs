//! A phone that sends its customer on by REFER is told how that went, and has them back where nobody comes.

use super::{script::check_since, talking::check_talk};

#[test]
fn a_phone_is_told_why_nobody_took_its_customer_and_has_them_back() {
    check_talk(
        "agents 1 2
         phone 8500
         show park
         5 holds a1 on
         6 refers a1 802
         7 ends a2 486
         8 refers a1 8500
         9 ends 8500 603
         10 refers a1 10010
         11 ends 10010 404
         12 refers a1 802
         43 wait
         44 holds a1 off",
        "5 park L1 music
         5 park a1 silence
         6 ring a2
         6 park L1 music
         6 park a1 ringback
         7 tell a1 of its transfer 486
         7 park L1 music
         7 park a1 silence
         8 ring 8500
         8 park L1 music
         8 park a1 ringback
         9 tell a1 of its transfer 603
         9 park L1 music
         9 park a1 silence
         10 park L1 music
         10 park a1 ringback
         10 dial 10010
         11 tell a1 of its transfer 404
         11 park L1 music
         11 park a1 silence
         12 ring a2
         12 park L1 music
         12 park a1 ringback
         43 tell a1 of its transfer 480
         43 hang up a2 NoAnswer
         43 park L1 music
         43 park a1 silence
         44 bridge L1 a1",
    );
}

#[test]
fn a_transfer_outside_goes_by_the_next_gateway_and_past_the_lists() {
    check_talk(
        "agents 1
         another gateway second
         route ^955 outbound=trunk,second
         forbidden 95599
         5 refers a1 95588
         6 ends 95588 503
         7 answers 95588
         8 ends 95588",
        "5 dial 95588
         6 dial 95588
         7 tell a1 of its transfer 200
         7 hang up a1
         7 bridge L1 95588
         8 hang up L1
         8 close L1 connected by 1",
    );
    check_talk(
        "agents 1
         route ^955 outbound
         forbidden 95599
         show park
         5 refers a1 95599
         6 refers a1 95588
         7 rings 95588 early
         8 ends 95588 503",
        "5 park L1 music
         5 park a1 ringback
         5 tell a1 of its transfer 603
         5 bridge L1 a1
         6 park L1 music
         6 park a1 ringback
         6 dial 95588
         7 tell a1 of its transfer 180
         7 park L1 music
         7 a1 hears 95588 early
         8 tell a1 of its transfer 503
         8 bridge L1 a1",
    );
}

#[test]
fn while_somebody_is_rung_the_customer_the_phone_and_the_console_can_change_their_mind() {
    check_talk(
        "agents 1 2
         show agent
         5 refers a1 802
         6 in-call 1 swap
         7 in-call 1 cancel
         8 refers a1 802
         9 holds a1 on
         11 in-call 1 complete
         12 answers a2
         20 ends L1",
        "5 agent 2 busy.ringing
         5 ring a2
         5 agent 1 busy.transfer
         6 refused AT_PHONE
         7 tell a1 of its transfer 487
         7 hang up a2 NoAnswer
         7 agent 2 unready.wait
         7 bridge L1 a1
         7 agent 1 busy.answered
         8 agent 2 busy.ringing
         8 ring a2
         8 agent 1 busy.transfer
         11 tell a1 of its transfer 200
         11 hang up a1
         11 agent 1 acw
         12 bridge L1 a2
         12 agent 2 busy.answered
         20 close L1 connected by 2
         20 hang up a2
         20 agent 2 acw",
    );
    check_talk(
        "agents 1 2
         5 refers a1 802
         6 ends L1",
        "5 ring a2
         6 close L1 connected by 1
         6 tell a1 of its transfer 487
         6 hang up a1
         6 hang up a2 NoAnswer",
    );
}

#[test]
fn a_phone_that_sends_its_customer_on_and_hangs_up_is_rung_when_nobody_takes_them() {
    check_talk(
        "agents 1 2
         5 refers a1 802
         6 ends a1
         7 ends a2 486
         8 answers a1
         20 ends L1",
        "5 ring a2
         7 ring a1
         8 bridge L1 a1
         20 close L1 connected by 1
         20 hang up a1",
    );
    check_since(
        3.0,
        "agents 1 2
         phone 8500
         phone 8600
         route 777 inbound=8500
         route 8500 basic
         1 calls x 777
         3 answers 8500
         5 refers 8500 802
         6 ends 8500
         7 ends a2 486
         8 answers 8500
         9 refers 8500 8600
         10 ends 8600 480
         11 refers 8500 8600
         12 answers 8600
         20 ends x",
        "5 ring a2
         7 ring 8500
         8 bridge x 8500
         9 ring 8600
         10 tell 8500 of its transfer 480
         10 bridge x 8500
         11 ring 8600
         12 tell 8500 of its transfer 200
         12 hang up 8500
         12 bridge x 8600
         20 close x connected
         20 hang up 8600",
    );
}

#[test]
fn whoever_is_up_already_has_the_customer_at_once() {
    check_talk(
        "agents 1 2
         0 out 2
         0 in 2 nailed
         0 answers a2
         5 refers a1 802",
        "5 tell a1 of its transfer 200
         5 hang up a1
         5 bridge L1 a2",
    );
}

#[test]
fn whoever_is_asked_and_rings_still_takes_the_customer_when_they_answer() {
    // The phone names its second call (Replaces) before that is answered, and lets go of it at once, as
    // phones do, or not at all.
    for (then, gone) in [
        ("8.1 ends own 487", ""),
        ("8.1 wait", "10 hang up own NoAnswer"),
    ] {
        check_talk(
            &format!(
                "agents 1 2
                 show legs
                 5 holds a1 on
                 6 dials at 801 own 802
                 7 rings a2
                 8 refers a1 802 own
                 {then}
                 10 answers a2
                 20 ends L1"
            ),
            &format!(
                "6 ring a2
                 8 tell a1 of its transfer 180
                 {gone}
                 10 tell a1 of its transfer 200
                 10 hang up a1
                 10 bridge L1 a2
                 20 close L1 connected by 2, agent 1 from 2 to 10 transferred, agent 2 from 10 to 20 call_over
                 20 hang up a2"
            ),
        );
    }
}

#[test]
fn a_phone_whose_party_never_answers_is_told_so_and_has_the_customer_back() {
    check_talk(
        "agents 1 2
         5 holds a1 on
         6 dials at 801 own 802
         7 refers a1 802 own
         8 rings a2
         8 ends own 487
         9 ends a2 486
         10 holds a1 off",
        "6 ring a2
         8 tell a1 of its transfer 180
         9 tell a1 of its transfer 486
         10 bridge L1 a1",
    );
}
