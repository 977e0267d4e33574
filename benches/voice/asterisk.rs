//! The rival: Asterisk with a configuration of its own in a folder that goes with it, ordered over its
//! manager interface (AMI). Debian 12 has no package; that of Debian 11 runs on it.

use std::{
    collections::HashMap,
    fmt::Write as _,
    net::{SocketAddr, TcpListener, UdpSocket},
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
};

use super::{
    proc::{Process, now},
    setup::{News, Placer},
};

const PROGRAM: &str = "/usr/sbin/asterisk";
/// It reads its modules first.
const START: Duration = Duration::from_secs(60);

pub struct Asterisk {
    process: Process,
    _folder: tempfile::TempDir,
    lines: Lines<BufReader<OwnedReadHalf>>,
    orders: OwnedWriteHalf,
    /// What came of the message that is being read.
    message: HashMap<String, String>,
    next: u64,
}

impl Asterisk {
    /// One that calls `far`, and sends silence where it waits if it is to `speak`; none where it is not
    /// installed.
    pub async fn start(far: SocketAddr, speak: bool) -> Option<Self> {
        Self::run([far, far], speak).await
    }

    /// One that calls people at `far` and has an agent's telephone at `desk`.
    pub async fn start_with_desk(far: SocketAddr, desk: SocketAddr) -> Option<Self> {
        Self::run([far, desk], false).await
    }

    async fn run(ends: [SocketAddr; 2], speak: bool) -> Option<Self> {
        if !Path::new(PROGRAM).exists() {
            return None;
        }
        let folder = tempfile::tempdir().expect("a folder");
        let manager = configure(folder.path(), ends, speak);
        let process = Process::start(
            Command::new(PROGRAM)
                .arg("-f")
                .arg("-C")
                .arg(folder.path().join("asterisk.conf"))
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null()),
        );
        let connected = tokio::time::timeout(START, connect(manager)).await;
        let (read, orders) = connected.expect("asterisk starts").into_split();
        let mut asterisk = Self {
            process,
            _folder: folder,
            lines: BufReader::new(read).lines(),
            orders,
            message: HashMap::new(),
            next: 1,
        };
        asterisk
            .order("Login", "Username: bench\r\nSecret: bench")
            .await;
        let booted = async {
            while asterisk.message().await.get("Event").map(String::as_str) != Some("FullyBooted") {
            }
        };
        tokio::time::timeout(START, booted)
            .await
            .expect("asterisk starts");
        Some(asterisk)
    }

    pub fn id(&self) -> u32 {
        self.process.id()
    }

    pub fn version(&self) -> String {
        let said = Command::new(PROGRAM)
            .arg("-V")
            .output()
            .expect("it is there");
        let said = String::from_utf8_lossy(&said.stdout).into_owned();
        // Debian adds its own after a tilde.
        let version = said.split([' ', '~']).nth(1);
        version.unwrap_or("?").trim().to_owned()
    }

    /// Calls `number` and has `application` run with who answers.
    pub async fn call(&mut self, number: &str, application: &str, data: &str) -> u64 {
        let key = self.next;
        self.next += 1;
        let what = format!(
            "ActionID: {key}\r\nChannelId: {key}\r\nChannel: PJSIP/{number}@far\r\nApplication: {application}\r\n\
             Data: {data}\r\nCallerID: 02580001111\r\nTimeout: 30000\r\nAsync: true"
        );
        self.order("Originate", &what).await;
        key
    }

    /// What is to be run with who is to talk to the agent; afterwards the agent waits for the next.
    pub const TO_DESK: (&str, &str) = ("Bridge", "PJSIP/desk-,F(agents^s^1)");

    /// Calls the agent's telephone and lets it wait.
    pub async fn seat(&mut self) {
        let key = self.next;
        self.next += 1;
        let what = format!(
            "ActionID: {key}\r\nChannelId: {key}\r\nChannel: PJSIP/agent@desk\r\nContext: agents\r\n\
             Exten: s\r\nPriority: 1\r\nTimeout: 30000\r\nAsync: true"
        );
        self.order("Originate", &what).await;
        let (_, news) = self.next().await;
        assert!(matches!(news, News::Answered(_)), "the agent is called");
    }

    /// Waits until that many of its calls are up.
    pub async fn channels(&mut self, count: u32) {
        let enough = async {
            loop {
                self.order("CoreStatus", "ActionID: status").await;
                let said = loop {
                    let message = self.message().await;
                    if let Some(said) = message.get("CoreCurrentCalls") {
                        break said.parse::<u32>().expect("a number");
                    }
                };
                if said >= count {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        tokio::time::timeout(START, enough)
            .await
            .expect("asterisk's calls are answered");
    }

    async fn order(&mut self, action: &str, what: &str) {
        let order = format!("Action: {action}\r\n{what}\r\n\r\n");
        self.orders
            .write_all(order.as_bytes())
            .await
            .expect("asterisk runs");
    }

    /// The next whole message. May be dropped and asked again.
    async fn message(&mut self) -> HashMap<String, String> {
        loop {
            let line = self.lines.next_line().await.expect("asterisk runs");
            let line = line.expect("asterisk runs");
            match line.split_once(": ") {
                Some((name, value)) => drop(self.message.insert(name.into(), value.into())),
                None if line.is_empty() => return std::mem::take(&mut self.message),
                // Its greeting.
                None => {}
            }
        }
    }
}

impl Placer for Asterisk {
    async fn place(&mut self, number: &str) -> Result<u64, String> {
        Ok(self.call(number, "Wait", "3600").await)
    }

    async fn next(&mut self) -> (u64, News) {
        loop {
            let message = self.message().await;
            let said = |name: &str| message.get(name).map(String::as_str);
            let key = |name| said(name).and_then(|text| text.parse().ok());
            match (said("Event"), said("Response")) {
                (Some("OriginateResponse"), Some("Success")) => {
                    let Some(key) = key("ActionID") else { continue };
                    return (key, News::Answered(now()));
                }
                (Some("OriginateResponse"), _) => {
                    let Some(key) = key("ActionID") else { continue };
                    return (key, News::Ended(format!("reason {:?}", said("Reason"))));
                }
                (Some("Hangup"), _) => {
                    let Some(key) = key("Uniqueid") else { continue };
                    return (key, News::Ended(format!("cause {:?}", said("Cause-txt"))));
                }
                _ => {}
            }
        }
    }
}

async fn connect(manager: u16) -> TcpStream {
    loop {
        match TcpStream::connect(("127.0.0.1", manager)).await {
            Ok(stream) => return stream,
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

/// Writes its files; gives the manager's port.
fn configure(folder: &Path, [far, desk]: [SocketAddr; 2], speak: bool) -> u16 {
    let free = |bound: std::io::Result<SocketAddr>| bound.expect("a free port").port();
    let sip = free(UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()));
    let manager = free(TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()));
    let files = [
        ("asterisk.conf", main_file(folder, speak)),
        ("modules.conf", MODULES.into()),
        ("extensions.conf", PLAN.into()),
        (
            "rtp.conf",
            "[general]\nrtpstart=20000\nrtpend=28999\n".into(),
        ),
        (
            "manager.conf",
            MANAGER.replace("PORT", &manager.to_string()),
        ),
        (
            "pjsip.conf",
            PJSIP
                .replace("PORT", &sip.to_string())
                .replace("FAR", &far.to_string())
                .replace("DESK", &desk.to_string()),
        ),
    ];
    for (name, text) in files {
        std::fs::write(folder.join(name), text).expect("writable");
    }
    manager
}

fn main_file(folder: &Path, speak: bool) -> String {
    let mut text = String::from("[directories]\n");
    for name in [
        "astetcdir",
        "astvarlibdir",
        "astdbdir",
        "astkeydir",
        "astspooldir",
        "astrundir",
        "astlogdir",
    ] {
        let _ = writeln!(text, "{name} => {}", folder.display());
    }
    let _ = writeln!(
        text,
        "{REST}transmit_silence = {}",
        if speak { "yes" } else { "no" }
    );
    text
}

const REST: &str = "astmoddir => /usr/lib/asterisk/modules
astdatadir => /usr/share/asterisk
astagidir => /usr/share/asterisk/agi-bin
[options]
maxfiles = 65000
";

const MODULES: &str = "[modules]
autoload=yes
noload=chan_sip.so
noload=chan_iax2.so
noload=chan_skinny.so
noload=chan_unistim.so
noload=chan_mgcp.so
noload=chan_dahdi.so
";

const MANAGER: &str = "[general]
enabled = yes
port = PORT
bindaddr = 127.0.0.1
[bench]
secret = bench
read = call,originate,reporting,system
write = all
eventfilter=Event: OriginateResponse
eventfilter=Event: Hangup
eventfilter=Event: FullyBooted
";

/// An agent who waits.
const PLAN: &str = "[default]
[agents]
exten => s,1,Answer()
same => n,Wait(3600)
";

const PJSIP: &str = "[udp]
type=transport
protocol=udp
bind=127.0.0.1:PORT
[far]
type=endpoint
transport=udp
context=default
disallow=all
allow=alaw
aors=far
direct_media=no
rtp_symmetric=no
timers=no
[far]
type=aor
contact=sip:FAR
qualify_frequency=0
[desk]
type=endpoint
transport=udp
context=agents
disallow=all
allow=alaw
aors=desk
direct_media=no
rtp_symmetric=no
timers=no
[desk]
type=aor
contact=sip:DESK
qualify_frequency=0
";
