//! Streams of strangers, of those who are banned, and of phones, on real sockets.

use std::net::{Ipv4Addr, SocketAddr};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
    time::{Duration, timeout},
};

use super::{REALM, Side, sipp::free_port, streams::tls};
use crate::{Account, AccountId, Credentials, Hop, SipEvent, message::Message};

const PATIENCE: Duration = Duration::from_secs(20);
const PHONE: Ipv4Addr = Ipv4Addr::LOCALHOST;
const STRANGER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

async fn connect(from: Ipv4Addr, to: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind(SocketAddr::from((from, 0))).expect("loopback");
    socket.connect(to).await.expect("it listens")
}

/// The status of the answer to an OPTIONS; `None` when the stream is closed instead.
async fn ask(stream: &mut TcpStream, number: u32, agent: &str) -> Option<u16> {
    let options = format!(
        "OPTIONS sip:x@127.0.0.1 SIP/2.0\r\n\
         Via: SIP/2.0/TCP 127.0.0.1:9;branch=z9hG4bKask{number}\r\n\
         From: <sip:raw@test>;tag=raw\r\nTo: <sip:x@test>\r\nCall-ID: ask{number}\r\n\
         CSeq: {number} OPTIONS\r\nUser-Agent: {agent}\r\nContent-Length: 0\r\n\r\n"
    );
    stream.write_all(options.as_bytes()).await.ok()?;
    let mut buffer = vec![0; 4_096];
    let read = timeout(PATIENCE, stream.read(&mut buffer)).await;
    let length = read.expect("an answer or an end in time").ok()?;
    Message::parse(&buffer[..length]).ok()?.status()
}

async fn is_closed(stream: &mut TcpStream) -> bool {
    let read = timeout(PATIENCE, stream.read(&mut [0; 16])).await;
    matches!(read.expect("an end in time"), Ok(0) | Err(_))
}

#[tokio::test]
async fn who_is_banned_loses_the_stream_and_gets_no_other() {
    let mut pbx = Side::start(|c| c.also_tcp = true).await;
    let to = pbx.agent.local_addr();
    let (mut idle, mut scanner) = (connect(STRANGER, to).await, connect(STRANGER, to).await);
    let mut other = connect(PHONE, to).await;
    let said = "friendly-scanner";
    assert!(matches!(ask(&mut scanner, 1, said).await, Some(403) | None));
    pbx.wait(|e| matches!(e, SipEvent::Banned { .. }).then_some(()))
        .await;
    assert!(is_closed(&mut idle).await && is_closed(&mut scanner).await);
    assert!(is_closed(&mut connect(STRANGER, to).await).await);
    assert_eq!(ask(&mut other, 2, "a phone").await, Some(200));
    pbx.agent.pardon(STRANGER.into());
    let mut pardoned = connect(STRANGER, to).await;
    assert_eq!(ask(&mut pardoned, 3, "a phone").await, Some(200));
}

#[tokio::test]
async fn one_address_cannot_take_every_stream() {
    let pbx = Side::start(|c| c.also_tcp = true).await;
    let to = pbx.agent.local_addr();
    let mut held = Vec::new();
    for number in 0..32 {
        let mut stream = connect(STRANGER, to).await;
        assert_eq!(ask(&mut stream, number, "many").await, Some(200));
        held.push(stream);
    }
    assert!(is_closed(&mut connect(STRANGER, to).await).await);
    let mut other = connect(PHONE, to).await;
    assert_eq!(ask(&mut other, 40, "a phone").await, Some(200));
}

#[tokio::test]
async fn a_silent_stranger_is_let_go_and_a_phone_stays() {
    let tls_port = free_port();
    let mut pbx = Side::start(|c| {
        c.also_tcp = true;
        c.tls = Some(tls(tls_port));
        c.stream_patience = Duration::from_secs(3);
    })
    .await;
    let to = pbx.agent.local_addr();
    let mut beside = connect(PHONE, to).await;
    let phone = Side::start(|_| {}).await;
    phone.agent.register(Account {
        id: AccountId(1),
        user: "1001".into(),
        domain: REALM.into(),
        registrar: Hop::tcp(to),
        more_registrars: Vec::new(),
        credentials: Credentials {
            username: "1001".into(),
            password: "pw1001".into(),
        },
        expires_s: 60,
    });
    pbx.wait(|e| matches!(e, SipEvent::Registered { .. }).then_some(()))
        .await;
    // Twice patience and more: neither has shown a password, and one of them no handshake.
    for to in [to, SocketAddr::from((PHONE, tls_port)), to] {
        assert!(is_closed(&mut connect(STRANGER, to).await).await);
    }
    // The same office.
    assert_eq!(ask(&mut beside, 1, "a phone").await, Some(200));
}
