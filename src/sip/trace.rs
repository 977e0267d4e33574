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

/// Of all that is kept, one part in so many is for what belongs to no call (yet).
const STRANGERS_SHARE: usize = 32;

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

/// Every call that is remembered, and apart from them what strangers send: a scanner pushes out other
/// scanners, no calls.
pub(crate) struct Trace {
    calls: Shelf,
    strangers: Shelf,
    names: HashMap<CallRef, String>,
}

/// Messages by Call-ID. Those that are longest there go when there is no more room.
struct Shelf {
    max_bytes: usize,
    bytes: usize,
    calls: HashMap<String, Vec<Traced>>,
    order: VecDeque<String>,
}

impl Trace {
    /// 0 keeps nothing.
    pub(crate) fn new(max_bytes: usize) -> Self {
        Self {
            calls: Shelf::new(max_bytes),
            strangers: Shelf::new(max_bytes / STRANGERS_SHARE),
            names: HashMap::new(),
        }
    }

    /// Remembers which call of ours goes by a Call-ID, with what was sent before it was one: its
    /// first INVITE and our challenge.
    pub(crate) fn name(&mut self, call: CallRef, call_id: &str) {
        if self.calls.max_bytes == 0 {
            return;
        }
        if !self.calls.calls.contains_key(call_id) {
            let before = self.strangers.take(call_id);
            self.calls.add(call_id, before);
        }
        if self.calls.calls.contains_key(call_id)
            && self.names.get(&call).map(String::as_str) != Some(call_id)
        {
            self.names.insert(call, call_id.to_owned());
        }
        // Names are dropped in passing, not one by one.
        if self.names.len() > 2 * self.calls.calls.len() + 64 {
            let calls = &self.calls.calls;
            self.names.retain(|_, id| calls.contains_key(id));
        }
    }

    pub(crate) fn note(&mut self, message: &Message, sent: bool, peer: Option<Hop>, now_ms: u64) {
        let method = message.cseq().map(|c| c.method);
        let of_call = !matches!(method, None | Some(Method::Register | Method::Options));
        if self.calls.max_bytes == 0 || !of_call {
            return;
        }
        let call_id = message.call_id();
        let shelf = match self.calls.calls.contains_key(call_id) {
            true => &mut self.calls,
            false => &mut self.strangers,
        };
        if shelf.is_full_of(call_id) {
            return;
        }
        let traced = Traced {
            at: SystemTime::UNIX_EPOCH + Duration::from_millis(now_ms),
            sent,
            peer: peer.map(|hop| hop.addr),
            text: text_of(message),
        };
        shelf.add(call_id, vec![traced]);
    }

    /// The messages of a call, as far as they are remembered.
    pub(crate) fn of(&self, call: CallRef) -> Vec<Traced> {
        let call_id = self.names.get(&call);
        call_id
            .and_then(|id| self.calls.calls.get(id))
            .cloned()
            .unwrap_or_default()
    }
}

impl Shelf {
    fn new(max_bytes: usize) -> Self {
        Self {
            max_bytes,
            bytes: 0,
            calls: HashMap::new(),
            order: VecDeque::new(),
        }
    }

    fn is_full_of(&self, call_id: &str) -> bool {
        let call = self.calls.get(call_id);
        call.is_some_and(|messages| messages.len() >= MAX_MESSAGES)
    }

    fn add(&mut self, call_id: &str, messages: Vec<Traced>) {
        if !self.calls.contains_key(call_id) {
            self.order.push_back(call_id.to_owned());
        }
        self.bytes += bytes_of(&messages);
        let call = self.calls.entry(call_id.to_owned()).or_default();
        call.extend(messages);
        while self.bytes > self.max_bytes {
            let Some(oldest) = self.order.pop_front() else {
                return;
            };
            let gone = self.calls.remove(&oldest).unwrap_or_default();
            self.bytes -= bytes_of(&gone);
        }
    }

    fn take(&mut self, call_id: &str) -> Vec<Traced> {
        let Some(taken) = self.calls.remove(call_id) else {
            return Vec::new();
        };
        self.order.retain(|id| id != call_id);
        self.bytes -= bytes_of(&taken);
        taken
    }
}

fn bytes_of(messages: &[Traced]) -> usize {
    messages.iter().map(|message| message.text.len()).sum()
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
            trace.name(CallRef(Uuid::from_u128(number)), &call_id);
            trace.note(&message(&call_id), true, None, 1);
        }
        assert!(trace.calls.bytes <= 1_000);
        assert!(trace.of(CallRef(Uuid::from_u128(0))).is_empty());
        assert_eq!(trace.of(CallRef(Uuid::from_u128(49))).len(), 1);
        assert!(trace.names.len() < 80);
    }

    #[test]
    fn strangers_push_out_no_calls_and_a_call_has_its_challenge() {
        let (before, during) = (CallRef(Uuid::from_u128(1)), CallRef(Uuid::from_u128(2)));
        let mut trace = Trace::new(100_000);
        trace.name(before, "before");
        trace.note(&message("before"), true, None, 1);
        let scan = |trace: &mut Trace, many: std::ops::Range<u32>| {
            for number in many {
                trace.note(&message(&format!("scan-{number}")), false, None, 2);
            }
        };
        scan(&mut trace, 0..5_000);
        let challenge = Message::answer(&message("during"), 401, "us");
        trace.note(&message("during"), false, None, 3);
        trace.note(&challenge, true, None, 3);
        scan(&mut trace, 5_000..5_010);
        trace.note(&message("during"), false, None, 4);
        trace.name(during, "during");
        trace.note(&Message::answer(&message("during"), 100, ""), true, None, 4);
        scan(&mut trace, 5_010..20_000);
        assert_eq!(trace.of(before).len(), 1);
        let kept: Vec<_> = trace.of(during).into_iter().map(|m| m.sent).collect();
        assert_eq!(kept, [false, true, false, true]);
        assert!(trace.strangers.bytes <= 100_000 / STRANGERS_SHARE);
        assert_eq!(trace.calls.calls.len(), 2);
    }

    #[test]
    fn credentials_and_digits_are_not_kept() {
        let call = CallRef(Uuid::from_u128(1));
        let mut trace = Trace::new(10_000);
        trace.name(call, "a");
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
        trace.name(CallRef(Uuid::from_u128(1)), "a");
        assert!(trace.calls.calls.is_empty() && trace.names.is_empty());
    }
}
