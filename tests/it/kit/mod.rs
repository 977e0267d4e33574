//! What the tests stand on: the built binary, its API, and SIP peers that are not ours.

pub mod bad_files;
pub mod baresip;
pub mod browser;
pub mod caller;
pub mod carrier;
pub mod channel;
pub mod client;
pub mod clock;
pub mod crowd;
pub mod furniture;
pub mod office;
pub mod person;
pub mod ports;
pub mod process;
pub mod received;
pub mod registrar;
pub mod server;
pub mod sheet;
pub mod sipp;
pub mod sipp_phone;
pub mod sound;
pub mod stage;
pub mod tone_end;
pub mod voice;
pub mod wait;
