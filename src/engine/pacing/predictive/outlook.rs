//! The chance that one more call would meet nobody free, and how many calls keep it low enough.
//!
//! A fresh call is answered at one of six moments that are equally probable. Until each, persons
//! arrive from the lines in the air and agents come free; the call is lost when by then as many
//! persons have come as agents are free two seconds later.

use super::sums::{Sum, phi};

pub(super) const MOMENTS: usize = 6;

/// One chance for each moment.
pub(super) type Chances = [f64; MOMENTS];

/// Above these the normal approximation is as good and cheaper.
const FEW_AGENTS: usize = 40;
const FEW_LINES: usize = 110;

/// See the module.
#[derive(Debug, Clone, Default)]
pub(super) struct Outlook {
    /// Each line in the air, and each caller who waits: has it brought a person by then?
    pub air: Vec<Chances>,
    /// Agents who are free now.
    pub idle: usize,
    /// Each busy agent: free by then?
    pub busy: Vec<Chances>,
    /// A line dialled now.
    pub fresh: Chances,
    /// Calls that come in by themselves until then, on average.
    pub inbound: Chances,
    /// Standard deviation of the answer level as a share of it.
    pub doubt: f64,
}

/// So many lines, and the risk that the next would run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Wish {
    pub lines: u32,
    pub risk: f64,
}

impl Outlook {
    /// The fewest lines after which the risk of one more exceeds `threshold`; at most `most`.
    pub fn wish(&self, threshold: f64, most: u32) -> Wish {
        if self.idle + self.busy.len() <= FEW_AGENTS && self.air.len() <= FEW_LINES {
            self.exact(threshold, most)
        } else {
            self.normal(threshold, most)
        }
    }

    /// The risk of each further line in turn, until it is too high.
    fn exact(&self, threshold: f64, most: u32) -> Wish {
        let agents = self.idle + self.busy.len();
        let mut free = Sum::default();
        let mut up_to = Vec::new();
        // For each moment: the arrivals, and the chance that so many find all agents taken.
        let mut moments: Vec<(Sum, Vec<f64>)> = Vec::with_capacity(MOMENTS);
        for moment in 0..MOMENTS {
            free.reset(self.busy.len());
            self.busy.iter().for_each(|chances| free.add(chances[moment]));
            free.at_most(&mut up_to);
            let busy = |k: usize| k.checked_sub(self.idle).map_or(0.0, |k| up_to[k.min(self.busy.len() + 1)]);
            let taken = (0..agents + 2).map(busy).collect();
            let mut arrivals = Sum::default();
            arrivals.reset(agents);
            self.air.iter().for_each(|chances| arrivals.add(chances[moment]));
            arrivals.add_stream(self.inbound[moment]);
            moments.push((arrivals, taken));
        }
        let risk = |moments: &[(Sum, Vec<f64>)]| {
            let sum: f64 = moments.iter().map(|(arrivals, taken)| arrivals.expect(taken)).sum();
            sum / MOMENTS as f64
        };
        let mut wish = Wish {
            lines: 0,
            risk: risk(&moments),
        };
        while wish.risk <= threshold && wish.lines < most {
            for (moment, (arrivals, _)) in moments.iter_mut().enumerate() {
                arrivals.add(self.fresh[moment]);
            }
            wish.lines += 1;
            wish.risk = risk(&moments);
        }
        wish
    }

    /// The same by means and variances, the number of lines found by halving.
    fn normal(&self, threshold: f64, most: u32) -> Wish {
        let moments: Vec<Moments> = (0..MOMENTS).map(|moment| self.moments(moment)).collect();
        let risk = |lines: u32| {
            let sum: f64 = moments.iter().map(|seen| seen.risk(f64::from(lines))).sum();
            sum / MOMENTS as f64
        };
        let (mut low, mut high) = (0, most);
        while low < high {
            let middle = low + (high - low) / 2;
            if risk(middle) <= threshold {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Wish {
            lines: low,
            risk: risk(low),
        }
    }

    fn moments(&self, moment: usize) -> Moments {
        let mut sums = Moments {
            doubt: self.doubt,
            fresh: self.fresh[moment],
            air: self.inbound[moment],
            free: self.idle as f64,
            variance: self.inbound[moment],
        };
        for p in self.air.iter().map(|chances| chances[moment]) {
            sums.air += p;
            sums.variance += p * (1.0 - p);
        }
        for p in self.busy.iter().map(|chances| chances[moment]) {
            sums.free += p;
            sums.variance += p * (1.0 - p);
        }
        sums
    }

    /// Persons expected, and agents expected free, over the moments.
    pub fn expected(&self) -> (f64, f64) {
        let mean = |of: &[Chances]| of.iter().flatten().sum::<f64>() / MOMENTS as f64;
        let inbound = self.inbound.iter().sum::<f64>() / MOMENTS as f64;
        (mean(&self.air) + inbound, self.idle as f64 + mean(&self.busy))
    }
}

/// Means and variances at one moment.
struct Moments {
    doubt: f64,
    fresh: f64,
    air: f64,
    free: f64,
    variance: f64,
}

impl Moments {
    fn risk(&self, lines: f64) -> f64 {
        let new = lines * self.fresh;
        let variance = self.variance
            + new * (1.0 - self.fresh)
            + (self.doubt * self.air).powi(2)
            + (self.doubt * new).powi(2);
        phi((self.air + new + 0.5 - self.free) / variance.max(1e-6).sqrt())
    }
}
