//! The built binary as a live server, on ports and in a data directory of its own.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Command, ExitStatus, Stdio},
    sync::{
        OnceLock,
        mpsc::{self, RecvTimeoutError},
    },
    time::Duration,
};

use store::Db;
use tempfile::TempDir;

use super::{
    client::Client,
    clock::Clock,
    ports,
    process::{self, Process},
};

const ADMIN: &str = "admin";
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
    settings: Option<PathBuf>,
    clock: Option<Clock>,
    /// Shown once, at the first start.
    password: OnceLock<String>,
}

/// A running server; killed when dropped.
#[derive(Debug)]
pub struct Server {
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
            settings: None,
            clock: None,
            password: OnceLock::new(),
        }
    }

    /// Another database: a `postgres://` URL.
    pub fn on(mut self, database: &str) -> Self {
        self.database = Some(database.to_owned());
        self
    }

    /// A settings file beside the flags.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn with_settings(mut self, toml: &str) -> Self {
        let path = self.dir.path().join("paceline.toml");
        fs::write(&path, toml).expect("it is writable");
        self.settings = Some(path);
        self
    }

    /// A clock of its own, which shows `at` (RFC 3339) now.
    pub fn with_clock(mut self, at: &str) -> Self {
        self.clock = Some(Clock::showing(self.dir.path(), at));
        self
    }

    /// # Panics
    /// When it goes by the true time.
    pub fn clock(&self) -> &Clock {
        self.clock.as_ref().expect("a clock of its own")
    }

    pub fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// The database of the server, to look into.
    ///
    /// # Panics
    /// When no server has started here yet.
    pub async fn db(&self) -> Db {
        let in_data = || self.data().display().to_string();
        let place = self.database.clone().unwrap_or_else(in_data);
        Db::connect(&place).await.expect("the database")
    }

    /// Starts a server here and waits until it is ready.
    ///
    /// # Panics
    /// When it is not ready in time; its log is in the message.
    pub fn start(&self) -> Server {
        self.serve(self.command("serve"))
    }

    fn serve(&self, mut command: Command) -> Server {
        command.stdout(Stdio::piped());
        let mut child = command.spawn().expect("the binary starts");
        let stdout = child.stdout.take().expect("piped");
        let server = Server {
            sip: self.sip,
            process: Process::of(child),
        };
        self.wait_for_ready(stdout);
        server
    }

    /// Starts a server that ends itself, as if killed, when it comes to `step` for the `times`th time;
    /// that may be before it is ready.
    ///
    /// # Panics
    /// When the binary does not start.
    pub fn start_to_die(&self, step: &str, times: u32) -> Server {
        let mut command = self.deadly(step, times);
        Server {
            sip: self.sip,
            process: Process::start(command.stdout(Stdio::null())),
        }
    }

    /// The same where nothing is dialled before it is ready.
    ///
    /// # Panics
    /// When it is not ready in time.
    pub fn start_to_die_at_work(&self, step: &str, times: u32) -> Server {
        self.serve(self.deadly(step, times))
    }

    fn deadly(&self, step: &str, times: u32) -> Command {
        let mut command = self.command("serve");
        command.env("PACELINE_DIE_AT", format!("{step}:{times}"));
        command
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
            .args([
                "--rtp",
                &format!("{}-{}", self.rtp, self.rtp + RTP_PORTS - 1),
            ])
            .stdin(Stdio::null())
            .stderr(log);
        if let Some(settings) = &self.settings {
            command.arg("--config").arg(settings);
        }
        if let Some(database) = &self.database {
            command.env("PACELINE_DB", database);
        }
        if let Some(clock) = &self.clock {
            clock.wind(&mut command);
        }
        command
    }

    /// What the server wrote so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    pub async fn admin(&self) -> Client {
        let password = self.password.get().expect("a server has started here");
        self.person(ADMIN, password).await
    }

    pub async fn person(&self, username: &str, password: &str) -> Client {
        let base = format!("http://127.0.0.1:{}/api/v1", self.http);
        Client::sign_in(&base, username, password).await
    }

    fn log_path(&self) -> PathBuf {
        self.dir.path().join("paceline.log")
    }

    /// One line says `ready`, at the first start another one the password; what follows is read and
    /// thrown away, so that the pipe never fills.
    fn wait_for_ready(&self, stdout: std::process::ChildStdout) {
        let (tell, told) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                // Nobody listens any more once the test has given up or the server is ready.
                let _ = tell.send(line);
            }
        });
        loop {
            match told.recv_timeout(START) {
                Ok(line) if line.starts_with("ready ") => return,
                Ok(line) => {
                    if let Some((_, password)) = line.split_once("with the password ") {
                        self.password.get_or_init(|| password.trim().to_owned());
                    }
                }
                Err(RecvTimeoutError::Timeout) => panic!("not ready in {START:?}:\n{}", self.log()),
                Err(RecvTimeoutError::Disconnected) => panic!("it ended:\n{}", self.log()),
            }
        }
    }
}

impl Server {
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Asks it to end and waits until it has.
    ///
    /// # Panics
    /// When it does not end in time or not well.
    pub async fn stop(mut self) {
        self.process.signal("TERM");
        let exit = self.process.ended("the server to end", START).await;
        assert!(exit.success(), "{exit}");
    }

    /// Waits until it has ended by itself.
    ///
    /// # Panics
    /// When it does not in time.
    pub async fn ended(&mut self, what: &str, limit: Duration) -> ExitStatus {
        self.process.ended(what, limit).await
    }

    /// SIGKILL to the live process.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    pub fn has_ended(&mut self) -> bool {
        self.process.exit().is_some()
    }

    /// The worker of the server with this id: the child whose command line says so.
    pub fn worker_of(server: u32) -> Option<u32> {
        children(server).into_iter().find(|id| {
            fs::read(format!("/proc/{id}/cmdline"))
                .is_ok_and(|line| line.split(|byte| *byte == 0).any(|word| word == b"worker"))
        })
    }
}

impl Drop for Server {
    /// The worker ends by itself when the server has gone, but the data directory goes at once.
    fn drop(&mut self) {
        let worker = Self::worker_of(self.id());
        self.process.kill();
        if let Some(worker) = worker {
            process::signal(worker, "KILL");
            process::wait_for_end(worker);
        }
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
    stat.rsplit_once(')')?
        .1
        .split_whitespace()
        .nth(1)?
        .parse()
        .ok()
}
