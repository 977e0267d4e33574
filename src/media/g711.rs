//! G.711: A-law and mu-law, by table.

/// Samples a second of everything in this crate.
pub const RATE: u32 = 8_000;
/// Samples, and G.711 bytes, in one frame of twenty milliseconds.
pub const FRAME: usize = 160;

/// Which of the two laws, named as their RTP payload types are (RFC 3551).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Law {
    /// mu-law, payload type 0.
    Pcmu,
    /// A-law, payload type 8.
    Pcma,
}

impl Law {
    /// The static RTP payload type.
    #[must_use]
    pub const fn payload_type(self) -> u8 {
        match self {
            Self::Pcmu => 0,
            Self::Pcma => 8,
        }
    }

    /// The law of a static RTP payload type, if it is one of the two.
    #[must_use]
    pub const fn of_payload_type(payload_type: u8) -> Option<Self> {
        match payload_type {
            0 => Some(Self::Pcmu),
            8 => Some(Self::Pcma),
            _ => None,
        }
    }

    /// The byte that sounds like nothing.
    #[must_use]
    pub const fn silence(self) -> u8 {
        match self {
            Self::Pcmu => 0xFF,
            Self::Pcma => 0xD5,
        }
    }

    /// One byte to a 16-bit sample.
    #[must_use]
    pub fn decode(self, byte: u8) -> i16 {
        match self {
            Self::Pcmu => FROM_PCMU[usize::from(byte)],
            Self::Pcma => FROM_PCMA[usize::from(byte)],
        }
    }

    /// A 16-bit sample to one byte.
    #[must_use]
    pub fn encode(self, sample: i16) -> u8 {
        match self {
            Self::Pcmu => encode_pcmu(sample),
            Self::Pcma => encode_pcma(sample),
        }
    }

    /// One byte of this law as a byte of `to`.
    #[must_use]
    pub fn transcode(self, to: Self, byte: u8) -> u8 {
        match (self, to) {
            (Self::Pcmu, Self::Pcma) => PCMU_TO_PCMA[usize::from(byte)],
            (Self::Pcma, Self::Pcmu) => PCMA_TO_PCMU[usize::from(byte)],
            _ => byte,
        }
    }
}

static FROM_PCMU: [i16; 256] = from_pcmu();
static FROM_PCMA: [i16; 256] = from_pcma();
static PCMU_TO_PCMA: [u8; 256] = pcmu_to_pcma();
static PCMA_TO_PCMU: [u8; 256] = pcma_to_pcmu();

const fn from_pcmu() -> [i16; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = decode_pcmu(byte as u8);
        byte += 1;
    }
    table
}

const fn from_pcma() -> [i16; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = decode_pcma(byte as u8);
        byte += 1;
    }
    table
}

const fn pcmu_to_pcma() -> [u8; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = encode_pcma(decode_pcmu(byte as u8));
        byte += 1;
    }
    table
}

const fn pcma_to_pcmu() -> [u8; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = encode_pcmu(decode_pcma(byte as u8));
        byte += 1;
    }
    table
}

const fn decode_pcmu(byte: u8) -> i16 {
    let bits = !byte;
    let exponent = (bits >> 4) & 7;
    let mantissa = (bits & 15) as i16;
    let magnitude = (((mantissa << 3) + 132) << exponent) - 132;
    if bits & 0x80 == 0 {
        magnitude
    } else {
        -magnitude
    }
}

const fn encode_pcmu(sample: i16) -> u8 {
    let sign = if sample < 0 { 0x80 } else { 0 };
    let mut magnitude = (sample as i32).abs();
    if magnitude > 32_635 {
        magnitude = 32_635;
    }
    magnitude += 132;
    let exponent = 24 - (magnitude as u32).leading_zeros() as i32;
    let mantissa = (magnitude >> (exponent + 3)) & 15;
    !(sign | ((exponent as u8) << 4) | mantissa as u8)
}

const fn decode_pcma(byte: u8) -> i16 {
    let bits = byte ^ 0x55;
    let exponent = (bits >> 4) & 7;
    let mantissa = ((bits & 15) as i16) << 4;
    let magnitude = match exponent {
        0 => mantissa + 8,
        _ => (mantissa + 0x108) << (exponent - 1),
    };
    if bits & 0x80 == 0 {
        -magnitude
    } else {
        magnitude
    }
}

const fn encode_pcma(sample: i16) -> u8 {
    let (sign, magnitude) = if sample < 0 {
        (0, !(sample as i32))
    } else {
        (0x80, sample as i32)
    };
    let exponent = if magnitude < 256 {
        0
    } else {
        24 - (magnitude as u32).leading_zeros() as i32
    };
    let mantissa = match exponent {
        0 => magnitude >> 4,
        _ => magnitude >> (exponent + 3),
    } & 15;
    (sign | ((exponent as u8) << 4) | mantissa as u8) ^ 0x55
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_survives_its_own_law() {
        for law in [Law::Pcmu, Law::Pcma] {
            for byte in 0..=255 {
                let again = law.decode(law.encode(law.decode(byte)));
                assert_eq!(again, law.decode(byte), "{law:?} {byte}");
            }
        }
    }

    #[test]
    fn an_encoded_sample_is_within_one_step() {
        for law in [Law::Pcmu, Law::Pcma] {
            for sample in (-32_000..=32_000_i16).step_by(7) {
                let error = i32::from(law.decode(law.encode(sample))) - i32::from(sample);
                assert!(
                    error.abs() <= 16 + i32::from(sample).abs() / 16,
                    "{law:?} {sample} {error}"
                );
            }
        }
    }

    #[test]
    fn known_values_of_the_recommendation() {
        assert_eq!(Law::Pcmu.decode(0xFF), 0);
        assert_eq!(Law::Pcmu.decode(0x80), 32_124);
        assert_eq!(Law::Pcmu.decode(0x00), -32_124);
        assert_eq!(Law::Pcma.decode(0xD5), 8);
        assert_eq!(Law::Pcma.decode(0xAA), 32_256);
        assert_eq!(Law::Pcma.decode(0x2A), -32_256);
        assert_eq!(Law::Pcmu.transcode(Law::Pcma, 0xFF), 0xD5);
    }
}
