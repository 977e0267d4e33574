//! Sounds: RTP legs on dedicated threads, bridges, prompts, recordings, DTMF.
//!
//! A [`Media`] owns one or more OS threads. Each turns a wheel of twenty slots of one
//! millisecond; a leg sits in one slot, so it is served once in twenty milliseconds: what came in
//! is checked, counted and handed to its peer and its recording, then one packet goes out, silence
//! if nothing else is to be heard. Nothing in that loop waits, and files are read and written
//! elsewhere.
//!
//! Nothing here knows SIP, a call or a queue. Commands go in through [`Media`]'s methods; what
//! happened comes out as [`Event`]s.

pub mod archive;
mod arrival;
pub mod classify;
mod codec;
mod comfort;
mod command;
mod conceal;
mod control;
mod dtmf;
mod event;
mod framing;
#[cfg(test)]
#[path = "../sip/fuzz.rs"]
mod fuzz;
pub mod g711;
pub mod goertzel;
mod hearing;
mod jitter;
mod keys;
mod latch;
mod lateness;
mod leg;
mod media;
mod mix;
mod mp3;
mod outlet;
mod packet;
mod player;
mod ports;
mod priority;
mod prompt;
mod quality;
mod reception;
mod recorder;
mod resample;
mod rtcp;
mod salvage;
mod sequence;
mod shard;
mod shelf;
mod sink;
mod srtp;
mod tap;
mod tone;
mod tone_keys;
mod wav;
mod wheel;

#[cfg(test)]
mod tests;

pub use codec::Codec;
pub use command::{Crypto, Hear, LegId, PlayId, RecordId, Remote};
pub use dtmf::Key;
pub use event::{Event, PlayEnd, Stats};
pub use g711::{FRAME, Law};
pub use lateness::{Lateness, Watch};
pub use media::{Config, Media, MediaError, OpenLeg};
pub use mix::{Ear, Gain, Monitor, conference, supervised};
pub use packet::DTMF_PAYLOAD_TYPE;
pub use prompt::{Prompt, PromptError, Prompts};
pub use salvage::salvage;
pub use shelf::{Kept as KeptPrompt, Shelf};
pub use srtp::{Keying, Suite};
pub use tone_keys::ToneKeys;
