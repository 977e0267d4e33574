//! The built binary as a live server, on ports and in a data directory of its own.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader},
    ops::RangeInclusive,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
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
/// For a hundred legs.
const RTP_PORTS: u16 = 200;
/// For four hundred.
const MANY_RTP_PORTS: u16 = 800;
/// A machine that is busy with other tests turns no call away for being late itself.
const PATIENT: &str = "[rtp]\nlate_ms = 100\n";

/// Where a server lives. It outlasts the process, so that a server can be started again.
#[derive(Debug)]
pub struct House {
    dir: TempDir,
    http: u16,
    sip: u16,
    rtp: RangeInclusive<u16>,
    database: Option<String>,
    clock: Option<Clock>,
    /// Shown once, at the first start.
    password: OnceLock<String>,
}

/// A running server; killed when dropped.
#[derive(Debug)]
pub struct Server {
    pub sip: u16,
    process: Process,
    data: PathBuf,
    /// Its worker has been killed; another one there is the worker of who came after.
    is_over: bool,
}

impl House {
    /// SQLite in the data directory.
    ///
    /// # Panics
    /// When there is no room for it.
    pub fn new() -> Self {
        let house = Self {
            dir: TempDir::new().expect("a temporary directory"),
            http: ports::one(),
            sip: ports::one(),
            rtp: rtp_ports(RTP_PORTS),
            database: None,
            clock: None,
            password: OnceLock::new(),
        };
        house.with_settings("")
    }

    /// With ports for hundreds of calls at once.
    pub fn for_many_calls(mut self) -> Self {
        self.rtp = rtp_ports(MANY_RTP_PORTS);
        self
    }

    /// Another database: a `postgres://` URL.
    pub fn on(mut self, database: &str) -> Self {
        self.database = Some(database.to_owned());
        self
    }

    /// A settings file beside the flags. Where it does not say how late is too late, [`PATIENT`] does.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn with_settings(self, toml: &str) -> Self {
        let whole = match toml.split_once("[rtp]\n") {
            _ if toml.contains("late_ms") => toml.to_owned(),
            Some((before, after)) => format!("{before}{PATIENT}{after}"),
            None => format!("{toml}{PATIENT}"),
        };
        fs::write(self.settings_path(), whole).expect("it is writable");
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
        let server = self.server(Process::of(child));
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
        self.server(Process::start(command.stdout(Stdio::null())))
    }

    /// The same where nothing is dialled before it is ready.
    ///
    /// # Panics
    /// When it is not ready in time.
    pub fn start_to_die_at_work(&self, step: &str, times: u32) -> Server {
        self.serve(self.deadly(step, times))
    }

    fn server(&self, process: Process) -> Server {
        Server {
            sip: self.sip,
            process,
            data: self.data(),
            is_over: false,
        }
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
            .args(["--rtp", &format!("{}-{}", self.rtp.start(), self.rtp.end())])
            .arg("--config")
            .arg(self.settings_path())
            .stdin(Stdio::null())
            .stderr(log);
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

    fn settings_path(&self) -> PathBuf {
        self.dir.path().join("paceline.toml")
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

    /// Waits until it has ended by itself; then its worker is killed as by [`Self::kill`].
    ///
    /// # Panics
    /// When it does not in time.
    pub async fn ended(&mut self, what: &str, limit: Duration) -> ExitStatus {
        let exit = self.process.ended(what, limit).await;
        self.kill_workers();
        exit
    }

    /// SIGKILL to the live process and to its worker, and waits until both have ended. The worker would
    /// end by itself, but has low priority, and may keep the database until then.
    pub fn kill(&mut self) {
        self.process.kill();
        self.kill_workers();
    }

    /// SIGKILL to the live process alone.
    pub fn kill_alone(&mut self) {
        self.process.kill();
    }

    fn kill_workers(&mut self) {
        if std::mem::replace(&mut self.is_over, true) {
            return;
        }
        for worker in workers_of(&self.data) {
            process::signal(worker, "KILL");
            process::wait_for_end(worker);
        }
    }

    pub fn has_ended(&mut self) -> bool {
        self.process.exit().is_some()
    }

    /// The worker of the server with this id: the child whose command line says so.
    pub fn worker_of(server: u32) -> Option<u32> {
        let mut ids = processes();
        ids.find(|id| parent_of(*id) == Some(server) && command_has(*id, b"worker"))
    }
}

impl Drop for Server {
    /// The worker ends by itself when the server has gone, but the data directory goes at once.
    fn drop(&mut self) {
        self.kill();
    }
}

fn rtp_ports(count: u16) -> RangeInclusive<u16> {
    let first = ports::range(count);
    first..=first + count - 1
}

/// The workers on this data directory, also those whose server has gone.
fn workers_of(data: &Path) -> Vec<u32> {
    let data = data.as_os_str().as_bytes();
    let is_worker = |id: &u32| command_has(*id, b"worker") && command_has(*id, data);
    processes().filter(is_worker).collect()
}

fn processes() -> impl Iterator<Item = u32> {
    let entries = fs::read_dir("/proc").expect("Linux").flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// Whether this is a word of the command line of a process; that of one that has ended has none.
fn command_has(id: u32, word: &[u8]) -> bool {
    fs::read(format!("/proc/{id}/cmdline"))
        .is_ok_and(|line| line.split(|byte| *byte == 0).any(|known| known == word))
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
