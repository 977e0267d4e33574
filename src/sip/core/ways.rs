//! The ways an INVITE may take: a gateway's addresses, a phone's contacts, redirections. The next
//! one is taken when one leads nowhere, within bounds and at the gateway's pace.

use std::{
    collections::{HashSet, VecDeque},
    net::IpAddr,
    time::Duration,
};

use super::{
    Core, Output, TxId,
    call::{ClientTx, Ending, Invite, Peer},
    gateways::GatewayEntry,
    timers::Timer,
};
use crate::{
    CallRef, Hop, Side,
    message::{Message, NameAddr, Uri},
};

/// More ways than this are not tried for one call.
const MAX_WAYS: usize = 8;

/// One way to the called party.
#[derive(Debug, Clone)]
pub(super) struct Way {
    pub(super) uri: String,
    /// Route headers, where the way has any beforehand.
    pub(super) routes: Vec<String>,
    pub(super) peer: Peer,
}

/// The ways of a call that are left.
#[derive(Debug)]
pub(super) struct Ways {
    left: VecDeque<Way>,
    /// What was tried, so that redirections cannot lead in a circle.
    tried: HashSet<(String, Hop)>,
    redirects_left: u8,
    gateway: Option<String>,
    /// The INVITE that waits for the gateway's pace.
    waiting: Option<Box<Invite>>,
}

impl Ways {
    pub(super) fn new(first: &Way, left: VecDeque<Way>, gateway: Option<String>) -> Self {
        Self {
            left,
            tried: HashSet::from([(first.uri.clone(), first.peer.hop)]),
            redirects_left: first.peer.profile.redirects,
            gateway,
            waiting: None,
        }
    }

    pub(super) fn any_left(&self) -> bool {
        !self.left.is_empty() && self.tried.len() < MAX_WAYS
    }

    /// No INVITE is out: the next one waits.
    pub(super) fn is_waiting(&self) -> bool {
        self.waiting.is_some()
    }

    fn next(&mut self) -> Option<Way> {
        while self.tried.len() < MAX_WAYS {
            let way = self.left.pop_front()?;
            if self.tried.insert((way.uri.clone(), way.peer.hop)) {
                return Some(way);
            }
        }
        None
    }

    /// Takes the contacts of a 3xx as the next ways, the most wanted first.
    fn redirect(&mut self, invite: &Invite, response: &Message, own: &[IpAddr]) {
        if self.redirects_left == 0 {
            return;
        }
        self.redirects_left -= 1;
        let wanted = most_wanted_first(response).into_iter();
        self.left = wanted
            .filter_map(|contact| redirected(&invite.peer, &contact.uri, own))
            .collect();
    }
}

/// The contacts of a 3xx, by their q (RFC 3261 section 20.10).
fn most_wanted_first(response: &Message) -> Vec<NameAddr> {
    let contacts = response.list("Contact").take(MAX_WAYS);
    let mut found: Vec<_> = contacts.filter_map(NameAddr::parse).collect();
    let q = |contact: &NameAddr| {
        let q = contact.params.get("q").and_then(|q| q.parse::<f32>().ok());
        q.filter(|q| (0.0..=1.0).contains(q)).unwrap_or(1.0)
    };
    found.sort_by(|a, b| q(b).total_cmp(&q(a)));
    found
}

/// A redirection leads to another user by the same hop, or to one of the gateway's own addresses: any
/// other would be called past every rule that guards our calls. A name is the gateway's to resolve.
fn redirected(peer: &Peer, contact: &str, own: &[IpAddr]) -> Option<Way> {
    let uri = Uri::parse(contact).filter(|u| u.scheme == "sip" && Uri::is_dialable(&u.user))?;
    let text = contact.split('?').next().unwrap_or(contact).to_owned();
    let mut peer = peer.clone();
    let hop = uri.socket_addr().map(|addr| Hop {
        transport: uri.transport().unwrap_or(peer.hop.transport),
        addr,
    });
    if let Some(hop) = hop {
        let ip = hop.addr.ip();
        if ip != peer.hop.addr.ip() && !own.contains(&ip) {
            return None;
        }
        peer.hop = hop;
    }
    Some(Way {
        uri: text,
        routes: Vec::new(),
        peer,
    })
}

impl Core {
    /// Sees to it that a silent address is given up while there are others.
    pub(super) fn watch_way(&mut self, id: CallRef, number: u64) {
        let Some(calling) = self.calling(id).filter(|c| c.ways.any_left()) else {
            return;
        };
        let give_way = calling.peer.profile.give_way;
        self.after(give_way, Timer::GiveWay(id, number));
    }

    pub(super) fn on_give_way(&mut self, id: CallRef, number: u64) {
        let Some(calling) = self.calling(id) else {
            return;
        };
        if calling.tx != number || calling.provisional || calling.giving_up.is_some() {
            return;
        }
        let hop = calling.peer.hop;
        self.suspect(hop);
        let Some(ClientTx::Invite(invite)) = self.client_txs.get_mut(&number) else {
            return;
        };
        // Should it wake up after all, it is told to stop.
        invite.abandoned = true;
        let copy = invite.copy();
        self.take_next_way(copy);
    }

    /// Where a phone sends its calls. A phone is never followed: who is called in its place, the house
    /// decides. `None` for a gateway, and where there is nothing that could be dialled.
    pub(super) fn sent_on_to(
        &self,
        id: CallRef,
        status: u16,
        response: &Message,
    ) -> Option<String> {
        self.calls.get(&id)?.called_phone.as_ref()?;
        let wanted = most_wanted_first(response).into_iter();
        let wanted = wanted.filter(|_| (300..400).contains(&status));
        let mut uris = wanted.filter_map(|contact| Uri::parse(&contact.uri));
        let leads = |uri: &Uri| matches!(&*uri.scheme, "sip" | "sips" | "tel");
        let uri = uris.find(|uri| leads(uri) && Uri::is_dialable(&uri.user))?;
        Some(uri.user)
    }

    /// Adds the contacts of a 3xx and takes the first of them.
    pub(super) fn follow(&mut self, invite: &Invite, response: &Message) -> bool {
        let calling = self.calling(invite.call);
        let gateway = calling.and_then(|calling| calling.ways.gateway.clone());
        let own = gateway.map_or_else(Vec::new, |name| self.addresses_of(&name));
        if let Some(calling) = self.calling(invite.call) {
            calling.ways.redirect(invite, response, &own);
        }
        self.take_next_way(invite.copy())
    }

    /// Where a gateway is called, and where its calls come from.
    fn addresses_of(&self, gateway: &str) -> Vec<IpAddr> {
        let of = |entry: &GatewayEntry| {
            let gateway = &entry.gateway;
            let hops = gateway.hops().chain(gateway.registrars());
            let sources = gateway.more_sources.iter().copied();
            hops.map(|hop| hop.addr.ip()).chain(sources).collect()
        };
        self.gateways.get(gateway).map_or_else(Vec::new, of)
    }

    /// Sends the INVITE along the next way, now or as soon as the gateway's pace allows. False when
    /// none is left.
    pub(super) fn take_next_way(&mut self, invite: Invite) -> bool {
        let id = invite.call;
        let Some(way) = self
            .calling(id)
            .filter(|c| c.giving_up.is_none())
            .and_then(|c| c.ways.next())
        else {
            return false;
        };
        let next = self.along(invite, way);
        let Some(calling) = self.calling(id) else {
            return false;
        };
        (calling.tx, calling.provisional, calling.tries) = (0, false, 0);
        calling.early.clear();
        calling.peer = next.peer.clone();
        calling.ways.waiting = Some(Box::new(next));
        self.send_when_allowed(id);
        true
    }

    /// The same INVITE on another way: numbered on, signed for nobody yet.
    fn along(&self, invite: Invite, way: Way) -> Invite {
        let number = invite.request.cseq().map_or(1, |c| c.number) + 1;
        let contact = self.contact_for(&way.peer);
        let mut request = invite
            .request
            .without(&[
                "Via",
                "CSeq",
                "Route",
                "Contact",
                "Authorization",
                "Proxy-Authorization",
            ])
            .retargeted(&way.uri)
            .with("CSeq", format!("{number} INVITE"))
            .with("Contact", contact);
        for route in way.routes {
            request.push("Route", route);
        }
        Invite {
            request,
            peer: way.peer,
            ..invite
        }
    }

    pub(super) fn send_when_allowed(&mut self, id: CallRef) {
        let Some(calling) = self.calling(id).filter(|c| c.ways.is_waiting()) else {
            return;
        };
        let gateway = calling.ways.gateway.clone();
        if let Some(gateway) = gateway
            && let Err(wait_ms) = self.keep_pace(&gateway)
        {
            return self.after(Duration::from_millis(wait_ms), Timer::NextWay(id));
        }
        let Some(next) = self.calling(id).and_then(|c| c.ways.waiting.take()) else {
            return;
        };
        let mut request = next.request;
        self.sign(&mut request, &next.peer);
        let tx = self.send_invite(id, request, &next.peer);
        if let Some(calling) = self.calling(id) {
            calling.tx = tx;
        }
        self.sent_again(id);
        self.watch_way(id, tx);
    }

    /// We gave up while no INVITE was out.
    pub(super) fn end_waiting(&mut self, id: CallRef, ending: Ending) {
        if let Some(calling) = self.calling(id) {
            calling.ways.waiting = None;
        }
        self.finish(id, ending);
    }

    /// An address that was given up rings after all: it is cancelled.
    pub(super) fn cancel_abandoned(&mut self, number: u64) {
        let Some(ClientTx::Invite(invite)) = self.client_txs.get_mut(&number) else {
            return;
        };
        if std::mem::take(&mut invite.abandoned) {
            let (request, hop) = (invite.request.clone(), invite.peer.hop);
            self.send_cancel(&request, crate::EndCause::Normal, hop);
        }
    }

    /// What a call comes to when its last way led nowhere.
    pub(super) fn no_way_left(status: u16) -> Ending {
        let text = if status == 408 {
            "no answer to the INVITE"
        } else {
            "cannot be reached"
        };
        Ending::new(Side::Network, Some(status)).or_text(text)
    }

    pub(super) fn drop_later(&mut self, number: u64, wait: Duration) {
        self.after(wait, Timer::ForgetInvite(number));
    }

    pub(super) fn forget_invite(&mut self, number: u64) {
        if self.client_txs.remove(&number).is_some() {
            self.out.push(Output::Drop {
                tx: TxId::Client(number),
            });
        }
    }
}
