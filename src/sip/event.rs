//! What an agent tells.

use std::{
    net::{IpAddr, SocketAddr},
    time::SystemTime,
};

use uuid::Uuid;

use crate::AccountId;

/// One call of ours: chosen by the caller for outgoing calls, by the agent for incoming ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallRef(pub Uuid);

/// Everything that happens. Exactly one [`SipEvent::Ended`] per call, and nothing about that call
/// after it.
#[derive(Debug, Clone, PartialEq)]
pub enum SipEvent {
    /// A call came in and waits for `ring`, `answer` or `end`. 100 Trying went out already.
    Incoming {
        call: CallRef,
        /// The caller's number or user name, as the far end states it.
        from: String,
        from_name: Option<String>,
        /// The number that was called: the user part of the Request-URI. Where that is what we are
        /// registered as at the gateway: the P-Called-Party-ID, or else the user part of To.
        to: String,
        source: Source,
        /// `None` when the caller wants us to offer: then `answer` carries our offer, and the
        /// far end's answer comes with [`SipEvent::Confirmed`]; or `ring_offering` does, and it
        /// comes with [`SipEvent::MediaChanged`].
        sdp_offer: Option<Vec<u8>>,
        /// The call of ours whose place it wants to take (RFC 3891): answer this one and end that.
        replaces: Option<CallRef>,
        at: SystemTime,
    },
    /// Another INVITE left for this call: after a challenge or a redirection, or to the next address.
    SentAgain { call: CallRef, at: SystemTime },
    /// A 18x arrived. May come several times; `sdp` is early media.
    Ringing {
        call: CallRef,
        sdp: Option<Vec<u8>>,
        at: SystemTime,
    },
    /// A 2xx arrived (`at` is when) and was acknowledged. `sdp` answers our offer; it is the early
    /// media's when the 2xx had none.
    Answered {
        call: CallRef,
        sdp: Vec<u8>,
        at: SystemTime,
    },
    /// The ACK for our 200 arrived. `sdp` is the far end's answer where we had made the offer.
    Confirmed {
        call: CallRef,
        sdp: Option<Vec<u8>>,
        at: SystemTime,
    },
    /// The far end changed the media with a re-INVITE or UPDATE (hold, resume, new address). It
    /// has been answered already: with the codec of our last session description while it is
    /// offered. Before the answer of an incoming call too, once what was said of the media has been
    /// acknowledged (UPDATE, PRACK). [`crate::sdp::settled`] says what the two descriptions come to.
    MediaChanged {
        call: CallRef,
        remote_sdp: Vec<u8>,
        local_sdp: Vec<u8>,
        at: SystemTime,
    },
    /// The far end did not agree to a change of media of ours; everything stays as it was.
    ReofferRefused {
        call: CallRef,
        sip_status: u16,
        at: SystemTime,
    },
    /// The far end asks to be connected with somebody else (REFER). It was told 202; say how it
    /// goes with [`crate::Agent::transfer_result`].
    TransferAsked {
        call: CallRef,
        /// User part of Refer-To.
        to: String,
        /// An attended transfer: the call of ours whose other side it is to be connected with.
        replaces: Option<CallRef>,
        at: SystemTime,
    },
    /// How the transfer goes that we asked the far end for ([`crate::Agent::refer`]).
    TransferProgress {
        call: CallRef,
        /// What the far end got, or with what it refused; 408 when it tells nothing: within 60 s
        /// after it has accepted, or until what it has told runs out (180 s where it does not say).
        sip_status: u16,
        /// Nothing more will be told of it.
        done: bool,
        at: SystemTime,
    },
    /// A DTMF digit by SIP INFO (`application/dtmf-relay` or `application/dtmf`).
    InfoDigit {
        call: CallRef,
        digit: char,
        ms: u32,
        at: SystemTime,
    },
    /// The hook of the far end's telephone was tapped: an INFO of `application/hook-flash`, or one with
    /// that signal.
    HookFlash { call: CallRef, at: SystemTime },
    /// How the phone answered whose key was pressed ([`crate::Agent::press`]): 408 where it did not.
    KeyAnswered {
        call: CallRef,
        sip_status: u16,
        at: SystemTime,
    },
    /// The call is over. The last event of a call.
    Ended {
        call: CallRef,
        side: Side,
        /// The final status before the answer: 408 when nothing came, 487 after our CANCEL. `None`
        /// for a call that was answered.
        sip_status: Option<u16>,
        /// Q.850 cause of the Reason header (RFC 3326). Where the far end gave none: our own cause
        /// when we ended the call, 19 when it rang too long, 16 for a plain BYE.
        q850: Option<u8>,
        /// Text of the Reason header, or else the reason phrase.
        reason: Option<String>,
        /// Where a phone that was called sends its calls (3xx, RFC 3261 section 21.3): the user part of the
        /// Contact that it wants most, at most 64 characters. It is not called; `None` for gateways.
        forwards_to: Option<String>,
        at: SystemTime,
    },
    /// A phone registered or moved. Refreshes from the same place tell nothing.
    Registered {
        extension: String,
        user_agent: String,
        source: SocketAddr,
        at: SystemTime,
    },
    /// A phone's last contact was removed or ran out.
    Unregistered { extension: String, at: SystemTime },
    /// One of our accounts is registered for `expires_s` seconds; told for every refresh too.
    AccountRegistered {
        account: AccountId,
        expires_s: u32,
        at: SystemTime,
    },
    /// One of our accounts could not be registered. It is tried again in `retry_in_s`.
    AccountFailed {
        account: AccountId,
        sip_status: u16,
        retry_in_s: u32,
        at: SystemTime,
    },
    /// An address guessed passwords or looked for phones; nothing is read from it for a while.
    Banned {
        source: IpAddr,
        seconds: u64,
        at: SystemTime,
    },
    /// A phone's call was refused because of [`crate::PhoneLimits`].
    PhoneLimited {
        extension: String,
        why: &'static str,
        at: SystemTime,
    },
    /// A gateway came up, lost some of its addresses, or went down; told of those that are pinged
    /// or registered at.
    GatewayState {
        gateway: String,
        state: GatewayHealth,
        at: SystemTime,
    },
}

/// How a gateway is, all in all and by address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewayStatus {
    pub gateway: String,
    /// `None` while nothing is known: it is neither pinged nor registered at.
    pub health: Option<GatewayHealth>,
    /// We register there.
    pub registers: bool,
    /// What its registrar said last; `None` before its first word.
    pub registered: Option<bool>,
    /// The time that it gave us is over, and it has not answered the refresh yet.
    pub expired: bool,
    /// Since when `health` and `registered` are what they are.
    pub since: SystemTime,
    /// What went wrong last, for people to read, and when; also when it is over.
    pub last_error: Option<(String, SystemTime)>,
    pub hops: Vec<HopStatus>,
}

/// An address that nothing is read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ban {
    pub source: IpAddr,
    pub reason: BanReason,
    pub since: SystemTime,
    pub until: SystemTime,
}

/// What an address did to be shut out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BanReason {
    /// Wrong passwords.
    WrongPassword,
    /// Many requests that were challenged and never came back with an answer.
    Unanswered,
    /// It says itself that it is a scanner.
    Scanner,
}

/// How one address of a gateway is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HopStatus {
    pub hop: crate::Hop,
    /// Whether it answered the last OPTIONS; `None` before the first.
    pub answers: Option<bool>,
    /// Round trip of the last OPTIONS that it answered.
    pub latency_ms: Option<u32>,
    /// It asked for a rest (503 with Retry-After) that is not over.
    pub rests: bool,
}

/// One contact of a registered phone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    pub extension: String,
    /// The Contact URI as the phone wrote it.
    pub contact: String,
    /// Where it really speaks from.
    pub source: crate::Hop,
    /// As it names itself, at most 120 characters.
    pub user_agent: String,
    pub expires_in_s: u32,
    /// Whether the last OPTIONS was answered; `None` before the first.
    pub answers: Option<bool>,
    /// Round trip of the last OPTIONS that was.
    pub latency_ms: Option<u32>,
    /// It can be told to take a call ([`crate::PhoneKey::Talk`]).
    pub takes_talk: bool,
    /// It can be told to hold one ([`crate::PhoneKey::Hold`]).
    pub takes_hold: bool,
}

/// Whether a gateway can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GatewayHealth {
    /// Every address answers.
    Up,
    /// Some address is silent, or asked for a rest.
    Degraded,
    /// No address answers, or its registrar does not take us.
    Down,
}

/// Where an incoming call comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// From the address of this gateway.
    Gateway(String),
    /// From the phone that authenticated as this extension.
    Phone(String),
    /// From the registrar at which this account of ours is registered.
    Account(AccountId),
}

/// Who ended a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Us,
    Them,
    /// Nobody did: no answer to what we sent, or the transport failed.
    Network,
}
