//! Streams that we open.

use std::{io, sync::Arc};

use rsipstack::transport::SipConnection;
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
};
use socket2::SockRef;
use tokio::{
    net::{TcpSocket, TcpStream},
    time::{Duration, timeout},
};
use tokio_rustls::TlsConnector;
use tracing::debug;

use super::{Wire, socket, stream::Stream};
use crate::{Hop, Tls, Transport};

/// Whoever has not taken a stream by then, and shown a certificate, counts as away; shorter than the
/// transaction that waits for it.
const PATIENCE: Duration = Duration::from_secs(5);

/// Whose certificates we believe: those of the configured authorities, and else nobody's.
pub(super) fn connector(tls: &Tls) -> io::Result<TlsConnector> {
    let mut roots = RootCertStore::empty();
    for authority in CertificateDer::pem_slice_iter(tls.authorities.as_deref().unwrap_or_default())
    {
        let added = authority.map(|authority| roots.add(authority));
        added.map_err(io::Error::other)?.map_err(io::Error::other)?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

impl Wire {
    /// A stream to there: one that is open, or a new one.
    pub(super) async fn flow(self: &Arc<Self>, to: Hop) -> Option<SipConnection> {
        if let Some(flow) = self.flows.to(to) {
            return Some(flow);
        }
        match timeout(PATIENCE, self.dial(to)).await {
            Ok(Ok(flow)) => Some(flow),
            Ok(Err(error)) => {
                debug!(%error, "no stream to {}", to.addr);
                None
            }
            Err(_) => {
                debug!("no stream to {} in time", to.addr);
                None
            }
        }
    }

    async fn dial(self: &Arc<Self>, to: Hop) -> io::Result<SipConnection> {
        let plain = connect(to).await?;
        if to.transport != Transport::Tls {
            return self.carry(plain, to).await;
        }
        let connector = self.connector.as_ref();
        let connector = connector.ok_or_else(|| io::Error::other("TLS is not set up"))?;
        let name = match self.names.of(to.addr) {
            Some(host) => ServerName::try_from(host).map_err(io::Error::other)?,
            None => ServerName::from(to.addr.ip()),
        };
        let secure = connector.connect(name, plain).await?;
        self.carry(secure, to).await
    }

    async fn carry(
        self: &Arc<Self>,
        io: impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + 'static,
        to: Hop,
    ) -> io::Result<SipConnection> {
        let stream = Stream::new(self.clone(), to, self.stop.child_token()).await;
        let stream = stream.ok_or_else(|| io::Error::other("no channel"))?;
        let connection = stream.connection();
        self.runtime.spawn(stream.carry(io));
        Ok(connection)
    }
}

async fn connect(to: Hop) -> io::Result<TcpStream> {
    let fresh = match to.addr.is_ipv4() {
        true => TcpSocket::new_v4()?,
        false => TcpSocket::new_v6()?,
    };
    socket::mark(&SockRef::from(&fresh), to.addr);
    fresh.connect(to.addr).await
}
