//! Webitel's over-dial.

use std::collections::VecDeque;

use super::{Policy, gap};
use crate::{seen::Obs, sim::Sim};

/// Webitel: over_dial from the last hour's hit rate, bent by cc_wrap_over_dial, per free agent.
#[derive(Default)]
pub struct Webitel {
    hour: VecDeque<(f64, usize, usize, usize)>,
    over: f64,
    next: f64,
}

impl Policy for Webitel {
    fn decide(&mut self, o: &Obs, _: &Sim) -> usize {
        if o.t >= self.next {
            self.next = o.t + 30.0;
            self.hour.push_back((o.t, o.dials, o.answered, o.abandoned));
            while self.hour[0].0 < o.t - 3600.0 {
                self.hour.pop_front();
            }
            let f = self.hour[0];
            let (n, a, l) = (
                (o.dials - f.1) as f64,
                (o.answered - f.2) as f64,
                (o.abandoned - f.3) as f64,
            );
            let (cur, max, factor) = (100.0 * l / a, 3.0, 10.0);
            self.over = if a < 10.0 || cur >= max {
                1.0
            } else {
                n / a * (1.0 + (max - cur) * factor / 100.0)
            };
        }
        gap(self.over * o.idle as f64, o.in_flight())
    }
}
