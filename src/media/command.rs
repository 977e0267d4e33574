//! What the media threads are told, and the ids in it.

use std::{net::SocketAddr, path::PathBuf, sync::Arc};

use crate::{g711::Law, leg::Leg, prompt::Prompt, shard::Inbox};

/// One leg. Unique in a process' life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LegId(pub u64);

/// One playback, chosen by the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlayId(pub u64);

/// One recording, chosen by the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordId(pub u64);

/// What was negotiated with the far end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Remote {
    /// Where its SDP wants the sound.
    pub address: SocketAddr,
    /// What it is sent.
    pub law: Law,
    /// The payload type of its telephone events, if it takes them.
    pub dtmf: Option<u8>,
    /// False while the far end holds: then its silence is no timeout.
    pub expects_sound: bool,
}

/// What a leg hears that is in no bridge.
#[derive(Debug, Clone)]
pub enum Hear {
    Silence,
    /// A prompt, round and round.
    Loop(Arc<Prompt>),
}

/// One order to a media thread.
#[derive(Debug)]
pub enum Command {
    Open(Box<Leg>),
    Connect {
        leg: LegId,
        remote: Remote,
    },
    Bridge {
        a: LegId,
        b: LegId,
    },
    Park {
        leg: LegId,
        hear: Hear,
    },
    Play {
        leg: LegId,
        play: PlayId,
        prompt: Arc<Prompt>,
        times: u32,
    },
    StopPlay {
        leg: LegId,
        play: PlayId,
    },
    Record {
        leg: LegId,
        record: RecordId,
        path: PathBuf,
    },
    StopRecord {
        leg: LegId,
        record: RecordId,
    },
    Close {
        leg: LegId,
    },
    /// Hand the leg to another thread, which has been told to expect it.
    Move {
        leg: LegId,
        to: Inbox,
    },
    Expect {
        leg: LegId,
    },
    Stop,
}

impl Command {
    /// The legs a command needs.
    pub fn legs(&self) -> [Option<LegId>; 2] {
        match self {
            Self::Open(_) | Self::Expect { .. } | Self::Stop => [None, None],
            Self::Bridge { a, b } => [Some(*a), Some(*b)],
            Self::Connect { leg, .. }
            | Self::Park { leg, .. }
            | Self::Play { leg, .. }
            | Self::StopPlay { leg, .. }
            | Self::Record { leg, .. }
            | Self::StopRecord { leg, .. }
            | Self::Close { leg }
            | Self::Move { leg, .. } => [Some(*leg), None],
        }
    }
}
