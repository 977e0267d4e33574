//! Which agent is rung for which caller, how long callers wait, and what agents say by not answering.

use super::{
    script::{Stage, check, check_since},
    talking::check_talk,
};

#[test]
fn all_phones_ring_and_the_first_to_answer_has_the_call() {
    check(
        "agents 1 2 3
         queue strategy=all wait=60
         show agent
         0 ready 1
         0 ready 2
         1 calls x 4000
         3 answers a2
         20 ends x",
        "0 agent 1 unready.wait
         0 agent 2 unready.wait
         0 agent 3 unready.wait
         0 agent 1 ready
         0 agent 2 ready
         1 answer x
         1 agent 1 busy.ringing
         1 ring a1
         1 agent 2 busy.ringing
         1 ring a2
         3 hang up a1 NoAnswer
         3 agent 1 ready
         3 bridge x a2
         3 agent 2 busy.answered
         20 close x connected by 2
         20 hang up a2
         20 agent 2 acw",
    );
}

#[test]
fn when_all_ring_one_who_rejects_stops_no_other() {
    check(
        "agents 1 2
         queue strategy=all wait=60
         0 ready 1
         0 ready 2
         1 calls x 4000
         2 ends a1 603
         3 hangs-up 2
         3.5 wait
         12.5 answers a1",
        "1 answer x
         1 ring a1
         1 ring a2
         3 hang up a2 NoAnswer
         12 ring a1
         12.5 bridge x a1",
    );
}

#[test]
fn when_all_ring_and_the_caller_leaves_all_are_ready_again() {
    check(
        "agents 1 2
         queue strategy=all wait=60
         0 ready 1
         0 ready 2
         1 calls x 4000
         4 ends x
         5 calls y 4000",
        "1 answer x
         1 ring a1
         1 ring a2
         4 hang up a1 NoAnswer
         4 hang up a2 NoAnswer
         4 close x abandoned
         5 answer y
         5 ring a1
         5 ring a2",
    );
}

#[test]
fn agents_take_turns_by_position() {
    check(
        "agents 1 2 3
         queue strategy=round wait=60 wrap=1
         member 1 position=3
         member 2 position=1
         member 3 position=2
         0 ready 1
         0 ready 2
         0 ready 3
         1 calls u 4000
         1.1 answers a2
         2 ends u
         4 calls v 4000
         4.1 answers a3
         5 ends v
         7 calls w 4000
         7.1 answers a1
         8 ends w
         10 calls x 4000",
        "1 answer u
         1 ring a2
         1.1 bridge u a2
         2 close u connected by 2
         2 hang up a2
         4 answer v
         4 ring a3
         4.1 bridge v a3
         5 close v connected by 3
         5 hang up a3
         7 answer w
         7 ring a1
         7.1 bridge w a1
         8 close w connected by 1
         8 hang up a1
         10 answer x
         10 ring a2",
    );
}

#[test]
fn who_has_talked_least_and_who_has_taken_fewest_calls_is_rung_first() {
    let script = |strategy: &str| {
        format!(
            "agents 1 2
             queue strategy={strategy} wait=60 wrap=1
             0 ready 1
             1 calls u 4000
             1.1 answers a1
             2 ends u
             4 calls v 4000
             4.1 answers a1
             5 ends v
             7 ready 2
             8 break 1
             9 calls w 4000
             9.1 answers a2
             20 ends w
             22 ready 1
             30 calls x 4000"
        )
    };
    let rung_last = |strategy: &str| Stage::of(&script(strategy)).shown.pop().expect("a line");
    // Agent 1 has taken two calls of two seconds, agent 2 one of eleven.
    assert_eq!(rung_last("talk"), "30 ring a1");
    assert_eq!(rung_last("calls"), "30 ring a2");
    assert_eq!(rung_last("idle"), "30 ring a2");
}

#[test]
fn a_tier_is_asked_when_the_caller_has_waited_its_level_times_the_time() {
    check(
        "agents 1 2
         queue tiers=10 wait=60
         member 2 level=2
         0 ready 2
         1 calls x 4000
         30 answers a2",
        "1 answer x
         21 ring a2
         30 bridge x a2",
    );
}

#[test]
fn a_caller_who_comes_into_a_queue_once_more_waits_for_its_tiers_anew() {
    let stage = Stage::of(
        "agents 1 2
         queue tiers=5 wait=20 overflow=queue/care
         member 2 level=2
         another queue care 4001 wait=5 overflow=queue/sales
         1 calls x 4000
         27 ready 2
         40 answers a2",
    );
    let rings: Vec<_> = stage
        .shown
        .iter()
        .filter(|line| line.contains("ring"))
        .collect();
    assert_eq!(rings, ["36 ring a2"]);
}

#[test]
fn a_tier_without_an_available_agent_is_skipped_where_the_queue_says_so() {
    check(
        "agents 1 2
         queue tiers=10 skip-empty wait=60
         member 2 level=2
         0 ready 2
         1 calls x 4000",
        "1 answer x
         1 ring a2",
    );
}

#[test]
fn a_tier_is_asked_at_once_when_the_last_agent_below_it_takes_no_more_calls() {
    check(
        "agents 1 2
         queue tiers=10 skip-empty wait=60 wrap=30
         member 2 level=2
         0 ready 1
         0 ready 2
         1 calls y 4000
         2 answers a1
         3 calls x 4000
         5 ends y
         9 break 1",
        "1 answer y
         1 ring a1
         2 bridge y a1
         3 answer x
         5 close y connected by 1
         5 hang up a1
         9 ring a2",
    );
}

#[test]
fn an_agent_rings_as_long_and_wraps_up_as_long_as_the_queue_says_of_the_agent() {
    check(
        "agents 1 2
         queue wait=60 wrap=30 ring=20
         member 1 ring=5 wrap=2
         show agent
         0 ready 1
         0.5 ready 2
         1 calls x 4000
         7 answers a2
         10 ends x
         40 wait",
        "0 agent 1 unready.wait
         0 agent 2 unready.wait
         0 agent 1 ready
         0.5 agent 2 ready
         1 answer x
         1 agent 1 busy.ringing
         1 ring a1
         7 hang up a1 NoAnswer
         7 agent 1 ready
         7 agent 2 busy.ringing
         7 ring a2
         7 bridge x a2
         7 agent 2 busy.answered
         10 close x connected by 2
         10 hang up a2
         10 agent 2 acw
         40 agent 2 ready",
    );
}

#[test]
fn a_busy_phone_and_a_rejection_keep_calls_away_for_their_time() {
    check(
        "agents 1
         queue wait=300
         member 1 busy=40 reject=5
         0 ready 1
         1 calls x 4000
         2 ends a1 486
         43 ends a1 603
         49 answers a1",
        "1 answer x
         1 ring a1
         42 ring a1
         48 ring a1
         49 bridge x a1",
    );
}

#[test]
fn a_phone_that_sends_its_calls_on_is_left_alone_like_one_that_rejects() {
    check(
        "agents 1
         queue wait=300 no-answers=1
         member 1 reject=5
         0 ready 1
         1 calls x 4000
         2 ends a1 302
         8 answers a1",
        "1 answer x
         1 ring a1
         7 ring a1
         8 bridge x a1",
    );
}

#[test]
fn an_agent_of_two_queues_is_reserved_once() {
    check(
        "agents 1
         queue wait=60 wrap=1
         another queue care 4001 wait=60
         also in care 1
         0 ready 1
         1 calls x 4000
         1 calls y 4001
         2 answers a1
         10 ends x
         12 answers a1",
        "1 answer x
         1 ring a1
         1 answer y
         2 bridge x a1
         10 close x connected by 1
         10 hang up a1
         11 ring a1
         12 bridge y a1",
    );
}

#[test]
fn a_queue_of_a_higher_priority_is_served_first() {
    check(
        "agents 1
         queue wait=60
         another queue gold 4001 wait=60 priority=5
         also in gold 1
         1 calls x 4000
         2 calls y 4001
         3 ready 1
         3.5 answers a1",
        "1 answer x
         2 answer y
         3 ring a1
         3.5 bridge y a1",
    );
}

#[test]
fn a_full_queue_refuses_the_next_caller_and_the_cdr_says_busy() {
    check(
        "agents 1
         queue places=1 wait=60
         1 calls x 4000
         2 calls y 4000
         3 ends x
         4 calls z 4000",
        "1 answer x
         2 hang up y Busy
         2 close y busy
         3 close x abandoned
         4 answer z",
    );
}

#[test]
fn a_queue_that_nobody_is_signed_in_to_lets_callers_go_and_refuses_new_ones() {
    check(
        "agents 1
         queue no-agent=10 refuse=5 wait=60
         1 out 1
         2 calls x 4000
         12.5 heard x
         13 calls y 4000
         18 calls z 4000
         20 in 1",
        "2 answer x
         12 play x sorry
         12.5 hang up x
         12.5 close x abandoned
         13 hang up y Busy
         13 close y busy
         18 answer z",
    );
}

#[test]
fn the_last_agent_to_sign_out_leaves_callers_who_waited_too_long_already() {
    check(
        "agents 1
         queue no-agent=10 wait=60
         1 calls x 4000
         20 out 1
         20 wait",
        "1 answer x
         20 play x sorry",
    );
}

#[test]
fn a_caller_who_gives_up_and_calls_again_in_time_has_the_old_place() {
    check(
        "agents 1
         queue resume=60 wait=300
         1 calls x 4000
         2 calls y 4000
         10 ends x
         12 calls x 4000
         13 ready 1
         14 answers a1",
        "1 answer x
         2 answer y
         10 close x abandoned
         12 answer x
         13 ring a1
         14 bridge x a1",
    );
}

#[test]
fn a_caller_who_has_the_old_place_back_may_wait_as_long_as_everybody() {
    check(
        "agents 1
         queue resume=60 wait=300
         1 calls x 4000
         291 ends x
         300 calls y 4000
         310 calls x 4000
         320 ready 1
         321 answers a1
         601 wait",
        "1 answer x
         291 close x abandoned
         300 answer y
         310 answer x
         320 ring a1
         321 bridge x a1
         600 play y sorry",
    );
    check(
        "agents 1
         queue resume=60 no-agent=100 wait=300
         0 out 1
         1 calls x 4000
         91 ends x
         110 calls x 4000
         211 wait",
        "1 answer x
         91 close x abandoned
         110 answer x
         210 play x sorry",
    );
}

#[test]
fn what_came_before_the_queue_counts_for_the_place_and_not_for_the_longest_wait() {
    check_talk(
        "agents 1
         queue counts-from=system wait=60
         400 calls y 4000
         410 in-call 1 transfer queue sales
         431 answers a1
         461 wait",
        "400 answer y
         410 hang up a1
         420 ring a1
         431 bridge L1 a1
         460 play y sorry",
    );
}

#[test]
fn who_calls_again_too_late_begins_at_the_end() {
    check(
        "agents 1
         queue resume=5 wait=300
         1 calls x 4000
         2 calls y 4000
         10 ends x
         16 calls x 4000
         17 ready 1
         18 answers a1",
        "1 answer x
         2 answer y
         10 close x abandoned
         16 answer x
         17 ring a1
         18 bridge y a1",
    );
}

#[test]
fn a_fifo_queue_knows_no_levels_and_no_strategy() {
    check(
        "agents 1 2
         queue fifo strategy=all tiers=10 wait=60
         member 1 level=2
         0 ready 1
         0.5 ready 2
         1 calls x 4000",
        "1 answer x
         1 ring a1",
    );
}

#[test]
fn settings_that_change_hold_for_who_waits_already_and_nobody_is_dropped() {
    check(
        "agents 1
         queue wait=10
         1 calls x 4000
         2 set queue wait=30 strategy=all
         12 wait
         31 wait",
        "1 answer x
         31 play x sorry",
    );
}

#[test]
fn a_caller_may_wait_for_ever() {
    check(
        "agents 1
         queue wait=0
         1 calls x 4000
         90000 ready 1
         90001 answers a1",
        "1 answer x
         90000 ring a1
         90001 bridge x a1",
    );
}

#[test]
fn a_queue_that_is_removed_lets_go_of_who_would_wait_for_ever() {
    check(
        "agents 1
         queue wait=0
         1 calls x 4000
         2 remove queue
         3 wait",
        "1 answer x
         2 hang up x
         2 close x abandoned",
    );
}

#[test]
fn the_line_shows_everybody_in_order() {
    let stage = Stage::of(
        "agents 1
         queue wait=60
         another queue gold 4001 wait=60 priority=5
         1 calls x 4000
         2 calls y 4000
         3 calls z 4001
         5 wait",
    );
    let view = stage.floor.view(stage.now);
    let line = |queue: &str| -> Vec<(u32, String, i64)> {
        let mut queues = view.queues.iter();
        let queue = queues.find(|seen| seen.id.as_str() == queue);
        let line = &queue.expect("a queue").line;
        line.iter()
            .map(|one| (one.place, one.number.clone(), one.waited_ms))
            .collect()
    };
    assert_eq!(
        line("sales"),
        [(1, "x".to_owned(), 4_000), (2, "y".to_owned(), 3_000)]
    );
    assert_eq!(line("gold"), [(1, "z".to_owned(), 2_000)]);
}

#[test]
fn an_agent_who_is_deleted_while_the_phone_rings_is_rung_no_more() {
    let ends = [
        ("3 ends a1 480", "", ""),
        (
            "3 ends 13900000001",
            "3 hang up a1 NoAnswer",
            "3 close 13900000001 abandoned",
        ),
    ];
    for (end, before, then) in ends {
        check_since(
            2.5,
            &format!(
                "agents 1
                 queue wait=60
                 show agent
                 0 ready 1
                 1 calls 13900000001 4000
                 2 remove agent 1
                 {end}
                 5 wait"
            ),
            &format!(
                "{before}
                 3 agent 1 ready
                 3 agent 1 logout
                 {then}"
            ),
        );
    }
}
