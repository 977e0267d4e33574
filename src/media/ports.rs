//! UDP sockets from a range of ports.

use std::{
    net::{IpAddr, SocketAddr, UdpSocket},
    ops::RangeInclusive,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
};

use socket2::{Domain, Protocol, Socket, Type};

/// Expedited forwarding (RFC 3246), as the DS field stands in the header.
const EXPEDITED: u32 = 0xB8;

/// Hands out sockets on even ports, each range walked round so that a port rests before its next
/// use and late packets of an old call find nobody.
#[derive(Debug)]
pub struct Ports {
    ip: IpAddr,
    first: u16,
    /// Of each port, whether a leg of ours has it: the system is asked for none of those.
    taken: Vec<Arc<AtomicBool>>,
    next: AtomicU32,
}

impl Ports {
    /// Ports of `range` on `ip`; an empty range gives no sockets.
    pub fn new(ip: IpAddr, range: &RangeInclusive<u16>) -> Self {
        let first = range.start().saturating_add(range.start() % 2);
        let count = (u32::from(*range.end()) + 2).saturating_sub(u32::from(first)) / 2;
        Self {
            ip,
            first,
            taken: (0..count).map(|_| Arc::default()).collect(),
            next: AtomicU32::new(0),
        }
    }

    /// Sockets that do not block; `None` when every port is taken.
    pub fn open(&self) -> Option<Sockets> {
        (0..self.taken.len()).find_map(|_| {
            let next = self.next.fetch_add(1, Ordering::Relaxed) as usize;
            let step = next % self.taken.len();
            let lease = Lease::of(&self.taken[step])?;
            let port = self.first.checked_add(u16::try_from(step * 2).ok()?)?;
            let address = SocketAddr::new(self.ip, port);
            let rtp = bind(address).ok()?;
            // Reports are worth having but not needed: a port that is taken costs only them.
            let after = SocketAddr::new(self.ip, port.checked_add(1)?);
            let rtcp = bind(after).ok();
            Some(Sockets {
                rtp,
                rtcp,
                address,
                lease,
            })
        })
    }
}

/// The sockets of one leg.
#[derive(Debug)]
pub struct Sockets {
    pub rtp: UdpSocket,
    /// On the port after it.
    pub rtcp: Option<UdpSocket>,
    /// Of the sound.
    pub address: SocketAddr,
    /// To be dropped after them.
    pub lease: Lease,
}

/// A port that is ours until this is dropped.
#[derive(Debug)]
pub struct Lease(Arc<AtomicBool>);

impl Lease {
    fn of(taken: &Arc<AtomicBool>) -> Option<Self> {
        let was_free = !taken.swap(true, Ordering::Acquire);
        was_free.then(|| Self(taken.clone()))
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

fn bind(address: SocketAddr) -> std::io::Result<UdpSocket> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::DGRAM,
        Some(Protocol::UDP),
    )?;
    socket.set_nonblocking(true)?;
    match address {
        SocketAddr::V4(_) => socket.set_tos_v4(EXPEDITED)?,
        SocketAddr::V6(_) => socket.set_tclass_v6(EXPEDITED)?,
    }
    socket.bind(&address.into())?;
    Ok(socket.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sound_is_marked_for_routers_in_both_families() {
        let four = bind(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a socket");
        let class = socket2::SockRef::from(&four).tos_v4();
        assert_eq!(class.expect("readable"), EXPEDITED);
        // Where the machine has no IPv6 there is nothing to see.
        if let Ok(six) = bind(SocketAddr::from((std::net::Ipv6Addr::LOCALHOST, 0))) {
            let class = socket2::SockRef::from(&six).tclass_v6();
            assert_eq!(class.expect("readable"), EXPEDITED);
        }
    }

    #[test]
    fn every_even_port_is_given_once() {
        let ports = Ports::new(IpAddr::from([127, 0, 0, 1]), &(39_001..=39_007));
        let held: Vec<_> = std::iter::from_fn(|| ports.open()).collect();
        assert!(held.iter().all(|sockets| sockets.rtcp.is_some()));
        let mut numbers: Vec<_> = held.iter().map(|it| it.address.port()).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, [39_002, 39_004, 39_006]);
        drop(held);
        assert!(ports.open().is_some());
    }

    #[test]
    fn the_system_is_not_asked_for_ports_that_are_ours() {
        let ports = Ports::new(IpAddr::from([127, 0, 0, 1]), &(39_010..=39_013));
        // Any socket could have these ports now.
        let held: Vec<_> = std::iter::from_fn(|| ports.open().map(|it| it.lease)).collect();
        assert_eq!(held.len(), 2);
        assert!(ports.open().is_none());
        let foreign = bind(SocketAddr::new(ports.ip, 39_010)).expect("it is closed");
        drop(held);
        for _ in 0..2 {
            let sockets = ports.open().expect("one port");
            assert_eq!(sockets.address.port(), 39_012, "the other one is taken");
        }
        drop(foreign);
    }
}
