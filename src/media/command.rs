//! What the media threads are told, and the ids in it.

use std::{
    collections::HashSet,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    sync::Arc,
};

use crate::{
    classify::Classifier, codec::Codec, dtmf::Key, framing::HALF, leg::Leg, mix::Ear,
    packet::DTMF_PAYLOAD_TYPE, prompt::Prompt, shard::Inbox, srtp::Keying,
};

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
    /// The length of the packets that it is sent, in milliseconds: 10 to 120, a multiple of 10.
    pub packet_ms: u16,
    /// Where its reports go, if not to the port after that of the sound.
    pub rtcp: Option<SocketAddr>,
    /// The keys of both directions, where the sound is encrypted.
    pub crypto: Option<Crypto>,
    /// The payload type of its telephone events, if it takes them; if not, keys are tones.
    pub dtmf: Option<u8>,
    /// False while the far end does not send, or need not because it holds (it says `sendonly`,
    /// `recvonly` or `inactive`): then its silence is no timeout.
    pub expects_sound: bool,
}

impl Remote {
    /// A far end that takes open RTP at `address`, packets of 20 ms, telephone events as 101, and is
    /// heard.
    #[must_use]
    pub fn open(address: SocketAddr, codec: Codec) -> Self {
        Self {
            address,
            codec,
            packet_ms: 20,
            rtcp: None,
            crypto: None,
            dtmf: Some(DTMF_PAYLOAD_TYPE),
            expects_sound: true,
        }
    }

    /// Samples of a packet that it is sent.
    pub(crate) fn packet(&self) -> usize {
        let halves = (self.packet_ms / 10).clamp(1, 12);
        usize::from(halves) * HALF
    }
}

/// SRTP keys as negotiated (RFC 4568).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crypto {
    /// What we protect with.
    pub ours: Keying,
    /// What the far end protects with.
    pub theirs: Keying,
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
    SignalledFrom {
        leg: LegId,
        hosts: Vec<IpAddr>,
    },
    Answered {
        leg: LegId,
    },
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
    Press {
        leg: LegId,
        digits: String,
    },
    WithholdKeys {
        leg: LegId,
        on: bool,
    },
    /// A key that came by signalling.
    Typed {
        leg: LegId,
        key: Key,
    },
    KeysBySignalling {
        leg: LegId,
    },
    Classify {
        leg: LegId,
        /// `None` ends it.
        classifier: Option<Box<dyn Classifier>>,
    },
    Record {
        leg: LegId,
        record: RecordId,
        path: PathBuf,
    },
    PauseRecord {
        leg: LegId,
        record: RecordId,
        paused: bool,
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
            Self::SignalledFrom { leg, .. }
            | Self::Answered { leg }
            | Self::Connect { leg, .. }
            | Self::Park { leg, .. }
            | Self::Play { leg, .. }
            | Self::StopPlay { leg, .. }
            | Self::Press { leg, .. }
            | Self::WithholdKeys { leg, .. }
            | Self::Typed { leg, .. }
            | Self::KeysBySignalling { leg }
            | Self::Classify { leg, .. }
            | Self::Record { leg, .. }
            | Self::PauseRecord { leg, .. }
            | Self::StopRecord { leg, .. }
            | Self::Close { leg }
            | Self::Move { leg, .. } => legs.contains(leg),
        }
    }
}
