//! UDP sockets from a range of ports.

use std::{
    net::{IpAddr, SocketAddr, UdpSocket},
    ops::RangeInclusive,
    sync::atomic::{AtomicU32, Ordering},
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
    count: u32,
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
            count,
            next: AtomicU32::new(0),
        }
    }

    /// Sockets that do not block; `None` when every port is taken.
    pub fn open(&self) -> Option<Sockets> {
        (0..self.count).find_map(|_| {
            let step = self.next.fetch_add(1, Ordering::Relaxed) % self.count;
            let port = self.first.checked_add(u16::try_from(step * 2).ok()?)?;
            let address = SocketAddr::new(self.ip, port);
            let rtp = bind(address).ok()?;
            // Reports are worth having but not needed: a port that is taken costs only them.
            let after = SocketAddr::new(self.ip, port.checked_add(1)?);
            let rtcp = bind(after).ok();
            Some(Sockets { rtp, rtcp, address })
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
    }
}
