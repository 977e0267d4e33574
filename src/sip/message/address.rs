//! From, To, Contact, Route: `"Name" <sip:user@host>;tag=x`.

use super::Params;

/// A name-addr or addr-spec with its header parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NameAddr {
    pub(crate) name: Option<String>,
    /// The URI as written, with its own parameters.
    pub(crate) uri: String,
    /// Header parameters, not the URI's.
    pub(crate) params: Params,
}

impl NameAddr {
    pub(crate) fn parse(value: &str) -> Option<Self> {
        let value = value.trim();
        match open_angle(value)? {
            Some(open) => {
                let rest = &value[open + 1..];
                let close = rest.find('>')?;
                let name = display_name(value[..open].trim());
                let uri = rest[..close].trim().to_owned();
                Some(Self {
                    name,
                    uri,
                    params: Params::parse(&rest[close + 1..]),
                })
            }
            // Without brackets every parameter belongs to the header (RFC 3261 section 20.10).
            None => {
                let (uri, params) = value.split_once(';').unwrap_or((value, ""));
                let uri = uri.trim().to_owned();
                // Headers of a URI need brackets too.
                (!uri.is_empty() && !uri.contains('?')).then(|| Self {
                    name: None,
                    uri,
                    params: Params::parse(params),
                })
            }
        }
    }

    pub(crate) fn tag_of(value: &str) -> Option<String> {
        let address = Self::parse(value)?;
        address
            .params
            .get("tag")
            .filter(|t| !t.is_empty())
            .map(str::to_owned)
    }

    pub(crate) fn has_tag(value: &str) -> bool {
        Self::tag_of(value).is_some()
    }
}

/// The first `<` outside quotes, if there is one; `None` when a quote is left open.
fn open_angle(value: &str) -> Option<Option<usize>> {
    let (mut in_quotes, mut escaped) = (false, false);
    for (at, c) in value.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if in_quotes => escaped = true,
            '"' => in_quotes = !in_quotes,
            '<' if !in_quotes => return Some(Some(at)),
            _ => {}
        }
    }
    (!in_quotes).then_some(None)
}

fn display_name(text: &str) -> Option<String> {
    let plain = text
        .strip_prefix('"')
        .and_then(|t| t.strip_suffix('"'))
        .unwrap_or(text);
    let plain = plain.replace("\\\"", "\"").replace("\\\\", "\\");
    (!plain.is_empty()).then_some(plain)
}
