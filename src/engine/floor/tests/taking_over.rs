//! A device takes a call over from another one of the same phone (Replaces, RFC 3891).

use super::{
    script::{check, check_after},
    talking::check_talk,
};

#[test]
fn another_device_of_the_agents_phone_takes_the_call_over() {
    check_talk(
        "agents 1 2
         show park agent legs
         3 in-call 1 mute
         4 holds a1 on
         5 dials at 801 new any a1
         20 ends L1",
        "3 mute a1
         4 park L1 music
         4 park a1 silence
         4 agent 1 busy.hold
         5 answer new
         5 mute new
         5 bridge L1 new
         5 agent 1 busy.answered
         5 hang up a1
         20 close L1 connected by 1, agent 1 from 2 to 5 replaced, agent 1 from 5 to 20 call_over
         20 hang up new
         20 agent 1 acw",
    );
}

#[test]
fn a_call_is_nobody_elses_to_take() {
    check_talk(
        "agents 1 2
         phone 8500
         2.5 ready 2
         4 dials at 802 two any a1
         5 dials at 8500 three any a1
         6 dials at 801 four any L1
         7 calls carrier 4000 replaces=a1
         8 dials at 801 own 8500
         8.5 dials at 801 five any own
         9 answers 8500
         10 ends L1",
        "4 hang up two Declined
         5 hang up three Declined
         6 hang up four Declined
         7 hang up carrier Declined
         8 ring 8500
         8 bridge L1 a1
         8.5 hang up five Declined
         9 answer own
         9 bridge L1 a1
         9 bridge L1 a1
         9 bridge 8500 own
         10 close L1 connected by 1
         10 hang up a1
         10 hang up own
         10 hang up 8500",
    );
}

#[test]
fn a_device_comes_too_late_for_a_call_that_is_over() {
    check_talk(
        "agents 1
         by hand answer
         4 dials at 801 new any a1
         5 ends L1
         6 answers new
         7 dials at 801 again any a1",
        "4 answer new
         5 close L1 connected by 1
         5 hang up a1
         6 hang up new
         7 hang up again Declined",
    );
}

#[test]
fn a_phones_question_and_whoever_is_asked_move_to_other_devices() {
    check_talk(
        "agents 1
         phone 8500
         4 holds a1 on
         5 dials at 801 own 8500
         6 answers 8500
         7 holds own on
         8 dials at 801 own2 any own
         9 dials at 8500 other any 8500
         10 refers a1 8500 own2
         11 ends L1",
        "5 ring 8500
         6 answer own
         6 bridge 8500 own
         8 answer own2
         8 bridge 8500 own2
         8 hang up own
         9 answer other
         9 bridge other own2
         9 hang up 8500
         10 tell a1 of its transfer 200
         10 hang up own2
         10 hang up a1
         10 bridge L1 other
         11 close L1 connected by 1
         11 hang up other",
    );
}

#[test]
fn a_shift_on_one_leg_and_a_supervisor_move_too() {
    check(
        "agents 1
         phone 9000
         campaign c predictive
         leads c 1
         show park
         by hand sign-in
         0 in 1 nailed
         0.5 ready 1
         1 answers a1
         1.5 dials at 801 new any a1
         2 answers L1
         3 boss listens 1
         4 answers 9000
         5 dials at 9000 ear any 9000
         6 dials at 801 newer any new
         9 ends L1",
        "0 ring a1
         1 park a1 silence
         1.2 dial L1
         1.5 answer new
         1.5 park new silence
         1.5 hang up a1
         2 bridge L1 new
         3 ring 9000
         4 supervise 9000 new Listen
         5 answer ear
         5 supervise ear new Listen
         5 hang up 9000
         6 answer newer
         6 park newer silence
         6 bridge L1 newer
         6 supervise ear newer Listen
         6 hang up new
         9 close L1 connected by 1
         9 park newer silence
         9 hang up ear",
    );
}

#[test]
fn a_phones_own_call_moves_unless_the_phone_is_recorded() {
    check_after(
        "3 bridge x 8600",
        "agents 1
         phone 8500
         phone 8600
         show record
         1 dials at 8500 x 8600
         3 answers 8600
         4 holds x on
         5 dials at 8500 new any x
         9 ends new
         10 dials at 8500 x 10010
         11 answers 10010
         12 dials at 8500 new any x
         13 answers new
         14 ends new
         15 ready 1
         15 dials at 8500 x 4000
         16 answers a1
         17 dials at 8500 new any x",
        "5 answer new
         5 bridge new 8600
         5 hang up x
         9 close 8500 connected
         9 hang up 8600
         10 dial 10010
         11 answer x
         11 record 10010
         11 bridge x 10010
         12 answer new
         12 bridge new 10010
         12 hang up x
         14 close 8500 connected
         14 hang up 10010
         15 answer x
         15 record x
         15 ring a1
         16 bridge x a1
         17 hang up new Declined",
    );
}
