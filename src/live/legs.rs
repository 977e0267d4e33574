//! The floor's leg numbers and the switch's leg ids: two names for one leg.

use std::collections::HashMap;

use engine::ids::LegId;
use uuid::Uuid;

/// Set in the numbers of legs that the switch named first.
const INCOMING: u64 = 1 << 63;

/// A leg that we start is named after its number; one that comes in keeps the switch's id.
#[derive(Debug, Default)]
pub(crate) struct Legs {
    incoming: HashMap<LegId, switch::LegId>,
}

impl Legs {
    /// The floor's number for a leg that came in.
    pub fn admit(&mut self, id: switch::LegId) -> LegId {
        let leg = number(id);
        self.incoming.insert(leg, id);
        leg
    }

    pub fn of_switch(&self, id: switch::LegId) -> LegId {
        let leg = number(id);
        if self.incoming.contains_key(&leg) {
            leg
        } else {
            LegId(id.0.as_u128() as u64)
        }
    }

    pub fn of_floor(&self, leg: LegId) -> switch::LegId {
        match self.incoming.get(&leg) {
            Some(id) => *id,
            None => switch::LegId(Uuid::from_u128(u128::from(leg.0))),
        }
    }

    pub fn forget(&mut self, leg: LegId) {
        self.incoming.remove(&leg);
    }
}

fn number(id: switch::LegId) -> LegId {
    let (high, low) = id.0.as_u64_pair();
    LegId((high.rotate_left(17) ^ low) | INCOMING)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_names_lead_to_each_other() {
        let mut legs = Legs::default();
        let ours = LegId(1_234_567_890_123);
        assert_eq!(legs.of_switch(legs.of_floor(ours)), ours);
        let theirs = switch::LegId(Uuid::new_v4());
        let admitted = legs.admit(theirs);
        assert_eq!(legs.of_floor(admitted), theirs);
        assert_eq!(legs.of_switch(theirs), admitted);
        legs.forget(admitted);
        assert_ne!(legs.of_switch(theirs), admitted);
    }
}
