//! Offer and answer before the final response to their INVITE (RFC 3261 section 13.2.1, RFC 3262
//! section 5, RFC 3311 section 5.2).

use rand::Rng as _;

use super::{
    Core, TxId,
    in_dialog::{Reoffer, answer_reoffer},
};
use crate::{
    CallRef, SipEvent,
    message::{ALLOW, Message},
    sdp,
};

/// How far it has come. What is not sent reliably settles nothing: it is said again.
#[derive(Debug)]
pub(super) enum Exchange {
    /// They wait for our offer.
    Unoffered,
    /// We have offered in a reliable response; its PRACK brings the answer.
    Offered(Vec<u8>),
    /// They wait for our answer.
    Unanswered,
    /// We have answered in a reliable response whose PRACK has not come.
    Answered(Vec<u8>),
    /// Nothing is open; what we have described last.
    Settled(Vec<u8>),
}

impl Exchange {
    pub(super) fn of(invite: &Message) -> Self {
        match invite.sdp() {
            Some(_) => Self::Unanswered,
            None => Self::Unoffered,
        }
    }

    /// What the next provisional response says of what it could say. Once all is settled, nothing.
    pub(super) fn say(&mut self, sdp: Option<Vec<u8>>, reliably: bool) -> Option<Vec<u8>> {
        let sdp = sdp.filter(|_| !matches!(self, Self::Settled(_)))?;
        match self {
            Self::Unoffered if reliably => *self = Self::Offered(sdp.clone()),
            Self::Unanswered if reliably => *self = Self::Answered(sdp.clone()),
            _ => {}
        }
        Some(sdp)
    }

    /// The PRACK for that has come. Gives back our offer when it carries the answer; one without is
    /// of somebody who answers in the ACK, as if nothing reliable had been offered.
    fn acknowledge(&mut self, answered: bool) -> Option<Vec<u8>> {
        match std::mem::replace(self, Self::Unoffered) {
            Self::Offered(ours) if answered => {
                *self = Self::Settled(ours.clone());
                return Some(ours);
            }
            Self::Offered(_) => {}
            Self::Answered(ours) => *self = Self::Settled(ours),
            other => *self = other,
        }
        None
    }

    pub(super) fn waits_for_our_offer(&self) -> bool {
        matches!(self, Self::Unoffered)
    }

    /// Our description from the answer on, and what the 200 says of it: nothing once it is settled
    /// (RFC 3261 section 13.2.1).
    pub(super) fn conclude(&self, sdp: Vec<u8>) -> (Vec<u8>, Vec<u8>) {
        match self {
            Self::Settled(ours) => (ours.clone(), Vec::new()),
            _ => (sdp.clone(), sdp),
        }
    }

    /// The status that refuses an offer of theirs: one is open.
    fn refusal(&self) -> Option<u16> {
        match self {
            Self::Unoffered | Self::Offered(_) => Some(491),
            Self::Unanswered | Self::Answered(_) => Some(500),
            Self::Settled(_) => None,
        }
    }
}

impl Core {
    /// UPDATE before our final response.
    pub(super) fn on_update_offered(&mut self, tx: TxId, request: &Message, id: CallRef) {
        let Some(offered) = self.offered(id) else {
            return;
        };
        let refusal = offered.exchange.refusal();
        let status = match (request.sdp(), refusal) {
            (Some(_), Some(status)) => status,
            _ => 200,
        };
        if status == 500 {
            let wait_s: u8 = self.random.random_range(0..=10);
            let answer = self.refusal(request, 500);
            return self.respond(tx, answer.with("Retry-After", wait_s.to_string()));
        }
        if status != 200 {
            return self.refuse(tx, request, status);
        }
        let body = match self.reoffered(id, request) {
            Reoffer::Refused => return self.refuse(tx, request, 488),
            Reoffer::Silent => Vec::new(),
            Reoffer::Offer { theirs, ours } => {
                self.settle_early(id, theirs, ours.clone());
                ours
            }
        };
        let Some(offered) = self.offered(id) else {
            return;
        };
        offered.dialog.refresh(request);
        let peer = offered.peer.clone();
        let contact = self.contact_for(&peer);
        let ok = self
            .reply(request, 200, "")
            .with("Contact", contact)
            .with("Allow", ALLOW);
        self.respond(tx, ok.with_body("application/sdp", body));
    }

    /// What their PRACK says of the media; gives back what our 200 to it says. It is 200 whatever
    /// they say (RFC 3262 section 3): an offer that we cannot take is answered with no media.
    pub(super) fn on_prack_media(&mut self, id: CallRef, prack: &Message) -> Vec<u8> {
        let Some(offered) = self.offered(id) else {
            return Vec::new();
        };
        let theirs = prack.sdp().map(<[u8]>::to_vec);
        if let Some(ours) = offered.exchange.acknowledge(theirs.is_some()) {
            self.settle_early(id, theirs.unwrap_or_default(), ours);
            return Vec::new();
        }
        if theirs.is_none() || offered.exchange.refusal().is_some() {
            return Vec::new();
        }
        match self.reoffered(id, prack) {
            Reoffer::Offer { theirs, ours } => {
                self.settle_early(id, theirs, ours.clone());
                ours
            }
            Reoffer::Silent => Vec::new(),
            Reoffer::Refused => self.no_media(id, prack),
        }
    }

    fn reoffered(&mut self, id: CallRef, request: &Message) -> Reoffer {
        match self.offered(id).map(|offered| &offered.exchange) {
            Some(Exchange::Settled(ours)) => answer_reoffer(request, ours),
            _ => Reoffer::Silent,
        }
    }

    fn no_media(&mut self, id: CallRef, request: &Message) -> Vec<u8> {
        let Some(Exchange::Settled(ours)) = self.offered(id).map(|o| &o.exchange) else {
            return Vec::new();
        };
        let theirs = request.sdp().map(sdp::parse);
        match (theirs, sdp::parse(ours)) {
            (Some(Ok(offer)), Ok(last)) => sdp::decline(&offer, &last).unwrap_or_default(),
            _ => Vec::new(),
        }
    }

    fn settle_early(&mut self, id: CallRef, remote_sdp: Vec<u8>, local_sdp: Vec<u8>) {
        if let Some(offered) = self.offered(id) {
            offered.exchange = Exchange::Settled(local_sdp.clone());
        }
        self.tell(SipEvent::MediaChanged {
            call: id,
            remote_sdp,
            local_sdp,
            at: self.at(),
        });
    }
}
