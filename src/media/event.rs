//! What the media threads tell.

use std::path::PathBuf;

use crate::{LegId, PlayId, RecordId, classify::Finding};

/// Something that happened on a leg. In order per leg, but for the recordings, which a thread of
/// their own writes.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A key was pressed at the far end. `withheld`: whoever hears the leg was not passed it.
    Dtmf {
        leg: LegId,
        digit: char,
        ms: u32,
        withheld: bool,
    },
    /// The hook of the telephone at the far end was tapped (RFC 4733, event 16).
    Flash { leg: LegId },
    /// Every key that was to be pressed has been sent.
    Pressed { leg: LegId },
    /// A classifier has found something out.
    Found { leg: LegId, finding: Finding },
    /// A playback is over. Every one that was started is told exactly once.
    PlayDone {
        leg: LegId,
        play: PlayId,
        played_ms: u64,
        why: PlayEnd,
    },
    /// The file is there, under the name that it keeps.
    RecordStarted {
        leg: LegId,
        record: RecordId,
        path: PathBuf,
    },
    /// The file is complete, or as complete as it gets.
    RecordDone {
        leg: LegId,
        record: RecordId,
        path: PathBuf,
        /// Length of the sound.
        ms: u64,
        /// Size of the file.
        bytes: u64,
        /// Why the file is missing or incomplete.
        error: Option<String>,
    },
    /// Neither sound nor a report was received for the configured time. Told again only after sound has come back.
    Timeout { leg: LegId },
    /// The leg is gone; nothing but `RecordDone` follows.
    Closed { leg: LegId, stats: Stats },
}

/// Why a playback ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlayEnd {
    /// All of it was heard.
    Finished,
    /// It was stopped, or something else was to be heard.
    Stopped,
    /// The leg ended first.
    LegEnded,
}

/// What was counted on a leg.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Stats {
    /// Valid packets from the locked source.
    pub received: u64,
    pub sent: u64,
    /// Estimated from sequence gaps.
    pub lost: u64,
    /// RFC 3550 interarrival jitter of the last source.
    pub jitter_ms: f32,
    /// There and back, from the far end's last RTCP report; `None` without one.
    pub round_trip_ms: Option<f32>,
    /// Packets of ours that the far end reports as lost.
    pub reported_lost: Option<u64>,
    /// Jitter that the far end reports of our packets.
    pub reported_jitter_ms: Option<f32>,
    /// How what we received sounded, estimated: 1.0 to 4.5 (ITU-T G.107, simplified). `None`
    /// after less than a second of sound.
    pub mos: Option<f32>,
}
