//! One line for each idle agent: nobody is ever abandoned for want of an agent.

use super::{Decision, Limit, Load, load::count};

pub(super) fn wish(load: &Load) -> Decision {
    let (idle, waiting) = (load.idle(), count(load.waiting.len()));
    if waiting > 0 && waiting >= idle {
        return Decision::new(0, Limit::Waiting);
    }
    let lines = idle
        .saturating_sub(waiting)
        .saturating_sub(count(load.in_flight.len()));
    Decision::new(lines, Limit::IdleAgents)
}
