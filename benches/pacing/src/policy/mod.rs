//! The policy interface and the peers' pacing rules, restated from their public sources.

mod clairvoyant;
mod easycc;
mod ewma;
mod issabel;
mod vici;
mod webitel;

pub use clairvoyant::Clairvoyant;
pub use easycc::EasyCc;
pub use ewma::Ewma;
pub use issabel::Issabel;
pub use vici::{Method, Vici};
pub use webitel::Webitel;

use crate::{
    seen::{Hello, Obs},
    sim::Sim,
};

pub trait Policy {
    fn hello(&mut self, _h: &Hello) {}
    /// How many calls to place now. `truth` is for oracles only; fair policies ignore it.
    fn decide(&mut self, o: &Obs, truth: &Sim) -> usize;
    /// Oracles may name the leads to dial instead of taking the list in order.
    fn leads(&mut self) -> Option<Vec<usize>> {
        None
    }
    fn bye(&mut self) {}
}

fn gap(target: f64, have: usize) -> usize {
    (target - have as f64).max(0.0) as usize
}

/// Running mean (count, mean).
fn note(m: &mut (f64, f64), x: f64) {
    m.0 += 1.0;
    m.1 += (x - m.1) / m.0;
}

/// A batch decided every few seconds is placed as fast as the gateway takes it.
#[derive(Default)]
struct Batch {
    left: usize,
    next: f64,
}

impl Batch {
    fn due(&self, o: &Obs) -> bool {
        o.t >= self.next
    }
    fn place(&mut self, o: &Obs) -> usize {
        let n = self.left.min(o.room());
        self.left -= n;
        n
    }
    fn set(&mut self, o: &Obs, n: usize, wait: f64) -> usize {
        (self.left, self.next) = (n, o.t + wait);
        self.place(o)
    }
}

/// Keep `a` calls in the air per idle agent and `b` per busy one.
/// Progressive is a = 1, b = 0; Wombat's boost is a, b = 0.
pub struct Static {
    pub a: f64,
    pub b: f64,
}

impl Policy for Static {
    fn decide(&mut self, o: &Obs, _: &Sim) -> usize {
        gap(
            self.a * o.idle as f64 + self.b * (o.talking + o.wrapping) as f64 + 1e-9,
            o.in_flight(),
        )
    }
}
