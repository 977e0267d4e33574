//! One line for each idle agent: nobody is ever abandoned for want of an agent.

use super::{Decision, Limit, Load, idle};

pub(super) fn wish(load: &Load) -> Decision {
    let idle = idle(load);
    if load.waiting > 0 && load.waiting >= idle {
        return Decision {
            lines: 0,
            why: Limit::Waiting,
        };
    }
    let in_flight = u32::try_from(load.in_flight.len()).unwrap_or(u32::MAX);
    let lines = idle.saturating_sub(load.waiting).saturating_sub(in_flight);
    Decision {
        lines,
        why: Limit::IdleAgents,
    }
}
