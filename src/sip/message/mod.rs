//! A SIP message: start line, headers in order, body. Values stay text; the parts that matter are
//! read by the types of this module when they are needed.

mod address;
mod multipart;
mod parse;
#[cfg(test)]
mod tests;
mod uri;
mod values;

pub(crate) use address::NameAddr;
pub(crate) use parse::Malformed;
pub(crate) use uri::Uri;
pub(crate) use values::{
    CSeq, Params, Reason, Via, challenge_params, quoted, split_list, split_outside, unescape,
};

/// Longest message that is read, in bytes; a UDP datagram cannot be longer.
pub(crate) const MAX_BYTES: usize = 65_535;

/// The methods we serve.
pub(crate) const ALLOW: &str =
    "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, PRACK, REFER, NOTIFY, REGISTER";

/// The extensions that we understand (option tags of RFC 3262, RFC 3891 and RFC 4028).
pub(crate) const EXTENSIONS: [&str; 3] = ["100rel", "replaces", "timer"];

/// Request methods. Names are case-sensitive (RFC 3261 section 7.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Method {
    Invite,
    Ack,
    Bye,
    Cancel,
    Options,
    Register,
    Info,
    Update,
    Prack,
    Refer,
    Notify,
    /// Anything else, known elsewhere or not.
    Other(Box<str>),
}

impl Method {
    pub(crate) fn of(name: &str) -> Self {
        match name {
            "INVITE" => Self::Invite,
            "ACK" => Self::Ack,
            "BYE" => Self::Bye,
            "CANCEL" => Self::Cancel,
            "OPTIONS" => Self::Options,
            "REGISTER" => Self::Register,
            "INFO" => Self::Info,
            "UPDATE" => Self::Update,
            "PRACK" => Self::Prack,
            "REFER" => Self::Refer,
            "NOTIFY" => Self::Notify,
            other => Self::Other(other.into()),
        }
    }

    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Invite => "INVITE",
            Self::Ack => "ACK",
            Self::Bye => "BYE",
            Self::Cancel => "CANCEL",
            Self::Options => "OPTIONS",
            Self::Register => "REGISTER",
            Self::Info => "INFO",
            Self::Update => "UPDATE",
            Self::Prack => "PRACK",
            Self::Refer => "REFER",
            Self::Notify => "NOTIFY",
            Self::Other(name) => name,
        }
    }
}

/// The first line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Start {
    Request { method: Method, uri: String },
    Response { status: u16, reason: String },
}

/// A request or a response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) start: Start,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Message {
    pub(crate) fn request(method: Method, uri: impl Into<String>) -> Self {
        Self::of(Start::Request {
            method,
            uri: uri.into(),
        })
    }

    pub(crate) fn response(status: u16) -> Self {
        Self::of(Start::Response {
            status,
            reason: reason_phrase(status).into(),
        })
    }

    fn of(start: Start) -> Self {
        Self {
            start,
            headers: Vec::with_capacity(12),
            body: Vec::new(),
        }
    }

    /// The answer to `request` with the headers that RFC 3261 section 8.2.6.2 copies. `to_tag` is
    /// added where the request had none and the status is not 100.
    pub(crate) fn answer(request: &Self, status: u16, to_tag: &str) -> Self {
        let mut answer = Self::response(status);
        for (name, value) in &request.headers {
            let copied = ["Via", "From", "Call-ID", "CSeq"].contains(&name.as_str())
                || (name == "Record-Route" && status < 300)
                || (name == "Timestamp" && status == 100);
            if copied {
                answer.push(name, value.clone());
            } else if name == "To" {
                let tagged = status == 100 || to_tag.is_empty() || NameAddr::has_tag(value);
                let value = if tagged {
                    value.clone()
                } else {
                    format!("{value};tag={to_tag}")
                };
                answer.push("To", value);
            }
        }
        answer
    }

    /// Reads one message that fills `bytes`.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        parse::message(bytes)
    }

    /// What can be saved of a request that cannot be read, to tell its sender.
    pub(crate) fn salvage(bytes: &[u8]) -> Option<Self> {
        parse::salvage(bytes)
    }

    /// Where the body of what comes in a stream begins; nothing ends before `from`.
    pub(crate) fn head_end(bytes: &[u8], from: usize) -> Option<usize> {
        parse::head_end(bytes, from)
    }

    /// How long the body of a message in a stream is, by its head.
    ///
    /// # Errors
    /// [`Malformed::ContentLength`] when nobody can tell.
    pub(crate) fn length(head: &[u8]) -> Result<usize, Malformed> {
        parse::length(head)
    }

    /// Appends a header. Line breaks in the value become spaces, so that no value can add a header.
    pub(crate) fn push(&mut self, name: &str, value: impl Into<String>) {
        let mut value: String = value.into();
        if value.contains(['\r', '\n']) {
            value = value.replace(['\r', '\n'], " ");
        }
        self.headers.push((name.into(), value));
    }

    /// Puts a header before all others.
    pub(crate) fn prepend(&mut self, name: &str, value: String) {
        self.headers.insert(0, (name.into(), value));
    }

    /// A copy without the headers of those names.
    pub(crate) fn without(&self, names: &[&str]) -> Self {
        let kept = self
            .headers
            .iter()
            .filter(|(name, _)| !names.contains(&name.as_str()));
        Self {
            start: self.start.clone(),
            headers: kept.cloned().collect(),
            body: self.body.clone(),
        }
    }

    /// The same with one Via a header, and in what transactions are told apart by no white space that says
    /// nothing (RFC 3261 section 7.3.1).
    pub(crate) fn tightened(mut self) -> Self {
        for (name, value) in &mut self.headers {
            let tells_apart = ["Via", "From", "To"].contains(&name.as_str());
            if tells_apart && let Some(tight) = values::tightened(value) {
                *value = tight;
            }
        }
        if self.headers("Via").any(|value| value.contains(',')) {
            let vias = self
                .list("Via")
                .map(|via| ("Via".into(), via.trim().into()));
            let vias: Vec<_> = vias.collect();
            self.headers.retain(|(name, _)| name != "Via");
            self.headers.splice(0..0, vias);
        }
        self
    }

    /// The same request to another URI.
    pub(crate) fn retargeted(mut self, to: &str) -> Self {
        if let Start::Request { uri, .. } = &mut self.start {
            to.clone_into(uri);
        }
        self
    }

    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.push(name, value);
        self
    }

    /// Sets the body with its type.
    pub(crate) fn with_body(mut self, content_type: &str, body: Vec<u8>) -> Self {
        if !body.is_empty() {
            self.push("Content-Type", content_type);
            self.body = body;
        }
        self
    }

    /// The first header of that name.
    pub(crate) fn header(&self, name: &'static str) -> Option<&str> {
        self.headers(name).next()
    }

    /// Every header line of that name, in order.
    pub(crate) fn headers(&self, name: &'static str) -> impl Iterator<Item = &str> {
        self.headers
            .iter()
            .filter(move |(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Whether a list header names this token.
    pub(crate) fn names(&self, header: &'static str, token: &str) -> bool {
        self.list(header).any(|t| t.eq_ignore_ascii_case(token))
    }

    /// Every element of the comma-separated headers of that name, in order.
    pub(crate) fn list(&self, name: &'static str) -> impl Iterator<Item = &str> {
        self.headers(name).flat_map(split_list)
    }

    pub(crate) fn status(&self) -> Option<u16> {
        match self.start {
            Start::Response { status, .. } => Some(status),
            Start::Request { .. } => None,
        }
    }

    pub(crate) fn reason_phrase(&self) -> Option<&str> {
        match &self.start {
            Start::Response { reason, .. } => Some(reason),
            Start::Request { .. } => None,
        }
    }

    pub(crate) fn method(&self) -> Option<&Method> {
        match &self.start {
            Start::Request { method, .. } => Some(method),
            Start::Response { .. } => None,
        }
    }

    pub(crate) fn uri(&self) -> Option<&str> {
        match &self.start {
            Start::Request { uri, .. } => Some(uri),
            Start::Response { .. } => None,
        }
    }

    pub(crate) fn call_id(&self) -> &str {
        self.header("Call-ID").unwrap_or_default()
    }

    pub(crate) fn cseq(&self) -> Option<CSeq> {
        CSeq::parse(self.header("CSeq")?)
    }

    pub(crate) fn tag_of_from(&self) -> Option<String> {
        NameAddr::tag_of(self.header("From")?)
    }

    pub(crate) fn tag_of_to(&self) -> Option<String> {
        NameAddr::tag_of(self.header("To")?)
    }

    pub(crate) fn top_via(&self) -> Option<Via> {
        self.list("Via").next().and_then(Via::parse)
    }

    /// The URI of the first Contact; `None` for `*` and for what cannot be read.
    pub(crate) fn contact_uri(&self) -> Option<String> {
        let contact = self.list("Contact").next()?;
        NameAddr::parse(contact).map(|c| c.uri)
    }

    /// The body when it is a session description, or the part of it that is one.
    pub(crate) fn sdp(&self) -> Option<&[u8]> {
        let kind = self.header("Content-Type")?;
        let (name, params) = kind.split_once(';').unwrap_or((kind, ""));
        let name = name.trim().to_ascii_lowercase();
        let body = match name.as_str() {
            "application/sdp" => &self.body,
            name if name.starts_with("multipart/") => {
                multipart::sdp(&self.body, Params::parse(params).get("boundary")?)?
            }
            _ => return None,
        };
        (!body.is_empty()).then_some(body)
    }

    /// The message on the wire; Content-Length is written here and nowhere else.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut text = match &self.start {
            Start::Request { method, uri } => format!("{} {uri} SIP/2.0\r\n", method.name()),
            Start::Response { status, reason } => format!("SIP/2.0 {status} {reason}\r\n"),
        };
        for (name, value) in &self.headers {
            if name != "Content-Length" {
                text.extend([name, ": ", value, "\r\n"]);
            }
        }
        text.push_str(&format!("Content-Length: {}\r\n\r\n", self.body.len()));
        let mut bytes = text.into_bytes();
        bytes.extend_from_slice(&self.body);
        bytes
    }
}

/// The usual phrase of a status (RFC 3261 section 21).
pub(crate) fn reason_phrase(status: u16) -> &'static str {
    match status {
        100 => "Trying",
        180 => "Ringing",
        183 => "Session Progress",
        200 => "OK",
        202 => "Accepted",
        302 => "Moved Temporarily",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        407 => "Proxy Authentication Required",
        408 => "Request Timeout",
        413 => "Request Entity Too Large",
        415 => "Unsupported Media Type",
        416 => "Unsupported URI Scheme",
        420 => "Bad Extension",
        422 => "Session Interval Too Small",
        423 => "Interval Too Brief",
        480 => "Temporarily Unavailable",
        481 => "Call/Transaction Does Not Exist",
        482 => "Loop Detected",
        483 => "Too Many Hops",
        486 => "Busy Here",
        487 => "Request Terminated",
        488 => "Not Acceptable Here",
        489 => "Bad Event",
        491 => "Request Pending",
        500 => "Server Internal Error",
        501 => "Not Implemented",
        503 => "Service Unavailable",
        504 => "Server Time-out",
        505 => "Version Not Supported",
        513 => "Message Too Large",
        600 => "Busy Everywhere",
        603 => "Decline",
        _ => "Unknown",
    }
}
