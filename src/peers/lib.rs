//! The other ends of the line, as real SIP user agents: a carrier with people behind it, and
//! agents' phones.
//!
//! The demo runs on them, tests call them. They speak SIP and RTP over sockets like anybody else
//! and know the house only by its address.
//!
//! - [`Carrier`] takes calls and lets the last two digits of the number decide ([`Manner::of`]); it
//!   counts what it saw, and places inbound calls.
//! - [`Phones`] is a bank of phones on one socket; each [`Phone`] registers with digest and answers
//!   by itself.

mod carrier;
mod counts;
mod dice;
mod inbound;
mod line;
mod manner;
mod person;
mod phone;
mod phones;
mod timing;

#[cfg(test)]
mod house;
#[cfg(test)]
mod tests;

use std::time::Duration;

pub use carrier::{Carrier, CarrierConfig};
pub use counts::Counts;
pub use inbound::{Caller, Trickle};
pub use manner::Manner;
pub use phone::{Habit, Phone, PhoneConfig, PhoneCounts};
pub use phones::{Phones, PhonesConfig};
pub use timing::Timing;

/// A far end is not too busy for a call because the machine is.
const OVERLOAD: Duration = Duration::from_millis(100);

/// Why a peer did not start.
#[derive(Debug, thiserror::Error)]
pub enum PeerError {
    #[error("its SIP and RTP did not start")]
    Start(#[source] embedded::StartError),
    #[error("it got no threads to run on")]
    Runtime(#[source] std::io::Error),
    #[error("it stopped while it was starting")]
    Stopped,
}
