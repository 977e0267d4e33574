//! Strangers at the running server while a call is up: sound and junk from another address, tools that
//! look for phones and guess passwords, messages in pieces. The call does not notice.

use std::{
    collections::BTreeSet,
    io::ErrorKind,
    net::{TcpStream, UdpSocket},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::kit::{
    baresip::{AGENT_HERTZ, Baresip},
    carrier::Fate,
    client::Client,
    server::House,
    sipp::{CARRIER_HERTZ, Sipp},
    sound::{self, over_noise_db, read_stereo, tones_in},
    stage::{self, text},
    voice::LAW,
    wait,
};

const TALK_MS: u32 = 100_000;
const ANSWERS: &[(char, Fate)] = &[(
    '0',
    Fate::Answers {
        ring_ms: 100,
        talk_ms: TALK_MS,
    },
)];
const SOON: Duration = Duration::from_secs(40);
const SHRIEK: f64 = 3000.0;
const ALL: [f64; 3] = [AGENT_HERTZ, CARRIER_HERTZ, SHRIEK];

#[tokio::test(flavor = "multi_thread")]
async fn a_call_does_not_notice_who_else_is_at_the_door() {
    let carrier = Sipp::carrier(ANSWERS);
    let house = House::new();
    let server = house.start();
    let api = house.admin().await;
    let agents = stage::queue(&api, "sales", &["1001"], json!({})).await;
    let phone = Baresip::start(&agents[0].extension, &agents[0].secret, server.sip);
    agents[0].work(&api).await;
    let batch = stage::batch(&api, "one", &["13800138000"]).await;
    let gateway = stage::gateway(&api, &carrier, 10.0).await;
    let settings = stage::settings(&gateway);
    let campaign = stage::start(&api, "predictive", &batch, ("queue", "sales"), settings).await;
    campaign
        .until(&api, "the conversation", SOON, |stats| {
            stats["talking"] == 1
        })
        .await;
    let hears = async |what: &str| {
        wait::until(what, SOON, || async {
            let phone = tones_in(&phone.hears(), &ALL) == [CARRIER_HERTZ];
            let customer = tones_in(&carrier.sound.hears(), &ALL) == [AGENT_HERTZ];
            (phone && customer).then_some(())
        })
        .await;
    };
    hears("both to hear each other").await;

    let call = campaign.calls(&api).await.remove(0);
    let trace = api
        .get(&format!("/calls/{}/trace", text(&call["id"])))
        .await;
    let ports = sound_ports(&trace);
    assert_eq!(ports.len(), 2, "one for each leg: {trace:#}");
    let drawn = tokio::task::spawn_blocking(move || inject(&ports)).await;
    assert_eq!(drawn.expect("no panic"), 0, "packets drawn away");
    hears("both to hear each other and nobody else").await;

    let sip = server.sip;
    let met = tokio::task::spawn_blocking(move || {
        map(sip);
        look_for_phones(sip);
        guess_a_password(sip);
        send_in_pieces(sip);
    });
    met.await.expect("no panic");
    assert_eq!(
        bans(&api).await,
        [
            ("127.0.0.66".to_owned(), "scanner".to_owned()),
            ("127.0.0.67".to_owned(), "unanswered".to_owned()),
            ("127.0.0.68".to_owned(), "wrong_password".to_owned()),
        ]
        .into()
    );
    agents[0].registered(&api).await;
    hears("both to hear each other at the end").await;

    phone.order("hangup", "");
    campaign.dialled_out(&api, 1, SOON).await;
    let call = wait::until("the recording", SOON, || async {
        let call = campaign.calls(&api).await.pop()?;
        call["recording_ms"].is_number().then_some(call)
    })
    .await;
    assert_eq!(call["outcome"], "connected", "{call:#}");
    let wav = house
        .data()
        .join("recordings")
        .join(text(&call["recording"]));
    let [left, right] = read_stereo(&wav);
    assert!(over_noise_db(&left, CARRIER_HERTZ) > 20.0);
    assert!(over_noise_db(&right, AGENT_HERTZ) > 20.0);
    for side in [left, right] {
        let heard = over_noise_db(&side, SHRIEK);
        assert!(heard < -20.0, "{heard} dB of what was injected");
    }
}

/// Where the server takes the sound of a call, by the descriptions that it sent.
fn sound_ports(trace: &Value) -> BTreeSet<u16> {
    let messages = trace["messages"].as_array().expect("messages");
    let sent = messages.iter().filter(|message| message["sent"] == true);
    sent.filter_map(|message| {
        let (_, after) = message["text"].as_str()?.split_once("m=audio ")?;
        after.split(' ').next()?.parse().ok()
    })
    .collect()
}

/// Two seconds of a shrill tone to every port of the call, and what speaks other protocols. Gives the
/// packets that came back.
fn inject(ports: &BTreeSet<u16>) -> usize {
    let thief = UdpSocket::bind("127.0.0.2:0").expect("another address");
    let stun = [
        &b"\x00\x01\x00\x00\x21\x12\xa4\x42thief-of-sou"[..],
        b"\x16\xfe\xfd\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00",
        b"\x80",
    ];
    for n in 0..100_u16 {
        let tone = sound::tone(SHRIEK, 0.5, u64::from(n) * 160, 160);
        let mut packet = vec![0x80, 8];
        packet.extend(n.to_be_bytes());
        packet.extend((u32::from(n) * 160).to_be_bytes());
        packet.extend(*b"evil");
        packet.extend(tone.into_iter().map(|sample| LAW.encode(sample)));
        for port in ports {
            for datagram in [&packet[..]].into_iter().chain(stun) {
                let sent = thief.send_to(datagram, ("127.0.0.1", *port));
                sent.expect("loopback takes it");
            }
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    thief.set_nonblocking(true).expect("a socket");
    std::iter::repeat_with(|| thief.recv(&mut [0; 2_000]))
        .take_while(Result::is_ok)
        .count()
}

/// A tool with an address of its own.
struct Tool {
    socket: UdpSocket,
    address: String,
    sip: u16,
    sent: u32,
}

impl Tool {
    fn at(ip: &str, sip: u16) -> Self {
        let socket = UdpSocket::bind((ip, 0)).expect("loopback");
        let address = socket.local_addr().expect("bound").to_string();
        Self {
            socket,
            address,
            sip,
            sent: 0,
        }
    }

    /// What is answered.
    fn ask(&mut self, method: &str, user: &str, headers: &str) -> String {
        let answer = self.hear(Duration::from_secs(20), method, user, headers);
        answer.expect("an answer in time")
    }

    /// What is answered within `patience`.
    fn hear(
        &mut self,
        patience: Duration,
        method: &str,
        user: &str,
        headers: &str,
    ) -> Option<String> {
        let until = Instant::now() + patience;
        self.sent += 1;
        let (me, n) = (&self.address, self.sent);
        let request = format!(
            "{method} sip:{user}@127.0.0.1 SIP/2.0\r\n\
             Via: SIP/2.0/UDP {me};branch=z9hG4bK-{n};rport\r\nMax-Forwards: 70\r\n\
             From: <sip:{user}@127.0.0.1>;tag={n}\r\nTo: <sip:{user}@127.0.0.1>\r\n\
             Call-ID: {n}@{me}\r\nCSeq: 1 {method}\r\nContact: <sip:{user}@{me}>\r\n\
             {headers}Content-Length: 0\r\n\r\n"
        );
        let to = ("127.0.0.1", self.sip);
        let sent = self.socket.send_to(request.as_bytes(), to);
        sent.expect("loopback takes it");
        let mut answer = [0; 4_000];
        // Those to INVITE are repeated; only what answers this one counts.
        while let Some(left) = until.checked_duration_since(Instant::now()) {
            let left = left.max(Duration::from_millis(1));
            self.socket.set_read_timeout(Some(left)).expect("a time");
            // It is over, or a signal came in between.
            let Ok(length) = self.socket.recv(&mut answer) else {
                continue;
            };
            let text = String::from_utf8_lossy(&answer[..length]);
            if text.contains(&format!("Call-ID: {n}@{me}")) {
                return Some(text.into_owned());
            }
        }
        None
    }

    fn is_shut_out(&mut self) {
        let answer = self.hear(Duration::from_millis(500), "OPTIONS", "100", "");
        assert_eq!(answer, None, "nothing is read");
    }
}

/// As `svmap` does: who is there?
fn map(sip: u16) {
    let mut svmap = Tool::at("127.0.0.66", sip);
    let answer = svmap.ask("OPTIONS", "100", "User-Agent: friendly-scanner\r\n");
    assert!(answer.starts_with("SIP/2.0 403"), "{answer}");
    svmap.is_shut_out();
}

/// As `svwar` does: which phones are there? 1001 is; the others are not. The answers are the same.
fn look_for_phones(sip: u16) {
    let mut svwar = Tool::at("127.0.0.67", sip);
    let mut answers = BTreeSet::new();
    for number in 0..80 {
        let method = ["REGISTER", "INVITE"][number % 2];
        let user = (1_000 + number / 2).to_string();
        let answer = svwar.ask(method, &user, "");
        let shape: Vec<_> = answer
            .lines()
            .map(|line| line.split([' ', ':', '=']).next().unwrap_or_default())
            .collect();
        let status = answer.lines().next().unwrap_or_default();
        answers.insert(format!("{status} {}", shape.join(" ")));
    }
    assert_eq!(answers.len(), 1, "{answers:#?}");
    assert!(answers.first().is_some_and(|a| a.contains("401")));
    svwar.is_shut_out();
}

/// As `svcrack` does: what is the password of 1001?
fn guess_a_password(sip: u16) {
    let mut svcrack = Tool::at("127.0.0.68", sip);
    for guess in 0..8 {
        let challenge = svcrack.ask("REGISTER", "1001", "");
        let quoted = |name: &str| {
            let (_, after) = challenge.split_once(&format!("{name}=\""))?;
            after.split('"').next()
        };
        let (Some(realm), Some(nonce)) = (quoted("realm"), quoted("nonce")) else {
            panic!("no challenge: {challenge}");
        };
        let guessed = format!(
            "Authorization: Digest username=\"1001\", realm=\"{realm}\", nonce=\"{nonce}\", \
             uri=\"sip:1001@127.0.0.1\", response=\"{guess:032x}\", algorithm=MD5\r\n"
        );
        let answer = svcrack.ask("REGISTER", "1001", &guessed);
        assert!(!answer.starts_with("SIP/2.0 2"), "{answer}");
    }
    svcrack.is_shut_out();
}

/// Requests over TCP whose bytes come in two pieces, cut at every place.
fn send_in_pieces(sip: u16) {
    use std::io::{Read as _, Write as _};
    let mut stream = TcpStream::connect(("127.0.0.1", sip)).expect("it listens");
    stream.set_nodelay(true).expect("a socket");
    stream.set_read_timeout(Some(SOON)).expect("a time");
    let request = |n: usize| {
        format!(
            "OPTIONS sip:100@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1:9;branch=z9hG4bKp{n}\r\n\
             Max-Forwards: 70\r\nFrom: <sip:x@test>;tag=1\r\nTo: <sip:x@test>\r\nCall-ID: pieces\r\n\
             CSeq: {n} OPTIONS\r\nContent-Length: 4\r\n\r\nbody"
        )
    };
    for cut in (1..request(1).len()).step_by(7) {
        let text = request(cut);
        let (first, second) = text.as_bytes().split_at(cut);
        stream.write_all(first).expect("it reads");
        stream.flush().expect("it reads");
        stream.write_all(second).expect("it reads");
        let mut answer = String::new();
        while !answer.contains("\r\n\r\n") {
            let mut bytes = [0; 2_000];
            let length = match stream.read(&mut bytes) {
                Ok(length) => length,
                // A signal in between is nothing.
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => panic!("an answer: {error}"),
            };
            assert!(length > 0, "it stays open");
            answer.push_str(&String::from_utf8_lossy(&bytes[..length]));
        }
        assert!(answer.starts_with("SIP/2.0 200"), "{answer}");
        assert!(answer.contains(&format!("CSeq: {cut} OPTIONS")), "{answer}");
    }
}

async fn bans(api: &Client) -> BTreeSet<(String, String)> {
    let list = api.get("/bans").await;
    let rows = list["data"].as_array().expect("bans").clone();
    rows.iter()
        .map(|ban| (text(&ban["address"]), text(&ban["reason"])))
        .collect()
}
