//! SIPp as a carrier, and what it saw.

use std::{
    collections::{HashMap, HashSet},
    fs::{self, File},
    path::PathBuf,
    process::{Command, Stdio},
};

use tempfile::TempDir;

use super::{
    carrier::{self, Fate},
    ports,
    process::Process,
    received::{Received, received},
    tone_end::ToneEnd,
    voice::Voice,
};

/// The tone that the carrier's side speaks with.
pub const CARRIER_HERTZ: f64 = 1000.0;

const MESSAGES: &str = "messages.log";

/// A running carrier. All its calls speak through one RTP socket.
#[derive(Debug)]
pub struct Sipp {
    pub port: u16,
    pub sound: ToneEnd,
    pub process: Process,
    dir: TempDir,
}

/// One call as SIPp took it, without retransmissions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invite {
    pub number: String,
    pub call_id: String,
}

/// Something that happened to a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub what: String,
    pub number: String,
    pub caller: String,
    /// Milliseconds since SIPp began.
    pub at_ms: u64,
}

fn seen(line: &str) -> Option<Seen> {
    let whats = ["INVITE ", "ACK ", "CANCEL ", "BYE "];
    let at = whats.iter().find_map(|what| line.find(what))?;
    let words: Vec<&str> = line[at..].split_whitespace().collect();
    let [what, number, _, caller, at_ms] = words[..] else {
        return None;
    };
    Some(Seen {
        what: what.into(),
        number: number.into(),
        caller: caller.into(),
        at_ms: at_ms.parse().ok()?,
    })
}

impl Sipp {
    /// # Panics
    /// When SIPp cannot be started.
    pub fn carrier(fates: &[(char, Fate)]) -> Self {
        Self::saying(Voice::Tone(CARRIER_HERTZ), fates)
    }

    /// A carrier whose people, or machines, say this.
    ///
    /// # Panics
    /// When SIPp cannot be started.
    pub fn saying(voice: Voice, fates: &[(char, Fate)]) -> Self {
        Self::at(ports::one(), voice, &carrier::scenario(fates))
    }

    /// SIPp at this port, as the scenario says.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn at(port: u16, voice: Voice, scenario: &str) -> Self {
        Self::run(port, voice, scenario, &[])
    }

    /// A carrier that keeps every message it receives, over UDP or TCP (`u1`, `t1`).
    ///
    /// # Panics
    /// When SIPp cannot be started.
    pub fn witness(transport: &str, fates: &[(char, Fate)]) -> Self {
        Self::playing(transport, &carrier::scenario(fates))
    }

    /// A far end that plays a scenario of its own, for as many calls as come, and keeps every message it
    /// receives.
    ///
    /// # Panics
    /// When SIPp cannot be started.
    pub fn playing(transport: &str, scenario: &str) -> Self {
        let kept = ["-trace_msg", "-message_file", MESSAGES, "-t", transport];
        Self::run(ports::one(), Voice::Tone(CARRIER_HERTZ), scenario, &kept)
    }

    fn run(port: u16, voice: Voice, scenario: &str, further: &[&str]) -> Self {
        let dir = TempDir::new().expect("a temporary directory");
        let file = |name: &str| dir.path().join(name);
        fs::write(file("carrier.xml"), scenario).expect("it is writable");
        let sound = ToneEnd::start(voice);
        let process = Process::start(
            Command::new("sipp")
                .current_dir(dir.path())
                .args(["-sf", "carrier.xml", "-i", "127.0.0.1", "-nostdin"])
                // It answers OPTIONS.
                .arg("-aa")
                .args(["-p", &port.to_string(), "-mp", &ports::range(4).to_string()])
                .args(["-key", "sound_port", &sound.port.to_string()])
                .args(["-trace_logs", "-log_file", "calls.log"])
                .args(["-trace_stat", "-stf", "stat.csv", "-fd", "1"])
                .args(["-trace_err", "-error_file", "errors.log"])
                .args(further)
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(File::create(file("stderr.log")).expect("it is writable")),
        );
        Self {
            port,
            sound,
            process,
            dir,
        }
    }

    /// What [`Self::witness`] has received so far with this method, without repetitions.
    pub fn received(&self, method: &str) -> Vec<Received> {
        let mut known = HashSet::new();
        received(&self.read(MESSAGES))
            .filter(|message| message.first().split(' ').next() == Some(method))
            .filter(|message| known.insert(message.header("Via").to_owned()))
            .collect()
    }

    /// The INVITE of the last call to this number, as it is written there.
    ///
    /// # Panics
    /// When there was none.
    pub fn invite(&self, number: &str) -> Received {
        let called = format!("sip:{number}@");
        let invites = self.received("INVITE");
        let of_number = |invite: &&Received| invite.first().contains(&called);
        let found = invites.iter().rfind(of_number).cloned();
        found.unwrap_or_else(|| panic!("nobody called {number}: {invites:#?}"))
    }

    /// It says nothing from now on, though its port is there; what comes meanwhile it hears later.
    pub fn fall_silent(&self) {
        self.process.signal("STOP");
    }

    /// It goes on after [`Self::fall_silent`].
    pub fn speak_again(&self) {
        self.process.signal("CONT");
    }

    /// Every call so far, in the order of their INVITEs.
    pub fn invites(&self) -> Vec<Invite> {
        self.read("calls.log")
            .lines()
            .filter_map(|line| {
                let mut words = line.split_once("INVITE ")?.1.split_whitespace();
                Some(Invite {
                    number: words.next()?.to_owned(),
                    call_id: words.next()?.to_owned(),
                })
            })
            .collect()
    }

    /// What happened so far, as [`carrier`] writes it down: `INVITE`, `ACK`, `CANCEL` and `BYE`.
    pub fn seen(&self) -> Vec<Seen> {
        self.read("calls.log").lines().filter_map(seen).collect()
    }

    /// How often each number was called.
    pub fn calls_by_number(&self) -> HashMap<String, usize> {
        let mut calls = HashMap::new();
        for invite in self.invites() {
            *calls.entry(invite.number).or_default() += 1;
        }
        calls
    }

    /// A column of the last line of SIPp's statistics, such as `FailedCall(C)`; they are written once
    /// a second.
    pub fn statistic(&self, column: &str) -> Option<f64> {
        let text = self.read("stat.csv");
        let mut lines = text.lines();
        let at = lines.next()?.split(';').position(|name| name == column)?;
        lines.last()?.split(';').nth(at)?.parse().ok()
    }

    /// What SIPp complained about, for a failing test's message.
    pub fn complaints(&self) -> String {
        self.read("errors.log").chars().take(4_000).collect()
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }
}
