//! Keys that we press: as telephone events (RFC 4733), or as their tones where the far end takes
//! no events.

use std::{collections::VecDeque, f64::consts::TAU};

use crate::{
    codec::Samples,
    g711::{FRAME, RATE},
};

/// Ticks a key is held and ticks until the next: 120 ms and 80 ms.
const HELD: u32 = 6;
const PAUSE: u32 = 4;
/// The last packet of an event is sent three times (RFC 4733 §2.5.1.4).
const LAST_PACKETS: u32 = 3;
/// Level of an event, in decibels below 0 dBm0.
const VOLUME: u8 = 10;
/// Amplitude of each of the two tones, about -9 dBm0; the upper one is 2 dB louder (Q.23, Q.24).
const LOW_PEAK: f64 = 7_200.0;
const HIGH_PEAK: f64 = 9_000.0;
/// Keys that may wait; more are refused.
pub const MOST_KEYS: usize = 64;

const LOW: [f64; 4] = [697.0, 770.0, 852.0, 941.0];
const HIGH: [f64; 4] = [1_209.0, 1_336.0, 1_477.0, 1_633.0];
/// The keys as they stand on a telephone.
const ROWS: [[char; 4]; 4] = [
    ['1', '2', '3', 'A'],
    ['4', '5', '6', 'B'],
    ['7', '8', '9', 'C'],
    ['*', '0', '#', 'D'],
];
/// The keys by event number (RFC 4733 §3.2).
pub const EVENTS: [char; 16] = [
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '#', 'A', 'B', 'C', 'D',
];

/// The hook flash of an analog telephone, as an event and as the key it stands for among keys. It is told,
/// and neither pressed nor passed on.
pub const FLASH_EVENT: u8 = 16;
pub const FLASH: char = '!';

/// The two tones of a key, in hertz; `None` for what is no key.
#[must_use]
pub fn tones(digit: char) -> Option<(f64, f64)> {
    let row = ROWS.iter().position(|row| row.contains(&digit))?;
    let column = ROWS[row].iter().position(|&key| key == digit)?;
    Some((LOW[row], HIGH[column]))
}

/// The key of a row and a column.
#[must_use]
pub fn key_at(row: usize, column: usize) -> char {
    ROWS[row][column]
}

/// All eight tones: the rows, then the columns.
#[must_use]
pub fn all_tones() -> [f64; 8] {
    let mut all = [0.0; 8];
    all[..4].copy_from_slice(&LOW);
    all[4..].copy_from_slice(&HIGH);
    all
}

/// What a key sends in one tick.
#[derive(Debug, Clone, Copy, PartialEq)]
#[expect(
    clippy::large_enum_variant,
    reason = "it is looked at once and never kept"
)]
pub enum Press {
    /// A telephone event: its payload, and whether it is the first packet of its key.
    Event { payload: [u8; 4], first: bool },
    /// A frame of sound.
    Tone(Samples),
}

/// Presses keys one after the other, a step each tick.
#[derive(Debug, Default)]
pub struct Keys {
    waiting: VecDeque<char>,
    pressed: Option<Pressed>,
    /// Somebody waits to hear that all are sent.
    ordered: bool,
}

#[derive(Debug, Clone, Copy)]
struct Pressed {
    digit: char,
    ticks: u32,
}

impl Keys {
    /// Adds keys; those that are none, and those beyond [`MOST_KEYS`], are left out.
    pub fn press(&mut self, digits: &str) {
        let keys = digits.chars().map(|c| c.to_ascii_uppercase());
        let known = keys.filter(|&digit| tones(digit).is_some());
        let room = MOST_KEYS.saturating_sub(self.waiting.len());
        self.waiting.extend(known.take(room));
    }

    /// As [`Self::press`], by order: [`Self::is_carried_out`] tells when it is done.
    pub fn order(&mut self, digits: &str) {
        self.press(digits);
        self.ordered = true;
    }

    /// True once after an order, when no key is left.
    pub fn is_carried_out(&mut self) -> bool {
        !self.is_busy() && std::mem::take(&mut self.ordered)
    }

    /// What this tick sends; `None` between keys, when there are none, and where a key that is held
    /// has nothing to add. `events` says that the far end takes telephone events, and in how many
    /// ticks it wants a packet.
    pub fn step(&mut self, events: Option<u32>) -> Option<Press> {
        let pressed = match self.pressed {
            Some(pressed) => pressed,
            None => Pressed {
                digit: self.waiting.pop_front()?,
                ticks: 0,
            },
        };
        let ticks = pressed.ticks + 1;
        self.pressed =
            (ticks < HELD + LAST_PACKETS + PAUSE).then_some(Pressed { ticks, ..pressed });
        match events {
            Some(every) => event(pressed, every),
            None => tone(pressed).map(Press::Tone),
        }
    }

    /// True while a key is held down: nothing else is sent.
    pub fn is_held(&self) -> bool {
        self.pressed
            .is_some_and(|pressed| pressed.ticks < HELD + LAST_PACKETS)
    }

    /// True while a key is held or waits.
    pub fn is_busy(&self) -> bool {
        self.pressed.is_some() || !self.waiting.is_empty()
    }
}

/// The first packet comes at once, its updates with the packets of sound (RFC 4733 §2.5.1.2), its
/// last three one after the other.
fn event(pressed: Pressed, every: u32) -> Option<Press> {
    let held_for = pressed.ticks + 1;
    let is_update = pressed.ticks == 0 || held_for >= HELD || held_for.is_multiple_of(every.max(1));
    if pressed.ticks >= HELD + LAST_PACKETS - 1 || !is_update {
        return None;
    }
    let number = EVENTS.iter().position(|&key| key == pressed.digit)?;
    let ends = held_for >= HELD;
    let duration = (held_for.min(HELD) as u16) * FRAME as u16;
    let [high, low] = duration.to_be_bytes();
    let flags = VOLUME | if ends { 0x80 } else { 0 };
    Some(Press::Event {
        payload: [number as u8, flags, high, low],
        first: pressed.ticks == 0,
    })
}

fn tone(pressed: Pressed) -> Option<Samples> {
    if pressed.ticks >= HELD {
        return Some([0; FRAME]);
    }
    let (low, high) = tones(pressed.digit)?;
    let start = pressed.ticks as usize * FRAME;
    Some(std::array::from_fn(|n| {
        let t = (start + n) as f64 / f64::from(RATE);
        (LOW_PEAK * (TAU * low * t).sin() + HIGH_PEAK * (TAU * high * t).sin()) as i16
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_grows_ends_three_times_and_pauses() {
        let mut keys = Keys::default();
        keys.press("5x");
        let steps: Vec<_> =
            std::iter::from_fn(|| keys.is_busy().then(|| keys.step(Some(1)))).collect();
        let events: Vec<_> = steps
            .iter()
            .filter_map(|step| match step {
                Some(Press::Event { payload, first }) => Some((*payload, *first)),
                _ => None,
            })
            .collect();
        let firsts = events.iter().filter(|(_, first)| *first).count();
        assert_eq!((events.len(), firsts), (8, 1));
        let durations: Vec<_> = events
            .iter()
            .map(|(payload, _)| u16::from_be_bytes([payload[2], payload[3]]))
            .collect();
        assert_eq!(durations, [160, 320, 480, 640, 800, 960, 960, 960]);
        let ends = events.iter().filter(|(payload, _)| payload[1] & 0x80 != 0);
        assert_eq!(ends.count(), 3);
        assert!(steps.len() > events.len() && !keys.is_busy());
    }

    #[test]
    fn long_packets_bring_fewer_updates() {
        let mut keys = Keys::default();
        keys.press("5");
        let steps = std::iter::from_fn(|| keys.is_busy().then(|| keys.step(Some(3))));
        let durations: Vec<_> = steps
            .filter_map(|step| match step {
                Some(Press::Event { payload, .. }) => {
                    Some(u16::from_be_bytes([payload[2], payload[3]]))
                }
                _ => None,
            })
            .collect();
        assert_eq!(durations, [160, 480, 960, 960, 960]);
    }

    #[test]
    fn every_key_has_its_two_tones() {
        assert_eq!(tones('1'), Some((697.0, 1_209.0)));
        assert_eq!(tones('#'), Some((941.0, 1_477.0)));
        assert_eq!(tones('x'), None);
        assert!(EVENTS.iter().all(|&key| tones(key).is_some()));
    }

    #[test]
    fn no_more_keys_wait_than_may() {
        let mut keys = Keys::default();
        keys.press(&"1".repeat(1_000));
        assert_eq!(keys.waiting.len(), MOST_KEYS);
    }
}
