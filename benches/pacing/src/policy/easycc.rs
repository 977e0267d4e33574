//! easycallcenter365's batches.

use super::{Batch, Policy, gap, note};
use crate::{
    seen::{AState, Ev, Obs},
    sim::Sim,
};

/// easycallcenter365 (FreeSWITCH): BatchTaskManager.doCallOut.
pub struct EasyCc {
    stats: f64,
    rate: f64,
    ring: (f64, f64),
    talk: (f64, f64),
    ended: usize,
    batch: Batch,
}

impl Default for EasyCc {
    fn default() -> Self {
        EasyCc {
            stats: 420.0,
            rate: 3.0,
            ring: (0.0, 10.0),
            talk: (0.0, 60.0),
            ended: 0,
            batch: Batch::default(),
        }
    }
}

impl Policy for EasyCc {
    fn decide(&mut self, o: &Obs, _: &Sim) -> usize {
        for e in &o.events {
            match *e {
                Ev::Pickup(_, r) => note(&mut self.ring, r),
                Ev::Ended(_, _, why) if why != "machine" => self.ended += 1,
                Ev::TalkEnd(_, d) => note(&mut self.talk, d),
                _ => {}
            }
        }
        if o.t >= self.stats && self.ring.0 > 0.0 {
            self.stats = o.t + 31.0;
            self.rate = 1.0 + self.ended as f64 / self.ring.0;
        }
        if !self.batch.due(o) {
            return self.batch.place(o);
        }
        let wrap = 15.0;
        let soon = |x: f64| self.ring.1 - (self.talk.1.max(5.0) - wrap - x) > 0.0;
        let busy = o
            .agents
            .iter()
            .filter(|a| a.1 == AState::Talk && soon(a.2))
            .count() as f64;
        // the source multiplies the calls in the air by 1 / answer rate, not by the answer rate
        let room = o.idle as f64 - (o.ringing as f64 * self.rate).floor() + busy
            - (o.waiting as f64 * 0.9).floor();
        self.batch.set(
            o,
            gap(room * self.rate, 0),
            if room > 0.0 { 15.0 } else { 3.0 },
        )
    }
}
