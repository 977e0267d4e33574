//! What is known of a call in each of its states.

use super::{Core, TxId, dialog::Dialog, goodbye::Goodbye};
use crate::{
    AccountId, CallRef, Credentials, EndCause, Hop, Side, SipError, SipEvent,
    digest::ClientAuth,
    message::{Message, Reason},
};

/// One call.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) call_id: String,
    pub(super) local_tag: String,
    /// Their tag when they called us.
    pub(super) caller_tag: Option<String>,
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
    /// Tags of early dialogs, and the early media they brought.
    pub(super) early: Vec<(String, Option<Vec<u8>>)>,
    pub(super) giving_up: Option<GivingUp>,
    pub(super) offer: Vec<u8>,
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
}

#[derive(Debug)]
pub(super) struct Up {
    pub(super) dialog: Dialog,
    pub(super) peer: Peer,
    pub(super) local_sdp: Vec<u8>,
    pub(super) unacked: Option<Unacked>,
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
    pub(super) auth: ClientAuth,
    /// User part of our Contact.
    pub(super) contact_user: String,
}

/// What a client transaction is for.
#[derive(Debug)]
pub(super) enum ClientTx {
    Invite(Box<Invite>),
    Cancel,
    Bye(Box<Goodbye>),
    Register(AccountId),
    Ping(String),
}

/// An INVITE that was sent, kept for as long as a 2xx can come.
#[derive(Debug)]
pub(super) struct Invite {
    pub(super) call: CallRef,
    pub(super) request: Message,
    pub(super) peer: Peer,
    /// Tags whose 2xx was acknowledged, with the ACK and where it went.
    pub(super) acked: Vec<(String, Message, Hop)>,
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
}

impl Ending {
    pub(super) fn new(side: Side, status: Option<u16>) -> Self {
        Self {
            side,
            status,
            reason: Reason::default(),
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

    pub(super) fn up(&mut self, id: CallRef) -> Option<&mut Up> {
        match &mut self.calls.get_mut(&id)?.state {
            State::Up(up) => Some(up),
            _ => None,
        }
    }
}
