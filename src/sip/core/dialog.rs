//! A dialog: who talks to whom, and through which hops (RFC 3261 section 12).

use std::net::IpAddr;

use super::call::Peer;
use crate::{
    Hop,
    message::{Message, Method, NameAddr, Uri},
};

#[derive(Debug, Clone)]
pub(super) struct Dialog {
    pub(super) call_id: String,
    /// From of our requests, tag included.
    local: String,
    /// To of our requests, tag included.
    remote: String,
    pub(super) remote_tag: String,
    /// The other side's Contact.
    target: String,
    routes: Vec<String>,
    local_cseq: u32,
    pub(super) remote_cseq: Option<u32>,
    /// Their INVITE made it.
    offered_to_us: bool,
}

impl Dialog {
    /// The dialog that a 2xx to our INVITE makes. Without a Contact the Request-URI stays the
    /// target.
    pub(super) fn of_response(invite: &Message, response: &Message) -> Self {
        let target = response.contact_uri();
        let mut routes: Vec<String> = response.list("Record-Route").map(str::to_owned).collect();
        routes.reverse();
        Self {
            call_id: invite.call_id().to_owned(),
            local: invite.header("From").unwrap_or_default().to_owned(),
            remote: response.header("To").unwrap_or_default().to_owned(),
            remote_tag: response.tag_of_to().unwrap_or_default(),
            target: target.unwrap_or_else(|| invite.uri().unwrap_or_default().to_owned()),
            routes,
            local_cseq: invite.cseq().map_or(1, |c| c.number),
            remote_cseq: None,
            offered_to_us: false,
        }
    }

    /// The dialog that their INVITE makes once we answer it.
    pub(super) fn of_request(invite: &Message, local_tag: &str) -> Self {
        let from = invite.header("From").unwrap_or_default();
        Self {
            call_id: invite.call_id().to_owned(),
            local: format!(
                "{};tag={local_tag}",
                invite.header("To").unwrap_or_default()
            ),
            remote: from.to_owned(),
            remote_tag: invite.tag_of_from().unwrap_or_default(),
            target: invite
                .contact_uri()
                .unwrap_or_else(|| NameAddr::parse(from).map(|f| f.uri).unwrap_or_default()),
            routes: invite.list("Record-Route").map(str::to_owned).collect(),
            local_cseq: 0,
            remote_cseq: invite.cseq().map(|c| c.number),
            offered_to_us: true,
        }
    }

    pub(super) fn was_offered_to_us(&self) -> bool {
        self.offered_to_us
    }

    /// Goes on numbering where an early dialog left off.
    pub(super) fn continue_from(&mut self, early: &Self) {
        self.local_cseq = self.local_cseq.max(early.local_cseq);
        self.remote_cseq = self.remote_cseq.max(early.remote_cseq);
    }

    /// Target refresh by a re-INVITE or UPDATE, or by the 2xx to one of ours.
    pub(super) fn refresh(&mut self, request: &Message) {
        if let Some(target) = request.contact_uri() {
            self.target = target;
        }
    }

    /// The next request of ours, without Via and what every request carries.
    pub(super) fn request(&mut self, method: Method) -> Message {
        self.local_cseq += 1;
        self.numbered(method, self.local_cseq)
    }

    /// The same request once more, as the next one.
    pub(super) fn renumbered(&mut self, request: &Message) -> Message {
        self.local_cseq += 1;
        let method = request.method().map_or("", Method::name).to_owned();
        request
            .without(&["Via", "CSeq", "Authorization", "Proxy-Authorization"])
            .with("CSeq", format!("{} {method}", self.local_cseq))
    }

    pub(super) fn target(&self) -> &str {
        &self.target
    }

    /// Host and port of the other side, as its Contact says.
    pub(super) fn remote_host(&self) -> String {
        let uri = Uri::parse(&self.target);
        uri.map(|u| match u.port {
            Some(port) => format!("{}:{port}", u.host),
            None => u.host,
        })
        .unwrap_or_default()
    }

    /// The ACK for a 2xx to our INVITE, with the INVITE's number and credentials.
    pub(super) fn ack(&self, invite: &Message) -> Message {
        let number = invite.cseq().map_or(self.local_cseq, |c| c.number);
        let mut ack = self.numbered(Method::Ack, number);
        for name in ["Authorization", "Proxy-Authorization"] {
            for value in invite.headers(name) {
                ack.push(name, value);
            }
        }
        ack
    }

    /// Where requests go: the first route, the target, or the peer's own hop when those are names
    /// or addresses of a network that only the peer is in.
    pub(super) fn next_hop(&self, peer: &Peer) -> Hop {
        if peer.pinned {
            return peer.hop;
        }
        let first = self
            .routes
            .first()
            .and_then(|r| NameAddr::parse(r))
            .map(|r| r.uri);
        let Some(uri) = Uri::parse(first.as_deref().unwrap_or(&self.target)) else {
            return peer.hop;
        };
        let transport = uri.transport().unwrap_or(peer.hop.transport);
        match uri.socket_addr() {
            Some(addr) if Reach::of(addr.ip()) < Reach::of(peer.hop.addr.ip()) => peer.hop,
            Some(addr) => Hop { transport, addr },
            None => peer.hop,
        }
    }

    fn numbered(&self, method: Method, number: u32) -> Message {
        let name = method.name().to_owned();
        let (uri, routes) = self.uri_and_routes();
        let mut request = Message::request(method, uri)
            .with("From", self.local.clone())
            .with("To", self.remote.clone())
            .with("Call-ID", self.call_id.clone())
            .with("CSeq", format!("{number} {name}"));
        for route in routes {
            request.push("Route", route);
        }
        request
    }

    /// RFC 3261 section 12.2.1.1; a first route without `lr` becomes the Request-URI.
    fn uri_and_routes(&self) -> (String, Vec<String>) {
        let first = self
            .routes
            .first()
            .and_then(|r| NameAddr::parse(r))
            .map(|r| r.uri);
        let strict = |uri: &String| Uri::parse(uri).is_some_and(|u| u.params.get("lr").is_none());
        match first.filter(strict) {
            Some(uri) => {
                let rest = self.routes.iter().skip(1).cloned();
                (uri, rest.chain([format!("<{}>", self.target)]).collect())
            }
            None => (self.target.clone(), self.routes.clone()),
        }
    }
}

/// How far an address reaches. Whoever speaks from one that reaches further than the one it names is
/// behind a NAT.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reach {
    /// A host, a link, a house (RFC 1918, 3927, 4193, 4291).
    House,
    /// The customers of a carrier, whose houses have a NAT of their own (RFC 6598).
    Carrier,
    World,
}

impl Reach {
    fn of(ip: IpAddr) -> Self {
        let is_house = match ip.to_canonical() {
            IpAddr::V4(ip) => {
                ip.is_private() || ip.is_loopback() || ip.is_link_local() || ip.is_unspecified()
            }
            IpAddr::V6(ip) => {
                let is_near = ip.is_unique_local() || ip.is_unicast_link_local();
                is_near || ip.is_loopback() || ip.is_unspecified()
            }
        };
        match ip.to_canonical() {
            _ if is_house => Self::House,
            IpAddr::V4(ip) if ip.octets()[0] == 100 && ip.octets()[1] & 0xc0 == 64 => Self::Carrier,
            _ => Self::World,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_reach_as_far_as_their_networks() {
        let reaches = |reach: Reach, addresses: &[&str]| {
            for address in addresses {
                let ip = address.parse().expect("an address");
                assert_eq!(Reach::of(ip), reach, "{address}");
            }
        };
        reaches(
            Reach::House,
            &[
                "10.0.0.1",
                "172.16.0.1",
                "192.168.1.20",
                "169.254.7.7",
                "127.0.0.1",
                "0.0.0.0",
                "fc00::1",
                "fdff::1",
                "fe80::1",
                "febf::1",
                "::1",
                "::",
                "::ffff:10.0.0.1",
            ],
        );
        let shared = ["100.64.0.0", "100.127.255.255", "::ffff:100.64.0.1"];
        reaches(Reach::Carrier, &shared);
        reaches(
            Reach::World,
            &[
                "100.63.255.255",
                "100.128.0.0",
                "172.32.0.1",
                "192.0.2.1",
                "fec0::1",
                "2001:db8::1",
            ],
        );
    }
}
