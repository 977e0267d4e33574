//! What is known of a call in each of its states.

use std::sync::Arc;

use super::{
    Core, TxId,
    dialog::Dialog,
    early::Early,
    errands::Errand,
    exchange::Exchange,
    goodbye::Goodbye,
    phones::PhonePing,
    reliable::ReliableState,
    reoffer::{Reinvite, Reoffering},
    session::SessionTimer,
    transfer::Referral,
    ways::Ways,
};
use crate::{
    AccountId, CallRef, Credentials, EndCause, Hop, Profile, Side, SipError, SipEvent,
    message::{Message, Reason},
    sdp::{Direction, Local},
};

/// One call.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) call_id: String,
    pub(super) local_tag: String,
    /// Their tag when they called us.
    pub(super) caller_tag: Option<String>,
    /// The registered phone that called us.
    pub(super) phone: Option<String>,
    /// The registered phone that we call.
    pub(super) called_phone: Option<String>,
    /// Everything that we speak in it; what our descriptions say where nobody told.
    pub(super) speaks: Option<Box<Local>>,
    pub(super) state: State,
}

#[derive(Debug)]
pub(super) enum State {
    /// Our INVITE has no final response.
    Calling(Box<Calling>),
    /// Their INVITE has no final response.
    Offered(Box<Offered>),
    /// A 2xx was sent or received.
    Up(Box<Up>),
}

#[derive(Debug)]
pub(super) struct Calling {
    /// The INVITE transaction of the last try.
    pub(super) tx: u64,
    pub(super) peer: Peer,
    /// How often credentials were added.
    pub(super) tries: u8,
    pub(super) provisional: bool,
    pub(super) early: Vec<Early>,
    pub(super) giving_up: Option<GivingUp>,
    pub(super) offer: Vec<u8>,
    /// What is offered should they refuse that.
    pub(super) otherwise: Option<Vec<u8>>,
    /// Where the INVITE goes when this way leads nowhere.
    pub(super) ways: Ways,
}

/// An INVITE that we want no answer to any more.
#[derive(Debug)]
pub(super) struct GivingUp {
    /// `None` when it rang too long.
    pub(super) cause: Option<EndCause>,
    pub(super) cancelled: bool,
}

#[derive(Debug)]
pub(super) struct Offered {
    pub(super) tx: TxId,
    pub(super) request: Message,
    pub(super) peer: Peer,
    pub(super) rang: bool,
    pub(super) reliable: ReliableState,
    pub(super) exchange: Exchange,
    pub(super) dialog: Dialog,
}

#[derive(Debug)]
pub(super) struct Up {
    pub(super) dialog: Dialog,
    pub(super) peer: Peer,
    pub(super) local_sdp: Vec<u8>,
    /// What we want, however much of it they leave: a hold of ours, not one of theirs.
    pub(super) wanted: Direction,
    pub(super) unacked: Option<Unacked>,
    /// The far end knows UPDATE.
    pub(super) takes_update: bool,
    pub(super) session: SessionTimer,
    pub(super) reoffer: Reoffering,
    /// The far end asked for a transfer that is not over: the id of its subscription, where it
    /// wants to be told.
    pub(super) asked_transfer: Option<Option<u32>>,
    /// We asked the far end for a transfer and are told how it goes.
    pub(super) referral: Referral,
}

impl Up {
    /// `met` is their message that made the dialog.
    pub(super) fn new(dialog: Dialog, peer: Peer, local_sdp: Vec<u8>, met: &Message) -> Self {
        Self {
            dialog,
            peer,
            local_sdp,
            wanted: Direction::SendRecv,
            unacked: None,
            takes_update: met.names("Allow", "UPDATE"),
            session: SessionTimer::default(),
            reoffer: Reoffering::default(),
            asked_transfer: None,
            referral: Referral::default(),
        }
    }
}

/// A 2xx of ours whose ACK has not come.
#[derive(Debug)]
pub(super) struct Unacked {
    pub(super) tx: TxId,
    /// It answers the first INVITE of the call.
    pub(super) first: bool,
    /// The 2xx made the offer, so the ACK carries the answer.
    pub(super) offered: bool,
}

/// How the other side is reached.
#[derive(Debug, Clone)]
pub(super) struct Peer {
    /// Where the first request goes to or came from.
    pub(super) hop: Hop,
    /// Always send there, whatever Contact says: phones behind NAT.
    pub(super) pinned: bool,
    pub(super) credentials: Option<Credentials>,
    /// Whose challenges we know.
    pub(super) trunk: Option<Trunk>,
    pub(super) profile: Arc<Profile>,
    /// User part of our Contact.
    pub(super) contact_user: String,
    /// By TLS at every hop, and our Contact says so (`sips:`).
    pub(super) secure: bool,
}

/// Somebody who challenges us.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Trunk {
    Gateway(String),
    Account(AccountId),
}

/// What a client transaction is for.
#[derive(Debug)]
pub(super) enum ClientTx {
    Invite(Box<Invite>),
    Cancel,
    Bye(Box<Goodbye>),
    Register(AccountId),
    /// OPTIONS to this address of this gateway, and when it went out.
    Ping(String, Hop, u64),
    Reinvite(Box<Reinvite>),
    Errand(Box<Errand>),
    PhonePing(Box<PhonePing>),
}

/// An INVITE that was sent, kept for as long as a 2xx can come.
#[derive(Debug)]
pub(super) struct Invite {
    pub(super) call: CallRef,
    pub(super) request: Message,
    pub(super) peer: Peer,
    /// Tags whose 2xx was acknowledged, with the ACK and where it went.
    pub(super) acked: Vec<(String, Message, Hop)>,
    /// Another way is tried meanwhile.
    pub(super) abandoned: bool,
}

impl Invite {
    /// What the next try is made of.
    pub(super) fn copy(&self) -> Self {
        Self {
            call: self.call,
            request: self.request.clone(),
            peer: self.peer.clone(),
            acked: Vec::new(),
            abandoned: false,
        }
    }
}

/// What a 2xx without ACK belongs to.
#[derive(Debug)]
pub(super) enum ServerInvite {
    Call(CallRef),
    /// The call is over, but BYE must wait for the ACK (RFC 3261 section 15).
    Leaving(Box<Goodbye>),
}

/// How a call ended.
#[derive(Debug)]
pub(super) struct Ending {
    pub(super) side: Side,
    pub(super) status: Option<u16>,
    pub(super) reason: Reason,
    /// The number to which a phone sends the call on.
    pub(super) forwards_to: Option<String>,
}

impl Ending {
    pub(super) fn new(side: Side, status: Option<u16>) -> Self {
        Self {
            side,
            status,
            reason: Reason::default(),
            forwards_to: None,
        }
    }

    /// Cause and text of a message: its Reason header, or else its reason phrase.
    pub(super) fn told_by(side: Side, status: Option<u16>, message: &Message) -> Self {
        let mut reason = Reason::read(message.list("Reason"));
        let phrase = message.reason_phrase().filter(|p| !p.is_empty());
        reason.text = reason
            .text
            .or(phrase.map(|p| p.chars().take(120).collect()));
        Self {
            side,
            status,
            reason,
            forwards_to: None,
        }
    }

    pub(super) fn or_q850(mut self, cause: u8) -> Self {
        self.reason.q850 = self.reason.q850.or(Some(cause));
        self
    }

    pub(super) fn or_text(mut self, text: &str) -> Self {
        self.reason.text = self.reason.text.or_else(|| Some(text.to_owned()));
        self
    }
}

impl Core {
    /// Ends a call in whatever state it is.
    pub(super) fn end(&mut self, call: CallRef, cause: EndCause) -> Result<(), SipError> {
        match self.calls.get(&call).map(|c| &c.state) {
            None => return Err(SipError::NoSuchCall),
            Some(State::Calling(_)) => self.give_up(call, Some(cause)),
            Some(State::Offered(_)) => self.refuse_call(call, cause),
            Some(State::Up(_)) => self.hang_up(call, cause),
        }
        Ok(())
    }

    /// Remembers what later offers of a call may choose from.
    pub(super) fn speaks(&mut self, id: CallRef, local: Box<Local>) -> Result<(), SipError> {
        let call = self.calls.get_mut(&id).ok_or(SipError::NoSuchCall)?;
        call.speaks = Some(local);
        Ok(())
    }

    fn hang_up(&mut self, id: CallRef, cause: EndCause) {
        let ending = Ending::new(Side::Us, None).or_q850(cause.q850());
        let Some(call) = self.finish(id, ending) else {
            return;
        };
        if let State::Up(up) = call.state {
            self.leave(*up, cause);
        }
    }

    /// Forgets a call and tells that it ended. The one place that tells it.
    pub(super) fn finish(&mut self, id: CallRef, ending: Ending) -> Option<Call> {
        let call = self.calls.remove(&id)?;
        self.gone.remember(&call);
        self.by_dialog
            .remove(&(call.call_id.clone(), call.local_tag.clone()));
        if let Some(tag) = &call.caller_tag {
            self.by_caller.remove(&(call.call_id.clone(), tag.clone()));
        }
        self.tell(SipEvent::Ended {
            call: id,
            side: ending.side,
            sip_status: ending.status,
            q850: ending.reason.q850,
            reason: ending.reason.text,
            forwards_to: ending.forwards_to,
            at: self.at(),
        });
        Some(call)
    }

    pub(super) fn add_call(&mut self, id: CallRef, call: Call) {
        if let Some(tag) = &call.caller_tag {
            self.by_caller.insert((call.call_id.clone(), tag.clone()));
        }
        self.by_dialog
            .insert((call.call_id.clone(), call.local_tag.clone()), id);
        self.calls.insert(id, call);
    }

    pub(super) fn calling(&mut self, id: CallRef) -> Option<&mut Calling> {
        match &mut self.calls.get_mut(&id)?.state {
            State::Calling(calling) => Some(calling),
            _ => None,
        }
    }

    pub(super) fn offered(&mut self, id: CallRef) -> Option<&mut Offered> {
        match &mut self.calls.get_mut(&id)?.state {
            State::Offered(offered) => Some(offered),
            _ => None,
        }
    }

    pub(super) fn up(&mut self, id: CallRef) -> Option<&mut Up> {
        match &mut self.calls.get_mut(&id)?.state {
            State::Up(up) => Some(up),
            _ => None,
        }
    }
}
