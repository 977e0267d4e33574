//! From when to when a call is recorded, and which is not.

use super::script::check;

#[test]
fn a_caller_is_recorded_from_the_answer_on_until_asked_how_it_was() {
    check(
        "agents 1
         queue wait=60 welcome=hello survey=yes
         show record
         1 calls x 4000
         1.1 records x
         5 heard x
         9 ready 1
         10 answers a1
         20 hangs-up 1
         20.5 recorded x 19",
        "1 answer x
         1 record x
         1 play x hello
         1.1 recording of x is x.wav
         9 ring a1
         10 bridge x a1
         20 stop recording x
         20 hang up a1
         20 play x survey
         20.5 recording of x is x.wav, 19000 ms",
    );
}

#[test]
fn what_a_robot_says_is_recorded_without_anybody_else() {
    check(
        "agents 1
         campaign c robot record=yes
         leads c 1
         show record
         1 answers L1
         5 heard L1",
        "0 dial L1
         1 record L1
         1 play L1 robot
         5 hang up L1
         5 close L1 connected
         5 finish c",
    );
}

#[test]
fn who_or_what_answers_is_recorded_while_it_is_listened_to() {
    check(
        "agents 1
         campaign c predictive listens record=yes
         leads c 1
         show record
         0 ready 1
         1 answers L1
         2 judges L1 human 1 0.5
         3 answers a1
         9 ends L1",
        "0 dial L1
         1 record L1
         1 listen L1
         2 ring a1
         3 bridge L1 a1
         9 close L1 connected by 1
         9 hang up a1",
    );
}

#[test]
fn a_campaign_that_does_not_record_has_no_recording() {
    check(
        "agents 1
         campaign c predictive
         leads c 1
         show record
         0 ready 1
         1 answers L1
         2 answers a1
         9 ends L1",
        "0 dial L1
         1 ring a1
         2 bridge L1 a1
         9 close L1 connected by 1
         9 hang up a1",
    );
}

#[test]
fn what_a_caller_says_to_a_number_outside_is_recorded_as_its_route_says() {
    let through = |record: &str, expected: &str| {
        let script = format!(
            "agents 1
             queue wait=60 key=5:number/13900000009
             route ^139 outbound= record={record}
             show record
             1 calls x 4000
             2 presses x 5
             4 answers 13900000009
             9 ends x"
        );
        check(&script, expected);
    };
    through(
        "no",
        "1 answer x
         1 record x
         2 dial 13900000009
         2 stop recording x
         4 bridge x 13900000009
         9 close x connected by 5 to number
         9 hang up 13900000009",
    );
    through(
        "yes",
        "1 answer x
         1 record x
         2 dial 13900000009
         4 bridge x 13900000009
         9 close x connected by 5 to number
         9 hang up 13900000009",
    );
}

#[test]
fn who_is_only_passed_on_to_a_number_that_is_not_recorded_is_not_recorded_at_all() {
    check(
        "agents 1
         phone 8500
         route ^139 outbound= record=no
         route 4009 robot=hello number/13900000009
         show record
         1 calls x 4009
         3 heard x
         4 answers 13900000009
         9 ends x
         11 dials at 8500 y 13900000009
         12 answers 13900000009
         13 ends y",
        "1 answer x
         1 play x hello
         3 dial 13900000009
         4 bridge x 13900000009
         9 close x connected
         9 hang up 13900000009
         11 dial 13900000009
         12 answer y
         12 bridge y 13900000009
         13 close 8500 connected
         13 hang up 13900000009",
    );
}

#[test]
fn a_call_back_is_recorded_from_the_customers_answer_on_unless_its_route_says_no() {
    let promised = |record: &str, begins: &str| {
        let script = format!(
            "agents 1
             queue wait=60 key=3:callback
             route ^139 outbound= record={record}
             show record
             1 calls 13900000001 4000
             3 presses 13900000001 3
             4 heard 13900000001
             5 ready 1
             6 answers a1
             9 answers 13900000001
             20 ends 13900000001"
        );
        let expected = format!(
            "9 {begins}bridge 13900000001 a1
             20 close 4000 connected by 1
             20 hang up a1"
        );
        super::script::check_since(8.0, &script, &expected);
    };
    promised("yes", "record 13900000001\n9 ");
    promised("no", "");
}

#[test]
fn a_message_is_on_the_books_while_it_is_left_and_is_no_part_of_the_calls_recording() {
    check(
        "agents 1
         queue wait=60 key=1:voicemail/sales
         show record
         1 calls x 4000
         2 presses x 1
         4 heard x
         4.1 records x
         9 ends x
         9 recorded x 5",
        "1 answer x
         1 record x
         2 play x voicemail
         4 stop recording x
         4 take message of x
         4.1 message of x begins in x.wav
         9 close x exited by 1 to voicemail
         9 keep message of x for sales: 5000 ms",
    );
}

#[test]
fn who_rings_until_somebody_answers_is_recorded_from_the_answer_on() {
    check(
        "agents 1
         phone 8500
         route 777 inbound=8500
         route 778 inbound=801
         route 8500 basic
         route 801 basic
         route ^139 outbound
         show record
         1 calls x 777
         3 answers 8500
         5 ends x
         6 calls y 778
         8 answers a1
         9 ends y
         10 dials at 8500 z 13900000009
         12 answers 13900000009
         13 ends z",
        "1 ring 8500
         3 answer x
         3 record x
         3 bridge x 8500
         5 close x connected
         5 hang up 8500
         6 ring a1
         8 answer y
         8 record y
         8 bridge y a1
         9 close y connected by 1
         9 hang up a1
         10 dial 13900000009
         12 answer z
         12 record 13900000009
         12 bridge z 13900000009
         13 close 8500 connected
         13 hang up 13900000009",
    );
}

/// What comes from `since` on of what happens after a phone has called a number outside, which is
/// recorded.
#[track_caller]
fn check_recorded(begun: &str, since: f64, script: &str, expected: &str) {
    let script = format!(
        "agents 1
         phone 8500
         route ^139 outbound
         show record
         {begun}
         {script}"
    );
    super::script::check_since(since, &script, expected);
}

const CALLS_OUT: &str = "1 dials at 8500 8500 13900000009
     4 answers 13900000009";
const IS_CONNECTED: &str = "1 connects extension 8500 number 13900000009
     3 answers 8500
     4 answers 13900000009";

#[test]
fn a_call_outside_that_its_phone_sends_on_is_recorded_to_its_end() {
    for (begun, answered) in [(CALLS_OUT, "4 answer 8500\n"), (IS_CONNECTED, "")] {
        check_recorded(
            begun,
            3.5,
            "9 refers 8500 *6sales
             9.5 ready 1
             10 answers a1
             20 hangs-up 1
             21 recorded 13900000009 16",
            &format!(
                "{answered}4 record 13900000009
                 4 bridge 8500 13900000009
                 9 tell 8500 of its transfer 200
                 9 hang up 8500
                 9.5 ring a1
                 10 bridge 13900000009 a1
                 20 hang up 13900000009
                 20 close 8500 connected by 1
                 20 hang up a1
                 21 recording of 8500 is 13900000009.wav, 16000 ms"
            ),
        );
    }
}

#[test]
fn a_recording_of_a_phone_that_sends_the_other_one_on_says_that_it_is_cut_short() {
    check_recorded(
        "0 ready 1
         1 dials at 8500 x 4000
         2 answers a1
         3 in-call 1 transfer number 10010
         4 answers 10010
         4.2 break 1",
        4.5,
        "9 refers x *6sales
         9 recorded x 8
         20 ends 10010",
        "9 tell x of its transfer 200
         9 stop recording x
         9 hang up x
         9 recording of 8500 is x.wav, 8000 ms, cut_short
         20 close 8500 connected by 1",
    );
}

#[test]
fn a_pause_ends_when_whoever_has_the_customer_leaves() {
    let replaced = |by: &str, expected: &str| {
        let script = format!(
            "agents 1 2
             queue wait=60
             phone 9000
             show record
             0 ready 1
             1 calls x 4000
             2 answers a1
             3 recording x pauses
             4 recording x pauses
             {by}"
        );
        super::script::check_since(2.5, &script, &format!("3 pause recording x\n{expected}"));
    };
    replaced(
        "5 in-call 1 transfer queue sales
         6 ready 2
         7 answers a2
         8 ends x",
        "5 resume recording x
         5 hang up a1
         6 ring a2
         7 bridge x a2
         8 close x connected by 2
         8 hang up a2",
    );
    replaced(
        "4.5 ready 2
         5 in-call 1 consult agent 2
         6 answers a2
         7 in-call 1 complete
         8 ends x",
        "5 ring a2
         6 bridge a2 a1
         7 resume recording x
         7 hang up a1
         7 bridge x a2
         8 close x connected by 2
         8 hang up a2",
    );
    replaced(
        "5 boss intercepts 1
         6 answers 9000
         8 ends x",
        "5 ring 9000
         6 resume recording x
         6 hang up a1
         6 bridge x 9000
         8 close x connected by 1
         8 hang up 9000",
    );
}

#[test]
fn a_pause_ends_when_the_agent_leaves_before_the_caller_is_heard() {
    super::script::check_since(
        3.5,
        "agents 12
         queue wait=60 announces
         show record
         0 ready 12
         1 calls x 4000
         3 answers a12
         4 recording x pauses
         5 ends a12
         6 ends x",
        "4 pause recording x
         5 resume recording x
         5 hush x
         6 close x abandoned",
    );
}

#[test]
fn a_recording_that_is_taken_up_again_or_has_ended_by_itself_has_no_pause() {
    super::script::check_since(
        2.5,
        "agents 1
         queue wait=60
         show record
         0 ready 1
         1 calls x 4000
         2 answers a1
         3 recording x pauses
         4 recording x resumes
         5 recording x resumes
         6 recorded x 4
         7 recording x pauses
         8 ends x
         9 recording x pauses",
        "3 pause recording x
         4 resume recording x
         6 recording of x is x.wav, 4000 ms
         7 refused NOT_RECORDED
         8 close x connected by 1
         8 hang up a1
         9 refused NOT_RECORDED",
    );
}
