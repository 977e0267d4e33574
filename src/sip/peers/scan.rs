//! What `svmap`, `svwar` and `svcrack` do, on a real socket.

use std::{net::SocketAddr, time::Duration};

use tokio::{net::UdpSocket, time::timeout};

use super::Side;
use crate::{
    SipEvent,
    message::{Message, Method},
};

async fn raw() -> UdpSocket {
    UdpSocket::bind("127.0.0.1:0").await.expect("a free port")
}

fn request(method: Method, user: &str, me: SocketAddr, number: u32) -> Message {
    let name = method.name().to_owned();
    Message::request(method, format!("sip:{user}@127.0.0.1"))
        .with(
            "Via",
            format!("SIP/2.0/UDP {me};branch=z9hG4bKscan{number};rport"),
        )
        .with("From", format!("<sip:{user}@127.0.0.1>;tag=scan"))
        .with("To", format!("<sip:{user}@127.0.0.1>"))
        .with("Call-ID", format!("scan-{number}"))
        .with("CSeq", format!("1 {name}"))
        .with("Contact", format!("<sip:{user}@{me}>"))
}

/// The status that comes back; `None` for silence.
async fn ask(socket: &UdpSocket, message: Message, to: SocketAddr) -> Option<u16> {
    socket.send_to(&message.to_bytes(), to).await.expect("sent");
    let mut buffer = vec![0; 65_535];
    let wait = timeout(Duration::from_millis(500), socket.recv_from(&mut buffer));
    let (length, _) = wait.await.ok()?.expect("received");
    Message::parse(&buffer[..length]).expect("SIP").status()
}

#[tokio::test]
async fn a_search_for_extensions_learns_nothing_and_ends_in_silence() {
    let mut agent = Side::start(|c| c.flood_limit = 0).await;
    let (socket, to) = (raw().await, agent.agent.local_addr());
    let me = socket.local_addr().expect("bound");
    // 1001 to 1009 exist.
    for number in 0..80 {
        let user = (1001 + number).to_string();
        let method = if number % 2 == 0 {
            Method::Register
        } else {
            Method::Invite
        };
        let status = ask(&socket, request(method, &user, me, number), to).await;
        assert_eq!(status, Some(401), "{user}");
        // Answers to INVITE are repeated until their ACK; those are no answers to the next.
        drain(&socket).await;
    }
    let seconds = agent
        .wait(|e| match e {
            SipEvent::Banned { seconds, .. } => Some(seconds),
            _ => None,
        })
        .await;
    assert_eq!(seconds, 60);
    let silent = raw().await;
    let after = request(Method::Options, "x", me, 900);
    assert_eq!(ask(&silent, after, to).await, None);
}

#[tokio::test]
async fn a_scanner_that_says_so_is_shut_out_at_once() {
    let mut agent = Side::start(|_| {}).await;
    let (socket, to) = (raw().await, agent.agent.local_addr());
    let me = socket.local_addr().expect("bound");
    let hello = request(Method::Options, "100", me, 1).with("User-Agent", "friendly-scanner");
    assert_eq!(ask(&socket, hello, to).await, Some(403));
    agent
        .wait(|e| matches!(e, SipEvent::Banned { .. }).then_some(()))
        .await;
    let again = request(Method::Options, "100", me, 2);
    assert_eq!(ask(&socket, again, to).await, None);
    agent.agent.pardon(me.ip());
    let pardoned = request(Method::Options, "100", me, 3);
    assert_eq!(ask(&socket, pardoned, to).await, Some(200));
}

async fn drain(socket: &UdpSocket) {
    let mut buffer = vec![0; 65_535];
    while let Ok(length) = socket.try_recv(&mut buffer) {
        drop(buffer[..length].to_vec());
    }
}
