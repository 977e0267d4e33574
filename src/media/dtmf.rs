//! Keys pressed at the far end, as telephone events (RFC 4733).

use crate::{
    keys::{EVENTS, FLASH, FLASH_EVENT},
    packet::Packet,
};

/// Ticks without a packet after which a key counts as released, its end packets lost.
const LOST_TICKS: u64 = 10;

/// A key and how long it was held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// `0` to `9`, `*`, `#`, `A` to `D`; `!` is a hook flash.
    pub digit: char,
    /// Milliseconds.
    pub ms: u32,
}

/// Puts the many packets of one key press together.
#[derive(Debug, Default)]
pub struct Keypad {
    held: Option<Held>,
    /// The event told last, so that its repeated end packets stay silent.
    told: Option<(u32, u32)>,
}

#[derive(Debug, Clone, Copy)]
struct Held {
    ssrc: u32,
    timestamp: u32,
    key: Key,
    last_tick: u64,
}

impl Keypad {
    /// Takes a packet of the telephone-event payload type. May complete this key, or an earlier
    /// one whose end was lost.
    pub fn take(&mut self, packet: &Packet<'_>, tick: u64) -> [Option<Key>; 2] {
        let Some(&[event, flags, high, low]) = packet.payload.first_chunk::<4>() else {
            return [None; 2];
        };
        let key = match event {
            FLASH_EVENT => Some(&FLASH),
            key => EVENTS.get(usize::from(key)),
        };
        let Some(&digit) = key else {
            return [None; 2];
        };
        if self.told == Some((packet.ssrc, packet.timestamp)) {
            return [None; 2];
        }
        let earlier = self
            .held
            .filter(|held| (held.ssrc, held.timestamp) != (packet.ssrc, packet.timestamp))
            .and_then(|_| self.release());
        let ms = u32::from(u16::from_be_bytes([high, low])) / 8;
        let key = Key { digit, ms };
        self.held = Some(Held {
            ssrc: packet.ssrc,
            timestamp: packet.timestamp,
            key,
            last_tick: tick,
        });
        let this = if flags & 0x80 == 0 {
            None
        } else {
            self.release()
        };
        [earlier, this]
    }

    /// Call once a tick: a key whose packets ceased counts as released.
    pub fn expire(&mut self, tick: u64) -> Option<Key> {
        let held = self.held?;
        (tick.saturating_sub(held.last_tick) > LOST_TICKS)
            .then(|| self.release())
            .flatten()
    }

    fn release(&mut self) -> Option<Key> {
        let held = self.held.take()?;
        self.told = Some((held.ssrc, held.timestamp));
        Some(held.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(keypad: &mut Keypad, tick: u64, timestamp: u32, payload: &[u8]) -> Vec<Key> {
        let packet = Packet {
            payload_type: 101,
            marker: false,
            sequence: 0,
            timestamp,
            ssrc: 1,
            payload,
        };
        keypad.take(&packet, tick).into_iter().flatten().collect()
    }

    #[test]
    fn a_key_is_told_once_with_its_length() {
        let mut keypad = Keypad::default();
        assert_eq!(press(&mut keypad, 0, 800, &[5, 10, 0, 160]), []);
        let told = press(&mut keypad, 1, 800, &[5, 0x8A, 3, 32]);
        assert_eq!(
            told,
            [Key {
                digit: '5',
                ms: 100
            }]
        );
        assert_eq!(press(&mut keypad, 2, 800, &[5, 0x8A, 3, 32]), []);
        assert_eq!(press(&mut keypad, 3, 800, &[5, 0x8A, 3, 32]), []);
    }

    #[test]
    fn a_lost_end_is_made_up_by_the_next_key_or_by_time() {
        let mut keypad = Keypad::default();
        press(&mut keypad, 0, 800, &[11, 10, 1, 64]);
        let told = press(&mut keypad, 5, 1_600, &[10, 10, 0, 160]);
        assert_eq!(told, [Key { digit: '#', ms: 40 }]);
        assert_eq!(keypad.expire(10), None);
        assert_eq!(keypad.expire(16), Some(Key { digit: '*', ms: 20 }));
        assert_eq!(keypad.expire(17), None);
    }

    #[test]
    fn a_flash_is_told_as_one() {
        let told = press(&mut Keypad::default(), 0, 800, &[16, 0x8A, 3, 32]);
        let (digit, ms) = (FLASH, 100);
        assert_eq!(told, [Key { digit, ms }]);
    }

    #[test]
    fn what_is_no_key_is_ignored() {
        let mut keypad = Keypad::default();
        assert_eq!(press(&mut keypad, 0, 1, &[17, 0x80, 0, 0]), []);
        assert_eq!(press(&mut keypad, 0, 2, &[1, 0x80]), []);
    }
}
