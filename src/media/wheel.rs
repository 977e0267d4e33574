//! Which legs are served in which millisecond.

use crate::command::LegId;

/// Slots of one millisecond; one turn is the twenty milliseconds of a frame.
pub const SLOTS: u64 = 20;

/// Legs spread over the slots of a turn.
#[derive(Debug, Default)]
pub struct Wheel {
    slots: [Vec<LegId>; SLOTS as usize],
}

impl Wheel {
    /// Puts a leg into the emptiest slot.
    pub fn add(&mut self, leg: LegId) {
        if let Some(slot) = self.slots.iter_mut().min_by_key(|slot| slot.len()) {
            slot.push(leg);
        }
    }

    pub fn remove(&mut self, leg: LegId) {
        for slot in &mut self.slots {
            slot.retain(|&other| other != leg);
        }
    }

    /// The legs of the slot with running number `slot`, one after the other.
    pub fn leg_at(&self, slot: u64, index: usize) -> Option<LegId> {
        self.slots[(slot % SLOTS) as usize].get(index).copied()
    }

    /// The first slot from `slot` on that has legs; `None` when there are none at all.
    pub fn next_occupied(&self, slot: u64) -> Option<u64> {
        (slot..slot + SLOTS).find(|&slot| self.leg_at(slot, 0).is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn legs_are_spread_evenly_and_found_again() {
        let mut wheel = Wheel::default();
        (0..40).for_each(|n| wheel.add(LegId(n)));
        assert!((0..SLOTS).all(|slot| wheel.leg_at(slot, 1).is_some()));
        (1..40).for_each(|n| wheel.remove(LegId(n)));
        assert_eq!(wheel.next_occupied(5), Some(20));
        wheel.remove(LegId(0));
        assert_eq!(wheel.next_occupied(5), None);
    }
}
