//! The built binary as a live server, on ports and in a data directory of its own.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Command, Stdio},
    sync::mpsc::{self, RecvTimeoutError},
    time::Duration,
};

use tempfile::TempDir;

use super::{client::Client, ports, process::Process};

pub const ADMIN: &str = "admin";
pub const ADMIN_PASSWORD: &str = "Correct-horse-9-battery";

const START: Duration = Duration::from_secs(60);
const RTP_PORTS: u16 = 800;

/// Where a server lives. It outlasts the process, so that a server can be started again.
#[derive(Debug)]
pub struct House {
    dir: TempDir,
    http: u16,
    sip: u16,
    rtp: u16,
    database: Option<String>,
    environment: Vec<(String, String)>,
}

/// A running server; killed when dropped.
#[derive(Debug)]
pub struct Server {
    pub http: u16,
    pub sip: u16,
    process: Process,
}

impl House {
    /// SQLite in the data directory.
    ///
    /// # Panics
    /// When there is no room for it.
    pub fn new() -> Self {
        Self {
            dir: TempDir::new().expect("a temporary directory"),
            http: ports::one(),
            sip: ports::one(),
            rtp: ports::range(RTP_PORTS),
            database: None,
            environment: Vec::new(),
        }
    }

    /// Another database: a `postgres://` URL.
    pub fn on(mut self, database: &str) -> Self {
        self.database = Some(database.to_owned());
        self
    }

    /// A further environment variable.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// Starts a server here and waits until it is ready.
    ///
    /// # Panics
    /// When it is not ready in time; its log is in the message.
    pub fn start(&self) -> Server {
        let mut command = self.command("serve");
        command.stdout(Stdio::piped());
        let mut child = command.spawn().expect("the binary starts");
        let stdout = child.stdout.take().expect("piped");
        let server = Server {
            http: self.http,
            sip: self.sip,
            process: Process::of(child),
        };
        self.wait_for_ready(stdout);
        server
    }

    /// The binary with this house's settings.
    ///
    /// # Panics
    /// When the log cannot be written.
    pub fn command(&self, verb: &str) -> Command {
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.log_path())
            .expect("the log is writable");
        let mut command = Command::new(env!("CARGO_BIN_EXE_paceline"));
        command
            .arg(verb)
            .arg("--data")
            .arg(self.data())
            .args(["--http", &format!("127.0.0.1:{}", self.http)])
            .args(["--sip", &format!("127.0.0.1:{}", self.sip)])
            .args(["--rtp", &format!("{}-{}", self.rtp, self.rtp + RTP_PORTS - 1)])
            .env("PACELINE_ADMIN_PASSWORD", ADMIN_PASSWORD)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stderr(log);
        if let Some(database) = &self.database {
            command.env("PACELINE_DB", database);
        }
        command
    }

    /// What the server wrote so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    pub async fn admin(&self) -> Client {
        self.person(ADMIN, ADMIN_PASSWORD).await
    }

    pub async fn person(&self, username: &str, password: &str) -> Client {
        let base = format!("http://127.0.0.1:{}/api/v1", self.http);
        Client::sign_in(&base, username, password).await
    }

    fn log_path(&self) -> PathBuf {
        self.dir.path().join("paceline.log")
    }

    /// One line says `ready`; what follows it is read and thrown away, so that the pipe never fills.
    fn wait_for_ready(&self, stdout: std::process::ChildStdout) {
        let (tell, told) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if line.starts_with("ready ") {
                    // Nobody waits any more when the test has given up.
                    let _ = tell.send(());
                }
            }
        });
        match told.recv_timeout(START) {
            Ok(()) => {}
            Err(RecvTimeoutError::Timeout) => panic!("not ready in {START:?}:\n{}", self.log()),
            Err(RecvTimeoutError::Disconnected) => panic!("it ended:\n{}", self.log()),
        }
    }
}

impl Server {
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// SIGKILL to the live process.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    pub fn has_ended(&mut self) -> bool {
        self.process.exit().is_some()
    }

    /// The worker: the child whose command line says so.
    pub fn worker(&self) -> Option<u32> {
        children(self.id()).into_iter().find(|id| {
            fs::read(format!("/proc/{id}/cmdline"))
                .is_ok_and(|line| line.split(|byte| *byte == 0).any(|word| word == b"worker"))
        })
    }
}

fn children(parent: u32) -> Vec<u32> {
    fs::read_dir("/proc")
        .expect("Linux")
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|id| parent_of(*id) == Some(parent))
        .collect()
}

fn parent_of(id: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The name in parentheses may hold anything.
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}
