//! Whether a line will hold an agent at each moment: it has brought a person by then, and the
//! agent who took them is not free again. Short talks end while other lines still ring.
//!
//! A person counts as one who is taken only when their patience is over. Whoever is taken at once frees the
//! agent sooner, but where a talk is about as short as the patience, persons who wait block those who come after
//! them; counted from their arrival they would never be in anybody's way.

use super::{
    free::Table,
    outlook::{Chances, MOMENTS},
    ring::{BINS, Curve},
};

/// See the module.
#[derive(Debug)]
pub(super) struct Held {
    /// By whole seconds of ringing so far.
    ringing: Vec<Chances>,
    /// A person who is there now.
    now: Chances,
}

impl Held {
    pub fn new(curve: &Curve, table: &Table, moments: &[f64; MOMENTS], verdict_s: f64) -> Self {
        let mut ringing = vec![[0.0; MOMENTS]; BINS + 1];
        for (j, moment) in moments.iter().enumerate() {
            let still = still_held(table, moment - verdict_s);
            for (age, chances) in ringing.iter_mut().enumerate() {
                chances[j] = curve.weighed(age, &still);
            }
        }
        Self {
            ringing,
            now: moments.map(|moment| 1.0 - table.anew(moment)),
        }
    }

    /// A line that has rung for `age` seconds.
    pub fn ringing(&self, age: f64) -> Chances {
        let age = age.clamp(0.0, BINS as f64);
        let low = (age as usize).min(BINS - 1);
        let part = age - low as f64;
        let (a, b) = (&self.ringing[low], &self.ringing[low + 1]);
        std::array::from_fn(|j| a[j] + (b[j] - a[j]) * part)
    }

    /// A person who waits for an agent.
    pub fn now(&self) -> Chances {
        self.now
    }
}

/// For each whole second from now until the moment: the chance that a person who comes in it still
/// holds an agent then.
fn still_held(table: &Table, until_s: f64) -> Vec<f64> {
    let seconds = until_s.clamp(0.0, BINS as f64).ceil() as usize;
    let held = |second: usize| {
        let part = (until_s - second as f64).min(1.0);
        let left = until_s - second as f64 - part / 2.0;
        // Of the last second only a part counts.
        part * (1.0 - table.anew(left))
    };
    (0..seconds).map(held).collect()
}
