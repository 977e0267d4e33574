//! Keys: pressed at a far end, passed on between far ends, withheld.

use switch::{CommandId, EventKind, LegId, Refused};

use crate::{Embedded, commands::out_of_step, floor::Floor, leg::Leg, translate};

/// How long a key is pressed that goes by INFO.
const KEY_MS: u32 = 160;

impl Embedded {
    pub(crate) fn send_dtmf(
        &self,
        floor: &mut Floor,
        id: CommandId,
        leg_id: LegId,
        digits: String,
    ) -> Result<(), Refused> {
        let leg = floor.leg(leg_id)?;
        let known = |c: char| c.is_ascii_digit() || matches!(c, '*' | '#' | 'A'..='D' | 'a'..='d');
        if !leg.is_answered() || digits.is_empty() || !digits.chars().all(known) {
            out_of_step(
                floor,
                leg_id,
                id,
                "keys need an answered leg and 0-9, *, #, A-D",
            );
            return Ok(());
        }
        let (media, call) = (leg.media, leg.call);
        if leg.keys_by_info {
            return self.send_info(floor, leg_id, call, &digits);
        }
        self.try_sound(self.sound.media().press(media, digits));
        Ok(())
    }

    pub(crate) fn withhold_keys(
        &self,
        floor: &mut Floor,
        id: CommandId,
        leg_id: LegId,
        on: bool,
    ) -> Result<(), Refused> {
        let leg = floor.leg(leg_id)?;
        if !leg.is_answered() {
            out_of_step(floor, leg_id, id, "only an answered leg has keys");
            return Ok(());
        }
        if leg.withholds_keys != on {
            leg.withholds_keys = on;
            self.try_sound(self.sound.media().withhold_keys(leg.media, on));
            floor.tell(leg_id, EventKind::KeysWithheld { on });
        }
        Ok(())
    }

    /// One INFO a key; SIP keeps their order.
    fn send_info(
        &self,
        floor: &mut Floor,
        leg: LegId,
        call: sip::CallRef,
        digits: &str,
    ) -> Result<(), Refused> {
        for digit in digits.chars() {
            let sent = self.agent.send_digit(call, digit, KEY_MS);
            sent.map_err(|error| translate::refused(&error))?;
        }
        floor.tell(leg, EventKind::DtmfSent);
        Ok(())
    }

    /// Learns how the gateway of a new leg takes keys.
    pub(crate) fn learn_keys(&self, floor: &Floor, leg: &mut Leg) {
        leg.keys_by_info = floor.presses_by_info(leg.gateway.as_deref());
        if leg.keys_by_info {
            self.try_sound(self.sound.media().keys_by_signalling(leg.media));
        }
    }

    /// Passes a key on to those who hear the leg and take keys by INFO; everybody else has it from
    /// the media engine.
    pub(crate) fn pass_by_info(&self, floor: &mut Floor, from: LegId, digit: char) {
        for id in self.hearers(floor, from) {
            if let Ok(leg) = floor.leg(id)
                && leg.keys_by_info
                && leg.is_answered()
                && let Err(error) = self.agent.send_digit(leg.call, digit, KEY_MS)
            {
                tracing::debug!(%error, "a key could not be passed on");
            }
        }
    }
}
