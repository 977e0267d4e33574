//! Acts, by the second: drains the engine's floor, carries out its commands, feeds it what
//! happened, and owns the clock. It decides nothing.
//!
//! ```text
//!            orders                         commands
//!   web ──────────────▶ shell ── floor ──┬──────────▶ scribe  ──▶ store
//!                        ▲  ▲            ├──────────▶ operator ─▶ switch
//!                        │  └── inputs ──┘            teller  ──▶ bus
//!                        └───── watcher (configuration, campaigns, jobs) ◀── store
//! ```

mod answers;
mod bus;
mod call_offs;
mod clock;
pub mod failpoint;
mod handle;
mod legs;
pub mod lines;
mod operator;
mod recordings;
mod reminder;
mod scribe;
mod shell;
mod teller;
mod watcher;

pub use bus::{Bus, Envelope, Gap};
pub use handle::{Live, Refusal};
pub use lines::Lines;
pub use recordings::file_of;
pub use shell::{Config, Running, start};
