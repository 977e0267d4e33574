//! RTCP of one leg: when a report is due, what it says, and what the far end's reports mean.

use crate::{
    event::Stats,
    quality::{self, Conditions},
    reception::Reception,
    rtcp::{Block, Report, Sender},
};

/// Mean ticks between reports: five seconds (RFC 3550 §6.2).
const INTERVAL: f32 = 250.0;
/// Below this many packets a score would say nothing.
const FEWEST_FOR_SCORE: u64 = 50;
/// A frame to speak, a frame in the jitter buffer, and what the two ends add.
const FIXED_DELAY_MS: f64 = 60.0;

/// The state between reports.
#[derive(Debug)]
pub struct Control {
    /// Our canonical name: random, so that it tells nothing (RFC 7022).
    name: [u8; 16],
    next_tick: Option<u64>,
    /// The middle of the last sender report's NTP timestamp, and when it came.
    last_report: Option<(u32, i64)>,
    /// Received and expected at the last report of ours.
    before: (u64, u64),
    round_trip_ms: Option<f32>,
    reported: Option<Block>,
}

impl Default for Control {
    fn default() -> Self {
        Self {
            name: rand::random::<u128>()
                .to_be_bytes()
                .map(|byte| b'a' + byte % 26),
            next_tick: None,
            last_report: None,
            before: (0, 0),
            round_trip_ms: None,
            reported: None,
        }
    }
}

impl Control {
    /// True when a report is due at this tick; then the next is half to one and a half intervals
    /// away, the first half of that.
    pub fn due(&mut self, tick: u64) -> bool {
        if self.next_tick.is_some_and(|next| tick < next) {
            return false;
        }
        let spread = INTERVAL * rand::random_range(0.5..1.5_f32);
        let first = self.next_tick.is_none();
        let wait = if first { spread / 2.0 } else { spread };
        self.next_tick = Some(tick + wait as u64);
        !first
    }

    pub fn name(&self) -> &[u8; 16] {
        &self.name
    }

    /// Takes a report of the far end at `now`, in units of 1/8000 s.
    pub fn take(&mut self, report: &Report, now: i64) {
        if let Some(sender) = report.sender {
            self.last_report = Some(((sender.ntp >> 16) as u32, now));
        }
        let Some(block) = report.block else { return };
        self.reported = Some(block);
        if block.last_report != 0 {
            let trip = middle(now)
                .wrapping_sub(block.last_report)
                .wrapping_sub(block.delay);
            // A negative trip is a clock that was set, or a lie.
            if (trip as i32) >= 0 && trip < 65_536 * 30 {
                self.round_trip_ms = Some(trip as f32 / 65.536);
            }
        }
    }

    /// Our report at `now`.
    pub fn report(&mut self, ssrc: u32, sent: Sent, reception: &Reception, now: i64) -> Report {
        let sender = (sent.packets > 0).then(|| Sender {
            ntp: ntp(now),
            timestamp: sent.timestamp,
            packets: sent.packets as u32,
            bytes: sent.bytes as u32,
        });
        Report {
            ssrc,
            sender,
            block: self.block(reception, now),
            goodbye: false,
        }
    }

    fn block(&mut self, reception: &Reception, now: i64) -> Option<Block> {
        let source = reception.source()?;
        let (received, expected) = (source.received, source.expected);
        let since = (
            received.saturating_sub(self.before.0),
            expected.saturating_sub(self.before.1),
        );
        self.before = (received, expected);
        let lost = since.1.saturating_sub(since.0);
        let (last_report, delay) = match self.last_report {
            Some((middle, at)) => (middle, ((now - at) * 65_536 / 8_000) as u32),
            None => (0, 0),
        };
        Some(Block {
            ssrc: source.ssrc,
            fraction: (lost * 256).checked_div(since.1).unwrap_or(0).min(255) as u8,
            lost: expected as i32 - received as i32,
            highest: source.highest,
            jitter: source.jitter,
            last_report,
            delay,
        })
    }

    /// Adds what the reports told to what was counted.
    pub fn complete(&self, stats: Stats) -> Stats {
        let total = stats.received + stats.lost;
        let delay_ms = f64::from(self.round_trip_ms.unwrap_or(0.0)) / 2.0
            + 2.0 * f64::from(stats.jitter_ms)
            + FIXED_DELAY_MS;
        let mos = (stats.received >= FEWEST_FOR_SCORE).then(|| {
            let loss = stats.lost as f64 / total as f64;
            quality::mos(Conditions { loss, delay_ms }) as f32
        });
        Stats {
            round_trip_ms: self.round_trip_ms,
            reported_lost: self.reported.map(|block| block.lost.max(0) as u64),
            reported_jitter_ms: self.reported.map(|block| block.jitter as f32 / 8.0),
            mos,
            ..stats
        }
    }
}

/// What a leg has sent so far.
#[derive(Debug, Clone, Copy)]
pub struct Sent {
    pub packets: u64,
    /// Of payload.
    pub bytes: u64,
    /// The timestamp that belongs to now.
    pub timestamp: u32,
}

/// A moment as an NTP timestamp. Its zero is the start of the engine: only differences are used
/// (RFC 3550 §4 allows a clock without a date).
fn ntp(now: i64) -> u64 {
    let now = now.max(0) as u64;
    ((now / 8_000 + 1) << 32) | (((now % 8_000) << 32) / 8_000)
}

fn middle(now: i64) -> u32 {
    (ntp(now) >> 16) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::Packet;

    fn hear(reception: &mut Reception, sequence: u16) {
        let packet = Packet {
            payload_type: 0,
            marker: false,
            sequence,
            timestamp: u32::from(sequence) * 160,
            ssrc: 5,
            payload: &[],
        };
        reception.count(&packet, i64::from(sequence) * 160);
    }

    const SENT: Sent = Sent {
        packets: 100,
        bytes: 16_000,
        timestamp: 7,
    };

    #[test]
    fn two_ends_learn_the_round_trip_and_the_loss() {
        let (mut ours, mut theirs) = (Control::default(), Control::default());
        let mut reception = Reception::default();
        (0..100)
            .filter(|n| n % 10 != 5)
            .for_each(|n| hear(&mut reception, n));
        let nothing = Reception::default();
        let first = theirs.report(5, SENT, &nothing, 80_000);
        assert_eq!(first.block, None);
        // 50 ms on the way, 200 ms until we answer, 50 ms back.
        ours.take(&first, 80_400);
        let second = ours.report(6, SENT, &reception, 82_000);
        let block = second.block.expect("a source");
        assert_eq!((block.ssrc, block.lost), (5, 10));
        assert_eq!(block.fraction, 25);
        theirs.take(&second, 82_400);
        let stats = theirs.complete(Stats::default());
        let trip = stats.round_trip_ms.expect("a round trip");
        assert!((trip - 100.0).abs() < 1.0, "{trip}");
        assert_eq!(stats.reported_lost, Some(10));
        assert_eq!(stats.mos, None);
        let again = ours.report(6, SENT, &reception, 84_000).block;
        assert_eq!(again.map(|block| block.fraction), Some(0));
    }

    #[test]
    fn reports_come_every_five_seconds_on_average_and_never_at_once() {
        let mut control = Control::default();
        let due: Vec<u64> = (0..50_000).filter(|&tick| control.due(tick)).collect();
        assert!((170..=230).contains(&due.len()), "{}", due.len());
        assert!(
            due.windows(2)
                .all(|pair| (124..=376).contains(&(pair[1] - pair[0])))
        );
    }

    #[test]
    fn a_score_falls_with_the_loss() {
        let control = Control::default();
        let of = |lost| {
            let stats = Stats {
                received: 1_000,
                lost,
                ..Stats::default()
            };
            control.complete(stats).mos.expect("enough packets")
        };
        assert!(of(0) > 4.3 && of(100) < 3.8 && of(1_000) < 2.0);
    }
}
