//! What leaves in which order.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    net::UdpSocket,
    sync::{
        mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
        oneshot,
    },
};

use super::{Feed, Wire};
use crate::{
    Config, Hop,
    core::{Input, TxId},
    message::{Message, Method},
};

/// Notes what a core would be fed.
#[derive(Clone)]
struct Inputs(UnboundedSender<Input>);

impl Feed for Inputs {
    fn feed(&self, input: Input) {
        self.0.send(input).ok();
    }
}

async fn open() -> (Arc<Wire>, Inputs, UnboundedReceiver<Input>) {
    let config = Config::new(loopback(), "test");
    let opened = Wire::open(&config).await.expect("a free port");
    let wire = opened.wire.clone();
    let (tell, told) = unbounded_channel();
    let inputs = Inputs(tell);
    opened.run(Arc::new(inputs.clone()), "salt");
    (wire, inputs, told)
}

fn loopback() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

fn request(method: Method, number: u32) -> Message {
    let name = method.name().to_owned();
    let mut request = Message::request(method, "sip:far@127.0.0.1:5060");
    for (header, value) in [
        (
            "Via",
            format!("SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bKleaves{number};rport"),
        ),
        ("From", "<sip:us@127.0.0.1>;tag=us".to_owned()),
        ("To", "<sip:far@127.0.0.1>;tag=far".to_owned()),
        ("Call-ID", "leaving".to_owned()),
        ("CSeq", format!("{number} {name}")),
        ("Max-Forwards", "70".to_owned()),
    ] {
        request.push(header, value);
    }
    request
}

/// The far end holds the only thread while it waits: what had not left before never does.
#[tokio::test]
async fn an_answer_that_is_told_to_have_left_has_left() {
    let (wire, _, mut told) = open().await;
    let far = std::net::UdpSocket::bind(loopback()).expect("a free port");
    far.set_read_timeout(Some(Duration::from_secs(10)))
        .expect("a limit");
    let asked = request(Method::Options, 1).to_bytes();
    far.send_to(&asked, wire.local_addr()).expect("it is sent");
    let Some(Input::Request { tx, message, .. }) = told.recv().await else {
        panic!("no request");
    };
    let left = wire.respond(tx, &Message::answer(&message, 200, "here"));
    left.await.expect("it is told");
    let mut buffer = [0; 2_000];
    let length = far.recv(&mut buffer).expect("it is there");
    assert!(buffer[..length].starts_with(b"SIP/2.0 200 OK\r\n"));
}

#[tokio::test(start_paused = true)]
async fn a_request_behind_an_answer_and_what_follows_it_wait_for_the_answer() {
    let (wire, inputs, _told) = open().await;
    let far = UdpSocket::bind(loopback()).await.expect("a free port");
    let to = Hop::udp(far.local_addr().expect("it is bound"));
    let (answer_has, left) = oneshot::channel();
    let core = || Arc::new(inputs.clone());
    let notify = request(Method::Notify, 1);
    wire.send(TxId::Client(1), &notify, (to, Some(left)), core());
    wire.send(
        TxId::Client(2),
        &request(Method::Bye, 2),
        (to, None),
        core(),
    );
    // Whoever does not wait leaves now.
    for _ in 0..200 {
        tokio::task::yield_now().await;
    }
    let late = UdpSocket::bind(loopback()).await.expect("a free port");
    late.send_to(b"the answer", to.addr)
        .await
        .expect("it is sent");
    answer_has.send(()).expect("it is waited for");
    let mut seen = Vec::new();
    while seen.len() < 3 {
        let mut buffer = [0; 2_000];
        let length = far.recv(&mut buffer).await.expect("a datagram");
        let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
        let name = text.split(" sip:").next().unwrap_or_default().to_owned();
        if !seen.contains(&name) {
            seen.push(name);
        }
    }
    assert_eq!(seen, ["the answer", "NOTIFY", "BYE"]);
}

/// As one into a stream that nobody reads.
#[tokio::test(start_paused = true)]
async fn an_answer_that_never_leaves_holds_nothing_up_for_long() {
    let (wire, inputs, _told) = open().await;
    let far = UdpSocket::bind(loopback()).await.expect("a free port");
    let to = Hop::udp(far.local_addr().expect("it is bound"));
    let (_never, left) = oneshot::channel();
    let notify = request(Method::Notify, 1);
    wire.send(TxId::Client(1), &notify, (to, Some(left)), Arc::new(inputs));
    let mut buffer = [0; 2_000];
    let length = far.recv(&mut buffer).await.expect("a datagram");
    assert!(buffer[..length].starts_with(b"NOTIFY sip:far@"));
}
