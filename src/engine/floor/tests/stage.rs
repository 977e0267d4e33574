//! What every test plays on: one queue, one gateway, agents, and campaigns to dial.

use chrono::{DateTime, NaiveDate};

use super::super::{AgentSpec, CampaignSpec, Configuration, GatewaySpec, QueueSpec};
use crate::{
    campaign::{Mode, Settings, State},
    desk, gateway,
    ivr::Menus,
    ledger::Ledger,
    pacing, queue,
    route::{Kind, Outbound, Rule},
    settings::Rules,
    time::Millis,
    window::Window,
};

pub const QUEUE: &str = "sales";
pub const GATEWAY: &str = "trunk";

/// Friday, ten in the morning where the leads live.
pub fn opening() -> Millis {
    let text = "2026-11-20T10:00:00+08:00";
    Millis(
        DateTime::parse_from_rfc3339(text)
            .expect("a well-formed moment")
            .timestamp_millis(),
    )
}

/// The day of the opening, where the house is.
pub fn opening_day() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 20).expect("a day")
}

pub fn agent(id: &str) -> AgentSpec {
    AgentSpec {
        id: id.into(),
        name: format!("Agent {id}"),
        extension: extension(id),
        queues: [QUEUE.into()].into(),
        wrap_up_ms: None,
        auto_ready: false,
        keep_leg: false,
        phone_mask: false,
        desk: desk::Settings::default().into(),
    }
}

pub fn extension(agent: &str) -> String {
    format!("80{agent}")
}

pub fn configuration(agents: &[String]) -> Configuration {
    Configuration {
        agents: agents.iter().map(|id| agent(id)).collect(),
        queues: vec![QueueSpec::new(
            QUEUE.into(),
            "Sales",
            queue::Settings::default(),
        )],
        gateways: vec![GatewaySpec {
            id: GATEWAY.into(),
            name: "Trunk".into(),
            settings: gateway::Settings {
                max_channels: 100,
                max_cps: 100.0,
                inbound_reserved: 0.0,
            },
        }],
        routes: vec![to_queue("4000", QUEUE), way_out("10010")],
        menus: Menus::new(),
        extensions: agents.iter().map(|id| extension(id)).collect(),
        ..Configuration::default()
    }
}

pub fn way_out(number: &str) -> Rule {
    Rule {
        kind: Kind::Outbound(Outbound::default()),
        ..to_queue(number, QUEUE)
    }
}

pub fn to_queue(number: &str, queue: &str) -> Rule {
    Rule::to_queue(number, queue.into()).expect("a pattern")
}

pub fn campaign(id: &str, mode: Mode) -> CampaignSpec {
    CampaignSpec {
        id: id.into(),
        name: id.to_owned(),
        mode,
        state: State::Running,
        queue: (mode == Mode::Predictive).then(|| QUEUE.into()),
        settings: Settings {
            gateway: Some(GATEWAY.into()),
            caller_ids: vec!["02110000".into()],
            window: Window::always(),
            record: false,
            ..Settings::default()
        },
        rules: Rules {
            popup_on_dial: true,
            ..Rules::default()
        },
        counts: pacing::Counts::default(),
        ledger: Ledger::default(),
    }
}
