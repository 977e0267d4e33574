//! The call-control port: what the house may ask of a switch, and what a switch tells back.
//!
//! Two engines stand behind it, the embedded SIP and RTP engine and a fleet of FreeSWITCH, and
//! [`sim`], which is none; the conformance suite holds all to the same rules:
//!
//! 1. The caller picks every id. An accepted command ends in its effect event or in
//!    [`EventKind::Failed`], at once but for what takes time by its nature: an [`Originate`] until
//!    its ring time is over and a CANCEL could be answered (RFC 3261: 32 s), a `Play` until its
//!    prompt is, a `Classify` until its budget is, a `Refer` until the far end has told its outcome or
//!    has told nothing for as long as it may, a `TakeUp` until its phone has answered (32 s), a
//!    `ListenEarly` until its leg is answered or over, and then nothing is told of it. A
//!    `ListenForSpeech` tells nothing while nobody speaks, and `StopListening` tells nothing.
//! 2. Exactly one [`EventKind::Ended`] per leg, and nothing follows it except
//!    [`EventKind::RecordDone`].
//! 3. [`Event::seq`] is dense per leg; order is promised per leg only. `Bridged` comes for both legs.
//! 4. After a bridge ends the survivor is parked in silence unless [`OnEnd::HangupPeer`]; so are
//!    its supervisors.
//! 5. `Hangup` before the answer is CANCEL or a 4xx; a 2xx that races it never shows as `Answered`.
//! 6. A command whose state already holds is `Ok` and tells nothing. An unknown leg is
//!    [`Refused::NoSuchLeg`].
//! 7. Answer time ([`Event::at`]) is when the 2xx arrived at the engine, however late it is read.
//! 8. From the answer to the agent there is no round trip: a `Bridge` of two answered legs is made,
//!    and told, when [`Switch::send`] returns. Steps that an engine would run by itself on the
//!    answer there are none: who takes a call is decided when it is answered, and the agent who was
//!    free at the dial may have gone.
//! 9. There is no transfer. A blind one is an `Originate` and a `Bridge`, or a `Refer`; an attended
//!    one is a `Bridge`. What a phone asks for by itself arrives as [`EventKind::TransferAsked`],
//!    or as an incoming leg that `replaces` another, and the house decides; so it does about a phone
//!    that sends its calls on, whose leg ends and says where ([`Ended::forwards_to`]).
//! 10. Keys arrive one by one. Collecting them, menus, queues and pacing live above the port.
//! 11. An absent capability is refused at once with [`Refused::Unsupported`].
//! 12. [`Refused`] is never an attempt on a lead: it says that our side did not dial. Each reason has
//!     its own word, nothing was sent, and no event follows.
//!
//! Nothing here knows a lead, a campaign or a queue.

mod command;
pub mod conformance;
mod event;
pub mod sim;

pub use command::{
    CallerId, Cause, Classify, Command, CommandId, ConferenceId, Hear, Monitor, OnEnd, Originate,
    PhoneKey, PlayId, RecordId, Speech, Target,
};
pub use event::{
    AddressStatus, Ban, Ended, Event, EventKind, GatewayState, GatewayStatus, LegId, MediaStats,
    PlayEnd, Registration, Side, Sit, Traced, Verdict,
};

/// A call-control engine. Cheap to share; every method returns at once.
pub trait Switch: Send + Sync + 'static {
    /// What this engine can do beyond the basic verbs.
    fn capabilities(&self) -> Capabilities;

    /// Hands a command over. `Ok` means accepted: the effect arrives as an event.
    ///
    /// # Errors
    /// [`Refused`] when the engine will not even try; nothing was sent and no event will follow.
    fn send(&self, id: CommandId, command: Command) -> Result<(), Refused>;

    /// The stream of everything that happens. There is one; the second call returns `None`.
    fn events(&self) -> Option<tokio::sync::mpsc::UnboundedReceiver<Event>>;

    /// Legs that are up now, for reconciliation after a restart or a reconnect.
    fn legs(&self) -> Vec<LegId>;

    /// The signalling of a leg, up or over, as far as it is remembered. Engines without a trace of
    /// their own give nothing.
    fn trace(&self, leg: LegId) -> Vec<Traced> {
        let _ = leg;
        Vec::new()
    }

    /// How every gateway of this engine is.
    fn gateways(&self) -> Vec<GatewayStatus> {
        Vec::new()
    }

    /// Every contact of every phone that is registered at this engine.
    fn registrations(&self) -> Vec<Registration> {
        Vec::new()
    }

    /// Presses a key at the phone that has an extension. What the phone does then is told as of its own;
    /// how it answers comes out, as a SIP status (408 where it does not), and nothing does where the leg
    /// is over before that.
    ///
    /// # Errors
    /// [`Refused::NoSuchLeg`] where no call is there that the key is for, [`Refused::Unsupported`] where
    /// the phone lets nobody press it.
    fn press(
        &self,
        extension: &str,
        key: PhoneKey,
    ) -> Result<tokio::sync::oneshot::Receiver<u16>, Refused> {
        let _ = (extension, key);
        Err(Refused::Unsupported)
    }

    /// The addresses that are shut out now, the newest first.
    fn bans(&self) -> Vec<Ban> {
        Vec::new()
    }

    /// Listens again to an address that was shut out ([`EventKind::Banned`]), and forgets what it
    /// did.
    fn pardon(&self, source: std::net::IpAddr) {
        let _ = source;
    }

    /// Forgets a phone's contacts; it may register again.
    ///
    /// # Errors
    /// [`Refused::NotRegistered`], and [`Refused::Unsupported`] where phones register elsewhere.
    fn drop_registration(&self, extension: &str) -> Result<(), Refused> {
        let _ = extension;
        Err(Refused::Unsupported)
    }
}

/// Abilities that not every engine has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// Answering-machine detection on the engine's own media.
    pub machine_detection: bool,
    /// Telling when somebody speaks and pauses.
    pub speech_detection: bool,
    /// Stereo recording of bridged legs.
    pub recording: bool,
    /// Hold, supervision and conferences, each switchable without a new leg.
    pub mixing: bool,
}

/// Why the engine did not take a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// All channels of the gateway are in use.
    #[error("the gateway is full")]
    GatewayFull,
    /// The gateway is unknown, switched off or unreachable.
    #[error("the gateway is down")]
    GatewayDown,
    /// The gateway takes no more calls this second.
    #[error("the gateway takes no more calls this second")]
    TooFast,
    /// The phone is not registered.
    #[error("the phone is not registered")]
    NotRegistered,
    /// The media engine is late or out of ports.
    #[error("the media engine is overloaded")]
    MediaOverload,
    /// The number cannot be dialled as it is written.
    #[error("the number is not dialable")]
    BadNumber,
    /// No such leg, or it has ended.
    #[error("no such leg")]
    NoSuchLeg,
    /// A prompt or a file that the command names does not exist.
    #[error("no such prompt")]
    NoSuchPrompt,
    /// This engine cannot do that.
    #[error("not supported by this switch")]
    Unsupported,
    /// The engine is shutting down.
    #[error("the switch is draining")]
    Draining,
}
