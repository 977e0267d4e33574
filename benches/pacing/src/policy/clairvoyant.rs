//! The bound: a dialler that knows everything.

use super::Policy;
use crate::{
    seen::{AState, CState, Obs},
    sim::{Call, Sim},
};

/// Knows everything: every lead's fate and every duration. Places each person so that the answer
/// meets a free agent, reordering up to 200 leads; the others are dialled in passing, so that
/// gateway limits still bind. Not attainable by any dialer.
#[derive(Default)]
pub struct Clairvoyant {
    head: usize,
    skipped: Vec<usize>,
    picked: Vec<usize>,
}

impl Policy for Clairvoyant {
    fn leads(&mut self) -> Option<Vec<usize>> {
        Some(std::mem::take(&mut self.picked))
    }
    fn decide(&mut self, o: &Obs, s: &Sim) -> usize {
        // (free from, tempo) of everyone who will take calls
        let here = s
            .agents
            .iter()
            .filter(|a| a.state != AState::Off && !a.leaving);
        let from = |a: &crate::sim::Agent| {
            if a.state == AState::Idle {
                o.t
            } else {
                a.free_at
            }
        };
        let mut free: Vec<(f64, f64)> = here.map(|a| (from(a), a.speed)).collect();
        // the agent who comes free last, yet in time, takes the call arriving at `at`
        let mut take = |at: f64, handle: f64, slack: f64| -> bool {
            let fit = free.iter_mut().filter(|a| a.0 <= at + s.sc.patience - 0.05);
            let Some(a) = fit
                .max_by(|a, b| a.0.total_cmp(&b.0))
                .filter(|a| at - a.0 < slack)
            else {
                return false;
            };
            a.0 = a.0.max(at) + handle * a.1;
            true
        };
        let arrival = |c: &Call| match c.state {
            CState::Wait => (c.since, c.lead.talk + c.lead.wrap),
            _ => (
                c.dialed + c.lead.ring + c.lead.amd,
                c.lead.talk + c.lead.wrap,
            ),
        };
        let live = s
            .live
            .iter()
            .map(|&c| &s.calls[c as usize])
            .filter(|c| c.lead.passes);
        let mut due: Vec<(f64, f64)> = live.map(arrival).collect();
        due.sort_by(|a, b| a.0.total_cmp(&b.0));
        due.iter().for_each(|d| _ = take(d.0, d.1, 1e9));
        // only a good fit, or a quick answer for an agent who is idle anyway
        let mut fits = |k: usize, full: bool| {
            let l = s.lead(k, o.t);
            let slack = if full {
                1e9
            } else {
                1.0 + (6.0 - l.ring).max(0.0)
            };
            !l.passes || take(o.t + l.ring + l.amd, l.talk + l.wrap, slack)
        };
        let (most, full, picked) = (o.room(), self.skipped.len() >= 150, &mut self.picked);
        self.skipped.retain(|&k| {
            let go = picked.len() < most && fits(k, full);
            picked.extend(go.then_some(k));
            !go
        });
        while picked.len() < most && self.skipped.len() < 200 && self.head < s.sc.list() {
            if fits(self.head, false) {
                &mut *picked
            } else {
                &mut self.skipped
            }
            .push(self.head);
            self.head += 1;
        }
        picked.len()
    }
}
