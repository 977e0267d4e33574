//! A fixed number of lines in the air for each idle agent, as a supervisor chose it.

use super::{Decision, Limit, Load, idle};

pub(super) fn wish(load: &Load, lines_per_agent: f64) -> Decision {
    let idle = idle(load);
    if load.waiting > 0 && load.waiting >= idle {
        return Decision {
            lines: 0,
            why: Limit::Waiting,
        };
    }
    let free = f64::from(idle - load.waiting);
    let wanted = (free * lines_per_agent).floor() as u32;
    let in_flight = u32::try_from(load.in_flight.len()).unwrap_or(u32::MAX);
    Decision {
        lines: wanted.saturating_sub(in_flight),
        why: Limit::Ratio,
    }
}
