//! When a packet came, beside when it was sent.

use crate::{framing::HALF, g711::FRAME};

/// One packet's arrival, in units of 1/8000 s, and its timestamp.
#[derive(Debug, Clone, Copy)]
pub struct Arrival {
    pub at: i64,
    pub timestamp: u32,
}

impl Arrival {
    /// By how much a later packet came nearer or farther than it was sent (RFC 3550 §6.4.1).
    ///
    /// A leg is read once in a frame's time, so packets of ten or thirty milliseconds seem to be half
    /// a frame too early and too late in turn: that much is none of theirs.
    pub fn uneven(self, later: Self) -> u64 {
        let sent = later.timestamp.wrapping_sub(self.timestamp) as i32;
        let apart = (later.at - self.at - i64::from(sent)).unsigned_abs();
        match sent.unsigned_abs() as usize % FRAME {
            0 => apart,
            _ => apart.saturating_sub(HALF as u64),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn even_packets_of_any_length_are_even_though_they_are_read_every_twenty_milliseconds() {
        for length in [80_u32, 160, 240, 320, 480] {
            let arrival = |n: u32| {
                let timestamp = (n * length).wrapping_sub(2_000);
                let at = i64::from((n * length).next_multiple_of(FRAME as u32));
                Arrival { at, timestamp }
            };
            for n in 0..50 {
                assert_eq!(arrival(n).uneven(arrival(n + 1)), 0, "{length}, {n}");
            }
            let late = Arrival {
                at: arrival(1).at + 800,
                ..arrival(1)
            };
            assert!(arrival(0).uneven(late) >= 720);
        }
    }
}
