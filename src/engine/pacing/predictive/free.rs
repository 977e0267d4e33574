//! When agents come free: chances by how long they have talked or worked.

use super::spell::Survival;

/// Elapsed times tabulated: each second at first, then each an eighth later than the one before.
const EVEN: usize = 20;
const GROWTH: f64 = 1.125;
const ROWS: usize = EVEN + 40;

/// Chances that an agent in a talk, or in after-call work, is free within whole seconds.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Table {
    wrap_up: Survival,
    /// Row: elapsed talk; column: seconds from now, at half seconds past.
    talking: Vec<Vec<f64>>,
}

/// The same for one moment ahead.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Column {
    ahead_s: f64,
    talking: Vec<f64>,
}

impl Table {
    /// `horizon_s`: as far ahead as will be asked for.
    pub fn new(talk: Survival, wrap_up: Survival, horizon_s: f64) -> Self {
        let ahead = horizon_s.clamp(1.0, 120.0).ceil() as usize + 1;
        let worked: Vec<f64> = (0..ahead)
            .map(|k| wrap_up.ends_within(0.0, k as f64 + 0.5))
            .collect();
        let talking = (0..ROWS)
            .map(|row| talk_row(&talk, &worked, elapsed(row)))
            .collect();
        Self { wrap_up, talking }
    }

    pub fn is_empty(&self) -> bool {
        self.talking.is_empty()
    }

    /// Chance that a talk that begins now, and the work after it, are over within `s` seconds.
    pub fn anew(&self, s: f64) -> f64 {
        let Some(row) = self.talking.first() else {
            return 0.0;
        };
        let at = s.clamp(0.0, (row.len() - 1) as f64);
        let (low, part) = (at as usize, at.fract());
        let high = (low + 1).min(row.len() - 1);
        row[low] + (row[high] - row[low]) * part
    }

    /// The chances at one moment ahead.
    pub fn column(&self, ahead_s: f64) -> Column {
        let most = self.talking.first().map_or(0, |row| row.len() - 1);
        let at = ahead_s.clamp(0.0, most as f64);
        let (low, part) = (at as usize, at.fract());
        let high = (low + 1).min(most);
        let talking = self.talking.iter();
        Column {
            ahead_s,
            talking: talking
                .map(|row| row[low] + (row[high] - row[low]) * part)
                .collect(),
        }
    }

    /// Chance that after-call work of so far `s` seconds is over by the column's moment.
    pub fn wraps_up(&self, column: &Column, s: f64) -> f64 {
        self.wrap_up.ends_within(s, column.ahead_s)
    }
}

impl Column {
    /// Chance that a talk of so far `s` seconds, and the work after it, are over by then.
    pub fn talks(&self, s: f64) -> f64 {
        let place = place(s);
        let (low, part) = (place as usize, place.fract());
        let high = (low + 1).min(self.talking.len() - 1);
        self.talking[low] + (self.talking[high] - self.talking[low]) * part
    }
}

/// The talk ends in some second from now, the work after it in those that remain.
fn talk_row(talk: &Survival, worked: &[f64], so_far: f64) -> Vec<f64> {
    let from = talk.cumulated(so_far);
    let ends: Vec<f64> = (0..=worked.len())
        .map(|k| (from - talk.cumulated(so_far + k as f64)).exp())
        .collect();
    (0..worked.len())
        .map(|ahead| {
            let second = |k: usize| (ends[k - 1] - ends[k]) * worked[ahead - k];
            (1..=ahead).map(second).sum()
        })
        .collect()
}

fn elapsed(row: usize) -> f64 {
    if row <= EVEN {
        row as f64
    } else {
        EVEN as f64 * GROWTH.powi((row - EVEN) as i32)
    }
}

/// The row, and how far to the next, of a talk that has lasted `s`.
fn place(s: f64) -> f64 {
    let even = EVEN as f64;
    let place = if s <= even {
        s.max(0.0)
    } else {
        even + (s / even).ln() / GROWTH.ln()
    };
    place.min((ROWS - 1) as f64)
}
