//! A call for one phone or one number outside is answered when somebody answers there.

use super::script::check;

#[test]
fn a_caller_of_an_extension_hears_it_ring_and_is_answered_with_it() {
    check(
        "agents 1
         phone 8500
         route 777 inbound=8500
         route 8500 basic
         show ringing park
         1 calls x 777
         2 rings 8500
         5 answers 8500
         9 ends 8500",
        "1 ring 8500
         2 180 to x
         5 answer x
         5 bridge x 8500
         9 hang up x
         9 close x connected",
    );
}

#[test]
fn a_caller_is_told_what_became_of_the_call_instead_of_being_answered() {
    check(
        "agents 1
         phone 8500
         phone 8600
         route ^139 outbound
         1 dials at 8500 x 8600
         2 ends 8600 486
         3 dials at 8500 y 8600
         4 ends 8600 480
         5 dials at 8500 z 13900000009
         6 ends 13900000009 404
         7 dials at 8500 u 13900000009
         8 ends 13900000009 503
         9 dials at 8500 v 8600
         10 refuses 8600 ours
         11 dials at 8500 w 8600
         42 wait",
        "1 ring 8600
         2 hang up x Busy
         2 close 8500 busy
         3 ring 8600
         4 hang up y NoAnswer
         4 close 8500 no_answer
         5 dial 13900000009
         6 hang up z Unallocated
         6 close 8500 unallocated
         7 dial 13900000009
         8 hang up u Congestion
         8 close 8500 congestion
         9 ring 8600
         10 hang up v NoAnswer
         10 close 8500 no_answer
         11 ring 8600
         42 hang up 8600 NoAnswer
         42 hang up w NoAnswer
         42 close 8500 no_answer",
    );
}

#[test]
fn a_phone_hears_the_carriers_word_before_the_answer() {
    check(
        "agents 1
         phone 8500
         route ^139 outbound
         show ringing
         1 dials at 8500 x 13900000009
         2 rings 13900000009
         3 rings 13900000009 early
         5 answers 13900000009
         9 ends x",
        "1 dial 13900000009
         2 180 to x
         3 180 to x
         3 progress x
         3 x hears 13900000009 early
         5 answer x
         5 bridge x 13900000009
         9 close 8500 connected
         9 hang up 13900000009",
    );
}

#[test]
fn a_phone_that_heard_one_carrier_hears_our_ringback_while_the_next_one_is_asked() {
    check(
        "agents 1
         another gateway second
         phone 8500
         route ^139 outbound=trunk,second
         show ringing park
         1 dials at 8500 x 13900000009
         2 rings 13900000009 early
         3 ends 13900000009 503
         4 rings 13900000009
         5 ends 13900000009 486",
        "1 dial 13900000009
         2 180 to x
         2 progress x
         2 x hears 13900000009 early
         3 park x ringback
         3 dial 13900000009
         4 180 to x
         5 hang up x Busy
         5 close 8500 busy",
    );
}

#[test]
fn who_hangs_up_before_the_answer_called_in_vain() {
    check(
        "agents 1
         phone 8500
         route 777 inbound=8500
         route 8500 basic
         1 calls x 777
         3 ends x 487
         4 calls y 777
         5 answers 8500",
        "1 ring 8500
         3 close x no_answer
         3 hang up 8500
         4 ring 8500
         5 answer y
         5 bridge y 8500",
    );
}

#[test]
fn a_mailbox_answers_where_the_agent_does_not() {
    check(
        "agents 1
         route 777 inbound=801
         route 801 basic
         show ringing
         0 ready 1
         1 calls x 777
         2 rings a1
         4 ends a1 486
         5 heard x",
        "1 ring a1
         2 180 to x
         4 answer x
         4 play x voicemail
         5 stop recording x
         5 take message of x",
    );
}

#[test]
fn whoever_takes_a_call_that_rings_answers_its_caller() {
    check(
        "agents 1 2
         phone 8500
         phone 8600
         route 777 inbound=8500
         route 8500 basic
         route 778 inbound=801
         route 801 basic
         0 ready 1
         1 calls x 777
         7 dials at 8600 p *78500
         9 ends p
         10 calls y 778
         16 picks-up 2 agent 1
         17 ends a2 486
         18 answers a1
         20 ends y",
        "1 ring 8500
         7 hang up 8500 NoAnswer
         7 answer p
         7 answer x
         7 bridge x p
         9 hang up x
         9 close x connected
         10 ring a1
         16 hang up a1 NoAnswer
         16 ring a2
         17 ring a1
         18 answer y
         18 bridge y a1
         20 close y connected by 1
         20 hang up a1",
    );
}

#[test]
fn whoever_is_gone_before_our_answer_has_arrived_ends_the_call() {
    check(
        "agents 1
         phone 8500
         route 777 inbound=8500
         route 8500 basic
         by hand answer
         1 calls x 777
         2 answers 8500
         3 ends 8500
         10 calls y 777
         11 answers 8500
         12 ends y 487",
        "1 ring 8500
         2 answer x
         3 hang up x
         3 close x no_answer
         10 ring 8500
         11 answer y
         12 close y no_answer
         12 hang up 8500",
    );
}

#[test]
fn a_call_for_a_telephone_outside_is_answered_when_its_agent_does() {
    check(
        "agents 1
         remote 1 13900000001
         phone 8500
         route ^139 outbound=trunk
         show ringing
         0 ready 1
         1 dials at 8500 x 1
         2 rings 13900000001 early
         4 answers 13900000001
         9 ends x",
        "1 dial 13900000001
         2 180 to x
         2 progress x
         2 x hears 13900000001 early
         4 answer x
         4 bridge x 13900000001
         9 close 8500 connected by 1
         9 hang up 13900000001",
    );
}

#[test]
fn numbers_and_agents_that_are_called_for_a_caller_are_legs_of_the_call() {
    check(
        "agents 1
         another gateway second
         phone 8500
         phone 8600
         forbidden 13900000008
         route ^139 outbound=trunk,second
         route 777 inbound=801
         route 801 basic
         show legs
         1 dials at 8500 x 13900000009
         2 ends 13900000009 503
         5 answers 13900000009
         9 ends x
         10 dials at 8500 y 13900000008
         11 dials at 8500 z 8600
         12 ends 8600 486
         13 calls u 777
         14 answers a1
         19 ends u",
        "1 dial 13900000009
         2 dial 13900000009
         5 answer x
         5 bridge x 13900000009
         9 close 8500 connected, outside 13900000009 to 2 gateway, outside 13900000009 from 5 to 9 call_over
         9 hang up 13900000009
         10 hang up y Declined
         10 close 8500 declined, outside 13900000008 to 10 dnc
         11 ring 8600
         12 hang up z Busy
         12 close 8500 busy, extension 8600 to 12 busy
         13 ring a1
         14 answer u
         14 bridge u a1
         19 close u connected by 1, agent 1 from 14 to 19 call_over
         19 hang up a1",
    );
}
