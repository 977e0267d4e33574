//! Callers hear the agent's number before they have the agent.

use super::script::{Stage, check};

#[test]
fn a_caller_hears_the_agents_number_and_then_the_agent() {
    check(
        "agents 12
         queue wait=60 announces survey
         show agent park
         0 ready 12
         1 calls x 4000
         3 answers a12
         4 heard x
         4.2 heard x
         4.4 heard x
         5 heard x
         20 ends x",
        "0 agent 12 unready.wait
         0 agent 12 ready
         1 answer x
         1 agent 12 busy.ringing
         1 ring a12
         1 park x music
         3 park x silence
         3 agent 12 busy.answered
         3 play x agent
         4 play x number-1
         4.2 play x number-2
         4.4 play x agent-end
         5 bridge x a12
         20 close x connected by 12
         20 hang up a12
         20 agent 12 acw",
    );
}

#[test]
fn what_cannot_be_played_keeps_nobody_apart() {
    check(
        "agents 1
         queue wait=60 announces
         0 ready 1
         1 calls x 4000
         3 answers a1
         3.1 mute x
         3.2 mute x
         3.3 mute x",
        "1 answer x
         1 ring a1
         3 play x agent
         3.1 play x number-1
         3.2 play x agent-end
         3.3 bridge x a1",
    );
}

#[test]
fn a_caller_who_leaves_meanwhile_frees_the_agent_and_one_whose_agent_leaves_waits_on() {
    check(
        "agents 1
         queue wait=60 announces
         show agent
         0 ready 1
         1 calls x 4000
         3 answers a1
         4 ends x
         5 calls y 4000
         6 answers a1
         6.5 break 1
         7 ends a1
         7.1 heard y
         9 ends y",
        "0 agent 1 unready.wait
         0 agent 1 ready
         1 answer x
         1 agent 1 busy.ringing
         1 ring a1
         3 agent 1 busy.answered
         3 play x agent
         4 close x abandoned by 1
         4 hang up a1
         4 agent 1 ready
         5 answer y
         5 agent 1 busy.ringing
         5 ring a1
         6 agent 1 busy.answered
         6 play y agent
         7 hush y
         7 agent 1 unready.break
         9 close y abandoned",
    );
}

#[test]
fn the_agent_who_won_is_announced_once_and_counted_once() {
    let stage = Stage::of(
        "agents 7 8
         queue wait=60 announces strategy=all
         0 ready 7
         0 ready 8
         1 calls x 4000
         3 answers a8
         4 heard x
         5 heard x
         6 heard x
         9 ends x",
    );
    let said: Vec<&str> = stage.shown.iter().map(String::as_str).collect();
    assert!(said.contains(&"4 play x number-8"), "{said:#?}");
    assert!(
        !said.iter().any(|line| line.contains("number-7")),
        "{said:#?}"
    );
    let calls = |agent: &str| stage.floor.agents[&agent.into()].calls;
    assert_eq!((calls("7"), calls("8")), (0, 1));
}

#[test]
fn whom_we_have_called_does_not_wait_for_a_number() {
    check(
        "agents 1
         queue announces
         campaign c predictive
         leads c 1
         0 ready 1
         1 answers L1
         2 answers a1",
        "0 dial L1
         1 ring a1
         2 bridge L1 a1",
    );
}

#[test]
fn a_caller_whose_agent_leaves_meanwhile_has_the_old_place_and_the_next_agent() {
    check(
        "agents 1 2
         queue wait=60 announces tells=busy
         member 1 reject=30
         show legs
         0 ready 1
         1 calls x 4000
         2 calls y 4000
         3 answers a1
         4 hangs-up 1
         6 ready 2
         7 answers a2
         8 boss releases 2
         19 answers a2
         20 heard x
         21 heard x
         22 heard x
         30 ends x",
        "1 answer x
         1 ring a1
         2 answer y
         3 play x agent
         4 hush x
         4 hang up a1
         6 ring a2
         7 play x agent
         8 hush x
         8 hang up a2
         11 play x busy
         12 play y busy
         18 ring a2
         19 hush x
         19 play x agent
         20 play x number-2
         21 play x agent-end
         22 bridge x a2
         30 close x connected by 2, agent 1 to 4 rejected, agent 2 to 8 rejected, agent 2 from 22 to 30 call_over
         30 hang up a2",
    );
}
