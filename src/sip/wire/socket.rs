//! Our UDP socket under the transaction layer: a large buffer, a flood limit, and no datagram
//! passed on that would be dropped or misread.

use std::{io, net::SocketAddr, sync::Arc, time::Instant};

use async_trait::async_trait;
use rsipstack::{Result, platform::net::UdpSocket as PlatformSocket};
use socket2::{Domain, Protocol, Socket as RawSocket, Type};
use tokio::{net::UdpSocket, runtime::Handle, sync::Mutex};
use tracing::debug;

use super::{
    flood::Flood,
    guard::{self, Unfit},
};
use crate::message::MAX_BYTES;

/// Class selector 3, that of signalling (RFC 4594 section 4.2), as the DS field stands in the header.
const SIGNALLING: u32 = 0x60;

/// The kernel may grant less (`net.core.rmem_max`).
const BUFFER_BYTES: usize = 4 << 20;

/// Asks routers to prefer what leaves a socket; one that cannot be marked works as well.
pub(super) fn mark(socket: &RawSocket, addr: SocketAddr) {
    let marked = match addr {
        SocketAddr::V4(_) => socket.set_tos_v4(SIGNALLING),
        SocketAddr::V6(_) => socket.set_tclass_v6(SIGNALLING),
    };
    if let Err(error) = marked {
        debug!(%error, "a socket carries no class of service");
    }
}

pub(super) struct Socket {
    udp: Arc<UdpSocket>,
    flood: Arc<Flood>,
    /// The layer above would cut datagrams off at its own, smaller buffer.
    buffer: Mutex<Box<[u8]>>,
}

impl Socket {
    pub(super) fn bind(addr: SocketAddr, flood: Arc<Flood>) -> io::Result<Self> {
        let raw = RawSocket::new(Domain::for_address(addr), Type::DGRAM, Some(Protocol::UDP))?;
        raw.set_nonblocking(true)?;
        mark(&raw, addr);
        // Thirty thousand dialogs overran the default buffer; less than asked for is no error.
        let _ = raw.set_recv_buffer_size(BUFFER_BYTES);
        let _ = raw.set_send_buffer_size(BUFFER_BYTES);
        raw.bind(&addr.into())?;
        Ok(Self {
            udp: Arc::new(UdpSocket::from_std(raw.into())?),
            flood,
            buffer: Mutex::new(vec![0; MAX_BYTES].into()),
        })
    }

    pub(super) fn addr(&self) -> io::Result<SocketAddr> {
        self.udp.local_addr()
    }

    pub(super) fn flood(&self) -> &Flood {
        &self.flood
    }

    pub(super) fn shared_flood(&self) -> Arc<Flood> {
        self.flood.clone()
    }

    /// Sends without waiting, unless the kernel's buffer is full.
    pub(super) fn send_now(&self, bytes: Vec<u8>, to: SocketAddr, runtime: &Handle) {
        if let Err(error) = self.udp.try_send_to(&bytes, to)
            && error.kind() == io::ErrorKind::WouldBlock
        {
            let udp = self.udp.clone();
            runtime.spawn(async move {
                udp.send_to(&bytes, to).await.ok();
            });
        }
    }

    /// What goes further of a datagram, at most `room` bytes.
    async fn admit(&self, datagram: &[u8], from: SocketAddr, room: usize) -> Option<Vec<u8>> {
        if !self.flood.admits(from.ip(), Instant::now()) {
            return None;
        }
        // Keep-alives (RFC 5626) are answered by the transport.
        if datagram.iter().all(|b| matches!(b, b'\r' | b'\n')) {
            return Some(datagram[..datagram.len().min(room)].to_vec());
        }
        let admitted = guard::admit(datagram).and_then(|message| {
            let bytes = message.to_bytes();
            if bytes.len() > room {
                return Err(guard::too_large(message));
            }
            Ok(bytes)
        });
        match admitted {
            Ok(bytes) => Some(bytes),
            Err(Unfit::Refuse(answer)) => {
                debug!(status = answer.status(), "refused a datagram from {from}");
                self.udp.send_to(&answer.to_bytes(), from).await.ok();
                None
            }
            Err(Unfit::Drop) => {
                debug!("dropped {} bytes from {from}", datagram.len());
                None
            }
        }
    }
}

#[async_trait]
impl PlatformSocket for Socket {
    async fn recv_from(&self, buf: &mut [u8]) -> Result<(usize, SocketAddr)> {
        let mut buffer = self.buffer.lock().await;
        loop {
            // An ICMP error of an earlier datagram is no error of the socket.
            let Ok((length, from)) = self.udp.recv_from(&mut buffer).await else {
                tokio::task::yield_now().await;
                continue;
            };
            if let Some(bytes) = self.admit(&buffer[..length], from, buf.len()).await {
                buf[..bytes.len()].copy_from_slice(&bytes);
                return Ok((bytes.len(), from));
            }
        }
    }

    async fn send_to(&self, buf: &[u8], addr: SocketAddr) -> Result<usize> {
        Ok(self.udp.send_to(buf, addr).await?)
    }

    fn local_addr(&self) -> Result<SocketAddr> {
        Ok(self.udp.local_addr()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signalling_is_marked_for_routers() {
        for addr in ["127.0.0.1:0", "[::1]:0"] {
            let addr: SocketAddr = addr.parse().expect("an address");
            let kind = (Domain::for_address(addr), Type::DGRAM, Some(Protocol::UDP));
            // Where the machine has no IPv6 there is nothing to see.
            let Ok(raw) = RawSocket::new(kind.0, kind.1, kind.2) else {
                continue;
            };
            mark(&raw, addr);
            let class = match addr {
                SocketAddr::V4(_) => raw.tos_v4(),
                SocketAddr::V6(_) => raw.tclass_v6(),
            };
            assert_eq!(class.expect("readable"), SIGNALLING);
        }
    }

    #[tokio::test]
    async fn the_socket_is_marked() {
        let flood = Arc::new(Flood::new(0));
        let socket = Socket::bind(SocketAddr::from(([127, 0, 0, 1], 0)), flood).expect("a port");
        let class = socket2::SockRef::from(&*socket.udp).tos_v4();
        assert_eq!(class.expect("readable"), SIGNALLING);
    }
}
