//! Keys heard as their tones (ITU-T Q.23, Q.24), where the far end sends no telephone events.

mod ear;
#[cfg(test)]
mod tests;

use ear::{BLOCK, Ear, Heard};

use crate::{codec::Samples, dtmf::Key};

const BLOCK_MS: u32 = 5;
/// Blocks in a row at whose end a key must be heard. A tone is heard while it fills four fifths of what is
/// judged, so 24 ms of it are never enough for that, and 40 ms always (Q.24).
const BLOCKS_ON: u32 = 4;
/// Blocks in a row without it that end a key: 40 ms of silence do, an interruption of 20 does not.
const BLOCKS_OFF: u32 = 8;
/// How pure a key must have been at least once, as a share of the whole power. One that is off by 1.5 % and
/// 20 dB over noise is; what comes near in speech is not.
const PURE: f64 = 0.88;
/// How much longer a key is than it is heard.
const UNHEARD_MS: u32 = 10;

/// Listens frame by frame.
#[derive(Debug, Default)]
pub struct ToneKeys {
    ear: Ear,
    held: Option<Held>,
}

#[derive(Debug, Clone, Copy)]
struct Held {
    digit: char,
    /// The most that it was.
    purity: f64,
    /// Blocks from the first to the last in which it was heard, and those since.
    on: u32,
    off: u32,
}

impl ToneKeys {
    /// Takes the next frame; returns a key once it is released.
    pub fn hear(&mut self, frame: &Samples) -> Option<Key> {
        let (blocks, _) = frame.as_chunks::<BLOCK>();
        // Two keys do not end within a frame: each is longer than that.
        blocks.iter().fold(None, |told, block| {
            let heard = self.ear.hear(block);
            self.step(heard).or(told)
        })
    }

    fn step(&mut self, heard: Option<Heard>) -> Option<Key> {
        let Some(held) = &mut self.held else {
            self.held = heard.map(Held::from);
            return None;
        };
        match heard {
            Some(heard) if heard.digit == held.digit => {
                held.on += held.off + 1;
                held.off = 0;
                held.purity = held.purity.max(heard.purity);
                return None;
            }
            _ => held.off += 1,
        }
        if held.is_key() && held.off < BLOCKS_OFF {
            return None;
        }
        let over = *held;
        self.held = heard.map(Held::from);
        over.is_key().then_some(Key {
            digit: over.digit,
            ms: over.on * BLOCK_MS + UNHEARD_MS,
        })
    }
}

impl Held {
    fn is_key(&self) -> bool {
        self.on >= BLOCKS_ON && self.purity > PURE
    }
}

impl From<Heard> for Held {
    fn from(heard: Heard) -> Self {
        Self {
            digit: heard.digit,
            purity: heard.purity,
            on: 1,
            off: 0,
        }
    }
}
