//! Special information tones (ITU-T E.180 §7, ANSI T1.401): three segments rising from about 950
//! over 1400 to 1800 Hz, each of 330 ms. In North America pitch and length of the first two say why
//! there will be no party (Telcordia GR-674).

use std::ops::RangeInclusive;

/// Pitch ranges of the three segments, in hertz: all variants of T1.401 and E.180's ±50 Hz.
const SEGMENTS: [RangeInclusive<f32>; 3] = [880.0..=1_020.0, 1_330.0..=1_470.0, 1_720.0..=1_850.0];
/// Frames a segment must hold: 160 ms, which also the short ones do.
const FRAMES: u32 = 8;
/// Frames that may lie between two segments.
const GAP: u32 = 8;

/// The two pitches of the first and of the second segment, in hertz, and how far from them they are
/// still told from each other and from E.180's, which are right between them.
const LOW: [f32; 2] = [913.8, 1_370.6];
const HIGH: [f32; 2] = [985.2, 1_428.5];
const OFF_BY: [f32; 2] = [25.0, 20.0];
/// Frames of the short segments (274 ms) and of the long ones (380 ms), as far as they are pure.
const SHORT: RangeInclusive<u32> = 11..=14;
const LONG: RangeInclusive<u32> = 17..=20;

/// What coded special information tones say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sit {
    /// The number is out of service, or has changed.
    Intercept,
    /// There is no such number.
    VacantCode,
    /// Equipment on the way failed, or something was missing.
    Reorder,
    /// All circuits are busy.
    NoCircuit,
}

impl Sit {
    /// Every code.
    pub const ALL: [Self; 4] = [
        Self::Intercept,
        Self::VacantCode,
        Self::Reorder,
        Self::NoCircuit,
    ];

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Intercept => "intercept",
            Self::VacantCode => "vacant_code",
            Self::Reorder => "reorder",
            Self::NoCircuit => "no_circuit",
        }
    }

    /// As a reason for a verdict.
    pub(super) const fn why(code: Option<Self>) -> &'static str {
        match code {
            None => "special information tones",
            Some(Self::Intercept) => "special information tones: intercept",
            Some(Self::VacantCode) => "special information tones: vacant code",
            Some(Self::Reorder) => "special information tones: reorder",
            Some(Self::NoCircuit) => "special information tones: no circuit",
        }
    }

    /// Hertz and milliseconds of the three segments; `None` is E.180's.
    #[must_use]
    pub const fn segments(code: Option<Self>) -> [(f64, u32); 3] {
        const LAST: (f64, u32) = (1_776.7, 380);
        match code {
            None => [(950.0, 330), (1_400.0, 330), (1_800.0, 330)],
            Some(Self::Intercept) => [(913.8, 274), (1_370.6, 274), LAST],
            Some(Self::VacantCode) => [(985.2, 380), (1_370.6, 274), LAST],
            Some(Self::Reorder) => [(913.8, 274), (1_428.5, 380), LAST],
            Some(Self::NoCircuit) => [(985.2, 380), (1_428.5, 380), LAST],
        }
    }

    /// The code of the first two segments, with the variants of inter-LATA carriers.
    fn of(first: Segment, second: Segment) -> Option<Self> {
        let pitches = (first.is_high(0)?, second.is_high(1)?);
        match (first.is_long()?, second.is_long()?, pitches) {
            (false, false, (false, false)) => Some(Self::Intercept),
            (true, false, (true, false)) => Some(Self::VacantCode),
            (false, true, (true, false) | (false, true)) => Some(Self::Reorder),
            (true, true, (false, false) | (true, true)) => Some(Self::NoCircuit),
            _ => None,
        }
    }
}

/// How far the three segments have come.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tracker {
    segments: [Segment; 3],
    heard: usize,
    idle: u32,
}

#[derive(Debug, Clone, Copy, Default)]
struct Segment {
    hz: f32,
    frames: u32,
}

impl Segment {
    fn is_high(self, nth: usize) -> Option<bool> {
        let is_near = |hz: f32| (self.hz - hz).abs() <= OFF_BY[nth];
        match (is_near(LOW[nth]), is_near(HIGH[nth])) {
            (true, false) => Some(false),
            (false, true) => Some(true),
            _ => None,
        }
    }

    fn is_long(self) -> Option<bool> {
        match self.frames {
            frames if SHORT.contains(&frames) => Some(false),
            frames if LONG.contains(&frames) => Some(true),
            _ => None,
        }
    }
}

impl Tracker {
    /// Whether the first segment has been heard, and the others may follow.
    pub fn is_heard(&self) -> bool {
        self.heard > 0
    }

    /// Takes the pitch of a frame and how long it has held; when the third segment is there, tells
    /// what they say, if they say something.
    pub fn hear(&mut self, steady: Option<(f32, u32)>) -> Option<Option<Sit>> {
        let tone = steady.filter(|(_, frames)| *frames >= FRAMES);
        let segment = tone.and_then(|(hz, frames)| {
            let nth = SEGMENTS.iter().position(|range| range.contains(&hz))?;
            Some((nth, Segment { hz, frames }))
        });
        match segment {
            Some((nth, segment)) if nth == self.heard => {
                self.segments[nth] = segment;
                self.heard += 1;
                self.idle = 0;
            }
            // The segment goes on.
            Some((nth, segment)) if nth + 1 == self.heard => {
                self.segments[nth] = segment;
                self.idle = 0;
            }
            Some((nth, segment)) => {
                *self = Self::default();
                if nth == 0 {
                    self.segments[0] = segment;
                    self.heard = 1;
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
        let is_whole = self.heard == SEGMENTS.len();
        is_whole.then(|| Sit::of(self.segments[0], self.segments[1]))
    }
}
