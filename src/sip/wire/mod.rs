//! Sockets and transactions, by rsipstack; nothing above knows it.
//!
//! What is coded around here, and why:
//!
//! - rsipstack can acknowledge a 2xx itself, but builds that ACK from Contact alone, which misses
//!   phones behind NAT. Its automatic ACK is off, which makes it drop every 2xx after the first;
//!   so [`inspect`] takes all of them from below its transactions.
//! - Its CANCEL is sent once. Ours is a client transaction of its own.
//! - It drops what it cannot parse, methods that it does not know, and UDP bodies without
//!   Content-Length. [`socket`] reads every datagram first: answers those, normalises the others.
//! - Its listeners for TCP and TLS take everybody, and what they read can be made to mean something else;
//!   it dials without a limit in time. [`listen`], [`dial`], [`streams`] and [`stream`] stand in its place.
//! - It resolves host names in its receive loop. Ours knows only names that we sent to.
//! - Its timer task can miss a wake-up when idle; a timer of no effect runs every 100 ms.
//! - It logs whole messages at `info`, passwords' digests and numbers included: keep the log filter
//!   of target `rsipstack` at `warn`.

mod client;
mod dial;
mod flood;
mod flows;
mod frames;
mod guard;
mod inspect;
#[cfg(test)]
mod leaving;
mod listen;
mod names;
mod server;
mod socket;
mod stream;
mod streams;
#[cfg(test)]
pub(crate) mod tests;

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use rsipstack::{
    EndpointBuilder,
    platform::CancellationToken,
    sip::{Request, Response},
    transaction::{
        Endpoint, TransactionReceiver, TransactionTimer,
        endpoint::EndpointOption,
        key::{TransactionKey, TransactionRole},
        transaction::{TransactionEvent, TransactionEventSender},
    },
    transport::{SipAddr, SipConnection, TransportLayer, udp::UdpConnection},
};
use tokio::{runtime::Handle, sync::oneshot};
use tokio_rustls::TlsConnector;
use tracing::debug;

use self::{
    flows::Flows, inspect::Inspector, listen::Listener, names::Names, socket::Socket,
    streams::Streams,
};
use crate::{
    Config, Hop, SipError, Transport,
    core::{Input, TxId},
    message::Message,
};

/// INVITE transactions are ended by the core, not by Timer C.
const TIMER_C: Duration = Duration::from_secs(24 * 3600);

/// Longer than any registration, whose phone is reached through the stream it came by.
const STREAM_IDLE: Duration = Duration::from_secs(3_700);

/// Takes what happened to the core.
pub(crate) trait Feed: Send + Sync + 'static {
    fn feed(&self, input: Input);
}

/// The running transport and transaction layer.
pub(crate) struct Wire {
    endpoint: Endpoint,
    socket: Arc<Socket>,
    streams: Arc<Streams>,
    flows: Arc<Flows>,
    /// Opens streams to those whose certificates we believe, where TLS is set up.
    connector: Option<TlsConnector>,
    /// The port for gateways, where they have their own.
    trunk: Option<Trunk>,
    local: SocketAddr,
    stop: CancellationToken,
    /// Doors into the tasks of live transactions.
    doors: Mutex<HashMap<TxId, Door>>,
    /// Who sends over UDP last; see [`client`].
    last_turn: Mutex<Option<oneshot::Receiver<()>>>,
    names: Names,
    /// Local time-outs are told apart from real responses by this User-Agent: real ones of ours
    /// carry Server instead.
    user_agent: String,
    runtime: Handle,
}

/// A second UDP port.
struct Trunk {
    port: u16,
    socket: Arc<Socket>,
    connection: SipConnection,
}

struct Door {
    key: TransactionKey,
    sender: TransactionEventSender,
    /// Where the one answer to a request goes that is no INVITE.
    answer: Option<oneshot::Sender<Answer>>,
}

/// An answer, and whom to tell when the socket has it.
struct Answer {
    response: Response,
    left: oneshot::Sender<()>,
}

/// Comes, or is dropped, when an answer has left.
pub(crate) type Left = oneshot::Receiver<()>;

/// What was opened but does not run yet.
pub(crate) struct Opened {
    pub(crate) wire: Arc<Wire>,
    inspector: Inspector,
    listeners: Vec<Listener>,
    incoming: TransactionReceiver,
}

impl Wire {
    /// Opens the sockets.
    pub(crate) async fn open(config: &Config) -> Result<Opened, SipError> {
        let failed = |source| SipError::Bind {
            addr: config.bind,
            source,
        };
        let (socket, tcp) = listen::bind(config).map_err(failed)?;
        let socket = Arc::new(socket);
        let local = socket.addr().map_err(failed)?;
        let stop = CancellationToken::new();
        let names = Names::default();
        let layer = TransportLayer::new_with_domain_resolver(stop.clone(), Box::new(names.clone()));
        let other = |e: rsipstack::Error| failed(std::io::Error::other(e.to_string()));
        let udp = UdpConnection::from_socket(socket.clone(), None, Some(stop.child_token()));
        layer.add_transport(udp.await.map_err(other)?.into());
        let mut trunk = None;
        if let Some(port) = config.trunk_port {
            let addr = SocketAddr::new(local.ip(), port);
            let second = Socket::bind(addr, socket.shared_flood());
            let second = Arc::new(second.map_err(|source| SipError::Bind { addr, source })?);
            let udp = UdpConnection::from_socket(second.clone(), None, Some(stop.child_token()));
            let connection = SipConnection::from(udp.await.map_err(other)?);
            layer.add_transport(connection.clone());
            trunk = Some(Trunk {
                port,
                socket: second,
                connection,
            });
        }
        let tls = config.tls.as_ref();
        let connector = tls.map(dial::connector).transpose().map_err(failed)?;
        let tls = tls.map(|tls| listen::bind_tls(tls, local));
        let tls = tls.transpose().map_err(failed)?;
        let listeners = tcp.into_iter().chain(tls).collect();
        let (flood, most) = (socket.shared_flood(), config.max_streams);
        let streams = Arc::new(Streams::new(flood, most, config.stream_patience));
        let inspector = Inspector::default();
        let endpoint = EndpointBuilder::new()
            .with_transport_layer(layer)
            .with_cancel_token(stop.clone())
            .with_user_agent(&config.user_agent)
            .with_option(options(config))
            .with_transport_inspector(Box::new(inspector.clone()))
            .build();
        let incoming = endpoint.incoming_transactions().map_err(other)?;
        let wire = Arc::new(Self {
            endpoint,
            socket,
            streams,
            flows: Arc::default(),
            connector,
            trunk,
            local,
            stop,
            doors: Mutex::default(),
            last_turn: Mutex::default(),
            names,
            user_agent: config.user_agent.clone(),
            runtime: Handle::current(),
        });
        Ok(Opened {
            wire,
            inspector,
            listeners,
            incoming,
        })
    }

    pub(crate) fn local_addr(&self) -> SocketAddr {
        self.local
    }

    /// Addresses that no flood limit applies to.
    pub(crate) fn trust(&self, addresses: Vec<IpAddr>) {
        self.socket.flood().trust(addresses);
    }

    /// Reads nothing more from that address for a while.
    pub(crate) fn ban(&self, source: IpAddr, wait: Duration) {
        let now = std::time::Instant::now();
        self.socket.flood().ban(source, now, now + wait);
        if !wait.is_zero() {
            self.streams.cut(source);
        }
    }

    /// Somebody at that address has shown a password: it may have the streams of many phones.
    pub(crate) fn vouch(&self, source: IpAddr) {
        self.streams.vouch(source, std::time::Instant::now());
    }

    /// The gateways' port, for a request whose Via names it.
    fn trunk_of(&self, request: &Message, to: Hop) -> Option<&Trunk> {
        let trunk = self.trunk.as_ref()?;
        let via = request.top_via()?;
        let (_, port) = via.sent_by.rsplit_once(':')?;
        let is_its = to.transport == Transport::Udp && port.parse() == Ok(trunk.port);
        is_its.then_some(trunk)
    }

    /// The name in the certificate of whoever is at an address.
    pub(crate) fn name_host(&self, addr: SocketAddr, host: &str) {
        self.names.name(addr, host);
    }

    /// Answers a server transaction. What comes back tells when the answer to a request has left; of one to
    /// an INVITE it tells nothing.
    pub(crate) fn respond(&self, tx: TxId, message: &Message) -> Left {
        let (left, leaves) = oneshot::channel();
        match Response::try_from(message.to_bytes()) {
            Ok(response) => self.with_door(tx, |door| match door.answer.take() {
                Some(answer) => _ = answer.send(Answer { response, left }),
                None => _ = door.sender.send(TransactionEvent::Respond(response)),
            }),
            Err(_) => debug!("a response of ours cannot be read by the transaction layer"),
        }
        leaves
    }

    /// Sends an ACK for a 2xx.
    pub(crate) fn send_ack(self: &Arc<Self>, message: &Message, to: Hop) {
        let bytes = message.to_bytes();
        if to.transport == Transport::Udp {
            let trunk = self.trunk_of(message, to);
            let socket = trunk.map_or(&self.socket, |trunk| &trunk.socket);
            return socket.send_now(bytes, to.addr, &self.runtime);
        }
        let wire = self.clone();
        self.runtime.spawn(async move {
            let Some(flow) = wire.flow(to).await else {
                return debug!("no stream for an ACK");
            };
            if let Ok(ack) = Request::try_from(bytes) {
                flow.send(ack.into(), None).await.ok();
            }
        });
    }

    /// Forgets a client transaction.
    pub(crate) fn drop_tx(&self, tx: TxId) {
        self.with_door(tx, |door| {
            door.sender
                .send(TransactionEvent::Terminate(door.key.clone()))
                .ok();
        });
    }

    /// Closes the sockets.
    pub(crate) fn stop(&self) {
        self.stop.cancel();
    }

    fn with_door(&self, tx: TxId, act: impl FnOnce(&mut Door)) {
        let mut doors = self.doors.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(door) = doors.get_mut(&tx) {
            act(door);
        }
    }

    fn add_door(&self, tx: TxId, door: Door) {
        self.doors
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(tx, door);
    }

    fn close_door(&self, tx: TxId) {
        self.doors
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&tx);
    }
}

impl Opened {
    /// Starts receiving. `salt` marks the branches of our requests.
    pub(crate) fn run(self, core: Arc<dyn Feed>, salt: &str) {
        let Self {
            wire,
            inspector,
            listeners,
            incoming,
        } = self;
        inspector.connect(&core, salt);
        let runtime = wire.runtime.clone();
        runtime.spawn(server::serve(wire.clone(), incoming, core));
        runtime.spawn(keep_awake(wire.clone()));
        for listener in listeners {
            runtime.spawn(listener.serve(wire.clone()));
        }
        runtime.spawn(async move {
            // It ends by itself once the token is cancelled.
            wire.endpoint.serve().await;
        });
    }
}

fn options(config: &Config) -> EndpointOption {
    EndpointOption {
        t1: config.timers.t1,
        t2: config.timers.t2,
        t4: config.timers.t4,
        t1x64: config.timers.give_up(),
        timerc: TIMER_C,
        auto_ack_2xx: false,
        ..EndpointOption::default()
    }
}

fn sip_addr(hop: Hop) -> SipAddr {
    let transport = match hop.transport {
        Transport::Udp => rsipstack::sip::Transport::Udp,
        Transport::Tcp => rsipstack::sip::Transport::Tcp,
        Transport::Tls => rsipstack::sip::Transport::Tls,
    };
    SipAddr {
        r#type: Some(transport),
        addr: hop.addr.into(),
    }
}

/// See the module's list of traps.
async fn keep_awake(wire: Arc<Wire>) {
    let nobody = "OPTIONS sip:nobody SIP/2.0\r\nVia: SIP/2.0/UDP nobody;branch=z9hG4bKnobody\r\n\
                  From: <sip:nobody>;tag=0\r\nTo: <sip:nobody>\r\nCall-ID: nobody\r\n\
                  CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n";
    let key = Request::try_from(nobody)
        .ok()
        .and_then(|r| TransactionKey::from_request(&r, TransactionRole::Client).ok());
    let Some(key) = key else {
        return;
    };
    let beat = Duration::from_millis(100);
    while !wire.stop.is_cancelled() {
        tokio::time::sleep(beat).await;
        wire.endpoint
            .inner
            .timers
            .timeout(beat, TransactionTimer::TimerD(key.clone()));
    }
}
