//! Calls that we make.

use std::time::Duration;

use super::{
    Core, Output, TxId,
    call::{Call, Calling, ClientTx, Ending, GivingUp, Invite, Peer, State, Up},
    dialog::Dialog,
    early::{MAX_FORKS, answer_in},
    goodbye::{Goodbye, reason},
    timers::Timer,
    ways::Ways,
};
use crate::{
    CallRef, Destination, EndCause, Hop, Identity, Offer, Side, SipError, SipEvent,
    message::{Message, Method},
};

/// A 2xx to an INVITE that we gave up on is still answered with ACK and BYE for this long.
const LATE_2XX: Duration = Duration::from_secs(300);
/// An INVITE is sent again so often because of what the far end says of it (401, 407, 422).
const MAX_TRIES: u8 = 3;

impl Core {
    pub(super) fn invite(
        &mut self,
        id: CallRef,
        to: &Destination,
        caller: &Identity,
        offer: Offer,
        ring_timeout: Duration,
    ) -> Result<(), SipError> {
        if self.draining {
            return Err(SipError::ShuttingDown);
        }
        if self.calls.contains_key(&id) {
            return Err(SipError::CallExists);
        }
        let target = self.target(to, caller)?;
        let called_phone = match to {
            Destination::Phone { extension } => Some(extension.clone()),
            Destination::Gateway { .. } | Destination::Account { .. } => None,
        };
        let Offer { sdp, otherwise } = offer;
        self.admit_at_pace(target.gateway.as_deref())?;
        let local_tag = self.token();
        let call_id = format!("{}@{}", id.0.simple(), self.me.ip());
        let mut request = self.first_invite(&target, &local_tag, &call_id, sdp.clone());
        let peer = target.way.peer.clone();
        self.sign(&mut request, &peer);
        let ways = Ways::new(&target.way, target.more, target.gateway);
        let tx = self.send_invite(id, request, &peer);
        let calling = Calling {
            tx,
            peer,
            tries: 0,
            provisional: false,
            early: Vec::new(),
            giving_up: None,
            offer: sdp,
            otherwise,
            ways,
        };
        let state = State::Calling(Box::new(calling));
        self.add_call(
            id,
            Call {
                call_id,
                local_tag,
                caller_tag: None,
                phone: None,
                called_phone,
                speaks: None,
                state,
            },
        );
        self.after(ring_timeout, Timer::Ring(id));
        self.watch_way(id, tx);
        Ok(())
    }

    pub(super) fn send_invite(&mut self, call: CallRef, request: Message, peer: &Peer) -> u64 {
        let invite = Invite {
            call,
            request: request.clone(),
            peer: peer.clone(),
            acked: Vec::new(),
            abandoned: false,
        };
        self.launch(request, peer.hop, ClientTx::Invite(Box::new(invite)))
    }

    pub(super) fn on_invite_response(&mut self, number: u64, status: u16, response: &Message) {
        match status {
            100..=199 => self.on_provisional(number, status, response),
            200..=299 => self.on_invite_accepted(number, response),
            _ => self.on_invite_refused(number, status, response),
        }
    }

    fn on_provisional(&mut self, number: u64, status: u16, response: &Message) {
        let Some(ClientTx::Invite(invite)) = self.client_txs.get(&number) else {
            return;
        };
        let id = invite.call;
        let at = self.at();
        let Some(calling) = self.calling(id).filter(|c| c.tx == number) else {
            return self.cancel_abandoned(number);
        };
        calling.provisional = true;
        self.learn_keys(id, response);
        if !self.acknowledge_provisional(id, number, response) {
            return;
        }
        let sdp = response.sdp().map(<[u8]>::to_vec);
        if let Some(early) = self.early_dialog(id, number, response) {
            early.sdp = sdp.clone().or(early.sdp.take());
        }
        let Some(calling) = self.calling(id) else {
            return;
        };
        if calling.giving_up.is_some() {
            self.cancel(id);
        } else if matches!(status, 180 | 183) {
            self.tell(SipEvent::Ringing { call: id, sdp, at });
        }
    }

    fn on_invite_accepted(&mut self, number: u64, response: &Message) {
        let Some(ClientTx::Invite(invite)) = self.client_txs.get_mut(&number) else {
            return;
        };
        // These come by branch alone, and a branch of ours is easily guessed by a peer of ours.
        if response.call_id() != invite.request.call_id()
            || response.tag_of_from() != invite.request.tag_of_from()
        {
            return;
        }
        let tag = response.tag_of_to().unwrap_or_default();
        if let Some((_, ack, hop)) = invite.acked.iter().find(|(t, ..)| *t == tag) {
            let (message, to) = (ack.clone(), *hop);
            self.out.push(Output::SendAck { message, to });
            return;
        }
        if invite.acked.len() >= MAX_FORKS {
            return;
        }
        let id = invite.call;
        let peer = invite.peer.clone();
        let dialog = Dialog::of_response(&invite.request, response);
        let ack = dialog.ack(&invite.request);
        self.acknowledge(number, tag, ack, dialog.next_hop(&peer));
        self.drop_later(
            number,
            self.config.timers.give_up() + Duration::from_secs(1),
        );
        self.settle(id, number, dialog, peer, response);
    }

    /// Decides what an acknowledged 2xx means: the answer, a lost race, or one fork too many.
    fn settle(
        &mut self,
        id: CallRef,
        number: u64,
        mut dialog: Dialog,
        peer: Peer,
        response: &Message,
    ) {
        let at = self.at();
        self.learn_keys(id, response);
        let Some(calling) = self.calling(id).filter(|c| c.tx == number) else {
            return self.leave_fork(dialog, peer, EndCause::Normal);
        };
        let early = calling.early.iter().find(|e| e.tag == dialog.remote_tag);
        if let Some(early) = early {
            dialog.continue_from(&early.dialog);
        }
        if let Some(giving_up) = &calling.giving_up {
            let ending = given_up(giving_up, 487);
            let cause = giving_up.cause.unwrap_or(EndCause::NoAnswer);
            self.leave_fork(dialog, peer, cause);
            self.finish(id, ending);
            return;
        }
        let Some(sdp) = answer_in(response, &dialog.remote_tag, &calling.early) else {
            self.leave_fork(dialog, peer, EndCause::NotAcceptable);
            let ending = Ending::new(Side::Us, Some(488)).or_q850(88);
            self.finish(id, ending.or_text("answered without a session description"));
            return;
        };
        let local_sdp = std::mem::take(&mut calling.offer);
        let up = Up::new(dialog, peer, local_sdp, response);
        if let Some(call) = self.calls.get_mut(&id) {
            call.state = State::Up(Box::new(up));
        }
        self.tell(SipEvent::Answered { call: id, sdp, at });
        self.start_session(id, response);
    }

    fn leave_fork(&mut self, dialog: Dialog, peer: Peer, cause: EndCause) {
        self.say_goodbye(Goodbye::new(dialog, peer, cause));
    }

    fn acknowledge(&mut self, number: u64, tag: String, ack: Message, to: Hop) {
        let ack = self.send_ack(ack, to);
        if let Some(ClientTx::Invite(invite)) = self.client_txs.get_mut(&number) {
            invite.acked.push((tag, ack, to));
        }
    }

    /// Sends the ACK for a 2xx; gives it back as it went out.
    pub(super) fn send_ack(&mut self, mut ack: Message, to: Hop) -> Message {
        self.made_txs += 1;
        let branch = format!("{}{:x}", self.salt, self.made_txs);
        ack.prepend("Via", self.via(to, &branch));
        ack.push("Max-Forwards", "70");
        self.out.push(Output::SendAck {
            message: ack.clone(),
            to,
        });
        ack
    }

    fn on_invite_refused(&mut self, number: u64, status: u16, response: &Message) {
        let Some(ClientTx::Invite(invite)) = self.client_txs.remove(&number) else {
            return;
        };
        let id = invite.call;
        let hop = invite.peer.hop;
        if status == 503 {
            self.let_rest(hop, response);
        }
        let Some(calling) = self.calling(id).filter(|c| c.tx == number) else {
            return;
        };
        if let Some(giving_up) = &calling.giving_up {
            let mut ending = given_up(giving_up, status);
            let told = Ending::told_by(Side::Us, Some(status), response);
            ending.reason.q850 = told.reason.q850.or(ending.reason.q850);
            self.finish(id, ending);
            return;
        }
        let forwards_to = self.sent_on_to(id, status, response);
        let goes_on = match status {
            401 | 407 | 415 | 422 | 488 | 606 => self.try_again(&invite, status, response),
            300..=399 if forwards_to.is_none() => self.follow(&invite, response),
            503 => self.take_next_way(invite.copy()),
            _ => false,
        };
        if !goes_on {
            let told = Ending::told_by(Side::Them, Some(status), response);
            self.finish(
                id,
                Ending {
                    forwards_to,
                    ..told
                },
            );
        }
    }

    /// Sends the INVITE again with credentials, with the session interval that the far end wants, or
    /// with another offer. False when that is hopeless.
    fn try_again(&mut self, invite: &Invite, status: u16, response: &Message) -> bool {
        let Some(calling) = self.calling(invite.call) else {
            return false;
        };
        let (peer, tries) = (calling.peer.clone(), calling.tries);
        if tries >= MAX_TRIES {
            return false;
        }
        let mut request = invite.request.clone();
        if status == 422 {
            let Some(longer) = super::session::with_longer_interval(&request, response) else {
                return false;
            };
            request = longer;
        } else if matches!(status, 415 | 488 | 606) {
            let calling = self.calling(invite.call);
            let Some(offer) = calling.and_then(|c| {
                c.offer = c.otherwise.take()?;
                Some(c.offer.clone())
            }) else {
                return false;
            };
            request.body = offer;
        } else if !self.challenged(&peer, &invite.request, response, tries) {
            return false;
        }
        let number = request.cseq().map_or(1, |c| c.number) + 1;
        let mut request = request
            .without(&["Via", "CSeq", "Authorization", "Proxy-Authorization"])
            .with("CSeq", format!("{number} INVITE"));
        self.sign(&mut request, &peer);
        let tx = self.send_invite(invite.call, request, &peer);
        if let Some(calling) = self.calling(invite.call) {
            calling.tx = tx;
            calling.tries += 1;
            calling.provisional = false;
            calling.early.clear();
        }
        self.sent_again(invite.call);
        self.watch_way(invite.call, tx);
        true
    }

    pub(super) fn sent_again(&mut self, call: CallRef) {
        let at = self.at();
        self.tell(SipEvent::SentAgain { call, at });
    }

    pub(super) fn on_invite_unanswered(&mut self, number: u64, status: u16) {
        let Some(ClientTx::Invite(invite)) = self.client_txs.get_mut(&number) else {
            return;
        };
        // Should it wake up after all, it is told to stop.
        invite.abandoned = true;
        let (id, copy) = (invite.call, invite.copy());
        self.drop_later(number, LATE_2XX);
        self.suspect(copy.peer.hop);
        let Some(calling) = self.calling(id).filter(|c| c.tx == number) else {
            return;
        };
        if let Some(giving_up) = &calling.giving_up {
            let ending = given_up(giving_up, status);
            self.finish(id, ending.or_text("no answer to the INVITE"));
        } else if !self.take_next_way(copy) {
            self.finish(id, Self::no_way_left(status));
        }
    }

    pub(super) fn on_ring_timeout(&mut self, id: CallRef) {
        if self.calling(id).is_some_and(|c| c.giving_up.is_none()) {
            self.give_up(id, None);
        }
    }

    /// Cancels an outgoing call: at once, or as soon as a provisional response allows it.
    pub(super) fn give_up(&mut self, id: CallRef, cause: Option<EndCause>) {
        let Some(calling) = self.calling(id).filter(|c| c.giving_up.is_none()) else {
            return;
        };
        let giving_up = GivingUp {
            cause,
            cancelled: false,
        };
        if calling.ways.is_waiting() {
            return self.end_waiting(id, given_up(&giving_up, 487));
        }
        calling.giving_up = Some(giving_up);
        let provisional = calling.provisional;
        if provisional {
            self.cancel(id);
        }
        self.after(self.config.timers.give_up(), Timer::CancelGuard(id));
    }

    fn cancel(&mut self, id: CallRef) {
        let Some(calling) = self.calling(id) else {
            return;
        };
        let number = calling.tx;
        let Some(giving_up) = calling.giving_up.as_mut().filter(|g| !g.cancelled) else {
            return;
        };
        giving_up.cancelled = true;
        let cause = giving_up.cause.unwrap_or(EndCause::NoAnswer);
        let Some(ClientTx::Invite(invite)) = self.client_txs.get(&number) else {
            return;
        };
        let (request, to) = (invite.request.clone(), invite.peer.hop);
        self.send_cancel(&request, cause, to);
    }

    /// The CANCEL is a client transaction of its own, so that it is repeated.
    pub(super) fn send_cancel(&mut self, invite: &Message, cause: EndCause, to: Hop) {
        let message = cancel_of(invite, cause);
        self.made_txs += 1;
        let tx = self.made_txs;
        self.client_txs.insert(tx, ClientTx::Cancel);
        self.out.push(Output::Send {
            tx: TxId::Client(tx),
            message,
            to,
        });
    }

    /// The far end never answered our CANCEL, or never sent anything at all.
    pub(super) fn on_cancel_guard(&mut self, id: CallRef) {
        let Some(calling) = self.calling(id) else {
            return;
        };
        let Some(giving_up) = &calling.giving_up else {
            return;
        };
        let status = if calling.provisional { 487 } else { 408 };
        let ending = given_up(giving_up, status).or_text("no answer to the CANCEL");
        let (number, was_cancelled) = (calling.tx, giving_up.cancelled);
        if let Some(ClientTx::Invite(invite)) = self.client_txs.get_mut(&number) {
            invite.abandoned = !was_cancelled;
        }
        self.out.push(Output::Drop {
            tx: TxId::Client(number),
        });
        self.drop_later(number, LATE_2XX);
        self.finish(id, ending);
    }
}

/// The CANCEL of an INVITE: its Request-URI, Via and numbers (RFC 3261 section 9.1).
fn cancel_of(invite: &Message, cause: EndCause) -> Message {
    let mut cancel = Message::request(Method::Cancel, invite.uri().unwrap_or_default());
    if let Some(via) = invite.header("Via") {
        cancel.push("Via", via);
    }
    for name in ["Max-Forwards", "From", "To", "Call-ID", "Route"] {
        for value in invite.headers(name) {
            cancel.push(name, value);
        }
    }
    let number = invite.cseq().map_or(1, |c| c.number);
    cancel
        .with("CSeq", format!("{number} CANCEL"))
        .with("Reason", reason(cause))
}

/// The end of a call that we gave up on.
fn given_up(giving_up: &GivingUp, status: u16) -> Ending {
    let ending = Ending::new(Side::Us, Some(status));
    match giving_up.cause {
        Some(cause) => ending.or_q850(cause.q850()),
        None => ending.or_q850(19).or_text("rang too long"),
    }
}
