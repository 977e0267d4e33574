//! Two switches on loopback that call each other.

use std::{
    net::{Ipv4Addr, SocketAddr},
    ops::RangeInclusive,
    sync::Arc,
};

use switch::conformance;

use crate::{Config, Embedded, Gateway};

async fn switch(ports: RangeInclusive<u16>) -> Arc<Embedded> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let mut config = Config::new(address, "test", ports);
    config.sip.flood_limit = 0;
    Embedded::start(config).await.expect("a free port")
}

/// Each is the other's only gateway.
async fn pair() -> (Arc<Embedded>, Arc<Embedded>) {
    let (a, b) = (switch(43_000..=43_998).await, switch(44_000..=44_998).await);
    a.set_gateways(vec![Gateway::udp("b", b.sip_address())]);
    b.set_gateways(vec![Gateway::udp("a", a.sip_address())]);
    (a, b)
}

#[tokio::test]
async fn the_port_conforms() {
    let folder = tempfile::tempdir().expect("a folder");
    let (caller, callee) = pair().await;
    conformance::check(conformance::Pair {
        caller,
        callee,
        gateway: "b".to_owned(),
        prompt: "tone:1000:400".to_owned(),
        folder: folder.path().to_owned(),
    })
    .await;
}
