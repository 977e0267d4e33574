//! The tones of faxes and modems: the calling tone of a fax, 1,100 Hz (T.30, CNG), and the answering tone,
//! 2,100 Hz, which is plain (T.30, CED; V.25, ANS), or turns its phase by half a wave every 450 ms, or also
//! swells fifteen times a second (V.8, ANSam).

use super::pure::Tone;

/// A tone that holds its pitch, with gaps.
#[derive(Debug, Clone, Copy)]
struct Signal {
    hz: f32,
    /// How far the mean of its frames may be from that, in hertz.
    off_by: f32,
    /// Frames that it must last.
    frames: u32,
}

const CALLING: Signal = Signal {
    hz: 1_100.0,
    off_by: 38.0,
    frames: 20,
};
const ANSWERING: Signal = Signal {
    hz: 2_100.0,
    off_by: 25.0,
    frames: 30,
};
/// How much further a single frame may be off, in hertz: noise draws it to the middle.
const NOISE_HZ: f32 = 20.0;
/// Frames in a row that may have no tone: one with the turn of its phase, and its neighbours.
const GAP: u32 = 3;
/// Frames after which a signal goes on through a gap.
const BEGUN: u32 = 4;

/// Listens for both.
#[derive(Debug, Clone, Copy, Default)]
pub struct FaxTones {
    calling: Run,
    answering: Run,
}

impl FaxTones {
    /// Takes the tone of the next frame; true once one of them has lasted long enough.
    pub fn hear(&mut self, tone: Option<Tone>) -> bool {
        self.calling.take(tone, CALLING);
        self.answering.take(tone, ANSWERING);
        self.calling.is(CALLING) || self.answering.is(ANSWERING)
    }

    /// Whether one of them has begun and is not over, though this frame may be a gap in it.
    pub fn is_heard(&self) -> bool {
        self.calling.heard.max(self.answering.heard) >= BEGUN
    }
}

/// How long one of them has lasted.
#[derive(Debug, Clone, Copy, Default)]
struct Run {
    /// Frames of tone, the sum of their pitches, and the frames of the gaps between them.
    heard: u32,
    hz: f32,
    gaps: u32,
    /// Frames since the last tone.
    gap: u32,
}

impl Run {
    fn take(&mut self, tone: Option<Tone>, signal: Signal) {
        let is_near = |tone: &Tone| (tone.hz - signal.hz).abs() <= signal.off_by + NOISE_HZ;
        if let Some(tone) = tone.filter(is_near) {
            *self = Self {
                heard: self.heard + 1,
                hz: self.hz + tone.hz,
                gaps: self.gaps + self.gap,
                gap: 0,
            };
            return;
        }
        self.gap += 1;
        if self.gap > GAP || self.heard == 0 {
            *self = Self::default();
        }
    }

    fn is(&self, signal: Signal) -> bool {
        let mean = self.hz / self.heard.max(1) as f32;
        self.heard + self.gaps >= signal.frames && (mean - signal.hz).abs() <= signal.off_by
    }
}
