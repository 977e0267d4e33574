//! Addresses that ask for TLS at every hop (`sips:`, RFC 3261 section 26.2 and RFC 5630): they are taken
//! where a request comes over TLS, and what is reached by one is reached over TLS alone.

use super::{Core, call::Peer};
use crate::{
    Hop, Transport,
    message::{Message, Method, NameAddr, Uri},
};

/// Whether this is such an address.
pub(super) fn is_secure(uri: &str) -> bool {
    Uri::parse(uri).is_some_and(|uri| uri.scheme == "sips")
}

/// The status with which a request is refused that is for such an address and came openly: the address
/// cannot be had that way (RFC 5630 section 5.3), and no phone is bound to it.
pub(super) fn came_openly(request: &Message, from: Hop) -> Option<u16> {
    let asked = request.uri().is_some_and(is_secure);
    let is_open = asked && from.transport != Transport::Tls;
    is_open.then_some(match request.method() {
        Some(Method::Register) => 403,
        _ => 480,
    })
}

/// Whether the dialog of an INVITE is secure, so that our Contact has to be (RFC 3261 section 12.1.1).
pub(super) fn begins_secure(invite: &Message, from: Hop) -> bool {
    let first = match invite.list("Record-Route").next() {
        Some(route) => NameAddr::parse(route).map(|route| route.uri),
        None => invite.contact_uri(),
    };
    let asked = invite.uri().is_some_and(is_secure);
    from.transport == Transport::Tls && (asked || first.is_some_and(|uri| is_secure(&uri)))
}

impl Core {
    /// Our Contact towards a peer.
    pub(super) fn contact_for(&self, peer: &Peer) -> String {
        if !peer.secure {
            return self.contact(&peer.contact_user, peer.hop);
        }
        let at = if peer.contact_user.is_empty() {
            ""
        } else {
            "@"
        };
        let me = self.me_towards(peer.hop);
        format!("<sips:{}{at}{me}>", peer.contact_user)
    }
}
