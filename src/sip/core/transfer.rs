//! REFER and Replaces (RFC 3515, RFC 3891): the far end asks for a transfer, or we ask it for one.

use super::{Core, TxId, call::State, errands::Purpose};
use crate::{
    CallRef, SipError, SipEvent,
    message::{Message, Method, NameAddr, Uri, reason_phrase, unescape},
};

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
        let Some(to) = Uri::parse(&uri).filter(|u| matches!(&*u.scheme, "sip" | "tel")) else {
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
        let hop = self.up(id).map(|up| up.peer.hop);
        let contact = hop.map(|hop| self.contact(&self.contact_user_of(id), hop));
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
        let us = format!("<sip:{}@{}>", self.contact_user_of(id), self.me);
        let refer = self
            .in_dialog(id, Method::Refer)?
            .with("Refer-To", to)
            .with("Referred-By", us);
        if let Some(up) = self.up(id) {
            up.referred = true;
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
        if !self.up(id).is_some_and(|up| up.referred) {
            return self.refuse(tx, request, 481);
        }
        let ok = self.reply(request, 200, "");
        self.respond(tx, ok);
        let over = request
            .header("Subscription-State")
            .is_some_and(|s| s.trim().to_ascii_lowercase().starts_with("terminated"));
        let Some(status) = status_in(&request.body) else {
            return;
        };
        let done = over || status >= 200;
        if done && let Some(up) = self.up(id) {
            up.referred = false;
        }
        self.tell(SipEvent::TransferProgress {
            call: id,
            sip_status: status,
            done,
            at: self.at(),
        });
    }
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
