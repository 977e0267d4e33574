//! Packets of another length than a frame (`a=ptime`, RFC 4566 §6): sound waits here until a packet is
//! whole, and leaves when its time has come.
//!
//! A leg whose far end wants packets of twenty milliseconds, and whose peer sends such, needs none of
//! this. Bytes are samples here: each codec makes one of one.

use crate::{
    g711::FRAME,
    packet::{LONGEST_PAYLOAD, Packet},
};

/// Half a frame: ten milliseconds, of which every packet is a multiple.
pub const HALF: usize = FRAME / 2;
/// A source that jumps further than this starts a new alignment: two seconds.
const FARTHEST: i32 = 16_000;
/// The longest hole inside a packet that is filled with what came before it: 120 ms.
const LONGEST_HOLE: i32 = LONGEST_PAYLOAD as i32;

/// Makes packets of one length of frames and of packets of any length.
#[derive(Debug)]
pub struct Framing {
    packet: usize,
    waiting: Vec<u8>,
    /// The timestamp of the first sample that waits, or of the next that comes.
    front: u32,
    source: Option<Source>,
    /// Packets of ours that are missing before the next one, so that a peer's losses stay visible.
    lost: u16,
    marker: bool,
    /// When the next packet may leave, in half ticks.
    due: u64,
    /// The last tick for which there has been sound.
    fed_until: u64,
}

/// The peer whose packets are taken apart.
#[derive(Debug, Clone, Copy)]
struct Source {
    ssrc: u32,
    /// Ours less its timestamps.
    add: u32,
    sequence: u16,
    /// Samples of its last packet.
    length: usize,
}

/// A packet to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ready {
    pub length: usize,
    pub timestamp: u32,
    /// So many before it were lost.
    pub lost: u16,
    pub marker: bool,
}

impl Framing {
    /// Packets of so many samples, a multiple of [`HALF`].
    pub fn new(packet: usize) -> Self {
        Self {
            packet,
            waiting: Vec::new(),
            front: 0,
            source: None,
            lost: 0,
            marker: false,
            due: 0,
            fed_until: 0,
        }
    }

    /// Samples of a packet.
    pub fn packet(&self) -> usize {
        self.packet
    }

    /// Packets have another length from now on; what waits of another codec is dropped.
    pub fn change(&mut self, packet: usize, same_codec: bool) {
        self.packet = packet;
        if !same_codec {
            self.front = self.end();
            self.waiting.clear();
        }
    }

    /// Takes a frame of our own at `tick`; `next` is the timestamp of what is sent then.
    pub fn own(&mut self, frame: &[u8; FRAME], tick: u64, next: u32) {
        self.marker |= self.source.take().is_some();
        if self.waiting.is_empty() {
            self.front = next;
        }
        self.waiting.extend(frame);
        self.fed_until = tick;
    }

    /// Takes the sound of a peer's packet, which may have been put into another codec; as
    /// [`Self::own`]. What comes after its time is dropped.
    pub fn relay(&mut self, packet: &Packet<'_>, payload: &[u8], tick: u64, next: u32) {
        let (at, skipped) = self.place(packet, next);
        if let Some(source) = &mut self.source {
            source.length = payload.len();
        }
        self.fed_until = tick + (payload.len() / FRAME).saturating_sub(1) as u64;
        let ahead = at.wrapping_sub(self.end()) as i32;
        if ahead > 0 {
            self.leap(ahead as usize, skipped);
        }
        let after = at.wrapping_sub(self.front) as i32;
        let late = after.min(0).unsigned_abs() as usize;
        let from = after.max(0) as usize;
        let Some(payload) = payload.get(late..) else {
            return;
        };
        let end = from + payload.len();
        if self.waiting.len() < end {
            self.waiting.resize(end, 0);
        }
        self.waiting[from..end].copy_from_slice(payload);
    }

    /// The timestamp of a peer's telephone event among our packets; as [`Self::own`].
    pub fn event(&mut self, packet: &Packet<'_>, tick: u64, next: u32) -> u32 {
        self.fed_until = tick;
        self.place(packet, next).0
    }

    /// The next packet that is whole and due; `half` counts ten milliseconds.
    pub fn next(&mut self, half: u64, out: &mut [u8; LONGEST_PAYLOAD]) -> Option<Ready> {
        let crowded = self.waiting.len() > self.most();
        if !(crowded || self.is_due(half)) || self.waiting.len() < self.packet {
            return None;
        }
        // Who is late by more than the halves of a tick starts a new rhythm.
        let in_time = self.due <= half && half <= self.due + 1 && !crowded;
        let rhythm = if in_time { self.due } else { half };
        self.due = rhythm + self.step();
        self.take(out)
    }

    /// What waits, whether it makes a whole packet or not.
    pub fn rest(&mut self, out: &mut [u8; LONGEST_PAYLOAD]) -> Option<Ready> {
        self.take(out)
    }

    /// Whether [`Self::next`] would give a packet at that time.
    pub fn is_due(&self, half: u64) -> bool {
        // A leg may have come from a thread whose clock began earlier.
        let in_reach = self.due <= half || self.due > half + self.step();
        self.waiting.len() >= self.packet && in_reach
    }

    /// True while the stream comes from a peer.
    pub fn relays(&self) -> bool {
        self.source.is_some()
    }

    /// Ticks for which there has been no sound.
    pub fn idle(&self, tick: u64) -> u64 {
        tick.saturating_sub(self.fed_until)
    }

    fn take(&mut self, out: &mut [u8; LONGEST_PAYLOAD]) -> Option<Ready> {
        let length = self.waiting.len().min(self.packet);
        if length == 0 {
            return None;
        }
        out[..length].copy_from_slice(&self.waiting[..length]);
        self.waiting.drain(..length);
        let ready = Ready {
            length,
            timestamp: self.front,
            lost: std::mem::take(&mut self.lost),
            marker: std::mem::take(&mut self.marker),
        };
        self.front = self.front.wrapping_add(length as u32);
        Some(ready)
    }

    /// Half ticks of a packet.
    fn step(&self) -> u64 {
        (self.packet / HALF) as u64
    }

    /// More than this does not wait for its time: a burst is passed on as a burst.
    fn most(&self) -> usize {
        let comes = self.source.map_or(0, |source| source.length);
        self.packet.max(comes) + FRAME
    }

    /// One after the last sample that waits.
    fn end(&self) -> u32 {
        self.front.wrapping_add(self.waiting.len() as u32)
    }

    /// Our timestamp for a peer's packet, and whether others were lost before it.
    fn place(&mut self, packet: &Packet<'_>, next: u32) -> (u32, bool) {
        let end = self.end();
        let farthest = match self.waiting.is_empty() {
            true => FARTHEST,
            false => LONGEST_HOLE,
        };
        if let Some(source) = self.source.as_mut().filter(|it| it.ssrc == packet.ssrc) {
            let at = packet.timestamp.wrapping_add(source.add);
            let ahead = at.wrapping_sub(end) as i32;
            if (-FARTHEST..=farthest).contains(&ahead) {
                let later = packet.sequence.wrapping_sub(source.sequence) as i16;
                if later > 0 {
                    source.sequence = packet.sequence;
                }
                return (at, later > 1);
            }
        }
        if self.waiting.is_empty() {
            self.front = next;
        }
        let at = self.end();
        self.marker = true;
        self.source = Some(Source {
            ssrc: packet.ssrc,
            add: at.wrapping_sub(packet.timestamp),
            sequence: packet.sequence,
            length: packet.payload.len(),
        });
        (at, false)
    }

    /// Goes on so many samples later: over packets that are not there, or in the middle of one.
    fn leap(&mut self, ahead: usize, skipped: bool) {
        if !self.waiting.is_empty() {
            let again = self.waiting.len().min(FRAME);
            let from = self.waiting.len() - again;
            for n in 0..ahead {
                self.waiting.push(self.waiting[from + n % again]);
            }
            return;
        }
        self.front = self.front.wrapping_add(ahead as u32);
        if skipped {
            let packets = (ahead / self.packet).max(1);
            self.lost = self.lost.saturating_add(packets as u16);
        } else {
            self.marker = true;
        }
    }
}

#[cfg(test)]
mod tests;
