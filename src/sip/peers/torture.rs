//! The messages of RFC 4475 at real sockets, and what else makes two readers of a stream disagree.

use std::net::SocketAddr;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpStream, UdpSocket},
    time::{Duration, timeout},
};

use super::{Side, answer_to};
use crate::{
    Gateway,
    message::Message,
    wire::tests::{FATES, files},
};

const PATIENCE: Duration = Duration::from_secs(20);
/// In a stream the end of these does not come.
const UNFINISHED: &[&str] = &["baddn", "clerr"];

/// To whom the callers among them are a gateway.
async fn agent() -> Side {
    Side::start(|c| {
        (c.also_tcp, c.flood_limit) = (true, 0);
        c.gateways = vec![Gateway::udp("peer", ([127, 0, 0, 1], 9).into())];
    })
    .await
}

/// The name, the statuses of its answers, and the message.
fn rows() -> impl Iterator<Item = (&'static str, Vec<u16>, Vec<u8>)> {
    let all = ["valid", "invalid"].map(files);
    FATES.lines().map(move |row| {
        let words: Vec<_> = row.split(' ').collect();
        let [kind, _, name, fate] = words[..] else {
            panic!("{row}");
        };
        let bytes = all[usize::from(kind == "invalid")][name].clone();
        let statuses = fate.split('-').map_while(|status| status.parse().ok());
        (name, statuses.collect(), bytes)
    })
}

fn probe(transport: &str, number: usize) -> String {
    format!(
        "OPTIONS sip:x@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/{transport} 127.0.0.1:9;branch=z9hG4bKprobe{number};rport\r\n\
         From: <sip:raw@test>;tag=raw\r\nTo: <sip:x@test>\r\nCall-ID: probe\r\n\
         CSeq: {number} OPTIONS\r\nContent-Length: 0\r\n\r\n"
    )
}

/// A stream, of which answers are read one by one.
struct Talk {
    stream: TcpStream,
    rest: Vec<u8>,
}

impl Talk {
    async fn with(to: SocketAddr) -> Self {
        Self {
            stream: TcpStream::connect(to).await.expect("it listens"),
            rest: Vec::new(),
        }
    }

    async fn say(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.expect("sent");
    }

    /// The next answer; `None`: the other end has closed.
    async fn answer(&mut self) -> Option<Message> {
        loop {
            if let Some(head) = Message::head_end(&self.rest, 0) {
                let length = Message::length(&self.rest[..head]).expect("ours say it");
                if self.rest.len() >= head + length {
                    let rest = self.rest.split_off(head + length);
                    let answer = std::mem::replace(&mut self.rest, rest);
                    return Some(Message::parse(&answer).expect("SIP"));
                }
            }
            let read = timeout(PATIENCE, self.stream.read_buf(&mut self.rest)).await;
            if read.expect("an answer in time").unwrap_or(0) == 0 {
                return None;
            }
        }
    }
}

#[tokio::test]
async fn each_has_its_answer_in_a_stream() {
    let mut agent = agent().await;
    let to = agent.agent.local_addr();
    for (number, (name, fate, bytes)) in rows().enumerate() {
        let mut talk = Talk::with(to).await;
        talk.say(&bytes).await;
        if UNFINISHED.contains(&name) {
            continue;
        }
        for (nth, status) in fate.into_iter().enumerate() {
            if nth > 0 {
                take_call(&mut agent).await;
            }
            let answer = talk.answer().await.expect(name);
            assert_eq!(answer.status(), Some(status), "{name}");
        }
        // Whatever it was, the agent goes on.
        let mut talk = Talk::with(to).await;
        talk.say(probe("TCP", number + 1).as_bytes()).await;
        let answer = talk.answer().await.expect(name);
        assert_eq!(answer.status(), Some(200), "after {name}");
    }
}

#[tokio::test]
async fn each_has_its_answer_at_the_socket() {
    let mut agent = agent().await;
    let to = agent.agent.local_addr();
    for (number, (name, mut fate, bytes)) in rows().enumerate() {
        let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a free port");
        socket.send_to(&bytes, to).await.expect("sent");
        if fate.is_empty() {
            // Nothing comes of it, so that the first answer is to this.
            let probe = probe("UDP", number + 1);
            socket.send_to(probe.as_bytes(), to).await.expect("sent");
            fate.push(200);
        }
        for (nth, status) in fate.into_iter().enumerate() {
            if nth > 0 {
                take_call(&mut agent).await;
            }
            let mut buffer = vec![0; 65_535];
            let read = timeout(PATIENCE, socket.recv_from(&mut buffer)).await;
            let (length, _) = read.expect(name).expect("received");
            let answer = Message::parse(&buffer[..length]).expect("SIP");
            assert_eq!(answer.status(), Some(status), "{name}");
        }
    }
}

async fn take_call(agent: &mut Side) {
    let (call, offered) = agent.incoming().await;
    let answer = answer_to(&offered);
    agent.agent.answer(call, answer).expect("it is offered");
}

#[tokio::test]
async fn a_stream_holds_what_its_sender_meant_or_ends() {
    let agent = agent().await;
    let to = agent.agent.local_addr();
    let hidden = probe("TCP", 2);
    let outer = |length: &str| probe("TCP", 1).replace("Content-Length: 0\r\n", length);
    // A body is a body.
    let mut talk = Talk::with(to).await;
    let sent = outer(&format!("Content-Length : {}\r\n", hidden.len())) + &hidden;
    talk.say(sent.as_bytes()).await;
    talk.say(probe("TCP", 3).as_bytes()).await;
    let mut answered = Vec::new();
    for _ in 0..2 {
        let answer = talk.answer().await.expect("it stays open");
        assert_eq!(answer.status(), Some(200));
        answered.push(answer.cseq().expect("CSeq").number);
    }
    answered.sort_unstable();
    assert_eq!(answered, [1, 3]);
    // Where it ends is not to be known: one word, and nothing after it is read.
    for (length, status) in [
        ("Content-Type: application/sdp\r\n", 400),
        ("Content-Length: 0\r\nContent-Length: 9\r\n", 400),
        ("Content-Length: 18446744073709551615\r\n", 513),
    ] {
        let mut talk = Talk::with(to).await;
        talk.say((outer(length) + &hidden).as_bytes()).await;
        let answer = talk.answer().await.expect(length);
        assert_eq!(answer.status(), Some(status), "{length}");
        assert_eq!(talk.answer().await, None, "{length}");
    }
    // A method of which nobody knows costs nobody the stream.
    let mut talk = Talk::with(to).await;
    talk.say(probe("TCP", 1).replace("OPTIONS", "BREW").as_bytes())
        .await;
    assert_eq!(talk.answer().await.expect("an answer").status(), Some(501));
    talk.say(probe("TCP", 2).as_bytes()).await;
    assert_eq!(talk.answer().await.expect("an answer").status(), Some(200));
}
