//! The jitter buffer: packets as they come, frames as the clock wants them.
//!
//! Only where sound is mixed, recorded or examined; a bridge of two passes packets on as they are
//! and leaves the buffering to the far ends.

use crate::{arrival::Arrival, codec::Samples, g711::FRAME};

/// Samples the ring holds, a power of two: half a second.
const ROOM: usize = 4_096;
/// The depth starts and stays at least here: 20 ms.
const SHALLOWEST: i32 = FRAME as i32;
/// No delay grows beyond this: 200 ms.
const DEEPEST: i32 = 10 * FRAME as i32;
/// Frames after which a buffer that never ran low gives some of its delay back: two seconds.
const REVIEW: u32 = 100;

/// Orders the samples of one source by timestamp and hands them out frame by frame, late by as
/// much as the source's jitter asks for.
#[derive(Debug, Clone)]
pub struct Jitter {
    samples: Box<[i16; ROOM]>,
    present: Box<[bool; ROOM]>,
    source: Option<Source>,
    /// RFC 3550 interarrival jitter in samples.
    spread: f32,
}

/// The stream that is being played.
#[derive(Debug, Clone)]
struct Source {
    ssrc: u32,
    /// The timestamp that is played next.
    next: u32,
    /// One after the latest sample that came.
    end: u32,
    last: Arrival,
    /// Lowest depth since the last review.
    lowest: i32,
    frames: u32,
}

impl Default for Jitter {
    fn default() -> Self {
        Self {
            samples: Box::new([0; ROOM]),
            present: Box::new([false; ROOM]),
            source: None,
            spread: 0.0,
        }
    }
}

impl Jitter {
    /// Takes the samples of a packet that arrived at `arrival`, in units of 1/8000 s.
    pub fn put(&mut self, ssrc: u32, timestamp: u32, samples: &[i16], arrival: i64) {
        let came = Arrival {
            at: arrival,
            timestamp,
        };
        self.learn(ssrc, came);
        let Some(at) = self.place(ssrc, samples.len(), came) else {
            return;
        };
        let skipped = at.min(0).unsigned_abs() as usize;
        for (index, &sample) in samples.iter().enumerate().skip(skipped) {
            let slot = slot(timestamp.wrapping_add(index as u32));
            self.samples[slot] = sample;
            self.present[slot] = true;
        }
    }

    /// Hands out the next frame; returns which of its samples are real.
    pub fn frame(&mut self, frame: &mut Samples) -> [bool; FRAME] {
        let mut real = [false; FRAME];
        if self.reviewed() {
            self.read(frame, &mut real);
            self.shorten(frame, &mut real);
        } else {
            self.read(frame, &mut real);
        }
        real
    }

    /// The frames that it holds back still: what was said last, and would be handed out next.
    pub fn rest(&self) -> Vec<Samples> {
        let mut rest = self.clone();
        let mut frames = Vec::new();
        while rest.depth() > 0 {
            let mut frame = [0; FRAME];
            rest.read(&mut frame, &mut [false; FRAME]);
            frames.push(frame);
        }
        frames
    }

    /// Samples from the one that is played next to the latest that came.
    fn depth(&self) -> i32 {
        let source = self.source.as_ref();
        source.map_or(0, |it| it.end.wrapping_sub(it.next) as i32)
    }

    /// The delay it aims at, in milliseconds.
    #[cfg(test)]
    pub fn delay_ms(&self) -> u32 {
        self.wanted() as u32 / 8
    }

    fn wanted(&self) -> i32 {
        (SHALLOWEST + (3.0 * self.spread) as i32).min(DEEPEST)
    }

    fn learn(&mut self, ssrc: u32, came: Arrival) {
        if let Some(source) = self.source.as_mut().filter(|it| it.ssrc == ssrc) {
            let step = source.last.uneven(came);
            source.last = came;
            if step < 8_000 {
                self.spread += (step as f32 - self.spread) / 16.0;
            }
        }
    }

    /// Where the packet belongs, in samples from the one that is played next; `None` when its
    /// time has passed.
    fn place(&mut self, ssrc: u32, count: usize, came: Arrival) -> Option<i32> {
        let timestamp = came.timestamp;
        let wanted = self.wanted();
        let count = count as i32;
        let end = timestamp.wrapping_add(count as u32);
        if let Some(source) = self.source.as_mut().filter(|it| it.ssrc == ssrc) {
            let at = timestamp.wrapping_sub(source.next) as i32;
            let dry = source.end.wrapping_sub(source.next) as i32 <= 0;
            let near = (-2 * DEEPEST..=DEEPEST + 2 * FRAME as i32 - count).contains(&at);
            if near && at + count > 0 {
                if end.wrapping_sub(source.end) as i32 > 0 {
                    source.end = end;
                }
                return Some(at);
            }
            // What is late in a buffer that still has sound is late alone.
            if near && !dry {
                return None;
            }
        }
        self.present.fill(false);
        self.source = Some(Source {
            ssrc,
            next: timestamp.wrapping_sub(wanted as u32),
            end,
            last: came,
            lowest: i32::MAX,
            frames: 0,
        });
        Some(wanted)
    }

    /// True when the delay has been longer than it must be for a whole review.
    fn reviewed(&mut self) -> bool {
        let wanted = self.wanted();
        let depth = self.depth();
        let Some(source) = &mut self.source else {
            return false;
        };
        source.lowest = source.lowest.min(depth);
        source.frames += 1;
        if source.frames < REVIEW {
            return false;
        }
        let long = source.lowest > wanted + FRAME as i32;
        source.frames = 0;
        source.lowest = i32::MAX;
        long
    }

    fn read(&mut self, frame: &mut Samples, real: &mut [bool; FRAME]) {
        let Some(source) = &mut self.source else {
            frame.fill(0);
            return;
        };
        for (index, (sample, real)) in frame.iter_mut().zip(real).enumerate() {
            let slot = slot(source.next.wrapping_add(index as u32));
            *real = std::mem::take(&mut self.present[slot]);
            *sample = if *real { self.samples[slot] } else { 0 };
        }
        source.next = source.next.wrapping_add(FRAME as u32);
        // Far behind the last that came there is nothing to wait for; keep `end` beside `next`.
        if source.next.wrapping_sub(source.end) as i32 > 4 * DEEPEST {
            source.end = source.next.wrapping_sub(4 * DEEPEST as u32);
        }
    }

    /// Fades the frame into the one after it, which plays in its stead.
    fn shorten(&mut self, frame: &mut Samples, real: &mut [bool; FRAME]) {
        let first = *frame;
        self.read(frame, real);
        for (index, sample) in frame.iter_mut().enumerate() {
            let share = index as i32;
            let sum = i32::from(first[index]) * (FRAME as i32 - share) + i32::from(*sample) * share;
            *sample = (sum / FRAME as i32) as i16;
        }
    }
}

fn slot(timestamp: u32) -> usize {
    timestamp as usize % ROOM
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A ramp says where each sample came from.
    fn packet(number: u32) -> Vec<i16> {
        vec![number as i16 + 1; FRAME]
    }

    fn put(jitter: &mut Jitter, number: u32, tick: i64) {
        let timestamp = number.wrapping_mul(FRAME as u32).wrapping_sub(500);
        jitter.put(7, timestamp, &packet(number), tick * FRAME as i64);
    }

    fn played(jitter: &mut Jitter) -> Option<i16> {
        let mut frame = [0; FRAME];
        let real = jitter.frame(&mut frame);
        real.iter().all(|&real| real).then_some(frame[FRAME - 1])
    }

    #[test]
    fn even_packets_come_out_a_frame_later_and_reordered_ones_in_order() {
        let mut jitter = Jitter::default();
        put(&mut jitter, 0, 0);
        assert_eq!(played(&mut jitter), None);
        let out: Vec<_> = [1, 3, 2, 4]
            .into_iter()
            .enumerate()
            .map(|(tick, number)| {
                put(&mut jitter, number, tick as i64 + 1);
                played(&mut jitter)
            })
            .collect();
        assert_eq!(out, [Some(1), Some(2), Some(3), Some(4)]);
    }

    #[test]
    fn a_burst_after_a_stall_deepens_the_buffer_and_quiet_times_flatten_it() {
        let mut jitter = Jitter::default();
        (0..20).for_each(|n| {
            put(&mut jitter, n, i64::from(n));
            played(&mut jitter);
        });
        // Five packets late, then all at once.
        (0..5).for_each(|_| assert!(played(&mut jitter).is_none_or(|n| n == 20)));
        (20..26).for_each(|n| put(&mut jitter, n, 25));
        assert!(jitter.delay_ms() > 20, "{}", jitter.delay_ms());
        let mut heard = Vec::new();
        for n in 26..2_000 {
            put(&mut jitter, n, i64::from(n));
            heard.extend(played(&mut jitter));
        }
        assert!(heard.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(heard.len() > 1_960, "{}", heard.len());
        assert_eq!(jitter.delay_ms(), 20);
        let behind = 1_999 + 1 - i32::from(heard[heard.len() - 1]);
        assert!(behind <= 3, "{behind} frames behind");
    }

    #[test]
    fn a_new_source_and_a_jump_start_afresh() {
        let mut jitter = Jitter::default();
        put(&mut jitter, 0, 0);
        jitter.put(8, 1_000_000, &packet(9), 160);
        assert_eq!(played(&mut jitter), None);
        assert_eq!(played(&mut jitter), Some(10));
        jitter.put(8, 5, &packet(20), 480);
        assert_eq!(played(&mut jitter), None);
        assert_eq!(played(&mut jitter), Some(21));
    }

    #[test]
    fn what_is_held_back_can_be_had_at_the_end_and_goes_on_all_the_same() {
        let mut jitter = Jitter::default();
        assert!(jitter.rest().is_empty());
        (0..3).for_each(|n| put(&mut jitter, n, 0));
        assert_eq!(played(&mut jitter), None);
        let rest =
            |jitter: &Jitter| -> Vec<i16> { jitter.rest().iter().map(|frame| frame[0]).collect() };
        assert_eq!(rest(&jitter), [1, 2, 3]);
        assert_eq!(played(&mut jitter), Some(1));
        assert_eq!(rest(&jitter), [2, 3]);
        assert_eq!(
            (played(&mut jitter), played(&mut jitter)),
            (Some(2), Some(3))
        );
        assert!(jitter.rest().is_empty());
    }

    #[test]
    fn packets_of_any_length_make_whole_frames() {
        for length in [80, 160, 240, 320, 480] {
            let mut jitter = Jitter::default();
            let (mut said, mut heard) = (0, 0);
            for tick in 0..120_usize {
                // What has been said until this tick, as it is read then.
                while said + length <= tick * FRAME {
                    let samples: Vec<_> = vec![5; length];
                    jitter.put(1, said as u32, &samples, (tick * FRAME) as i64);
                    said += length;
                }
                heard += usize::from(played(&mut jitter) == Some(5));
            }
            assert!(heard >= 114, "{length}: {heard} of 120");
            assert_eq!(jitter.delay_ms(), 20, "{length}");
        }
    }
}
