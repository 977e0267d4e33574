//! The streams that others opened to us: how many, from where, and for how long.
//!
//! Three bounds, since every stream costs files of this process: a few of an address of which we
//! know nothing, many of one that is a gateway's or from which somebody has shown a password (an
//! office behind one NAT has a stream a phone), and a total of which strangers never get the last
//! quarter. An address that stays unknown loses its streams after a moment.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr, Shutdown},
    os::fd::AsFd,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use rsipstack::platform::CancellationToken;
use socket2::{SockRef, Socket};
use tracing::debug;

use super::{STREAM_IDLE, flood::Flood};

/// Streams of an address of which we know nothing.
const OF_A_STRANGER: usize = 32;
/// Streams of an address that we know.
const OF_ONE_WE_KNOW: usize = 2_000;
/// Addresses that are known at a time.
const MAX_KNOWN: usize = 20_000;

pub(super) struct Streams {
    flood: Arc<Flood>,
    most: usize,
    patience: Duration,
    table: Mutex<Table>,
}

#[derive(Default)]
struct Table {
    /// By [`neighbourhood`].
    open: HashMap<IpAddr, Vec<Open>>,
    count: usize,
    admitted: u64,
    /// Where somebody has shown a password, and until when that counts.
    known: HashMap<IpAddr, Instant>,
}

/// A second handle on a stream whose first one is the transport layer's: to end it for good, which
/// that layer does only for its half.
struct Open {
    number: u64,
    source: IpAddr,
    socket: Socket,
}

impl Streams {
    /// At most `most` at once; strangers lose theirs after `patience`.
    pub(super) fn new(flood: Arc<Flood>, most: usize, patience: Duration) -> Self {
        Self {
            flood,
            most,
            patience,
            table: Mutex::default(),
        }
    }

    pub(super) fn patience(&self) -> Duration {
        self.patience
    }

    /// A place for a stream; `None` for whoever is shut out or has too many.
    pub(super) fn admit(
        self: &Arc<Self>,
        stream: &impl AsFd,
        source: IpAddr,
        now: Instant,
    ) -> Option<Place> {
        if self.flood.shuts_out(source, now) {
            return None;
        }
        let socket = SockRef::from(stream).try_clone().ok()?;
        let mut table = self.table();
        let near = neighbourhood(source);
        let there = table.open.get(&near).map_or(0, Vec::len);
        let (most_there, most) = match self.knows(&table, source, now) {
            true => (OF_ONE_WE_KNOW, self.most),
            false => (OF_A_STRANGER, self.most - self.most / 4),
        };
        if there >= most_there || table.count >= most {
            return None;
        }
        table.admitted += 1;
        table.count += 1;
        let number = table.admitted;
        table.open.entry(near).or_default().push(Open {
            number,
            source,
            socket,
        });
        Some(Place {
            streams: self.clone(),
            source,
            number,
        })
    }

    /// Somebody there has shown a password: its phones register again before that is forgotten.
    pub(super) fn vouch(&self, source: IpAddr, now: Instant) {
        let mut table = self.table();
        if table.known.len() >= MAX_KNOWN {
            table.known.retain(|_, until| *until > now);
        }
        if table.known.len() < MAX_KNOWN {
            table.known.insert(neighbourhood(source), now + STREAM_IDLE);
        }
    }

    /// Ends every stream from that address.
    pub(super) fn cut(&self, source: IpAddr) {
        let table = self.table();
        let there = table.open.get(&neighbourhood(source)).into_iter().flatten();
        there
            .filter(|open| open.source == source)
            .for_each(Open::end);
    }

    fn knows(&self, table: &Table, source: IpAddr, now: Instant) -> bool {
        let known = table.known.get(&neighbourhood(source));
        self.flood.trusts(source) || known.is_some_and(|until| *until > now)
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    fn end(&self) {
        // One that has ended by itself is as good.
        let _ = self.socket.shutdown(Shutdown::Both);
    }
}

/// The place of one stream; dropping it ends the stream.
pub(super) struct Place {
    streams: Arc<Streams>,
    source: IpAddr,
    number: u64,
}

impl Place {
    /// Holds it until the stream is over, or its address is unknown when patience ends.
    pub(super) async fn hold(self, over: CancellationToken) {
        loop {
            tokio::select! {
                () = over.cancelled() => return,
                () = tokio::time::sleep(self.streams.patience) => {}
            }
            let table = self.streams.table();
            if !self.streams.knows(&table, self.source, Instant::now()) {
                return debug!("a stream from {} has shown no password", self.source);
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut table = self.streams.table();
        let near = neighbourhood(self.source);
        let Some(there) = table.open.get_mut(&near) else {
            return;
        };
        if let Some(index) = there.iter().position(|open| open.number == self.number) {
            there.swap_remove(index).end();
            if there.is_empty() {
                table.open.remove(&near);
            }
            table.count -= 1;
        }
    }
}

/// What counts as one address: of IPv6 the network, whose addresses are anybody's to choose.
fn neighbourhood(source: IpAddr) -> IpAddr {
    match source {
        IpAddr::V4(_) => source,
        IpAddr::V6(address) => {
            let bits = address.to_bits() & !u128::from(u64::MAX);
            IpAddr::V6(Ipv6Addr::from_bits(bits))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{io::Read as _, os::unix::net::UnixStream};

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn streams(most: usize) -> Arc<Streams> {
        let flood = Arc::new(Flood::new(0));
        Arc::new(Streams::new(flood, most, MINUTE))
    }

    fn address(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    /// As many streams of an address as it gets.
    fn fill(streams: &Arc<Streams>, source: IpAddr, now: Instant) -> Vec<Place> {
        let (stream, _) = UnixStream::pair().expect("sockets");
        std::iter::from_fn(|| streams.admit(&stream, source, now)).collect()
    }

    #[test]
    fn a_stranger_gets_few_and_an_office_many() {
        let (streams, now) = (streams(10_000), Instant::now());
        let held = fill(&streams, address(1), now);
        assert_eq!(held.len(), OF_A_STRANGER);
        streams.vouch(address(1), now);
        let more = fill(&streams, address(1), now);
        assert_eq!(held.len() + more.len(), OF_ONE_WE_KNOW);
        drop((held, more));
        assert_eq!(streams.table().count, 0);
        assert!(streams.table().open.is_empty());
        let later = now + STREAM_IDLE;
        assert_eq!(fill(&streams, address(1), later).len(), OF_A_STRANGER);
        streams.flood.trust(vec![address(1)]);
        assert_eq!(fill(&streams, address(1), later).len(), OF_ONE_WE_KNOW);
    }

    #[test]
    fn strangers_leave_room_for_those_we_know() {
        let (streams, now) = (streams(80), Instant::now());
        let held: Vec<_> = (1..=9)
            .flat_map(|last| fill(&streams, address(last), now))
            .collect();
        assert_eq!(held.len(), 60);
        streams.vouch(address(10), now);
        assert_eq!(fill(&streams, address(10), now).len(), 20);
    }

    #[test]
    fn a_network_of_ipv6_is_one_stranger() {
        let (streams, now) = (streams(10_000), Instant::now());
        let at = |host: u16| IpAddr::from([0x2001, 0xdb8, 0, 1, 0, 0, 0, host]);
        let held = fill(&streams, at(1), now);
        assert_eq!(held.len(), OF_A_STRANGER);
        assert!(fill(&streams, at(2), now).is_empty());
    }

    #[test]
    fn who_is_banned_gets_none_and_loses_what_is_open() {
        let (streams, now) = (streams(10_000), Instant::now());
        let pair = || UnixStream::pair().expect("sockets");
        let ((ours, mut theirs), (other, _other_far)) = (pair(), pair());
        let _held = streams.admit(&ours, address(1), now).expect("room");
        let _other = streams.admit(&other, address(2), now).expect("room");
        streams.flood.ban(address(1), now, now + MINUTE);
        streams.cut(address(1));
        assert_eq!(theirs.read(&mut [0]).expect("it has ended"), 0);
        assert!(streams.admit(&ours, address(1), now).is_none());
        assert!(streams.admit(&other, address(2), now).is_some());
        assert!(streams.admit(&ours, address(1), now + MINUTE).is_some());
    }
}
