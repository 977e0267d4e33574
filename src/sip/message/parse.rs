//! Reads messages from bytes: lenient about white space, folding, compact names and line ends;
//! strict about what would make two readers disagree.

use super::{MAX_BYTES, Message, Method, Start};

const MAX_HEADERS: usize = 200;

/// Bytes that are no SIP message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Malformed {
    #[error("no SIP start line")]
    StartLine,
    #[error("not SIP/2.0")]
    Version,
    #[error("a header line without a name")]
    Header,
    #[error("Content-Length is no number, given twice, or more than what came")]
    ContentLength,
    #[error("too long")]
    TooLong,
}

pub(super) fn message(bytes: &[u8]) -> Result<Message, Malformed> {
    if bytes.len() > MAX_BYTES {
        return Err(Malformed::TooLong);
    }
    let lead = bytes
        .iter()
        .take_while(|b| matches!(b, b'\r' | b'\n'))
        .count();
    let (head, body) = split_head(&bytes[lead..]);
    let head = String::from_utf8_lossy(head);
    let lines = unfold(&head);
    let mut lines = lines.iter();
    let mut message = Message::of(start_line(lines.next().ok_or(Malformed::StartLine)?)?);
    for line in lines {
        if message.headers.len() == MAX_HEADERS {
            return Err(Malformed::TooLong);
        }
        let (name, value) = line.split_once(':').ok_or(Malformed::Header)?;
        message
            .headers
            .push((long_name(name.trim())?, value.trim().to_owned()));
    }
    message.body = trim_body(&message, body)?.to_vec();
    Ok(message)
}

pub(super) fn salvage(bytes: &[u8]) -> Option<Message> {
    let lead = bytes
        .iter()
        .take_while(|b| matches!(b, b'\r' | b'\n'))
        .count();
    let (head, _) = split_head(bytes.get(lead..MAX_BYTES.min(bytes.len()))?);
    let head = String::from_utf8_lossy(head);
    let lines = unfold(&head);
    let first = lines.first()?.trim_end();
    let version = first.rsplit(' ').next()?.to_ascii_uppercase();
    if first.starts_with("SIP/") || !version.starts_with("SIP/") {
        return None;
    }
    let method = Method::of(first.split(' ').next()?);
    let mut message = Message::request(method, "");
    for line in lines.iter().skip(1).take(MAX_HEADERS) {
        if let Some((name, value)) = line.split_once(':')
            && let Ok(name) = long_name(name.trim())
        {
            message.headers.push((name, value.trim().to_owned()));
        }
    }
    Some(message)
}

/// Head and body around the first empty line.
fn split_head(bytes: &[u8]) -> (&[u8], &[u8]) {
    let end = head_end(bytes, 0);
    end.map_or((bytes, &[]), |end| bytes.split_at(end))
}

/// Where the body begins, behind the first empty line that ends after `from`.
pub(super) fn head_end(bytes: &[u8], from: usize) -> Option<usize> {
    let ends = |at: usize| match &bytes[at..] {
        [b'\n', b'\n', ..] => Some(at + 2),
        [b'\r', b'\n', b'\r', b'\n', ..] => Some(at + 4),
        _ => None,
    };
    (from..bytes.len()).find_map(ends)
}

/// How long the body is of a message in a stream, by its head: nothing where the length is left out, and so
/// is what the body would be.
pub(super) fn length(head: &[u8]) -> Result<usize, Malformed> {
    let head = String::from_utf8_lossy(head);
    let (mut lengths, mut has_body) = (Vec::new(), false);
    for line in unfold(&head).iter().skip(1) {
        let Some((name, value)) = line.split_once(':') else {
            continue;
        };
        match long_name(name.trim()).as_deref() {
            Ok("Content-Length") => lengths.push(number(value.trim())?),
            Ok("Content-Type") => has_body = true,
            _ => {}
        }
    }
    match lengths[..] {
        [length] => Ok(length),
        [] if !has_body => Ok(0),
        _ => Err(Malformed::ContentLength),
    }
}

/// Header lines with their continuation lines joined (RFC 3261 section 7.3.1).
fn unfold(head: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in head.split('\n').map(|l| l.strip_suffix('\r').unwrap_or(l)) {
        match lines.last_mut() {
            Some(last) if line.starts_with([' ', '\t']) => {
                last.push(' ');
                last.push_str(line.trim());
            }
            _ if line.is_empty() => {}
            _ => lines.push(line.to_owned()),
        }
    }
    lines
}

fn start_line(line: &str) -> Result<Start, Malformed> {
    if let Some(rest) = line.strip_prefix("SIP/") {
        return status_line(rest);
    }
    // The URI must hold no white space, so exactly three words are left.
    let words: Vec<&str> = line.split(' ').collect();
    let [method, uri, version] = words[..] else {
        return Err(Malformed::StartLine);
    };
    let token = |c: char| c.is_ascii_alphanumeric() || "-.!%*_+`'~".contains(c);
    let delimiter = |c: char| "<>\"".contains(c) || c.is_control();
    if method.is_empty() || uri.is_empty() || !method.chars().all(token) || uri.contains(delimiter)
    {
        return Err(Malformed::StartLine);
    }
    match version {
        v if v.eq_ignore_ascii_case("SIP/2.0") => Ok(Start::Request {
            method: Method::of(method),
            uri: uri.to_owned(),
        }),
        v if v.to_ascii_uppercase().starts_with("SIP/") => Err(Malformed::Version),
        _ => Err(Malformed::StartLine),
    }
}

fn status_line(rest: &str) -> Result<Start, Malformed> {
    let (version, rest) = rest.split_once(' ').ok_or(Malformed::StartLine)?;
    if version != "2.0" {
        return Err(Malformed::Version);
    }
    let (status, reason) = rest.split_once(' ').unwrap_or((rest, ""));
    let status = status
        .trim()
        .parse::<u16>()
        .map_err(|_| Malformed::StartLine)?;
    if !(100..700).contains(&status) {
        return Err(Malformed::StartLine);
    }
    Ok(Start::Response {
        status,
        reason: reason.trim().to_owned(),
    })
}

/// Compact names become long ones, and the names we look for get their usual spelling.
fn long_name(name: &str) -> Result<String, Malformed> {
    if name.is_empty() || name.contains(char::is_whitespace) {
        return Err(Malformed::Header);
    }
    let usual = [
        ("v", "Via"),
        ("f", "From"),
        ("t", "To"),
        ("i", "Call-ID"),
        ("m", "Contact"),
        ("l", "Content-Length"),
        ("c", "Content-Type"),
        ("e", "Content-Encoding"),
        ("k", "Supported"),
        ("s", "Subject"),
        ("o", "Event"),
        ("r", "Refer-To"),
        ("b", "Referred-By"),
        ("u", "Allow-Events"),
        ("x", "Session-Expires"),
        ("", "CSeq"),
        ("", "Record-Route"),
        ("", "Route"),
        ("", "Timestamp"),
    ];
    let known = usual.iter().find(|(compact, long)| {
        name.eq_ignore_ascii_case(long)
            || (!compact.is_empty() && name.eq_ignore_ascii_case(compact))
    });
    Ok(known.map_or(name, |(_, long)| *long).to_owned())
}

/// The body is what Content-Length says; all that came when it says nothing (UDP).
fn trim_body<'a>(message: &Message, body: &'a [u8]) -> Result<&'a [u8], Malformed> {
    let mut lengths = message.headers("Content-Length");
    let Some(length) = lengths.next() else {
        return Ok(body);
    };
    let length = number(length)?;
    if lengths.next().is_some() || length > body.len() {
        return Err(Malformed::ContentLength);
    }
    Ok(&body[..length])
}

/// Digits alone: a sign is no part of a length.
fn number(text: &str) -> Result<usize, Malformed> {
    match text.bytes().all(|byte| byte.is_ascii_digit()) {
        true => text.parse().map_err(|_| Malformed::ContentLength),
        false => Err(Malformed::ContentLength),
    }
}
