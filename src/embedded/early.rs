//! Sound before the answer, for engines that play the network's part. The port has no command
//! for it: the house never needs it.

use switch::{EventKind, LegId, PlayId, Refused};

use crate::{Embedded, leg::Stage, translate};

impl Embedded {
    /// Answers an incoming leg with 183 and plays a prompt to it. The later `Answer` keeps the
    /// media as they are, and the prompt goes on.
    ///
    /// # Errors
    /// [`Refused::NoSuchLeg`], [`Refused::NoSuchPrompt`], and [`Refused::Unsupported`] for a leg
    /// that is no waiting incoming one with an offer.
    pub fn early_media(
        &self,
        id: LegId,
        play: PlayId,
        prompt: &str,
        times: u32,
    ) -> Result<(), Refused> {
        let floor = &mut *self.floor();
        let leg = floor.leg(id)?;
        let prompt = self
            .sound
            .prompt(prompt)
            .map_err(|_| Refused::NoSuchPrompt)?;
        let Stage::Offered {
            ringing,
            offer: Some(offer),
            early,
        } = &mut leg.stage
        else {
            return Err(Refused::Unsupported);
        };
        let description = self
            .sound
            .answer(leg.media, &leg.local, offer)
            .map_err(|_| Refused::Unsupported)?;
        self.agent
            .progress(leg.call, description.clone())
            .map_err(|error| translate::refused(&error))?;
        *ringing = true;
        *early = Some(description);
        leg.play = Some(play);
        let media = leg.media;
        self.try_sound(
            self.sound
                .media()
                .play(media, media::PlayId(play.0), prompt, times),
        );
        floor.tell(id, EventKind::PlayStarted { play });
        Ok(())
    }
}
