//! TCP that cuts messages anywhere, TLS that checks names, and messages of absurd size.

use std::net::SocketAddr;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpStream, UdpSocket},
    time::{Duration, timeout},
};

use super::{Side, answer_to, caller, new_call, offer, sipp::free_port};
use crate::{Destination, EndCause, Gateway, Hop, Side as Who, Tls, message::Message};

const PATIENCE: Duration = Duration::from_secs(20);

fn options(number: usize, extra: &str) -> String {
    format!(
        "OPTIONS sip:x@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1:9;branch=z9hG4bKcut{number}\r\n\
         From: <sip:raw@test>;tag=raw\r\nTo: <sip:x@test>\r\nCall-ID: cut\r\n\
         CSeq: {number} OPTIONS\r\n{extra}Content-Length: 4\r\n\r\nbody"
    )
}

async fn connect(to: SocketAddr) -> TcpStream {
    TcpStream::connect(to).await.expect("it listens")
}

/// Reads one answer; its CSeq number.
async fn answered(stream: &mut TcpStream, rest: &mut Vec<u8>) -> usize {
    loop {
        if let Some(end) = rest.windows(4).position(|w| w == b"\r\n\r\n") {
            let answer = Message::parse(&rest[..end + 4]).expect("SIP");
            rest.drain(..end + 4);
            let number = answer.cseq().expect("CSeq").number;
            return usize::try_from(number).expect("small");
        }
        let mut buffer = [0; 4096];
        let read = timeout(PATIENCE, stream.read(&mut buffer)).await;
        let length = read.expect("an answer in time").expect("the stream works");
        assert!(length > 0, "the stream stays open");
        rest.extend_from_slice(&buffer[..length]);
    }
}

#[tokio::test]
async fn a_message_may_be_cut_anywhere() {
    let agent = Side::start(|c| {
        c.also_tcp = true;
        c.flood_limit = 0;
    })
    .await;
    let mut stream = connect(agent.agent.local_addr()).await;
    stream.set_nodelay(true).expect("set");
    let mut rest = Vec::new();
    let length = options(1, "").len();
    for cut in 1..length {
        let text = options(cut, "");
        let (first, second) = text.as_bytes().split_at(cut.min(text.len() - 1));
        stream.write_all(first).await.expect("sent");
        tokio::task::yield_now().await;
        stream.write_all(second).await.expect("sent");
        assert_eq!(answered(&mut stream, &mut rest).await, cut);
    }
    // Every byte alone, and three messages at once with a keep-alive between them.
    for byte in options(900, "").bytes() {
        stream.write_all(&[byte]).await.expect("sent");
    }
    assert_eq!(answered(&mut stream, &mut rest).await, 900);
    let three = [
        options(901, ""),
        "\r\n\r\n".into(),
        options(902, ""),
        options(903, ""),
    ];
    stream
        .write_all(three.concat().as_bytes())
        .await
        .expect("sent");
    let mut seen = Vec::new();
    while seen.len() < 3 {
        // The answer to the keep-alive is an empty line.
        while rest.starts_with(b"\r\n") {
            rest.drain(..2);
        }
        seen.push(answered_after_keepalive(&mut stream, &mut rest).await);
    }
    seen.sort_unstable();
    assert_eq!(seen, [901, 902, 903]);
}

async fn answered_after_keepalive(stream: &mut TcpStream, rest: &mut Vec<u8>) -> usize {
    while !rest.starts_with(b"SIP") {
        if rest.starts_with(b"\r\n") {
            rest.drain(..2);
            continue;
        }
        let mut buffer = [0; 4096];
        let read = timeout(PATIENCE, stream.read(&mut buffer)).await;
        let length = read.expect("in time").expect("the stream works");
        rest.extend_from_slice(&buffer[..length]);
    }
    answered(stream, rest).await
}

#[tokio::test]
async fn keep_alives_count_for_the_limit_of_their_source() {
    let agent = Side::start(|c| (c.also_tcp, c.flood_limit) = (true, 1)).await;
    let mut stream = connect(agent.agent.local_addr()).await;
    let many = b"\r\n\r\n".repeat(100);
    stream.write_all(&many).await.expect("sent");
    stream.shutdown().await.expect("all is said");
    let mut answers = Vec::new();
    let read = timeout(PATIENCE, stream.read_to_end(&mut answers)).await;
    read.expect("it ends").expect("the stream works");
    let answers = answers.len() / 2;
    assert!((2..100).contains(&answers), "{answers} answers");
}

#[tokio::test]
async fn absurd_sizes_hurt_nobody_else() {
    let agent = Side::start(|c| c.also_tcp = true).await;
    let to = agent.agent.local_addr();
    for bad in [
        options(1, "Content-Length: 4294967295\r\n"),
        options(2, "Content-Length: -1\r\n"),
        format!("OPTIONS sip:x SIP/2.0\r\nX: {}", "x".repeat(200_000)),
    ] {
        let mut stream = connect(to).await;
        // The agent may close it before all is written.
        stream.write_all(bad.as_bytes()).await.ok();
    }
    let mut stream = connect(to).await;
    stream
        .write_all(options(3, "").as_bytes())
        .await
        .expect("sent");
    assert_eq!(answered(&mut stream, &mut Vec::new()).await, 3);
    let raw = UdpSocket::bind("127.0.0.1:0").await.expect("a free port");
    // Above 8 KB a datagram is too large, and its sender is told.
    for (number, length, status) in [(4, 7_000, 200), (5, 20_000, 513), (6, 60_000, 513)] {
        let huge = options(number, &format!("X: {}\r\n", "x".repeat(length)));
        let huge = huge.replace("SIP/2.0/TCP", "SIP/2.0/UDP");
        raw.send_to(huge.as_bytes(), to).await.expect("sent");
        let mut buffer = vec![0; 65_535];
        let read = timeout(PATIENCE, raw.recv_from(&mut buffer)).await;
        let (length, _) = read.expect("in time").expect("received");
        let answer = Message::parse(&buffer[..length]).expect("SIP");
        assert_eq!(answer.status(), Some(status));
    }
}

/// The certificate is for `b.test` and 127.0.0.1.
pub(super) fn tls(port: u16) -> Tls {
    Tls {
        port,
        certificate: include_bytes!("tls/b.pem").to_vec(),
        key: include_bytes!("tls/b.key").to_vec(),
        authorities: Some(include_bytes!("tls/ca.pem").to_vec()),
    }
}

async fn secure_pair(name: &str) -> (Side, Side) {
    let (port_a, port_b) = (free_port(), free_port());
    let a = Side::start(|c| c.tls = Some(tls(port_a))).await;
    let b = Side::start(|c| c.tls = Some(tls(port_b))).await;
    let mut gateway = Gateway::udp("b", SocketAddr::from(([127, 0, 0, 1], port_b)));
    gateway.hop = Hop::tls(gateway.hop.addr);
    gateway.domain = Some(name.into());
    a.agent.set_gateways(vec![gateway]);
    b.agent.set_gateways(vec![a.gateway("a")]);
    (a, b)
}

fn to_b() -> Destination {
    Destination::Gateway {
        gateway: "b".into(),
        number: "5550199".into(),
    }
}

#[tokio::test]
async fn a_call_over_tls() {
    let (mut a, mut b) = secure_pair("b.test").await;
    for caller_ends in [true, false] {
        let call = new_call();
        a.agent
            .invite(call, to_b(), caller(), offer(), PATIENCE)
            .expect("accepted");
        let (incoming, their_offer) = b.incoming().await;
        b.agent
            .answer(incoming, answer_to(&their_offer))
            .expect("offered");
        assert_eq!(a.answered().await, call);
        b.wait(|e| matches!(e, crate::SipEvent::Confirmed { .. }).then_some(()))
            .await;
        if caller_ends {
            a.agent.end(call, EndCause::Normal).expect("up");
        } else {
            b.agent.end(incoming, EndCause::Normal).expect("up");
        }
        assert_eq!(a.ended().await.2, None);
        assert_eq!(b.ended().await.2, None);
        let messages = a.agent.trace(call);
        assert!(messages[0].sent && messages[0].text.contains("SIP/2.0/TLS"));
        assert!(
            messages
                .iter()
                .any(|m| m.text.starts_with("SIP/2.0 200 OK"))
        );
        assert!(messages.iter().any(|m| m.text.starts_with("BYE")));
    }
}

#[tokio::test]
async fn a_certificate_for_another_name_is_no_gateway() {
    let (mut a, _b) = secure_pair("c.test").await;
    let call = new_call();
    a.agent
        .invite(call, to_b(), caller(), offer(), PATIENCE)
        .expect("accepted");
    assert_eq!(a.ended().await, (call, Who::Network, Some(503), None));
}

#[tokio::test]
async fn a_useless_certificate_is_told_at_the_start() {
    let mut config = crate::Config::new(SocketAddr::from(([127, 0, 0, 1], 0)), "test");
    config.tls = Some(Tls {
        certificate: b"none".to_vec(),
        ..tls(free_port())
    });
    let refused = crate::Agent::bind(config, std::sync::Arc::new(crate::NoPhones)).await;
    assert!(matches!(refused, Err(crate::SipError::Bind { .. })));
}

#[tokio::test]
async fn gateways_have_a_port_of_their_own() {
    let carrier = UdpSocket::bind("127.0.0.2:0").await.expect("a free port");
    let at = carrier.local_addr().expect("bound");
    let port = free_port();
    let mut agent = Side::start(|c| {
        c.trunk_port = Some(port);
        c.gateways = vec![Gateway::udp("b", at)];
    })
    .await;
    let call = new_call();
    agent
        .agent
        .invite(call, to_b(), caller(), offer(), PATIENCE)
        .expect("accepted");
    let mut buffer = vec![0; 65_535];
    let read = timeout(PATIENCE, carrier.recv_from(&mut buffer)).await;
    let (length, from) = read.expect("in time").expect("received");
    let invite = Message::parse(&buffer[..length]).expect("SIP");
    let ours = format!("127.0.0.1:{port}");
    assert_eq!(from.to_string(), ours);
    assert!(invite.header("Via").is_some_and(|v| v.contains(&ours)));
    assert!(invite.header("Contact").is_some_and(|v| v.contains(&ours)));
    let busy = Message::answer(&invite, 486, "them");
    carrier.send_to(&busy.to_bytes(), from).await.expect("sent");
    assert_eq!(agent.ended().await, (call, Who::Them, Some(486), None));
    // The ACK leaves from there too.
    let ack = loop {
        let read = timeout(PATIENCE, carrier.recv_from(&mut buffer)).await;
        let (length, from) = read.expect("in time").expect("received");
        if buffer.starts_with(b"ACK") {
            break (length, from);
        }
    };
    assert_eq!(ack.1.to_string(), ours);
    // What comes in there is answered from there.
    let mut options = options(1, "").replace("SIP/2.0/TCP", "SIP/2.0/UDP");
    options = options.replace("127.0.0.1:9;", &format!("{at};"));
    carrier
        .send_to(options.as_bytes(), &ours)
        .await
        .expect("sent");
    let read = timeout(PATIENCE, carrier.recv_from(&mut buffer)).await;
    let (length, from) = read.expect("in time").expect("received");
    let answer = Message::parse(&buffer[..length]).expect("SIP");
    assert_eq!((answer.status(), from.to_string()), (Some(200), ours));
    // A gateway that knows only the other port is heard and answered there.
    let first = agent.agent.local_addr();
    let sdp = String::from_utf8(offer()).expect("text");
    let invite = format!(
        "INVITE sip:600@{first} SIP/2.0\r\nVia: SIP/2.0/UDP {at};branch=z9hG4bKold\r\n\
         From: <sip:5550100@{at}>;tag=them\r\nTo: <sip:600@{first}>\r\nCall-ID: old\r\n\
         CSeq: 1 INVITE\r\nContact: <sip:5550100@{at}>\r\nMax-Forwards: 70\r\n\
         Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{sdp}",
        sdp.len()
    );
    carrier
        .send_to(invite.as_bytes(), first)
        .await
        .expect("sent");
    let (call, theirs) = agent.incoming().await;
    let answer = answer_to(&theirs);
    agent.agent.answer(call, answer).expect("it is offered");
    loop {
        let read = timeout(PATIENCE, carrier.recv_from(&mut buffer)).await;
        let (length, from) = read.expect("in time").expect("received");
        let answer = Message::parse(&buffer[..length]).expect("SIP");
        assert_eq!(from, first);
        if answer.status() == Some(200) {
            break;
        }
    }
}
