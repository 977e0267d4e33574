//! What the media threads are told, and the ids in it.

use std::{collections::HashSet, net::SocketAddr, path::PathBuf, sync::Arc};

use crate::{codec::Codec, leg::Leg, mix::Ear, prompt::Prompt, shard::Inbox};

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
    pub codec: Codec,
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
    /// Each of these legs hears what its ear says; all of them live on one thread.
    Mix {
        ears: Vec<Ear>,
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
    /// Whether the command needs one of these legs.
    pub fn needs(&self, legs: &HashSet<LegId>) -> bool {
        match self {
            Self::Open(_) | Self::Expect { .. } | Self::Stop => false,
            Self::Bridge { a, b } => legs.contains(a) || legs.contains(b),
            Self::Mix { ears } => ears.iter().any(|ear| {
                legs.contains(&ear.leg) || ear.voices.iter().any(|(voice, _)| legs.contains(voice))
            }),
            Self::Connect { leg, .. }
            | Self::Park { leg, .. }
            | Self::Play { leg, .. }
            | Self::StopPlay { leg, .. }
            | Self::Record { leg, .. }
            | Self::StopRecord { leg, .. }
            | Self::Close { leg }
            | Self::Move { leg, .. } => legs.contains(leg),
        }
    }
}
