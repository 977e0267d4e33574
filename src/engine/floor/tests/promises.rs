//! Promised call backs: written down before anybody hears of them, kept by the next process, never
//! made twice.

use super::script::{Stage, check};

const QUEUE: &str = "agents 1
     queue wait=60 key=3:callback call-back=100
     route ^139 outbound
     show promise
";

#[track_caller]
fn check_promises(script: &str, expected: &str) {
    check(&format!("{QUEUE}{script}"), expected);
}

#[test]
fn a_promise_is_written_down_before_the_caller_hears_of_it() {
    check_promises(
        "by hand promise
         1 calls 13900000001 4000
         3 presses 13900000001 3
         3.1 presses 13900000001 3
         3.2 kept 4000 yes
         4 heard 13900000001",
        "1 answer 13900000001
         3 promise 13900000001 for 100 s
         3.2 play 13900000001 callback
         4 hang up 13900000001
         4 close 13900000001 exited by 3 to callback",
    );
}

#[test]
fn who_was_promised_nothing_goes_on_waiting() {
    check_promises(
        "by hand promise
         1 calls 13900000001 4000
         3 presses 13900000001 3
         4 kept 4000 no
         5 ready 1
         6 answers a1
         7 ends 13900000001",
        "1 answer 13900000001
         3 promise 13900000001 for 100 s
         5 ring a1
         6 bridge 13900000001 a1
         7 close 13900000001 connected by 1
         7 hang up a1",
    );
}

#[test]
fn a_promise_is_void_when_an_agent_came_first_and_holds_when_the_caller_hung_up() {
    check_promises(
        "by hand promise
         1 calls 13900000001 4000
         2 ready 1
         3 presses 13900000001 3
         3.1 answers a1
         3.2 kept 4000 yes
         9 ends 13900000001
         10 break 1
         20 calls 13900000002 4000
         21 presses 13900000002 3
         21.1 ends 13900000002
         21.2 kept 4000 yes
         30 ready 1",
        "1 answer 13900000001
         2 ring a1
         3 promise 13900000001 for 100 s
         3.1 bridge 13900000001 a1
         3.2 close 4000 cancelled
         9 close 13900000001 connected by 1
         9 hang up a1
         20 answer 13900000002
         21 promise 13900000002 for 100 s
         21.1 close 13900000002 abandoned
         30 ring a1",
    );
}

#[test]
fn what_was_promised_before_a_restart_keeps_its_place() {
    check_promises(
        "1 promised 13900000001:-60:3600 13900000002:-120:3600
         2 calls x 4000
         5 ready 1
         6 answers a1
         7 answers 13900000002
         8 ends 13900000002
         9 done 1
         9.5 answers a1
         10 answers 13900000001
         11 ends 13900000001
         12 done 1",
        "2 answer x
         5 ring a1
         6 take 13900000002 in hand
         6 dial 13900000002
         7 bridge 13900000002 a1
         8 close back-13900000002 connected by 1
         8 hang up a1
         9 ring a1
         9.5 take 13900000001 in hand
         9.5 dial 13900000001
         10 bridge 13900000001 a1
         11 close back-13900000001 connected by 1
         11 hang up a1
         12 ring a1",
    );
}

#[test]
fn a_promise_that_became_old_meanwhile_is_not_kept() {
    check_promises(
        "0 ready 1
         1 promised 13900000001:-3600:-1
         2 wait",
        "1 ring a1
         1 hang up a1 NoAnswer
         1 close back-13900000001 abandoned",
    );
}

#[test]
fn a_promise_of_a_queue_that_is_gone_ends() {
    check_promises(
        "1 promised 13900000001:-60:3600
         2 remove queue
         3 wait",
        "2 close back-13900000001 abandoned",
    );
}

#[test]
fn whoever_took_a_promise_in_hand_before_keeps_others_from_it() {
    let mut stage = Stage::of(&format!("{QUEUE}1 promised 13900000001:-60:3600"));
    stage.store.taken.insert(crate::ids::CallId(1));
    stage.line("2 ready 1");
    stage.line("3 answers a1");
    assert_eq!(
        stage.shown[1..].join("\n"),
        "3 take 13900000001 in hand
3 close back-13900000001 cancelled by 1
3 hang up a1"
    );
}

#[test]
fn a_process_that_is_about_to_end_takes_nothing_in_hand() {
    check_promises(
        "1 promised 13900000001:-60:3600
         2 ready 1
         3 drain
         9 wait",
        "2 ring a1
         3 hang up a1 NoAnswer",
    );
}

#[test]
fn a_promise_that_is_off_at_another_node_is_off_here_unless_it_is_being_made() {
    check_promises(
        "1 promised 13900000001:-60:3600 13900000002:-30:3600
         2 called-off back-13900000001
         3 ready 1
         4 answers a1
         5 called-off back-13900000002
         8 answers 13900000002
         9 ends 13900000002",
        "2 close back-13900000001 cancelled
         3 ring a1
         4 take 13900000002 in hand
         4 dial 13900000002
         8 bridge 13900000002 a1
         9 close back-13900000002 connected by 1
         9 hang up a1",
    );
}

#[test]
fn a_promise_that_waits_is_taken_back_by_hand_and_one_that_is_being_kept_is_not() {
    check_promises(
        "1 promised 13900000001:-60:3600 13900000002:-30:3600 13900000003:-10:3600
         2 boss takes-back back-13900000001
         3 boss takes-back back-13900000001
         4 ready 1
         5 boss takes-back back-13900000002
         6 answers a1
         7 boss takes-back back-13900000003
         8 answers 13900000003
         9 ends 13900000003
         10 calls x 4000
         11 boss takes-back x",
        "2 close back-13900000001 cancelled
         3 refused NO_SUCH_CALL
         4 ring a1
         5 hang up a1 NoAnswer
         5 close back-13900000002 cancelled
         5 ring a1
         6 take 13900000003 in hand
         6 dial 13900000003
         7 refused CALL_BACK_BEGUN
         8 bridge 13900000003 a1
         9 close back-13900000003 connected by 1
         9 hang up a1
         10 answer x
         11 refused NO_SUCH_CALL",
    );
}

#[test]
fn nobody_is_promised_a_call_to_a_number_that_is_barred() {
    check_promises(
        "outside denied=139
         by hand promise
         1 calls 13900000001 4000
         3 presses 13900000001 3
         5 ready 1
         6 answers a1
         7 ends 13900000001",
        "1 answer 13900000001
         5 ring a1
         6 bridge 13900000001 a1
         7 close 13900000001 connected by 1
         7 hang up a1",
    );
}

/// A caller of 4000 asks to be called back, and this happens before or after the promise is written.
#[track_caller]
fn check_meanwhile(set: &str, then: &str, expected: &str) {
    let script = format!(
        "agents 1 2
         queue wait=60 key=3:callback key=5:number/13900000009 key=6:voicemail/sales call-back=100 {set}
         route ^139 outbound
         show promise
         by hand promise
         0 ready 1
         1 calls 13900000001 4000
         3 presses 13900000001 3
         {then}"
    );
    super::script::check_since(3.0, &script, expected);
}

#[test]
fn a_promise_is_void_for_one_who_has_talked_however_that_went_on() {
    check_meanwhile(
        "",
        "3.1 answers a1
         3.2 ends 13900000001
         3.3 kept 4000 yes
         4 ready 2",
        "3.1 bridge 13900000001 a1
         3.2 close 13900000001 connected by 1
         3.2 hang up a1
         3.3 close 4000 cancelled",
    );
    check_meanwhile(
        "",
        "3.1 answers a1
         3.2 ready 2
         3.3 in-call 1 transfer agent 2
         3.4 kept 4000 yes",
        "3.1 bridge 13900000001 a1
         3.3 ring a2
         3.3 hang up a1
         3.4 close 4000 cancelled",
    );
}

#[test]
fn whoever_is_left_before_a_word_hears_of_the_promise() {
    check_meanwhile(
        "announces",
        "3.1 answers a1
         3.2 kept 4000 yes
         3.3 ends a1
         5 heard 13900000001",
        "3.1 play 13900000001 agent
         3.3 hush 13900000001
         3.3 play 13900000001 callback
         5 hang up 13900000001
         5 close 13900000001 exited by 3 to callback",
    );
}

#[test]
fn a_promise_stands_for_one_who_has_gone_elsewhere_until_somebody_is_met_there() {
    check_meanwhile(
        "",
        "3.1 presses 13900000001 6
         3.2 kept 4000 yes
         4 ends 13900000001
         9 ready 2",
        "3.1 hang up a1 NoAnswer
         3.1 play 13900000001 voicemail
         3.2 ring a1
         4 close 13900000001 exited by 6 to voicemail",
    );
    check_meanwhile(
        "",
        "3.1 presses 13900000001 5
         3.2 kept 4000 yes
         4 answers 13900000009
         9 ends 13900000001",
        "3.1 hang up a1 NoAnswer
         3.1 dial 13900000009
         3.2 ring a1
         4 bridge 13900000001 13900000009
         4 hang up a1 NoAnswer
         4 close 4000 cancelled
         9 close 13900000001 connected by 5 to number
         9 hang up 13900000009",
    );
}
