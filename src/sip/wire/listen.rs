//! Where others open streams to us. rsipstack's own listeners take everybody, wait for a handshake
//! for ever, and turn in circles while the system gives no more files.

use std::{
    io,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use rsipstack::transport::tls::ReloadableCertResolver;
use socket2::{Domain, Protocol, Socket as RawSocket, Type};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::TlsAcceptor;
use tracing::{debug, warn};

use super::{Wire, flood::Flood, socket, socket::Socket, stream::Stream, streams::Place};
use crate::{Config, Hop, Tls};

/// Streams that wait for us to take them.
const BACKLOG: i32 = 1_024;
/// Before the next try where none could be taken: whoever waits, waits.
const BREATH: Duration = Duration::from_millis(200);

pub(super) struct Listener {
    tcp: TcpListener,
    /// Where it listens for TLS.
    tls: Option<TlsAcceptor>,
}

/// The UDP socket, and TCP on the same port where that is wanted.
pub(super) fn bind(config: &Config) -> io::Result<(Socket, Option<Listener>)> {
    let mut tries = if config.bind.port() == 0 { 8 } else { 1 };
    loop {
        let socket = Socket::bind(config.bind, Arc::new(Flood::new(config.flood_limit)))?;
        if !config.also_tcp {
            return Ok((socket, None));
        }
        tries -= 1;
        match Listener::open(socket.addr()?, None) {
            Ok(listener) => return Ok((socket, Some(listener))),
            Err(error) if tries == 0 => return Err(error),
            Err(_) => {}
        }
    }
}

/// Listens for TLS on the agent's address.
pub(super) fn bind_tls(tls: &Tls, local: SocketAddr) -> io::Result<Listener> {
    // Two providers in one binary would make rustls panic; the first choice stays.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let _ = rustls::crypto::ring::default_provider().install_default();
    let certificate = ReloadableCertResolver::new(&tls.certificate, &tls.key, provider)
        .map_err(|error| io::Error::other(error.to_string()))?;
    let config = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(certificate));
    let acceptor = TlsAcceptor::from(Arc::new(config));
    Listener::open(SocketAddr::new(local.ip(), tls.port), Some(acceptor))
}

impl Listener {
    fn open(addr: SocketAddr, tls: Option<TlsAcceptor>) -> io::Result<Self> {
        let raw = RawSocket::new(Domain::for_address(addr), Type::STREAM, Some(Protocol::TCP))?;
        raw.set_nonblocking(true)?;
        raw.set_reuse_address(true)?;
        // What is accepted inherits it.
        socket::mark(&raw, addr);
        raw.bind(&addr.into())?;
        raw.listen(BACKLOG)?;
        let tcp = TcpListener::from_std(raw.into())?;
        Ok(Self { tcp, tls })
    }

    /// Takes streams until the wire is closed.
    pub(super) async fn serve(self, wire: Arc<Wire>) {
        let mut failing = false;
        loop {
            let accepted = tokio::select! {
                accepted = self.tcp.accept() => accepted,
                () = wire.stop.cancelled() => return,
            };
            match accepted {
                Ok((stream, from)) => {
                    failing = false;
                    self.take(&wire, stream, from);
                }
                Err(error) => {
                    if !std::mem::replace(&mut failing, true) {
                        warn!(%error, "no stream can be accepted for the moment");
                    }
                    tokio::time::sleep(BREATH).await;
                }
            }
        }
    }

    fn take(&self, wire: &Arc<Wire>, stream: TcpStream, from: SocketAddr) {
        let Some(place) = wire.streams.admit(&stream, from.ip(), Instant::now()) else {
            return debug!("a stream from {from} was refused");
        };
        let (wire, tls) = (wire.clone(), self.tls.clone());
        wire.runtime.clone().spawn(async move {
            let Some(tls) = tls else {
                return serve(wire, stream, Hop::tcp(from), place).await;
            };
            let patience = wire.streams.patience();
            match tokio::time::timeout(patience, tls.accept(stream)).await {
                Ok(Ok(stream)) => serve(wire, stream, Hop::tls(from), place).await,
                Ok(Err(error)) => debug!(%error, "no handshake with {from}"),
                Err(_) => debug!("no handshake with {from} in time"),
            }
        });
    }
}

async fn serve(
    wire: Arc<Wire>,
    io: impl AsyncRead + AsyncWrite + Send + 'static,
    from: Hop,
    place: Place,
) {
    let over = wire.stop.child_token();
    if let Some(stream) = Stream::new(wire, from, over.clone()).await {
        tokio::join!(stream.carry(io), async {
            place.hold(over.clone()).await;
            over.cancel();
        });
    }
}
