//! What a shift is made of, drawn from its seed.

use rand::{Rng, rngs::StdRng};

use super::{
    super::{super::*, stage, store::Store},
    phones::ALONE,
};
use crate::{
    campaign::{Mode, State},
    classification::{self, Treatment},
    destination::Destination,
    ledger::Preset,
    pacing::{Policy, predictive},
    queue::Strategy,
    retry::Retry,
    robot::Listens,
    route::{Inbound, Kind, Office, Robot},
    window::Window,
};

pub const HOUR: i64 = 3_600_000;
pub const MINUTE: i64 = 60_000;
/// A number that leads to a phone.
pub const DIRECT: &str = "4002";
/// A number that leads to a robot, which listens.
pub const ROBOT: &str = "4003";
/// The gateway that takes what the first one cannot carry.
const SPARE: &str = "spare";

pub struct Plan {
    pub configuration: Configuration,
    pub campaigns: Vec<CampaignSpec>,
    /// Agents go on until every campaign has come to its end.
    pub works_to_the_end: bool,
}

/// How large a shift is.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    pub agents: u32,
    /// Channels and calls a second of the gateway.
    pub channels: u32,
    pub cps: u32,
    /// Leads of a campaign.
    pub leads: usize,
}

/// Draws queues, gateways, campaigns and their leads for so many agents.
pub fn draw(rng: &mut StdRng, store: &mut Store, size: Option<Size>) -> Plan {
    let size = size.unwrap_or_else(|| Size {
        agents: rng.random_range(2..=10),
        channels: rng.random_range(2..40),
        cps: rng.random_range(1..20),
        leads: rng.random_range(50..400),
    });
    let agents: Vec<String> = (1..=size.agents).map(|id| id.to_string()).collect();
    let mut configuration = stage::configuration(&agents);
    for agent in &mut configuration.agents {
        agent.auto_ready = rng.random_bool(0.3);
        agent.wrap_up_ms = rng.random_bool(0.2).then(|| rng.random_range(0..20_000));
    }
    let queue = &mut configuration.queues[0].settings;
    queue.max_no_answer = rng.random_range(0..4);
    queue.strategy = Strategy::ALL[rng.random_range(0..Strategy::ALL.len())];
    queue.max_waiting = if rng.random_bool(0.2) {
        rng.random_range(1..5)
    } else {
        0
    };
    queue.max_wait_no_agent_ms = if rng.random_bool(0.2) { 9_000 } else { 0 };
    queue.resume = rng.random_bool(0.3);
    queue.ring_ms = rng.random_range(2_000..20_000);
    queue.wrap_up_ms = rng.random_range(0..15_000);
    queue.max_wait_ms = rng.random_range(5_000..120_000);
    let gateway = &mut configuration.gateways[0].settings;
    gateway.max_channels = size.channels;
    gateway.max_cps = size.cps.into();
    gateway.inbound_reserved = rng.random_range(0..4) as f64 / 10.0;
    let mut spare = configuration.gateways[0].clone();
    spare.id = SPARE.into();
    spare.settings.max_channels = rng.random_range(1..=size.channels);
    configuration.gateways.push(spare);
    let mut direct = stage::to_queue(DIRECT, stage::QUEUE);
    direct.kind = Kind::Inbound(Inbound {
        to: ALONE[0].into(),
        office: Office::default(),
        closed_prompt: None,
        closed_to: None,
    });
    let mut phone = stage::to_queue(ALONE[0], stage::QUEUE);
    phone.kind = Kind::Basic;
    let mut robot = stage::to_queue(ROBOT, stage::QUEUE);
    robot.kind = Kind::Robot(Robot {
        listens: Some(listens(rng)),
        ..Robot::saying(
            "hello",
            Some(Destination::Queue {
                queue: stage::QUEUE.into(),
            }),
        )
    });
    configuration.routes.extend([direct, phone, robot]);
    let works_to_the_end = rng.random_bool(0.5) && size.agents <= 10;
    let mut campaigns: Vec<CampaignSpec> = (0..rng.random_range(1..=4))
        .map(|index| campaign(rng, store, index, &agents, size.leads))
        .collect();
    if size.agents > 10 {
        for spec in &mut campaigns {
            spec.settings.max_concurrency = None;
        }
    }
    if !works_to_the_end {
        abroad(rng, store, &mut campaigns);
    }
    if works_to_the_end {
        for spec in &mut campaigns {
            // Books that are overdrawn may never let a campaign come to its end.
            if let Policy::Predictive(_) = spec.settings.pacing {
                spec.settings.pacing = Policy::default();
            }
            spec.settings.retry.attempts_per_day = 10;
        }
    }
    Plan {
        configuration,
        campaigns,
        works_to_the_end,
    }
}

/// Some leads live where it is evening, or night; some are the same person; and both are counted.
fn abroad(rng: &mut StdRng, store: &mut Store, campaigns: &mut [CampaignSpec]) {
    for spec in campaigns {
        let number = rng.random_range(1..4);
        let person = rng.random_range(1..4);
        spec.settings.caps.number.day = rng.random_bool(0.5).then_some(number);
        spec.settings.caps.person.day = rng.random_bool(0.5).then_some(person);
    }
    for (place, row) in store.rows.values_mut().enumerate() {
        match rng.random_range(0..10) {
            0 => row.lead.number = format!("+1212555{place:04}"),
            1 => row.lead.number = format!("+1310555{place:04}"),
            2 => row.lead.number = format!("+1305555{place:04}"),
            _ => {}
        }
        let person = rng.random_range(0..200);
        row.facts.said.person = rng.random_bool(0.5).then(|| format!("person-{person}"));
    }
}

fn campaign(
    rng: &mut StdRng,
    store: &mut Store,
    index: usize,
    agents: &[String],
    leads: usize,
) -> CampaignSpec {
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
    for lead in 0..leads {
        let row = store.add(&format!("{id}-{lead}"), &id, stage::opening());
        row.facts.dnc = rng.random_bool(0.05);
        row.facts.voided = rng.random_bool(0.02);
        row.agent = (mode == Mode::Preview)
            .then(|| agents[rng.random_range(0..agents.len())].as_str().into());
    }
    spec
}

fn settings(rng: &mut StdRng, settings: &mut crate::campaign::Settings) {
    settings.pacing = match rng.random_range(0..5) {
        0..3 => Policy::Predictive(predictive(rng)),
        3 => Policy::Ratio {
            lines: rng.random_range(10..30) as f64 / 10.0,
        },
        _ => Policy::default(),
    };
    settings.max_concurrency = rng.random_bool(0.3).then(|| rng.random_range(1..8));
    if rng.random_bool(0.5) {
        settings.fallback_gateways.push(SPARE.into());
    }
    settings.retry = Retry {
        max_attempts: rng.random_range(1..8),
        attempts_per_day: rng.random_range(1..8),
        no_answer_minutes: rng.random_range(1..10),
        busy_minutes: rng.random_range(1..10),
        unavailable_minutes: rng.random_range(1..10),
        declined_minutes: rng.random_range(1..10),
        machine_minutes: rng.random_range(1..10),
        silent_minutes: rng.random_range(1..10),
        abandoned_minutes: rng.random_range(1..10),
        fault_minutes: rng.random_range(1..10),
    };
    settings.classification = classification::Settings {
        enabled: rng.random_bool(0.5),
        machine: [Treatment::HangUp, Treatment::Message, Treatment::Connect]
            [rng.random_range(0..3)],
        message: Some("call-us".into()),
        checked_share: rng.random_range(0..5) as f64 / 4.0,
        ..classification::Settings::default()
    };
    settings.disposition_required = rng.random_bool(0.3);
    settings.record = rng.random_bool(0.5);
    settings.preview_countdown_s = if rng.random_bool(0.5) { 0 } else { 10 };
    let queue = || stage::QUEUE.into();
    let robot = &mut settings.robot;
    robot.then_queue = rng.random_bool(0.5).then(queue);
    robot.listens = rng.random_bool(0.5).then(|| listens(rng));
    if robot.listens.is_some() && rng.random_bool(0.3) {
        robot.otherwise = Some(Destination::Queue { queue: queue() });
    }
    if rng.random_bool(0.3) {
        // Shuts for lunch in the middle of the shift.
        settings.window = Window {
            ranges: vec![(9 * 60, 11 * 60), (11 * 60 + 30, 24 * 60)],
            ..Window::always()
        };
    }
}

fn listens(rng: &mut StdRng) -> Listens {
    Listens {
        interruptible: rng.random_bool(0.5),
        silent: rng.random_bool(0.5).then(|| "again".into()),
        ..Listens::default()
    }
}

fn predictive(rng: &mut StdRng) -> predictive::Settings {
    let books = [Preset::Strictest, Preset::Us, Preset::Uk, Preset::Campaign];
    predictive::Settings {
        cap: rng.random_range(1..=5) as f64 / 100.0,
        min_agents: rng.random_range(2..5),
        books: books[rng.random_range(0..books.len())],
        ..predictive::Settings::default()
    }
}
