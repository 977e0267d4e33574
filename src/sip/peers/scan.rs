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

/// No answer takes longer on any machine.
const PATIENCE: Duration = Duration::from_secs(20);
/// As long as that is silence.
const SILENCE: Duration = Duration::from_millis(500);

/// The status that comes back.
async fn ask(socket: &UdpSocket, message: Message, to: SocketAddr) -> Option<u16> {
    let answer = timeout(PATIENCE, answer(socket, message, to)).await;
    answer.expect("an answer in time")
}

async fn is_silent(socket: &UdpSocket, message: Message, to: SocketAddr) -> bool {
    timeout(SILENCE, answer(socket, message, to)).await.is_err()
}

/// The status of what answers this message: answers to an INVITE are repeated until their ACK, and those
/// are no answers to the next.
async fn answer(socket: &UdpSocket, message: Message, to: SocketAddr) -> Option<u16> {
    socket.send_to(&message.to_bytes(), to).await.expect("sent");
    let mut buffer = vec![0; 65_535];
    loop {
        let (length, _) = socket.recv_from(&mut buffer).await.expect("received");
        let answer = Message::parse(&buffer[..length]).expect("SIP");
        if answer.call_id() == message.call_id() {
            return answer.status();
        }
    }
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
    assert!(is_silent(&silent, after, to).await);
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
    assert!(is_silent(&socket, again, to).await);
    agent.agent.pardon(me.ip());
    let pardoned = request(Method::Options, "100", me, 3);
    assert_eq!(ask(&socket, pardoned, to).await, Some(200));
}
