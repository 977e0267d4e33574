//! What goes into the core and what comes out of it.

use std::{net::IpAddr, time::Duration};

use crate::{
    Account, AccountId, CallRef, Destination, EndCause, Gateway, Hop, Identity, Offer, PhoneKey,
    PhoneLimits, SipEvent, message::Message, sdp::Local,
};

/// Names a transaction: client transactions are numbered here, server transactions by the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum TxId {
    Client(u64),
    Server(u64),
}

/// Something that happened on the wire.
#[derive(Debug)]
pub(crate) enum Input {
    /// A new request; never an ACK, a CANCEL or a retransmission.
    Request {
        tx: TxId,
        message: Message,
        from: Hop,
    },
    /// A response to a request of ours. Every 2xx to an INVITE comes, repeated and forked ones too.
    Response { tx: TxId, message: Message },
    /// No final response came in time, or the request could not be sent.
    Unanswered { tx: TxId, sent: bool },
    /// The ACK for a 2xx of ours.
    Ack { tx: TxId, message: Message },
    /// No ACK came for a 2xx of ours, although it was repeated.
    NoAck { tx: TxId },
    /// The peer cancelled an INVITE; the CANCEL itself was answered.
    Cancel { tx: TxId },
    /// [`Core::next_wake`] has come.
    Wake,
}

/// Something the house wants.
#[derive(Debug)]
pub(crate) enum Command {
    Invite {
        call: CallRef,
        to: Destination,
        caller: Identity,
        offer: Offer,
        ring_timeout: Duration,
    },
    /// With the offer that a caller without one may have to be made with it.
    Ring(CallRef, Option<Vec<u8>>),
    Progress(CallRef, Vec<u8>),
    Answer(CallRef, Vec<u8>),
    /// Everything that we speak in this call.
    Speaks(CallRef, Box<Local>),
    End(CallRef, EndCause),
    Reoffer(CallRef, Vec<u8>),
    SendDigit {
        call: CallRef,
        digit: char,
        ms: u32,
    },
    Press(CallRef, PhoneKey),
    Refer {
        call: CallRef,
        number: String,
        replaces: Option<CallRef>,
    },
    TransferResult(CallRef, u16),
    SetGateways(Vec<Gateway>),
    Register(Account),
    Unregister(AccountId),
    DropPhone(String),
    Pardon(IpAddr),
    /// Take no new calls for now.
    Overloaded(bool),
    SetPhoneLimits(PhoneLimits),
    Shutdown,
}

/// Something to be done.
#[derive(Debug)]
pub(crate) enum Output {
    /// Start a client transaction. Repeat until answered.
    Send {
        tx: TxId,
        message: Message,
        to: Hop,
    },
    /// Answer a server transaction. A 2xx to INVITE is repeated until its ACK.
    Respond {
        tx: TxId,
        message: Message,
    },
    /// Send once, outside any transaction.
    SendAck {
        message: Message,
        to: Hop,
    },
    /// Forget a client transaction.
    Drop {
        tx: TxId,
    },
    /// Read nothing from that address for so long; 0 reads from it again.
    Ban {
        source: IpAddr,
        seconds: u64,
    },
    /// Somebody at that address has shown a password.
    Vouch {
        source: IpAddr,
    },
    Tell(SipEvent),
}
