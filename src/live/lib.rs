//! Acts, by the second: drains the engine's floor, carries out its commands, feeds it what
//! happened, and owns the clock. It decides nothing.

mod bus;
mod handle;

pub use bus::{Bus, Envelope, Gap};
pub use handle::{Live, Refusal};
