//! Calls that come in, and every other request outside a dialog.

use std::time::Duration;

use uuid::Uuid;

use super::{
    Core, TxId,
    call::{Call, Ending, Offered, Peer, ServerInvite, State, Unacked, Up},
    called::Called,
    dialog::Dialog,
    exchange::Exchange,
    goodbye::reason,
    reliable::ReliableState,
    secure::{begins_secure, came_openly},
    session::is_too_short,
    timers::Timer,
};
use crate::{
    CallRef, EndCause, Hop, Side, SipError, SipEvent, Source,
    message::{ALLOW, EXTENSIONS, Message, Method, NameAddr, Uri},
};

/// The house has this long to answer or refuse; then the call is refused with 480.
const UNANSWERED: Duration = Duration::from_secs(300);

impl Core {
    pub(super) fn on_request(&mut self, tx: TxId, request: &Message, from: Hop) {
        let Some(method) = request.method().cloned() else {
            return;
        };
        if let Some(status) = came_openly(request, from).or_else(|| unfit(request)) {
            let mut answer = self.refusal(request, status);
            if status == 420 {
                answer.push("Unsupported", unknown_extensions(request).join(", "));
            }
            if status == 480 {
                let me = self.me_towards(from);
                answer.push("Warning", format!("380 {me} \"SIPS Not Allowed\""));
            }
            return self.respond(tx, answer);
        }
        if self.is_scanner(request, from) {
            return self.refuse(tx, request, 403);
        }
        if request.tag_of_to().is_some() && method != Method::Register {
            return self.on_request_in_dialog(tx, request, &method, from);
        }
        match method {
            Method::Invite => self.on_invite(tx, request, from),
            Method::Register => self.on_register(tx, request, from),
            Method::Options => self.on_options(tx, request),
            Method::Bye
            | Method::Info
            | Method::Update
            | Method::Cancel
            | Method::Prack
            | Method::Notify => self.refuse(tx, request, 481),
            // A transfer of nothing.
            Method::Refer => self.refuse(tx, request, 403),
            Method::Ack => {}
            Method::Other(name) => self.refuse(tx, request, refusal_of(&name)),
        }
    }

    pub(super) fn on_options(&mut self, tx: TxId, request: &Message) {
        let answer = self.refusal(request, 200).with("Allow", ALLOW);
        self.respond(tx, answer.with("Accept", "application/sdp"));
    }

    fn on_invite(&mut self, tx: TxId, request: &Message, from: Hop) {
        let called = Called::of(request);
        let Some((source, pinned)) = self.source_of(tx, request, from, called.as_ref()) else {
            return;
        };
        if let Some(seconds) = self.turned_away() {
            let answer = self.refusal(request, 503);
            return self.respond(tx, answer.with("Retry-After", seconds.to_string()));
        }
        if self.is_merged(request) {
            return self.refuse(tx, request, 482);
        }
        let Some(called) = called.filter(|_| has_contact(request)) else {
            return self.refuse(tx, request, 400);
        };
        if !request.body.is_empty() && request.sdp().is_none() {
            let answer = self.refusal(request, 415).with("Accept", "application/sdp");
            return self.respond(tx, answer);
        }
        if !accepts_sdp(request) {
            return self.refuse(tx, request, 406);
        }
        if is_too_short(request) {
            return self.refuse_session(tx, request);
        }
        let replaces = match self.place_wanted(request) {
            Ok(found) => found,
            Err(status) => return self.refuse(tx, request, status),
        };
        if let Source::Phone(extension) = &source
            && let Some(status) = self.limit_phone(extension, called.user())
        {
            return self.refuse(tx, request, status);
        }
        let trying = self.reply(request, 100, "");
        self.respond(tx, trying);
        self.offer_call(tx, request, from, (source, pinned, replaces), &called);
    }

    fn offer_call(
        &mut self,
        tx: TxId,
        request: &Message,
        from: Hop,
        (source, pinned, replaces): (Source, bool, Option<CallRef>),
        called: &Called,
    ) {
        let id = CallRef(Uuid::from_u128(rand::Rng::random(&mut self.random)));
        let caller = caller_of(request, &source);
        let (credentials, trunk) = self.credentials_towards(&source);
        let peer = Peer {
            hop: from,
            pinned,
            credentials,
            trunk,
            profile: self.profile_towards(&source),
            contact_user: Uri::escape_user(called.user()),
            secure: begins_secure(request, from),
        };
        let local_tag = self.token();
        let offered = Offered {
            tx,
            request: request.clone(),
            rang: false,
            reliable: ReliableState::towards(request, peer.profile.reliable),
            exchange: Exchange::of(request),
            dialog: Dialog::of_request(request, &local_tag),
            peer,
        };
        let call = Call {
            call_id: request.call_id().to_owned(),
            local_tag,
            caller_tag: request.tag_of_from(),
            phone: match &source {
                Source::Phone(extension) => Some(extension.clone()),
                Source::Gateway(_) | Source::Account(_) => None,
            },
            called_phone: None,
            speaks: None,
            state: State::Offered(Box::new(offered)),
        };
        self.add_call(id, call);
        self.server_invites.insert(tx, ServerInvite::Call(id));
        self.after(UNANSWERED, Timer::Unanswered(id));
        self.tell(SipEvent::Incoming {
            call: id,
            from: caller.0,
            from_name: caller.1,
            to: called.number(self.account_of(&source)),
            source,
            sdp_offer: request.sdp().map(<[u8]>::to_vec),
            replaces,
            at: self.at(),
        });
    }

    /// The same request over another path (RFC 3261 section 8.2.2.2).
    fn is_merged(&self, request: &Message) -> bool {
        let caller_tag = request.tag_of_from().unwrap_or_default();
        self.by_caller
            .contains(&(request.call_id().to_owned(), caller_tag))
    }

    /// The offer counts where they wait for ours and its 180 is reliable.
    pub(super) fn ring(&mut self, id: CallRef, offer: Option<Vec<u8>>) -> Result<(), SipError> {
        let call = self.calls.get_mut(&id).ok_or(SipError::NoSuchCall)?;
        let State::Offered(offered) = &mut call.state else {
            return if self.server_side(id) {
                Ok(())
            } else {
                Err(SipError::OutOfStep)
            };
        };
        if std::mem::replace(&mut offered.rang, true) {
            return Ok(());
        }
        let is_due = offered.reliable.wanted && offered.exchange.waits_for_our_offer();
        self.send_provisional(id, 180, offer.filter(|_| is_due));
        Ok(())
    }

    /// Early media.
    pub(super) fn progress(&mut self, id: CallRef, sdp: Vec<u8>) -> Result<(), SipError> {
        let call = self.calls.get_mut(&id).ok_or(SipError::NoSuchCall)?;
        let State::Offered(offered) = &mut call.state else {
            return Err(SipError::OutOfStep);
        };
        offered.rang = true;
        self.send_provisional(id, 183, Some(sdp));
        Ok(())
    }

    pub(super) fn answer(&mut self, id: CallRef, sdp: Vec<u8>) -> Result<(), SipError> {
        let call = self.calls.get_mut(&id).ok_or(SipError::NoSuchCall)?;
        let State::Offered(offered) = &mut call.state else {
            return if self.server_side(id) {
                Ok(())
            } else {
                Err(SipError::OutOfStep)
            };
        };
        if offered.reliable.holds_answer() {
            offered.reliable.answer = Some(sdp);
            return Ok(());
        }
        let (tx, peer, invite) = (offered.tx, offered.peer.clone(), offered.request.clone());
        let tag = call.local_tag.clone();
        let offers = offered.exchange.waits_for_our_offer();
        let (local_sdp, body) = offered.exchange.conclude(sdp);
        let mut up = Up::new(offered.dialog.clone(), peer, local_sdp, &invite);
        up.unacked = Some(Unacked {
            tx,
            first: true,
            offered: offers,
        });
        let contact = self.contact_for(&up.peer);
        if let Some(call) = self.calls.get_mut(&id) {
            call.state = State::Up(Box::new(up));
        }
        let ok = self
            .reply(&invite, 200, &tag)
            .with("Contact", contact)
            .with("Allow", ALLOW)
            .with("Supported", EXTENSIONS.join(", "));
        let ok = self.grant_session(id, &invite, ok);
        self.respond(tx, ok.with_body("application/sdp", body));
        Ok(())
    }

    /// Whether this answered call came in: then ringing and answering it again is harmless.
    fn server_side(&self, id: CallRef) -> bool {
        self.calls.get(&id).is_some_and(|call| match &call.state {
            State::Up(up) => up.dialog.was_offered_to_us(),
            State::Offered(_) => true,
            State::Calling(_) => false,
        })
    }

    pub(super) fn refuse_call(&mut self, id: CallRef, cause: EndCause) {
        self.close_offer(id, cause.status(), Some(cause));
        let ending = Ending::new(Side::Us, Some(cause.status())).or_q850(cause.q850());
        self.finish(id, ending);
    }

    /// Sends the final refusal of an INVITE that waits for the house.
    pub(super) fn close_offer(&mut self, id: CallRef, status: u16, cause: Option<EndCause>) {
        let Some(call) = self.calls.get(&id) else {
            return;
        };
        let State::Offered(offered) = &call.state else {
            return;
        };
        let mut answer = self.reply(&offered.request, status, &call.local_tag);
        if let Some(cause) = cause {
            answer.push("Reason", reason(cause));
        }
        let tx = offered.tx;
        self.server_invites.remove(&tx);
        self.respond(tx, answer);
    }

    pub(super) fn on_never_answered(&mut self, id: CallRef) {
        if matches!(
            self.calls.get(&id).map(|c| &c.state),
            Some(State::Offered(_))
        ) {
            self.refuse_call(id, EndCause::NoAnswer);
        }
    }

    pub(super) fn on_cancel(&mut self, tx: TxId) {
        let Some(ServerInvite::Call(id)) = self.server_invites.get(&tx) else {
            return;
        };
        let id = *id;
        if matches!(
            self.calls.get(&id).map(|c| &c.state),
            Some(State::Offered(_))
        ) {
            self.close_offer(id, 487, None);
            self.finish(id, Ending::new(Side::Them, Some(487)).or_text("cancelled"));
        }
    }

    pub(super) fn on_ack(&mut self, tx: TxId, ack: &Message) {
        match self.server_invites.remove(&tx) {
            Some(ServerInvite::Call(id)) => self.on_call_acked(id, tx, ack),
            Some(ServerInvite::Leaving(goodbye)) => self.say_goodbye(*goodbye),
            None => {}
        }
    }

    fn on_call_acked(&mut self, id: CallRef, tx: TxId, ack: &Message) {
        let at = self.at();
        let Some(up) = self.up(id) else {
            return;
        };
        let Some(unacked) = up.unacked.take_if(|u| u.tx == tx) else {
            return;
        };
        let sdp = ack.sdp().filter(|_| unacked.offered).map(<[u8]>::to_vec);
        let local_sdp = up.local_sdp.clone();
        if unacked.first {
            self.tell(SipEvent::Confirmed { call: id, sdp, at });
        } else if let Some(remote_sdp) = sdp {
            self.tell(SipEvent::MediaChanged {
                call: id,
                remote_sdp,
                local_sdp,
                at,
            });
        }
        self.offer_next(id);
    }

    /// RFC 3261 section 13.3.1.4: a 2xx that nobody acknowledges ends the session.
    pub(super) fn on_no_ack(&mut self, tx: TxId) {
        match self.server_invites.remove(&tx) {
            Some(ServerInvite::Leaving(goodbye)) => self.say_goodbye(*goodbye),
            Some(ServerInvite::Call(id)) => {
                let ending = Ending::new(Side::Network, None).or_q850(102);
                let Some(call) = self.finish(id, ending.or_text("no ACK")) else {
                    return;
                };
                if let State::Up(mut up) = call.state {
                    up.unacked = None;
                    self.leave(*up, EndCause::Normal);
                }
            }
            None => {}
        }
    }
}

/// The status with which a request is refused whatever its method (RFC 3261 section 8.2).
fn unfit(request: &Message) -> Option<u16> {
    let scheme = request
        .uri()
        .and_then(|u| u.split_once(':'))
        .map(|(s, _)| s.to_ascii_lowercase());
    if !matches!(scheme.as_deref(), Some("sip" | "sips" | "tel")) {
        return Some(416);
    }
    // Headers have no place in a Request-URI (RFC 3261 section 19.1.1).
    if request.uri().is_some_and(|u| u.contains('?')) {
        return Some(400);
    }
    if !unknown_extensions(request).is_empty() {
        return Some(420);
    }
    let encoded = |e: &str| !e.eq_ignore_ascii_case("identity");
    request
        .header("Content-Encoding")
        .is_some_and(encoded)
        .then_some(415)
}

fn unknown_extensions(request: &Message) -> Vec<&str> {
    let known = |tag: &str| EXTENSIONS.iter().any(|e| e.eq_ignore_ascii_case(tag));
    request.list("Require").filter(|t| !known(t)).collect()
}

/// Whether our session description may be sent to the caller. Without an Accept it may.
fn accepts_sdp(request: &Message) -> bool {
    let fits = |range: &str| {
        let range = range.split(';').next().unwrap_or_default().trim();
        ["application/sdp", "application/*", "*/*"]
            .iter()
            .any(|r| r.eq_ignore_ascii_case(range))
    };
    let mut accepts = request.list("Accept").peekable();
    accepts.peek().is_none() || accepts.any(fits)
}

/// Number and name of the caller: From, or for a call that hides there behind a gateway, what the
/// network asserts (RFC 3325). Both are missing of a caller who hides everywhere: the words that
/// stand there instead are nobody's number.
fn caller_of(request: &Message, source: &Source) -> (String, Option<String>) {
    let read = |value: &str| {
        let address = NameAddr::parse(value)?;
        let uri = Uri::parse(&address.uri)?;
        (!hides(&uri)).then_some((uri.user, address.name))
    };
    let from = request.header("From").and_then(read);
    let asserted = || match source {
        Source::Gateway(_) => request.list("P-Asserted-Identity").find_map(read),
        Source::Phone(_) | Source::Account(_) => None,
    };
    from.or_else(asserted).unwrap_or_default()
}

/// Whether an address is there to hide one (RFC 3323 section 4.1.1.3, and the words that switches
/// send).
fn hides(uri: &Uri) -> bool {
    let words = [
        "",
        "anonymous",
        "unknown",
        "restricted",
        "unavailable",
        "private",
    ];
    let host = uri.host.trim_end_matches('.').to_ascii_lowercase();
    words.iter().any(|word| uri.user.eq_ignore_ascii_case(word))
        || host == "invalid"
        || host.ends_with(".invalid")
}

fn has_contact(request: &Message) -> bool {
    request
        .contact_uri()
        .is_some_and(|uri| Uri::parse(&uri).is_some())
}

/// 405 for methods of other RFCs, 501 for those that nobody knows.
pub(super) fn refusal_of(method: &str) -> u16 {
    let known = ["MESSAGE", "PUBLISH", "SUBSCRIBE"];
    if known.contains(&method) { 405 } else { 501 }
}
