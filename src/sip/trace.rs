//! The last messages of each call, so that it can be looked at afterwards. Bounded in bytes; the
//! oldest calls go first.

use std::{
    collections::{HashMap, VecDeque},
    net::SocketAddr,
    time::{Duration, SystemTime},
};

use crate::{
    CallRef, Hop,
    message::{Message, Method},
};

/// More messages of one call are not kept.
const MAX_MESSAGES: usize = 80;
/// What is kept of a single message.
const MAX_TEXT: usize = 4 * 1024;

/// One message of a call, in the order of the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Traced {
    pub at: SystemTime,
    /// We sent it.
    pub sent: bool,
    /// The other side, where it is known.
    pub peer: Option<SocketAddr>,
    /// As on the wire, but for passwords' digests and digits. Holds phone numbers: show it to those
    /// alone who may see them.
    pub text: String,
}

/// Every call that is remembered.
pub(crate) struct Trace {
    max_bytes: usize,
    bytes: usize,
    calls: HashMap<String, Vec<Traced>>,
    order: VecDeque<String>,
    names: HashMap<CallRef, String>,
}

impl Trace {
    /// 0 keeps nothing.
    pub(crate) fn new(max_bytes: usize) -> Self {
        Self {
            max_bytes,
            bytes: 0,
            calls: HashMap::new(),
            order: VecDeque::new(),
            names: HashMap::new(),
        }
    }

    /// Remembers which call of ours goes by a Call-ID.
    pub(crate) fn name(&mut self, call: CallRef, call_id: String) {
        if self.calls.contains_key(&call_id) {
            self.names.insert(call, call_id);
        }
    }

    pub(crate) fn note(&mut self, message: &Message, sent: bool, peer: Option<Hop>, now_ms: u64) {
        let method = message.cseq().map(|c| c.method);
        let of_call = !matches!(method, None | Some(Method::Register | Method::Options));
        if self.max_bytes == 0 || !of_call {
            return;
        }
        let call_id = message.call_id();
        if !self.calls.contains_key(call_id) {
            self.order.push_back(call_id.to_owned());
            self.calls.insert(call_id.to_owned(), Vec::new());
        }
        let Some(call) = self.calls.get_mut(call_id) else {
            return;
        };
        if call.len() == MAX_MESSAGES {
            return;
        }
        let text = text_of(message);
        self.bytes += text.len();
        call.push(Traced {
            at: SystemTime::UNIX_EPOCH + Duration::from_millis(now_ms),
            sent,
            peer: peer.map(|hop| hop.addr),
            text,
        });
        self.make_room();
    }

    /// The messages of a call, as far as they are remembered.
    pub(crate) fn of(&self, call: CallRef) -> Vec<Traced> {
        let call_id = self.names.get(&call);
        call_id
            .and_then(|id| self.calls.get(id))
            .cloned()
            .unwrap_or_default()
    }

    fn make_room(&mut self) {
        let before = self.order.len();
        while self.bytes > self.max_bytes {
            let Some(oldest) = self.order.pop_front() else {
                return;
            };
            let gone = self.calls.remove(&oldest).unwrap_or_default();
            self.bytes -= gone.iter().map(|m| m.text.len()).sum::<usize>();
        }
        // Names are dropped in passing, not one by one.
        if self.order.len() < before && self.names.len() > 2 * self.calls.len() + 64 {
            self.names.retain(|_, id| self.calls.contains_key(id));
        }
    }
}

/// The message without what would let somebody else log in, and without the digits somebody typed.
fn text_of(message: &Message) -> String {
    let secret = ["Authorization", "Proxy-Authorization"];
    let signed = secret.iter().any(|name| message.header(name).is_some());
    let typed = message.method() == Some(&Method::Info) && !message.body.is_empty();
    let bytes = if signed || typed {
        let mut shown = message.without(&secret);
        if signed {
            shown.push("Authorization", "(not shown)");
        }
        if typed {
            shown.body = b"(not shown)".to_vec();
        }
        shown.to_bytes()
    } else {
        message.to_bytes()
    };
    let shown = &bytes[..bytes.len().min(MAX_TEXT)];
    without_keys(&String::from_utf8_lossy(shown))
}

/// SRTP master keys (RFC 4568) would let a reader hear the call.
fn without_keys(text: &str) -> String {
    let mut parts = text.split("inline:");
    let mut shown = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(['|', ' ', '\r', '\n']).unwrap_or(part.len());
        shown.push_str("inline:(not shown)");
        shown.push_str(&part[end..]);
    }
    shown
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn message(call_id: &str) -> Message {
        Message::request(Method::Invite, "sip:5550199@x")
            .with("Call-ID", call_id)
            .with("CSeq", "1 INVITE")
    }

    #[test]
    fn the_oldest_calls_make_room() {
        let mut trace = Trace::new(1_000);
        for number in 0..50_u128 {
            let call_id = format!("call-{number}");
            trace.note(&message(&call_id), true, None, 1);
            trace.name(CallRef(Uuid::from_u128(number)), call_id);
        }
        assert!(trace.bytes <= 1_000);
        assert!(trace.of(CallRef(Uuid::from_u128(0))).is_empty());
        assert_eq!(trace.of(CallRef(Uuid::from_u128(49))).len(), 1);
        assert!(trace.names.len() < 80);
    }

    #[test]
    fn credentials_and_digits_are_not_kept() {
        let call = CallRef(Uuid::from_u128(1));
        let mut trace = Trace::new(10_000);
        trace.note(
            &message("a").with("Proxy-Authorization", "Digest response=\"abc\""),
            true,
            None,
            1,
        );
        let info = Message::request(Method::Info, "sip:x@y")
            .with("Call-ID", "a")
            .with("CSeq", "2 INFO")
            .with_body("application/dtmf-relay", b"Signal=7".to_vec());
        trace.note(&info, false, None, 2);
        trace.name(call, "a".into());
        let kept = trace.of(call);
        assert_eq!((kept.len(), kept[0].sent, kept[1].sent), (2, true, false));
        assert!(kept[0].text.starts_with("INVITE sip:5550199@x"));
        assert!(
            kept.iter()
                .all(|m| !m.text.contains("abc") && !m.text.contains("Signal"))
        );
    }

    #[test]
    fn keys_are_not_kept() {
        let shown = without_keys("a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:c2VjcmV0|2^31\r\na=x");
        assert_eq!(
            shown,
            "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:(not shown)|2^31\r\na=x"
        );
    }

    #[test]
    fn switched_off_it_keeps_nothing() {
        let mut trace = Trace::new(0);
        trace.note(&message("a"), true, None, 1);
        trace.name(CallRef(Uuid::from_u128(1)), "a".into());
        assert!(trace.calls.is_empty() && trace.names.is_empty());
    }
}
