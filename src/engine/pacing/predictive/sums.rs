//! How many of several independent things happen: exact for a few, by mean and variance for many.

/// Chances of 0, 1, 2 .. events. Counts above `most` share the last place.
#[derive(Debug, Clone, Default)]
pub(super) struct Sum {
    chances: Vec<f64>,
}

impl Sum {
    /// Nothing yet; counts above `most` need not be told apart.
    pub fn reset(&mut self, most: usize) {
        self.chances.clear();
        self.chances.resize(most + 2, 0.0);
        self.chances[0] = 1.0;
    }

    /// One more thing that happens with chance `p`.
    pub fn add(&mut self, p: f64) {
        if p <= 0.0 {
            return;
        }
        let last = self.chances.len() - 1;
        self.chances[last] += self.chances[last - 1] * p;
        for k in (1..last).rev() {
            self.chances[k] += p * (self.chances[k - 1] - self.chances[k]);
        }
        self.chances[0] *= 1.0 - p;
    }

    /// Things that happen at random, `mean` of them on average.
    pub fn add_stream(&mut self, mean: f64) {
        if mean <= 1e-9 {
            return;
        }
        // A stream is a great many improbable things; a few dozen are as good here.
        let parts = 16;
        let p = 1.0 - (-mean / f64::from(parts)).exp();
        (0..parts).for_each(|_| self.add(p));
    }

    /// Chances of at most 0, 1, 2 .. events.
    pub fn at_most(&self) -> Vec<f64> {
        let mut sum = 0.0;
        let up_to = |chance: &f64| {
            sum += chance;
            sum
        };
        self.chances.iter().map(up_to).collect()
    }

    /// The mean of `f(k)` over the counts k.
    pub fn expect(&self, f: &[f64]) -> f64 {
        self.chances.iter().zip(f).map(|(p, f)| p * f).sum()
    }
}

/// Chance that a standard normal value is below `z`; absolute error below 1e-7.
pub(super) fn phi(z: f64) -> f64 {
    // Abramowitz and Stegun 26.2.17.
    let t = 1.0 / (1.0 + 0.231_641_9 * z.abs());
    let tail = t
        * (0.319_381_530
            + t * (-0.356_563_782
                + t * (1.781_477_937 + t * (-1.821_255_978 + t * 1.330_274_429))));
    let density = (-z * z / 2.0).exp() / std::f64::consts::TAU.sqrt();
    let upper = density * tail;
    if z >= 0.0 { 1.0 - upper } else { upper }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_coins() {
        let mut sum = Sum::default();
        sum.reset(5);
        sum.add(0.5);
        sum.add(0.25);
        assert_eq!(sum.at_most()[..3], [0.375, 0.875, 1.0]);
    }

    #[test]
    fn what_need_not_be_told_apart_is_not_lost() {
        let mut sum = Sum::default();
        sum.reset(1);
        (0..10).for_each(|_| sum.add(0.9));
        let total: f64 = sum.expect(&[1.0; 3]);
        assert!((total - 1.0).abs() < 1e-12);
        assert!(sum.expect(&[0.0, 0.0, 1.0]) > 0.99);
    }

    #[test]
    fn the_normal_curve() {
        for (z, p) in [
            (0.0, 0.5),
            (1.0, 0.841_344_7),
            (-2.0, 0.022_750_1),
            (4.0, 0.999_968_3),
        ] {
            assert!((phi(z) - p).abs() < 1e-6, "{z}");
        }
    }
}
