//! Looks at every message before the transaction layer does, and says with which status a request
//! is refused that must not get further.

use crate::message::{ALLOW, CSeq, Malformed, Message, Method, NameAddr, Uri, split_outside};

/// A message that goes no further.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unfit {
    /// A request whose sender is told.
    Refuse(Box<Message>),
    /// Not worth an answer, or none is possible.
    Drop,
}

/// Reads a datagram into a message that the transaction layer cannot stumble over.
pub(super) fn admit(bytes: &[u8]) -> Result<Message, Unfit> {
    let message = match Message::parse(bytes) {
        Ok(message) => message,
        Err(Malformed::Version) => return Err(refusal(bytes, 505)),
        Err(_) => return Err(refusal(bytes, 400)),
    };
    match fault(&message) {
        None => Ok(message.tightened()),
        Some(status) => Err(refused(Some(message), status)),
    }
}

/// What is wrong with a message that could be read.
fn fault(message: &Message) -> Option<u16> {
    for name in ["From", "To", "Call-ID", "CSeq"] {
        if message.headers(name).count() != 1 {
            return Some(400);
        }
    }
    let Some(cseq) = message.header("CSeq").and_then(CSeq::parse) else {
        return Some(400);
    };
    // Without a tag it is RFC 2543, and nobody could tell two calls apart.
    if message.tag_of_from().is_none()
        || !has_address(message, "To")
        || message.call_id().is_empty()
    {
        return Some(400);
    }
    let via = message.top_via();
    if message.headers("Via").any(has_gaps) {
        return Some(400);
    }
    // RFC 3261 section 8.1.3.3: a response for somebody else.
    if message.status().is_some() && message.list("Via").count() != 1 {
        return Some(400);
    }
    if via.is_none_or(|via| via.branch() == Some("z9hG4bK")) {
        return Some(400);
    }
    let method = message.method()?;
    if *method != cseq.method {
        return Some(400);
    }
    // The layer below would drop it without a word.
    let uri = message.uri().unwrap_or_default();
    if uri.starts_with("sip:") && Uri::parse(uri).is_none() {
        return Some(400);
    }
    let hops = message.header("Max-Forwards").map(str::parse::<u8>);
    match (hops, method) {
        (Some(Err(_)), _) => Some(400),
        (_, Method::Other(name)) if !is_known_below(name) => Some(501),
        _ => None,
    }
}

/// Commas or semicolons with nothing between them.
fn has_gaps(value: &str) -> bool {
    let parts = split_outside(value, ',').into_iter();
    parts
        .flat_map(|element| split_outside(element, ';'))
        .any(|part| part.trim().is_empty())
}

fn has_address(message: &Message, name: &'static str) -> bool {
    message
        .header(name)
        .is_some_and(|value| NameAddr::parse(value).is_some())
}

/// Methods of the transaction layer's closed list that the core has no name for.
fn is_known_below(method: &str) -> bool {
    ["MESSAGE", "PUBLISH", "SUBSCRIBE"].contains(&method)
}

/// The answer to a request that goes no further. Its tag is fixed: nothing is remembered, and
/// repeated requests get the same answer.
fn refuse(request: &Message, status: u16) -> Message {
    let answer = Message::answer(request, status, "refused");
    if status == 501 {
        answer.with("Allow", ALLOW)
    } else {
        answer
    }
}

/// For a request that is larger than the transaction layer takes (8 KB); its sender may try TCP.
pub(super) fn too_large(message: Message) -> Unfit {
    refused(Some(message), 513)
}

/// For what could not be read as a whole.
pub(super) fn refusal(bytes: &[u8], status: u16) -> Unfit {
    refused(Message::salvage(bytes), status)
}

fn refused(request: Option<Message>, status: u16) -> Unfit {
    let answerable = |request: &&Message| {
        // Without these it would reach no transaction; whatever else is missing is what we say.
        let complete = ["Via", "CSeq"];
        request.method().is_some_and(|m| *m != Method::Ack)
            && complete
                .into_iter()
                .all(|name| request.header(name).is_some())
    };
    match request.filter(|request| answerable(&request)) {
        Some(request) => Unfit::Refuse(Box::new(refuse(&request, status))),
        None => Unfit::Drop,
    }
}
