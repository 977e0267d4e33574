//! Single parties of a call: muted, let go, called in, by the agent or by a supervisor.

use super::{script::check_after, talking::check_talk};

#[test]
fn any_party_may_only_listen_until_it_is_heard_again_or_the_agent_leaves() {
    check_talk(
        "agents 1 2
         phone 8500
         show told
         2.5 ready 2
         3 in-call 1 members L1 mute L1
         3.5 in-call 1 members L1 mute L1
         4 in-call 1 members L1 unmute L1
         5 in-call 1 invite extension 8500
         6 in-call 1 members L1 mute 8500
         7 answers 8500
         8 in-call 1 members L1 mute 8500
         9 in-call 1 members L1 mute a1
         10 in-call 1 unmute
         11 in-call 1 members L1 mute L1
         12 hangs-up 1
         13 ends 8500
         14 in-call 1 members L1 mute L1",
        "3 mute L1
         4 unmute L1
         5 ring 8500
         5 bridge L1 a1
         6 refused NO_SUCH_MEMBER
         7 confer L1
         7 confer a1
         7 confer 8500
         8 mute 8500
         9 mute a1
         10 unmute a1
         11 mute L1
         12 unmute L1
         12 unmute 8500
         12 hang up a1
         12 bridge L1 8500
         13 hang up L1
         13 close L1 connected by 1
         14 refused NO_SUCH_CALL",
    );
}

#[test]
fn a_supervisor_mutes_lets_go_and_calls_in_and_the_agent_is_told() {
    check_talk(
        "agents 1 2
         route ^955 outbound
         show told
         2.5 ready 2
         3 boss members L1 mute L1
         4 boss members L1 unmute L1
         5 boss members L1 invite number 95588
         6 answers 95588
         7 boss members L1 mute a1
         8 boss members L1 invite agent 2
         9 answers a2
         10 in-call 2 members L1 mute L1
         11 boss members L1 drop 95588
         12 boss members L1 drop L1
         13 boss members L1 drop a2
         14 hangs-up 1
         15 boss members L1 mute L1",
        "3 mute L1
         3 tell 1 boss mute
         4 unmute L1
         4 tell 1 boss unmute
         5 bridge L1 a1
         5 tell 1 boss invite
         5 dial 95588
         6 confer L1
         6 confer a1
         6 confer 95588
         7 mute a1
         7 tell 1 boss mute
         8 popup 2 13900000000
         8 ring a2
         8 tell 1 boss invite
         9 confer L1
         9 confer a1
         9 confer 95588
         9 confer a2
         10 refused NO_SUCH_CALL
         11 hang up 95588
         11 tell 1 95588 released
         11 confer L1
         11 confer a1
         11 confer a2
         11 tell 1 boss drop
         12 refused NO_SUCH_MEMBER
         13 hang up a2
         13 tell 1 2 released
         13 bridge L1 a1
         13 tell 1 boss drop
         14 hang up L1
         14 close L1 connected by 1
         14 hang up a1
         15 refused NO_SUCH_CALL",
    );
}

#[test]
fn a_line_that_stays_up_is_heard_in_the_next_call() {
    let left = "12 unmute a2
         12 bridge x a1
         12 close x connected by 1
         12 hang up a1";
    let over = "12 close x connected by 1
         12 unmute a2
         12 hang up a1";
    for (end, expected) in [
        ("12 hangs-up 2", left),
        ("12 in-call 1 members x drop a2", left),
        ("12 ends x", over),
    ] {
        check_after(
            "10 mute a2",
            &format!(
                "agents 1 2
                 by hand sign-in
                 0 in 1
                 0 in 2 nailed
                 0.5 answers a2
                 0.6 ready 1
                 1 calls x 4000
                 2 answers a1
                 5 in-call 1 invite agent 2
                 10 in-call 1 members x mute a2
                 {end}
                 12 ends x"
            ),
            expected,
        );
    }
}

#[test]
fn another_device_that_takes_a_call_over_is_not_heard_either() {
    check_talk(
        "agents 1
         phone 8500
         5 in-call 1 invite extension 8500
         6 answers 8500
         7 in-call 1 members L1 mute 8500
         8 dials at 8500 new 8500 8500
         9 in-call 1 members L1 unmute new",
        "5 ring 8500
         5 bridge L1 a1
         6 confer L1
         6 confer a1
         6 confer 8500
         7 mute 8500
         8 answer new
         8 mute new
         8 confer L1
         8 confer a1
         8 confer new
         8 hang up 8500
         9 unmute new",
    );
}
