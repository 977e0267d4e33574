//! The two sounds of a recorded leg, brought into step with the clock.

use std::collections::VecDeque;

use crate::{
    codec::{Codec, Decoder, Samples},
    command::{LegId, RecordId},
    g711::FRAME,
    outlet::Outlet,
    packet::LONGEST_PAYLOAD,
    recorder::{Chunk, Work},
};

/// Frames that go to the writer at once: one second.
const CHUNK_FRAMES: usize = 50;
/// Sound that waits for its tick, at most 160 ms; what is older is dropped.
const MOST_WAITING: usize = 8 * FRAME;

/// Collects what a leg says (left) and hears (right), one frame of each a tick, gaps as silence.
#[derive(Debug)]
pub struct Tap {
    leg: LegId,
    record: RecordId,
    said: Samples,
    heard: Side,
    decoder: Decoder,
    /// What must not be kept becomes silence, so that the rest stays where it belongs.
    paused: bool,
    chunk: Vec<i16>,
    /// Where the chunk starts, in samples since the start.
    chunk_at: u64,
    /// The tick the next frame belongs to; `None` before the first.
    next_tick: Option<u64>,
}

impl Tap {
    pub fn new(leg: LegId, record: RecordId) -> Self {
        Self {
            leg,
            record,
            said: [0; FRAME],
            heard: Side::default(),
            decoder: Decoder::default(),
            paused: false,
            chunk: Vec::new(),
            chunk_at: 0,
            next_tick: None,
        }
    }

    pub fn record(&self) -> RecordId {
        self.record
    }

    pub fn pause(&mut self, paused: bool) {
        self.paused = paused;
    }

    /// Takes the frame of this tick.
    pub fn said(&mut self, frame: &Samples) {
        self.said = *frame;
    }

    /// Takes a packet that went out.
    pub fn heard(&mut self, codec: Codec, payload: &[u8]) {
        let mut samples = [0; LONGEST_PAYLOAD];
        let count = self.decoder.decode(codec, payload, &mut samples);
        self.heard.add(&samples[..count]);
    }

    /// Ends a tick: one frame of both sides is complete. Skipped ticks become silence.
    pub fn end_tick(&mut self, tick: u64, work: &mut Outlet<Work>) {
        let next = self.next_tick.unwrap_or(tick);
        if tick > next {
            self.hand_over(work);
            self.chunk_at += (tick - next) * FRAME as u64;
        }
        self.next_tick = Some(tick + 1);
        let said = std::mem::replace(&mut self.said, [0; FRAME]);
        let heard = self.heard.frame();
        let (said, heard) = match self.paused {
            true => ([0; FRAME], [0; FRAME]),
            false => (said, heard),
        };
        self.chunk.extend(
            said.into_iter()
                .zip(heard)
                .flat_map(|(left, right)| [left, right]),
        );
        if self.chunk.len() >= CHUNK_FRAMES * FRAME * 2 {
            self.hand_over(work);
        }
    }

    /// Ends the recording with what has been said and heard and still waits for its tick.
    pub fn finish(mut self, said: &[Samples], work: &mut Outlet<Work>) {
        self.heard.flows = true;
        let mut said = said.iter();
        while let Some(tick) = self.next_tick {
            match (said.next(), self.heard.waiting.is_empty()) {
                (None, true) => break,
                (frame, _) => self.said = frame.copied().unwrap_or([0; FRAME]),
            }
            self.end_tick(tick, work);
        }
        self.hand_over(work);
        work.push(Work::Close {
            leg: self.leg,
            record: self.record,
            samples: self.chunk_at,
        });
    }

    /// A chunk that the writer has no room for is lost; the next one says where it belongs.
    fn hand_over(&mut self, work: &mut Outlet<Work>) {
        let samples = std::mem::take(&mut self.chunk);
        let at = self.chunk_at;
        self.chunk_at += samples.len() as u64 / 2;
        if !samples.is_empty() {
            let chunk = Chunk {
                leg: self.leg,
                record: self.record,
                at,
                samples,
            };
            work.offer(Work::Write(chunk));
        }
    }
}

/// What is heard, as it comes. It starts two frames deep, so that a packet that comes a little late
/// leaves no hole.
#[derive(Debug, Default)]
struct Side {
    waiting: VecDeque<i16>,
    flows: bool,
}

impl Side {
    fn add(&mut self, samples: &[i16]) {
        self.waiting.extend(samples);
        if self.waiting.len() > MOST_WAITING {
            self.waiting.drain(..self.waiting.len() - MOST_WAITING);
        }
    }

    fn frame(&mut self) -> [i16; FRAME] {
        self.flows = match self.flows {
            true => !self.waiting.is_empty(),
            false => self.waiting.len() >= 2 * FRAME,
        };
        let mut frame = [0; FRAME];
        if self.flows {
            for sample in &mut frame {
                *sample = self.waiting.pop_front().unwrap_or(0);
            }
        }
        frame
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_at_the_end_is_part_of_the_recording() {
        let (sender, orders) = std::sync::mpsc::sync_channel(9);
        let mut work = Outlet::new(sender);
        let mut tap = Tap::new(LegId(1), RecordId(2));
        for tick in 7..9 {
            tap.said(&[1; FRAME]);
            tap.heard(Codec::Pcma, &[crate::Law::Pcma.encode(5_000); FRAME]);
            tap.end_tick(tick, &mut work);
        }
        // Of what was heard one frame waits still, of what was said there are two more.
        tap.finish(&[[2; FRAME], [3; FRAME]], &mut work);
        let chunks: Vec<Work> = orders.try_iter().collect();
        let [Work::Write(chunk), Work::Close { samples, .. }] = &chunks[..] else {
            panic!("{chunks:?}")
        };
        assert_eq!(*samples, 4 * FRAME as u64);
        let frame = |n: usize| {
            (
                chunk.samples[n * 2 * FRAME],
                chunk.samples[n * 2 * FRAME + 1] > 4_000,
            )
        };
        assert_eq!(
            [0, 1, 2, 3].map(frame),
            [(1, false), (1, true), (2, true), (3, false)]
        );
    }

    #[test]
    fn a_late_packet_leaves_no_hole_and_a_long_gap_is_silence() {
        let mut side = Side::default();
        let loud = [9_000; FRAME];
        let mut hears = |packets: usize| {
            (0..packets).for_each(|_| side.add(&loud));
            side.frame().iter().all(|&sample| sample != 0)
        };
        assert!(!hears(1));
        assert!(hears(1) && hears(0) && hears(2) && hears(1));
        let rest: Vec<bool> = (0..4).map(|_| hears(0)).collect();
        assert_eq!(rest, [true, false, false, false]);
    }
}
