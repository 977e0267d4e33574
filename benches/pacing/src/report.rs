//! The figures of one run.

use crate::seen::Obs;

#[derive(Clone, Debug)]
pub struct Report {
    /// (talk + wrap) / logged-in time
    pub occupancy: f64,
    /// persons lost / persons answered
    pub abandon: f64,
    pub worst_rolling: f64,
    pub worst_hour: f64,
    /// idle seconds per connected call
    pub idle_wait: f64,
    pub people: usize,
    pub lost: usize,
    pub dials_per_h: f64,
    pub connects_per_h: f64,
    pub channels_mean: f64,
    pub channels_peak: usize,
}

/// Time integrals and the fate of every person who answered.
#[derive(Default)]
pub struct Tally {
    pub last: f64,
    pub on: usize,
    pub on_time: f64,
    pub work_time: f64,
    pub chan_time: f64,
    pub chan_peak: usize,
    /// When, and whether lost.
    pub fates: Vec<(f64, bool)>,
}

impl Tally {
    pub fn report(&self, o: &Obs, hours_open: f64) -> Report {
        let (m, fates) = (self, &self.fates);
        let (people, lost) = (fates.len(), fates.iter().filter(|f| f.1).count());
        let rate = |a: usize, n: usize| a as f64 / n.max(1) as f64;
        // windows with fewer than 50 persons are too small to judge
        let (mut rolling, mut hour) = (0.0f64, 0.0f64);
        let (mut from, mut bad) = (0, 0);
        for (i, f) in fates.iter().enumerate() {
            bad += f.1 as usize;
            while fates[from].0 < f.0 - 3600.0 {
                bad -= fates[from].1 as usize;
                from += 1;
            }
            if i - from + 1 >= 50 {
                rolling = rolling.max(rate(bad, i - from + 1));
            }
        }
        for h in 0..hours_open.ceil() as usize {
            let block: Vec<_> = fates
                .iter()
                .filter(|f| (f.0 / 3600.0) as usize == h)
                .collect();
            if block.len() >= 50 {
                hour = hour.max(rate(block.iter().filter(|f| f.1).count(), block.len()));
            }
        }
        let hours = m.on_time / 3600.0;
        Report {
            occupancy: m.work_time / m.on_time,
            abandon: rate(lost, people),
            worst_rolling: rolling,
            worst_hour: hour,
            idle_wait: (m.on_time - m.work_time) / o.connected.max(1) as f64,
            people,
            lost,
            dials_per_h: o.dials as f64 / hours,
            connects_per_h: (people - lost) as f64 / hours,
            channels_mean: m.chan_time / m.last,
            channels_peak: m.chan_peak,
        }
    }
}
