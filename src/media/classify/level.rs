//! Is somebody speaking? Loudness over a floor that follows the line's own noise.

use crate::{codec::Samples, g711::RATE};

/// Quickest and slowest change of the floor in a frame, in decibels.
const FALLS_BY: f32 = 1.0;
const RISES_BY: f32 = 0.03;
/// A frame must be this much over the floor.
const OVER_FLOOR_DB: f32 = 8.0;
const LOWEST_FLOOR_DB: f32 = -75.0;

/// So many frames, 300 ms, as loud as each other within so many decibels are noise, a hum or a tone, however
/// suddenly it began: comfort noise does when somebody has spoken. Speech is never so even.
const EVEN_FRAMES: usize = 15;
const EVEN_DB: f32 = 3.0;

/// Below this there is traffic and wind but no telephone speech, in hertz.
const RUMBLE_HZ: f32 = 300.0;

/// Follows the noise of a line.
#[derive(Debug, Clone, Copy)]
pub struct Floor {
    rumble: HighPass,
    floor_db: f32,
    least_db: f32,
    /// How loud the last frames were.
    recent: [f32; EVEN_FRAMES],
}

impl Floor {
    /// A line on which nothing below `least_db`, in decibels of full scale, is speech.
    pub fn new(least_db: f32) -> Self {
        Self {
            rumble: HighPass::at(RUMBLE_HZ),
            floor_db: least_db - OVER_FLOOR_DB,
            least_db,
            recent: [f32::NEG_INFINITY; EVEN_FRAMES],
        }
    }

    /// Takes a frame; true when somebody speaks in it.
    pub fn is_voice(&mut self, frame: &Samples) -> bool {
        let db = loudness_db(&self.rumble.pass(frame));
        let step = (db - self.floor_db).clamp(-FALLS_BY, RISES_BY);
        self.floor_db = (self.floor_db + step).max(LOWEST_FLOOR_DB);
        self.recent.rotate_left(1);
        self.recent[EVEN_FRAMES - 1] = db;
        if let Some(even_db) = self.even() {
            self.floor_db = self.floor_db.max(even_db);
        }
        db > self.least_db && db > self.floor_db + OVER_FLOOR_DB
    }

    /// How loud the quietest of the last frames was, where they are as loud as each other.
    fn even(&self) -> Option<f32> {
        let quietest = self.recent.iter().copied().fold(f32::INFINITY, f32::min);
        let loudest = self
            .recent
            .iter()
            .copied()
            .fold(f32::NEG_INFINITY, f32::max);
        (loudest - quietest < EVEN_DB).then_some(quietest)
    }
}

/// A Butterworth high-pass of second order.
#[derive(Debug, Clone, Copy)]
struct HighPass {
    gain: f32,
    back: [f32; 2],
    inputs: [f32; 2],
    outputs: [f32; 2],
}

impl HighPass {
    fn at(hz: f32) -> Self {
        let k = (std::f32::consts::PI * hz / RATE as f32).tan();
        let norm = 1.0 / (1.0 + std::f32::consts::SQRT_2 * k + k * k);
        Self {
            gain: norm,
            back: [
                2.0 * (k * k - 1.0) * norm,
                (1.0 - std::f32::consts::SQRT_2 * k + k * k) * norm,
            ],
            inputs: [0.0; 2],
            outputs: [0.0; 2],
        }
    }

    fn pass(&mut self, frame: &Samples) -> Samples {
        frame.map(|sample| {
            let input = f32::from(sample);
            let through = input - 2.0 * self.inputs[0] + self.inputs[1];
            let echo = self.back[0] * self.outputs[0] + self.back[1] * self.outputs[1];
            let output = self.gain * through - echo;
            self.inputs = [input, self.inputs[0]];
            self.outputs = [output, self.outputs[0]];
            output as i16
        })
    }
}

/// The power of a frame in decibels of full scale.
pub fn loudness_db(frame: &Samples) -> f32 {
    let sum: f32 = frame.iter().map(|&s| f32::from(s) * f32::from(s)).sum();
    10.0 * (sum / frame.len() as f32 / (32_768.0 * 32_768.0))
        .max(1e-10)
        .log10()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{comfort::Comfort, tone};

    #[test]
    fn rumble_is_filtered_out_and_speech_is_not() {
        let passed = |hz: f64| {
            let mut filter = HighPass::at(RUMBLE_HZ);
            let sound = tone::sine(hz, 200);
            let (frames, _) = sound.as_chunks::<160>();
            let last = frames.iter().map(|frame| filter.pass(frame)).last();
            loudness_db(&last.expect("ten frames")) - loudness_db(&frames[9])
        };
        assert!(passed(60.0) < -25.0 && passed(150.0) < -10.0);
        assert!(passed(600.0) > -1.0 && passed(1_500.0) > -0.5);
    }

    #[test]
    fn speech_over_noise_is_voice_and_the_noise_alone_is_not() {
        let mut noise = Comfort::of_payload(&[45]).expect("a level");
        let mut floor = Floor::new(-42.0);
        let mut voiced = 0;
        for n in 0..200 {
            let mut frame = [0; 160];
            noise.fill(&mut frame);
            if n % 50 >= 40 {
                frame.iter_mut().step_by(2).for_each(|s| *s += 2_000);
            }
            voiced += u32::from(floor.is_voice(&frame));
        }
        assert_eq!(voiced, 40);
    }
}
