//! Media before the answer to a caller who wants our offer, by hand over UDP.

use tokio::net::UdpSocket;

use super::*;

struct Caller {
    socket: UdpSocket,
    house: SocketAddr,
}

impl Caller {
    /// A far end, as a gateway of the house.
    async fn of(house: &Embedded) -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let socket = socket.expect("a free port");
        let address = socket.local_addr().expect("bound");
        house.set_gateways(vec![Gateway::udp("far", address)]);
        let house = house.sip_address();
        Self { socket, house }
    }

    async fn send(&self, method: &str, cseq: u8, to: &str, more: &str, body: &str) {
        let (house, address) = (self.house, self.socket.local_addr().expect("bound"));
        let length = body.len();
        let number = if method == "ACK" { 1 } else { cseq };
        let kind = if body.is_empty() {
            ""
        } else {
            "Content-Type: application/sdp\r\n"
        };
        let text = format!(
            "{method} sip:600@{house} SIP/2.0\r\n\
             Via: SIP/2.0/UDP {address};branch=z9hG4bKearly{cseq}\r\nMax-Forwards: 70\r\n\
             From: <sip:1000@far.test>;tag=far\r\nTo: {to}\r\nCall-ID: early@far\r\n\
             CSeq: {number} {method}\r\nContact: <sip:far@{address}>\r\n{more}{kind}\
             Content-Length: {length}\r\n\r\n{body}"
        );
        let sent = self.socket.send_to(text.as_bytes(), house).await;
        sent.expect("loopback");
    }

    /// The next response to that method; what is repeated is passed over.
    async fn response(&self, status: u16, method: &str) -> String {
        let mut buffer = [0; 4_000];
        let found = async {
            loop {
                let length = self.socket.recv(&mut buffer).await.expect("a packet");
                let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
                let answers = text.contains(&format!(" {method}\r\n"));
                if answers && text.starts_with(&format!("SIP/2.0 {status} ")) {
                    return text;
                }
            }
        };
        let found = tokio::time::timeout(DEADLINE, found).await;
        found.unwrap_or_else(|_| panic!("waited for {status} to {method}"))
    }
}

/// The value of a header that is there once.
fn header<'a>(message: &'a str, name: &str) -> &'a str {
    let found = message.lines().find_map(|line| line.strip_prefix(name));
    found.expect("the header").trim_start_matches(": ")
}

fn describes(port: u16, direction: &str) -> String {
    format!(
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
         m=audio {port} RTP/AVP 8\r\na={direction}\r\n"
    )
}

#[tokio::test]
async fn sound_goes_both_ways_while_it_rings_and_the_answer_keeps_it() {
    let house = switch(49_000..=49_498).await;
    let caller = Caller::of(&house).await;
    let sound = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await;
    let sound = sound.expect("a free port");
    let port = sound.local_addr().expect("bound").port();
    let mut told = house.events().expect("events");
    let insists = "Require: 100rel\r\n";
    caller
        .send("INVITE", 1, "<sip:600@house>", insists, "")
        .await;
    let leg = incoming(&mut told).await;
    house
        .send(CommandId(1), Command::Ring { leg })
        .expect("a leg that waits");
    let ringing = caller.response(180, "INVITE").await;
    assert!(ringing.contains("m=audio"), "{ringing}");
    let to = header(&ringing, "To").to_owned();
    let acknowledges = format!("RAck: {} 1 INVITE\r\n", header(&ringing, "RSeq"));
    let answer = describes(port, "sendrecv");
    caller.send("PRACK", 2, &to, &acknowledges, &answer).await;
    caller.response(200, "PRACK").await;
    let early = EventKind::Ringing { early_media: true };
    while next(&mut told).await.kind != early {}
    // What it is to hear it hears: a prompt, before the answer.
    let play = Command::Play {
        leg,
        play: switch::PlayId(1),
        prompt: "tone:1000:60000".to_owned(),
        times: 1,
    };
    house.send(CommandId(2), play).expect("a prompt");
    let packet = tokio::time::timeout(DEADLINE, sound.recv(&mut [0; 500])).await;
    packet.expect("sound in time").expect("a packet");
    let update = describes(port, "sendonly");
    caller.send("UPDATE", 3, &to, "", &update).await;
    let held = caller.response(200, "UPDATE").await;
    assert!(held.contains("a=recvonly"), "{held}");
    while next(&mut told).await.kind != (EventKind::FarEndHolds { on: true }) {}
    house
        .send(CommandId(3), Command::Answer { leg })
        .expect("a leg that waits");
    let answered = caller.response(200, "INVITE").await;
    assert!(!answered.contains("m=audio"), "{answered}");
    caller.send("ACK", 4, &to, "", "").await;
    while next(&mut told).await.kind != EventKind::Answered {}
    caller.send("BYE", 5, &to, "", "").await;
    caller.response(200, "BYE").await;
}
