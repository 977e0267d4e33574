//! Which key's two tones are in the last twenty milliseconds, asked anew every five.

use std::{f64::consts::TAU, sync::LazyLock};

use crate::{
    g711::RATE,
    keys::{all_tones, key_at},
};

/// Samples of a block: five milliseconds.
pub const BLOCK: usize = 40;
/// Blocks that are judged at once: no fewer part two rows, which are 73 Hz apart.
const BLOCKS: usize = 4;
const SAMPLES: f64 = (BLOCK * BLOCKS) as f64;
const TONES: usize = 8;

/// Each of the two tones must be at least this loud, as power: about -38 dBm0.
const LOUD_ENOUGH: f64 = 40_000.0;
/// How far each must stand over the other three of its group: 6 dB.
const OVER_OTHERS: f64 = 4.0;
/// How far the row's tone may be above the column's, 10 dB, and the column's above the row's, 8 dB: Q.24 has
/// 8 and 4 dB for one administration, and more for others.
const ROW_ABOVE: f64 = 10.0;
const COLUMN_ABOVE: f64 = 6.3;
/// Share of the whole power that the two tones must make up together.
const PURE_ENOUGH: f64 = 0.8;
/// Where a tone is looked for beside its nominal pitch. It may be off by 1.5 %, at which half of it would be
/// missed otherwise; one that is strongest at an end of the list is none, for those that are off by 3.5 %
/// must not be (Q.24).
const OFF_BY: [f64; 7] = [-0.035, -0.015, -0.0075, 0.0, 0.0075, 0.015, 0.035];
const NOMINAL: usize = OFF_BY.len() / 2;

/// Remembers the blocks that are judged together.
#[derive(Debug, Clone, Default)]
pub struct Ear {
    blocks: [Block; BLOCKS],
}

/// A key, and which share of the whole power is its two tones.
#[derive(Debug, Clone, Copy)]
pub struct Heard {
    pub digit: char,
    pub purity: f64,
}

impl Ear {
    /// Takes the next block; returns the key that is held in the last [`BLOCKS`].
    pub fn hear(&mut self, samples: &[i16; BLOCK]) -> Option<Heard> {
        self.blocks.rotate_left(1);
        self.blocks[BLOCKS - 1] = Block::of(samples);
        let energy: f32 = self.blocks.iter().map(|block| block.energy).sum();
        let total = f64::from(energy) / SAMPLES;
        if total < 2.0 * LOUD_ENOUGH {
            return None;
        }
        let powers: [f64; TONES] = std::array::from_fn(|tone| self.part(tone, NOMINAL).power());
        let (row, column) = (outstanding(&powers[..4])?, outstanding(&powers[4..])?);
        let (low, high) = (self.whole(row)?, self.whole(4 + column)?);
        let twisted =
            low.power() > high.power() * ROW_ABOVE || high.power() > low.power() * COLUMN_ABOVE;
        let purity = low.power_with(&high) / total;
        let is_key =
            low.power().min(high.power()) > LOUD_ENOUGH && purity > PURE_ENOUGH && !twisted;
        let digit = key_at(row, column);
        is_key.then_some(Heard { digit, purity })
    }

    /// A tone at its own pitch, if that is near enough to the nominal one.
    fn whole(&self, tone: usize) -> Option<Part> {
        let parts: [Part; OFF_BY.len()] = std::array::from_fn(|off| self.part(tone, off));
        let (at, _) = strongest(&parts.map(|part| part.power()))?;
        (1..OFF_BY.len() - 1).contains(&at).then(|| parts[at])
    }

    fn part(&self, tone: usize, off: usize) -> Part {
        let pitch = &WAVES.pitches[tone][off];
        let (mut real, mut imaginary) = (0.0, 0.0);
        for (block, turned) in self.blocks.iter().zip(&pitch.turned) {
            let (re, im) = (block.re[tone], block.im[tone]);
            real += re * turned.0 - im * turned.1;
            imaginary += re * turned.1 + im * turned.0;
        }
        Part {
            omega: pitch.omega,
            re: f64::from(real) / SAMPLES,
            im: f64::from(imaginary) / SAMPLES,
        }
    }
}

/// How much of one pitch is in the sound, and in which phase.
#[derive(Debug, Clone, Copy)]
struct Part {
    /// Radians a sample.
    omega: f64,
    re: f64,
    im: f64,
}

impl Part {
    /// As of [`crate::goertzel::power`].
    fn power(&self) -> f64 {
        2.0 * (self.re * self.re + self.im * self.im)
    }

    /// The power of two tones together. In so short a time each looks a little like the other, so it is not
    /// the sum.
    fn power_with(&self, other: &Self) -> f64 {
        let half = (other.omega - self.omega) / 2.0;
        let alike = (SAMPLES * half).sin() / (SAMPLES * half.sin());
        let (sine, cosine) = ((SAMPLES - 1.0) * half).sin_cos();
        // The real part of this one's conjugate by the other, turned by how the two run apart.
        let same = self.re * other.re + self.im * other.im;
        let crossed = self.re * other.im - self.im * other.re;
        let shared = 4.0 * alike * (same * cosine - crossed * sine);
        (self.power() + other.power() - shared) / (1.0 - alike * alike)
    }
}

/// What is known of a block.
#[derive(Debug, Clone, Copy, Default)]
struct Block {
    energy: f32,
    /// How much of each tone is in it, and in which phase.
    re: [f32; TONES],
    im: [f32; TONES],
}

impl Block {
    fn of(samples: &[i16; BLOCK]) -> Self {
        let mut block = Self::default();
        for ((&sample, cosines), sines) in samples.iter().zip(&WAVES.cosines).zip(&WAVES.sines) {
            let sample = f32::from(sample);
            block.energy += sample * sample;
            for (re, cosine) in block.re.iter_mut().zip(cosines) {
                *re += sample * cosine;
            }
            for (im, sine) in block.im.iter_mut().zip(sines) {
                *im -= sample * sine;
            }
        }
        block
    }
}

static WAVES: LazyLock<Waves> = LazyLock::new(Waves::default);

/// The nominal waves of a block, and the pitches that are looked for with them.
struct Waves {
    cosines: [[f32; TONES]; BLOCK],
    sines: [[f32; TONES]; BLOCK],
    pitches: [[Pitch; OFF_BY.len()]; TONES],
}

struct Pitch {
    omega: f64,
    /// By how much each block must be turned back, as a number of the complex plane.
    turned: [(f32, f32); BLOCKS],
}

impl Default for Waves {
    fn default() -> Self {
        let nominal = all_tones().map(|hz| TAU * hz / f64::from(RATE));
        let wave = |n: usize, of: fn(f64) -> f64| nominal.map(|omega| of(omega * n as f64) as f32);
        Self {
            cosines: std::array::from_fn(|n| wave(n, f64::cos)),
            sines: std::array::from_fn(|n| wave(n, f64::sin)),
            pitches: nominal.map(|omega| OFF_BY.map(|off| Pitch::near(omega, omega * (1.0 + off)))),
        }
    }
}

impl Pitch {
    /// A pitch whose blocks are made with the nominal one: in the middle of each the two are in step.
    fn near(nominal: f64, omega: f64) -> Self {
        let middle = (BLOCK - 1) as f64 / 2.0;
        let turned = std::array::from_fn(|block| {
            let angle = omega * (block * BLOCK) as f64 + (omega - nominal) * middle;
            (angle.cos() as f32, -angle.sin() as f32)
        });
        Self { omega, turned }
    }
}

/// The strongest of four tones, if it stands out.
fn outstanding(powers: &[f64]) -> Option<usize> {
    let (index, power) = strongest(powers)?;
    let mut others = powers.iter().enumerate().filter(|(n, _)| *n != index);
    let stands_out = others.all(|(_, &other)| power > OVER_OTHERS * other);
    stands_out.then_some(index)
}

fn strongest(powers: &[f64]) -> Option<(usize, f64)> {
    let powers = powers.iter().copied().enumerate();
    powers.max_by(|(_, a), (_, b)| a.total_cmp(b))
}
