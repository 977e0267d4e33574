//! Phones that send their calls on.

use super::{Rung, Stage, World};
use crate::{LegId, Refused, Side};

impl World {
    /// Rings a phone: it has gone elsewhere, and says where.
    pub(in crate::sim) fn ring_phone(
        &mut self,
        end: usize,
        leg: LegId,
        extension: &str,
    ) -> Result<(), Refused> {
        let to = self.forwarding.get(extension).cloned();
        let to = to.ok_or(Refused::NotRegistered)?;
        let far = LegId(uuid::Uuid::new_v4());
        self.add(end, leg, far, Stage::Calling(Rung::Not));
        self.tell_end(end, leg, (Side::Them, Some(302), None), Some(to));
        Ok(())
    }
}
