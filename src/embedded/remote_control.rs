//! Keys that are pressed at phones of ours over SIP.

use sip::{CallRef, SipError};
use switch::{CommandId, LegId, PhoneKey, Refused};
use tokio::sync::oneshot;

use crate::{
    Embedded,
    commands::out_of_step,
    floor::Floor,
    leg::{Leg, Stage},
    translate,
};

/// Who is to hear how a phone answers.
pub enum Pressed {
    /// Whoever pressed the key.
    By(oneshot::Sender<u16>),
    /// The house, where the command had no effect.
    Ordered(CommandId),
}

impl Embedded {
    /// Presses a key at the phone of an extension, in the call that it is meant for.
    pub(crate) fn press_at(
        &self,
        extension: &str,
        key: PhoneKey,
    ) -> Result<oneshot::Receiver<u16>, Refused> {
        let takes = |phone: &sip::Registration| match key {
            PhoneKey::Talk => phone.takes_talk,
            PhoneKey::Hold => phone.takes_hold,
        };
        let phones = self.agent.registrations();
        let mut own = phones.iter().filter(|phone| phone.extension == extension);
        if !own.any(takes) {
            return Err(Refused::Unsupported);
        }
        let floor = &mut *self.floor();
        let leg = floor.meant_for(extension, key).ok_or(Refused::NoSuchLeg)?;
        let pressed = self.agent.press(leg.call, translate::key(key));
        pressed.map_err(|error| match error {
            SipError::OutOfStep => Refused::NoSuchLeg,
            error => translate::refused(&error),
        })?;
        let (tell, answered) = oneshot::channel();
        leg.pressed.push_back(Pressed::By(tell));
        Ok(answered)
    }

    pub(crate) fn take_up(
        &self,
        floor: &mut Floor,
        id: CommandId,
        leg_id: LegId,
    ) -> Result<(), Refused> {
        let leg = floor.leg(leg_id)?;
        if !leg.is_answered() {
            out_of_step(floor, leg_id, id, "only an answered leg can be held");
            return Ok(());
        }
        if !leg.far_end_holds {
            return Ok(());
        }
        match self.agent.press(leg.call, sip::PhoneKey::Talk) {
            Ok(()) => leg.pressed.push_back(Pressed::Ordered(id)),
            Err(error @ (SipError::NoSuchKey | SipError::OutOfStep)) => {
                out_of_step(floor, leg_id, id, &error.to_string());
            }
            Err(error) => return Err(translate::refused(&error)),
        }
        Ok(())
    }

    /// A phone answers to a key; it answers to them in the order in which they were pressed.
    pub(crate) fn key_answered(&self, floor: &mut Floor, call: CallRef, sip_status: u16) {
        let id = LegId(call.0);
        let Ok(leg) = floor.leg(id) else { return };
        match leg.pressed.pop_front() {
            // Whoever pressed it may not wait any longer.
            Some(Pressed::By(tell)) => _ = tell.send(sip_status),
            Some(Pressed::Ordered(command)) if sip_status >= 300 => {
                out_of_step(floor, id, command, &format!("the phone said {sip_status}"));
            }
            Some(Pressed::Ordered(_)) | None => {}
        }
    }
}

/// Which of several calls of a phone a key is meant for, the first of these.
pub fn is_meant_for(leg: &Leg, key: PhoneKey) -> Option<u8> {
    let rings = matches!(leg.stage, Stage::Calling { ringing: true, .. }) && !leg.hung_up;
    match key {
        PhoneKey::Talk if rings => Some(0),
        PhoneKey::Talk if leg.is_answered() && leg.far_end_holds => Some(1),
        PhoneKey::Hold if leg.is_answered() && !leg.far_end_holds => Some(0),
        PhoneKey::Talk | PhoneKey::Hold => None,
    }
}
