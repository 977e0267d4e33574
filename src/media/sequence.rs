//! The numbers of the packets we send: one stream with one SSRC, whatever it is fed from.

use crate::{framing::Ready, g711::FRAME};

/// A source that jumps further than this starts a new alignment: two seconds of G.711.
const FARTHEST_TIMESTAMP: u32 = 16_000;
const FARTHEST_SEQUENCE: u16 = 100;

/// What goes into the header of the next packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Numbers {
    pub sequence: u16,
    pub timestamp: u32,
    pub marker: bool,
}

/// Keeps sequence and timestamp dense and rising while the stream changes between our own frames
/// and packets relayed from a peer.
#[derive(Debug)]
pub struct Sequence {
    last_sequence: u16,
    last_timestamp: u32,
    /// Samples of the last packet.
    last_length: u32,
    /// The tick of the last packet; `None` before the first.
    last_tick: Option<u64>,
    relayed: Option<Alignment>,
    /// The timestamp of the telephone event that is being sent.
    event_timestamp: u32,
}

/// How a peer's numbers map to ours, so that its losses and reordering stay visible.
#[derive(Debug, Clone, Copy)]
struct Alignment {
    ssrc: u32,
    first_sequence: u16,
    add_sequence: u16,
    add_timestamp: u32,
}

impl Sequence {
    /// Starts at numbers that nobody can guess (RFC 3550 §5.1).
    pub fn starting_at(sequence: u16, timestamp: u32) -> Self {
        Self {
            last_sequence: sequence,
            last_timestamp: timestamp,
            last_length: FRAME as u32,
            last_tick: None,
            relayed: None,
            event_timestamp: 0,
        }
    }

    /// The timestamp sent last.
    pub fn timestamp(&self) -> u32 {
        self.last_timestamp
    }

    /// Numbers for a packet of a telephone event: each has the timestamp of its `first`
    /// (RFC 4733 §2.5.1.2).
    pub fn event(&mut self, tick: u64, first: bool) -> Numbers {
        let own = self.own(tick);
        if first {
            self.event_timestamp = own.timestamp;
        }
        Numbers {
            timestamp: self.event_timestamp,
            marker: first,
            ..own
        }
    }

    /// Ticks since the last packet; `None` before the first.
    pub fn ticks_since(&self, tick: u64) -> Option<u64> {
        self.last_tick.map(|last| tick.saturating_sub(last))
    }

    /// True while the stream comes from a peer.
    pub fn relays(&self) -> bool {
        self.relayed.is_some()
    }

    /// The timestamp of what is sent at `tick`.
    pub fn due(&self, tick: u64) -> u32 {
        let ticks = self.ticks_since(tick).unwrap_or(1).max(1);
        let pause = (ticks as u32 - 1).wrapping_mul(FRAME as u32);
        self.last_timestamp
            .wrapping_add(self.last_length)
            .wrapping_add(pause)
    }

    /// Numbers for a packet that was put together, and those that were lost before it.
    pub fn framed(&mut self, tick: u64, ready: &Ready) -> Numbers {
        let relayed = self.relayed.take().is_some();
        let first = self.last_tick.is_none();
        let step = ready.lost.wrapping_add(1);
        self.last_sequence = self.last_sequence.wrapping_add(step);
        self.last_timestamp = ready.timestamp;
        self.last_length = ready.length as u32;
        self.last_tick = Some(tick);
        Numbers {
            sequence: self.last_sequence,
            timestamp: self.last_timestamp,
            marker: first || relayed || ready.marker,
        }
    }

    /// Numbers for a packet of a peer's telephone event, among packets that are put together.
    pub fn framed_event(&mut self, tick: u64, timestamp: u32, marker: bool) -> Numbers {
        self.step(tick);
        Numbers {
            sequence: self.last_sequence,
            timestamp,
            marker,
        }
    }

    /// Numbers for a frame of our own.
    pub fn own(&mut self, tick: u64) -> Numbers {
        let marker = self.last_tick.is_none() || self.relayed.take().is_some();
        self.step(tick);
        Numbers {
            sequence: self.last_sequence,
            timestamp: self.last_timestamp,
            marker,
        }
    }

    /// Numbers for a packet of a peer; `None` for one from before the alignment.
    pub fn relay(
        &mut self,
        tick: u64,
        ssrc: u32,
        sequence: u16,
        timestamp: u32,
        marker: bool,
    ) -> Option<Numbers> {
        if let Some(aligned) = self.relayed.filter(|a| a.ssrc == ssrc) {
            let sequence_out = sequence.wrapping_add(aligned.add_sequence);
            let timestamp_out = timestamp.wrapping_add(aligned.add_timestamp);
            let ahead = sequence_out.wrapping_sub(self.last_sequence) as i16;
            let later = timestamp_out.wrapping_sub(self.last_timestamp) as i32;
            if ahead.unsigned_abs() <= FARTHEST_SEQUENCE
                && later.unsigned_abs() <= FARTHEST_TIMESTAMP
            {
                if (sequence.wrapping_sub(aligned.first_sequence) as i16) < 0 {
                    return None;
                }
                if ahead > 0 {
                    self.last_sequence = sequence_out;
                    self.last_timestamp = timestamp_out;
                    self.last_length = FRAME as u32;
                }
                self.last_tick = Some(tick);
                return Some(Numbers {
                    sequence: sequence_out,
                    timestamp: timestamp_out,
                    marker,
                });
            }
        }
        self.step(tick);
        self.relayed = Some(Alignment {
            ssrc,
            first_sequence: sequence,
            add_sequence: self.last_sequence.wrapping_sub(sequence),
            add_timestamp: self.last_timestamp.wrapping_sub(timestamp),
        });
        Some(Numbers {
            sequence: self.last_sequence,
            timestamp: self.last_timestamp,
            marker: true,
        })
    }

    fn step(&mut self, tick: u64) {
        self.last_sequence = self.last_sequence.wrapping_add(1);
        self.last_timestamp = self.due(tick);
        self.last_length = FRAME as u32;
        self.last_tick = Some(tick);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_frames_count_one_by_one_and_start_with_a_marker() {
        let mut sequence = Sequence::starting_at(65_534, 0);
        let numbers: Vec<_> = (0..3).map(|tick| sequence.own(tick)).collect();
        assert_eq!(
            numbers.iter().map(|n| n.sequence).collect::<Vec<_>>(),
            [65_535, 0, 1]
        );
        assert_eq!(
            numbers.iter().map(|n| n.timestamp).collect::<Vec<_>>(),
            [160, 320, 480]
        );
        assert_eq!(
            numbers.iter().map(|n| n.marker).collect::<Vec<_>>(),
            [true, false, false]
        );
    }

    #[test]
    fn a_peers_loss_and_reordering_stay_visible() {
        let mut sequence = Sequence::starting_at(0, 0);
        sequence.own(0);
        let mut out = |n: u16| sequence.relay(1, 9, n, u32::from(n) * 160, false);
        let first = out(500).expect("the first packet passes");
        assert_eq!(
            (first.sequence, first.timestamp, first.marker),
            (2, 320, true)
        );
        assert_eq!(out(502).map(|n| (n.sequence, n.timestamp)), Some((4, 640)));
        assert_eq!(out(501).map(|n| (n.sequence, n.timestamp)), Some((3, 480)));
        assert_eq!(out(499), None);
    }

    #[test]
    fn a_new_source_continues_where_the_old_one_stopped() {
        let mut sequence = Sequence::starting_at(0, 0);
        sequence.relay(0, 1, 10, 0, false);
        sequence.relay(1, 1, 11, 160, false);
        let other = sequence
            .relay(2, 2, 40_000, 999_999, false)
            .expect("a new source passes");
        assert_eq!(
            (other.sequence, other.timestamp, other.marker),
            (3, 480, true)
        );
        let own = sequence.own(7);
        assert_eq!(
            (own.sequence, own.timestamp, own.marker),
            (4, 480 + 5 * 160, true)
        );
    }

    #[test]
    fn a_packet_of_another_length_is_followed_where_it_ends() {
        let mut sequence = Sequence::starting_at(0, 0);
        let ready = |timestamp, lost| Ready {
            length: 480,
            timestamp,
            lost,
            marker: false,
        };
        assert_eq!(sequence.due(2), 160);
        let first = sequence.framed(2, &ready(160, 0));
        assert_eq!((first.sequence, first.marker), (1, true));
        assert_eq!((sequence.due(3), sequence.due(5)), (640, 960));
        let after_loss = sequence.framed(8, &ready(1_120, 1));
        assert_eq!((after_loss.sequence, after_loss.timestamp), (3, 1_120));
        let own = sequence.own(9);
        assert_eq!((own.sequence, own.timestamp), (4, 1_600));
        assert_eq!(sequence.own(10).timestamp, 1_760);
    }

    #[test]
    fn a_slip_of_many_seconds_realigns() {
        let mut sequence = Sequence::starting_at(0, 0);
        sequence.relay(0, 1, 10, 0, false);
        let after = sequence
            .relay(1, 1, 11, 8_000_000, false)
            .expect("it passes");
        assert_eq!(
            (after.sequence, after.timestamp, after.marker),
            (2, 320, true)
        );
    }
}
