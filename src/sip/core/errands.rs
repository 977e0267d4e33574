//! Our requests inside a dialog that are neither INVITE nor BYE: PRACK, UPDATE, INFO, REFER, NOTIFY.

use super::{
    Core,
    call::{ClientTx, Ending, Peer, State},
    dialog::Dialog,
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
            .with("Contact", self.contact_for(peer))
    }

    /// Sends a request in the dialog that it names, which may be an early one.
    pub(super) fn run_errand(
        &mut self,
        id: CallRef,
        purpose: Purpose,
        request: Message,
        tries: u8,
    ) {
        let Some((dialog, peer)) = self.dialog_of(id, &request) else {
            return;
        };
        let hop = dialog.next_hop(&peer);
        let mut signed = request;
        self.sign(&mut signed, &peer);
        let errand = Errand {
            call: id,
            purpose,
            request: signed.clone(),
            tries,
        };
        self.launch(signed, hop, ClientTx::Errand(Box::new(errand)));
    }

    fn dialog_of(&mut self, id: CallRef, request: &Message) -> Option<(&mut Dialog, Peer)> {
        let tag = request.tag_of_to().unwrap_or_default();
        match &mut self.calls.get_mut(&id)?.state {
            State::Calling(calling) => {
                let early = calling.early.iter_mut().find(|early| early.tag == tag)?;
                Some((&mut early.dialog, calling.peer.clone()))
            }
            State::Up(up) if up.dialog.remote_tag == tag => Some((&mut up.dialog, up.peer.clone())),
            State::Up(_) | State::Offered(_) => None,
        }
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
            _ => self.dialog_of(errand.call, &errand.request).is_some(),
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
        if errand.tries >= 2 {
            return false;
        }
        let Some((_, peer)) = self.dialog_of(errand.call, &errand.request) else {
            return false;
        };
        let mut request = errand.request.clone();
        if status == 422 {
            let Some(longer) = super::session::with_longer_interval(&request, response) else {
                return false;
            };
            request = longer;
        } else if !self.challenged(&peer, &request, response, errand.tries) {
            return false;
        }
        let Some((dialog, _)) = self.dialog_of(errand.call, &request) else {
            return false;
        };
        let request = dialog.renumbered(&request);
        self.run_errand(errand.call, errand.purpose, request, errand.tries + 1);
        true
    }

    /// The far end lost the call, or itself: RFC 3261 section 12.2.1.2.
    pub(super) fn end_lost(&mut self, id: CallRef, text: &str) {
        let ending = Ending::new(Side::Network, None).or_q850(102).or_text(text);
        if let Some(call) = self.finish(id, ending)
            && let State::Up(up) = call.state
        {
            self.leave(*up, EndCause::Normal);
        }
    }
}
