//! Parts of header values.

use super::Method;

/// `;name=value` parameters in order; names are compared without case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Params(pub(crate) Vec<(String, Option<String>)>);

impl Params {
    /// Reads what follows a value, with or without the first semicolon.
    pub(crate) fn parse(text: &str) -> Self {
        let parts = split_outside(text, ';')
            .into_iter()
            .map(str::trim)
            .filter(|p| !p.is_empty());
        Self(
            parts
                .map(|part| match part.split_once('=') {
                    Some((name, value)) => (name.trim().into(), Some(unquote(value.trim()))),
                    None => (part.into(), None),
                })
                .collect(),
        )
    }

    /// The value of a parameter; empty when it stands alone.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(n, _)| n.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_deref().unwrap_or_default())
    }
}

/// `CSeq: 4711 INVITE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CSeq {
    pub(crate) number: u32,
    pub(crate) method: Method,
}

impl CSeq {
    pub(crate) fn parse(value: &str) -> Option<Self> {
        let mut words = value.split_whitespace();
        let number: u32 = words.next()?.parse().ok()?;
        let method = Method::of(words.next()?);
        (number < 1 << 31 && words.next().is_none()).then_some(Self { number, method })
    }
}

/// One element of Via.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Via {
    /// `UDP`, `TCP`, ...
    pub(crate) transport: String,
    /// Host and port as written.
    pub(crate) sent_by: String,
    pub(crate) params: Params,
}

impl Via {
    pub(crate) fn parse(value: &str) -> Option<Self> {
        let (main, params) = value.split_once(';').unwrap_or((value, ""));
        // White space may surround the slashes: "SIP / 2.0 / UDP host".
        let mut parts = main.splitn(3, '/').map(str::trim);
        let (name, version, rest) = (parts.next()?, parts.next()?, parts.next()?);
        let (transport, sent_by) = rest.split_once(char::is_whitespace)?;
        if !name.eq_ignore_ascii_case("SIP") || version != "2.0" {
            return None;
        }
        Some(Self {
            transport: transport.to_owned(),
            sent_by: sent_by.split_whitespace().collect(),
            params: Params::parse(params),
        })
    }

    pub(crate) fn branch(&self) -> Option<&str> {
        self.params.get("branch")
    }
}

/// The Reason header of RFC 3326.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Reason {
    pub(crate) q850: Option<u8>,
    pub(crate) text: Option<String>,
}

impl Reason {
    /// Reads all elements; the Q.850 one gives the cause and, before others, the text.
    pub(crate) fn read<'a>(elements: impl Iterator<Item = &'a str>) -> Self {
        let mut reason = Self::default();
        for element in elements {
            let (protocol, params) = element.split_once(';').unwrap_or((element, ""));
            let params = Params::parse(params);
            let text = params
                .get("text")
                .map(|t| t.chars().take(120).collect::<String>());
            if protocol.trim().eq_ignore_ascii_case("Q.850") {
                reason.q850 = params.get("cause").and_then(|c| c.parse().ok());
                reason.text = text.or(reason.text);
            } else {
                reason.text = reason.text.or(text);
            }
        }
        reason
    }
}

/// Splits a header value at the commas that separate its elements.
pub(crate) fn split_list(value: &str) -> Vec<&str> {
    let parts = split_outside(value, ',');
    parts
        .into_iter()
        .map(str::trim)
        .filter(|p| !p.is_empty())
        .collect()
}

/// Reads `Digest realm="a", nonce="b"`; `None` for other schemes.
pub(crate) fn challenge_params(value: &str) -> Option<Params> {
    let (scheme, rest) = value.trim().split_once(char::is_whitespace)?;
    if !scheme.eq_ignore_ascii_case("Digest") {
        return None;
    }
    let parts = split_list(rest).into_iter().filter_map(|part| {
        let (name, value) = part.split_once('=')?;
        Some((name.trim().to_owned(), Some(unquote(value.trim()))))
    });
    Some(Params(parts.collect()))
}

/// A quoted string.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for c in text.chars().filter(|c| !c.is_control()) {
        if matches!(c, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted.push('"');
    quoted
}

/// `%41` becomes `A`; what is no escape stays.
pub(crate) fn unescape(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    let bytes = text.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = bytes
            .get(at + 1..at + 3)
            .and_then(|h| std::str::from_utf8(h).ok());
        match hex.and_then(|h| u8::from_str_radix(h, 16).ok()) {
            Some(byte) if bytes[at] == b'%' => {
                plain.push(byte);
                at += 3;
            }
            _ => {
                plain.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&plain).into_owned()
}

fn unquote(value: &str) -> String {
    let Some(inner) = value.strip_prefix('"') else {
        return value.to_owned();
    };
    let mut plain = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => plain.extend(chars.next()),
            '"' => break,
            c => plain.push(c),
        }
    }
    plain
}

/// Splits where `separator` stands outside quotes and angle brackets.
pub(crate) fn split_outside(text: &str, separator: char) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut in_quotes, mut in_angles, mut escaped) = (0, false, false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if in_quotes => escaped = true,
            '"' => in_quotes = !in_quotes,
            '<' if !in_quotes => in_angles = true,
            '>' if !in_quotes => in_angles = false,
            c if c == separator && !in_quotes && !in_angles => {
                parts.push(&text[start..at]);
                start = at + c.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

/// Without white space around what separates the parts of a value, and one blank elsewhere; `None`: it is so.
pub(crate) fn tightened(value: &str) -> Option<String> {
    let joins = |c: char| matches!(c, '/' | ';' | '=' | ':');
    let mut tight = String::with_capacity(value.len());
    let (mut in_quotes, mut is_escaped, mut gap) = (false, false, false);
    for c in value.chars() {
        if c.is_ascii_whitespace() && !in_quotes {
            gap = true;
            continue;
        }
        if gap && !joins(c) && !tight.ends_with(joins) {
            tight.push(' ');
        }
        gap = false;
        in_quotes ^= c == '"' && !is_escaped;
        is_escaped = in_quotes && c == '\\' && !is_escaped;
        tight.push(c);
    }
    (tight != value).then_some(tight)
}
