//! What a shift is made of, drawn from its seed.

use rand::{Rng, rngs::StdRng};

use super::super::{super::*, stage, store::Store};
use crate::{
    campaign::{Mode, State},
    pacing::Policy,
    retry::Retry,
    window::Window,
};

pub const HOUR: i64 = 3_600_000;
pub const MINUTE: i64 = 60_000;

pub struct Plan {
    pub configuration: Configuration,
    pub campaigns: Vec<CampaignSpec>,
    /// Agents go on until every campaign has come to its end.
    pub works_to_the_end: bool,
}

/// Draws agents, queues, gateways, campaigns and their leads.
pub fn draw(rng: &mut StdRng, store: &mut Store) -> Plan {
    let agents: Vec<String> = (1..=rng.random_range(2..=10))
        .map(|id: u32| id.to_string())
        .collect();
    let mut configuration = stage::configuration(&agents);
    for agent in &mut configuration.agents {
        agent.auto_ready = rng.random_bool(0.3);
        agent.wrap_up_ms = rng.random_bool(0.2).then(|| rng.random_range(0..20_000));
    }
    let queue = &mut configuration.queues[0].settings;
    queue.max_no_answer = rng.random_range(0..4);
    queue.ring_ms = rng.random_range(2_000..20_000);
    queue.wrap_up_ms = rng.random_range(0..15_000);
    queue.max_wait_ms = rng.random_range(5_000..120_000);
    let gateway = &mut configuration.gateways[0].settings;
    gateway.max_channels = rng.random_range(2..40);
    gateway.max_cps = rng.random_range(1..20).into();
    gateway.inbound_reserved = rng.random_range(0..4) as f64 / 10.0;
    let mut campaigns: Vec<CampaignSpec> = (0..rng.random_range(1..=4))
        .map(|index| campaign(rng, store, index, &agents))
        .collect();
    let works_to_the_end = rng.random_bool(0.5);
    if works_to_the_end {
        for spec in &mut campaigns {
            spec.settings.retry.attempts_per_day = 10;
        }
    }
    Plan {
        configuration,
        campaigns,
        works_to_the_end,
    }
}

fn campaign(rng: &mut StdRng, store: &mut Store, index: usize, agents: &[String]) -> CampaignSpec {
    let mode = [
        Mode::Predictive,
        Mode::Robot,
        Mode::Preview,
        Mode::Predictive,
    ][index % 4];
    let id = format!("campaign-{index}");
    let mut spec = stage::campaign(&id, mode);
    settings(rng, &mut spec.settings);
    spec.state = State::Running;
    for lead in 0..rng.random_range(50..400) {
        let row = store.add(&format!("{id}-{lead}"), &id, stage::opening());
        row.facts.dnc = rng.random_bool(0.05);
        row.facts.voided = rng.random_bool(0.02);
        row.agent = (mode == Mode::Preview)
            .then(|| agents[rng.random_range(0..agents.len())].as_str().into());
    }
    spec
}

fn settings(rng: &mut StdRng, settings: &mut crate::campaign::Settings) {
    if rng.random_bool(0.5) {
        settings.pacing = Policy::Ratio {
            lines: rng.random_range(10..30) as f64 / 10.0,
        };
    }
    settings.max_concurrency = rng.random_bool(0.3).then(|| rng.random_range(1..8));
    settings.retry = Retry {
        max_attempts: rng.random_range(1..8),
        attempts_per_day: rng.random_range(1..8),
        no_answer_minutes: rng.random_range(1..10),
        busy_minutes: rng.random_range(1..10),
        unavailable_minutes: rng.random_range(1..10),
        declined_minutes: rng.random_range(1..10),
        machine_minutes: rng.random_range(1..10),
        abandoned_minutes: rng.random_range(1..10),
        fault_minutes: rng.random_range(1..10),
    };
    settings.disposition_required = rng.random_bool(0.3);
    settings.record = rng.random_bool(0.5);
    settings.preview_countdown_s = if rng.random_bool(0.5) { 0 } else { 10 };
    settings.robot.then_queue = rng.random_bool(0.5).then(|| stage::QUEUE.into());
    if rng.random_bool(0.3) {
        // Shuts for lunch in the middle of the shift.
        settings.window = Window {
            ranges: vec![(9 * 60, 11 * 60), (11 * 60 + 30, 24 * 60)],
            ..Window::always()
        };
    }
}
