//! Conferences of an agent, a customer and somebody else.

use super::{
    super::InCall,
    script::{Stage, check_after},
    stage,
    talking::{check_talk, talk},
};
use crate::time::Millis;

#[test]
fn who_is_called_into_a_talk_is_heard_by_all_from_the_answer_on() {
    check_talk(
        "agents 1
         route ^955 outbound
         show agent
         5 in-call 1 invite number 95588
         9 answers 95588
         12 hangs-up 1
         20 ends 95588",
        "5 bridge L1 a1
         5 agent 1 busy.transfer
         5 dial 95588
         9 confer L1
         9 confer a1
         9 confer 95588
         9 agent 1 busy.conference
         12 hang up a1
         12 agent 1 acw
         12 bridge L1 95588
         20 hang up L1
         20 close L1 connected by 1",
    );
}

#[test]
fn a_conference_that_ends_for_all_ends_when_its_agent_hangs_up_in_the_console_or_at_the_phone() {
    let conference = |ends: &str| {
        format!(
            "agents 1
             route ^955 outbound
             5 in-call 1 consult number 95588
             9 answers 95588
             10 in-call 1 confer all
             12 {ends}"
        )
    };
    let begun = "5 dial 95588
         9 bridge 95588 a1
         10 confer L1
         10 confer a1
         10 confer 95588";
    check_talk(
        &conference("hangs-up 1"),
        &format!(
            "{begun}
             12 hang up L1
             12 close L1 connected by 1
             12 hang up a1
             12 hang up 95588"
        ),
    );
    check_talk(
        &conference("ends a1"),
        &format!(
            "{begun}
             12 hang up L1
             12 close L1 connected by 1
             12 hang up 95588"
        ),
    );
}

#[test]
fn who_does_not_come_leaves_the_talk_as_it_was() {
    check_talk(
        "agents 1
         route ^955 outbound
         show told
         5 in-call 1 invite number 95588
         9 ends 95588 486
         12 hangs-up 1",
        "5 bridge L1 a1
         5 dial 95588
         9 tell 1 95588 busy
         12 hang up L1
         12 close L1 connected by 1
         12 hang up a1",
    );
}

#[test]
fn who_is_in_a_call_can_be_seen() {
    let mut stage = Stage::of(
        "agents 1
         route ^955 outbound
         0 ready 1
         1 calls x 4000
         2 answers a1
         5 in-call 1 invite number 95588",
    );
    let call = *stage.store.open_calls.iter().next().expect("a call");
    let seen = |stage: &Stage| {
        let seen = stage.floor.who_is_in(call).expect("a call that is up");
        let members = seen.members.iter();
        let members = members.map(|one| format!("{} {} {}", one.kind, one.name, one.state));
        (seen.conference, members.collect::<Vec<_>>().join(", "))
    };
    let with = |state: &str| format!("customer x up, agent 1 up, outside 95588 {state}");
    assert_eq!(seen(&stage), (false, with("ringing")));
    stage.line("8 answers 95588");
    assert_eq!(seen(&stage), (true, with("up")));
    stage.line("9 ends x");
    assert_eq!(stage.floor.who_is_in(call), None);
}

#[test]
fn a_colleague_who_is_on_the_line_already_is_heard_at_once() {
    check_after(
        "2 agent 1 busy.answered",
        "agents 1 2
         by hand sign-in
         show agent
         0 in 1
         0 in 2 nailed
         0.5 answers a2
         0.6 ready 1
         1 calls x 4000
         2 answers a1
         5 in-call 1 invite agent 2",
        "5 agent 2 busy.ringing
         5 agent 2 busy.answered
         5 confer x
         5 confer a1
         5 confer a2
         5 agent 1 busy.conference
         5 agent 2 busy.conference",
    );
}

#[test]
fn more_are_called_in_and_each_hears_all_others() {
    check_talk(
        "agents 1 2
         phone 8500
         route ^955 outbound
         2.5 ready 2
         5 in-call 1 invite number 95588
         9 answers 95588
         10 in-call 1 invite agent 2
         12 answers a2
         13 in-call 1 invite extension 8500
         15 ends 8500 486
         16 in-call 1 invite extension 8500
         17 in-call 1 consult extension 8500
         18 answers 8500
         20 hangs-up 1
         25 ends a2
         30 ends L1",
        "5 bridge L1 a1
         5 dial 95588
         9 confer L1
         9 confer a1
         9 confer 95588
         10 ring a2
         12 confer L1
         12 confer a1
         12 confer 95588
         12 confer a2
         13 ring 8500
         15 confer L1
         15 confer a1
         15 confer 95588
         15 confer a2
         16 ring 8500
         17 refused SECOND_CALL_UP
         18 confer L1
         18 confer a1
         18 confer 95588
         18 confer a2
         18 confer 8500
         20 hang up a1
         20 confer L1
         20 confer a2
         20 confer 95588
         20 confer 8500
         25 confer L1
         25 confer 8500
         25 confer 95588
         30 close L1 connected by 2
         30 hang up 95588
         30 hang up 8500",
    );
}

#[test]
fn several_are_called_at_once_and_come_in_any_order() {
    check_talk(
        "agents 1 2
         phone 8500
         route ^955 outbound
         2.5 ready 2
         5 in-call 1 invite number 95588
         6 in-call 1 invite agent 2
         7 in-call 1 invite extension 8500
         8 answers a2
         9 ends 8500 486
         10 answers 95588
         11 hangs-up 2
         12 ends 95588
         13 hangs-up 1",
        "5 bridge L1 a1
         5 dial 95588
         6 ring a2
         6 bridge L1 a1
         7 ring 8500
         7 bridge L1 a1
         8 confer L1
         8 confer a1
         8 confer a2
         9 confer L1
         9 confer a1
         9 confer a2
         10 confer L1
         10 confer a1
         10 confer 95588
         10 confer a2
         11 hang up a2
         11 confer L1
         11 confer a1
         11 confer 95588
         12 bridge L1 a1
         13 hang up L1
         13 close L1 connected by 1
         13 hang up a1",
    );
}

#[test]
fn who_hangs_up_before_anybody_came_is_back_with_the_customer() {
    check_talk(
        "agents 1
         phone 8500
         route ^955 outbound
         5 in-call 1 invite number 95588
         6 in-call 1 invite extension 8500
         8 hangs-up 1
         9 hangs-up 1",
        "5 bridge L1 a1
         5 dial 95588
         6 ring 8500
         6 bridge L1 a1
         8 hang up 8500 NoAnswer
         8 hang up 95588 NoAnswer
         8 bridge L1 a1
         9 hang up L1
         9 close L1 connected by 1
         9 hang up a1",
    );
    check_talk(
        "agents 1
         phone 8500
         route ^955 outbound
         5 in-call 1 invite number 95588
         6 in-call 1 invite extension 8500
         8 ends a1
         9 answers 8500
         20 ends L1",
        "5 bridge L1 a1
         5 dial 95588
         6 ring 8500
         6 bridge L1 a1
         8 hang up 95588 NoAnswer
         9 bridge L1 8500
         20 close L1 connected by 1
         20 hang up 8500
         20 finish c",
    );
}

#[test]
fn a_conference_that_is_to_end_for_all_ends_for_those_who_came_later_too() {
    check_talk(
        "agents 1
         phone 8500
         route ^955 outbound
         5 in-call 1 invite-all number 95588
         6 answers 95588
         7 in-call 1 invite extension 8500
         8 answers 8500
         9 hangs-up 1",
        "5 bridge L1 a1
         5 dial 95588
         6 confer L1
         6 confer a1
         6 confer 95588
         7 ring 8500
         8 confer L1
         8 confer a1
         8 confer 95588
         8 confer 8500
         9 hang up L1
         9 close L1 connected by 1
         9 hang up a1
         9 hang up 95588
         9 hang up 8500",
    );
}

#[test]
fn a_conference_has_32_parties_at_most() {
    let mut stage = Stage::of(&talk(
        &(8501..=8531).map(|phone| format!("phone {phone}\n")).fold(
            "agents 1\n5 in-call 1 hold\n".to_owned(),
            |script, phone| script + &phone,
        ),
    ));
    for phone in 8501..=8530 {
        stage.line(&format!("6 in-call 1 invite extension {phone}"));
        stage.line(&format!("6 answers {phone}"));
    }
    let count = |stage: &Stage| {
        let call = *stage.store.open_calls.iter().next().expect("a call");
        let seen = stage.floor.who_is_in(call).expect("a call that is up");
        let up = seen.members.iter().filter(|member| member.state == "up");
        up.count()
    };
    assert_eq!(count(&stage), 32);
    stage.line("7 in-call 1 invite extension 8531");
    let refused = stage.shown.last().map(String::as_str);
    assert_eq!(refused, Some("7 refused CONFERENCE_FULL"));
    stage.line("8 ends 8507");
    stage.line("9 in-call 1 invite extension 8531");
    stage.line("9 answers 8531");
    assert_eq!(count(&stage), 32);
    stage.line("10 ends L1");
    assert_eq!(stage.floor.view(stage.now).agents[0].state, "acw");
}

#[test]
fn conferences_are_listed_with_since_when_and_who_is_in_them() {
    let mut stage = Stage::of(&talk("agents 1 2\nphone 8500\nphone 8600"));
    let listed = |stage: &Stage| {
        let seconds = |at: Millis| at.since(stage::opening()) / 1_000;
        let all = stage.floor.conferences().into_iter();
        let of = |one: InCall| {
            let names = one.members.into_iter().map(|member| member.name);
            (one.since.map(seconds), names.collect::<Vec<_>>())
        };
        all.map(of).collect::<Vec<_>>()
    };
    for line in ["3 ready 2", "4 in-call 1 consult agent 2", "5 answers a2"] {
        stage.line(line);
    }
    assert!(listed(&stage).is_empty(), "a consultation is none");
    stage.line("6 in-call 1 confer");
    stage.line("8 in-call 1 invite extension 8500");
    let numbers = |names: &[&str]| {
        names
            .iter()
            .map(|&name| name.to_owned())
            .collect::<Vec<_>>()
    };
    let customer = "13900000000";
    let three = numbers(&[customer, "1", "2", "8500"]);
    assert_eq!(listed(&stage), [(Some(6), three.clone())]);
    stage.line("9 connects extension 8600 number 10010");
    let two = numbers(&["8600"]);
    assert_eq!(listed(&stage), [(None, two), (Some(6), three)]);
    stage.line("10 ends 8600");
    stage.line("11 ends 8500");
    stage.line("12 ends a2");
    assert!(listed(&stage).is_empty(), "two are left");
}
