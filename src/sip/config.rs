//! What an agent is told at start, and what may be changed while it runs.

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use crate::{Algorithm, Hop, Profile};

/// Everything [`crate::Agent::bind`] needs.
#[derive(Debug, Clone)]
pub struct Config {
    /// Local UDP address, explicit (not `0.0.0.0`): it is where answers come back to. Port 0 takes
    /// a free one.
    pub bind: SocketAddr,
    /// Listen on TCP, same address and port, too.
    pub also_tcp: bool,
    /// The address written into Via and Contact; differs from `bind` behind a NAT.
    pub announce: IpAddr,
    /// The realm phones authenticate in; their HA1s are made with it.
    pub realm: String,
    /// Our User-Agent and Server header.
    pub user_agent: String,
    /// Trunks we call through and take calls from.
    pub gateways: Vec<Gateway>,
    /// Bounds on what phones may ask for as registration time.
    pub registration: RegistrationBounds,
    /// The algorithms phones are challenged with, the preferred first. Many phones (baresip 1.0
    /// among them) give up when they see any but MD5, so only MD5 is asked for by default; both are
    /// always accepted.
    pub phone_algorithms: Vec<Algorithm>,
    /// RFC 3261 timers.
    pub timers: Timers,
    /// Datagrams a second taken from one source address that is no gateway; a burst of twice that
    /// passes. 0 switches the limit off.
    pub flood_limit: u32,
    /// A UDP port of its own for gateways, on the same address: what leaves for a gateway leaves
    /// from there, and gateways may send there.
    pub trunk_port: Option<u16>,
    /// Listen on TLS too.
    pub tls: Option<Tls>,
    /// Calls above this many at once are refused with 503.
    pub max_calls: usize,
    /// New calls a second that are let in; more get 503. 0 is no limit.
    pub max_new_calls_per_s: u32,
    /// What one phone may do with its password.
    pub phone_limits: PhoneLimits,
    /// Ask every phone for a sign of life this often (OPTIONS); never when absent.
    pub phone_ping: Option<Duration>,
    /// Streams (TCP, TLS) that others may hold open to us at once, each of which costs two files of
    /// this process; strangers get no more than three quarters of them.
    pub max_streams: usize,
    /// A stream ends after this long when nobody at its address has shown a password and no gateway
    /// is there.
    pub stream_patience: Duration,
    /// Bytes of messages that are kept for looking at calls afterwards; 0 keeps none.
    pub trace_bytes: usize,
}

/// SIP over TLS: one more port, and whom we trust.
#[derive(Clone, PartialEq, Eq)]
pub struct Tls {
    /// Port on the agent's address, usually 5061.
    pub port: u16,
    /// Our certificate with its chain, PEM.
    pub certificate: Vec<u8>,
    /// Its private key, PEM (PKCS #8 or PKCS #1).
    pub key: Vec<u8>,
    /// The authorities that gateways' certificates are checked against, PEM. Without them no
    /// gateway can be called over TLS.
    pub authorities: Option<Vec<u8>>,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls")
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}

/// Bounds on what somebody with a phone's password can do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhoneLimits {
    /// Calls from one phone at once; more get 486.
    pub at_once: u32,
    /// Calls from one phone within an hour; more get 403.
    pub per_hour: u32,
    /// Starts of numbers that phones may not call; they get 403.
    pub denied: Vec<String>,
}

impl Default for PhoneLimits {
    fn default() -> Self {
        Self {
            at_once: 4,
            per_hour: 120,
            denied: Vec::new(),
        }
    }
}

impl Config {
    /// A plain UDP agent on `bind`, announced under the same address.
    #[must_use]
    pub fn new(bind: SocketAddr, realm: impl Into<String>) -> Self {
        Self {
            bind,
            also_tcp: false,
            announce: bind.ip(),
            realm: realm.into(),
            user_agent: "paceline".into(),
            gateways: Vec::new(),
            registration: RegistrationBounds::default(),
            phone_algorithms: vec![Algorithm::Md5],
            timers: Timers::default(),
            flood_limit: 200,
            trunk_port: None,
            tls: None,
            max_calls: 20_000,
            max_new_calls_per_s: 0,
            phone_limits: PhoneLimits::default(),
            phone_ping: None,
            max_streams: 2_000,
            stream_patience: Duration::from_secs(60),
            trace_bytes: 32 << 20,
        }
    }
}

/// How long a phone may stay registered without refreshing, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RegistrationBounds {
    /// Shorter wishes get 423.
    pub min_s: u32,
    /// Longer wishes are cut.
    pub max_s: u32,
    /// Given when the phone names no time.
    pub default_s: u32,
}

impl Default for RegistrationBounds {
    fn default() -> Self {
        Self {
            min_s: 30,
            max_s: 3600,
            default_s: 300,
        }
    }
}

/// RFC 3261 section 17 timers. Tests shorten them; nobody else should.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timers {
    /// Round-trip estimate. Every time-out is `64 * t1`.
    pub t1: Duration,
    /// Longest retransmission interval.
    pub t2: Duration,
    /// How long a message can stay in the network.
    pub t4: Duration,
}

impl Timers {
    /// How long an unanswered request lives (timers B, F, H, L, M).
    #[must_use]
    pub fn give_up(&self) -> Duration {
        self.t1 * 64
    }
}

impl Default for Timers {
    fn default() -> Self {
        Self {
            t1: Duration::from_millis(500),
            t2: Duration::from_secs(4),
            t4: Duration::from_secs(5),
        }
    }
}

/// A SIP trunk, known by its addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gateway {
    /// Our name for it.
    pub name: String,
    /// Where INVITEs go, and the source IP its INVITEs come from. Resolved beforehand.
    pub hop: Hop,
    /// Where INVITEs go when `hop` answers 503 or nothing, in this order (RFC 3263 section 4.3).
    pub more_hops: Vec<Hop>,
    /// Further source addresses its INVITEs may come from.
    pub more_sources: Vec<IpAddr>,
    /// For gateways that challenge us; the account's when we are registered there.
    pub credentials: Option<Credentials>,
    /// Domain for From, To and Request-URI; the gateway's address when absent.
    pub domain: Option<String>,
    /// Send OPTIONS this often and tell [`crate::SipEvent::GatewayState`]; never when absent.
    pub ping: Option<Duration>,
    /// The registration that the gateway wants of us (UNI, IMS); kept up for as long as the
    /// gateway is configured.
    pub account: Option<Account>,
    /// Least mean distance between two INVITEs, those of redirections and fail-over included; a
    /// burst of one second's worth passes.
    pub pace: Option<Duration>,
    pub profile: Profile,
}

impl Gateway {
    /// A gateway without credentials, reached over UDP.
    #[must_use]
    pub fn udp(name: impl Into<String>, addr: SocketAddr) -> Self {
        Self {
            name: name.into(),
            hop: Hop::udp(addr),
            more_hops: Vec::new(),
            more_sources: Vec::new(),
            credentials: None,
            domain: None,
            ping: None,
            account: None,
            pace: None,
            profile: Profile::default(),
        }
    }

    /// Every address that its account registers at; none without an account.
    pub fn registrars(&self) -> impl Iterator<Item = Hop> + '_ {
        let of = |a: &Account| std::iter::once(a.registrar).chain(a.more_registrars.clone());
        self.account.iter().flat_map(of)
    }

    /// Every address that it is reached at.
    pub fn hops(&self) -> impl Iterator<Item = Hop> {
        std::iter::once(self.hop).chain(self.more_hops.iter().copied())
    }
}

/// A digest user name and password that we use towards others.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    pub username: String,
    pub password: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials")
            .field("username", &self.username)
            .finish_non_exhaustive()
    }
}

/// A registration that we keep up at somebody else's registrar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Chosen by the caller; registering again under the same id replaces the account.
    pub id: AccountId,
    /// User part of the address of record and of our Contact.
    pub user: String,
    /// Domain of the address of record (the home domain in IMS).
    pub domain: String,
    /// Where REGISTER goes: the registrar, or the outbound proxy before it. Resolved beforehand.
    pub registrar: Hop,
    /// Where it goes when that address answers 503 or nothing.
    pub more_registrars: Vec<Hop>,
    pub credentials: Credentials,
    /// Wished registration time in seconds; refreshed at three quarters of what was granted.
    pub expires_s: u32,
}

/// Names an [`Account`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(pub u64);
