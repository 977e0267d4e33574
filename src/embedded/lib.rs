//! The default switch: the call-control port, implemented by `sip` and `media` in this process.
//!
//! [`Embedded`] holds one table of legs. Commands, SIP events and media events each take the
//! table's lock, change it, and tell what happened, so the events of a leg have one order. Nothing
//! waits under that lock: SIP and media take their orders through queues.
//!
//! A leg that stays silent for the media engine's RTP timeout is told as `MediaTimeout` and then
//! ended on behalf of the network.

mod accounts;
mod calls;
mod clock;
mod commands;
mod config;
mod early;
mod embedded;
mod floor;
mod keys;
mod leg;
mod mixes;
mod playback;
mod remote_control;
mod sound;
mod transfers;
mod translate;

#[cfg(test)]
mod tests;

pub use accounts::AccountState;
pub use config::{Config, Dtmf, Gateway};
pub use embedded::{Embedded, StartError};
