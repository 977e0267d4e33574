//! SIPp as far end: one scenario, played once.
//!
//! The scenarios are SIPp's own XML, with what every message carries left out: [`expand`] puts it in.

use std::{
    fmt::Write as _,
    fs,
    net::{SocketAddr, TcpListener, UdpSocket},
    path::Path,
    process::Stdio,
    sync::atomic::{AtomicU16, Ordering},
    time::Duration,
};

use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::fuzz::beside;

const SIPP: &str = "/usr/bin/sipp";
const PATIENCE: Duration = Duration::from_secs(60);

pub(super) fn is_there() -> bool {
    is_installed(SIPP, "sip-tester")
}

/// Whether a program of a Debian package is there. It has to be, unless somebody wants to do without.
pub(super) fn is_installed(program: &str, package: &str) -> bool {
    let there = Path::new(program).exists();
    assert!(
        there || std::env::var_os("PACELINE_WITHOUT_PEERS").is_some(),
        "{program} is not installed (Debian: {package}); PACELINE_WITHOUT_PEERS=1 leaves out what needs it"
    );
    if !there {
        eprintln!("left out: {program} is not installed");
    }
    there
}

/// A port free for UDP and TCP, below those that the kernel gives out by itself, so that nothing
/// takes it before SIPp does.
pub(super) fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = (std::process::id() % 100) as u16 * 20;
    for _ in 0..2_000 {
        let port = 7_000 + first.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % 2_000;
        // Every SIPp takes one of these for orders.
        if (8_888..=8_948).contains(&port) {
            continue;
        }
        let free = |port| {
            UdpSocket::bind(("127.0.0.1", port)).is_ok()
                && TcpListener::bind(("127.0.0.1", port)).is_ok()
        };
        if free(port) {
            return port;
        }
    }
    panic!("no free port");
}

/// A running SIPp.
pub(super) struct Sipp {
    pub(super) addr: SocketAddr,
    process: Child,
    folder: TempDir,
}

impl Sipp {
    /// The called side: it waits for one call.
    pub(super) fn waits(scenario: &str) -> Self {
        Self::play(scenario, &["-m", "1"])
    }

    /// The calling side: it calls 600 there, once.
    pub(super) fn calls(scenario: &str, target: SocketAddr) -> Self {
        Self::play(scenario, &["-m", "1", "-s", "600", &target.to_string()])
    }

    /// Plays a scenario of this folder, or one of SIPp's own (`uas`), with further arguments.
    pub(super) fn play(scenario: &str, arguments: &[&str]) -> Self {
        Self::play_behind(None, scenario, arguments)
    }

    /// The same for a SIPp that is reached through something else: its Contact says what.
    pub(super) fn play_behind(contact: Option<String>, scenario: &str, arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let port = free_port();
        let tcp = arguments.contains(&"t1");
        let transport = if tcp { ";transport=tcp" } else { "" };
        let contact = contact.unwrap_or_else(|| format!("127.0.0.1:{port}{transport}"));
        let mut command = Command::new(SIPP);
        match written(scenario) {
            Some(text) => {
                let file = folder.path().join("scenario.xml");
                fs::write(&file, expand(&text)).expect("it is writable");
                command.arg("-sf").arg(file);
            }
            None => _ = command.args(["-sn", scenario]),
        }
        let errors = fs::File::create(folder.path().join("stderr.log")).expect("it is writable");
        let process = command
            .args(["-i", "127.0.0.1", "-p", &port.to_string(), "-nostdin"])
            .args(["-trace_err", "-error_file", "errors.log"])
            .args(["-trace_msg", "-message_file", "messages.log"])
            .args(["-key", "contact", &contact])
            .args(arguments)
            .current_dir(folder.path())
            .stdout(Stdio::null())
            .stderr(errors)
            .kill_on_drop(true)
            .spawn()
            .expect("SIPp starts");
        Self {
            addr: SocketAddr::from(([127, 0, 0, 1], port)),
            process,
            folder,
        }
    }

    /// Waits until its TCP port is there; asking for a connection would be a call.
    pub(super) async fn listens(&self) {
        let there = async {
            while TcpListener::bind(self.addr).is_ok() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let there = tokio::time::timeout(PATIENCE, there).await;
        there.expect("SIPp listens in time");
    }

    /// Waits for the end of the scenario: everything came as it says. Gives back what was received,
    /// message by message.
    pub(super) async fn success(mut self) -> Vec<String> {
        let ended = tokio::time::timeout(PATIENCE, self.process.wait()).await;
        let status = ended.expect("SIPp ends").expect("it ran");
        assert!(status.success(), "SIPp says {status}");
        self.received()
    }

    fn received(&self) -> Vec<String> {
        let log = self.read("messages.log");
        let messages = log.split("----------------------------------------------- ");
        let received = |message: &str| {
            let (head, body) = message.split_once("\n\n")?;
            head.contains("message received").then(|| body.to_owned())
        };
        messages.filter_map(received).collect()
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join(name)).unwrap_or_default()
    }
}

/// A failing test says what SIPp says.
impl Drop for Sipp {
    fn drop(&mut self) {
        if std::thread::panicking() {
            for name in ["stderr.log", "errors.log", "messages.log"] {
                eprintln!("--- SIPp's {name}\n{}", self.read(name));
            }
        }
    }
}

fn written(scenario: &str) -> Option<String> {
    fs::read_to_string(beside(&format!("peers/scenarios/{scenario}.xml"))).ok()
}

/// Fills in what stands in braces:
///
/// - `{invite}` receives the INVITE and keeps what later messages repeat of it;
/// - `{reply}` is the head of an answer to what came last, `{first}` the same with a tag of ours,
///   `{invite-reply}` one to the INVITE after other requests;
/// - `{call METHOD n}` is the head of a request of the caller, `{theirs METHOD n}` one of the called,
///   `{refused n}` the ACK for what refused the INVITE of that number;
/// - `{empty}` ends a message without a body, `{sdp}` one with a session description, `{sdp x}`
///   with that direction;
/// - `{pad n}` is n characters.
fn expand(scenario: &str) -> String {
    let mut whole = String::new();
    let mut rest = scenario;
    while let Some((before, after)) = rest.split_once('{') {
        whole.push_str(before);
        let filled = after
            .split_once('}')
            .and_then(|(name, rest)| Some((fill(name)?, rest)));
        match filled {
            Some((text, after)) => {
                whole.push_str(&text);
                rest = after;
            }
            None => {
                whole.push('{');
                rest = after;
            }
        }
    }
    whole + rest
}

const CONTACT: &str = "Contact: <sip:them@[contact]>";
const VIA: &str = "Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]";
const INVITE: &str = r#"<recv request="INVITE"><action>
  <ereg regexp=".*" search_in="hdr" header="Via:" assign_to="via"/>
  <ereg regexp=".*" search_in="hdr" header="From:" assign_to="from"/>
  <ereg regexp=".*" search_in="hdr" header="To:" assign_to="to"/>
  <ereg regexp=".*" search_in="hdr" header="CSeq:" assign_to="cseq"/>
  <ereg regexp="sip:[^>]*" search_in="hdr" header="Contact:" assign_to="target"/>
  </action></recv>
  <Reference variables="via,from,to,cseq,target"/>"#;

fn fill(name: &str) -> Option<String> {
    let mut words = name.split(' ');
    let reply = |tag: &str| {
        format!(
            "[last_Via:]\n[last_From:]\n[last_To:]{tag}\n[last_Call-ID:]\n[last_CSeq:]\n{CONTACT}"
        )
    };
    Some(match (words.next()?, words.next(), words.next()) {
        ("invite", None, None) => INVITE.to_owned(),
        ("reply", None, None) => reply(""),
        ("first", None, None) => reply(";tag=them[call_number]"),
        ("invite-reply", None, None) => format!(
            "Via:[$via]\nFrom:[$from]\nTo:[$to];tag=them[call_number]\n[last_Call-ID:]\nCSeq:[$cseq]\n{CONTACT}"
        ),
        ("call", Some(method), Some(number)) => format!(
            "{method} sip:[service]@[remote_ip]:[remote_port] SIP/2.0\n{VIA}\nMax-Forwards: 70\n\
             From: <sip:5550100@[local_ip]:[local_port]>;tag=us[call_number]\n\
             To: <sip:[service]@[remote_ip]:[remote_port]>[peer_tag_param]\n\
             Call-ID: [call_id]\nCSeq: {number} {method}\n{CONTACT}"
        ),
        ("theirs", Some(method), Some(number)) => format!(
            "{method} [$target] SIP/2.0\n{VIA}\nMax-Forwards: 70\nFrom:[$to];tag=them[call_number]\n\
             To:[$from]\n[last_Call-ID:]\nCSeq: {number} {method}\n{CONTACT}"
        ),
        ("refused", Some(number), None) => format!(
            "ACK sip:[service]@[remote_ip]:[remote_port] SIP/2.0\n[last_Via:]\n[last_From:]\n\
             [last_To:]\n[last_Call-ID:]\nCSeq: {number} ACK"
        ),
        ("empty", None, None) => "Content-Length: 0\n\n".to_owned(),
        ("sdp", direction, None) => sdp(direction.unwrap_or("sendrecv")),
        ("pad", Some(length), None) => "x".repeat(length.parse().ok()?),
        _ => return None,
    })
}

fn sdp(direction: &str) -> String {
    let mut text = String::from("Content-Type: application/sdp\nContent-Length: [len]\n\n");
    text.push_str("v=0\no=sipp 1 1 IN IP4 [local_ip]\ns=-\nc=IN IP4 [local_ip]\nt=0 0\n");
    let _ = write!(text, "m=audio 40000 RTP/AVP 8 0\na={direction}\n");
    text
}
