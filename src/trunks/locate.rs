//! Finds the addresses behind a name: NAPTR, SRV, A and AAAA (RFC 3263).

use std::{
    net::{IpAddr, SocketAddr},
    time::{Duration, Instant},
};

use hickory_resolver::{
    TokioResolver,
    config::{NameServerConfig, ResolverConfig},
    net::runtime::TokioRuntimeProvider,
    proto::rr::{RData, RecordType, rdata::NAPTR},
};
use store::gateways::Lookup;
use tokio::time::timeout;

use super::place::Place;

/// No question takes longer than this.
const PATIENCE: Duration = Duration::from_secs(4);
/// One server is waited for this long, twice.
const ONE_SERVER: Duration = Duration::from_millis(1_500);
/// What the system's own resolver says holds this long: it does not tell.
const SYSTEM_HOLDS: Duration = Duration::from_secs(60);
/// Most addresses of one place.
const MOST: usize = 16;

/// Asks name servers.
pub struct Locator {
    /// `None` where no name server is known; then only the system's own resolver is asked.
    resolver: Option<TokioResolver>,
    /// The name servers are the system's, so its own resolver may be asked, too.
    systems: bool,
    /// SIP's socket is IPv4: other addresses cannot be reached from it.
    v4: bool,
}

/// Where a place is.
#[derive(Debug, PartialEq, Eq)]
pub struct Located {
    /// At least one, the best first.
    pub addresses: Vec<SocketAddr>,
    /// Their order is their owner's (SRV). Else it says nothing: name servers turn it round at every
    /// answer.
    pub ranked: bool,
    /// How long that holds.
    pub until: Instant,
}

impl Locator {
    /// Asks these name servers, or the system's when none is named, for addresses that can be reached
    /// from `from`.
    #[must_use]
    pub fn new(name_servers: &[SocketAddr], from: IpAddr) -> Self {
        let builder = if name_servers.is_empty() {
            TokioResolver::builder_tokio()
        } else {
            let servers = name_servers.iter().map(server).collect();
            let config = ResolverConfig::from_parts(None, Vec::new(), servers);
            let provider = TokioRuntimeProvider::default();
            Ok(TokioResolver::builder_with_config(config, provider))
        };
        let resolver = builder.and_then(|mut builder| {
            let options = builder.options_mut();
            options.timeout = ONE_SERVER;
            options.attempts = 2;
            options.negative_max_ttl = Some(super::ASK_AGAIN);
            options.positive_max_ttl = Some(super::LONGEST);
            builder.build()
        });
        if let Err(error) = &resolver {
            tracing::warn!(%error, "the name servers are not known");
        }
        Self {
            resolver: resolver.ok(),
            systems: name_servers.is_empty(),
            v4: from.is_ipv4(),
        }
    }

    /// # Errors
    /// Why there is no address, for people to read.
    pub async fn locate(&self, place: &Place) -> Result<Located, String> {
        let asked = timeout(PATIENCE, self.ask(place)).await;
        asked.unwrap_or_else(|_| Err(format!("{}: no name server answers", place.host)))
    }

    async fn ask(&self, place: &Place) -> Result<Located, String> {
        if let Ok(ip) = place.host.parse::<IpAddr>() {
            let until = Instant::now() + super::IDLE;
            return self.reachable(place, vec![SocketAddr::new(ip, place.port)], until);
        }
        if place.lookup == Lookup::Srv
            && let Some(located) = self.services(place).await?
        {
            return Ok(located);
        }
        let (ips, until) = self.hosts(&place.host).await?;
        let addresses = ips.into_iter().map(|ip| SocketAddr::new(ip, place.port));
        self.reachable(place, addresses.collect(), until)
    }

    /// The addresses behind the name's SRV records; `None` when it has none.
    async fn services(&self, place: &Place) -> Result<Option<Located>, String> {
        let mut until = Instant::now() + super::LONGEST;
        let mut addresses = Vec::new();
        for name in self.service_names(place).await {
            let Some((records, holds)) = self.records(&name, RecordType::SRV).await else {
                continue;
            };
            until = until.min(holds);
            let mut targets: Vec<_> = records
                .into_iter()
                .filter_map(|record| match record {
                    RData::SRV(srv) => Some(srv),
                    _ => None,
                })
                .collect();
            // One client's calls need no spreading: the heaviest of a priority comes first.
            targets.sort_by_key(|srv| (srv.priority, u16::MAX - srv.weight, srv.target.clone()));
            if targets.iter().any(|srv| srv.target.is_root()) {
                return Err(format!("{name} says that there is no such service"));
            }
            for srv in targets {
                // A target without an address leaves its siblings.
                if let Ok((mut ips, holds)) = self.hosts(&srv.target.to_utf8()).await {
                    ips.sort_unstable();
                    until = until.min(holds);
                    addresses.extend(ips.into_iter().map(|ip| SocketAddr::new(ip, srv.port)));
                }
            }
            if addresses.is_empty() {
                return Err(format!("{name}: no target has an address"));
            }
        }
        match addresses.is_empty() {
            true => Ok(None),
            false => {
                let located = self.reachable(place, addresses, until)?;
                Ok(Some(Located {
                    ranked: true,
                    ..located
                }))
            }
        }
    }

    /// What NAPTR leads to for our transport, or the usual name.
    async fn service_names(&self, place: &Place) -> Vec<String> {
        let (service, usual) = match place.transport.as_str() {
            "tcp" => ("SIP+D2T", "_sip._tcp"),
            "tls" => ("SIPS+D2T", "_sips._tcp"),
            _ => ("SIP+D2U", "_sip._udp"),
        };
        let found = self.records(&place.host, RecordType::NAPTR).await;
        let mut rules: Vec<NAPTR> = found
            .into_iter()
            .flat_map(|(records, _)| records)
            .filter_map(|record| match record {
                RData::NAPTR(rule) => Some(rule),
                _ => None,
            })
            .filter(|rule| {
                rule.services.eq_ignore_ascii_case(service.as_bytes())
                    && rule.flags.eq_ignore_ascii_case(b"s")
            })
            .collect();
        rules.sort_by_key(|rule| (rule.order, rule.preference));
        match rules.is_empty() {
            true => vec![format!("{usual}.{}", place.host)],
            false => rules
                .iter()
                .map(|rule| rule.replacement.to_utf8())
                .collect(),
        }
    }

    async fn records(&self, name: &str, kind: RecordType) -> Option<(Vec<RData>, Instant)> {
        let resolver = self.resolver.as_ref()?;
        // The search list of this machine has no place in a carrier's name.
        let name = format!("{}.", name.trim_end_matches('.'));
        let found = resolver.lookup(name, kind).await.ok()?;
        let records = found.answers().iter().map(|record| record.data.clone());
        Some((records.collect(), found.valid_until()))
    }

    async fn hosts(&self, name: &str) -> Result<(Vec<IpAddr>, Instant), String> {
        let error = match &self.resolver {
            Some(resolver) => match resolver.lookup_ip(name).await {
                Ok(found) => return Ok((found.iter().collect(), found.valid_until())),
                Err(error) => error.to_string(),
            },
            None => "no name server is known".to_owned(),
        };
        if !self.systems {
            return Err(format!("{name}: {error}"));
        }
        // Names that only this machine knows: /etc/hosts as it is now, mDNS and the like.
        let found = tokio::net::lookup_host((name.trim_end_matches('.'), 0)).await;
        let ips: Vec<_> = found
            .map_err(|_| format!("{name}: {error}"))?
            .map(|address| address.ip())
            .collect();
        Ok((ips, Instant::now() + SYSTEM_HOLDS))
    }

    /// One address family: the other would need sockets of its own.
    fn reachable(
        &self,
        place: &Place,
        mut addresses: Vec<SocketAddr>,
        until: Instant,
    ) -> Result<Located, String> {
        addresses.retain(|address| address.is_ipv4() == self.v4);
        addresses.truncate(MOST);
        if addresses.is_empty() {
            let family = if self.v4 { "IPv4" } else { "IPv6" };
            return Err(format!("{} has no {family} address", place.host));
        }
        Ok(Located {
            addresses,
            ranked: false,
            until,
        })
    }
}

fn server(address: &SocketAddr) -> NameServerConfig {
    let mut server = NameServerConfig::udp_and_tcp(address.ip());
    for connection in &mut server.connections {
        connection.port = address.port();
    }
    server
}
