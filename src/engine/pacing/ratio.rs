//! A fixed number of lines in the air for each idle agent, as a supervisor chose it.

use super::{Decision, Limit, Load, load::count};

pub(super) fn wish(load: &Load, lines_per_agent: f64) -> Decision {
    let (idle, waiting) = (load.idle(), count(load.waiting.len()));
    if waiting > 0 && waiting >= idle {
        return Decision::new(0, Limit::Waiting);
    }
    let free = f64::from(idle - waiting);
    let wanted = (free * lines_per_agent).floor() as u32;
    Decision::new(
        wanted.saturating_sub(count(load.in_flight.len())),
        Limit::Ratio,
    )
}
