//! Issabel's count of agents who will soon be free.

use std::collections::VecDeque;

use super::{Batch, Policy, gap, note};
use crate::{
    seen::{AState, Ev, Obs},
    sim::Sim,
};

/// Issabel/Elastix callcenter: CampaignProcess and Predictor, defaults; overcommit optional.
#[derive(Default)]
pub struct Issabel {
    overcommit: bool,
    answer: VecDeque<f64>,
    talk: (f64, f64),
    done: VecDeque<(f64, bool)>,
    batch: Batch,
}

impl Issabel {
    pub fn new(overcommit: bool) -> Self {
        Issabel {
            overcommit,
            ..Default::default()
        }
    }
}

impl Policy for Issabel {
    fn decide(&mut self, o: &Obs, _: &Sim) -> usize {
        for e in &o.events {
            match *e {
                Ev::TalkEnd(_, d) => note(&mut self.talk, d),
                Ev::Pickup(_, ring) => {
                    self.answer.push_front(ring);
                    self.done.push_back((o.t, true));
                }
                Ev::Ended(_, age, why) if why != "machine" => {
                    self.answer
                        .push_front(if why == "noanswer" { age } else { 0.0 });
                    self.done.push_back((o.t, false));
                }
                _ => {}
            }
        }
        self.answer.truncate(20);
        while self.done.front().is_some_and(|d| d.0 < o.t - 1800.0) {
            self.done.pop_front();
        }
        if !self.batch.due(o) {
            return self.batch.place(o);
        }
        let mut n = o.idle as f64 - o.waiting as f64 - (o.ringing + o.detecting) as f64;
        if self.talk.0 >= 10.0 {
            // the unconditional talk distribution at elapsed + ring, against 0.97
            let ring =
                (self.answer.iter().sum::<f64>() + 8.0 * (20 - self.answer.len()) as f64) / 20.0;
            let soon = |x: f64| 1.0 - (-(ring + x) / self.talk.1).exp() >= 0.97;
            n += o
                .agents
                .iter()
                .filter(|a| a.1 == AState::Talk && soon(a.2))
                .count() as f64;
        }
        let ok = self.done.iter().filter(|d| d.1).count();
        if self.overcommit && self.done.len() >= 10 && ok > 0 {
            n = (n / (ok as f64 / self.done.len() as f64).max(0.20)).round();
        }
        self.batch.set(o, gap(n, 0), 5.0)
    }
}
