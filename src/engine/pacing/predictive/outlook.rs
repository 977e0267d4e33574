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
    /// Each line that rings: does it hold an agent by then?
    pub air: Vec<Chances>,
    /// The same of those who have answered.
    pub there: Vec<Chances>,
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
        if self.idle + self.busy.len() <= FEW_AGENTS
            && self.air.len() + self.there.len() <= FEW_LINES
        {
            self.exact(threshold, most)
        } else {
            self.normal(threshold, most)
        }
    }

    /// The risk of each further line in turn, until it is too high.
    fn exact(&self, threshold: f64, most: u32) -> Wish {
        let mut cases = self.cases();
        let risk = |cases: &[Case]| cases.iter().map(Case::risk).sum::<f64>() / cases.len() as f64;
        let mut wish = Wish {
            lines: 0,
            risk: risk(&cases),
        };
        while wish.risk <= threshold && wish.lines < most {
            cases.iter_mut().for_each(Case::add_line);
            wish.lines += 1;
            wish.risk = risk(&cases);
        }
        wish
    }

    /// Each moment twice: persons answer as much more, or less, often as the doubt has it.
    fn cases(&self) -> Vec<Case> {
        let agents = self.idle + self.busy.len();
        let mut cases = Vec::with_capacity(2 * MOMENTS);
        for moment in 0..MOMENTS {
            let taken = self.taken(moment);
            for level in [1.0 - self.doubt, 1.0 + self.doubt] {
                let mut arrivals = Sum::default();
                arrivals.reset(agents);
                let air = self.air.iter().map(|line| (line[moment] * level).min(1.0));
                let there = self.there.iter().map(|line| line[moment]);
                air.chain(there).for_each(|p| arrivals.add(p));
                arrivals.add_stream(self.inbound[moment]);
                cases.push(Case {
                    arrivals,
                    taken: taken.clone(),
                    fresh: (self.fresh[moment] * level).min(1.0),
                });
            }
        }
        cases
    }

    /// The chance that so many persons (the index) find every agent taken.
    fn taken(&self, moment: usize) -> Vec<f64> {
        let mut free = Sum::default();
        free.reset(self.busy.len());
        self.busy.iter().for_each(|agent| free.add(agent[moment]));
        let free = free.at_most();
        let agents = self.idle + self.busy.len();
        let of_busy = |persons: usize| {
            persons
                .checked_sub(self.idle)
                .map_or(0.0, |busy| free[busy])
        };
        (0..agents + 2).map(of_busy).collect()
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
            air: 0.0,
            there: self.inbound[moment],
            free: self.idle as f64,
            variance: self.inbound[moment],
        };
        for p in self.air.iter().map(|chances| chances[moment]) {
            sums.air += p;
            sums.variance += p * (1.0 - p);
        }
        for p in self.there.iter().map(|chances| chances[moment]) {
            sums.there += p;
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
        (
            mean(&self.air) + inbound,
            self.idle as f64 + mean(&self.busy),
        )
    }
}

/// One moment at one answer level.
struct Case {
    arrivals: Sum,
    taken: Vec<f64>,
    fresh: f64,
}

impl Case {
    fn risk(&self) -> f64 {
        self.arrivals.expect(&self.taken)
    }

    fn add_line(&mut self) {
        self.arrivals.add(self.fresh);
    }
}

/// Means and variances at one moment.
struct Moments {
    doubt: f64,
    fresh: f64,
    air: f64,
    there: f64,
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
        phi((self.there + self.air + new + 0.5 - self.free) / variance.max(1e-6).sqrt())
    }
}
