//! `sip:user@host:port;params`.

use std::net::{IpAddr, SocketAddr};

use super::{Params, unescape};
use crate::Transport;

/// A SIP or tel URI, taken apart as far as routing needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Uri {
    /// Lower case.
    pub(crate) scheme: String,
    /// Unescaped, without password. The number of a tel URI.
    pub(crate) user: String,
    /// Without the brackets of an IPv6 address; empty for tel.
    pub(crate) host: String,
    pub(crate) port: Option<u16>,
    pub(crate) params: Params,
}

impl Uri {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.trim().split_once(':')?;
        let scheme = scheme.to_ascii_lowercase();
        let rest = rest.split('?').next().unwrap_or_default();
        if scheme == "tel" {
            let (number, params) = rest.split_once(';').unwrap_or((rest, ""));
            let params = Params::parse(params);
            return Some(Self {
                scheme,
                user: unescape(number),
                host: String::new(),
                port: None,
                params,
            });
        }
        // A user part may hold semicolons, so it is cut off first.
        let (user, rest) = rest.rsplit_once('@').unwrap_or(("", rest));
        let user = user.split(':').next().unwrap_or_default();
        let (host_port, params) = rest.split_once(';').unwrap_or((rest, ""));
        let (host, port) = split_port(host_port.trim())?;
        Some(Self {
            scheme,
            user: unescape(user),
            host: host.to_owned(),
            port,
            params: Params::parse(params),
        })
    }

    /// The address to send to, when the host is a literal address. Names are resolved by nobody
    /// here, so that no message waits for a resolver.
    pub(crate) fn socket_addr(&self) -> Option<SocketAddr> {
        let ip: IpAddr = self.host.parse().ok()?;
        Some(SocketAddr::new(ip, self.port_or_default()))
    }

    /// The port; where none is named, that of the transport (RFC 3261 section 19.1.2).
    pub(crate) fn port_or_default(&self) -> u16 {
        let default = match self.transport() {
            Some(Transport::Tls) => 5061,
            _ => 5060,
        };
        self.port.unwrap_or(default)
    }

    /// The transport that is named, be it by the scheme.
    pub(crate) fn transport(&self) -> Option<Transport> {
        if self.scheme == "sips" {
            return Some(Transport::Tls);
        }
        match self.params.get("transport")?.to_ascii_lowercase().as_str() {
            "tcp" => Some(Transport::Tcp),
            "udp" => Some(Transport::Udp),
            "tls" => Some(Transport::Tls),
            _ => None,
        }
    }

    /// Whether a text may stand as the user part without escapes and is not absurdly long.
    pub(crate) fn is_dialable(user: &str) -> bool {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.!~*'()&=+$,;?/#".contains(c);
        (1..=64).contains(&user.len()) && user.chars().all(allowed)
    }

    /// The user part as it goes on the wire: `#` is no user character in RFC 3261.
    pub(crate) fn escape_user(user: &str) -> String {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.!~*'()&=+$,;?/".contains(c);
        let mut escaped = String::with_capacity(user.len());
        for c in user.chars() {
            if plain(c) {
                escaped.push(c);
            } else {
                let mut bytes = [0; 4];
                for byte in c.encode_utf8(&mut bytes).bytes() {
                    escaped.push_str(&format!("%{byte:02X}"));
                }
            }
        }
        escaped
    }
}

fn split_port(text: &str) -> Option<(&str, Option<u16>)> {
    if let Some(rest) = text.strip_prefix('[') {
        let (host, rest) = rest.split_once(']')?;
        let port = rest.strip_prefix(':').map(str::parse).transpose().ok()?;
        return Some((host, port));
    }
    match text.split_once(':') {
        Some((host, port)) if !host.is_empty() => Some((host, Some(port.trim().parse().ok()?))),
        None if !text.is_empty() => Some((text, None)),
        _ => None,
    }
}
