//! What callers hear, which keys they press, and where they end without an agent.

use super::script::{Stage, check};

#[test]
fn a_key_leaves_the_queue_for_the_mailbox_and_the_message_is_kept() {
    check(
        "agents 1
         queue wait=60 key=1:voicemail/sales
         show park
         0 ready 1
         1 calls x 4000
         2 presses x 9
         3 presses x 1
         5 heard x
         12 presses x #
         12 recorded x 7
         13 heard x",
        "1 answer x
         1 ring a1
         1 park x music
         3 hang up a1 NoAnswer
         3 park x silence
         3 play x voicemail
         5 stop recording x
         5 take message of x
         12 stop recording x
         12 play x thanks
         12 keep message of x for sales: 7000 ms
         13 hang up x
         13 close x exited by 1 to voicemail",
    );
}

#[test]
fn who_hangs_up_after_the_beep_leaves_no_message() {
    check(
        "agents 1
         queue wait=60 key=1:voicemail/sales
         1 calls x 4000
         2 presses x 1
         4 heard x
         4.5 ends x
         4.5 recorded x 0.5",
        "1 answer x
         2 play x voicemail
         4 stop recording x
         4 take message of x
         4.5 close x exited by 1 to voicemail
         4.5 drop x.wav",
    );
}

#[test]
fn who_speaks_to_a_mailbox_that_cannot_record_is_told_so() {
    check(
        "agents 1
         queue wait=60 key=1:voicemail/sales
         1 calls x 4000
         2 presses x 1
         4 heard x
         4.1 recorded x 0
         6 heard x",
        "1 answer x
         2 play x voicemail
         4 stop recording x
         4 take message of x
         4.1 play x sorry
         4.1 drop x.wav
         6 hang up x
         6 close x exited by 1 to voicemail",
    );
}

#[test]
fn a_message_ends_by_itself_after_two_minutes() {
    check(
        "agents 1
         queue wait=60 key=1:voicemail/sales
         1 calls x 4000
         2 presses x 1
         4 heard x
         125 recorded x 120
         126 heard x",
        "1 answer x
         2 play x voicemail
         4 stop recording x
         4 take message of x
         124 stop recording x
         124 play x thanks
         125 keep message of x for sales: 120000 ms
         126 hang up x
         126 close x exited by 1 to voicemail",
    );
}

#[test]
fn a_key_leads_to_another_queue_and_waiting_begins_anew() {
    check(
        "agents 1
         queue wait=60 key=2:queue/care
         another queue care 4001 wait=20
         show waited
         1 calls x 4000
         11 presses x 2
         31 heard x",
        "1 answer x
         31 play x sorry
         31 hang up x
         31 close x abandoned by 2 to queue waited 20000",
    );
}

#[test]
fn callers_are_told_their_place_and_the_wait() {
    check(
        "agents 1
         queue wait=300 wrap=60 welcome=hello tells=busy
         0 ready 1
         1 calls x 4000
         2 answers a1
         62 ends x
         63 calls y 4000
         64 calls z 4000
         65 heard y
         66 heard z
         74 heard z
         74.1 heard z
         74.2 heard z
         74.3 heard z
         74.4 heard z
         75 ends y
         76 ends z",
        "1 answer x
         1 ring a1
         1 play x hello
         2 hush x
         2 bridge x a1
         62 close x connected by 1
         62 hang up a1
         63 answer y
         63 play y hello
         64 answer z
         64 play z hello
         73 play y busy
         74 play z busy
         74 play z place
         74.1 play z number-2
         74.2 play z place-end
         74.3 play z wait-5
         75 close y abandoned
         76 close z abandoned",
    );
}

#[test]
fn an_announcement_ends_when_the_agent_comes() {
    check(
        "agents 1
         queue wait=60 tells=busy
         1 calls x 4000
         11 wait
         12 ready 1
         12.5 answers a1",
        "1 answer x
         11 play x busy
         12 ring a1
         12.5 hush x
         12.5 bridge x a1",
    );
}

#[test]
fn a_caller_is_called_back_in_turn_by_the_agent_who_is_free() {
    check(
        "agents 1
         queue wait=60 key=3:callback
         route ^139 outbound
         show agent
         1 calls 13900000001 4000
         2 calls y 4000
         3 presses 13900000001 3
         4 heard 13900000001
         5 ready 1
         6 answers a1
         9 answers 13900000001
         20 ends 13900000001",
        "0 agent 1 unready.wait
         1 answer 13900000001
         2 answer y
         3 play 13900000001 callback
         4 hang up 13900000001
         4 close 13900000001 exited by 3 to callback
         5 agent 1 ready
         5 agent 1 busy.ringing
         5 ring a1
         6 dial 13900000001
         9 bridge 13900000001 a1
         9 agent 1 busy.answered
         20 close 4000 connected by 1
         20 hang up a1
         20 agent 1 acw",
    );
}

#[test]
fn a_call_back_that_nobody_answers_frees_the_agent() {
    check(
        "agents 1
         queue wait=60 key=3:callback
         route ^139 outbound
         show agent
         1 calls 13900000001 4000
         3 presses 13900000001 3
         4 heard 13900000001
         5 ready 1
         6 answers a1
         36 ends 13900000001 480",
        "0 agent 1 unready.wait
         1 answer 13900000001
         3 play 13900000001 callback
         4 hang up 13900000001
         4 close 13900000001 exited by 3 to callback
         5 agent 1 ready
         5 agent 1 busy.ringing
         5 ring a1
         6 dial 13900000001
         36 close 4000 no_answer by 1
         36 hang up a1
         36 agent 1 ready",
    );
}

#[test]
fn a_call_back_that_comes_to_nothing_ends() {
    check(
        "agents 1
         queue wait=60 key=3:callback call-back=100
         route ^139 outbound
         1 calls 13900000001 4000
         3 presses 13900000001 3
         4 heard 13900000001
         103 wait",
        "1 answer 13900000001
         3 play 13900000001 callback
         4 hang up 13900000001
         4 close 13900000001 exited by 3 to callback
         103 close 4000 abandoned",
    );
}

#[test]
fn who_cannot_be_called_back_goes_on_waiting() {
    check(
        "agents 1
         queue wait=60 key=3:callback
         1 calls x 4000
         3 presses x 3
         5 ready 1",
        "1 answer x
         5 ring a1",
    );
}

#[test]
fn a_call_back_waits_for_a_line() {
    check(
        "agents 1
         queue wait=60 key=3:callback
         gateway channels=2
         route ^139 outbound
         1 calls 13900000001 4000
         3 presses 13900000001 3
         4 heard 13900000001
         4.1 calls x 5000
         4.2 gateway trunk down
         5 ready 1
         9 gateway trunk up",
        "1 answer 13900000001
         3 play 13900000001 callback
         4 hang up 13900000001
         4 close 13900000001 exited by 3 to callback
         4.1 hang up x Unallocated
         9 ring a1",
    );
}

#[test]
fn an_inbound_rule_leads_on_and_outside_office_hours_to_the_mailbox() {
    check(
        "agents 1
         route 62620668 inbound=4000
         route 62620669 closed=4000 voicemail/sales
         route 62620670 closed=4000
         0 ready 1
         1 calls x 62620668
         2 calls y 62620669
         3 heard y
         4 calls z 62620670
         5 heard z",
        "1 answer x
         1 ring a1
         2 answer y
         2 play y closed
         3 play y voicemail
         4 answer z
         4 play z closed
         5 hang up z
         5 close z exited",
    );
}

#[test]
fn a_number_of_an_extension_rings_there_and_nowhere_else() {
    check(
        r"agents 1 2
         route ^80\d$ basic
         show agent
         0 ready 2
         1 calls x 801
         6 answers a1
         9 ends x
         30 calls y 802
         31 ends a2 486
         33 heard y",
        "0 agent 1 unready.wait
         0 agent 2 unready.wait
         0 agent 2 ready
         1 agent 1 busy.ringing
         1 ring a1
         6 answer x
         6 bridge x a1
         6 agent 1 busy.answered
         9 close x connected by 1
         9 hang up a1
         9 agent 1 acw
         19 agent 1 unready.wait
         30 agent 2 busy.ringing
         30 ring a2
         31 agent 2 ready
         31 answer y
         31 play y voicemail
         33 stop recording y
         33 take message of y",
    );
}

#[test]
fn a_robot_speaks_and_hands_on() {
    check(
        "agents 1
         route 201 robot=hello queue/sales
         0 ready 1
         1 calls x 201
         5 heard x",
        "1 answer x
         1 play x hello
         5 ring a1",
    );
}

#[test]
fn who_finds_no_place_or_waits_too_long_goes_where_the_queue_says() {
    check(
        "agents 1
         queue wait=10 places=1 overflow=voicemail/sales
         1 calls x 4000
         2 calls y 4000
         11 wait
         20 ends x
         21 ends y",
        "1 answer x
         2 answer y
         2 play y voicemail
         11 play x voicemail
         20 close x exited
         21 close y exited",
    );
}

#[test]
fn overflows_in_a_circle_end() {
    let stage = Stage::of(
        "agents 1
         queue places=1 overflow=queue/care
         another queue care 4001 places=1 overflow=queue/sales
         1 calls x 4000
         2 calls y 4001
         3 calls z 4000",
    );
    let shown = stage.shown;
    assert_eq!(shown[3..], ["3 hang up z", "3 close z exited"], "{shown:?}");
}

#[test]
fn a_caller_who_changes_the_queue_is_told_by_the_queue_it_is_in_and_once() {
    check(
        "agents 1
         queue wait=60 tells=busy key=2:queue/care
         another queue care 4001 wait=60 tells=soon key=3:queue/sales
         another queue quiet 4002 wait=60
         1 calls x 4000
         6 presses x 2
         8 presses x 3
         18.1 heard x
         18.2 heard x
         18.3 heard x
         18.4 heard x
         30 ends x",
        "1 answer x
         18 play x busy
         18.1 play x place
         18.2 play x number-1
         18.3 play x place-end
         28 play x busy
         30 close x abandoned by 3 to queue",
    );
}

#[test]
fn an_agent_who_is_not_to_be_disturbed_is_rung_for_nobody() {
    check(
        "agents 1 2
         route 778 inbound=801
         route 801 basic
         queue wait=60
         0 wants-peace 1
         1 calls x 778
         2 heard x
         3 ready 2
         3 calls y 4000
         4 answers a2
         5 in-call 2 consult agent 1
         6 in-call 2 transfer extension 801
         7 break 1
         8 in-call 2 consult agent 1",
        "1 answer x
         1 play x voicemail
         2 stop recording x
         2 take message of x
         3 answer y
         3 ring a2
         4 bridge y a2
         5 refused BUSY
         6 refused BUSY
         8 ring a1",
    );
}

#[test]
fn a_key_leads_a_waiting_caller_to_an_extension() {
    check(
        "agents 1
         phone 8500
         queue wait=60 key=1:extension/8500
         1 calls x 4000
         2 presses x 1
         4 answers 8500
         9 ends x
         11 calls y 4000
         12 presses y 1
         15 ends y
         21 calls z 4000
         22 presses z 1
         25 ends 8500 486
         26 heard z",
        "1 answer x
         2 ring 8500
         4 bridge x 8500
         9 close x connected by 1 to extension
         9 hang up 8500
         11 answer y
         12 ring 8500
         15 close y exited by 1 to extension
         15 hang up 8500
         21 answer z
         22 ring 8500
         25 play z sorry
         26 hang up z
         26 close z exited by 1 to extension",
    );
}

#[test]
fn a_key_leads_a_waiting_caller_to_a_menu() {
    check(
        "agents 1
         menu main keys=1 1:queue/sales 9:hangup
         queue wait=60 key=2:ivr/main
         show choices
         1 calls x 4000
         2 presses x 2
         4 presses x 9
         11 calls y 4000
         12 presses y 2
         15 ends y
         21 calls z 4000
         22 presses z 2
         24 presses z 1
         25 ready 1
         26 answers a1
         30 ends z",
        "1 answer x
         2 play x greet
         4 hush x
         4 hang up x
         4 close x exited by 2 to ivr, main 9 hangup
         11 answer y
         12 play y greet
         15 close y exited by 2 to ivr
         21 answer z
         22 play z greet
         24 hush z
         25 ring a1
         26 bridge z a1
         30 close z connected by 1 by 2 to ivr, main 1 queue
         30 hang up a1",
    );
}
