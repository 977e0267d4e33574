//! Callers in the voice menus: what they hear, what their keys lead to, and how it ends.

use super::script::{Stage, check};

#[test]
fn a_key_leads_to_a_queue_at_once_and_ends_the_greeting() {
    check(
        "agents 1
         menu main keys=1 transfer=moment 1:queue/sales
         route 200 ivr=main
         show choices
         0 ready 1
         1 calls x 200
         2 presses x 1
         4 heard x
         6 answers a1
         9 ends x",
        "1 answer x
         1 play x greet
         2 hush x
         2 play x moment
         4 ring a1
         6 bridge x a1
         9 close x connected by 1, main 1 queue
         9 hang up a1",
    );
}

#[test]
fn an_inbound_rule_leads_to_the_number_of_a_menu() {
    check(
        "menu main keys=1 1:hangup
         route 62620668 inbound=200
         route 200 ivr=main
         1 calls x 62620668",
        "1 answer x
         1 play x greet",
    );
}

#[test]
fn without_a_key_the_short_prompt_asks_again_until_the_menu_ends() {
    check(
        "menu main short=again exit=bye timeout=10 timeouts=3 1:queue/sales
         route 200 ivr=main
         show choices
         1 calls x 200
         5 heard x
         17 heard x
         30 heard x
         44 heard x",
        "1 answer x
         1 play x greet
         15 play x again
         27 play x again
         40 play x bye
         44 hang up x
         44 close x exited, main nothing timeout, main nothing timeout, main nothing timeout",
    );
}

#[test]
fn wrong_keys_are_said_to_be_wrong_until_the_menu_ends() {
    check(
        "menu main keys=1 invalid=wrong failures=2 then=voicemail/sales 1:queue/sales
         route 200 ivr=main
         show choices
         1 calls x 200
         2 presses x 7
         3 heard x
         4 presses x 8
         5 heard x
         6 ends x",
        "1 answer x
         1 play x greet
         2 hush x
         2 play x wrong
         3 play x greet
         4 hush x
         4 play x wrong
         5 play x voicemail
         6 close x exited, main 7 invalid, main 8 invalid",
    );
}

#[test]
fn an_input_of_several_keys_is_over_when_none_follows() {
    check(
        "agents 1
         menu main between=2 12:hangup 1:voicemail/sales
         route 200 ivr=main
         show choices
         1 calls x 200
         2 presses x 1
         3.9 presses x 2
         5.9 wait
         6 calls y 200
         7 presses y 1
         9 wait
         10 ends y",
        "1 answer x
         1 play x greet
         2 hush x
         5.9 hang up x
         5.9 close x exited, main 12 hangup
         6 answer y
         6 play y greet
         7 hush y
         9 play y voicemail
         10 close y exited, main 1 voicemail",
    );
}

#[test]
fn the_confirm_key_ends_an_input_at_once() {
    check(
        "menu main 1:voicemail/sales 12:hangup
         route 200 ivr=main
         1 calls x 200
         2 presses x 1
         2.5 presses x #",
        "1 answer x
         1 play x greet
         2 hush x
         2.5 play x voicemail",
    );
}

#[test]
fn a_confirm_key_that_confirms_nothing_is_wrong_or_a_node() {
    check(
        "menu main failures=1 1:hangup
         menu other #:voicemail/sales
         route 200 ivr=main
         route 201 ivr=other
         show choices
         1 calls x 200
         2 presses x #
         3 calls y 201
         4 presses y #",
        "1 answer x
         1 play x greet
         2 hush x
         2 play x sorry
         3 answer y
         3 play y greet
         4 hush y
         4 play y voicemail",
    );
}

#[test]
fn an_extension_is_dialled_where_the_basic_rules_take_it() {
    check(
        r"agents 1
         menu main keys=3 invalid=wrong 1:hangup
         route ^80\d$ basic
         route 200 ivr=main
         show choices
         0 ready 1
         1 calls x 200
         2 presses x 8
         3 presses x 0
         4 presses x 1
         6 answers a1
         9 ends x",
        "1 answer x
         1 play x greet
         2 hush x
         4 ring a1
         6 bridge x a1
         9 close x connected by 1, main 801 extension
         9 hang up a1",
    );
}

#[test]
fn no_number_outside_and_no_unknown_extension_is_dialled_from_a_menu() {
    check(
        r"agents 1
         menu main keys=5 invalid=wrong failures=5 1:hangup
         route 10086 outbound
         route 200 ivr=main
         route ^\d{3,5}$ basic
         show choices
         1 calls x 200
         2 presses x 1
         2.1 presses x 0
         2.2 presses x 0
         2.3 presses x 8
         2.4 presses x 6
         3 presses x 8
         3.1 presses x 0
         3.2 presses x 9
         3.3 presses x #
         4 ends x",
        "1 answer x
         1 play x greet
         2 hush x
         2.4 play x wrong
         3 hush x
         3.3 play x wrong
         4 close x exited, main 10086 invalid, main 809 invalid",
    );
}

#[test]
fn with_one_key_no_extension_is_dialled() {
    check(
        r"agents 1
         menu main keys=1 failures=1 exit=bye 1:hangup
         route ^\d+$ basic
         1 set route 200 ivr=main
         1 calls x 200",
        "1 answer x
         1 play x voicemail",
    );
    check(
        r"agents 1
         menu main keys=1 failures=1 exit=bye 1:hangup
         route 200 ivr=main
         route ^\d+$ basic
         1 calls x 200
         2 presses x 8",
        "1 answer x
         1 play x greet
         2 hush x
         2 play x bye",
    );
}

#[test]
fn a_submenu_leads_back_to_the_one_above_and_to_the_root() {
    check(
        "menu main keys=1 1:submenu/more
         menu more keys=1 greet=more 1:submenu/most 0:back
         menu most keys=1 greet=most 0:back *:root
         route 200 ivr=main
         show choices
         1 calls x 200
         2 presses x 1
         3 presses x 1
         4 presses x 0
         5 presses x 1
         6 presses x *
         7 ends x",
        "1 answer x
         1 play x greet
         2 hush x
         2 play x more
         3 hush x
         3 play x most
         4 hush x
         4 play x more
         5 hush x
         5 play x most
         6 hush x
         6 play x greet
         7 close x exited, main 1 submenu, more 1 submenu, most 0 back, more 1 submenu, most * root",
    );
}

#[test]
fn a_submenu_that_ends_goes_where_a_menu_above_says() {
    check(
        "menu main keys=1 then=voicemail/sales 1:submenu/more
         menu more keys=1 greet=more failures=1 exit=bye 1:hangup
         route 200 ivr=main
         1 calls x 200
         2 presses x 1
         3 presses x 9
         4 heard x",
        "1 answer x
         1 play x greet
         2 hush x
         2 play x more
         3 hush x
         3 play x bye
         4 play x voicemail",
    );
}

#[test]
fn a_prompt_of_a_node_is_heard_and_the_menu_asks_again() {
    check(
        "menu main keys=1 short=again 5:play/hours 1:hangup
         route 200 ivr=main
         1 calls x 200
         2 presses x 5
         9 heard x
         10 presses x 1",
        "1 answer x
         1 play x greet
         2 hush x
         2 play x hours
         9 play x again
         10 hush x
         10 hang up x
         10 close x exited",
    );
}

#[test]
fn a_node_leads_outside_by_the_routes_unless_the_number_is_barred() {
    let menu = "menu main keys=1 1:number/13900000009 2:number/00881600000001
         route ^139 outbound
         route ^00 outbound
         route 200 ivr=main
         outside denied=00881";
    check(
        &format!(
            "{menu}
             1 calls x 200
             2 presses x 1
             4 answers 13900000009
             6 ends 13900000009
             7 calls y 200
             8 presses y 2"
        ),
        "1 answer x
         1 play x greet
         2 hush x
         2 dial 13900000009
         4 bridge x 13900000009
         6 hang up x
         6 close x connected
         7 answer y
         7 play y greet
         8 hush y
         8 play y sorry",
    );
}

#[test]
fn last_words_are_heard_to_their_end_whatever_is_pressed() {
    check(
        "menu main keys=1 exit=bye 9:hangup 1:queue/sales
         route 200 ivr=main
         1 calls x 200
         2 presses x 9
         3 presses x 1
         4 heard x",
        "1 answer x
         1 play x greet
         2 hush x
         2 play x bye
         4 hang up x
         4 close x exited",
    );
}

#[test]
fn a_prompt_that_is_not_there_is_passed_over() {
    check(
        "menu main keys=1 short=again transfer=moment 1:voicemail/sales
         route 200 ivr=main
         1 calls x 200
         1 mute x
         3 heard x
         4 presses x 1
         4 mute x",
        "1 answer x
         1 play x greet
         1 play x again
         4 play x moment
         4 play x voicemail",
    );
}

#[test]
fn nobody_is_left_in_a_menu_that_says_nothing() {
    check(
        "menu main keys=1 short=again 1:voicemail/sales
         menu other keys=1 then=voicemail/sales 1:hangup
         route 200 ivr=main
         route 201 ivr=other
         1 calls x 200
         1 mute x
         1 mute x
         2 heard x
         3 calls y 201
         3 mute y",
        "1 answer x
         1 play x greet
         1 play x again
         1 play x sorry
         2 hang up x
         2 close x exited
         3 answer y
         3 play y greet
         3 play y voicemail",
    );
}

#[test]
fn who_hangs_up_in_a_menu_is_not_lost() {
    check(
        "menu main 1:queue/sales
         route 200 ivr=main
         1 calls x 200
         2 ends x
         20 calls y 200
         21 heard y
         22 presses y 1
         22.5 ends y
         60 wait",
        "1 answer x
         1 play x greet
         2 close x exited
         20 answer y
         20 play y greet
         22.5 close y exited",
    );
}

#[test]
fn a_caller_goes_on_in_the_menus_as_they_were() {
    check(
        "menu main keys=1 1:voicemail/old
         route 200 ivr=main
         1 calls x 200
         2 set menu main keys=1 1:voicemail/new
         3 presses x 1
         4 calls y 200
         5 presses y 1
         6 heard x
         7 heard y
         8 presses x #
         8 recorded x 2
         9 presses y #
         9 recorded y 2",
        "1 answer x
         1 play x greet
         3 hush x
         3 play x voicemail
         4 answer y
         4 play y greet
         5 hush y
         5 play y voicemail
         6 stop recording x
         6 take message of x
         7 stop recording y
         7 take message of y
         8 stop recording x
         8 play x thanks
         8 keep message of x for old: 2000 ms
         9 stop recording y
         9 play y thanks
         9 keep message of y for new: 2000 ms",
    );
}

#[test]
fn a_queue_that_is_full_leads_to_a_menu() {
    check(
        "queue places=1 overflow=ivr/main key=5:ivr/main wait=60
         menu main keys=1 1:hangup
         show park
         1 calls x 4000
         2 calls y 4000
         3 presses x 5",
        "1 answer x
         1 park x music
         2 answer y
         2 park y silence
         2 play y greet
         3 park x silence
         3 play x greet",
    );
}

#[test]
fn a_route_to_a_menu_that_is_gone_takes_nobody() {
    check(
        "route 200 ivr=gone
         1 calls x 200",
        "1 hang up x Unallocated",
    );
}

#[test]
fn the_time_for_a_key_is_as_long_when_somebody_sets_the_clock() {
    let mut stage = Stage::of(
        "menu main keys=1 timeout=10 1:hangup
         route 200 ivr=main
         1 calls x 200
         2 heard x",
    );
    let hour = 3_600_000;
    stage.set_clock(stage.now.plus(hour));
    stage.tell(super::super::Input::ClockMoved { by_ms: hour });
    stage.pass(9_900);
    assert_eq!(stage.shown.len(), 2, "{:?}", stage.shown);
    stage.pass(200);
    assert_eq!(stage.shown[2..], ["3612 play x greet"]);
}
