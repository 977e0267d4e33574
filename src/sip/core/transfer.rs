//! REFER and Replaces (RFC 3515, RFC 3891): the far end asks for a transfer, or we ask it for one.

use std::time::Duration;

use super::{Core, TxId, call::State, errands::Purpose, timers::Timer};
use crate::{
    CallRef, SipError, SipEvent,
    message::{Message, Method, NameAddr, Params, Uri, reason_phrase, unescape},
};

/// Who has accepted a REFER tells of it within this time; RFC 3515 section 2.4.4 wants it at once.
const FIRST_WORD_S: u64 = 60;
/// And goes on telling within this time, where it does not say for how long it does.
const NEXT_WORD_S: u64 = 180;
/// Nobody is waited for longer, whatever it says.
const LAST_WORD_S: u64 = 3_600;

/// What a transfer has come to of which nothing was told.
const UNTOLD: u16 = 408;

/// A transfer that we asked for.
#[derive(Debug, Default)]
pub(super) struct Referral {
    /// It is not over.
    open: bool,
    /// The far end has told of it.
    told: bool,
    /// Tells the timers of earlier waits apart.
    turn: u64,
}

impl Core {
    pub(super) fn on_refer(&mut self, tx: TxId, request: &Message, id: CallRef) {
        let Some(up) = self.up(id) else {
            return self.refuse(tx, request, 481);
        };
        let busy = up.asked_transfer.is_some();
        let wish = request.list("Refer-To").next().and_then(NameAddr::parse);
        let single = request.headers("Refer-To").count() == 1;
        let Some(uri) = wish.map(|w| w.uri).filter(|_| single) else {
            return self.refuse(tx, request, 400);
        };
        let Some(to) = Uri::parse(&uri).filter(|u| matches!(&*u.scheme, "sip" | "sips" | "tel"))
        else {
            return self.refuse(tx, request, 416);
        };
        if busy {
            return self.refuse(tx, request, 491);
        }
        let replaces = match replaces_in(&uri).map(|value| self.replaced(&value)) {
            Some(None) => return self.refuse(tx, request, 481),
            Some(found) => found,
            None => None,
        };
        if replaces.is_none() && !Uri::is_dialable(&to.user) {
            return self.refuse(tx, request, 400);
        }
        let silent = request
            .header("Refer-Sub")
            .is_some_and(|v| v.trim().eq_ignore_ascii_case("false"));
        let number = request.cseq().map_or(0, |c| c.number);
        if let Some(up) = self.up(id) {
            up.asked_transfer = Some((!silent).then_some(number));
        }
        let accepted = self.reply(request, 202, "");
        let peer = self.up(id).map(|up| up.peer.clone());
        let contact = peer.map(|peer| self.contact_for(&peer));
        self.respond(tx, accepted.with("Contact", contact.unwrap_or_default()));
        self.notify(id, 100);
        self.tell(SipEvent::TransferAsked {
            call: id,
            to: to.user,
            replaces,
            at: self.at(),
        });
    }

    fn contact_user_of(&self, id: CallRef) -> String {
        match self.calls.get(&id).map(|c| &c.state) {
            Some(State::Up(up)) => up.peer.contact_user.clone(),
            _ => String::new(),
        }
    }

    /// Tells the far end how the transfer goes that it asked for.
    pub(super) fn transfer_result(&mut self, id: CallRef, status: u16) -> Result<(), SipError> {
        if !self.calls.contains_key(&id) {
            return Err(SipError::NoSuchCall);
        }
        let asked = self.up(id).is_some_and(|up| up.asked_transfer.is_some());
        if !asked || !(100..700).contains(&status) {
            return Err(SipError::OutOfStep);
        }
        self.notify(id, status);
        if status >= 200
            && let Some(up) = self.up(id)
        {
            up.asked_transfer = None;
        }
        Ok(())
    }

    fn notify(&mut self, id: CallRef, status: u16) {
        let Some(Some(number)) = self.up(id).and_then(|up| up.asked_transfer) else {
            return;
        };
        let Ok(notify) = self.in_dialog(id, Method::Notify) else {
            return;
        };
        let state = if status < 200 {
            "active;expires=180"
        } else {
            "terminated;reason=noresource"
        };
        let fragment = format!("SIP/2.0 {status} {}\r\n", reason_phrase(status));
        let notify = notify
            .with("Event", format!("refer;id={number}"))
            .with("Subscription-State", state)
            .with_body("message/sipfrag;version=2.0", fragment.into_bytes());
        self.run_errand(id, Purpose::Notify, notify, 0);
    }

    /// Asks the far end to call `number` instead of us, or to take the place of our call `replaces`.
    /// One transfer of a call at a time.
    pub(super) fn refer(
        &mut self,
        id: CallRef,
        number: &str,
        replaces: Option<CallRef>,
    ) -> Result<(), SipError> {
        let to = match replaces {
            Some(other) => self.refer_to_replace(other)?,
            None => {
                if !Uri::is_dialable(number) {
                    return Err(SipError::BadNumber);
                }
                let up = self.up(id).ok_or(SipError::OutOfStep)?;
                let host = up.dialog.remote_host();
                format!("<sip:{}@{host}>", Uri::escape_user(number))
            }
        };
        if self.up(id).is_some_and(|up| up.referral.open) {
            return Err(SipError::OutOfStep);
        }
        let us = format!("<sip:{}@{}>", self.contact_user_of(id), self.me);
        let refer = self
            .in_dialog(id, Method::Refer)?
            .with("Refer-To", to)
            .with("Referred-By", us);
        if let Some(up) = self.up(id) {
            (up.referral.open, up.referral.told) = (true, false);
        }
        self.run_errand(id, Purpose::Refer, refer, 0);
        Ok(())
    }

    fn refer_to_replace(&mut self, other: CallRef) -> Result<String, SipError> {
        let up = match self.calls.get(&other).map(|c| &c.state) {
            Some(State::Up(up)) => up,
            Some(_) => return Err(SipError::OutOfStep),
            None => return Err(SipError::NoSuchCall),
        };
        let local_tag = self.calls.get(&other).map(|c| c.local_tag.clone());
        let value = format!(
            "{};to-tag={};from-tag={}",
            up.dialog.call_id,
            up.dialog.remote_tag,
            local_tag.unwrap_or_default()
        );
        let target = up.dialog.target();
        Ok(format!("<{target}?Replaces={}>", escape_header(&value)))
    }

    pub(super) fn on_notify(&mut self, tx: TxId, request: &Message, id: CallRef) {
        let event = request.header("Event").unwrap_or_default();
        let event = event.split(';').next().unwrap_or_default().trim();
        if !event.eq_ignore_ascii_case("refer") {
            return self.refuse(tx, request, 489);
        }
        if !self.up(id).is_some_and(|up| up.referral.open) {
            return self.refuse(tx, request, 481);
        }
        if let Some(up) = self.up(id) {
            up.referral.told = true;
        }
        let ok = self.reply(request, 200, "");
        self.respond(tx, ok);
        let state = request.header("Subscription-State").unwrap_or_default();
        let over = state.trim().to_ascii_lowercase().starts_with("terminated");
        match status_in(&request.body) {
            Some(status) if over || status >= 200 => self.end_referral(id, status),
            None if over => self.end_referral(id, UNTOLD),
            status => {
                self.await_word(id, expiry_in(state).unwrap_or(NEXT_WORD_S));
                if let Some(sip_status) = status {
                    self.tell_referral(id, sip_status, false);
                }
            }
        }
    }

    /// Accepted, the far end tells how it goes; refused, it is over.
    pub(super) fn on_refer_response(&mut self, id: CallRef, status: u16) {
        let Some(up) = self.up(id).filter(|up| up.referral.open) else {
            return;
        };
        if status >= 300 {
            self.end_referral(id, status);
        } else if !up.referral.told {
            self.await_word(id, FIRST_WORD_S);
        }
    }

    fn await_word(&mut self, id: CallRef, wait_s: u64) {
        let Some(up) = self.up(id) else {
            return;
        };
        up.referral.turn += 1;
        let turn = up.referral.turn;
        self.after(Duration::from_secs(wait_s), Timer::Referral(id, turn));
    }

    pub(super) fn on_referral_timer(&mut self, id: CallRef, turn: u64) {
        let waits = |up: &&mut super::call::Up| up.referral.open && up.referral.turn == turn;
        if self.up(id).filter(waits).is_some() {
            self.end_referral(id, UNTOLD);
        }
    }

    fn end_referral(&mut self, id: CallRef, sip_status: u16) {
        if let Some(up) = self.up(id) {
            up.referral.open = false;
        }
        self.tell_referral(id, sip_status, true);
    }

    fn tell_referral(&mut self, id: CallRef, sip_status: u16, done: bool) {
        self.tell(SipEvent::TransferProgress {
            call: id,
            sip_status,
            done,
            at: self.at(),
        });
    }
}

/// How many seconds a subscription lives, as `active;expires=180` says.
fn expiry_in(state: &str) -> Option<u64> {
    let (_, params) = state.split_once(';')?;
    let seconds: u64 = Params::parse(params).get("expires")?.trim().parse().ok()?;
    Some(seconds.clamp(FIRST_WORD_S, LAST_WORD_S))
}

/// The Replaces header inside a Refer-To URI, unescaped.
fn replaces_in(uri: &str) -> Option<String> {
    let (_, headers) = uri.split_once('?')?;
    headers.split('&').find_map(|header| {
        let (name, value) = header.split_once('=')?;
        name.eq_ignore_ascii_case("Replaces")
            .then(|| unescape(value))
    })
}

/// `SIP/2.0 200 OK`, the first line of a sipfrag body.
fn status_in(body: &[u8]) -> Option<u16> {
    let text = String::from_utf8_lossy(body);
    let mut words = text.lines().next()?.split_whitespace();
    let status = words
        .next()
        .filter(|v| *v == "SIP/2.0")
        .and_then(|_| words.next()?.parse().ok());
    status.filter(|s| (100..700).contains(s))
}

/// Escapes a header value for a URI.
fn escape_header(value: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&b);
    let escape = |b: u8| {
        if plain(b) {
            char::from(b).to_string()
        } else {
            format!("%{b:02X}")
        }
    };
    value.bytes().map(escape).collect()
}
