//! What a switch tells the house.

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    time::SystemTime,
};

use uuid::Uuid;

use crate::{CommandId, ConferenceId, Monitor, PlayId, RecordId};

/// One SIP dialog with its sound. Chosen by the house for outgoing legs, by the switch for incoming.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LegId(pub Uuid);

/// One thing that happened.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// The leg it happened to; `None` for gateways and registrations.
    pub leg: Option<LegId>,
    /// Dense per leg, from 1.
    pub seq: u32,
    /// When the engine saw it.
    pub at: SystemTime,
    pub kind: EventKind,
}

#[derive(Debug, Clone, PartialEq)]
pub enum EventKind {
    /// A call came in and waits for `Ring`, `Answer` or `Hangup`.
    Incoming {
        from: String,
        to: String,
        gateway: Option<String>,
        /// The extension, where a phone of ours calls.
        phone: Option<String>,
        /// The leg whose place it wants to take (RFC 3891): answer this one and end that.
        replaces: Option<LegId>,
    },
    /// Another INVITE left for this leg: after a challenge or a redirection, or to another address.
    SentAgain,
    /// The far end rings, or we ring; `early_media` when a 18x carried SDP.
    Ringing {
        early_media: bool,
    },
    /// It took our call, or we took its. A phone of ours that calls is answered when it acknowledges that.
    Answered,
    Bridged {
        peer: LegId,
    },
    Unbridged {
        peer: LegId,
    },
    /// It hears the early media of another leg.
    HearsEarly {
        of: LegId,
    },
    Parked,
    /// It hears music or silence while its bridge waits.
    Held,
    Resumed,
    /// It is heard by nobody, or is heard again.
    Muted {
        on: bool,
    },
    /// The far end does not listen any more (a hold of its own, RFC 3264 section 8.4), or does again.
    FarEndHolds {
        on: bool,
    },
    /// It takes part in the bridge of `agent`.
    Supervising {
        agent: LegId,
        monitor: Monitor,
    },
    ConferenceJoined {
        conference: ConferenceId,
    },
    ConferenceLeft {
        conference: ConferenceId,
    },
    PlayStarted {
        play: PlayId,
    },
    PlayDone {
        play: PlayId,
        played_ms: u64,
        why: PlayEnd,
    },
    /// A key of the far end. `withheld`: whoever hears the leg was not passed it (`WithholdKeys`).
    Dtmf {
        digit: char,
        ms: u32,
        withheld: bool,
    },
    /// The hook of the far end's telephone was tapped, as an event or by INFO; nobody else hears of it.
    HookFlash,
    KeysWithheld {
        on: bool,
    },
    /// Every key of the `SendDtmf`s so far has been pressed.
    DtmfSent,
    /// Who or what answered; once for each `Classify`, unless the leg ends first. After `ListenEarly` an
    /// announcement of the network, once, if there is one before the answer.
    Classified {
        verdict: Verdict,
        /// What special information tones said; `None` where they said nothing, and for other
        /// verdicts.
        sit: Option<Sit>,
        /// Why, in a word or two.
        why: String,
        /// How long it took to tell.
        after_ms: u32,
        /// When the greeting was over, in milliseconds since listening began; `None` when none was
        /// heard or it goes on.
        greeted_ms: Option<u32>,
    },
    /// After `Classified` as a machine: it records from now on.
    Beep,
    /// After `ListenForSpeech`: somebody speaks.
    SpeechBegan,
    /// Who spoke has paused.
    SpeechPaused,
    /// The file is there. Its name may differ from the one that was asked for, as that of a sealed
    /// recording does; it is the one of [`EventKind::RecordDone`].
    RecordStarted {
        record: RecordId,
        path: PathBuf,
    },
    RecordPaused {
        record: RecordId,
    },
    RecordResumed {
        record: RecordId,
    },
    /// `error` is set when the file is incomplete (disk full and the like).
    RecordDone {
        record: RecordId,
        path: PathBuf,
        ms: u64,
        bytes: u64,
        error: Option<String>,
    },
    /// The far end asks to be connected with somebody else: with `to`, or with the far end of
    /// `replaces`. Whether it is, the house decides; [`crate::Command::TransferResult`] tells it.
    TransferAsked {
        to: String,
        replaces: Option<LegId>,
    },
    /// How the transfer goes that the far end was asked for; 408 when it tells nothing of it.
    TransferProgress {
        sip_status: u16,
        done: bool,
    },
    /// No RTP for the configured time.
    MediaTimeout,
    /// An accepted command had no effect.
    Failed {
        command: CommandId,
        why: String,
    },
    /// The leg is over. The last event of a leg, but for `RecordDone`.
    Ended(Ended),
    /// A phone registered; `user_agent` as it names itself.
    Registered {
        extension: String,
        user_agent: String,
    },
    Unregistered {
        extension: String,
    },
    /// An address guessed passwords or looked for phones; nothing is read from it for a while.
    Banned {
        source: IpAddr,
        seconds: u64,
    },
    /// A phone's call was refused because it broke a limit.
    PhoneLimited {
        extension: String,
        why: &'static str,
    },
    Gateway {
        gateway: String,
        state: GatewayState,
    },
}

/// One SIP message of a leg. Holds phone numbers: show it to those alone who may see them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Traced {
    pub at: SystemTime,
    /// The switch sent it.
    pub sent: bool,
    /// The other side, where it is known.
    pub peer: Option<SocketAddr>,
    pub text: String,
}

/// How a gateway is, all in all and by address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewayStatus {
    pub gateway: String,
    /// `None` while nothing is known: it is neither pinged nor registered at.
    pub state: Option<GatewayState>,
    /// We register there (UNI, IMS).
    pub registers: bool,
    /// Whether its registrar has us; `None` where we do not register, or before its first word.
    pub registered: Option<bool>,
    /// It had us, the time for which it did is over, and it has not answered the refresh yet.
    pub expired: bool,
    /// Since when it is so; `None` for one whose name has no address yet.
    pub since: Option<SystemTime>,
    /// What went wrong last, for people to read, and when; also when it is over.
    pub last_error: Option<(String, SystemTime)>,
    pub addresses: Vec<AddressStatus>,
}

/// How one address of a gateway is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddressStatus {
    pub address: SocketAddr,
    /// Whether it answered the last ping; `None` before the first.
    pub answers: Option<bool>,
    /// Round trip of the last ping that it answered.
    pub latency_ms: Option<u32>,
    /// It asked for a rest.
    pub rests: bool,
}

/// An address that nothing is read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ban {
    pub source: IpAddr,
    /// `wrong_password`, `unanswered` (challenges that nobody answered), `scanner`.
    pub reason: &'static str,
    pub since: SystemTime,
    pub until: SystemTime,
}

/// One contact of a registered phone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    pub extension: String,
    /// The Contact URI as the phone wrote it.
    pub contact: String,
    /// `UDP`, `TCP`, `TLS`.
    pub transport: &'static str,
    /// Where it really speaks from.
    pub source: SocketAddr,
    /// As it names itself.
    pub user_agent: String,
    pub expires_in_s: u32,
    /// Whether it answered the last ping; `None` before the first.
    pub answers: Option<bool>,
    /// Round trip of the last ping that it answered.
    pub latency_ms: Option<u32>,
    /// It says that it takes [`crate::PhoneKey::Talk`].
    pub takes_talk: bool,
    /// It says that it takes [`crate::PhoneKey::Hold`].
    pub takes_hold: bool,
}

/// How and why a leg ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Ended {
    /// Who ended it.
    pub side: Side,
    /// The final SIP status before the answer (408 when nothing came, 487 after our CANCEL);
    /// `None` for a leg that was answered.
    pub sip_status: Option<u16>,
    /// Q.850 cause from a Reason header, or 16 for a plain BYE.
    pub q850: Option<u8>,
    /// The reason phrase or the text of the Reason header.
    pub reason: Option<String>,
    /// A phone was called and sends its calls on: to this number or extension, at most 64 characters. The
    /// switch calls nobody in its place; that is the house's to decide.
    pub forwards_to: Option<String>,
    pub stats: MediaStats,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The house hung up.
    Us,
    /// The far end did.
    Them,
    /// Nobody did: transport or media failed, or the far end fell silent.
    Network,
}

/// Who or what answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    Human,
    Machine,
    /// A fax or a modem.
    Fax,
    /// An announcement of the network, led by special information tones.
    Network,
    /// It could not be told in time. To be treated as a person.
    Unsure,
}

/// What special information tones say where they are coded (ANSI T1.401, Telcordia GR-674).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sit {
    /// The number is out of service, or has changed.
    Intercept,
    /// There is no such number.
    VacantCode,
    /// Equipment on the way failed, or something was missing.
    Reorder,
    /// All circuits are busy.
    NoCircuit,
}

/// What the media engine counted on a leg.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct MediaStats {
    pub packets_received: u64,
    pub packets_sent: u64,
    /// Estimated from sequence gaps.
    pub packets_lost: u64,
    /// RFC 3550 interarrival jitter.
    pub jitter_ms: f32,
    /// There and back, from the far end's last RTCP report; `None` without one.
    pub round_trip_ms: Option<f32>,
    /// Packets of ours that the far end reports as lost.
    pub reported_lost: Option<u64>,
    /// Jitter that the far end reports of our packets.
    pub reported_jitter_ms: Option<f32>,
    /// How what we received sounded, estimated: 1.0 to 4.5 (ITU-T G.107, simplified). `None`
    /// after less than a second of sound.
    pub mos: Option<f32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlayEnd {
    Finished,
    Stopped,
    /// The leg ended first.
    LegEnded,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GatewayState {
    Up,
    Degraded,
    Down,
}
