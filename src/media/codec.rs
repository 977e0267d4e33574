//! What a leg speaks, and how that becomes samples.

use audio_codec::{
    Decoder as _, Encoder as _,
    g722::{Bitrate, G722Decoder, G722Encoder},
};

use crate::{
    g711::{FRAME, Law},
    packet::LONGEST_PAYLOAD,
};

/// One frame of twenty milliseconds as samples at 8 kHz.
pub type Samples = [i16; FRAME];

/// A codec with a static payload type of RFC 3551. Each makes one byte of one sample at 8 kHz and
/// counts its timestamps at 8 kHz, G.722 too (RFC 3551 §4.5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Codec {
    /// G.711 mu-law, payload type 0.
    Pcmu,
    /// G.711 A-law, payload type 8.
    Pcma,
    /// G.722 at 64 kbit/s, payload type 9. Two legs that both speak it hear each other in wide
    /// band; everything else that is done with it is done with its lower band, up to 4 kHz.
    G722,
}

impl Codec {
    /// The static RTP payload type.
    #[must_use]
    pub const fn payload_type(self) -> u8 {
        match self {
            Self::Pcmu => 0,
            Self::Pcma => 8,
            Self::G722 => 9,
        }
    }

    /// The codec of a static RTP payload type, if it is one of ours.
    #[must_use]
    pub const fn of_payload_type(payload_type: u8) -> Option<Self> {
        match payload_type {
            0 => Some(Self::Pcmu),
            8 => Some(Self::Pcma),
            9 => Some(Self::G722),
            _ => None,
        }
    }

    /// The law, where it is one of the two of G.711.
    #[must_use]
    pub const fn law(self) -> Option<Law> {
        match self {
            Self::Pcmu => Some(Law::Pcmu),
            Self::Pcma => Some(Law::Pcma),
            Self::G722 => None,
        }
    }
}

impl From<Law> for Codec {
    fn from(law: Law) -> Self {
        match law {
            Law::Pcmu => Self::Pcmu,
            Law::Pcma => Self::Pcma,
        }
    }
}

/// Makes samples of payloads. One for each stream, for G.722 remembers what came before.
#[derive(Default)]
pub struct Decoder {
    g722: Option<Box<G722Decoder>>,
}

impl Decoder {
    /// Decodes as much of `payload` as `samples` has room for; returns how many samples it made.
    pub fn decode(&mut self, codec: Codec, payload: &[u8], samples: &mut [i16]) -> usize {
        let count = payload.len().min(samples.len());
        match codec.law() {
            Some(law) => {
                for (sample, &byte) in samples.iter_mut().zip(payload) {
                    *sample = law.decode(byte);
                }
                count
            }
            None => {
                let narrow = || G722Decoder::with_options(Bitrate::Mode1_64000, false, true);
                let decoder = self.g722.get_or_insert_with(|| Box::new(narrow()));
                let made = decoder.decode_into(&payload[..count], &mut samples[..count]);
                made.unwrap_or(0)
            }
        }
    }
}

/// Makes payloads of samples. One for each stream, as [`Decoder`].
#[derive(Default)]
pub struct Encoder {
    g722: Option<Box<(G722Encoder, Doubler)>>,
}

impl Encoder {
    /// Encodes as many of `samples` as `payload` has room for; returns how many bytes it made.
    pub fn encode(&mut self, codec: Codec, samples: &[i16], payload: &mut [u8]) -> usize {
        let count = samples.len().min(payload.len());
        match codec.law() {
            Some(law) => {
                for (byte, &sample) in payload.iter_mut().zip(samples) {
                    *byte = law.encode(sample);
                }
                count
            }
            None => {
                let (encoder, doubler) = &mut **self.g722.get_or_insert_default();
                let mut wide = [0; 2 * LONGEST_PAYLOAD];
                let count = count.min(LONGEST_PAYLOAD);
                for (pair, &sample) in wide.chunks_exact_mut(2).zip(&samples[..count]) {
                    pair.copy_from_slice(&doubler.pair(sample));
                }
                let made = encoder.encode_into(&wide[..2 * count], payload);
                made.unwrap_or(0)
            }
        }
    }
}

/// Brings 8 kHz to 16 kHz. (The narrow mode of the library's encoder makes noise; that of its
/// decoder is sound.)
#[derive(Default)]
struct Doubler {
    last: [i16; 2 * REACH],
}

/// Samples to either side of the one that is made up.
const REACH: usize = 6;

/// A sinc under a Hann window, half way between two samples, from the middle outwards.
const HALF_WAY: [f32; REACH] = [
    0.625208, -0.180966, 0.080066, -0.033673, 0.010350, -0.000985,
];

impl Doubler {
    /// The next two samples, six samples late.
    fn pair(&mut self, sample: i16) -> [i16; 2] {
        self.last.rotate_left(1);
        self.last[2 * REACH - 1] = sample;
        let between: f32 = HALF_WAY
            .iter()
            .enumerate()
            .map(|(k, weight)| {
                let (left, right) = (self.last[REACH - 1 - k], self.last[REACH + k]);
                weight * (f32::from(left) + f32::from(right))
            })
            .sum();
        [self.last[REACH - 1], between as i16]
    }
}

impl std::fmt::Debug for Decoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decoder").finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Encoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Encoder").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        goertzel::{over_noise_db, power},
        tone,
    };

    #[test]
    fn a_tone_keeps_its_pitch_and_its_level_through_every_codec() {
        let tone = tone::sine(1_000.0, 1_000);
        for codec in [Codec::Pcmu, Codec::Pcma, Codec::G722] {
            let (mut encoder, mut decoder) = (Encoder::default(), Decoder::default());
            let mut heard = Vec::new();
            for frame in tone.chunks_exact(FRAME) {
                let (mut payload, mut samples) = ([0; FRAME], [0; FRAME]);
                assert_eq!(encoder.encode(codec, frame, &mut payload), FRAME);
                assert_eq!(decoder.decode(codec, &payload, &mut samples), FRAME);
                heard.extend(samples);
            }
            let late = &heard[4_000..];
            assert!(over_noise_db(late, 1_000.0) > 20.0, "{codec:?}");
            let level = 10.0 * (power(late, 1_000.0) / power(&tone[4_000..], 1_000.0)).log10();
            assert!(level.abs() < 1.0, "{codec:?} {level} dB");
        }
    }

    #[test]
    fn what_does_not_fit_is_left_out() {
        for codec in [Codec::Pcmu, Codec::G722] {
            let mut samples = [0; 10];
            let made = Decoder::default().decode(codec, &[0x55; 960], &mut samples);
            assert_eq!(made, 10, "{codec:?}");
            let made = Encoder::default().encode(codec, &[9; 960], &mut [0; 10]);
            assert_eq!(made, 10, "{codec:?}");
        }
    }
}
