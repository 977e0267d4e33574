//! The two sounds of a recorded leg, brought into step with the clock.

use std::collections::VecDeque;

use crate::{
    command::{LegId, RecordId},
    g711::{FRAME, Law},
    outlet::Outlet,
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
    said: VecDeque<i16>,
    heard: VecDeque<i16>,
    chunk: Vec<i16>,
    /// Where the chunk starts, in samples since the start.
    chunk_at: u64,
    /// The tick the next frame belongs to; `None` before the first.
    next_tick: Option<u64>,
}

impl Tap {
    pub fn new(leg: LegId, record: RecordId) -> Self {
        let waiting = || VecDeque::with_capacity(MOST_WAITING);
        Self {
            leg,
            record,
            said: waiting(),
            heard: waiting(),
            chunk: Vec::new(),
            chunk_at: 0,
            next_tick: None,
        }
    }

    pub fn record(&self) -> RecordId {
        self.record
    }

    pub fn said(&mut self, law: Law, payload: &[u8]) {
        wait(&mut self.said, law, payload);
    }

    pub fn heard(&mut self, law: Law, payload: &[u8]) {
        wait(&mut self.heard, law, payload);
    }

    /// Ends a tick: one frame of both sides is complete. Skipped ticks become silence.
    pub fn end_tick(&mut self, tick: u64, work: &mut Outlet<Work>) {
        let next = self.next_tick.unwrap_or(tick);
        if tick > next {
            self.hand_over(work);
            self.chunk_at += (tick - next) * FRAME as u64;
        }
        self.next_tick = Some(tick + 1);
        for _ in 0..FRAME {
            self.chunk.push(self.said.pop_front().unwrap_or(0));
            self.chunk.push(self.heard.pop_front().unwrap_or(0));
        }
        if self.chunk.len() >= CHUNK_FRAMES * FRAME * 2 {
            self.hand_over(work);
        }
    }

    /// Ends the recording.
    pub fn finish(mut self, work: &mut Outlet<Work>) {
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

fn wait(queue: &mut VecDeque<i16>, law: Law, payload: &[u8]) {
    queue.extend(payload.iter().map(|&byte| law.decode(byte)));
    if queue.len() > MOST_WAITING {
        queue.drain(..queue.len() - MOST_WAITING);
    }
}
