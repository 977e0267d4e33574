//! What a decision of the engine's pacer costs, and how that grows with the floor.

use std::time::Instant;

use engine::{
    pacing::{
        Agent, AgentState, Leg, Load, Pacer, Policy, Stage,
        predictive::{Fact, Settings},
    },
    time::Millis,
};

const DECISIONS: i64 = 2_000;

/// Prints how long each of a few thousand decisions took, on floors of several sizes, beside the least
/// that any policy must do in the same run: look once at every agent and line, and dial one for each
/// idle agent.
pub fn print() {
    println!(
        "| agents | lines in the air | median us | mean us | p99 us | median ns an agent or line | bare look us | times bare |\n\
         |---|---|---|---|---|---|---|---|"
    );
    for agents in [10, 40, 75, 150, 300, 600, 1_200] {
        let (taken, bare) = measure(agents);
        let (taken, bare) = (sorted(taken), sorted(bare));
        let mean = taken.iter().sum::<f64>() / taken.len() as f64;
        let at = |percent: usize| taken[taken.len() * percent / 100];
        let (median, p99) = (at(50), at(99));
        let least = bare[bare.len() / 2];
        println!(
            "| {agents} | {} | {median:.0} | {mean:.0} | {p99:.0} | {:.0} | {least:.2} | {:.0} |",
            2 * agents,
            median * 1_000.0 / (3 * agents) as f64,
            median / least,
        );
    }
}

fn sorted(mut taken: Vec<f64>) -> Vec<f64> {
    taken.sort_unstable_by(f64::total_cmp);
    taken
}

/// Microseconds of each decision, 250 ms apart, and of the bare look before it; every look has new
/// lines, answers and talks.
fn measure(agents: i64) -> (Vec<f64>, Vec<f64>) {
    let policy = Policy::Predictive(Settings::default());
    let mut pacer = Pacer::new(28.0);
    let decide = |look: i64| {
        let now = Millis(look * 250);
        let load = floor(agents, look, now);
        let from = Instant::now();
        std::hint::black_box(bare(std::hint::black_box(&load)));
        let least = from.elapsed().as_secs_f64() * 1e6;
        let from = Instant::now();
        let call = (look * agents / 100) as u64;
        pacer.learn(Fact::PickedUp { call, ring_s: 9.0 }, now);
        pacer.learn(Fact::Person { call }, now);
        pacer.learn(Fact::TalkOver { s: 60.0 }, now);
        std::hint::black_box(policy.decide(&load, &mut pacer));
        (from.elapsed().as_secs_f64() * 1e6, least)
    };
    (0..DECISIONS).map(decide).unzip()
}

/// Lines for the idle agents, and how long everybody has been in their state: no decision needs less.
fn bare(load: &Load) -> (u32, i64) {
    let ages = load.agents.iter().map(|agent| agent.since);
    let ages = ages.chain(load.in_flight.iter().map(|leg| leg.since));
    let lines = load.idle().saturating_sub(load.in_flight.len() as u32);
    (lines, ages.map(|since| load.now.since(since)).sum())
}

/// One agent in twenty is idle, one in ten wraps up; lines have rung for up to 27 seconds.
fn floor(agents: i64, look: i64, now: Millis) -> Load {
    let agent = |no: i64| Agent {
        state: match no % 20 {
            0 => AgentState::Idle,
            1 | 2 => AgentState::WrapUp,
            _ => AgentState::Talking,
        },
        since: now.plus(-(no * 7_919 % 240_000)),
        free_at: None,
        leaves: false,
    };
    let oldest = look * agents / 100;
    let leg = |no: i64| Leg {
        call: (oldest + no) as u64,
        stage: if no % 30 == 0 {
            Stage::Detecting
        } else {
            Stage::Ringing
        },
        since: now.plus(-((2 * agents - no) * 27_000 / (2 * agents))),
        foreign: false,
    };
    Load {
        now,
        agents: (0..agents).map(agent).collect(),
        in_flight: (0..2 * agents).map(leg).collect(),
        free_channels: 10_000,
        burst: 10_000,
        leads: 10_000,
        ..Load::default()
    }
}
