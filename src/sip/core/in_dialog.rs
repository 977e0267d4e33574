//! Their requests inside a dialog: BYE, re-INVITE, UPDATE, INFO, OPTIONS.

use super::{
    Core, TxId,
    call::{Call, Ending, ServerInvite, State, Unacked, Up},
    incoming::refusal_of,
    session::is_too_short,
    target::MIN_SESSION_S,
};
use crate::{
    CallRef, EndCause, Hop, Side, SipEvent,
    message::{ALLOW, Message, Method},
    sdp::{self, Direction, Local},
};

/// What a re-INVITE or UPDATE asks for.
pub(super) enum Reoffer {
    /// Change the media: what they offer, and our answer.
    Offer {
        theirs: Vec<u8>,
        ours: Vec<u8>,
    },
    /// No offer: refresh, or make one ourselves.
    Silent,
    Refused,
}

impl Core {
    pub(super) fn on_request_in_dialog(
        &mut self,
        tx: TxId,
        request: &Message,
        method: &Method,
        from: Hop,
    ) {
        let Some(id) = self.call_of(request) else {
            return self.refuse(tx, request, 481);
        };
        if !self.is_next(id, request) {
            // RFC 3261 section 12.2.2: out of order.
            return self.refuse(tx, request, 500);
        }
        if let Some(up) = self.up(id).filter(|up| up.peer.pinned) {
            // It has moved, or its stream is a new one.
            up.peer.hop = from;
        }
        match method {
            Method::Bye => self.on_bye(tx, request, id),
            Method::Invite => self.on_reinvite(tx, request, id),
            Method::Update => self.on_update(tx, request, id),
            Method::Info => self.on_info(tx, request, id),
            Method::Options => self.on_options(tx, request),
            Method::Prack => self.on_prack(tx, request, id),
            Method::Refer => self.on_refer(tx, request, id),
            Method::Notify => self.on_notify(tx, request, id),
            Method::Ack | Method::Cancel | Method::Register => self.refuse(tx, request, 405),
            Method::Other(name) => self.refuse(tx, request, refusal_of(name)),
        }
    }

    fn call_of(&self, request: &Message) -> Option<CallRef> {
        let key = (request.call_id().to_owned(), request.tag_of_to()?);
        let id = *self.by_dialog.get(&key)?;
        let theirs = request.tag_of_from();
        let call = self.calls.get(&id)?;
        let same = match &call.state {
            State::Calling(calling) => calling
                .early
                .iter()
                .any(|early| Some(&early.tag) == theirs.as_ref()),
            State::Offered(offered) => offered.request.tag_of_from() == theirs,
            State::Up(up) => theirs.as_deref().unwrap_or_default() == up.dialog.remote_tag,
        };
        same.then_some(id)
    }

    /// Whether the request's number is higher than all before; remembers it.
    fn is_next(&mut self, id: CallRef, request: &Message) -> bool {
        let Some(number) = request.cseq().map(|c| c.number) else {
            return false;
        };
        let dialog = match self.calls.get_mut(&id).map(|call| &mut call.state) {
            Some(State::Up(up)) => &mut up.dialog,
            Some(State::Offered(offered)) => &mut offered.dialog,
            Some(State::Calling(_)) | None => return true,
        };
        let next = dialog.remote_cseq.is_none_or(|last| number > last);
        if next {
            dialog.remote_cseq = Some(number);
        }
        next
    }

    fn on_bye(&mut self, tx: TxId, request: &Message, id: CallRef) {
        let ok = self.reply(request, 200, "");
        self.respond(tx, ok);
        match self.calls.get(&id).map(|c| &c.state) {
            // The called side must not do that, but then it does not want the call.
            Some(State::Calling(_)) => self.give_up(id, Some(EndCause::Normal)),
            Some(State::Offered(_)) => {
                self.close_offer(id, 487, None);
                self.finish(id, Ending::told_by(Side::Them, Some(487), request));
            }
            Some(State::Up(up)) => {
                if let Some(unacked) = up.unacked.as_ref().map(|u| u.tx) {
                    self.server_invites.remove(&unacked);
                }
                self.finish(id, Ending::told_by(Side::Them, None, request).or_q850(16));
            }
            None => {}
        }
    }

    fn on_reinvite(&mut self, tx: TxId, request: &Message, id: CallRef) {
        let Some(call) = self.calls.get(&id) else {
            return;
        };
        let open = |up: &Up| up.unacked.is_some() || up.reoffer.is_pending();
        if !matches!(&call.state, State::Up(up) if !open(up)) {
            // RFC 3261 section 14.2: one offer at a time.
            return self.refuse(tx, request, 491);
        }
        if is_too_short(request) {
            return self.refuse_session(tx, request);
        }
        let reoffer = self.reoffer(call, request);
        let offered = matches!(reoffer, Reoffer::Silent);
        if let Some(ok) = self.apply(id, request, reoffer, offered, tx)
            && let Some(up) = self.up(id)
        {
            up.unacked = Some(Unacked {
                tx,
                first: false,
                offered,
            });
            self.server_invites.insert(tx, ServerInvite::Call(id));
            self.respond(tx, ok);
        }
    }

    fn on_update(&mut self, tx: TxId, request: &Message, id: CallRef) {
        let Some(call) = self.calls.get(&id) else {
            return;
        };
        let has_offer = request.sdp().is_some();
        let reoffer = match &call.state {
            _ if is_too_short(request) => return self.refuse_session(tx, request),
            State::Up(up) if up.unacked.is_none() && !up.reoffer.is_pending() => {
                self.reoffer(call, request)
            }
            State::Calling(_) if has_offer => return self.on_early_update(tx, request, id),
            // An offer is open already (RFC 3311 section 5.2): ours, or theirs without an answer.
            State::Up(_) if has_offer => return self.refuse(tx, request, 491),
            State::Offered(_) => return self.on_update_offered(tx, request, id),
            State::Up(_) => Reoffer::Silent,
            State::Calling(_) => {
                let ok = self.reply(request, 200, "").with("Allow", ALLOW);
                return self.respond(tx, ok);
            }
        };
        if let Some(ok) = self.apply(id, request, reoffer, false, tx) {
            self.respond(tx, ok);
        }
    }

    /// An offer before the answer: legal once ours was answered reliably (RFC 3311 section 5.2).
    fn on_early_update(&mut self, tx: TxId, request: &Message, id: CallRef) {
        let theirs = request.tag_of_from();
        if !self.is_settled_early(id, theirs.as_deref()) {
            return self.refuse(tx, request, 491);
        }
        let Some(calling) = self.calling(id) else {
            return;
        };
        let Reoffer::Offer { theirs: sdp, ours } = answer_reoffer(request, &calling.offer) else {
            return self.refuse(tx, request, 488);
        };
        calling.offer.clone_from(&ours);
        let peer = calling.peer.clone();
        if let Some(early) = calling
            .early
            .iter_mut()
            .find(|e| Some(&e.tag) == theirs.as_ref())
        {
            early.sdp = Some(sdp.clone());
        }
        let contact = self.contact_for(&peer);
        let ok = self.reply(request, 200, "").with("Contact", contact);
        self.respond(tx, ok.with_body("application/sdp", ours));
        self.tell(SipEvent::Ringing {
            call: id,
            sdp: Some(sdp),
            at: self.at(),
        });
    }

    fn reoffer(&self, call: &Call, request: &Message) -> Reoffer {
        match &call.state {
            State::Up(up) => answer_from(request, &up.local_sdp, call.speaks.as_deref(), up.wanted),
            _ => Reoffer::Refused,
        }
    }

    /// RFC 4028 section 9: an interval below what we keep up.
    pub(super) fn refuse_session(&mut self, tx: TxId, request: &Message) {
        let answer = self.refusal(request, 422);
        self.respond(tx, answer.with("Min-SE", MIN_SESSION_S.to_string()));
    }

    /// Changes the call and makes the 200; or refuses with 488 and changes nothing.
    fn apply(
        &mut self,
        id: CallRef,
        request: &Message,
        reoffer: Reoffer,
        offer_ourselves: bool,
        tx: TxId,
    ) -> Option<Message> {
        if matches!(reoffer, Reoffer::Refused) {
            self.refuse(tx, request, 488);
            return None;
        }
        let at = self.at();
        let mut body = if offer_ourselves {
            self.full_offer(id)
        } else {
            Vec::new()
        };
        let up = self.up(id)?;
        up.dialog.refresh(request);
        let peer = up.peer.clone();
        if let Reoffer::Offer { theirs, ours } = reoffer {
            up.local_sdp.clone_from(&ours);
            body.clone_from(&ours);
            let (remote_sdp, local_sdp) = (theirs, ours);
            self.tell(SipEvent::MediaChanged {
                call: id,
                remote_sdp,
                local_sdp,
                at,
            });
        }
        let contact = self.contact_for(&peer);
        let ok = self
            .reply(request, 200, "")
            .with("Contact", contact)
            .with("Allow", ALLOW);
        let ok = self.grant_session(id, request, ok);
        Some(ok.with_body("application/sdp", body))
    }

    /// What a re-INVITE without an offer gets (RFC 6337 section 5.3): all that we speak, and no hold
    /// but our own; for they may want to resume.
    fn full_offer(&mut self, id: CallRef) -> Vec<u8> {
        let Some(call) = self.calls.get_mut(&id) else {
            return Vec::new();
        };
        let State::Up(up) = &mut call.state else {
            return Vec::new();
        };
        let last = sdp::parse(&up.local_sdp);
        let offer =
            last.and_then(|last| sdp::offer_again(&last, call.speaks.as_deref(), up.wanted));
        if let Ok(offer) = offer {
            up.local_sdp = offer;
        }
        up.local_sdp.clone()
    }

    fn on_info(&mut self, tx: TxId, request: &Message, id: CallRef) {
        let ok = self.reply(request, 200, "");
        self.respond(tx, ok);
        let at = self.at();
        match signal_in(request) {
            Some(Signal::Digit(digit, ms)) => self.tell(SipEvent::InfoDigit {
                call: id,
                digit,
                ms,
                at,
            }),
            Some(Signal::Flash) => self.tell(SipEvent::HookFlash { call: id, at }),
            None => {}
        }
    }
}

/// Their new offer with our answer to it, which says what our last description said.
pub(super) fn answer_reoffer(request: &Message, last: &[u8]) -> Reoffer {
    answer_from(request, last, None, Direction::SendRecv)
}

/// The same, chosen from all that we speak in the call.
fn answer_from(
    request: &Message,
    last: &[u8],
    speaks: Option<&Local>,
    wanted: Direction,
) -> Reoffer {
    let Some(theirs) = request.sdp() else {
        return if request.body.is_empty() {
            Reoffer::Silent
        } else {
            Reoffer::Refused
        };
    };
    let answered = sdp::parse(theirs).and_then(|offer| {
        let last = sdp::parse(last)?;
        sdp::answer_again(&offer, &last, speaks, wanted)
    });
    match answered {
        Ok(ours) => Reoffer::Offer {
            theirs: theirs.to_vec(),
            ours,
        },
        Err(_) => Reoffer::Refused,
    }
}

/// What an INFO tells of the far end's telephone.
enum Signal {
    Digit(char, u32),
    Flash,
}

/// `Signal=5` with `Duration=160`, or the bare digit of `application/dtmf`; the flash goes by several names.
fn signal_in(info: &Message) -> Option<Signal> {
    let kind = info.header("Content-Type")?.to_ascii_lowercase();
    let text = String::from_utf8_lossy(&info.body);
    let (signal, ms) = match kind.split(';').next()?.trim() {
        "application/dtmf" => (text.trim().to_owned(), 160),
        "application/dtmf-relay" => {
            let field = |name: &str| {
                text.lines()
                    .filter_map(|l| l.split_once('='))
                    .find(|(n, _)| n.trim().eq_ignore_ascii_case(name))
                    .map(|(_, v)| v.trim().to_owned())
            };
            (
                field("Signal")?,
                field("Duration")
                    .and_then(|d| d.parse().ok())
                    .unwrap_or(160),
            )
        }
        "application/hook-flash" => return Some(Signal::Flash),
        _ => return None,
    };
    if ["16", "hf", "flash", "!"].contains(&signal.to_ascii_lowercase().as_str()) {
        return Some(Signal::Flash);
    }
    let digit = match signal.as_str() {
        "10" => '*',
        "11" => '#',
        one => one
            .chars()
            .next()
            .filter(|_| one.len() == 1)?
            .to_ascii_uppercase(),
    };
    matches!(digit, '0'..='9' | 'A'..='D' | '*' | '#').then_some(Signal::Digit(digit, ms))
}
