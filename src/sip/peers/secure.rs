//! A phone whose address asks for TLS at every hop (`sips:`), on a real TLS stream.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::client::TlsStream;

use super::{REALM, Side, caller, new_call, offer, rows::tunnel, sipp::free_port, streams::tls};
use crate::{
    Algorithm, Destination, SipEvent,
    message::{Message, Method},
};

const PATIENCE: Duration = Duration::from_secs(30);

/// What its Contact says is nowhere: it is reached by its stream.
const CONTACT: &str = "<sips:1001@192.0.2.7:5061>";

struct Phone {
    stream: TlsStream<TcpStream>,
    heard: Vec<u8>,
    nonce: String,
    sent: u32,
}

impl Phone {
    async fn connect(port: u16) -> Self {
        Self {
            stream: tunnel::connect(([127, 0, 0, 1], port).into()).await,
            heard: Vec::new(),
            nonce: String::new(),
            sent: 0,
        }
    }

    /// Sends a request, signed where there is a challenge; gives the first answer but for 100.
    async fn asks(&mut self, method: Method, uri: &str) -> Message {
        self.sent += 1;
        let (name, count) = (method.name().to_owned(), self.sent);
        let mut request = Message::request(method.clone(), uri)
            .with(
                "Via",
                format!("SIP/2.0/TLS 192.0.2.7;branch=z9hG4bK{count};rport"),
            )
            .with("Max-Forwards", "70")
            .with("From", "<sips:1001@phones.test>;tag=them")
            .with("To", "<sips:1001@phones.test>")
            .with("Call-ID", format!("secure-{name}"))
            .with("CSeq", format!("{count} {name}"))
            .with("Contact", CONTACT);
        if !self.nonce.is_empty() {
            request = request.with("Authorization", self.digest(&name, uri));
        }
        let sdp = match method {
            Method::Invite => offer(),
            _ => Vec::new(),
        };
        if !sdp.is_empty() {
            request = request.with_body("application/sdp", sdp);
        }
        let written = self.stream.write_all(&request.to_bytes()).await;
        written.expect("the house listens");
        loop {
            let answer = self.hears().await;
            if answer.status() != Some(100) {
                return answer;
            }
        }
    }

    fn digest(&self, method: &str, uri: &str) -> String {
        let (nonce, nc) = (&self.nonce, format!("{:08x}", self.sent));
        let ha1 = Algorithm::Md5.of_parts(&["1001", REALM, "pw1001"]);
        let ha2 = Algorithm::Md5.of_parts(&[method, uri]);
        let response = Algorithm::Md5.of_parts(&[&ha1, nonce, &nc, "cn", "auth", &ha2]);
        format!(
            "Digest username=\"1001\", realm=\"{REALM}\", nonce=\"{nonce}\", uri=\"{uri}\", \
             response=\"{response}\", algorithm=MD5, qop=auth, nc={nc}, cnonce=\"cn\""
        )
    }

    /// The next message on the stream.
    async fn hears(&mut self) -> Message {
        loop {
            if let Some(length) = whole(&self.heard) {
                let rest = self.heard.split_off(length);
                let message = std::mem::replace(&mut self.heard, rest);
                return Message::parse(&message).expect("SIP");
            }
            let read = timeout(PATIENCE, self.stream.read_buf(&mut self.heard)).await;
            assert_ne!(read.expect("in time").expect("open"), 0, "it was closed");
        }
    }

    async fn registers(&mut self) {
        let challenge = self.asks(Method::Register, "sips:phones.test").await;
        assert_eq!(challenge.status(), Some(401));
        let mut challenges = challenge.headers("WWW-Authenticate");
        let md5 = challenges.find(|one| one.contains("MD5")).expect("MD5");
        let nonce = md5.split("nonce=\"").nth(1).expect("a nonce");
        self.nonce = nonce.split('"').next().expect("its end").to_owned();
        let done = self.asks(Method::Register, "sips:phones.test").await;
        assert_eq!(done.status(), Some(200));
    }
}

/// The length of the first message, once it is whole.
fn whole(heard: &[u8]) -> Option<usize> {
    let head = heard.windows(4).position(|end| end == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(&heard[..head]).expect("text");
    let body = text
        .lines()
        .find_map(|line| line.strip_prefix("Content-Length:"));
    let body = body.map_or(0, |length| length.trim().parse().expect("a number"));
    (heard.len() >= head + body).then_some(head + body)
}

#[tokio::test]
async fn a_phone_with_a_secure_address_is_called_and_calls_on_its_stream() {
    let port = free_port();
    let mut house = Side::start(|c| c.tls = Some(tls(port))).await;
    let mut phone = Phone::connect(port).await;
    phone.registers().await;
    house
        .wait(|event| matches!(event, SipEvent::Registered { .. }).then_some(()))
        .await;
    let to = Destination::Phone {
        extension: "1001".into(),
    };
    let call = new_call();
    let sent = house.agent.invite(call, to, caller(), offer(), PATIENCE);
    sent.expect("it is registered");
    let invite = phone.hears().await;
    assert_eq!(invite.uri(), Some("sips:1001@192.0.2.7:5061"));
    let contact = invite.header("Contact").expect("the house's");
    assert!(contact.starts_with("<sips:"), "{contact}");
    let busy = Message::answer(&invite, 486, "them").to_bytes();
    phone.stream.write_all(&busy).await.expect("open");
    assert_eq!(house.ended().await.2, Some(486));
    assert_eq!(phone.hears().await.method(), Some(&Method::Ack));

    let calls = phone.asks(Method::Invite, "sips:600@phones.test");
    let answers = async {
        let (call, theirs) = house.incoming().await;
        let ours = super::answer_to(&theirs);
        house.agent.answer(call, ours).expect("it waits");
    };
    let (answer, ()) = tokio::join!(calls, answers);
    assert_eq!(answer.status(), Some(200));
    let contact = answer.header("Contact").expect("the house's");
    assert!(contact.starts_with("<sips:600@"), "{contact}");
}
