//! RTP packets (RFC 3550 §5.1), read without copying and written into a fixed buffer.

/// The payload type under which we offer telephone events (RFC 4733).
pub const DTMF_PAYLOAD_TYPE: u8 = 101;

/// Header without extras.
pub const HEADER: usize = 12;
/// The longest payload that is passed on: 120 ms of G.711.
pub const LONGEST_PAYLOAD: usize = 960;

/// One received packet, its padding, contributors and extension already taken off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packet<'a> {
    pub payload_type: u8,
    pub marker: bool,
    pub sequence: u16,
    pub timestamp: u32,
    pub ssrc: u32,
    pub payload: &'a [u8],
}

impl<'a> Packet<'a> {
    /// Reads a datagram; `None` when it is not RTP, RTCP included (RFC 5761 §4).
    pub fn read(datagram: &'a [u8]) -> Option<Self> {
        let header = datagram.first_chunk::<HEADER>()?;
        let payload_type = header[1] & 0x7F;
        if header[0] >> 6 != 2 || (72..=76).contains(&payload_type) {
            return None;
        }
        let start = HEADER + usize::from(header[0] & 0x0F) * 4;
        let start = if header[0] & 0x10 == 0 {
            start
        } else {
            after_extension(datagram, start)?
        };
        let padding = if header[0] & 0x20 == 0 {
            0
        } else {
            usize::from(*datagram.last()?)
        };
        let end = datagram.len().checked_sub(padding)?;
        let payload = datagram.get(start..end)?;
        (payload.len() <= LONGEST_PAYLOAD).then_some(Self {
            payload_type,
            marker: header[1] & 0x80 != 0,
            sequence: u16::from_be_bytes([header[2], header[3]]),
            timestamp: u32::from_be_bytes([header[4], header[5], header[6], header[7]]),
            ssrc: u32::from_be_bytes([header[8], header[9], header[10], header[11]]),
            payload,
        })
    }

    /// Writes the packet; returns its length in `buffer`.
    ///
    /// # Panics
    /// When `buffer` has no room for a header and [`LONGEST_PAYLOAD`].
    pub fn write(&self, buffer: &mut [u8]) -> usize {
        let length = self.payload.len().min(LONGEST_PAYLOAD);
        buffer[0] = 0x80;
        buffer[1] = self.payload_type | if self.marker { 0x80 } else { 0 };
        buffer[2..4].copy_from_slice(&self.sequence.to_be_bytes());
        buffer[4..8].copy_from_slice(&self.timestamp.to_be_bytes());
        buffer[8..12].copy_from_slice(&self.ssrc.to_be_bytes());
        buffer[HEADER..HEADER + length].copy_from_slice(&self.payload[..length]);
        HEADER + length
    }
}

fn after_extension(datagram: &[u8], start: usize) -> Option<usize> {
    let words = u16::from_be_bytes([*datagram.get(start + 2)?, *datagram.get(start + 3)?]);
    Some(start + 4 + usize::from(words) * 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_again() {
        let packet = Packet {
            payload_type: 8,
            marker: true,
            sequence: 65_535,
            timestamp: 4_000_000_000,
            ssrc: 7,
            payload: &[1, 2, 3],
        };
        let mut buffer = [0; HEADER + LONGEST_PAYLOAD];
        let length = packet.write(&mut buffer);
        assert_eq!(Packet::read(&buffer[..length]), Some(packet));
    }

    #[test]
    fn extras_are_taken_off() {
        let mut datagram = vec![0x80 | 0x20 | 0x10 | 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9];
        datagram.extend([0; 4]);
        datagram.extend([0xBE, 0xDE, 0, 1, 9, 9, 9, 9]);
        datagram.extend([1, 2, 3, 0, 0, 3]);
        assert_eq!(
            Packet::read(&datagram).map(|p| p.payload),
            Some(&[1, 2, 3][..])
        );
    }

    #[test]
    fn junk_is_no_packet() {
        for junk in [
            &[][..],
            &[0x80; 11],
            &[0x00; 20],
            &[0x8F; 12],
            &[0xA0; 13],
            &[0x90; 14],
        ] {
            assert_eq!(Packet::read(junk), None, "{junk:?}");
        }
        assert_eq!(
            Packet::read(&[0x80, 200, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]),
            None
        );
    }
}
