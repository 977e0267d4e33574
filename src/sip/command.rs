//! What an agent is asked for.

use std::net::SocketAddr;

/// Transport protocol of a hop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transport {
    Udp,
    Tcp,
    Tls,
}

impl Transport {
    /// The name in Via.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
        }
    }
}

/// The next hop of a message: a resolved address and how to reach it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hop {
    pub transport: Transport,
    pub addr: SocketAddr,
}

impl Hop {
    #[must_use]
    pub fn udp(addr: SocketAddr) -> Self {
        Self {
            transport: Transport::Udp,
            addr,
        }
    }

    #[must_use]
    pub fn tcp(addr: SocketAddr) -> Self {
        Self {
            transport: Transport::Tcp,
            addr,
        }
    }

    #[must_use]
    pub fn tls(addr: SocketAddr) -> Self {
        Self {
            transport: Transport::Tls,
            addr,
        }
    }
}

/// Whom to call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// A number behind a configured gateway.
    Gateway { gateway: String, number: String },
    /// A phone registered with us, at the address it registered from.
    Phone { extension: String },
    /// A user at another server, called as a registered account of ours.
    Account {
        account: crate::AccountId,
        number: String,
    },
}

/// A key of a phone that is pressed from here (NOTIFY with `Event: talk` or `Event: hold`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PhoneKey {
    /// Take the call that rings, or take up the one that the phone holds by itself.
    Talk,
    /// Hold the call that it talks in.
    Hold,
}

/// The session description of an INVITE.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    pub sdp: Vec<u8>,
    /// Offered when the called party refuses the first one for what it says (415, 488, 606).
    pub otherwise: Option<Vec<u8>>,
}

impl From<Vec<u8>> for Offer {
    fn from(sdp: Vec<u8>) -> Self {
        Self {
            sdp,
            otherwise: None,
        }
    }
}

/// What the called party sees.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Identity {
    /// User part of From; `anonymous` when empty.
    pub number: String,
    /// Display name.
    pub name: Option<String>,
    /// The called party is not to see them (RFC 3323); the network may.
    pub withheld: bool,
}

/// Why we end a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndCause {
    /// Q.850 16; 603 for an unanswered incoming call.
    Normal,
    /// Q.850 17, 486.
    Busy,
    /// Q.850 19, 480.
    NoAnswer,
    /// Q.850 21, 603.
    Declined,
    /// Q.850 1, 404.
    Unallocated,
    /// Q.850 42, 503.
    Congestion,
    /// Q.850 88, 488: no codec in common.
    NotAcceptable,
}

impl EndCause {
    /// The final refusal of an incoming call.
    #[must_use]
    pub fn status(self) -> u16 {
        match self {
            Self::Normal | Self::Declined => 603,
            Self::Busy => 486,
            Self::NoAnswer => 480,
            Self::Unallocated => 404,
            Self::Congestion => 503,
            Self::NotAcceptable => 488,
        }
    }

    /// The Q.850 cause written into our Reason header.
    #[must_use]
    pub fn q850(self) -> u8 {
        match self {
            Self::Normal => 16,
            Self::Busy => 17,
            Self::NoAnswer => 19,
            Self::Declined => 21,
            Self::Unallocated => 1,
            Self::Congestion => 42,
            Self::NotAcceptable => 88,
        }
    }
}
