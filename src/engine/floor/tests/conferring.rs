//! Conferences of an agent, a customer and somebody else.

use super::{
    script::{Stage, check_after},
    talking::check_talk,
};

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
