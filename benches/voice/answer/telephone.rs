//! Telephones that answer whatever calls them: the least of SIP over UDP that a call needs, so that the
//! moment in which a 200 OK leaves is known.

use std::{
    collections::HashMap,
    net::{SocketAddr, UdpSocket},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// So soon is noticed that a telephone is not wanted any more.
const LOOK_UP: Duration = Duration::from_millis(100);

/// Answers until it is dropped.
pub struct Telephone {
    pub address: SocketAddr,
    gone: Arc<AtomicBool>,
}

impl Telephone {
    /// At this port of loopback; 0 for any. `take` has a thread of its own for each call.
    pub fn at(port: u16, take: impl Fn(Call) + Send + Clone + 'static) -> Self {
        let socket = UdpSocket::bind(("127.0.0.1", port)).expect("a free port");
        socket.set_read_timeout(Some(LOOK_UP)).expect("not zero");
        let address = socket.local_addr().expect("bound");
        let gone = Arc::new(AtomicBool::new(false));
        let until = gone.clone();
        std::thread::spawn(move || serve(&socket, &until, &take));
        Self { address, gone }
    }
}

impl Drop for Telephone {
    fn drop(&mut self) {
        self.gone.store(true, Ordering::Relaxed);
    }
}

fn serve(
    socket: &UdpSocket,
    gone: &Arc<AtomicBool>,
    take: &(impl Fn(Call) + Send + Clone + 'static),
) {
    let mut calls: HashMap<String, Arc<AtomicBool>> = HashMap::new();
    let mut buffer = [0; 65_536];
    while !gone.load(Ordering::Relaxed) {
        let Ok((length, from)) = socket.recv_from(&mut buffer) else {
            continue;
        };
        let request = Request(String::from_utf8_lossy(&buffer[..length]).into_owned());
        let id = request.header("Call-ID").unwrap_or_default().to_owned();
        match request.method() {
            "ACK" | "SIP/2.0" | "" => {}
            "INVITE" if !calls.contains_key(&id) => {
                let over = Arc::new(AtomicBool::new(false));
                calls.insert(id, over.clone());
                let call = Call {
                    request,
                    from,
                    socket: socket.try_clone().expect("a second handle"),
                    over: [over, gone.clone()],
                };
                let take = take.clone();
                std::thread::spawn(move || take(call));
            }
            // Sent again: the answer is on its way.
            "INVITE" => {}
            method => {
                if method == "BYE"
                    && let Some(over) = calls.get(&id)
                {
                    over.store(true, Ordering::Relaxed);
                }
                let done = request.response("200 OK", "Content-Length: 0\r\n\r\n", "");
                let _ = socket.send_to(done.as_bytes(), from);
            }
        }
    }
}

/// A call that has come in.
pub struct Call {
    request: Request,
    from: SocketAddr,
    socket: UdpSocket,
    /// It was hung up, or the telephone is gone.
    over: [Arc<AtomicBool>; 2],
}

impl Call {
    /// The user that was called.
    pub fn number(&self) -> &str {
        let uri = self.request.0.split_whitespace().nth(1).unwrap_or_default();
        let user = uri.split_once(':').map_or(uri, |(_, rest)| rest);
        user.split('@').next().unwrap_or_default()
    }

    /// Where the caller wants sound, by its offer.
    pub fn sound(&self) -> SocketAddr {
        let line = |start: &str| {
            let mut lines = self.request.0.lines();
            lines.find_map(|line| line.strip_prefix(start).map(str::trim))
        };
        let host = line("c=IN IP4 ").expect("where to send sound");
        let port = line("m=audio ").and_then(|line| line.split(' ').next());
        let port = port.expect("a port for sound");
        format!("{host}:{port}").parse().expect("an address")
    }

    pub fn is_over(&self) -> bool {
        self.over.iter().any(|over| over.load(Ordering::Relaxed))
    }

    pub fn ring(&self) {
        self.send(&self.request.response(
            "180 Ringing",
            "Content-Length: 0\r\n\r\n",
            &self.contact(),
        ));
    }

    /// The 200 OK, with sound at this port; it is sent by [`Self::send`].
    pub fn ok(&self, port: u16) -> String {
        let sdp = format!(
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
             m=audio {port} RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\na=ptime:20\r\n"
        );
        let body = format!(
            "Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{sdp}",
            sdp.len()
        );
        self.request.response("200 OK", &body, &self.contact())
    }

    pub fn send(&self, message: &str) {
        let sent = self.socket.send_to(message.as_bytes(), self.from);
        sent.expect("loopback takes it");
    }

    /// BYE, unless the other side was faster.
    pub fn hang_up(&self) {
        if self.is_over() {
            return;
        }
        let header = |name| self.request.header(name).unwrap_or_default();
        let target = header("Contact").split(['<', '>']).nth(1);
        let own = self.socket.local_addr().expect("bound");
        let id = header("Call-ID");
        self.send(&format!(
            "BYE {} SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bK{id};rport\r\nMax-Forwards: 70\r\n\
             From: {}\r\nTo: {}\r\nCall-ID: {id}\r\nCSeq: 1 BYE\r\nContent-Length: 0\r\n\r\n",
            target.expect("whom to send to"),
            self.request.to_with_tag(),
            header("From"),
        ));
    }

    fn contact(&self) -> String {
        let own = self.socket.local_addr().expect("bound");
        format!("Contact: <sip:{own}>\r\n")
    }
}

/// A message as it came.
struct Request(String);

impl Request {
    fn method(&self) -> &str {
        self.0.split_whitespace().next().unwrap_or_default()
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers(name).next()
    }

    fn headers(&self, name: &str) -> impl Iterator<Item = &str> {
        let lines = self.0.lines().skip(1).take_while(|line| !line.is_empty());
        lines.filter_map(move |line| {
            let (known, value) = line.split_once(':')?;
            known.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }

    fn to_with_tag(&self) -> String {
        let to = self.header("To").unwrap_or_default();
        if to.contains(";tag=") {
            return to.to_owned();
        }
        format!("{to};tag=here")
    }

    fn response(&self, status: &str, body: &str, contact: &str) -> String {
        let vias: String = self
            .headers("Via")
            .map(|via| format!("Via: {via}\r\n"))
            .collect();
        let header = |name| self.header(name).unwrap_or_default();
        format!(
            "SIP/2.0 {status}\r\n{vias}From: {}\r\nTo: {}\r\nCall-ID: {}\r\nCSeq: {}\r\n{contact}{body}",
            header("From"),
            self.to_with_tag(),
            header("Call-ID"),
            header("CSeq"),
        )
    }
}
