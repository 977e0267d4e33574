//! The store's gateways as the switch wants them.

use std::net::SocketAddr;

use embedded::Gateway;
use store::{Db, gateways};
use tracing::warn;

/// Every gateway that is switched on and whose host has an address.
///
/// # Errors
/// When the database does not answer.
pub async fn load(db: &Db) -> store::Result<Vec<Gateway>> {
    let mut trunks = Vec::new();
    for stored in gateways::list(db)
        .await?
        .into_iter()
        .filter(|gateway| gateway.enabled)
    {
        match resolve(&stored).await {
            Some(address) => trunks.push(trunk(stored, address)),
            None => warn!(gateway = stored.name, "the gateway's host has no address"),
        }
    }
    Ok(trunks)
}

async fn resolve(gateway: &gateways::Gateway) -> Option<SocketAddr> {
    tokio::net::lookup_host((gateway.host.as_str(), gateway.port))
        .await
        .ok()?
        .next()
}

fn trunk(stored: gateways::Gateway, address: SocketAddr) -> Gateway {
    let mut trunk = Gateway::udp(stored.id, address);
    trunk.channels = Some(stored.settings.max_channels);
    if stored.transport == "tcp" {
        trunk.sip.hop = sip::Hop::tcp(address);
    }
    trunk.sip.credentials = stored
        .username
        .zip(stored.password)
        .map(|(username, password)| sip::Credentials { username, password });
    trunk
}
