//! Sound before the answer (RFC 3960): ours for who calls, and the far end's for who waits.

use media::Ear;
use switch::{CommandId, EventKind, Hear, LegId, Refused};

use crate::{
    Embedded,
    commands::out_of_step,
    floor::Floor,
    leg::{Place, Stage},
    translate,
};

impl Embedded {
    /// Answers an incoming leg with 183; the later `Answer` keeps the media as they are.
    pub(crate) fn progress(
        &self,
        floor: &mut Floor,
        id: CommandId,
        leg_id: LegId,
    ) -> Result<(), Refused> {
        let leg = floor.leg(leg_id)?;
        let described = match &leg.stage {
            Stage::Answered | Stage::Offered { early: Some(_), .. } => return Ok(()),
            Stage::Offered {
                offer: Some(offer), ..
            } if !leg.hung_up => self.sound.answer(leg.media, &leg.local, offer).ok(),
            _ => None,
        };
        let (Some(description), Stage::Offered { ringing, early, .. }) =
            (described, &mut leg.stage)
        else {
            let why = "only an incoming leg with an offer can have early media";
            out_of_step(floor, leg_id, id, why);
            return Ok(());
        };
        self.agent
            .progress(leg.call, description.clone())
            .map_err(|error| translate::refused(&error))?;
        *ringing = true;
        *early = Some(description);
        floor.tell(leg_id, EventKind::Ringing { early_media: true });
        Ok(())
    }

    pub(crate) fn hear_early(
        &self,
        floor: &mut Floor,
        id: CommandId,
        leg_id: LegId,
        of: LegId,
    ) -> Result<(), Refused> {
        let sounding = floor.leg(of)?;
        let (sounds, voice) = (sounding.sounds(), sounding.media);
        let leg = floor.leg(leg_id)?;
        if leg.place == (Place::Hearing { of }) {
            return Ok(());
        }
        if leg_id == of || !leg.hears() || !sounds {
            let why = "there is no early media, or nobody to hear it";
            out_of_step(floor, leg_id, id, why);
            return Ok(());
        }
        self.leave_bridge(floor, leg_id);
        let leg = floor.leg(leg_id)?;
        leg.place = Place::Hearing { of };
        self.try_sound(self.sound.media().mix(vec![Ear::of(leg.media, &[voice])]));
        floor.tell(leg_id, EventKind::HearsEarly { of });
        Ok(())
    }

    /// Parks those who heard a leg that has ended.
    pub(crate) fn dismiss_listeners(&self, floor: &mut Floor, of: LegId) {
        for id in floor.placed(|place| *place == Place::Hearing { of }) {
            if let Ok(leg) = floor.leg(id) {
                leg.place = Place::Parked(Hear::Silence);
            }
            self.park_survivor(floor, id);
        }
    }
}
