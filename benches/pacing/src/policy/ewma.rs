//! A textbook ratio with a gain trimmed by losses.

use super::{Policy, gap};
use crate::{
    seen::{Ev, Hello, Obs},
    sim::Sim,
};

/// Textbook EWMA ratio: (idle + expected to come free within a ring) / p, gain trimmed by drops.
pub struct Ewma {
    p: f64,
    ring: f64,
    handle: f64,
    gain: f64,
    cap: f64,
    next: f64,
}

impl Default for Ewma {
    fn default() -> Self {
        Ewma {
            p: 0.3,
            ring: 12.0,
            handle: 90.0,
            gain: 0.8,
            cap: 0.03,
            next: 0.0,
        }
    }
}

impl Policy for Ewma {
    fn hello(&mut self, h: &Hello) {
        self.cap = h.cap;
    }
    fn decide(&mut self, o: &Obs, _: &Sim) -> usize {
        for e in &o.events {
            match *e {
                Ev::Pickup(_, r) => self.ring += 0.02 * (r - self.ring),
                Ev::Person(_) => self.p += 0.01 * (1.0 - self.p),
                Ev::Ended(..) => self.p -= 0.01 * self.p,
                Ev::TalkEnd(_, d) => self.handle += 0.02 * (d + 15.0 - self.handle),
                _ => {}
            }
        }
        if o.t >= self.next {
            self.next = o.t + 5.0;
            let bad = o.abandoned as f64 > self.cap * (o.answered as f64 + 30.0);
            self.gain = (self.gain * if bad { 0.97 } else { 1.005 }).clamp(0.3, 1.5);
        }
        let soon = (o.talking + o.wrapping) as f64 * (1.0 - (-self.ring / self.handle).exp());
        let room = self.gain * (o.idle as f64 + soon) - o.waiting as f64 - 0.9 * o.detecting as f64;
        gap(room / self.p.max(0.02), o.ringing)
    }
}
