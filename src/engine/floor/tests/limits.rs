//! How many lines, and what keeps them from being more.

use super::script::{Stage, check};

#[test]
fn without_its_gateway_a_campaign_waits() {
    check(
        "agents 1
         campaign c predictive gateway=other
         leads c 1
         show attempt
         0 ready 1
         5 why c",
        "5 0 lines: Gateway",
    );
}

#[test]
fn outside_its_window_a_campaign_takes_no_lead_in_hand() {
    check(
        "agents 1
         campaign c predictive hours=11-12
         leads c 1
         show draw
         0 ready 1
         1.5 why c",
        "0 draw c 100
         0 release L1
         1 draw c 0
         1.5 0 lines: Window",
    );
}

#[test]
fn when_the_window_shuts_the_leads_in_hand_go_back() {
    check(
        "agents 1
         campaign c predictive hours=9-11
         leads c 3
         0 ready 1
         3590 answers L1
         3591 answers a1
         3595 ends L1
         3600 wait
         3700 wait",
        "0 dial L1
         3590 ring a1
         3591 bridge L1 a1
         3595 close L1 connected by 1
         3595 hang up a1
         3600.1 release all of c",
    );
}

#[test]
fn a_gateways_channels_bound_the_lines() {
    check(
        "agents 1 2 3 4
         gateway channels=2
         campaign c predictive
         leads c 4
         0 ready 1
         0 ready 2
         0 ready 3
         0 ready 4
         1 ends L1 486
         2 why c",
        "0 dial L1
         0 dial L2
         1 close L1 busy again in 600
         1 dial L3
         2 0 lines: Channels",
    );
}

#[test]
fn a_gateways_rate_spaces_the_lines() {
    check(
        "agents 1 2 3 4
         gateway cps=1
         campaign c predictive
         leads c 4
         0 ready 1
         0 ready 2
         0 ready 3
         0 ready 4
         2.9 why c
         3.5 wait",
        "0 dial L1
         1 dial L2
         2 dial L3
         2.9 0 lines: Rate
         3 dial L4",
    );
}

#[test]
fn the_reserve_for_inbound_is_not_dialled_into() {
    check(
        "agents 1 2 3 4
         gateway channels=4 reserved=0.5
         campaign c predictive
         leads c 4
         0 ready 1
         0 ready 2
         0 ready 3
         0 ready 4
         1 calls x 4000
         2 wait",
        "0 dial L1
         0 dial L2
         1 answer x
         1 ring a1",
    );
}

#[test]
fn a_gateway_with_no_channel_left_takes_no_call_in_either_direction() {
    check(
        "agents 1 2 3 4
         gateway channels=2 reserved=0.5
         campaign c predictive
         leads c 2
         0 ready 1
         0 ready 2
         1 calls x 4000
         2 calls y 4000
         3 ends y
         4 ends L1 486
         4.5 why c
         5 calls z 4000",
        "0 dial L1
         1 answer x
         1 ring a1
         2 hang up y Congestion
         2 close y congestion
         4 close L1 busy again in 600
         4.5 0 lines: Channels
         5 answer z
         5 ring a2",
    );
}

#[test]
fn a_campaigns_own_limit_bounds_its_lines() {
    check(
        "agents 1 2 3
         campaign c predictive max=1
         leads c 3
         0 ready 1
         0 ready 2
         0 ready 3
         1 ends L1 486
         2 why c",
        "0 dial L1
         1 close L1 busy again in 600
         1 dial L2
         2 0 lines: Concurrency",
    );
}

#[test]
fn agents_lines_are_shared_by_the_campaigns_of_a_queue() {
    check(
        "agents 1
         campaign c predictive
         campaign d predictive
         leads c 2
         leads d 2
         0 ready 1
         1 ends L1 486
         2 ends L3 486
         3 ends L2 486
         4 ends L4 486
         5 wait",
        "0 dial L1
         1 close L1 busy again in 600
         1 dial L3
         2 close L3 busy again in 600
         2 dial L2
         3 close L2 busy again in 600
         3 dial L4
         4 close L4 busy again in 600",
    );
}

#[test]
fn a_ratio_dials_ahead_of_the_agents() {
    check(
        "agents 1 2
         campaign c predictive ratio=1.5
         leads c 5
         0 ready 1
         0 ready 2
         1 why c",
        "0 dial L1
         0 dial L2
         0 dial L3
         1 0 lines: Ratio",
    );
}

#[test]
fn nobody_is_dialled_for_agents_who_are_away_or_out_of_reach() {
    check(
        "agents 1 2
         campaign c predictive
         leads c 5
         0 ready 1
         0.01 phone 1 off
         1 why c
         2 phone 1 on
         3 wait",
        "1 0 lines: IdleAgents
         2 dial L1",
    );
}

#[test]
fn nobody_signed_in_is_named_as_the_reason() {
    check(
        "agents 1
         campaign c predictive
         leads c 1
         by hand sign-in
         1 why c",
        "1 0 lines: NoAgents",
    );
}

#[test]
fn a_gateway_that_fails_most_calls_is_left_alone_for_a_minute() {
    check(
        "campaign c robot max=1
         leads c 25
         show told
         0.5 ends L1 503
         1 ends L2 503
         1.5 ends L3 503
         2 ends L4 503
         2.5 ends L5 503
         3 ends L6 503
         3.5 ends L7 503
         4 ends L8 503
         4.5 ends L9 503
         5 ends L10 503
         5.5 ends L11 503
         6 ends L12 503
         6.5 ends L13 503
         7 ends L14 503
         7.5 ends L15 503
         8 ends L16 503
         8.5 ends L17 503
         9 ends L18 503
         9.5 ends L19 503
         10 ends L20 503
         69 why c
         71 wait",
        "0 dial L1
         0.5 close L1 congestion again in 300 not counted
         0.5 dial L2
         1 close L2 congestion again in 300 not counted
         1 dial L3
         1.5 close L3 congestion again in 300 not counted
         1.5 dial L4
         2 close L4 congestion again in 300 not counted
         2 dial L5
         2.5 close L5 congestion again in 300 not counted
         2.5 dial L6
         3 close L6 congestion again in 300 not counted
         3 dial L7
         3.5 close L7 congestion again in 300 not counted
         3.5 dial L8
         4 close L8 congestion again in 300 not counted
         4 dial L9
         4.5 close L9 congestion again in 300 not counted
         4.5 dial L10
         5 close L10 congestion again in 300 not counted
         5 dial L11
         5.5 close L11 congestion again in 300 not counted
         5.5 dial L12
         6 close L12 congestion again in 300 not counted
         6 dial L13
         6.5 close L13 congestion again in 300 not counted
         6.5 dial L14
         7 close L14 congestion again in 300 not counted
         7 dial L15
         7.5 close L15 congestion again in 300 not counted
         7.5 dial L16
         8 close L16 congestion again in 300 not counted
         8 dial L17
         8.5 close L17 congestion again in 300 not counted
         8.5 dial L18
         9 close L18 congestion again in 300 not counted
         9 dial L19
         9.5 close L19 congestion again in 300 not counted
         9.5 dial L20
         10 degraded trunk
         10 close L20 congestion again in 300 not counted
         69 0 lines: Gateway
         70 recovered trunk
         70 dial L21",
    );
}

#[test]
fn a_gateway_that_does_not_answer_is_told_of_once_and_waited_for() {
    check(
        "campaign c robot
         lead c due=1
         show told
         0 gateway trunk down
         0.5 gateway trunk down
         3 why c
         4 gateway trunk up
         4 gateway trunk up
         5 wait",
        "0 degraded trunk
         3 0 lines: Gateway
         4 recovered trunk
         4 dial L1",
    );
}

#[test]
fn an_invite_that_is_sent_again_is_a_call_of_the_gateways_rate() {
    check(
        "agents 1 2 3
         gateway cps=1
         campaign c predictive
         leads c 3
         0 ready 1
         0 ready 2
         0.5 again L1
         5 wait",
        "0 dial L1
         2 dial L2",
    );
}

#[test]
fn lines_go_to_the_campaigns_of_a_queue_by_their_weights() {
    let stage = Stage::of(
        "agents 1
         campaign c predictive weight=3
         campaign d predictive
         leads c 40
         leads d 40
         0 ready 1
         1 wait",
    );
    let dialled = lines_of(stage, 40);
    let heavy = dialled.iter().filter(|campaign| *campaign == "c").count();
    assert_eq!(heavy, 30, "{dialled:?}");
    let longest = dialled
        .split(|campaign| campaign == "d")
        .map(<[_]>::len)
        .max();
    assert!(longest <= Some(4), "nobody waits for long: {dialled:?}");
}

#[test]
fn the_campaign_of_a_higher_priority_goes_first() {
    let stage = Stage::of(
        "agents 1
         campaign c predictive weight=100
         campaign d predictive priority=9
         leads c 40
         leads d 10
         0 ready 1
         1 wait",
    );
    let dialled = lines_of(stage, 14);
    assert!(
        dialled[..10].iter().all(|campaign| campaign == "d"),
        "{dialled:?}"
    );
    assert!(
        dialled[10..].iter().all(|campaign| campaign == "c"),
        "{dialled:?}"
    );
}

#[test]
fn a_campaign_that_joins_late_does_not_take_everything() {
    let mut stage = Stage::of(
        "agents 1
         campaign c predictive
         campaign d predictive state=paused
         leads c 100
         leads d 40
         0 ready 1
         1 wait",
    );
    let alone = play_lines(&mut stage, 50);
    assert!(alone.iter().all(|campaign| campaign == "c"));
    stage.line("60 start d");
    let both = play_lines(&mut stage, 30);
    let late = both.iter().filter(|campaign| *campaign == "d").count();
    assert!((15..=18).contains(&late), "{both:?}");
}

#[test]
fn channels_are_shared_by_weight_as_well() {
    let stage = Stage::of(
        "agents 1
         gateway channels=4
         campaign c robot weight=3
         campaign d robot
         leads c 60
         leads d 60
         1 wait",
    );
    let dialled = lines_of(stage, 40);
    let heavy = dialled.iter().filter(|campaign| *campaign == "c").count();
    assert!((28..=32).contains(&heavy), "{dialled:?}");
}

/// The campaigns of the next lines, each of which ends before the next is dialled.
fn lines_of(mut stage: Stage, count: usize) -> Vec<String> {
    play_lines(&mut stage, count)
}

fn play_lines(stage: &mut Stage, count: usize) -> Vec<String> {
    let mut dialled = Vec::new();
    while dialled.len() < count {
        let up = stage.in_the_air();
        let (name, campaign) = up.first().cloned().expect("a line in the air");
        dialled.push(campaign);
        let at = stage.now.since(super::stage::opening()) as f64 / 1000.0 + 0.3;
        stage.line(&format!("{at} ends {name} 404"));
        stage.line(&format!("{} wait", at + 0.3));
    }
    dialled
}

#[test]
fn robots_share_a_limit_over_campaigns_and_the_smaller_one_wins() {
    check(
        "campaign c robot shared=3 max=2
         campaign d robot shared=3
         leads c 4
         leads d 4
         1 why c
         1 why d
         2 ends L1 486
         2 why d",
        "0 dial L1
         0 dial L2
         0 dial L5
         1 0 lines: Concurrency
         1 0 lines: SharedConcurrency
         2 close L1 busy again in 600
         2 dial L6
         2 1 lines: SharedConcurrency",
    );
}

/// One call a second: what is sent again counts as another, whoever wanted it sent.
#[track_caller]
fn check_sent_again(script: &str) {
    let script = format!(
        "phone 8500
         phone 8600
         gateway cps=1
         route ^139 outbound
         {script}
         10 again 13900000009
         11.5 dials at 8600 z 10010
         12.1 dials at 8600 z 10010"
    );
    super::script::check_since(
        9.0,
        &script,
        "10 dial 13900000009
         11.5 hang up z Congestion
         12.1 dial 10010",
    );
}

#[test]
fn an_invite_of_a_question_that_is_sent_again_is_one_of_the_rate() {
    check_sent_again(
        "agents 1
         0 ready 1
         1 calls x 4000
         2 answers a1
         10 in-call 1 consult number 13900000009",
    );
}

#[test]
fn an_invite_of_a_phones_own_call_that_is_sent_again_is_one_of_the_rate() {
    check_sent_again("10 dials at 8500 x 13900000009");
}

#[test]
fn an_invite_to_an_agents_telephone_outside_that_is_sent_again_is_one_of_the_rate() {
    check_sent_again(
        "agents 1
         remote 1 13900000009
         queue wait=60
         1 calls x 4000
         10 ready 1",
    );
}
