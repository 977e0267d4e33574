//! What may happen between a draw and its INVITE, and what the gate makes of where people are.

use super::script::{Stage, check};

/// Who was dialled, in order.
fn dialled(script: &str) -> Vec<String> {
    let shown = Stage::of(script).shown;
    let dials = shown.iter().filter_map(|line| line.split_once(" dial "));
    dials.map(|(_, lead)| lead.to_owned()).collect()
}

#[test]
fn a_number_that_is_listed_after_its_draw_or_its_check_is_not_dialled() {
    let drawn = "agents 1 2
         campaign c predictive
         leads c 2
         by hand check
         0 ready 1
         0 ready 2
         1 lists L1
         2 checked L1
         2 checked L2
         9 wait";
    assert_eq!(dialled(drawn), ["L2"]);
    // Facts that were read before it: the write of the attempt asks the lists once more.
    check(
        "agents 1
         campaign c predictive
         leads c 1
         by hand check
         0 ready 1
         1 lists L1
         1 checked L1
         9 wait",
        "1 block L1 dnc
         1 finish c",
    );
}

#[test]
fn a_window_that_shuts_between_check_and_invite_is_shut() {
    // Ten to eleven in the morning; the attempt is written at its last second, or one later.
    let written = |at: &str| {
        dialled(&format!(
            "agents 1
             campaign c predictive hours=10-11
             leads c 1
             by hand attempt
             3599 ready 1
             {at} opened L1
             3620 wait"
        ))
    };
    assert_eq!(written("3599.9"), ["L1"]);
    assert_eq!(written("3600"), [""; 0]);
}

#[test]
fn facts_are_not_fresh_again_because_a_clock_was_set_back() {
    let mut stage = Stage::of(
        "agents 1
         campaign c predictive
         leads c 1
         by hand attempt
         100 ready 1
         101 wait",
    );
    // An hour back, and then the attempt is written.
    stage.set_clock(super::stage::opening().plus(-3_500_000));
    stage.play("opened L1");
    assert!(!stage.shown.iter().any(|line| line.contains(" dial ")));
}

#[test]
fn each_lead_is_called_when_its_own_clock_allows_it() {
    // Ten in the morning in Shanghai: nine in the evening in New York, six in Los Angeles.
    check(
        "agents 1 2 3 4
         campaign c robot
         lead c number=+12125550100
         lead c number=+13105550100
         lead c number=+13105550101 state=NY
         lead c
         0 wait
         1 wait",
        "0 block L1 window again in 39599
         0 block L3 window again in 50399
         0 dial L2
         0 dial L4",
    );
}

#[test]
fn a_campaign_that_is_shut_at_home_finds_those_who_are_awake_elsewhere() {
    // Its own clock shows ten; leads in Los Angeles have six in the evening.
    check(
        "campaign c robot hours=16-20
         lead c
         lead c number=+13105550100
         show draw
         0 wait
         0.9 wait",
        "0 draw c 100
         0 release L1
         0 dial L2",
    );
}

#[test]
fn a_person_is_not_called_twice_by_two_leads_that_are_checked_at_once() {
    let dials = dialled(
        "campaign c robot person-day=1
         lead c person=ann
         lead c person=ann
         lead c person=bob
         0 wait
         9 wait",
    );
    assert_eq!(dials, ["L1", "L3"]);
}

#[test]
fn a_caller_number_rests_and_the_next_one_is_shown() {
    check(
        "campaign c robot pool=0211,0212 rests=60
         leads c 3
         show route
         0 wait
         1 ends L1 486
         1 ends L2 486
         5 wait",
        "0 block L3 caller_id again in 60
         0 dial L1 as 0211 by trunk
         0 dial L2 as 0212 by trunk
         1 close L1 busy again in 600
         1 close L2 busy again in 600",
    );
}

#[test]
fn the_next_gateway_takes_what_the_first_cannot() {
    check(
        "gateway channels=1
         another gateway spare
         campaign c robot fallback=spare
         leads c 2
         show route
         0 wait
         1 gateway trunk down
         1 ends L1 486
         1 ends L2 486
         700 wait",
        "0 dial L1 as 02110000 by trunk
         0 dial L2 as 02110000 by spare
         1 close L1 busy again in 600
         1 close L2 busy again in 600
         601 dial L1 as 02110000 by spare
         601 dial L2 as 02110000 by spare",
    );
}

#[test]
fn a_jurisdiction_that_asks_for_more_gets_it() {
    let stage = Stage::of(
        "agents 1
         campaign c predictive pack=cn
         leads c 1
         0 ready 1
         3 wait",
    );
    assert!(
        stage
            .shown
            .iter()
            .any(|line| line.contains("block L1 consent"))
    );
}
