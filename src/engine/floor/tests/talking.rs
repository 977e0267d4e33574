//! Hold, mute and keys.

use super::script::{check, check_since};

/// Plays a script in which agent 1 talks to L1 from second 2 on, and compares what comes then.
#[track_caller]
pub fn check_talk(script: &str, expected: &str) {
    check_since(2.0, &talk(script), expected);
}

/// A script that begins with this talk.
pub fn talk(script: &str) -> String {
    let is_timed = |line: &&str| {
        let word = line.split_whitespace().next();
        word.is_some_and(|word| word.parse::<f64>().is_ok())
    };
    let set: Vec<&str> = script.lines().filter(|line| !is_timed(line)).collect();
    let then: Vec<&str> = script.lines().filter(is_timed).collect();
    let begin = "campaign c predictive record=yes
                 leads c 1
                 0 ready 1
                 1 answers L1
                 2 answers a1";
    format!("{}\n{begin}\n{}", set.join("\n"), then.join("\n"))
}

#[test]
fn a_held_customer_hears_music_until_taken_up_again() {
    check(
        "agents 1
         campaign c predictive
         leads c 1
         show park agent
         0 ready 1
         1 answers L1
         2 answers a1
         5 in-call 1 hold
         6 in-call 1 hold
         9 in-call 1 retrieve
         10 in-call 1 retrieve
         30 ends L1",
        "0 agent 1 unready.wait
         0 agent 1 ready
         0 dial L1
         1 agent 1 busy.ringing
         1 ring a1
         1 park L1 music
         2 bridge L1 a1
         2 agent 1 busy.answered
         5 park L1 music
         5 park a1 silence
         5 agent 1 busy.hold
         9 bridge L1 a1
         9 agent 1 busy.answered
         30 close L1 connected by 1
         30 hang up a1
         30 agent 1 acw",
    );
}

#[test]
fn a_customer_who_hangs_up_while_held_ends_the_call() {
    check_talk(
        "agents 1
         5 in-call 1 hold
         6 ends L1
         7 in-call 1 retrieve",
        "6 close L1 connected by 1
         6 hang up a1
         7 refused NO_SUCH_CALL",
    );
}

#[test]
fn a_phone_that_hangs_up_on_a_held_customer_ends_the_call() {
    check_talk(
        "agents 1
         5 in-call 1 hold
         6 ends a1",
        "6 hang up L1
         6 close L1 connected by 1",
    );
}

#[test]
fn mute_is_of_the_talk_and_ends_with_it() {
    check(
        "agents 1
         campaign c predictive
         leads c 2
         by hand sign-in
         0 in 1 nailed
         0 ready 1
         1 answers a1
         2 answers L1
         5 in-call 1 mute
         6 in-call 1 mute
         7 in-call 1 unmute
         8 in-call 1 mute
         9 ends L1",
        "0 ring a1
         1 dial L1
         2 bridge L1 a1
         5 mute a1
         7 unmute a1
         8 mute a1
         9 close L1 connected by 1
         9 unmute a1",
    );
}

#[test]
fn keys_go_to_whoever_is_heard() {
    check_talk(
        "agents 1
         phone 8500
         5 in-call 1 press 12#
         6 in-call 1 press 12x
         7 in-call 1 hold
         8 in-call 1 press 1
         9 in-call 1 consult extension 8500
         10 in-call 1 press 1
         11 answers 8500
         12 in-call 1 press 1
         13 in-call 1 swap
         14 in-call 1 press 2",
        "5 keys L1 12#
         6 refused BAD_DIGITS
         8 refused NOBODY_HEARS
         9 ring 8500
         10 refused NOBODY_HEARS
         11 bridge 8500 a1
         12 keys 8500 1
         13 bridge L1 a1
         14 keys L1 2",
    );
}

#[test]
fn nothing_is_held_before_there_is_a_talk() {
    check(
        "agents 1
         campaign c predictive
         leads c 1
         0 ready 1
         0.5 in-call 1 hold
         1 answers L1
         1.5 in-call 1 mute",
        "0 dial L1
         0.5 refused NO_SUCH_CALL
         1 ring a1
         1.5 refused NO_SUCH_CALL",
    );
}

#[test]
fn keys_and_mute_follow_the_agent_to_the_phones_second_call() {
    check_talk(
        "agents 1 2
         2.5 ready 2
         4 in-call 1 mute
         5 holds a1 on
         6 dials at 801 own 802
         8 answers a2
         8.5 in-call 1 unmute
         9 in-call 1 press 1
         10 holds own on
         11 in-call 1 press 2
         12 holds a1 off
         13 in-call 1 press 3
         14 in-call 1 mute
         15 ends own",
        "4 mute a1
         6 ring a2
         8 answer own
         8 mute own
         8 bridge a2 own
         8.5 unmute a1
         8.5 unmute own
         9 keys a2 1
         11 refused NOBODY_HEARS
         12 bridge L1 a1
         13 keys L1 3
         14 mute a1
         14 mute own
         15 hang up a2
         15 bridge L1 a1",
    );
}
