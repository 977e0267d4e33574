//! What a far end sends before its answer is heard by whoever waits for it.

use super::{script::check, talking::check_talk};

#[test]
fn a_previewing_agent_hears_the_carriers_word_instead_of_our_ringback() {
    check(
        "agents 1
         campaign c preview
         lead c agent=1
         show park
         0 next 1 c
         1 dials 1
         2 answers a1
         3 rings L1
         4 rings L1 early
         9 ends L1 404",
        "1 ring a1
         2 park a1 ringback
         2 dial L1
         4 a1 hears L1 early
         9 close L1 unallocated by 1
         9 hang up a1
         9 finish c",
    );
}

#[test]
fn nobody_waits_for_a_dial_ahead() {
    check(
        "agents 1
         campaign c predictive
         leads c 1
         0 ready 1
         1 rings L1 early
         3 answers L1
         4 answers a1",
        "0 dial L1
         3 ring a1
         4 bridge L1 a1",
    );
}

#[test]
fn an_agent_who_asks_outside_hears_it_and_our_ringback_again_by_the_next_gateway() {
    check_talk(
        "agents 1
         another gateway second
         route ^955 outbound=trunk,second
         show park
         5 in-call 1 consult number 95588
         6 rings 95588
         7 rings 95588 early
         8 ends 95588 503
         9 rings 95588 early
         10 answers 95588",
        "5 park L1 music
         5 park a1 ringback
         5 dial 95588
         7 park L1 music
         7 a1 hears 95588 early
         8 dial 95588
         8 park L1 music
         8 park a1 ringback
         9 park L1 music
         9 a1 hears 95588 early
         10 park L1 music
         10 bridge 95588 a1",
    );
}

#[test]
fn a_caller_who_is_put_through_hears_it() {
    check(
        "agents 1
         another gateway second
         queue wait=60 key=5:number/13900000009
         route ^139 outbound=trunk,second
         show park
         1 calls x 4000
         2 presses x 5
         3 rings 13900000009 early
         4 ends 13900000009 503
         5 rings 13900000009 early
         6 answers 13900000009",
        "1 answer x
         1 park x music
         2 park x ringback
         2 dial 13900000009
         3 x hears 13900000009 early
         4 park x ringback
         4 dial 13900000009
         5 x hears 13900000009 early
         6 bridge x 13900000009",
    );
}

#[test]
fn who_is_transferred_hears_music_until_somebody_answers() {
    check_talk(
        "agents 1
         route ^955 outbound
         show park
         5 in-call 1 transfer number 95588
         6 rings 95588 early
         7 answers 95588",
        "5 hang up a1
         5 park L1 music
         5 dial 95588
         7 bridge L1 95588",
    );
}

#[test]
fn what_the_network_says_before_an_answer_ends_the_dial_with_what_it_came_to() {
    for (said, close) in [
        ("intercept", "unallocated"),
        ("vacant", "unallocated"),
        ("reorder", "congestion again in 300 not counted"),
        ("no-circuit", "congestion again in 300 not counted"),
        ("network", "unavailable again in 14400"),
    ] {
        check(
            &format!(
                "agents 1
                 campaign c predictive listens
                 leads c 1
                 0 ready 1
                 2 rings L1 early
                 3.5 judges L1 {said} 1.4"
            ),
            &format!(
                "0 dial L1
                 2 listen L1 early
                 3.5 hang up L1
                 3.5 close L1 {close}"
            ),
        );
    }
}

#[test]
fn an_answer_is_listened_to_anew() {
    check(
        "agents 1
         campaign c predictive listens
         leads c 1
         0 ready 1
         2 rings L1 early
         3 judges L1 human 1
         5 answers L1
         6.9 judges L1 human 1.9 1.2
         7.5 answers a1",
        "0 dial L1
         2 listen L1 early
         5 listen L1
         6.9 ring a1
         7.5 bridge L1 a1",
    );
}

#[test]
fn nobody_listens_before_the_answer_where_announcements_go_to_agents() {
    check(
        "agents 1
         campaign c predictive listens announcements=connect
         leads c 1
         0 ready 1
         2 rings L1 early
         5 answers L1",
        "0 dial L1
         5 listen L1",
    );
}

#[test]
fn the_tones_say_more_than_the_refusal_that_crosses_our_cancel() {
    check(
        "agents 1
         campaign c predictive listens
         leads c 1
         by hand hangup
         0 ready 1
         2 rings L1 early
         3 judges L1 vacant 1
         3.1 ends L1 480",
        "0 dial L1
         2 listen L1 early
         3 hang up L1
         3.1 close L1 unallocated
         3.1 finish c",
    );
}
