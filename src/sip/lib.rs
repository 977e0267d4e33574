//! Speaks SIP: calls through gateways, phones that register with us, accounts of ours elsewhere.
//!
//! Three layers, and types of one never show in the next:
//!
//! - `wire` owns sockets and transactions. They are rsipstack's, and nothing above knows it.
//! - `core` decides, without IO, clock or randomness of its own: what arrived goes in with the time
//!   it arrived, what is to be sent comes out. Dialogs, digest, registrar, glare, forks and races
//!   live there.
//! - [`Agent`] is the handle that the house holds.
//!
//! [`sdp`] stands beside them: it reads and writes session descriptions for whoever owns the media.
//! Nothing here knows a lead, a campaign or a queue.

mod agent;
mod clock;
mod command;
mod config;
mod core;
mod digest;
mod error;
mod event;
#[cfg(test)]
mod fuzz;
mod message;
#[cfg(test)]
mod peers;
mod phone_book;
mod profile;
pub mod sdp;
mod shell;
mod trace;
mod wire;

pub use agent::Agent;
pub use command::{Destination, EndCause, Hop, Identity, Offer, PhoneKey, Transport};
pub use config::{
    Account, AccountId, Config, Credentials, Gateway, PhoneLimits, RegistrationBounds, Timers, Tls,
};
pub use digest::{Algorithm, ha1};
pub use error::SipError;
pub use event::{
    Ban, BanReason, CallRef, GatewayHealth, GatewayStatus, HopStatus, Registration, Side, SipEvent,
    Source,
};
pub use phone_book::{Ha1, NoPhones, PhoneBook};
pub use profile::{FromUser, IdentityHeader, NumberRule, Profile, Reliable};
pub use trace::Traced;
