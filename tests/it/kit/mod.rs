//! What the tests stand on: the built binary, its API, and SIP peers that are not ours.

pub mod baresip;
pub mod carrier;
pub mod client;
pub mod ports;
pub mod process;
pub mod server;
pub mod sipp;
pub mod sound;
pub mod tone_end;
pub mod wait;
