//! Keys of phones that are pressed from here: a NOTIFY whose event is `talk` lets a phone take the call
//! that rings there, or take up one that it holds; one with `hold` lets it hold the one it talks in. Nobody
//! has subscribed (BroadSoft's remote control events, as phones of Yealink, Polycom, Cisco and Grandstream
//! have them); which phones take them they say themselves, in `Allow-Events`.

use super::{
    Core,
    call::{Call, State},
    errands::Purpose,
};
use crate::{
    CallRef, Hop, PhoneKey, SipError, SipEvent,
    message::{Message, Method},
};

/// The keys that a phone lets others press.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Keys {
    pub(super) talk: bool,
    pub(super) hold: bool,
}

impl Keys {
    /// As a message of the phone says; `None` where it says nothing of events.
    pub(super) fn told_by(message: &Message) -> Option<Self> {
        message.header("Allow-Events")?;
        let names = |event| message.names("Allow-Events", event);
        Some(Self {
            talk: names("talk"),
            hold: names("hold"),
        })
    }

    fn has(self, key: PhoneKey) -> bool {
        match key {
            PhoneKey::Talk => self.talk,
            PhoneKey::Hold => self.hold,
        }
    }
}

impl Core {
    /// A phone that is called says what it takes when it rings or answers.
    pub(super) fn learn_keys(&mut self, id: CallRef, response: &Message) {
        let call = self.calls.get(&id);
        if let Some((extension, hop)) = call.and_then(phone_of)
            && let Some(keys) = Keys::told_by(response)
        {
            self.registrar.note_keys(extension, hop, keys);
        }
    }

    /// Presses a key at the phone of a call. How it answers is told as [`SipEvent::KeyAnswered`].
    pub(super) fn press(&mut self, id: CallRef, key: PhoneKey) -> Result<(), SipError> {
        let call = self.calls.get(&id).ok_or(SipError::NoSuchCall)?;
        let (extension, hop) = phone_of(call).ok_or(SipError::NoSuchKey)?;
        if !self.registrar.keys_at(extension, hop).has(key) {
            return Err(SipError::NoSuchKey);
        }
        match (&call.state, key) {
            (State::Calling(_), PhoneKey::Talk) => self.press_early(id),
            (State::Up(_), _) => {
                let notify = self.in_dialog(id, Method::Notify)?;
                self.run_errand(id, Purpose::Press, pressing(notify, key), 0);
                Ok(())
            }
            _ => Err(SipError::OutOfStep),
        }
    }

    /// At a phone that rings: within its early dialog (RFC 3261 section 12).
    fn press_early(&mut self, id: CallRef) -> Result<(), SipError> {
        let calling = self.calling(id).ok_or(SipError::OutOfStep)?;
        let peer = calling.peer.clone();
        let early = calling.early.last_mut();
        let early = early.filter(|_| calling.giving_up.is_none());
        let dialog = &mut early.ok_or(SipError::OutOfStep)?.dialog;
        let notify = dialog.request(Method::Notify);
        let notify = self.headed(notify, &peer);
        self.run_errand(id, Purpose::Press, pressing(notify, PhoneKey::Talk), 0);
        Ok(())
    }

    pub(super) fn on_key_answered(&mut self, call: CallRef, sip_status: u16) {
        let at = self.at();
        self.tell(SipEvent::KeyAnswered {
            call,
            sip_status,
            at,
        });
    }
}

/// The phone of a call, and where it speaks from.
fn phone_of(call: &Call) -> Option<(&str, Hop)> {
    let extension = call.called_phone.as_deref().or(call.phone.as_deref())?;
    let hop = match &call.state {
        State::Calling(calling) => calling.peer.hop,
        State::Offered(offered) => offered.peer.hop,
        State::Up(up) => up.peer.hop,
    };
    Some((extension, hop))
}

fn pressing(notify: Message, key: PhoneKey) -> Message {
    let event = match key {
        PhoneKey::Talk => "talk",
        PhoneKey::Hold => "hold",
    };
    notify
        .with("Event", event)
        .with("Subscription-State", "active")
}
