//! A robot that listens: who speaks goes on, who does not goes elsewhere.

use super::{super::Input, script::Stage, script::check};

const ASKS: &str = "agents 1
     route 201 robot=hello queue/sales listens wait=3 silent=again else=voicemail/sales
     0 ready 1
     1 calls x 201";
const PATIENT: &str = "agents 1
     route 201 robot=hello queue/sales patient silent=again
     0 ready 1
     1 calls x 201";

/// What is shown after the beginning: the answer, the ear and the prompt.
#[track_caller]
fn goes(begins: &str, script: &str, expected: &str) {
    let begun = match begins == PATIENT {
        true => "1 answer x\n1 play x hello",
        false => "1 answer x\n1 listen to x\n1 play x hello",
    };
    let script = format!("{begins}\n{script}");
    check(&script, &format!("{begun}\n{expected}"));
}

#[test]
fn who_speaks_under_the_prompt_ends_it_and_goes_on_after_a_pause() {
    goes(
        ASKS,
        "3 speaks x
         4 pauses x
         4.5 answers a1",
        "3 hush x
         4 stop listening to x
         4 ring a1
         4.5 bridge x a1",
    );
}

#[test]
fn who_speaks_after_it_is_heard_out() {
    goes(
        ASKS,
        "5 heard x
         7 speaks x
         12 pauses x",
        "12 stop listening to x
         12 ring a1",
    );
}

#[test]
fn who_says_nothing_is_asked_once_more_and_goes_elsewhere() {
    goes(
        ASKS,
        "5 heard x
         10 heard x
         14 ends x",
        "8 play x again
         13 stop listening to x
         13 play x voicemail
         14 close x exited",
    );
}

#[test]
fn who_speaks_when_asked_once_more_goes_on() {
    goes(
        ASKS,
        "5 heard x
         9 speaks x
         9.5 pauses x",
        "8 play x again
         9 hush x
         9.5 stop listening to x
         9.5 ring a1",
    );
}

#[test]
fn without_another_way_the_silent_are_hung_up_on() {
    check(
        "agents 1
         route 201 robot=hello queue/sales listens wait=5
         0 ready 1
         1 calls x 201
         5 heard x
         20 wait",
        "1 answer x
         1 listen to x
         1 play x hello
         10 stop listening to x
         10 hang up x
         10 close x exited",
    );
}

#[test]
fn who_hangs_up_in_the_middle_is_gone() {
    for script in ["3 ends x", "3 speaks x\n3 ends x", "3 heard x\n3 ends x"] {
        let script = format!("{ASKS}\n{script}\n60 wait");
        let shown = Stage::of(&script).shown;
        let last = shown.last().map(String::as_str);
        assert_eq!(last, Some("3 close x exited"), "{script}: {shown:?}");
    }
}

#[test]
fn a_prompt_that_cannot_be_played_is_waited_after_as_any() {
    goes(
        ASKS,
        "1 mute x
         2 speaks x
         3 pauses x",
        "3 stop listening to x
         3 ring a1",
    );
    goes(
        ASKS,
        "1 mute x
         4 mute x
         8 ends x",
        "4 play x again
         7 stop listening to x
         7 play x voicemail
         8 close x exited",
    );
}

#[test]
fn a_key_is_a_word() {
    goes(
        ASKS,
        "3 presses x 1",
        "3 hush x
         3 stop listening to x
         3 ring a1",
    );
    goes(
        ASKS,
        "5 heard x
         6 presses x 55
         7 pauses x",
        "6 stop listening to x
         6 ring a1",
    );
    goes(PATIENT, "3 presses x 1", "");
}

#[test]
fn what_is_said_under_a_prompt_that_is_not_to_be_interrupted_does_not_count() {
    goes(
        PATIENT,
        "3 heard x
         7 speaks x
         8 pauses x
         9 heard x
         10 speaks x
         11 pauses x",
        "3 listen to x
         6 stop listening to x
         6 play x again
         9 listen to x
         11 stop listening to x
         11 ring a1",
    );
}

#[test]
fn who_never_pauses_goes_on_all_the_same() {
    goes(
        ASKS,
        "3 speaks x
         34 wait",
        "3 hush x
         33 stop listening to x
         33 ring a1",
    );
}

#[test]
fn where_the_switch_does_not_listen_everybody_goes_on() {
    goes(
        ASKS,
        "1 unheard x
         5 heard x",
        "5 stop listening to x
         5 ring a1",
    );
    goes(
        PATIENT,
        "5 heard x
         5 unheard x",
        "5 listen to x
         5 stop listening to x
         5 ring a1",
    );
}

#[test]
fn where_it_leads_may_be_gone_by_then() {
    goes(
        ASKS,
        "2 remove queue
         3 speaks x
         4 pauses x",
        "3 hush x
         4 stop listening to x
         4 hang up x
         4 close x exited",
    );
}

#[test]
fn a_phone_of_the_house_speaks_to_it_too() {
    check(
        "agents 1
         phone 8500
         route 201 robot=hello queue/sales listens
         0 ready 1
         1 dials at 8500 x 201
         3 speaks x
         4 pauses x",
        "1 answer x
         1 listen to x
         1 play x hello
         3 hush x
         4 stop listening to x
         4 ring a1",
    );
}

#[test]
fn somebody_is_waited_for_as_long_when_the_clock_is_set() {
    for by_ms in [3_600_000, -3_600_000] {
        let mut stage = Stage::of(&format!("{ASKS}\n5 heard x"));
        stage.shown.clear();
        stage.set_clock(stage.now.plus(by_ms));
        stage.tell(Input::ClockMoved { by_ms });
        stage.pass(2_900);
        assert_eq!(stage.shown, [""; 0], "by {by_ms}: too early");
        stage.pass(200);
        let shown = &stage.shown;
        assert!(shown[0].ends_with("play x again"), "by {by_ms}: {shown:?}");
    }
}
