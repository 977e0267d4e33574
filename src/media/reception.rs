//! What a leg's far end sent, counted (RFC 3550 §6.4 and appendix A).

use crate::{arrival::Arrival, event::Stats, packet::Packet};

/// The current source, as a receiver report tells of it.
#[derive(Debug, Clone, Copy)]
pub struct Heard {
    pub ssrc: u32,
    pub received: u64,
    pub expected: u64,
    /// Extended highest sequence number.
    pub highest: u32,
    /// In timestamp units.
    pub jitter: u32,
}

/// Counts received packets, gaps and jitter over all sources a leg had.
#[derive(Debug, Default)]
pub struct Reception {
    received: u64,
    lost: u64,
    current: Option<Source>,
}

#[derive(Debug)]
struct Source {
    ssrc: u32,
    first: u64,
    /// Extended by the count of wraps.
    highest: u64,
    received: u64,
    last: Arrival,
    jitter: f32,
}

impl Reception {
    /// Takes a packet that arrived at `arrival`, in units of 1/8000 s.
    pub fn count(&mut self, packet: &Packet<'_>, arrival: i64) {
        self.received += 1;
        let came = Arrival {
            at: arrival,
            timestamp: packet.timestamp,
        };
        match &mut self.current {
            Some(source) if source.ssrc == packet.ssrc => source.count(packet, came),
            _ => {
                self.lost += self.current.take().map_or(0, |source| source.lost());
                self.current = Some(Source::first(packet, came));
            }
        }
    }

    /// The source that is received now; `None` before the first packet.
    pub fn source(&self) -> Option<Heard> {
        self.current.as_ref().map(|source| Heard {
            ssrc: source.ssrc,
            received: source.received,
            expected: source.highest - source.first + 1,
            highest: (source.highest - 0x1_0000) as u32,
            jitter: source.jitter as u32,
        })
    }

    /// The counts so far; `sent` is known elsewhere.
    pub fn stats(&self, sent: u64) -> Stats {
        let current = self.current.as_ref();
        Stats {
            received: self.received,
            sent,
            lost: self.lost + current.map_or(0, Source::lost),
            jitter_ms: current.map_or(0.0, |source| source.jitter / 8.0),
            ..Stats::default()
        }
    }
}

impl Source {
    fn first(packet: &Packet<'_>, came: Arrival) -> Self {
        let first = 0x1_0000 + u64::from(packet.sequence);
        Self {
            ssrc: packet.ssrc,
            first,
            highest: first,
            received: 1,
            last: came,
            jitter: 0.0,
        }
    }

    fn count(&mut self, packet: &Packet<'_>, came: Arrival) {
        self.received += 1;
        let ahead = packet.sequence.wrapping_sub(self.highest as u16) as i16;
        let extended = self.highest.wrapping_add_signed(i64::from(ahead));
        self.highest = self.highest.max(extended);
        self.first = self.first.min(extended);
        // A new talk spurt is no jitter: only small steps count.
        let step = self.last.uneven(came);
        self.last = came;
        if step < 8_000 {
            self.jitter += (step as f32 - self.jitter) / 16.0;
        }
    }

    fn lost(&self) -> u64 {
        (self.highest - self.first + 1).saturating_sub(self.received)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(ssrc: u32, sequence: u16) -> Packet<'static> {
        let timestamp = u32::from(sequence).wrapping_mul(160);
        Packet {
            payload_type: 0,
            marker: false,
            sequence,
            timestamp,
            ssrc,
            payload: &[],
        }
    }

    #[test]
    fn gaps_are_lost_and_late_packets_are_not() {
        let mut reception = Reception::default();
        for sequence in [65_533, 65_534, 0, 65_535, 3] {
            reception.count(&packet(1, sequence), 0);
        }
        let stats = reception.stats(0);
        assert_eq!((stats.received, stats.lost), (5, 2));
    }

    #[test]
    fn a_new_source_starts_its_own_count() {
        let mut reception = Reception::default();
        for (ssrc, sequence) in [(1, 10), (1, 12), (2, 50_000), (2, 50_001)] {
            reception.count(&packet(ssrc, sequence), 0);
        }
        assert_eq!(reception.stats(0).lost, 1);
    }

    #[test]
    fn even_arrivals_have_no_jitter_and_uneven_ones_do() {
        let mut even = Reception::default();
        let mut uneven = Reception::default();
        for n in 0..200_u16 {
            even.count(&packet(1, n), i64::from(n) * 160);
            uneven.count(&packet(1, n), i64::from(n) * 160 + i64::from(n % 2) * 80);
        }
        assert!(even.stats(0).jitter_ms < 0.01);
        assert!((uneven.stats(0).jitter_ms - 10.0).abs() < 1.0);
    }
}
