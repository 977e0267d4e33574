//! Is somebody speaking? Loudness over a floor that follows the line's own noise.

use crate::codec::Samples;

/// Quickest and slowest change of the floor in a frame, in decibels.
const FALLS_BY: f32 = 1.0;
const RISES_BY: f32 = 0.03;
/// A frame must be this much over the floor.
const OVER_FLOOR_DB: f32 = 8.0;
const LOWEST_FLOOR_DB: f32 = -75.0;

/// Follows the noise of a line.
#[derive(Debug, Clone, Copy)]
pub struct Floor {
    floor_db: f32,
    least_db: f32,
}

impl Floor {
    /// A line on which nothing below `least_db`, in decibels of full scale, is speech.
    pub fn new(least_db: f32) -> Self {
        Self {
            floor_db: least_db - OVER_FLOOR_DB,
            least_db,
        }
    }

    /// Takes a frame; true when somebody speaks in it.
    pub fn is_voice(&mut self, frame: &Samples) -> bool {
        let db = loudness_db(frame);
        let step = (db - self.floor_db).clamp(-FALLS_BY, RISES_BY);
        self.floor_db = (self.floor_db + step).max(LOWEST_FLOOR_DB);
        db > self.least_db && db > self.floor_db + OVER_FLOOR_DB
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
    use crate::comfort::Comfort;

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
