//! The store's gateways as the switch wants them.

use std::{net::SocketAddr, time::Duration};

use embedded::Gateway;
use store::{Db, gateways};
use tracing::warn;

/// Every gateway that is switched on and whose host has an address, to be pinged that often.
///
/// # Errors
/// When the database does not answer.
pub async fn load(db: &Db, ping: Option<Duration>) -> store::Result<Vec<Gateway>> {
    let mut trunks = Vec::new();
    for stored in gateways::list(db)
        .await?
        .into_iter()
        .filter(|gateway| gateway.enabled)
    {
        match resolve(&stored).await.split_first() {
            Some((first, more)) => {
                let mut trunk = trunk(stored, *first, more);
                trunk.sip.ping = ping;
                trunks.push(trunk);
            }
            None => warn!(gateway = stored.name, "the gateway's host has no address"),
        }
    }
    Ok(trunks)
}

/// Every address of the host, in the order of the resolver: the later ones stand in for the first.
async fn resolve(gateway: &gateways::Gateway) -> Vec<SocketAddr> {
    let found = tokio::net::lookup_host((gateway.host.as_str(), gateway.port)).await;
    found.map(Iterator::collect).unwrap_or_default()
}

fn trunk(stored: gateways::Gateway, first: SocketAddr, more: &[SocketAddr]) -> Gateway {
    let hop = match stored.transport.as_str() {
        "tcp" => sip::Hop::tcp,
        "tls" => sip::Hop::tls,
        _ => sip::Hop::udp,
    };
    let mut trunk = Gateway::udp(stored.id, first);
    trunk.channels = Some(stored.settings.max_channels);
    // Dialling is paced by the engine; this holds for what a single dial may turn into.
    let pace = 0.8 / stored.settings.max_cps.max(0.1);
    trunk.sip.pace = Some(Duration::from_secs_f64(pace));
    trunk.sip.hop = hop(first);
    // One address family: the other would need sockets of its own.
    let same = more.iter().filter(|a| a.is_ipv4() == first.is_ipv4());
    trunk.sip.more_hops = same.map(|addr| hop(*addr)).collect();
    let named = stored.host.parse::<std::net::IpAddr>().is_err();
    trunk.sip.domain = Some(stored.host).filter(|_| named && stored.transport == "tls");
    trunk.sip.credentials = stored
        .username
        .zip(stored.password)
        .map(|(username, password)| sip::Credentials { username, password });
    trunk
}
