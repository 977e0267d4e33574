//! The lines as they are: gateways, registered phones, addresses that are shut out.

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, Method},
    routing::get,
};
use render::pages::{AddressRow, BanRow, LineRow, Lines, PhoneRow};

use super::{Shown, may, page};
use crate::{
    api::{BanOut, GatewayOut, RegistrationOut, all_bans, all_gateways, all_registrations},
    caller::Caller,
    house::House,
};

pub fn routes() -> Router<House> {
    Router::new().route("/lines", get(lines))
}

async fn lines(State(house): State<House>, caller: Caller, asked: HeaderMap) -> Shown {
    let gateways = all_gateways(&house).await?.into_iter();
    let phones = all_registrations(&house, &caller).await?.into_iter();
    let shown = Lines {
        gateways: gateways.map(gateway).collect(),
        phones: phones.map(phone).collect(),
        bans: all_bans(&house).into_iter().map(ban).collect(),
        may_pardon: may(caller.role(), &Method::DELETE, "/api/v1/bans/{address}"),
    };
    page(&caller, &asked, "/lines", &shown)
}

fn gateway(gateway: GatewayOut) -> LineRow {
    LineRow {
        to: to(&gateway),
        kind: gateway.kind.as_str(),
        state: gateway.state,
        health: gateway.health,
        paused: gateway.paused,
        since: gateway.since.map(|at| at.0),
        last_error: gateway.last_error,
        last_error_at: gateway.last_error_at.map(|at| at.0),
        in_use: gateway.in_use,
        max_channels: gateway.settings.max_channels,
        id: gateway.id,
        name: gateway.name,
        transport: gateway.transport,
        enabled: gateway.enabled,
        addresses: gateway
            .addresses
            .into_iter()
            .map(|address| AddressRow {
                address: address.address,
                answers: address.answers,
                latency_ms: address.latency_ms,
                rests: address.rests,
            })
            .collect(),
    }
}

/// Our address of record at it, or where it is when we do not register.
fn to(gateway: &GatewayOut) -> String {
    let trunk = &gateway.trunk;
    if !gateway.kind.registers() {
        return format!("sip:{}:{}", gateway.host, gateway.port);
    }
    let user = trunk.home_user.as_deref().or(gateway.username.as_deref());
    let user = user.unwrap_or_default();
    // Some authenticate by the whole address.
    let (user, own) = user.split_once('@').unwrap_or((user, &gateway.host));
    let domain = trunk.home_domain.as_deref().unwrap_or(own);
    format!("sip:{user}@{domain}")
}

fn phone(phone: RegistrationOut) -> PhoneRow {
    PhoneRow {
        host: host(&phone.contact),
        extension: phone.extension,
        user_agent: phone.user_agent,
        status: phone.status,
        latency_ms: phone.latency_ms,
        address: phone.address,
        transport: phone.transport,
        expires_in_s: phone.expires_in_s,
    }
}

/// Host and port of a SIP URI.
fn host(uri: &str) -> String {
    let after = uri.split_once(':').map_or(uri, |(_, after)| after);
    let place = after.rsplit_once('@').map_or(after, |(_, place)| place);
    place
        .split([';', '?', '>'])
        .next()
        .unwrap_or_default()
        .to_owned()
}

fn ban(ban: BanOut) -> BanRow {
    BanRow {
        address: ban.address,
        reason: ban.reason,
        until: ban.until.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_of_a_contact_is_what_stands_behind_its_user() {
        for (uri, expected) in [
            (
                "sip:8001@192.168.1.7:5062;transport=tcp",
                "192.168.1.7:5062",
            ),
            ("sips:8001@[2001:db8::1]:5061", "[2001:db8::1]:5061"),
            ("sip:gw.example", "gw.example"),
        ] {
            assert_eq!(host(uri), expected);
        }
    }
}
