//! A phone that is set to forward its calls (302).

use super::{
    script::{check, check_since},
    talking::check_talk,
};

/// Two phones that are not spoken of again.
const PHONES: &str = "agents 1 2
     phone 8500
     phone 8600
     phone 8700
     phone 8750
     phone 8900
     route 777 inbound=8600
     route ^8 basic
     route ^139 outbound";

#[track_caller]
fn check_phones(set: &str, script: &str, expected: &str) {
    check(&format!("{PHONES}\n{set}\n{script}"), expected);
}

#[test]
fn a_caller_is_rung_through_to_where_the_phone_sends_its_calls() {
    check_phones(
        "show ringing legs",
        "1 dials at 8500 x 8600
         2 ends 8600 302 to 8700
         3 rings 8700
         4 answers 8700
         9 ends x",
        "1 ring 8600
         2 ring 8700
         3 180 to x
         4 answer x
         4 bridge x 8700
         9 close 8500 connected, extension 8600 to 2 forwarded, extension 8700 from 4 to 9 call_over
         9 hang up 8700",
    );
}

#[test]
fn who_is_busy_or_does_not_answer_there_is_who_was_not_reached() {
    check_phones(
        "show legs",
        "1 dials at 8500 x 8600
         2 ends 8600 302 to 8700
         3 ends 8700 486
         4 calls y 777
         5 ends 8600 302 to 13900000009
         6 ends 13900000009 404
         7 dials at 8700 z 8600
         8 ends 8600 302 to 8700",
        "1 ring 8600
         2 ring 8700
         3 hang up x Busy
         3 close 8500 busy, extension 8600 to 2 forwarded, extension 8700 to 3 busy
         4 ring 8600
         5 dial 13900000009
         6 hang up y Unallocated
         6 close y unallocated, extension 8600 to 5 forwarded, outside 13900000009 to 6 bad_number
         7 ring 8600
         8 hang up z Busy
         8 close 8700 busy, extension 8600 to 8 not_forwarded",
    );
}

#[test]
fn a_call_that_is_sent_outside_goes_as_if_the_phone_had_dialled_it() {
    check_phones(
        "another gateway second
         number 111
         shows 8600 111
         shows 8500 222
         bound 8600 second
         route ^138 outbound=trunk by-extension record=no
         show route record check",
        "1 dials at 8500 x 8600
         2 ends 8600 302 to 13800000009
         3 ends 13800000009 503
         4 answers 13800000009
         9 ends x",
        "1 ring 8600
         2 check 13800000009
         2 dial 13800000009 as 111 by second
         3 dial 13800000009 as 111 by trunk
         4 answer x
         4 bridge x 13800000009
         9 close 8500 connected
         9 hang up 13800000009",
    );
}

#[test]
fn what_the_phone_may_not_call_its_calls_are_not_sent_to() {
    let refused = |set: &str, to: &str, expected: &str| {
        check_phones(
            set,
            &format!(
                "1 dials at 8500 x 8600
                 2 ends 8600 302 to {to}"
            ),
            &format!("1 ring 8600\n{expected}"),
        );
    };
    let barred = "2 hang up x Declined\n2 close 8500 declined";
    refused("outside denied=139", "13900000009", barred);
    refused("forbidden 13900000009", "13900000009", barred);
    refused("phones keep calls", "8700", barred);
    refused("phones keep calls", "13900000009", barred);
    let unknown = "2 hang up x Unallocated\n2 close 8500 unallocated";
    refused("", "0044", unknown);
    refused("inside only", "13900000009", unknown);
    let full = "2 hang up x Congestion\n2 close 8500 congestion";
    refused("0.5 gateway trunk down", "13900000009", full);
    let busy = "2 hang up x Busy\n2 close 8500 busy";
    refused("outside at-once=0", "13900000009", busy);
}

#[test]
fn where_numbers_stay_inside_a_phone_still_sends_its_calls_to_phones() {
    check_phones(
        "inside only",
        "1 dials at 8500 x 8600
         2 ends 8600 302 to 8700
         4 answers 8700",
        "1 ring 8600
         2 ring 8700
         4 answer x
         4 bridge x 8700",
    );
}

#[test]
fn calls_that_phones_have_sent_outside_count_for_each_of_them() {
    check_phones(
        "outside at-once=1",
        "1 dials at 8500 x 8600
         2 ends 8600 302 to 13900000001
         3 answers 13900000001
         4 calls y 777
         5 ends 8600 302 to 13900000002
         6 dials at 8750 z 8700
         7 ends 8700 302 to 13900000003
         8 ends x
         9 calls u 777
         10 ends 8600 302 to 13900000002",
        "1 ring 8600
         2 dial 13900000001
         3 answer x
         3 bridge x 13900000001
         4 ring 8600
         5 hang up y Busy
         5 close y busy
         6 ring 8700
         7 dial 13900000003
         8 close 8500 connected
         8 hang up 13900000001
         9 ring 8600
         10 dial 13900000002",
    );
    check_phones(
        "outside hour=1",
        "1 dials at 8500 x 8600
         2 ends 8600 302 to 13900000001
         3 ends 13900000001 486
         4 dials at 8500 y 8600
         5 ends 8600 302 to 13900000001",
        "1 ring 8600
         2 dial 13900000001
         3 hang up x Busy
         3 close 8500 busy
         4 ring 8600
         5 hang up y Busy
         5 close 8500 busy",
    );
}

#[test]
fn a_circle_of_phones_ends() {
    check_phones(
        "show legs",
        "1 dials at 8500 x 8600
         2 ends 8600 302 to 8600
         3 dials at 8500 y 8600
         4 ends 8600 302 to 8700
         5 ends 8700 302 to 8600
         6 dials at 8500 z 8600
         7 ends 8600 302 to 8700
         8 ends 8700 302 to 8750
         9 ends 8750 302 to 8900
         10 ends 8900 302 to 13900000009",
        "1 ring 8600
         2 hang up x Declined
         2 close 8500 declined, extension 8600 to 2 not_forwarded
         3 ring 8600
         4 ring 8700
         5 hang up y Declined
         5 close 8500 declined, extension 8600 to 4 forwarded, extension 8700 to 5 not_forwarded
         6 ring 8600
         7 ring 8700
         8 ring 8750
         9 ring 8900
         10 hang up z Declined
         10 close 8500 declined, extension 8600 to 7 forwarded, extension 8700 to 8 forwarded, extension 8750 to 9 forwarded, extension 8900 to 10 not_forwarded",
    );
}

#[test]
fn a_queue_rings_its_next_agent() {
    check(
        "agents 1 2
         phone 8500
         show agent legs
         0 ready 1
         1 calls x 4000
         1.5 ready 2
         2 ends a1 302 to 8500
         3 answers a2
         9 ends x",
        "0 agent 1 unready.wait
         0 agent 2 unready.wait
         0 agent 1 ready
         1 answer x
         1 agent 1 busy.ringing
         1 ring a1
         1.5 agent 2 ready
         2 agent 1 ready
         2 agent 2 busy.ringing
         2 ring a2
         3 bridge x a2
         3 agent 2 busy.answered
         9 close x connected by 2, agent 1 to 2 rejected, agent 2 from 3 to 9 call_over
         9 hang up a2
         9 agent 2 acw",
    );
}

#[test]
fn an_agent_who_is_called_alone_has_the_call_sent_on_and_else_a_message_left() {
    check(
        "agents 1 2
         show agent legs
         1 dials at 8500 x 801
         2 ends a1 302 to 802
         3 answers a2
         9 ends a2",
        "0 agent 1 unready.wait
         0 agent 2 unready.wait
         1 agent 1 busy.ringing
         1 ring a1
         2 agent 1 unready.wait
         2 agent 2 busy.ringing
         2 ring a2
         3 answer x
         3 bridge x a2
         3 agent 2 busy.answered
         9 hang up x
         9 close 8500 connected by 2, agent 1 to 2 forwarded, agent 2 from 3 to 9 hung_up
         9 agent 2 acw",
    );
    check(
        "agents 1 2
         phones keep calls
         1 dials at 8500 x 801
         2 ends a1 302 to 802",
        "1 ring a1
         2 answer x
         2 play x voicemail",
    );
}

#[test]
fn a_customer_goes_where_the_phone_sends_them_and_back_to_who_sent_them() {
    let went = |to: &str, then: &str, expected: &str| {
        let script = format!(
            "agents 1 2
             phone 8500
             phone 8600
             route ^139 outbound
             forbidden 13900000008
             5 in-call 1 transfer extension 8500
             6 ends 8500 302 to {to}
             {then}"
        );
        check_talk(&script, expected);
    };
    went(
        "8600",
        "7 answers 8600
         9 ends 8600",
        "5 ring 8500
         5 hang up a1
         6 ring 8600
         7 bridge L1 8600
         9 hang up L1
         9 close L1 connected by 1",
    );
    went(
        "8600",
        "7 ends 8600 486",
        "5 ring 8500
         5 hang up a1
         6 ring 8600
         7 ring a1",
    );
    went(
        "13900000009",
        "7 answers 13900000009
         9 ends L1",
        "5 ring 8500
         5 hang up a1
         6 dial 13900000009
         7 bridge L1 13900000009
         9 close L1 connected by 1
         9 hang up 13900000009",
    );
    let back = "5 ring 8500
         5 hang up a1
         6 ring a1";
    went("13900000008", "", back);
    went("8500", "", back);
    went("55555", "", back);
    went(
        "802",
        "7 ends a2 302 to 8600
         8 answers 8600",
        "5 ring 8500
         5 hang up a1
         6 ring a2
         7 ring 8600
         8 bridge L1 8600",
    );
    went(
        "*6sales",
        "7 ready 2",
        "5 ring 8500
         5 hang up a1
         7 ring a2",
    );
}

#[test]
fn who_is_asked_may_be_where_the_phone_sends_its_calls() {
    check_talk(
        "agents 1 2
         phone 8500
         phone 8600
         route ^139 outbound
         show park legs
         5 in-call 1 consult extension 8500
         6 ends 8500 302 to 13900000009
         7 answers 13900000009
         8 in-call 1 complete
         9 ends L1",
        "5 ring 8500
         5 park L1 music
         5 park a1 ringback
         6 park L1 music
         6 park a1 ringback
         6 dial 13900000009
         7 park L1 music
         7 bridge 13900000009 a1
         8 hang up a1
         8 bridge L1 13900000009
         9 close L1 connected by 1, agent 1 from 2 to 8 transferred, extension 8500 to 6 forwarded, outside 13900000009 from 8 to 9 call_over
         9 hang up 13900000009",
    );
    check_talk(
        "agents 1 2
         phone 8500
         phone 8600
         show park
         5 refers a1 8500
         6 ends 8500 302 to 8600
         7 ends 8600 302 to 8500
         8 refers a1 802
         9 ends a2 302 to 8600
         10 rings 8600
         11 answers 8600",
        "5 ring 8500
         5 park L1 music
         5 park a1 ringback
         6 ring 8600
         6 park L1 music
         6 park a1 ringback
         7 tell a1 of its transfer 603
         7 bridge L1 a1
         8 ring a2
         8 park L1 music
         8 park a1 ringback
         9 ring 8600
         9 park L1 music
         9 park a1 ringback
         10 tell a1 of its transfer 180
         11 tell a1 of its transfer 200
         11 hang up a1
         11 bridge L1 8600",
    );
}

#[test]
fn who_takes_a_call_is_to_be_at_the_phone() {
    check_since(
        1.0,
        "agents 1 2
         phone 8500
         phone 8600
         route 777 inbound=8500
         route ^8 basic
         1 calls x 777
         7 picks-up 1 extension 8500
         8 ends a1 302 to 8600
         9 ends 8500 302 to 8600
         10 answers 8600",
        "7 hang up 8500 NoAnswer
         7 ring a1
         8 ring 8500
         9 ring 8600
         10 answer x
         10 bridge x 8600",
    );
    check(
        "agents 1
         phone 8500
         campaign c preview
         lead c agent=1
         0 next 1 c
         1 dials 1
         2 ends a1 302 to 8500",
        "1 ring a1
         2 release L1",
    );
}
