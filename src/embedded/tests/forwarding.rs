//! A desk phone that is set to forward every call.

use tokio::net::UdpSocket;

use super::*;

struct OnePhone;

impl sip::PhoneBook for OnePhone {
    fn secrets(&self, extension: &str) -> Option<sip::Ha1> {
        (extension == "8500").then(|| sip::ha1("8500", "test", "secret"))
    }
}

/// A switch at which the phone 8500 is registered, which says 302 to every call: to `to`.
pub(super) async fn house_with_phone(ports: RangeInclusive<u16>, to: &str) -> Arc<Embedded> {
    let mut config = config(ports);
    config.phones = Arc::new(OnePhone);
    let house = Embedded::start(config).await.expect("a free port");
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await;
    let socket = socket.expect("a free port");
    let phone = Phone {
        at: socket.local_addr().expect("bound"),
        socket,
        house: house.sip_address(),
    };
    phone.register().await;
    let to = to.to_owned();
    tokio::spawn(async move { phone.forward(&to).await });
    house
}

struct Phone {
    socket: UdpSocket,
    at: SocketAddr,
    house: SocketAddr,
}

impl Phone {
    async fn register(&self) {
        self.say(&self.registration(1, "")).await;
        let challenge = self.heard("SIP/2.0 401").await;
        let md5 = challenge.lines().find(|line| line.contains("=MD5"));
        let nonce = md5.and_then(|line| line.split("nonce=\"").nth(1)?.split('"').next());
        let nonce = nonce.expect("an MD5 challenge");
        // Both hashes are of parts with colons between them, as a phone's secret is.
        let own = sip::ha1("8500", "test", "secret").md5;
        let what = sip::ha1("REGISTER", "sip", "test").md5;
        let response = sip::ha1(&own, nonce, &format!("00000001:cn:auth:{what}")).md5;
        let digest = format!(
            "Authorization: Digest username=\"8500\", realm=\"test\", nonce=\"{nonce}\", uri=\"sip:test\", \
             response=\"{response}\", algorithm=MD5, qop=auth, nc=00000001, cnonce=\"cn\"\r\n"
        );
        self.say(&self.registration(2, &digest)).await;
        self.heard("SIP/2.0 200").await;
    }

    fn registration(&self, cseq: u32, digest: &str) -> String {
        let at = self.at;
        format!(
            "REGISTER sip:test SIP/2.0\r\nVia: SIP/2.0/UDP {at};branch=z9hG4bK{cseq};rport\r\n\
             From: <sip:8500@test>;tag=1\r\nTo: <sip:8500@test>\r\nCall-ID: r@{at}\r\nCSeq: {cseq} REGISTER\r\n\
             Contact: <sip:8500@{at}>\r\nExpires: 60\r\nMax-Forwards: 70\r\n{digest}Content-Length: 0\r\n\r\n"
        )
    }

    async fn forward(&self, to: &str) {
        loop {
            let request = self.heard("").await;
            let (status, more) = match request.split(' ').next() {
                Some("INVITE") => (
                    "302 Moved Temporarily",
                    format!("Contact: <sip:9@test>;q=0.2, <sip:{to}@{}>\r\n", self.at),
                ),
                Some("ACK") => continue,
                _ => ("200 OK", String::new()),
            };
            let copied = request.lines().filter(|line| {
                let copied = ["Via:", "From:", "To:", "Call-ID:", "CSeq:"];
                copied.iter().any(|name| line.starts_with(name))
            });
            let copied = copied.map(|line| match line.starts_with("To:") {
                true => format!("{line};tag=p\r\n"),
                false => format!("{line}\r\n"),
            });
            let copied: String = copied.collect();
            self.say(&format!(
                "SIP/2.0 {status}\r\n{copied}{more}Content-Length: 0\r\n\r\n"
            ))
            .await;
        }
    }

    async fn say(&self, text: &str) {
        let sent = self.socket.send_to(text.as_bytes(), self.house).await;
        sent.expect("loopback takes it");
    }

    /// The next message that begins so.
    async fn heard(&self, start: &str) -> String {
        let mut buffer = vec![0; 65_536];
        loop {
            let heard = self.socket.recv_from(&mut buffer).await;
            let (size, _) = heard.expect("the house is there");
            let text = String::from_utf8_lossy(&buffer[..size]).into_owned();
            if text.starts_with(start) {
                return text;
            }
        }
    }
}
