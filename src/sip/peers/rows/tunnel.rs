//! SIPp over TLS, which Debian's cannot speak itself: OpenSSL's place is taken by a tunnel that ends
//! TLS on one side and speaks TCP with SIPp on the other.

use std::{net::SocketAddr, sync::Arc};

use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject as _};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{TlsAcceptor, TlsConnector, client::TlsStream};

use super::{agent_with, gateway, is_there};
use crate::{
    EndCause, Gateway, Hop, Side as Who, Timers, Tls,
    peers::sipp::{Sipp, free_port},
};

const CERTIFICATE: &[u8] = include_bytes!("../tls/b.pem");
const KEY: &[u8] = include_bytes!("../tls/b.key");
const AUTHORITY: &[u8] = include_bytes!("../tls/ca.pem");

fn tls(port: u16) -> Tls {
    Tls {
        port,
        certificate: CERTIFICATE.to_vec(),
        key: KEY.to_vec(),
        authorities: Some(AUTHORITY.to_vec()),
    }
}

async fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let addr = listener.local_addr().expect("bound");
    (listener, addr)
}

/// Takes one TLS connection and hands what it says to `to`.
async fn unwrap(listener: TcpListener, to: SocketAddr) {
    let chain = CertificateDer::pem_slice_iter(CERTIFICATE).collect::<Result<Vec<_>, _>>();
    let key = PrivateKeyDer::from_pem_slice(KEY).expect("a key");
    let config = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(chain.expect("certificates"), key);
    let acceptor = TlsAcceptor::from(Arc::new(config.expect("they fit")));
    let (outer, _) = listener.accept().await.expect("a connection");
    let mut outer = acceptor.accept(outer).await.expect("TLS");
    let mut inner = TcpStream::connect(to).await.expect("SIPp listens");
    copy_bidirectional(&mut outer, &mut inner).await.ok();
}

/// A TLS connection to an agent.
pub(in super::super) async fn connect(to: SocketAddr) -> TlsStream<TcpStream> {
    let mut roots = rustls::RootCertStore::empty();
    for authority in CertificateDer::pem_slice_iter(AUTHORITY) {
        roots.add(authority.expect("PEM")).expect("a certificate");
    }
    let config = rustls::ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = TlsConnector::from(Arc::new(config));
    let stream = TcpStream::connect(to).await.expect("the agent listens");
    let name = ServerName::try_from("b.test").expect("a name");
    connector.connect(name, stream).await.expect("TLS")
}

/// Takes one TCP connection and hands what it says to `to` over TLS.
async fn wrap(listener: TcpListener, to: SocketAddr) {
    let (mut inner, _) = listener.accept().await.expect("a connection");
    let mut outer = connect(to).await;
    copy_bidirectional(&mut inner, &mut outer).await.ok();
}

#[tokio::test]
async fn we_call_over_tls() {
    if !is_there() {
        return;
    }
    let (listener, addr) = listen().await;
    let contact = Some(format!("{addr};transport=tls"));
    let sipp = Sipp::play_behind(contact, "uas_plain", &["-m", "1", "-t", "t1"]);
    let mut gateway = gateway(&sipp);
    gateway.hop = Hop::tls(addr);
    gateway.domain = Some("b.test".into());
    let mut a = agent_with(gateway, |c| {
        c.timers = Timers::default();
        c.tls = Some(tls(free_port()));
    })
    .await;
    sipp.listens().await;
    let tunnel = tokio::spawn(unwrap(listener, sipp.addr));
    let call = a.dial();
    assert_eq!(a.answered().await, call);
    a.agent.end(call, EndCause::Normal).expect("up");
    assert_eq!(a.ended().await, (call, Who::Us, None, Some(16)));
    let received = sipp.success().await;
    assert!(received[0].contains("Via: SIP/2.0/TLS"), "{received:#?}");
    tunnel.abort();
}

#[tokio::test]
async fn we_are_called_over_tls() {
    if !is_there() {
        return;
    }
    let port = free_port();
    let gateway = Gateway::udp("b", ([127, 0, 0, 1], 9).into());
    let mut house = agent_with(gateway, |c| {
        c.timers = Timers::default();
        c.tls = Some(tls(port));
    })
    .await;
    let (listener, addr) = listen().await;
    let tunnel = tokio::spawn(wrap(listener, ([127, 0, 0, 1], port).into()));
    let target = addr.to_string();
    let arguments = ["-m", "1", "-s", "600", "-t", "t1", &target];
    let sipp = Sipp::play("uac_plain", &arguments);
    let call = house.pick_up().await;
    assert_eq!(house.ended().await, (call, Who::Them, None, Some(16)));
    sipp.success().await;
    tunnel.abort();
}
