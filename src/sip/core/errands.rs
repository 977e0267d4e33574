//! Our requests inside a dialog that are neither INVITE nor BYE: PRACK, UPDATE, INFO, REFER, NOTIFY.

use super::{
    Core,
    call::{ClientTx, Ending, Peer},
};
use crate::{
    CallRef, EndCause, Side, SipError,
    message::{Message, Method},
};

/// A request that is out.
#[derive(Debug)]
pub(super) struct Errand {
    pub(super) call: CallRef,
    pub(super) purpose: Purpose,
    pub(super) request: Message,
    /// How often it was refused and sent again.
    pub(super) tries: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Acknowledges a reliable provisional response.
    Prack,
    /// Keeps the session alive.
    Refresh,
    Digit,
    /// Asks the far end to call somebody else.
    Refer,
    /// Tells how the transfer goes that the far end asked for.
    Notify,
    /// Presses a key at a phone.
    Press,
}

impl Core {
    /// A request in the dialog of an answered call, with what every request carries.
    pub(super) fn in_dialog(&mut self, id: CallRef, method: Method) -> Result<Message, SipError> {
        if !self.calls.contains_key(&id) {
            return Err(SipError::NoSuchCall);
        }
        let up = self.up(id).ok_or(SipError::OutOfStep)?;
        let (request, peer) = (up.dialog.request(method), up.peer.clone());
        Ok(self.headed(request, &peer))
    }

    /// Puts in what every request in a dialog carries.
    pub(super) fn headed(&self, request: Message, peer: &Peer) -> Message {
        request
            .with("Max-Forwards", "70")
            .with("User-Agent", self.config.user_agent.clone())
            .with("Contact", self.contact(&peer.contact_user, peer.hop))
    }

    pub(super) fn run_errand(
        &mut self,
        id: CallRef,
        purpose: Purpose,
        request: Message,
        tries: u8,
    ) {
        let Some(up) = self.up(id) else {
            return;
        };
        let (peer, hop) = (up.peer.clone(), up.dialog.next_hop(&up.peer));
        let mut signed = request.clone();
        self.sign(&mut signed, &peer);
        let errand = Errand {
            call: id,
            purpose,
            request: signed.clone(),
            tries,
        };
        self.launch(signed, hop, ClientTx::Errand(Box::new(errand)));
    }

    /// Sends a digit by INFO.
    pub(super) fn send_digit(&mut self, id: CallRef, digit: char, ms: u32) -> Result<(), SipError> {
        let digit = digit.to_ascii_uppercase();
        if !matches!(digit, '0'..='9' | 'A'..='D' | '*' | '#') {
            return Err(SipError::BadNumber);
        }
        let info = self.in_dialog(id, Method::Info)?;
        let body = format!("Signal={digit}\r\nDuration={ms}\r\n");
        let info = info.with_body("application/dtmf-relay", body.into_bytes());
        self.run_errand(id, Purpose::Digit, info, 0);
        Ok(())
    }

    pub(super) fn on_errand_response(&mut self, number: u64, status: u16, response: &Message) {
        let Some(ClientTx::Errand(errand)) = self.client_txs.remove(&number) else {
            return;
        };
        let is_there = match errand.purpose {
            Purpose::Press => self.calls.contains_key(&errand.call),
            _ => self.up(errand.call).is_some(),
        };
        if !is_there {
            return;
        }
        if matches!(status, 401 | 407 | 422) && self.run_again(&errand, status, response) {
            return;
        }
        match errand.purpose {
            Purpose::Refresh => self.on_refreshed(errand.call, status, response),
            Purpose::Press => self.on_key_answered(errand.call, status),
            Purpose::Refer => self.on_refer_response(errand.call, status),
            _ => {}
        }
    }

    fn run_again(&mut self, errand: &Errand, status: u16, response: &Message) -> bool {
        let Some(peer) = self.up(errand.call).map(|up| up.peer.clone()) else {
            return false;
        };
        if errand.tries >= 2 {
            return false;
        }
        let mut request = errand.request.clone();
        if status == 422 {
            let Some(longer) = super::session::with_longer_interval(&request, response) else {
                return false;
            };
            request = longer;
        } else if !self.challenged(&peer, &request, response, errand.tries) {
            return false;
        }
        let Some(up) = self.up(errand.call) else {
            return false;
        };
        let request = up.dialog.renumbered(&request);
        self.run_errand(errand.call, errand.purpose, request, errand.tries + 1);
        true
    }

    /// The far end lost the call, or itself: RFC 3261 section 12.2.1.2.
    pub(super) fn end_lost(&mut self, id: CallRef, text: &str) {
        let ending = Ending::new(Side::Network, None).or_q850(102).or_text(text);
        if let Some(call) = self.finish(id, ending)
            && let super::call::State::Up(up) = call.state
        {
            self.leave(*up, EndCause::Normal);
        }
    }
}
