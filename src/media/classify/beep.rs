//! The beep after which a machine records, told from a hum of the line.

use std::ops::RangeInclusive;

use super::level::loudness_db;
use crate::codec::Samples;

const FRAME_MS: u32 = 20;
/// Its pitch, in hertz.
const PITCH: RangeInclusive<f32> = 350.0..=2_600.0;
/// What is quieter than the greeting by more than this is a hum.
const HUM_BELOW_DB: f32 = 12.0;
/// How far a hum may wander, in hertz.
const HUM_WANDERS_HZ: f32 = 30.0;

/// What is known of the greeting and of the line.
#[derive(Debug, Clone, Copy)]
pub struct Beep {
    shortest_ms: u32,
    /// Power of the greeting: the sum of its frames, and how many they are.
    greeting: (f32, u32),
    /// Pitch of a tone that was there before anybody had said a word.
    hum: Option<f32>,
}

impl Beep {
    /// One that holds for so long.
    pub fn of(shortest_ms: u32) -> Self {
        Self {
            shortest_ms,
            greeting: (0.0, 0),
            hum: None,
        }
    }

    /// Takes a frame in which somebody speaks.
    pub fn spoken(&mut self, frame: &Samples) {
        let (sum, frames) = self.greeting;
        self.greeting = (sum + 10_f32.powf(loudness_db(frame) / 10.0), frames + 1);
    }

    /// Takes the pitch of a frame before the greeting and how many frames it has held.
    pub fn unspoken(&mut self, steady: Option<(f32, u32)>) {
        if let Some(hz) = self.held(steady) {
            self.hum = Some(hz);
        }
    }

    /// Whether a frame of such a pitch, which has held for so many frames, is in a beep.
    pub fn is_heard(&self, steady: Option<(f32, u32)>, frame: &Samples) -> bool {
        self.held(steady)
            .is_some_and(|hz| PITCH.contains(&hz) && !self.is_hum(hz, frame))
    }

    fn held(&self, steady: Option<(f32, u32)>) -> Option<f32> {
        let (hz, frames) = steady?;
        (frames * FRAME_MS >= self.shortest_ms).then_some(hz)
    }

    fn is_hum(&self, hz: f32, frame: &Samples) -> bool {
        let (sum, frames) = self.greeting;
        let greeting_db = 10.0 * (sum / frames.max(1) as f32).log10();
        let near = |hum: f32| (hum - hz).abs() <= HUM_WANDERS_HZ;
        self.hum.is_some_and(near) || loudness_db(frame) < greeting_db - HUM_BELOW_DB
    }
}
