//! Who is at the other end of a leg.

use std::net::{IpAddr, SocketAddr};

use super::guard::Guard;
use crate::{
    command::{Crypto, Remote},
    latch::Latch,
};

/// The far end, once it is known.
#[derive(Debug)]
pub struct Far {
    pub remote: Remote,
    pub latch: Latch,
    /// Where its reports came from.
    pub reports_from: Option<SocketAddr>,
    /// Stays where the sound is no longer encrypted: it may be again.
    guard: Option<Box<Guard>>,
}

impl Far {
    pub fn new(remote: Remote, hosts: Vec<IpAddr>, tick: u64) -> Self {
        Self {
            remote,
            latch: Latch::new(remote.address, hosts, tick),
            reports_from: None,
            guard: remote.crypto.map(Guard::new),
        }
    }

    /// What was negotiated again.
    pub fn renegotiate(&mut self, remote: Remote, tick: u64) {
        self.renew_keys(remote.crypto);
        self.remote = remote;
        // Held in the old way, with no address at all: keep the one we know.
        if !remote.address.ip().is_unspecified() {
            self.latch.renegotiate(remote.address, tick);
        }
        // Nobody else is to be heard in place of one that keeps silent by intent.
        if !remote.expects_sound {
            self.latch.shut();
        }
    }

    fn renew_keys(&mut self, crypto: Option<Crypto>) {
        match (&mut self.guard, crypto) {
            (Some(guard), Some(crypto)) => guard.renew(crypto),
            (None, Some(crypto)) => self.guard = Some(Guard::new(crypto)),
            (_, None) => {}
        }
    }

    /// The keys, where the sound is encrypted now.
    pub fn guard(&mut self) -> Option<&mut Guard> {
        let guard = self.guard.as_deref_mut();
        guard.filter(|_| self.remote.crypto.is_some())
    }
}
