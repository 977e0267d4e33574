//! Names that are looked up for a gateway.

use store::gateways::{Gateway, Lookup};

/// One host, and how it is looked up.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub host: String,
    pub port: u16,
    /// `udp`, `tcp` or `tls`.
    pub transport: String,
    pub lookup: Lookup,
}

impl Place {
    /// Where calls go, in this order.
    pub fn of_calls(gateway: &Gateway) -> Vec<Self> {
        let main = match &gateway.trunk.outbound_proxy {
            Some(proxy) => Self::read(proxy, gateway),
            None => Self::new(gateway.host.clone(), gateway.port, gateway),
        };
        let more = gateway.trunk.more.iter();
        let more = more.map(|text| Self::read(text, gateway));
        std::iter::once(main).chain(more).collect()
    }

    /// Where REGISTER goes; nowhere for a peer.
    pub fn of_registrar(gateway: &Gateway) -> Vec<Self> {
        match &gateway.trunk.register_proxy {
            _ if !gateway.kind.registers() => Vec::new(),
            Some(proxy) => vec![Self::read(proxy, gateway)],
            None => Self::of_calls(gateway),
        }
    }

    /// Every place of a gateway.
    pub fn all_of(gateway: &Gateway) -> Vec<Self> {
        [Self::of_calls(gateway), Self::of_registrar(gateway)].concat()
    }

    fn new(host: String, port: u16, gateway: &Gateway) -> Self {
        Self {
            // As in a URI: [2001:db8::1].
            host: host.trim_matches(['[', ']']).to_owned(),
            port,
            transport: gateway.transport.clone(),
            lookup: gateway.trunk.lookup,
        }
    }

    /// `host`, `host:port`, `[v6]:port`; the usual port where none is named.
    fn read(text: &str, gateway: &Gateway) -> Self {
        let usual = if gateway.transport == "tls" {
            5061
        } else {
            5060
        };
        let numeric = text.parse::<std::net::IpAddr>().is_ok();
        let split = text.rsplit_once(':').filter(|_| !numeric);
        let named = split.and_then(|(host, port)| Some((host, port.parse().ok()?)));
        let (host, port) = named.unwrap_or((text, usual));
        Self::new(host.to_owned(), port, gateway)
    }
}
