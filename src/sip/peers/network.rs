//! A bad network: junk, loss, forks, silence, closed streams.

use std::{net::SocketAddr, time::Duration};

use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use tokio::{net::UdpSocket, time::timeout};

use super::{Side, answer_to, caller, new_call, offer};
use crate::{
    Destination, EndCause, Gateway, Hop, Side as Who, SipEvent, fuzz,
    message::{Message, Method},
};

const RING: Duration = Duration::from_secs(20);
const PATIENCE: Duration = Duration::from_secs(20);

fn to_b() -> Destination {
    Destination::Gateway {
        gateway: "b".into(),
        number: "5550199".into(),
    }
}

async fn socket() -> UdpSocket {
    UdpSocket::bind("127.0.0.1:0").await.expect("a free port")
}

/// The next message that a raw peer gets.
async fn next(socket: &UdpSocket) -> (Message, SocketAddr) {
    let mut buffer = vec![0; 65_535];
    let received = timeout(PATIENCE, socket.recv_from(&mut buffer)).await;
    let (length, from) = received
        .expect("a message in time")
        .expect("the socket works");
    (Message::parse(&buffer[..length]).expect("SIP"), from)
}

/// The next message of that method, a request or what answers one; others are passed over.
async fn next_of(socket: &UdpSocket, method: Method) -> (Message, SocketAddr) {
    loop {
        let (message, from) = next(socket).await;
        if message.cseq().is_some_and(|c| c.method == method) {
            return (message, from);
        }
    }
}

fn request(method: &str, me: SocketAddr, to: SocketAddr, cseq: u32) -> Message {
    Message::request(Method::of(method), format!("sip:x@{to}"))
        .with(
            "Via",
            format!("SIP/2.0/UDP {me};branch=z9hG4bKraw{method}{cseq};rport"),
        )
        .with("From", "<sip:raw@test>;tag=raw")
        .with("To", format!("<sip:x@{to}>"))
        .with("Call-ID", format!("raw-{me}"))
        .with("CSeq", format!("{cseq} {method}"))
        .with("Contact", format!("<sip:raw@{me}>"))
}

#[tokio::test]
async fn junk_is_survived_and_answered_where_it_can_be() {
    let b = Side::start(|c| c.flood_limit = 0).await;
    let to = b.agent.local_addr();
    let raw = socket().await;
    let me = raw.local_addr().expect("bound");
    let mut random = StdRng::seed_from_u64(1);
    for _ in 0..300 {
        let mut junk = vec![0_u8; random.random_range(0..600)];
        random.fill(&mut junk[..]);
        raw.send_to(&junk, to).await.expect("sent");
    }
    for folder in ["valid", "invalid"] {
        for bytes in fuzz::corpus(fuzz::beside(&format!("message/torture/{folder}"))) {
            raw.send_to(&bytes, to).await.expect("sent");
        }
    }
    let unknown = request("BREW", me, to, 1);
    raw.send_to(&unknown.to_bytes(), to).await.expect("sent");
    let (answer, _) = next_of(&raw, Method::of("BREW")).await;
    assert_eq!(answer.status(), Some(501));
    assert!(answer.header("Allow").is_some());
    let lie = String::from_utf8(request("PUBLISH", me, to, 2).to_bytes()).expect("text");
    let lie = lie.replace("Content-Length: 0", "Content-Length: 5000");
    raw.send_to(lie.as_bytes(), to).await.expect("sent");
    let (answer, _) = next_of(&raw, Method::of("PUBLISH")).await;
    assert_eq!(answer.status(), Some(400));
    raw.send_to(&request("OPTIONS", me, to, 3).to_bytes(), to)
        .await
        .expect("sent");
    let (answer, _) = next_of(&raw, Method::Options).await;
    assert_eq!(answer.status(), Some(200));
    raw.send_to(&request("SUBSCRIBE", me, to, 4).to_bytes(), to)
        .await
        .expect("sent");
    let (answer, _) = next_of(&raw, Method::of("SUBSCRIBE")).await;
    assert_eq!(answer.status(), Some(405));
    raw.send_to(b"\r\n\r\n", to).await.expect("sent");
    let mut pong = [0; 65_535];
    let mut length = 0;
    // Answers to the INVITEs before are repeated meanwhile.
    while &pong[..length] != b"\r\n" {
        let received = timeout(PATIENCE, raw.recv_from(&mut pong)).await;
        (length, _) = received.expect("pong").expect("ok");
    }
}

#[tokio::test]
async fn stun_and_dtls_get_no_answer() {
    let b = Side::start(|_| {}).await;
    let to = b.agent.local_addr();
    let raw = socket().await;
    for datagram in fuzz::corpus(fuzz::beside("../media/tests/corpus/stun")) {
        raw.send_to(&datagram, to).await.expect("sent");
    }
    let me = raw.local_addr().expect("bound");
    let options = request("OPTIONS", me, to, 1);
    raw.send_to(&options.to_bytes(), to).await.expect("sent");
    // It would have come before this one.
    assert_eq!(next(&raw).await.0.status(), Some(200));
    assert!(b.agent.calls().is_empty() && b.agent.bans().is_empty());
}

#[tokio::test]
async fn a_body_without_content_length_arrives() {
    let raw = socket().await;
    let me = raw.local_addr().expect("bound");
    let mut b = Side::start(|c| c.gateways = vec![Gateway::udp("a", me)]).await;
    let invite = request("INVITE", me, b.agent.local_addr(), 1);
    let invite = invite.with_body("application/sdp", offer());
    let text = String::from_utf8(invite.to_bytes()).expect("text");
    let head = text.find("Content-Length").expect("written");
    let body = text.find("v=0").expect("a body");
    let bytes = format!("{}\r\n{}", &text[..head], &text[body..]);
    raw.send_to(bytes.as_bytes(), b.agent.local_addr())
        .await
        .expect("sent");
    let (_, sdp) = b.incoming().await;
    assert_eq!(sdp, offer());
}

#[tokio::test]
async fn both_forks_are_acknowledged_and_one_is_hung_up() {
    let raw = socket().await;
    let me = raw.local_addr().expect("bound");
    let mut a = Side::start(|c| c.gateways = vec![Gateway::udp("b", me)]).await;
    let call = new_call();
    a.agent
        .invite(call, to_b(), caller(), offer(), RING)
        .expect("accepted");
    let (invite, from) = next_of(&raw, Method::Invite).await;
    let ok = |tag: &str| {
        Message::answer(&invite, 200, tag)
            .with("Contact", format!("<sip:{tag}@{me}>"))
            .with_body("application/sdp", answer_to(&offer()))
            .to_bytes()
    };
    raw.send_to(&ok("one"), from).await.expect("sent");
    assert_eq!(a.answered().await, call);
    raw.send_to(&ok("two"), from).await.expect("sent");
    let (bye, _) = next_of(&raw, Method::Bye).await;
    assert_eq!(bye.tag_of_to().as_deref(), Some("two"));
    assert_eq!(bye.uri(), Some(&*format!("sip:two@{me}")));
    raw.send_to(&Message::answer(&bye, 200, "").to_bytes(), from)
        .await
        .expect("sent");
    // The first one's 200 comes again, long after: its ACK goes out again.
    raw.send_to(&ok("one"), from).await.expect("sent");
    loop {
        let (ack, _) = next_of(&raw, Method::Ack).await;
        if ack.tag_of_to().as_deref() == Some("one") {
            break;
        }
    }
    a.agent.end(call, EndCause::Normal).expect("up");
    assert_eq!(a.ended().await, (call, Who::Us, None, Some(16)));
}

#[tokio::test]
async fn ringing_outlives_timer_b_and_the_cancel_is_repeated() {
    let raw = socket().await;
    let me = raw.local_addr().expect("bound");
    let mut a = Side::start(|c| c.gateways = vec![Gateway::udp("b", me)]).await;
    let call = new_call();
    a.agent
        .invite(call, to_b(), caller(), offer(), RING)
        .expect("accepted");
    let (invite, from) = next_of(&raw, Method::Invite).await;
    raw.send_to(&Message::answer(&invite, 180, "t").to_bytes(), from)
        .await
        .expect("sent");
    a.wait(|e| matches!(e, SipEvent::Ringing { .. }).then_some(()))
        .await;
    // Longer than every 64 * T1 of this agent.
    tokio::time::sleep(super::quick().give_up() * 2).await;
    assert_eq!(a.agent.calls(), [call]);
    a.agent.end(call, EndCause::Normal).expect("ringing");
    // Two of them get lost.
    for _ in 0..2 {
        next_of(&raw, Method::Cancel).await;
    }
    let (cancel, _) = next_of(&raw, Method::Cancel).await;
    raw.send_to(&Message::answer(&cancel, 200, "t").to_bytes(), from)
        .await
        .expect("sent");
    raw.send_to(&Message::answer(&invite, 487, "t").to_bytes(), from)
        .await
        .expect("sent");
    assert_eq!(a.ended().await, (call, Who::Us, Some(487), Some(16)));
    let (ack, _) = next_of(&raw, Method::Ack).await;
    assert_eq!(ack.tag_of_to().as_deref(), Some("t"));
}

#[tokio::test]
async fn a_cancel_that_nobody_answers_ends_by_the_guard() {
    let raw = socket().await;
    let me = raw.local_addr().expect("bound");
    let mut a = Side::start(|c| c.gateways = vec![Gateway::udp("b", me)]).await;
    let call = new_call();
    a.agent
        .invite(call, to_b(), caller(), offer(), RING)
        .expect("accepted");
    let (invite, from) = next_of(&raw, Method::Invite).await;
    raw.send_to(&Message::answer(&invite, 180, "t").to_bytes(), from)
        .await
        .expect("sent");
    a.wait(|e| matches!(e, SipEvent::Ringing { .. }).then_some(()))
        .await;
    a.agent.end(call, EndCause::Normal).expect("ringing");
    assert_eq!(a.ended().await, (call, Who::Us, Some(487), Some(16)));
    // Later still the phone is picked up.
    let ok = Message::answer(&invite, 200, "t").with("Contact", format!("<sip:late@{me}>"));
    raw.send_to(&ok.to_bytes(), from).await.expect("sent");
    next_of(&raw, Method::Ack).await;
    next_of(&raw, Method::Bye).await;
}

#[tokio::test]
async fn a_200_is_repeated_until_the_ack_and_given_up_without_one() {
    let raw = socket().await;
    let me = raw.local_addr().expect("bound");
    let mut b = Side::start(|c| c.gateways = vec![Gateway::udp("a", me)]).await;
    let to = b.agent.local_addr();
    let invite = request("INVITE", me, to, 1).with_body("application/sdp", offer());
    raw.send_to(&invite.to_bytes(), to).await.expect("sent");
    raw.send_to(&invite.to_bytes(), to).await.expect("sent");
    let (call, sdp) = b.incoming().await;
    b.agent.answer(call, answer_to(&sdp)).expect("answered");
    let mut answers = 0;
    loop {
        let (message, _) = next(&raw).await;
        match message.cseq().expect("CSeq").method {
            Method::Invite if message.status() == Some(200) => answers += 1,
            Method::Bye => break,
            _ => {}
        }
    }
    assert!(answers > 3, "{answers}");
    // The INVITE that was sent twice was one call.
    assert_eq!(b.ended().await, (call, Who::Network, None, Some(102)));
    assert!(b.agent.calls().is_empty());
}

#[tokio::test]
async fn a_refusal_is_repeated_until_its_ack() {
    let raw = socket().await;
    let me = raw.local_addr().expect("bound");
    let mut b = Side::start(|c| c.gateways = vec![Gateway::udp("a", me)]).await;
    let to = b.agent.local_addr();
    let invite = request("INVITE", me, to, 1).with_body("application/sdp", offer());
    raw.send_to(&invite.to_bytes(), to).await.expect("sent");
    let (call, _) = b.incoming().await;
    b.agent.end(call, EndCause::Busy).expect("offered");
    for _ in 0..2 {
        while next(&raw).await.0.status() != Some(486) {}
    }
}

#[tokio::test]
async fn a_stream_that_closes_ends_the_call() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a free port");
    let mut gateway = Gateway::udp("b", listener.local_addr().expect("bound"));
    gateway.hop = Hop::tcp(gateway.hop.addr);
    let mut a = Side::start(|c| c.gateways = vec![gateway]).await;
    let call = new_call();
    a.agent
        .invite(call, to_b(), caller(), offer(), RING)
        .expect("accepted");
    let (stream, _) = listener.accept().await.expect("a connection");
    stream.readable().await.expect("an INVITE");
    drop(stream);
    drop(listener);
    let (ended, side, status, _) = a.ended().await;
    assert_eq!((ended, side), (call, Who::Network));
    assert!(matches!(status, Some(408 | 503)), "{status:?}");
    // Nobody listens any more: that is known at once.
    let call = new_call();
    a.agent
        .invite(call, to_b(), caller(), offer(), RING)
        .expect("accepted");
    assert_eq!(a.ended().await, (call, Who::Network, Some(503), None));
}

/// Two agents through a proxy that loses messages; every call must end on both sides.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_call_is_stuck_when_forty_percent_get_lost() {
    let mut runs = tokio::task::JoinSet::new();
    for kind in [
        "INVITE", "CANCEL", "ACK", "BYE", "100", "180", "200", "486", "487", "any",
    ] {
        runs.spawn(all_end_despite(kind));
    }
    runs.join_all().await;
}

async fn all_end_despite(kind: &'static str) {
    let (mut a, mut b) = (Side::start(|_| {}).await, Side::start(|_| {}).await);
    let proxy = socket().await;
    let addr = proxy.local_addr().expect("bound");
    a.agent.set_gateways(vec![Gateway::udp("b", addr)]);
    b.agent.set_gateways(vec![Gateway::udp("a", addr)]);
    let ends = (a.agent.local_addr(), b.agent.local_addr());
    let proxy = tokio::spawn(lose(proxy, ends, kind));
    let calls: Vec<_> = (0..24).map(|_| new_call()).collect();
    let ring = Duration::from_secs(1);
    for call in &calls {
        a.agent
            .invite(*call, to_b(), caller(), offer(), ring)
            .expect("accepted");
    }
    let ended = answer_all(&mut a, &mut b, calls.len()).await;
    assert_eq!(ended.len(), calls.len(), "{kind}");
    assert!(calls.iter().all(|call| ended.contains(call)), "{kind}");
    assert!(a.agent.calls().is_empty(), "{kind}");
    // Where every answer got lost, B still rings: SIP has no CANCEL then. Its user gives up.
    for call in b.agent.calls() {
        let _ = b.agent.end(call, EndCause::NoAnswer);
    }
    assert!(b.agent.calls().is_empty(), "{kind}");
    proxy.abort();
}

/// B treats each call in turn: answers and lets A hang up, answers and hangs up, refuses, lets it
/// ring. Gives the calls that ended at A.
async fn answer_all(a: &mut Side, b: &mut Side, count: usize) -> Vec<crate::CallRef> {
    let mut ended = Vec::new();
    let mut seen = 0;
    let all = async {
        while ended.len() < count {
            tokio::select! {
                event = a.events.recv() => match event.expect("runs") {
                    SipEvent::Answered { call, .. } if seen % 2 == 0 => {
                        a.agent.end(call, EndCause::Normal).expect("up");
                    }
                    SipEvent::Ended { call, .. } => ended.push(call),
                    _ => {}
                },
                event = b.events.recv() => match event.expect("runs") {
                    SipEvent::Incoming { call, sdp_offer: Some(sdp), .. } => {
                        seen += 1;
                        match seen % 4 {
                            0 | 1 => b.agent.answer(call, answer_to(&sdp)).expect("offered"),
                            2 => b.agent.end(call, EndCause::Busy).expect("offered"),
                            _ => b.agent.ring(call).expect("offered"),
                        }
                    }
                    // Whoever is not hung up by A is by B.
                    SipEvent::Confirmed { call, .. } => {
                        let _ = b.agent.end(call, EndCause::Normal);
                    }
                    _ => {}
                },
            }
        }
    };
    timeout(Duration::from_secs(60), all)
        .await
        .expect("every call ends");
    ended
}

/// Forwards between two agents, staying in their dialogs, and loses messages of one kind.
async fn lose(socket: UdpSocket, (a, b): (SocketAddr, SocketAddr), kind: &'static str) {
    let me = socket.local_addr().expect("bound");
    let mut random = StdRng::seed_from_u64(40);
    let mut buffer = vec![0; 65_535];
    loop {
        let Ok((length, from)) = socket.recv_from(&mut buffer).await else {
            continue;
        };
        let Ok(message) = Message::parse(&buffer[..length]) else {
            continue;
        };
        let status = message.status().map(|s| s.to_string());
        let name = status
            .as_deref()
            .or(message.method().map(Method::name))
            .unwrap_or_default();
        if (kind == "any" || kind == name) && random.random_bool(0.4) {
            continue;
        }
        let first = message.method() == Some(&Method::Invite) && message.tag_of_to().is_none();
        let message = if first {
            message.with("Record-Route", format!("<sip:{me};lr>"))
        } else {
            message
        };
        let to = if from == a { b } else { a };
        socket.send_to(&message.to_bytes(), to).await.ok();
    }
}
