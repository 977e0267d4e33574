//! Who is listened to, and what there is to be found: the prompts that stand for special information
//! tones, and silence; any prompt is speech.

use std::time::Duration;

use super::{Rung, Stage, World};
use crate::{CommandId, EventKind, LegId, Refused, Sit, Speech, Verdict};

/// What a leg is listened to for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sim) enum Listens {
    No,
    /// Announcements before the answer.
    Early,
    Answer,
    /// Whether somebody speaks; `speaks`: it has been told that they do.
    Speech {
        pause: Duration,
        speaks: bool,
    },
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
        let is_sought = matches!(heard.listens, Listens::Early | Listens::Answer);
        is_sought.then_some(far)
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
        if !matches!(leg.listens, Listens::Early | Listens::Answer) {
            return;
        }
        leg.listens = Listens::No;
        let found = EventKind::Classified {
            verdict,
            sit,
            why: "simulated".to_owned(),
            after_ms,
            greeted_ms: None,
        };
        self.tell(end, id, found);
    }

    /// Gives the other end of the leg, where it is listened to from now on.
    pub(in crate::sim) fn listen_for_speech(
        &mut self,
        end: usize,
        id: LegId,
        command: CommandId,
        params: Speech,
    ) -> Result<Option<LegId>, Refused> {
        let leg = self.leg(end, id)?;
        if leg.stage != Stage::Answered {
            let why = "only an answered leg can be listened to for speech";
            self.fail(end, id, command, why);
            return Ok(None);
        }
        leg.listens = Listens::Speech {
            pause: Duration::from_millis(params.pause_ms.into()),
            speaks: false,
        };
        Ok(Some(leg.far))
    }

    pub(in crate::sim) fn stop_listening(&mut self, end: usize, id: LegId) -> Result<(), Refused> {
        let leg = self.leg(end, id)?;
        if matches!(leg.listens, Listens::Speech { .. }) {
            leg.listens = Listens::No;
        }
        Ok(())
    }

    /// How long a leg must be silent for whoever listens at its other end.
    pub(in crate::sim) fn pause_for(&self, end: usize, id: LegId) -> Option<Duration> {
        let far = self.ends[end].legs.get(&id)?.far;
        match self.ends[1 - end].legs.get(&far)?.listens {
            Listens::Speech { pause, .. } => Some(pause),
            _ => None,
        }
    }

    /// A leg has made a sound for a while: whoever listens at its other end hears that, once.
    pub(in crate::sim) fn speaks(&mut self, end: usize, id: LegId) {
        self.turn(end, id, true, EventKind::SpeechBegan);
    }

    /// It has made none for a while.
    pub(in crate::sim) fn pauses(&mut self, end: usize, id: LegId) {
        self.turn(end, id, false, EventKind::SpeechPaused);
    }

    fn turn(&mut self, end: usize, id: LegId, to: bool, told: EventKind) {
        let Ok(leg) = self.leg(end, id) else { return };
        let (far, sounds) = (leg.far, leg.play.is_some());
        let Ok(heard) = self.leg(1 - end, far) else {
            return;
        };
        if let Listens::Speech { speaks, .. } = &mut heard.listens
            && *speaks != to
            && sounds == to
        {
            *speaks = to;
            self.tell(1 - end, far, told);
        }
    }
}
