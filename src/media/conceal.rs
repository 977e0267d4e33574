//! Packet loss concealment for G.711, after the idea of ITU-T G.711 Appendix I: the last pitch
//! period is repeated, fading from the tenth millisecond on and silent after the sixtieth.

use crate::{codec::Samples, g711::FRAME};

/// Pitch periods looked for, in samples: 200 Hz to 66 Hz.
const SHORTEST: usize = 40;
const LONGEST: usize = 120;
/// Samples compared to find the period.
const COMPARED: usize = 160;
const HISTORY: usize = LONGEST + COMPARED;
/// Samples over which real sound takes over again: 4 ms.
const BLEND: usize = 32;
/// Full level for 10 ms, then down to nothing within 50 ms.
const FULL: usize = 80;
const FADE: usize = 400;

/// Remembers what was heard and fills what was not.
#[derive(Debug)]
pub struct Conceal {
    history: Box<[i16; HISTORY]>,
    gap: Option<Gap>,
}

/// A hole that is being filled.
#[derive(Debug, Clone, Copy)]
struct Gap {
    period: usize,
    filled: usize,
}

impl Default for Conceal {
    fn default() -> Self {
        Self {
            history: Box::new([0; HISTORY]),
            gap: None,
        }
    }
}

impl Conceal {
    /// Fills the samples of `frame` that are not `real`, and smooths the way back.
    pub fn mend(&mut self, frame: &mut Samples, real: &[bool; FRAME]) {
        if self.gap.is_none() && real.iter().all(|&real| real) {
            return self.remember(frame);
        }
        let mut since_gap = BLEND;
        for (sample, &real) in frame.iter_mut().zip(real) {
            if !real {
                *sample = self.next();
                since_gap = 0;
                continue;
            }
            if since_gap == BLEND && self.gap.is_some() {
                since_gap = 0;
            }
            if since_gap < BLEND {
                let made = i32::from(self.next());
                let share = since_gap as i32;
                let sum = made * (BLEND as i32 - share) + i32::from(*sample) * share;
                *sample = (sum / BLEND as i32) as i16;
                since_gap += 1;
            }
            if since_gap == BLEND {
                self.gap = None;
            }
        }
        self.remember(frame);
    }

    /// The next made-up sample.
    fn next(&mut self) -> i16 {
        let gap = match self.gap {
            Some(gap) => gap,
            None => Gap {
                period: self.period(),
                filled: 0,
            },
        };
        self.gap = Some(Gap {
            filled: gap.filled + 1,
            ..gap
        });
        let left = (FULL + FADE).saturating_sub(gap.filled).min(FADE);
        let sample = self.history[HISTORY - gap.period + gap.filled % gap.period];
        (i32::from(sample) * left as i32 / FADE as i32) as i16
    }

    /// The lag at which the last sound resembles itself most.
    fn period(&self) -> usize {
        let last = &self.history[HISTORY - COMPARED..];
        let alike = |lag: usize| {
            let earlier = &self.history[HISTORY - COMPARED - lag..HISTORY - lag];
            let (mut product, mut energy) = (0_i64, 1_i64);
            for (&a, &b) in last.iter().zip(earlier) {
                product += i64::from(a) * i64::from(b);
                energy += i64::from(b) * i64::from(b);
            }
            product as f64 / (energy as f64).sqrt()
        };
        (SHORTEST..=LONGEST)
            .max_by(|&a, &b| alike(a).total_cmp(&alike(b)))
            .unwrap_or(LONGEST)
    }

    /// While a gap is open the history stays what it was: the period is taken from real sound.
    fn remember(&mut self, frame: &Samples) {
        if self.gap.is_none() {
            self.history.copy_within(FRAME.., 0);
            self.history[HISTORY - FRAME..].copy_from_slice(frame);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{goertzel::over_noise_db, tone};

    const REAL: [bool; FRAME] = [true; FRAME];
    const LOST: [bool; FRAME] = [false; FRAME];

    fn through(lost: impl Fn(usize) -> bool) -> Vec<i16> {
        let mut conceal = Conceal::default();
        let tone = tone::sine(200.0, 2_000);
        let frames = tone.chunks_exact(FRAME).enumerate();
        frames
            .flat_map(|(index, samples)| {
                let mut frame = [0; FRAME];
                let gone = lost(index);
                if !gone {
                    frame.copy_from_slice(samples);
                }
                conceal.mend(&mut frame, if gone { &LOST } else { &REAL });
                frame
            })
            .collect()
    }

    #[test]
    fn sound_without_loss_is_left_alone() {
        assert_eq!(through(|_| false), tone::sine(200.0, 2_000));
    }

    #[test]
    fn every_tenth_frame_lost_is_hardly_heard() {
        let mended = through(|index| index % 10 == 9);
        let mut silent = tone::sine(200.0, 2_000);
        for (index, frame) in silent.chunks_exact_mut(FRAME).enumerate() {
            if index % 10 == 9 {
                frame.fill(0);
            }
        }
        let (with, without) = (over_noise_db(&mended, 200.0), over_noise_db(&silent, 200.0));
        assert!(with > without + 6.0, "{with} dB against {without} dB");
    }

    #[test]
    fn a_long_loss_fades_to_silence() {
        let out = through(|index| index > 20);
        assert!(out[21 * FRAME..22 * FRAME].iter().any(|s| s.abs() > 5_000));
        assert!(out[25 * FRAME..].iter().all(|&s| s == 0));
    }
}
