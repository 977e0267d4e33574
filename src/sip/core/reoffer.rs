//! Our own re-INVITEs: hold, resume, another address, session refresh (RFC 3261 section 14).

use std::time::Duration;

use rand::Rng as _;

use super::{
    Core, Output, TxId,
    call::{ClientTx, Peer, State, Up},
    dialog::Dialog,
    timers::Timer,
};
use crate::{
    CallRef, EndCause, Hop, SipError, SipEvent,
    message::{ALLOW, Message, Method},
    sdp::{self, Direction},
};

/// A re-INVITE that was answered for the time being has its final answer within this, or is cancelled.
const LONGEST: Duration = Duration::from_secs(120);

/// A re-INVITE that is out.
#[derive(Debug)]
pub(super) struct Reinvite {
    call: CallRef,
    request: Message,
    wish: Wish,
    offer: Vec<u8>,
    dialog: Dialog,
    peer: Peer,
    tries: u8,
    cancelled: bool,
    /// The ACK for its 2xx.
    acked: Option<(Message, Hop)>,
}

/// What a re-INVITE is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wish {
    /// Other media.
    Change(Vec<u8>),
    /// The session goes on, with the media as they are by then.
    Refresh,
}

/// How far a change of media that we want has come.
#[derive(Debug, Default)]
pub(super) struct Reoffering {
    /// The newest wish that is not out yet.
    wanted: Option<Wish>,
    /// The transaction that is under way.
    pending: Option<u64>,
    /// Both sides offered at once; ours waits.
    waits: bool,
}

impl Reoffering {
    pub(super) fn is_pending(&self) -> bool {
        self.pending.is_some()
    }
}

impl Core {
    pub(super) fn reoffer_command(&mut self, id: CallRef, offer: Vec<u8>) -> Result<(), SipError> {
        let call = self.calls.get(&id).ok_or(SipError::NoSuchCall)?;
        if !matches!(call.state, State::Up(_)) {
            return Err(SipError::OutOfStep);
        }
        self.want_offer(id, Wish::Change(offer));
        Ok(())
    }

    /// Offers as soon as no other offer is open. A change that waits refreshes the session, too.
    pub(super) fn want_offer(&mut self, id: CallRef, wish: Wish) {
        if let Some(up) = self.up(id) {
            match wish {
                Wish::Change(_) => up.reoffer.wanted = Some(wish),
                Wish::Refresh => {
                    up.reoffer.wanted.get_or_insert(wish);
                }
            }
        }
        self.offer_next(id);
    }

    pub(super) fn offer_next(&mut self, id: CallRef) {
        let Some(up) = self.up(id) else {
            return;
        };
        let busy = up.unacked.is_some() || up.reoffer.is_pending() || up.reoffer.waits;
        if !busy && let Some(wish) = up.reoffer.wanted.take() {
            self.send_reinvite(id, wish);
        }
    }

    fn send_reinvite(&mut self, id: CallRef, wish: Wish) {
        let Some(up) = self.up(id) else {
            return;
        };
        let offer = match &wish {
            Wish::Change(offer) => offer.clone(),
            Wish::Refresh => up.local_sdp.clone(),
        };
        if let Ok(request) = self.in_dialog(id, Method::Invite) {
            let request = self
                .with_session(id, request.with("Allow", ALLOW))
                .with_body("application/sdp", offer);
            self.launch_reinvite(id, request, wish, 0);
        }
    }

    fn launch_reinvite(&mut self, id: CallRef, mut request: Message, wish: Wish, tries: u8) {
        let Some(up) = self.up(id) else {
            return;
        };
        let offer = request.body.clone();
        let (peer, dialog) = (up.peer.clone(), up.dialog.clone());
        let hop = dialog.next_hop(&peer);
        self.sign(&mut request, &peer);
        let reinvite = Reinvite {
            call: id,
            request: request.clone(),
            wish,
            offer,
            dialog,
            peer,
            tries,
            cancelled: false,
            acked: None,
        };
        let tx = self.launch(request, hop, ClientTx::Reinvite(Box::new(reinvite)));
        if let Some(up) = self.up(id) {
            up.reoffer.pending = Some(tx);
        }
        self.after(LONGEST, Timer::Reoffer(id, tx));
    }

    /// Nobody has decided about our offer: it is cancelled, and counts as refused when not even that is
    /// answered, so that the next one can be made.
    pub(super) fn on_reoffer_timer(&mut self, id: CallRef, number: u64) {
        let is_pending = |up: &mut Up| up.reoffer.pending == Some(number);
        if !self.up(id).is_some_and(is_pending) {
            return;
        }
        let Some(ClientTx::Reinvite(reinvite)) = self.client_txs.get_mut(&number) else {
            return;
        };
        if std::mem::replace(&mut reinvite.cancelled, true) {
            let wish = reinvite.wish.clone();
            self.client_txs.remove(&number);
            self.out.push(Output::Drop {
                tx: TxId::Client(number),
            });
            return self.offer_failed(id, &wish, 487);
        }
        let (request, hop) = (
            reinvite.request.clone(),
            reinvite.dialog.next_hop(&reinvite.peer),
        );
        self.send_cancel(&request, EndCause::Normal, hop);
        self.after(self.config.timers.give_up(), Timer::Reoffer(id, number));
    }

    pub(super) fn on_reinvite_response(&mut self, number: u64, status: u16, response: &Message) {
        match status {
            0..=199 => {}
            200..=299 => self.on_reinvite_accepted(number, response),
            _ => self.on_reinvite_refused(number, status, response),
        }
    }

    fn on_reinvite_accepted(&mut self, number: u64, response: &Message) {
        let Some(ClientTx::Reinvite(reinvite)) = self.client_txs.get_mut(&number) else {
            return;
        };
        // These come by branch alone.
        if response.call_id() != reinvite.request.call_id()
            || response.tag_of_from() != reinvite.request.tag_of_from()
        {
            return;
        }
        if let Some((message, to)) = reinvite.acked.clone() {
            return self.out.push(Output::SendAck { message, to });
        }
        let (id, wish, offer) = (reinvite.call, reinvite.wish.clone(), reinvite.offer.clone());
        reinvite.dialog.refresh(response);
        let ack = reinvite.dialog.ack(&reinvite.request);
        let hop = reinvite.dialog.next_hop(&reinvite.peer);
        let ack = self.send_ack(ack, hop);
        if let Some(ClientTx::Reinvite(reinvite)) = self.client_txs.get_mut(&number) {
            reinvite.acked = Some((ack, hop));
        }
        self.drop_later(
            number,
            self.config.timers.give_up() + Duration::from_secs(1),
        );
        self.settle_reoffer(id, number, &wish, offer, response);
    }

    fn settle_reoffer(
        &mut self,
        id: CallRef,
        number: u64,
        wish: &Wish,
        offer: Vec<u8>,
        response: &Message,
    ) {
        let at = self.at();
        let Some(up) = self.up(id).filter(|up| up.reoffer.pending == Some(number)) else {
            return;
        };
        up.reoffer.pending = None;
        up.dialog.refresh(response);
        match response.sdp() {
            Some(answer) => {
                up.local_sdp.clone_from(&offer);
                if let Wish::Change(_) = wish {
                    up.wanted = direction_of(&offer);
                }
                let remote_sdp = answer.to_vec();
                self.tell(SipEvent::MediaChanged {
                    call: id,
                    remote_sdp,
                    local_sdp: offer,
                    at,
                });
            }
            None if *wish == Wish::Refresh => {}
            None => self.tell(SipEvent::ReofferRefused {
                call: id,
                sip_status: 488,
                at,
            }),
        }
        self.start_session(id, response);
        self.offer_next(id);
    }

    fn on_reinvite_refused(&mut self, number: u64, status: u16, response: &Message) {
        let Some(ClientTx::Reinvite(reinvite)) = self.client_txs.remove(&number) else {
            return;
        };
        let id = reinvite.call;
        let Some(up) = self.up(id).filter(|up| up.reoffer.pending == Some(number)) else {
            return;
        };
        up.reoffer.pending = None;
        match status {
            401 | 407 | 422 if self.reinvite_again(&reinvite, status, response) => {}
            491 => self.wait_for_them(id, reinvite.wish),
            408 | 481 => self.end_lost(id, "no answer to the re-INVITE"),
            _ => self.offer_failed(id, &reinvite.wish, status),
        }
    }

    fn offer_failed(&mut self, call: CallRef, wish: &Wish, sip_status: u16) {
        let at = self.at();
        if let Some(up) = self.up(call) {
            up.reoffer.pending = None;
        }
        if let Wish::Change(_) = wish {
            self.tell(SipEvent::ReofferRefused {
                call,
                sip_status,
                at,
            });
        }
        self.refresh_again(call);
        self.offer_next(call);
    }

    fn reinvite_again(&mut self, reinvite: &Reinvite, status: u16, response: &Message) -> bool {
        let id = reinvite.call;
        let Some(peer) = self.up(id).map(|up| up.peer.clone()) else {
            return false;
        };
        if reinvite.tries >= 2 {
            return false;
        }
        let mut request = reinvite.request.clone();
        if status == 422 {
            let Some(longer) = super::session::with_longer_interval(&request, response) else {
                return false;
            };
            request = longer;
        } else if !self.challenged(&peer, &request, response, reinvite.tries) {
            return false;
        }
        let Some(up) = self.up(id) else {
            return false;
        };
        let request = up.dialog.renumbered(&request);
        self.launch_reinvite(id, request, reinvite.wish.clone(), reinvite.tries + 1);
        true
    }

    /// RFC 3261 section 14.1: who owns the Call-ID waits longer.
    fn wait_for_them(&mut self, id: CallRef, wish: Wish) {
        let theirs = self.up(id).is_some_and(|up| up.dialog.was_offered_to_us());
        let wait_ms = if theirs {
            self.random.random_range(0..=200) * 10
        } else {
            self.random.random_range(210..=400) * 10
        };
        if let Some(up) = self.up(id) {
            up.reoffer.waits = true;
            if up
                .reoffer
                .wanted
                .as_ref()
                .is_none_or(|newer| *newer == Wish::Refresh)
            {
                up.reoffer.wanted = Some(wish);
            }
        }
        self.after(Duration::from_millis(wait_ms), Timer::Glare(id));
    }

    pub(super) fn on_glare_timer(&mut self, id: CallRef) {
        if let Some(up) = self.up(id) {
            up.reoffer.waits = false;
        }
        self.offer_next(id);
    }
}

/// Whether an offer of ours holds, and how.
fn direction_of(offer: &[u8]) -> Direction {
    let session = sdp::parse(offer).ok();
    let audio = session.as_ref().and_then(sdp::Session::audio);
    audio.map_or(Direction::SendRecv, |audio| audio.direction)
}
