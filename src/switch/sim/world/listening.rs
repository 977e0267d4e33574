//! Who is listened to, and what there is to be found: the prompts that stand for special information
//! tones, and silence.

use super::{Rung, Stage, World};
use crate::{CommandId, EventKind, LegId, Refused, Sit, Verdict};

/// What a leg is listened to for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sim) enum Listens {
    No,
    /// Announcements before the answer.
    Early,
    Answer,
}

impl World {
    pub(in crate::sim) fn listen_early(
        &mut self,
        end: usize,
        id: LegId,
        command: CommandId,
    ) -> Result<(), Refused> {
        let leg = self.leg(end, id)?;
        match leg.stage {
            Stage::Calling(Rung::Early) => leg.listens = Listens::Early,
            _ => {
                let why = "only early media of an outgoing leg can be listened to";
                self.fail(end, id, command, why);
            }
        }
        Ok(())
    }

    /// True when it is listened to from now on.
    pub(in crate::sim) fn classify(
        &mut self,
        end: usize,
        id: LegId,
        command: CommandId,
    ) -> Result<bool, Refused> {
        let leg = self.leg(end, id)?;
        let is_answered = leg.stage == Stage::Answered;
        match is_answered {
            true => leg.listens = Listens::Answer,
            false => self.fail(end, id, command, "only an answered leg can be classified"),
        }
        Ok(is_answered)
    }

    /// Whoever listens to the other end of a leg hears these tones, if it does so from their beginning.
    pub(in crate::sim) fn listener_to(&self, end: usize, id: LegId) -> Option<LegId> {
        let far = self.ends[end].legs.get(&id)?.far;
        let heard = self.ends[1 - end].legs.get(&far)?;
        (heard.listens != Listens::No).then_some(far)
    }

    /// Tells what was found, where somebody listens for it still.
    pub(in crate::sim) fn found(
        &mut self,
        end: usize,
        id: LegId,
        verdict: Verdict,
        sit: Option<Sit>,
        after_ms: u32,
    ) {
        let Ok(leg) = self.leg(end, id) else { return };
        if std::mem::replace(&mut leg.listens, Listens::No) == Listens::No {
            return;
        }
        let found = EventKind::Classified {
            verdict,
            sit,
            why: "simulated".to_owned(),
            after_ms,
            greeted_ms: None,
        };
        self.tell(end, id, found);
    }
}
