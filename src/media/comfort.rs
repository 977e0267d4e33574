//! Comfort noise (RFC 3389): what is heard while the far end sends nothing because nobody speaks.

use crate::codec::Samples;

/// Noise of one level. The spectral part of a packet is not used: the noise is white.
#[derive(Debug, Clone, Copy)]
pub struct Comfort {
    /// Amplitude of even noise.
    peak: i32,
    state: u32,
}

impl Comfort {
    /// The noise of a comfort noise payload, whose first byte is the level below overload in
    /// decibels (RFC 3389 §3.1); `None` for an empty one.
    #[must_use]
    pub fn of_payload(payload: &[u8]) -> Option<Self> {
        let level = f64::from(payload.first()? & 0x7F);
        let rms = 32_767.0 * 10_f64.powf(-level / 20.0);
        Some(Self {
            peak: (rms * 3_f64.sqrt()).min(32_767.0) as i32,
            state: 0x2545_F491,
        })
    }

    /// Fills a frame.
    pub fn fill(&mut self, frame: &mut Samples) {
        for sample in frame {
            self.state ^= self.state << 13;
            self.state ^= self.state >> 17;
            self.state ^= self.state << 5;
            let even = (self.state >> 16) as i32 - 32_768;
            *sample = (even * self.peak / 32_768) as i16;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::g711::FRAME;

    #[test]
    fn the_level_is_the_one_in_the_packet() {
        for level in [20_u8, 40, 60] {
            let mut noise = Comfort::of_payload(&[level, 3, 3]).expect("a level");
            let mut energy = 0.0;
            for _ in 0..50 {
                let mut frame = [0; FRAME];
                noise.fill(&mut frame);
                energy += frame.iter().map(|&s| f64::from(s).powi(2)).sum::<f64>();
            }
            let rms = (energy / (50 * FRAME) as f64).sqrt();
            let measured = -20.0 * (rms / 32_767.0).log10();
            assert!((measured - f64::from(level)).abs() < 1.5, "{measured}");
        }
        assert!(Comfort::of_payload(&[]).is_none());
    }
}
