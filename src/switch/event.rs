//! What a switch tells the house.

use std::{path::PathBuf, time::SystemTime};

use uuid::Uuid;

use crate::{CommandId, ConferenceId, Monitor, PlayId, RecordId};

/// One SIP dialog with its sound. Chosen by the house for outgoing legs, by the switch for incoming.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LegId(pub Uuid);

/// One thing that happened.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// The leg it happened to; `None` for gateways and registrations.
    pub leg: Option<LegId>,
    /// Dense per leg, from 1.
    pub seq: u32,
    /// When the engine saw it.
    pub at: SystemTime,
    pub kind: EventKind,
}

#[derive(Debug, Clone, PartialEq)]
pub enum EventKind {
    /// A call came in and waits for `Ring`, `Answer` or `Hangup`.
    Incoming {
        from: String,
        to: String,
        gateway: Option<String>,
    },
    /// The far end rings; `early_media` when a 18x carried SDP.
    Ringing {
        early_media: bool,
    },
    Answered,
    Bridged {
        peer: LegId,
    },
    Unbridged {
        peer: LegId,
    },
    Parked,
    /// It hears music or silence while its bridge waits.
    Held,
    Resumed,
    /// It takes part in the bridge of `agent`.
    Supervising {
        agent: LegId,
        monitor: Monitor,
    },
    ConferenceJoined {
        conference: ConferenceId,
    },
    ConferenceLeft {
        conference: ConferenceId,
    },
    PlayStarted {
        play: PlayId,
    },
    PlayDone {
        play: PlayId,
        played_ms: u64,
        why: PlayEnd,
    },
    Dtmf {
        digit: char,
        ms: u32,
    },
    RecordStarted {
        record: RecordId,
    },
    /// `error` is set when the file is incomplete (disk full and the like).
    RecordDone {
        record: RecordId,
        path: PathBuf,
        ms: u64,
        bytes: u64,
        error: Option<String>,
    },
    /// No RTP for the configured time.
    MediaTimeout,
    /// An accepted command had no effect.
    Failed {
        command: CommandId,
        why: String,
    },
    /// The leg is over. The last event of a leg, but for `RecordDone`.
    Ended(Ended),
    /// A phone registered; `user_agent` as it names itself.
    Registered {
        extension: String,
        user_agent: String,
    },
    Unregistered {
        extension: String,
    },
    Gateway {
        gateway: String,
        state: GatewayState,
    },
}

/// How and why a leg ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Ended {
    /// Who ended it.
    pub side: Side,
    /// The final SIP status before the answer (408 when nothing came, 487 after our CANCEL);
    /// `None` for a leg that was answered.
    pub sip_status: Option<u16>,
    /// Q.850 cause from a Reason header, or 16 for a plain BYE.
    pub q850: Option<u8>,
    /// The reason phrase or the text of the Reason header.
    pub reason: Option<String>,
    pub stats: MediaStats,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The house hung up.
    Us,
    /// The far end did.
    Them,
    /// Nobody did: transport or media failed, or the far end fell silent.
    Network,
}

/// What the media engine counted on a leg.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct MediaStats {
    pub packets_received: u64,
    pub packets_sent: u64,
    /// Estimated from sequence gaps.
    pub packets_lost: u64,
    /// RFC 3550 interarrival jitter.
    pub jitter_ms: f32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlayEnd {
    Finished,
    Stopped,
    /// The leg ended first.
    LegEnded,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GatewayState {
    Up,
    Degraded,
    Down,
}
