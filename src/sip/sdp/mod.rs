//! Session descriptions for one audio stream: RFC 4566 as far as telephony needs it, and the
//! offer/answer rules of RFC 3264.
//!
//! [`offer`] writes ours, [`parse`] reads theirs, [`answer`] answers their offer, [`agree`] takes
//! what their answer to our offer settled. Later in a call it is [`offer_again`], [`answer_again`]
//! and [`settled`].

mod again;
mod build;
mod crypto;
mod negotiate;
mod parse;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;

pub use again::{answer_again, decline, offer_again, settled};
pub use build::offer;
pub use crypto::{CryptoLine, KEYING, Suite};
pub use negotiate::{agree, answer};
pub use parse::parse;

/// Bodies above this many bytes are refused.
pub const MAX_BYTES: usize = 8 * 1024;

/// The lengths of the packets that we can send, in milliseconds.
pub const PACKET_TIMES: [u16; 5] = [10, 20, 30, 40, 60];

/// The codecs that we know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Codec {
    /// G.711 µ-law, static payload type 0.
    Pcmu,
    /// G.711 A-law, static payload type 8.
    Pcma,
    /// G.722 at 64 kbit/s, static payload type 9; its rtpmap says 8000 Hz though it is 16000
    /// (RFC 3551 §4.5.2).
    G722,
}

impl Codec {
    /// The static payload type of RFC 3551.
    #[must_use]
    pub fn payload_type(self) -> u8 {
        match self {
            Self::Pcmu => 0,
            Self::Pcma => 8,
            Self::G722 => 9,
        }
    }

    /// Encoding name as in rtpmap.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pcmu => "PCMU",
            Self::Pcma => "PCMA",
            Self::G722 => "G722",
        }
    }
}

/// Who sends, as seen by the side that wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    SendRecv,
    SendOnly,
    RecvOnly,
    Inactive,
}

impl Direction {
    /// The attribute's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::SendRecv => "sendrecv",
            Self::SendOnly => "sendonly",
            Self::RecvOnly => "recvonly",
            Self::Inactive => "inactive",
        }
    }

    /// The same stream seen from the other side.
    #[must_use]
    pub fn reversed(self) -> Self {
        match self {
            Self::SendOnly => Self::RecvOnly,
            Self::RecvOnly => Self::SendOnly,
            same => same,
        }
    }

    /// Whether the writer sends.
    #[must_use]
    pub fn sends(self) -> bool {
        matches!(self, Self::SendRecv | Self::SendOnly)
    }

    /// Whether the writer wants to receive.
    #[must_use]
    pub fn receives(self) -> bool {
        matches!(self, Self::SendRecv | Self::RecvOnly)
    }

    /// What is left when the writer wants `self` and the limit allows `limit`.
    #[must_use]
    pub fn within(self, limit: Self) -> Self {
        match (
            self.sends() && limit.sends(),
            self.receives() && limit.receives(),
        ) {
            (true, true) => Self::SendRecv,
            (true, false) => Self::SendOnly,
            (false, true) => Self::RecvOnly,
            (false, false) => Self::Inactive,
        }
    }
}

/// Our side of the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Local {
    /// Where we want RTP.
    pub addr: SocketAddr,
    /// In order of preference.
    pub codecs: Vec<Codec>,
    /// Of what they offer we take what we prefer, not what they do (RFC 3264 section 6.1 leaves it to
    /// us).
    pub own_order: bool,
    /// Payload type for telephone-event when we offer; `None` leaves DTMF events out.
    pub dtmf: Option<u8>,
    /// The length of the packets that we ask for; what we send a far end that asks for none.
    pub ptime_ms: u16,
    pub direction: Direction,
    /// Our SRTP master key and salt: what we answer an encrypted offer with.
    pub keying: Option<[u8; KEYING]>,
    /// Offer SRTP, and nothing else. Needs [`Self::keying`].
    pub encrypted: bool,
    /// Where we offer SRTP, an answer without it will do as well.
    pub may_be_open: bool,
    /// `o=` session id; the same for the whole call.
    pub session_id: u64,
    /// `o=` version; one more whenever the description changes.
    pub version: u64,
}

impl Local {
    /// Both codecs, µ-law first, telephone-event at 101, 20 ms.
    #[must_use]
    pub fn new(addr: SocketAddr, session_id: u64) -> Self {
        Self {
            addr,
            codecs: vec![Codec::Pcmu, Codec::Pcma],
            own_order: false,
            dtmf: Some(101),
            ptime_ms: 20,
            direction: Direction::SendRecv,
            keying: None,
            encrypted: false,
            may_be_open: false,
            session_id,
            version: 1,
        }
    }
}

/// A session description of the far end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// `o=` session id and version, as written.
    pub origin: (String, String),
    /// Every media line in order, because an answer repeats them all.
    pub media: Vec<Media>,
}

impl Session {
    /// The first audio stream that is not switched off.
    #[must_use]
    pub fn audio(&self) -> Option<&Audio> {
        self.media.iter().find_map(|m| m.audio.as_ref())
    }
}

/// One `m=` line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Media {
    /// `audio`, `video`, ...
    pub kind: String,
    pub protocol: String,
    /// Formats as written.
    pub formats: Vec<String>,
    /// Set for `audio` over `RTP/AVP` or `RTP/SAVP` with a port that is not 0.
    pub audio: Option<Audio>,
}

/// A live audio stream, as its writer describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audio {
    /// Where the writer wants RTP.
    pub addr: SocketAddr,
    /// The codecs that we know, with their payload types, in the writer's order.
    pub codecs: Vec<(u8, Codec)>,
    /// Payload type of telephone-event at 8000 Hz.
    pub dtmf: Option<u8>,
    /// The length of the packets that the writer wants to be sent.
    pub ptime_ms: Option<u16>,
    /// The longest packets that the writer takes.
    pub max_ptime_ms: Option<u16>,
    /// As written; without the writer's wish to receive when the address is `0.0.0.0` (the old way
    /// to hold).
    pub direction: Direction,
    /// Where RTCP goes when it is not the next port (RFC 3605).
    pub rtcp_port: Option<u16>,
    /// RTCP may come to the same port as RTP (RFC 5761).
    pub rtcp_mux: bool,
    /// The line is `RTP/SAVP`: SRTP and nothing else.
    pub encrypted: bool,
    /// The keys that we can use, in the writer's order.
    pub crypto: Vec<CryptoLine>,
}

impl Audio {
    /// Where the writer wants RTCP when that is not the port after RTP.
    fn rtcp(&self) -> Option<SocketAddr> {
        let port = match self.rtcp_mux {
            true => Some(self.addr.port()),
            false => self.rtcp_port,
        };
        port.map(|port| SocketAddr::new(self.addr.ip(), port))
    }
}

/// What both sides settled on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreed {
    /// Where we send RTP.
    pub remote: SocketAddr,
    pub codec: Codec,
    /// Payload type we send the codec with.
    pub send_payload_type: u8,
    /// Payload type the codec comes with.
    pub receive_payload_type: u8,
    /// Payload type of telephone-event that we send; `None` when the far end takes none.
    pub send_dtmf: Option<u8>,
    /// Payload type that telephone-event comes with.
    pub receive_dtmf: Option<u8>,
    /// The length of the packets that we send, one of [`PACKET_TIMES`].
    pub ptime_ms: u16,
    /// Our side of it: whether we send and receive.
    pub direction: Direction,
    /// Where RTCP goes when that is not the port after RTP.
    pub rtcp: Option<SocketAddr>,
    /// SRTP: what we protect with, and what the far end does. Both have the same suite.
    pub crypto: Option<(CryptoLine, CryptoLine)>,
}

/// Why a description could not be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SdpError {
    /// Above [`MAX_BYTES`], no `v=0`, or a line that cannot be read.
    #[error("the session description cannot be read")]
    Unreadable,
    /// No audio line over RTP/AVP or RTP/SAVP, or it is switched off with port 0.
    #[error("the session description has no audio")]
    NoAudio,
    /// The far end wants encryption and we have no key or suite for it, or the other way round.
    #[error("there is no way to encrypt in common")]
    NoCrypto,
    /// None of our codecs, or an address family other than ours.
    #[error("there is no codec in common")]
    NoCodec,
}
