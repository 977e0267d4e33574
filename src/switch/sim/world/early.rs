//! Sound before the answer.

use super::{Place, Rung, Stage, World};
use crate::{CommandId, EventKind, LegId, Refused};

impl World {
    pub(in crate::sim) fn hear_early(
        &mut self,
        end: usize,
        id: LegId,
        command: CommandId,
        of: LegId,
    ) -> Result<(), Refused> {
        let sounds = matches!(
            self.leg(end, of)?.stage,
            Stage::Answered | Stage::Calling(Rung::Early)
        );
        let leg = self.leg(end, id)?;
        let (hears, place) = (leg.stage.hears(), leg.place.clone());
        if place == Place::Hearing(of) {
            return Ok(());
        }
        if id == of || !hears || !sounds {
            self.fail(
                end,
                id,
                command,
                "there is no early media, or nobody to hear it",
            );
            return Ok(());
        }
        self.leave(end, id);
        self.leg(end, id)?.place = Place::Hearing(of);
        self.tell(end, id, EventKind::HearsEarly { of });
        Ok(())
    }
}
