//! Special information tones (ITU-T E.180 §7, ANSI T1.401): three segments rising from about 950
//! over 1400 to 1800 Hz, each of 276 or 380 ms in North America and 330 ms elsewhere.

/// Pitch ranges of the three segments, in hertz: both variants of T1.401 and E.180's ±50 Hz.
const SEGMENTS: [std::ops::RangeInclusive<f32>; 3] =
    [880.0..=1_020.0, 1_330.0..=1_470.0, 1_720.0..=1_850.0];
/// Frames a segment must hold: 160 ms, which also the short ones do.
const FRAMES: u32 = 8;
/// Frames that may lie between two segments.
const GAP: u32 = 8;

/// How far the three segments have come.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sit {
    heard: usize,
    idle: u32,
}

impl Sit {
    /// Takes the pitch of a frame and how long it has held; true when the third segment is there.
    pub fn hear(&mut self, steady: Option<(f32, u32)>) -> bool {
        let segment = steady
            .filter(|(_, frames)| *frames >= FRAMES)
            .and_then(|(hz, _)| SEGMENTS.iter().position(|range| range.contains(&hz)));
        match segment {
            Some(segment) if segment == self.heard => {
                self.heard += 1;
                self.idle = 0;
            }
            // The segment goes on.
            Some(segment) if segment + 1 == self.heard => self.idle = 0,
            Some(segment) => {
                *self = Self {
                    heard: usize::from(segment == 0),
                    idle: 0,
                }
            }
            None => {
                self.idle += 1;
                // A segment needs its frames to be recognised, so they count as gap too.
                if self.idle > GAP + FRAMES {
                    *self = Self::default();
                }
            }
        }
        self.heard == SEGMENTS.len()
    }
}
