//! The lines as they are: gateways, registered phones, addresses that are shut out.

use serde::Serialize;

use crate::page::Page;

/// A gateway and how it is (VOX-196).
#[derive(Debug, Serialize)]
pub struct LineRow {
    pub id: String,
    pub name: String,
    /// nni, uni, ims.
    pub kind: &'static str,
    /// udp, tcp, tls.
    pub transport: String,
    /// Our address there, or its own where we do not register.
    pub to: String,
    pub enabled: bool,
    /// NOREG, TRYING, REGED, EXPIRED, FAIL_WAIT, DOWN.
    pub state: &'static str,
    /// up, degraded, down, unknown.
    pub health: &'static str,
    /// Nothing is dialled through it now.
    pub paused: bool,
    /// Since when state and health are so; UTC milliseconds.
    pub since: Option<i64>,
    pub last_error: Option<String>,
    pub last_error_at: Option<i64>,
    pub in_use: u32,
    pub max_channels: u32,
    pub addresses: Vec<AddressRow>,
}

#[derive(Debug, Serialize)]
pub struct AddressRow {
    pub address: String,
    pub answers: Option<bool>,
    /// Round trip of the last OPTIONS that it answered.
    pub latency_ms: Option<u32>,
    pub rests: bool,
}

/// A contact of a registered phone (VOX-194).
#[derive(Debug, Serialize)]
pub struct PhoneRow {
    pub extension: String,
    pub user_agent: String,
    /// Reachable, Unreachable, Unknown.
    pub status: &'static str,
    pub latency_ms: Option<u32>,
    /// Host of the Contact URI, as the phone wrote it.
    pub host: String,
    /// Where it really speaks from.
    pub address: String,
    pub transport: &'static str,
    pub expires_in_s: u32,
}

/// An address that nothing is read from.
#[derive(Debug, Serialize)]
pub struct BanRow {
    pub address: String,
    /// wrong_password, unanswered, scanner.
    pub reason: &'static str,
    /// UTC milliseconds.
    pub until: i64,
}

#[derive(Debug, Serialize)]
pub struct Lines {
    pub gateways: Vec<LineRow>,
    pub phones: Vec<PhoneRow>,
    pub bans: Vec<BanRow>,
    pub may_pardon: bool,
}

impl Page for Lines {
    const TEMPLATE: &'static str = "pages/lines.html";

    fn samples() -> Vec<Self> {
        let empty = Self {
            gateways: Vec::new(),
            phones: Vec::new(),
            bans: Vec::new(),
            may_pardon: false,
        };
        let address = |answers: Option<bool>| AddressRow {
            address: "10.0.0.1:5060".into(),
            latency_ms: answers.filter(|answers| *answers).map(|_| 12),
            rests: answers == Some(false),
            answers,
        };
        let states = [
            ("NOREG", "unknown"),
            ("TRYING", "down"),
            ("REGED", "up"),
            ("EXPIRED", "up"),
            ("FAIL_WAIT", "degraded"),
            ("DOWN", "down"),
        ];
        let gateway = |(state, health): (&'static str, &'static str)| LineRow {
            id: "gw1".into(),
            name: "线路一".into(),
            kind: "ims",
            transport: "udp".into(),
            to: "sip:+86512@ims.example".into(),
            enabled: state != "DOWN",
            state,
            health,
            paused: health == "degraded",
            since: (state != "DOWN").then_some(1_588_233_546_000),
            last_error: (state != "REGED").then(|| "REGISTER: 403 Forbidden".into()),
            last_error_at: (state != "REGED").then_some(1_588_233_546_000),
            in_use: 3,
            max_channels: 30,
            addresses: match state {
                "DOWN" => Vec::new(),
                _ => [None, Some(true), Some(false)].map(address).into(),
            },
        };
        let phone = |status| PhoneRow {
            extension: "8001".into(),
            user_agent: "baresip v1.0.0".into(),
            status,
            latency_ms: (status == "Reachable").then_some(3),
            host: "192.168.1.7:5062".into(),
            address: "10.0.0.7:5062".into(),
            transport: "UDP",
            expires_in_s: 110,
        };
        let ban = |reason| BanRow {
            address: "203.0.113.66".into(),
            reason,
            until: 1_588_233_546_000,
        };
        let full = Self {
            gateways: states.map(gateway).into(),
            phones: ["Reachable", "Unreachable", "Unknown"].map(phone).into(),
            bans: ["wrong_password", "unanswered", "scanner"].map(ban).into(),
            may_pardon: true,
        };
        vec![empty, full]
    }
}
