//! How a gateway looks outside: what it is set up with, and how it is.

use std::time::{SystemTime, UNIX_EPOCH};

use engine::gateway::{Settings, Trouble};
use live::lines::{AddressStatus, GatewayState, GatewayStatus};
use serde::Serialize;
use store::gateways::{Gateway, Kind, Trunk};
use utoipa::ToSchema;

use super::form::TrunkDoc;
use crate::{clock::At, house::House};

#[derive(Serialize, ToSchema)]
pub struct GatewayOut {
    pub id: String,
    pub name: String,
    pub remark: String,
    /// nni, uni or ims.
    #[schema(value_type = String)]
    pub kind: Kind,
    pub host: String,
    pub port: u16,
    /// udp, tcp or tls.
    pub transport: String,
    pub username: Option<String>,
    /// Whether one is stored; it is never shown.
    pub has_password: bool,
    pub enabled: bool,
    /// max_channels, max_cps, inbound_reserved.
    #[schema(value_type = Object)]
    pub settings: Settings,
    #[schema(value_type = TrunkDoc)]
    pub trunk: Trunk,
    /// Calls up now.
    pub in_use: u32,
    /// Nothing is dialled through it now.
    pub paused: bool,
    /// Why: silent (it does not answer OPTIONS, or its registrar does not have us) or failing (it
    /// failed most calls of a minute, and rests).
    #[schema(value_type = Option<String>)]
    pub trouble: Option<Trouble>,
    /// When it is tried again, where that is known.
    pub paused_until: Option<At>,
    /// 网关状态: NOREG (it needs no registration), TRYING (the first REGISTER is not answered yet), REGED,
    /// EXPIRED (the registrar's time is over and the refresh not answered), FAIL_WAIT (refused or unheard,
    /// tried again by itself) or DOWN (switched off, or its name has no address).
    pub state: &'static str,
    /// up, degraded or down by what it answers; unknown where it is neither asked nor registered at.
    pub health: &'static str,
    /// Since when state and health are so.
    pub since: Option<At>,
    /// What went wrong last, also when it is over.
    pub last_error: Option<String>,
    pub last_error_at: Option<At>,
    /// Where its name leads now.
    pub addresses: Vec<AddressOut>,
}

#[derive(Serialize, ToSchema)]
pub struct AddressOut {
    pub address: String,
    /// Whether it answered the last OPTIONS.
    pub answers: Option<bool>,
    /// Round trip of the last OPTIONS that it answered, ms.
    pub latency_ms: Option<u32>,
    /// It asked for a rest (503 with Retry-After).
    pub rests: bool,
}

impl GatewayOut {
    /// Looks the gateways up in one list of their states, which `statuses` is.
    pub fn of(house: &House, row: Gateway, statuses: &[GatewayStatus]) -> Self {
        let view = house.live.view();
        let seen = view.gateways.iter().find(|seen| seen.id.as_str() == row.id);
        let trouble = seen.and_then(|seen| seen.trouble);
        let status = statuses.iter().find(|status| status.gateway == row.id);
        let status = status.filter(|_| row.enabled);
        let last_error = status.and_then(|status| status.last_error.clone());
        let (last_error, last_error_at) = last_error.unzip();
        Self {
            state: state(status),
            health: health(status),
            since: status.and_then(|status| status.since).map(at),
            last_error,
            last_error_at: last_error_at.map(at),
            addresses: status.map(addresses).unwrap_or_default(),
            has_password: row.password.is_some(),
            id: row.id,
            name: row.name,
            remark: row.remark,
            kind: row.kind,
            host: row.host,
            port: row.port,
            transport: row.transport,
            username: row.username,
            enabled: row.enabled,
            settings: row.settings,
            trunk: row.trunk,
            in_use: seen.map_or(0, |seen| seen.in_use),
            paused: trouble.is_some(),
            trouble: trouble.map(|(why, _)| why),
            paused_until: trouble.and_then(|(_, until)| until).map(At::from),
        }
    }
}

/// VOX-197. The other states of that row do not occur here: a gateway that is set up registers at once
/// (no UNREGED), an answered REGISTER is a registration (no REGISTER), every failure is tried again (no
/// FAILED), and one that is taken away is not listed while it says goodbye (no UNREGISTER).
fn state(status: Option<&GatewayStatus>) -> &'static str {
    match status {
        None => "DOWN",
        Some(status) if status.addresses.is_empty() => "DOWN",
        Some(status) if !status.registers => "NOREG",
        Some(status) => match status.registered {
            None => "TRYING",
            Some(true) if status.expired => "EXPIRED",
            Some(true) => "REGED",
            Some(false) => "FAIL_WAIT",
        },
    }
}

fn health(status: Option<&GatewayStatus>) -> &'static str {
    match status.map(|status| status.state) {
        None => "down",
        Some(None) => "unknown",
        Some(Some(GatewayState::Up)) => "up",
        Some(Some(GatewayState::Degraded)) => "degraded",
        Some(Some(GatewayState::Down)) => "down",
    }
}

fn addresses(status: &GatewayStatus) -> Vec<AddressOut> {
    let shown = |seen: &AddressStatus| AddressOut {
        address: seen.address.to_string(),
        answers: seen.answers,
        latency_ms: seen.latency_ms,
        rests: seen.rests,
    };
    status.addresses.iter().map(shown).collect()
}

/// A moment of the switch's clock.
pub fn at(time: SystemTime) -> At {
    let ms = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    At(i64::try_from(ms.as_millis()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registration_is_told_as_far_as_the_registrar_is_known() {
        let address = AddressStatus {
            address: ([192, 0, 2, 1], 5060).into(),
            answers: None,
            latency_ms: None,
            rests: false,
        };
        let mut status = GatewayStatus {
            gateway: "uni".into(),
            state: None,
            registers: true,
            registered: None,
            expired: false,
            since: None,
            last_error: None,
            addresses: vec![address],
        };
        assert_eq!(state(Some(&status)), "TRYING");
        status.registered = Some(true);
        assert_eq!(state(Some(&status)), "REGED");
        status.expired = true;
        assert_eq!(state(Some(&status)), "EXPIRED");
        status.registered = Some(false);
        assert_eq!(state(Some(&status)), "FAIL_WAIT");
        status.registers = false;
        assert_eq!(state(Some(&status)), "NOREG");
        status.addresses.clear();
        assert_eq!(state(Some(&status)), "DOWN");
        assert_eq!(state(None), "DOWN");
    }
}
