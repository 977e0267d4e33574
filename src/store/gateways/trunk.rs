//! How a gateway is spoken to, as the operator set it up (VOX-184 to VOX-191).

use serde::{Deserialize, Serialize};

/// What kind of trunk it is (VOX-185).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A peer: neither side registers.
    Nni,
    /// We register at it.
    Uni,
    /// We register at an IMS core: a user of its own for authentication, a home domain, proxies.
    Ims,
}

impl Kind {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Nni => "nni",
            Self::Uni => "uni",
            Self::Ims => "ims",
        }
    }

    #[must_use]
    pub fn registers(self) -> bool {
        self != Self::Nni
    }
}

/// Knobs of one trunk; the default speaks plain RFC 3261 with the caller's number in From.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Trunk {
    /// Where calls go when the gateway's own address says nothing or 503, in this order; `host` or
    /// `host:port`.
    pub more: Vec<String>,
    pub lookup: Lookup,
    /// User of our address of record, where it is not the one that authenticates (归属用户名).
    pub home_user: Option<String>,
    /// Domain in our URIs, where it is not the host (归属域名).
    pub home_domain: Option<String>,
    /// Where calls are sent instead of the host, `host[:port]` (呼出代理).
    pub outbound_proxy: Option<String>,
    /// Where REGISTER is sent instead of there, `host[:port]` (注册代理).
    pub register_proxy: Option<String>,
    /// Registration time that we ask for, seconds, 60 to 86,400.
    pub register_expire_s: u32,
    /// OPTIONS this often, seconds, 0 = never; `None`: as often as the house asks.
    pub options_ping_s: Option<u32>,
    /// Whether the caller's number stands in From; otherwise the registered user does. `None`: yes
    /// for NNI and UNI, no for IMS.
    pub caller_id_in_from: Option<bool>,
    /// Where the caller's number stands besides. `None`: nowhere for NNI and UNI, preferred for IMS.
    pub identity: Option<Identity>,
    /// `;user=phone` on numbers.
    pub user_phone: bool,
    /// The network hides the caller's number from every called party.
    pub withhold_caller: bool,
    /// What is offered and taken, the preferred first; the switch's own list when empty.
    pub codecs: Vec<Codec>,
    /// Packet length that we ask for, milliseconds: 10, 20, 30, 40 or 60.
    pub ptime_ms: u16,
    pub dtmf: Dtmf,
    /// Reliable provisional responses (RFC 3262, 100rel).
    pub reliable: Reliable,
    /// Session interval that we ask for (RFC 4028), seconds, 90 to 86,400; 0 asks for none.
    pub session_timer_s: u32,
    pub srtp: Srtp,
    /// Rewrites called numbers; the first rule that fits is applied.
    pub called_rules: Vec<NumberRule>,
    /// Rewrites caller numbers likewise.
    pub caller_rules: Vec<NumberRule>,
    /// The next address is tried when one said nothing for this long, seconds, 1 to 30.
    pub give_way_s: u32,
    /// Redirections followed in one call, 0 to 5.
    pub redirects: u8,
}

impl Default for Trunk {
    fn default() -> Self {
        Self {
            more: Vec::new(),
            lookup: Lookup::Host,
            home_user: None,
            home_domain: None,
            outbound_proxy: None,
            register_proxy: None,
            register_expire_s: 3_600,
            options_ping_s: None,
            caller_id_in_from: None,
            identity: None,
            user_phone: false,
            withhold_caller: false,
            codecs: Vec::new(),
            ptime_ms: 20,
            dtmf: Dtmf::Rfc4733,
            reliable: Reliable::Supported,
            session_timer_s: 0,
            srtp: Srtp::Off,
            called_rules: Vec::new(),
            caller_rules: Vec::new(),
            give_way_s: 4,
            redirects: 3,
        }
    }
}

/// How names are looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lookup {
    /// A and AAAA, with the port as it is set.
    Host,
    /// NAPTR and SRV first (RFC 3263); the port is for a name that has neither.
    Srv,
}

/// The header that tells the network the caller's number (RFC 3325).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Identity {
    None,
    /// P-Preferred-Identity.
    Preferred,
    /// P-Asserted-Identity.
    Asserted,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Codec {
    Pcma,
    Pcmu,
    G722,
}

/// How keys are pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dtmf {
    /// Telephone-events where the gateway takes them, tones where it does not.
    Rfc4733,
    /// Tones.
    Inband,
    /// SIP INFO.
    Info,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reliable {
    /// We do not say that we could.
    Never,
    /// We say that we can, and send ours so to those who insist.
    Supported,
    /// We send ours so to all who can take it.
    Preferred,
}

/// Whether our calls are encrypted (SDES, RFC 4568). Theirs are when they offer it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Srtp {
    Off,
    /// A gateway that cannot is not called.
    Required,
}

/// Replaces the start of a number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NumberRule {
    /// The start; empty fits every number.
    pub from: String,
    pub to: String,
}
