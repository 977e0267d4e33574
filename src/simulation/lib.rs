//! What a shift would come to: the engine's own floor against people of chance, on a virtual clock.
//!
//! ```text
//!   scenario ──▶ world ── floor (engine) ──▶ commands ──▶ people, list ──▶ inputs ─┐
//!                  ▲                                                               │
//!                  └───────────────────────────────────────────────────────────────┘
//! ```
//!
//! The same scenario with the same seed gives the same figures to the last digit. Every lead's fate
//! depends on the seed, the lead and the attempt alone, so that two scenarios that differ in one
//! setting meet the same people in the same order.

mod chance;
mod far_end;
mod figures;
mod list;
mod picture;
mod records;
mod scenario;
mod world;

#[cfg(test)]
mod tests;

pub use chance::Spread;
pub use figures::{Figures, Span};
pub use picture::svg;
pub use records::{Dial, Records, TooFew};
pub use scenario::{BadScenario, Breaks, Scenario};

/// Plays a scenario to its end.
///
/// # Errors
/// The first thing that makes it unplayable.
pub fn play(scenario: &Scenario) -> Result<Figures, BadScenario> {
    scenario.validate()?;
    Ok(world::World::new(scenario).play())
}
