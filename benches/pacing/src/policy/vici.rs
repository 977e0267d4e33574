//! VICIdial's ratio and adaptive levels.

use std::collections::VecDeque;

use super::{Batch, Policy, gap};
use crate::{
    seen::{Hello, Obs},
    sim::Sim,
};

#[derive(Clone, Copy, PartialEq, Default)]
pub enum Method {
    #[default]
    Ratio,
    Hard,
    Tapered,
    Average,
}

/// VICIdial: AST_VDauto_dial.pl places `round(level * (ready + in call)) - lines` every 2.5 s;
/// AST_VDadapt.pl moves the level every 15 s and reads the day's drop rate once a minute.
#[derive(Default)]
pub struct Vici {
    method: Method,
    level: f64,
    max: f64,
    /// "available only tally": dial for ready agents only
    ready_only: bool,
    hello: Hello,
    samples: VecDeque<[f64; 3]>,
    next: [f64; 3],
    minute_ago: (usize, usize),
    /// dials and drop rate of the day, dials and drop rate of the last minute
    day: (usize, f64),
    minute: (usize, f64),
    batch: Batch,
}

impl Vici {
    pub fn new(method: Method, level: f64, max: f64, ready_only: bool) -> Self {
        Vici {
            method,
            level,
            max,
            ready_only,
            ..Default::default()
        }
    }

    fn due(&mut self, i: usize, t: f64, every: f64) -> bool {
        let due = t >= self.next[i];
        if due {
            self.next[i] = t + every;
        }
        due
    }

    fn adapt(&mut self, t: f64) {
        let avg =
            |i: usize| self.samples.iter().map(|s| s[i]).sum::<f64>() / self.samples.len() as f64;
        let (ready, waiting, total) = (avg(0), avg(1), avg(2));
        if total == 0.0 {
            return;
        }
        self.level = (self.level * (1.0 + (ready - waiting) / total)).clamp(1.0, self.max);
        if self.minute.0 > 20 && self.minute.1 > 0.5 {
            self.level /= 2.0;
        }
        if self.day.0 > 50 && self.day.1 > self.hello.cap {
            // HHMM arithmetic as in the source: "latest server time" minus now, over 1000
            let hhmm = |s: f64| 900.0 + (s / 3600.0).floor() * 100.0 + (s % 3600.0 / 60.0).floor();
            let left = hhmm(self.hello.close) - hhmm(t);
            self.level *= match self.method {
                Method::Ratio => 1.0,
                Method::Hard => 0.0,
                Method::Average => 0.5,
                Method::Tapered => (left / 1000.0).clamp(0.0, 1.0),
            };
        }
        self.level = self.level.max(1.0);
    }
}

impl Policy for Vici {
    fn hello(&mut self, h: &Hello) {
        self.hello = *h;
    }
    fn decide(&mut self, o: &Obs, _: &Sim) -> usize {
        if self.method != Method::Ratio {
            if self.due(0, o.t, 1.0) {
                let total = o.idle + o.talking + o.wrapping; // PAUSED (wrap-up) agents count here
                self.samples
                    .push_back([o.idle as f64, o.waiting as f64, total as f64]);
                while self.samples.len() > 15 {
                    self.samples.pop_front();
                }
            }
            if self.due(1, o.t, 60.0) {
                let (d, a) = (o.dials - self.minute_ago.0, o.abandoned - self.minute_ago.1);
                self.minute_ago = (o.dials, o.abandoned);
                self.minute = (d, a as f64 / d.max(1) as f64);
                self.day = (o.dials, o.abandoned as f64 / o.answered.max(1) as f64);
            }
            if self.due(2, o.t, 15.0) {
                self.adapt(o.t);
            }
        }
        if !self.batch.due(o) {
            return self.batch.place(o);
        }
        // wrap-up is PAUSED and not dialled for
        let n = match self.ready_only {
            true => gap((self.level * o.idle as f64).round(), o.in_flight()),
            false => gap(
                (self.level * (o.idle + o.talking) as f64).round(),
                o.in_flight() + o.talking,
            ),
        };
        self.batch.set(o, n, 2.5)
    }
}
