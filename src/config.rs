//! Settings: one struct a section, each with `validate`; file < environment < flag.

use std::{
    net::{IpAddr, SocketAddr},
    ops::RangeInclusive,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use clap::Args;
use serde::Deserialize;

/// Everything the server needs to know.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Database, uploads, recordings and prompts.
    pub data: PathBuf,
    /// `postgres://…`; absent: SQLite in the data directory.
    pub db: Option<String>,
    /// Names this process among those that share a database; keep it over restarts.
    pub node: String,
    pub role: Role,
    pub http: Http,
    pub sip: Sip,
    pub rtp: Rtp,
    pub recordings: Recordings,
    pub jobs: jobs::Settings,
    /// Where this was read from; the worker reads it, too.
    #[serde(skip)]
    pub path: Option<PathBuf>,
    /// Where the worker's log goes; absent: with ours, to standard error.
    #[serde(skip)]
    pub worker_log: Option<PathBuf>,
}

/// What this process does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The live server with a worker process beside it.
    All,
    /// The live server alone; workers run elsewhere.
    Live,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Http {
    pub listen: SocketAddr,
    /// Browsers reach us over HTTPS (a proxy in front): cookies are marked `Secure`.
    pub tls: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sip {
    /// An address of this machine, not `0.0.0.0`; UDP.
    pub listen: SocketAddr,
    /// Listen on TCP, same address and port, too.
    pub tcp: bool,
    /// The address in our messages, where it differs (NAT).
    pub announce: Option<IpAddr>,
    /// Phones authenticate in this realm; their secrets are stored as hashes with it.
    pub realm: String,
    /// A UDP port of its own for gateways, on the address of `listen`; 0: they have that of `listen`, too.
    /// Absent: 5080 where `listen` has the standard port, else that of `listen`.
    pub trunk_port: Option<u16>,
    /// SIP over TLS, beside UDP and TCP.
    pub tls: Option<SipTls>,
    /// Gateways are asked for a sign of life this often (OPTIONS); one that gives none is not
    /// dialled through. 0 = never.
    pub gateway_ping_s: u64,
    /// Phones are asked for a sign of life this often (OPTIONS); 0 = never.
    pub phone_ping_s: u64,
    /// New calls from outside that are let in each second; more get 503. 0 = no limit.
    pub max_new_calls_per_s: u32,
    /// Asked for the addresses of gateways, `address:port`; empty: the system's.
    pub name_servers: Vec<SocketAddr>,
    pub phones: PhoneLimits,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SipTls {
    /// On the address of `listen`.
    #[serde(default = "tls_port")]
    pub port: u16,
    /// Our certificate with its chain, PEM.
    pub certificate: PathBuf,
    /// Its private key, PEM.
    pub key: PathBuf,
    /// The authorities that gateways' certificates are checked against, PEM. Without it no gateway
    /// is reached over TLS.
    pub authorities: Option<PathBuf>,
}

/// Where a house listens unless it says otherwise (RFC 3261 section 19.1.2).
const STANDARD_PORT: u16 = 5060;
/// Where carriers expect a call centre then (VOX-186).
const GATEWAYS_PORT: u16 = 5080;

impl Sip {
    /// The port that gateways have for themselves.
    #[must_use]
    pub fn own_trunk_port(&self) -> Option<u16> {
        let usual = (self.listen.port() == STANDARD_PORT).then_some(GATEWAYS_PORT);
        self.trunk_port.or(usual).filter(|port| *port != 0)
    }

    /// How often gateways are asked for a sign of life.
    #[must_use]
    pub fn gateway_ping(&self) -> Option<Duration> {
        Some(Duration::from_secs(self.gateway_ping_s)).filter(|every| !every.is_zero())
    }
}

fn tls_port() -> u16 {
    5061
}

/// What one phone may do with its password.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PhoneLimits {
    /// Calls from one phone at once.
    pub at_once: u32,
    /// Calls from one phone within an hour.
    pub per_hour: u32,
    /// Starts of numbers that phones may not call.
    pub denied: Vec<String>,
}

impl Default for PhoneLimits {
    fn default() -> Self {
        let limits = sip::PhoneLimits::default();
        Self {
            at_once: limits.at_once,
            per_hour: limits.per_hour,
            denied: limits.denied,
        }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rtp {
    pub ip: Option<IpAddr>,
    pub announce: Option<IpAddr>,
    /// `first-last`; the even ports are used, one a leg.
    pub ports: String,
    /// Seconds of silence after which a leg is given up; 0 = never.
    pub timeout_s: u64,
    /// Nothing new begins while one packet in a hundred is served so late most of the time.
    pub late_ms: u64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Recordings {
    /// Key files: new recordings are sealed with the first, the others open earlier ones.
    pub keys: Vec<PathBuf>,
    /// Files that no call knows of are deleted, not only counted.
    pub delete_orphans: bool,
    /// What is too old is looked for this often.
    pub look_every_h: u64,
}

impl Default for Recordings {
    fn default() -> Self {
        Self {
            keys: Vec::new(),
            delete_orphans: false,
            look_every_h: 24,
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data: "data".into(),
            db: None,
            node: "live-1".into(),
            role: Role::All,
            http: Http::default(),
            sip: Sip::default(),
            rtp: Rtp::default(),
            recordings: Recordings::default(),
            jobs: jobs::Settings::default(),
            path: None,
            worker_log: None,
        }
    }
}

impl Default for Http {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            tls: false,
        }
    }
}

impl Default for Sip {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 5060)),
            tcp: true,
            announce: None,
            realm: "paceline".into(),
            trunk_port: None,
            tls: None,
            gateway_ping_s: 30,
            phone_ping_s: 30,
            max_new_calls_per_s: 0,
            name_servers: Vec::new(),
            phones: PhoneLimits::default(),
        }
    }
}

impl Default for Rtp {
    fn default() -> Self {
        Self {
            ip: None,
            announce: None,
            ports: "20000-29999".into(),
            timeout_s: 30,
            late_ms: 20,
        }
    }
}

/// Settings on the command line or in the environment; each wins over the file.
#[derive(Debug, Clone, Default, Args)]
pub struct Overrides {
    /// Settings file (TOML); see config.example.toml
    #[arg(long, env = "PACELINE_CONFIG")]
    pub config: Option<PathBuf>,
    /// Data directory [default: ./data]
    #[arg(long, env = "PACELINE_DATA")]
    pub data: Option<PathBuf>,
    /// postgres:// URL [default: SQLite in the data directory]
    #[arg(long, env = "PACELINE_DB", hide_env_values = true)]
    pub db: Option<String>,
    /// Name of this process among those that share the database [default: live-1]
    #[arg(long, env = "PACELINE_NODE")]
    pub node: Option<String>,
    /// Whether a worker process is started beside the server [default: all]
    #[arg(long, env = "PACELINE_ROLE", value_enum)]
    pub role: Option<Role>,
    /// Console and API [default: 127.0.0.1:8080]
    #[arg(long, env = "PACELINE_HTTP")]
    pub http: Option<SocketAddr>,
    /// SIP, UDP and TCP [default: 127.0.0.1:5060]
    #[arg(long, env = "PACELINE_SIP")]
    pub sip: Option<SocketAddr>,
    /// RTP ports, first-last [default: 20000-29999]
    #[arg(long, env = "PACELINE_RTP")]
    pub rtp: Option<String>,
}

impl Config {
    /// Reads the file, if one is named, and lays environment and flags over it.
    ///
    /// # Errors
    /// When the file cannot be read or a value is out of its range.
    pub fn load(overrides: &Overrides) -> Result<Self> {
        let mut config = match &overrides.config {
            Some(path) => Self::read(path)?,
            None => Self::default(),
        };
        config.path.clone_from(&overrides.config);
        config.lay_over(overrides.clone());
        config.validate()?;
        Ok(config)
    }

    fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        toml::from_str(&text).with_context(|| format!("cannot understand {}", path.display()))
    }

    fn lay_over(&mut self, over: Overrides) {
        let Overrides {
            config: _,
            data,
            db,
            node,
            role,
            http,
            sip,
            rtp,
        } = over;
        self.data = data.unwrap_or_else(|| self.data.clone());
        self.db = db.or_else(|| self.db.take());
        self.node = node.unwrap_or_else(|| self.node.clone());
        self.role = role.unwrap_or(self.role);
        self.http.listen = http.unwrap_or(self.http.listen);
        self.sip.listen = sip.unwrap_or(self.sip.listen);
        self.rtp.ports = rtp.unwrap_or_else(|| self.rtp.ports.clone());
    }

    /// # Errors
    /// The first value out of its range.
    pub fn validate(&self) -> Result<()> {
        ensure!(
            !self.node.is_empty() && self.node.len() <= 64,
            "node: a name of 1 to 64 characters"
        );
        // Anything else would be taken for a directory's name.
        ensure!(
            self.db.as_deref().is_none_or(is_postgres),
            "db: write a postgres:// URL; without one it is SQLite in the data directory"
        );
        self.sip.validate()?;
        self.jobs.validate().map_err(anyhow::Error::msg)?;
        self.recordings.validate()?;
        self.rtp.validate()
    }

    /// For people to look at: the database's password is hidden.
    #[must_use]
    pub fn without_secrets(&self) -> Self {
        Self {
            db: self.db.as_deref().map(without_password),
            ..self.clone()
        }
    }

    /// What [`store::Db::open`] takes.
    #[must_use]
    pub fn database(&self) -> String {
        self.db
            .clone()
            .unwrap_or_else(|| self.data.display().to_string())
    }
}

fn is_postgres(db: &str) -> bool {
    ["postgres://", "postgresql://"]
        .iter()
        .any(|scheme| db.starts_with(scheme))
}

/// `scheme://user:***@host/name`.
fn without_password(url: &str) -> String {
    let parts = url
        .split_once("://")
        .and_then(|(scheme, rest)| Some((scheme, rest.rsplit_once('@')?)));
    match parts {
        Some((scheme, (who, place))) if who.contains(':') => {
            let user = who.split(':').next().unwrap_or_default();
            format!("{scheme}://{user}:***@{place}")
        }
        _ => url.to_owned(),
    }
}

impl Sip {
    fn validate(&self) -> Result<()> {
        ensure!(
            !self.listen.ip().is_unspecified(),
            "sip.listen: name an address of this machine; answers come back to it"
        );
        ensure!(!self.realm.is_empty(), "sip.realm: must not be empty");
        ensure!(
            self.own_trunk_port() != Some(self.listen.port()),
            "sip.trunk_port: another port than that of sip.listen, or 0 for none of its own"
        );
        Ok(())
    }
}

impl Recordings {
    fn validate(&self) -> Result<()> {
        ensure!(
            (1..=720).contains(&self.look_every_h),
            "recordings.look_every_h: 1 to 720"
        );
        self.keys().map(|_| ())
    }

    /// What recordings are sealed with and opened with; `None`: they are plain wav files.
    ///
    /// # Errors
    /// When a key file cannot be read.
    pub fn keys(&self) -> Result<Option<seal::Keys>> {
        let read = |path: &PathBuf| {
            seal::Key::read(path).with_context(|| format!("recordings.keys: {}", path.display()))
        };
        let mut keys = self.keys.iter().map(read).collect::<Result<Vec<_>>>()?;
        if keys.is_empty() {
            return Ok(None);
        }
        let first = keys.remove(0);
        Ok(Some(seal::Keys::new(first, keys)))
    }
}

impl Rtp {
    fn validate(&self) -> Result<()> {
        ensure!(
            [1, 2, 5, 10, 20, 50, 100].contains(&self.late_ms),
            "rtp.late_ms: 1, 2, 5, 10, 20, 50 or 100"
        );
        self.range().map(|_| ())
    }

    /// # Errors
    /// When the range is not `first-last` with room for a leg.
    pub fn range(&self) -> Result<RangeInclusive<u16>> {
        let range = self.ports.split_once('-').and_then(|(first, last)| {
            Some(first.trim().parse::<u16>().ok()?..=last.trim().parse::<u16>().ok()?)
        });
        let range = range.context("rtp.ports: write first-last, as in 20000-29999")?;
        ensure!(
            *range.start() >= 1024 && range.start() < range.end(),
            "rtp.ports: from 1024 up, and the last after the first"
        );
        Ok(range)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_wins_over_the_file_and_the_file_over_the_default() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("paceline.toml");
        std::fs::write(&path, "node = \"a\"\n[rtp]\nports = \"30000-30100\"\n").expect("written");
        let overrides = Overrides {
            config: Some(path),
            node: Some("b".into()),
            ..Overrides::default()
        };
        let config = Config::load(&overrides).expect("valid");
        assert_eq!(config.node, "b");
        assert_eq!(config.rtp.range().expect("a range"), 30000..=30100);
        assert_eq!(config.http.listen.port(), 8080);
    }

    #[test]
    fn the_password_of_the_database_is_not_shown() {
        let shown = |url: &str| {
            let db = Some(url.to_owned());
            let config = Config {
                db,
                ..Config::default()
            };
            config.without_secrets().db.expect("a database")
        };
        assert_eq!(shown("postgres://u:p@ss@host/n"), "postgres://u:***@host/n");
        assert_eq!(shown("postgres://u@host/n"), "postgres://u@host/n");
    }

    #[test]
    fn gateways_have_5080_beside_the_standard_port_unless_the_house_says_otherwise() {
        let port = |listen: &str, trunk_port| {
            let listen = listen.parse().expect("an address");
            let sip = Sip {
                listen,
                trunk_port,
                ..Sip::default()
            };
            sip.validate().map(|()| sip.own_trunk_port()).ok()
        };
        assert_eq!(port("192.0.2.1:5060", None), Some(Some(5080)));
        assert_eq!(port("192.0.2.1:5070", None), Some(None));
        assert_eq!(port("192.0.2.1:5060", Some(0)), Some(None));
        assert_eq!(port("192.0.2.1:5070", Some(5090)), Some(Some(5090)));
        assert_eq!(port("192.0.2.1:5060", Some(5060)), None);
        assert_eq!(Config::default().sip.own_trunk_port(), Some(5080));
    }

    #[test]
    fn a_misspelt_setting_is_refused() {
        let wrong: Result<Config, _> = toml::from_str("prots = 1");
        assert!(wrong.is_err());
    }

    #[test]
    fn the_example_names_every_setting_with_its_default() {
        let text = include_str!("../config.example.toml");
        let example: Config = toml::from_str(text).expect("config.example.toml is valid");
        let shown = format!("{example:?}");
        assert_eq!(shown, format!("{:?}", Config::default()));
        for name in [
            "data",
            "node",
            "role",
            "listen",
            "tls",
            "tcp",
            "realm",
            "gateway_ping_s",
            "phone_ping_s",
            "max_new_calls_per_s",
            "name_servers",
            "at_once",
            "per_hour",
            "denied",
            "ports",
            "timeout_s",
            "late_ms",
            "keys",
            "delete_orphans",
            "look_every_h",
            "max_parallel_per_tenant",
            "roots",
            "hosts",
            "allow_private",
            "allow_http",
            "max_bytes",
            "settle_s",
        ] {
            assert!(text.contains(&format!("{name} =")), "{name} is missing");
        }
    }

    #[test]
    fn bad_values_are_named() {
        let mut config = Config::default();
        config.rtp.ports = "9000".into();
        assert!(
            config
                .validate()
                .unwrap_err()
                .to_string()
                .starts_with("rtp.ports")
        );
        config = Config::default();
        config.db = Some("mysql://host/name".into());
        assert!(config.validate().unwrap_err().to_string().starts_with("db"));
        config = Config::default();
        config.sip.listen = "0.0.0.0:5060".parse().expect("an address");
        assert!(
            config
                .validate()
                .unwrap_err()
                .to_string()
                .starts_with("sip.listen")
        );
    }
}
