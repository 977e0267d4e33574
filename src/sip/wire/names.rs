//! Host names without a resolver.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, PoisonError, RwLock},
};

use async_trait::async_trait;
use rsipstack::{
    Error, Result,
    sip::Host,
    transport::{SipAddr, transport_layer::DomainResolver},
};

const MAX_NAMES: usize = 1_000;

/// The addresses that requests to a host name of ours went to. Asked when the last ACK for a refused
/// INVITE must be repeated; everything else is sent to addresses.
#[derive(Clone, Default)]
pub(super) struct Names {
    addresses: Arc<RwLock<HashMap<String, SocketAddr>>>,
    /// The names that certificates are checked against.
    hosts: Arc<RwLock<HashMap<SocketAddr, String>>>,
}

impl Names {
    pub(super) fn learn(&self, host: &str, addr: SocketAddr) {
        let known = self
            .addresses
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(host)
            == Some(&addr);
        if !known {
            let mut names = self
                .addresses
                .write()
                .unwrap_or_else(PoisonError::into_inner);
            if names.len() < MAX_NAMES || names.contains_key(host) {
                names.insert(host.to_owned(), addr);
            }
        }
    }

    /// Says whose certificate is to be shown at an address.
    pub(super) fn name(&self, addr: SocketAddr, host: &str) {
        let mut hosts = self.hosts.write().unwrap_or_else(PoisonError::into_inner);
        if hosts.len() < MAX_NAMES || hosts.contains_key(&addr) {
            hosts.insert(addr, host.to_owned());
        }
    }

    /// Whose certificate that is.
    pub(super) fn of(&self, addr: SocketAddr) -> Option<String> {
        let hosts = self.hosts.read().unwrap_or_else(PoisonError::into_inner);
        hosts.get(&addr).cloned()
    }
}

#[async_trait]
impl DomainResolver for Names {
    async fn resolve(&self, target: &SipAddr) -> Result<SipAddr> {
        let names = self
            .addresses
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        let found = match &target.addr.host {
            Host::Domain(domain) => names.get(&domain.to_string()).copied(),
            Host::IpAddr(_) => None,
        };
        let unknown = || Error::DnsResolutionError("names are resolved beforehand".into());
        found
            .map(|addr| SipAddr {
                r#type: target.r#type,
                addr: addr.into(),
            })
            .ok_or_else(unknown)
    }
}
