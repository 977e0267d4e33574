use super::*;
use crate::time::Millis;

fn load(idle: usize, talking: usize, in_flight: usize) -> Load {
    let agent = |state| Agent {
        state,
        since: Millis(0),
        free_at: None,
        leaves: false,
    };
    Load {
        agents: [
            vec![agent(AgentState::Idle); idle],
            vec![agent(AgentState::Talking); talking],
        ]
        .concat(),
        in_flight: vec![
            Leg {
                call: 1,
                stage: Stage::Ringing,
                since: Millis(0),
                foreign: false,
            };
            in_flight
        ],
        free_channels: 100,
        burst: 100,
        leads: 100,
        ..Load::default()
    }
}

fn decide(policy: Policy, load: &Load) -> (u32, Limit) {
    let decision = policy.decide(load, &mut Pacer::new(30.0));
    (decision.lines, decision.why)
}

#[test]
fn progressive_gives_each_idle_agent_one_line() {
    let policy = Policy::Progressive {};
    assert_eq!(decide(policy, &load(5, 3, 0)), (5, Limit::IdleAgents));
    assert_eq!(decide(policy, &load(5, 3, 4)), (1, Limit::IdleAgents));
    assert_eq!(decide(policy, &load(0, 8, 0)), (0, Limit::IdleAgents));
}

#[test]
fn a_ratio_keeps_so_many_lines_in_the_air() {
    let policy = Policy::Ratio { lines: 1.5 };
    assert_eq!(decide(policy, &load(4, 0, 0)), (6, Limit::Ratio));
    assert_eq!(decide(policy, &load(4, 0, 5)), (1, Limit::Ratio));
}

#[test]
fn waiting_calls_are_served_before_more_are_dialled() {
    let mut load = load(2, 0, 0);
    load.waiting = vec![Millis(2_000); 2];
    assert_eq!(decide(Policy::Progressive {}, &load), (0, Limit::Waiting));
}

#[test]
fn the_limit_that_binds_is_named() {
    let policy = Policy::Progressive {};
    let mut load = load(9, 0, 0);
    load.leads = 4;
    assert_eq!(decide(policy, &load), (4, Limit::NoLeads));
    load.burst = 3;
    assert_eq!(decide(policy, &load), (3, Limit::Rate));
    load.free_channels = 2;
    assert_eq!(decide(policy, &load), (2, Limit::Channels));
    load.max_concurrency = Some(10);
    load.up = 9;
    assert_eq!(decide(policy, &load), (1, Limit::Concurrency));
    load.agents.clear();
    assert_eq!(decide(policy, &load), (0, Limit::NoAgents));
}

#[test]
fn a_robot_campaign_uses_what_can_be_carried() {
    let mut load = Load {
        free_channels: 7,
        burst: 5,
        leads: 100,
        ..Load::default()
    };
    assert_eq!(robot(&load), Decision::new(5, Limit::Rate));
    load.burst = 50;
    assert_eq!(robot(&load), Decision::new(7, Limit::Channels));
}
