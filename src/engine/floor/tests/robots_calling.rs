//! The robot of a campaign listens: who speaks goes on, who does not is asked again, then hung up on.

use super::script::{Stage, check};
use crate::outcome::Outcome;

/// What is shown after the answer at one second, the ear and the prompt.
#[track_caller]
fn goes(options: &str, script: &str, expected: &str) {
    let script = format!(
        "agents 1
         campaign c robot hears {options}
         leads c 1
         0 ready 1
         1 answers L1
         {script}"
    );
    let begun = "0 dial L1\n1 listen to L1\n1 play L1 robot";
    check(&script, &format!("{begun}\n{expected}"));
}

#[test]
fn who_speaks_under_the_prompt_ends_it_and_goes_to_the_queue_after_a_pause() {
    goes(
        "then=sales",
        "4 speaks L1
         6 pauses L1
         7 answers a1
         20 ends L1",
        "4 hush L1
         6 stop listening to L1
         6 ring a1
         7 bridge L1 a1
         20 close L1 connected by 1
         20 hang up a1",
    );
}

#[test]
fn who_speaks_is_reached_where_the_robot_hands_nobody_over() {
    goes(
        "",
        "9 heard L1
         10 speaks L1
         11 pauses L1",
        "11 stop listening to L1
         11 hang up L1
         11 close L1 connected
         11 finish c",
    );
}

#[test]
fn who_says_nothing_is_asked_once_more_and_hung_up_on() {
    goes(
        "then=sales wait=3 silent=again",
        "9 heard L1
         14 heard L1
         20 wait",
        "12 play L1 again
         17 stop listening to L1
         17 hang up L1
         17 close L1 silent again in 14400",
    );
}

#[test]
fn who_speaks_when_asked_once_more_is_not_silent() {
    goes(
        "then=sales wait=3 silent=again",
        "9 heard L1
         13 speaks L1
         14 pauses L1
         20 ends L1",
        "12 play L1 again
         13 hush L1
         14 stop listening to L1
         14 ring a1
         20 hang up a1 NoAnswer
         20 close L1 connected
         20 finish c",
    );
}

#[test]
fn who_says_nothing_may_go_elsewhere() {
    goes(
        "wait=3 else=queue/sales",
        "9 heard L1
         13 answers a1
         20 ends L1",
        "12 stop listening to L1
         12 ring a1
         13 bridge L1 a1
         20 close L1 connected by 1
         20 hang up a1",
    );
    goes(
        "wait=3 else=voicemail/sales",
        "9 heard L1
         14 ends L1",
        "12 stop listening to L1
         12 play L1 voicemail
         14 close L1 connected
         14 finish c",
    );
}

#[test]
fn hello_is_no_answer_to_what_the_robot_has_not_said_yet() {
    goes(
        "then=sales wait=3",
        "1.5 speaks L1
         2.5 pauses L1
         9 heard L1
         20 wait",
        "12 stop listening to L1
         12 hang up L1
         12 close L1 silent again in 14400",
    );
}

#[test]
fn the_answer_is_classified_before_the_robot_listens_and_a_greeting_heard_out_is_over() {
    check(
        "agents 1
         campaign c robot listens hears then=sales wait=3
         leads c 3
         0 ready 1
         1 answers L1
         1 answers L2
         1 answers L3
         2.9 judges L1 human 1.9 1.2
         3.4 judges L2 machine 2.4
         3.5 judges L3 unsure 2.5
         3.6 speaks L1
         3.7 speaks L3
         4 pauses L1
         4.1 pauses L3
         9 heard L3
         20 ends L1",
        "0 dial L1
         0 dial L2
         0 dial L3
         1 listen L1
         1 listen L2
         1 listen L3
         2.9 listen to L1
         2.9 play L1 robot
         3.4 hang up L2
         3.4 close L2 machine again in 14400
         3.5 listen to L3
         3.5 play L3 robot
         3.6 hush L1
         4 stop listening to L1
         4 ring a1
         12 stop listening to L3
         12 hang up L3
         12 close L3 silent again in 14400
         20 hang up a1 NoAnswer
         20 close L1 connected",
    );
}

#[test]
fn who_hangs_up_on_a_robot_that_listens_was_reached() {
    for script in ["3 ends L1", "9 heard L1\n10 ends L1"] {
        let script = format!("campaign c robot hears\nleads c 1\n0 wait\n1 answers L1\n{script}");
        let shown = Stage::of(&script).shown;
        let closed = shown
            .iter()
            .any(|line| line.ends_with("close L1 connected"));
        assert!(closed, "{shown:?}");
    }
}

#[test]
fn whom_a_robot_could_say_nothing_is_neither_reached_nor_silent() {
    goes(
        "wait=3",
        "1.1 mute L1
         10 wait",
        "4.1 stop listening to L1
         4.1 hang up L1
         4.1 close L1 abandoned again in 86400",
    );
    goes(
        "",
        "1.1 mute L1
         2 ends L1",
        "2 close L1 abandoned again in 86400",
    );
    goes(
        "then=sales",
        "1.1 mute L1
         2 speaks L1
         3 pauses L1
         3.5 answers a1
         9 ends L1",
        "3 stop listening to L1
         3 ring a1
         3.5 bridge L1 a1
         9 close L1 connected by 1
         9 hang up a1",
    );
}

#[test]
fn where_the_switch_does_not_listen_everybody_goes_on_after_the_prompt() {
    goes(
        "then=sales",
        "1 unheard L1
         9 heard L1
         10 answers a1",
        "9 stop listening to L1
         9 ring a1
         10 bridge L1 a1",
    );
}

#[test]
fn a_queue_that_is_full_turns_nobody_away_whom_we_have_called() {
    check(
        "agents 1
         queue places=1
         campaign c robot hears then=sales
         leads c 1
         0 wait
         1 calls x 4000
         2 answers L1
         5 speaks L1
         6 pauses L1
         7 ready 1",
        "0 dial L1
         1 answer x
         2 listen to L1
         2 play L1 robot
         5 hush L1
         6 stop listening to L1
         7 ring a1",
    );
}

#[test]
fn the_silent_are_counted_and_those_before_a_robot_talk() {
    let mut stage = Stage::of(
        "campaign c robot hears wait=3
         leads c 1
         0 wait
         1 answers L1
         9 heard L1",
    );
    let view = |stage: &Stage| stage.floor.view(stage.now).campaigns.remove(0);
    assert_eq!(view(&stage).talking, 1);
    stage.pass(5_000);
    let seen = view(&stage);
    assert_eq!(seen.talking, 0);
    assert_eq!(seen.outcomes, [(Outcome::Silent, 1)].into());
    assert_eq!((seen.counts.answered, seen.counts.connected), (1, 0));
    assert_eq!(seen.counts.abandoned, 0);
}
