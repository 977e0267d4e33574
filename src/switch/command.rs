//! What the house may ask of a switch.

use std::{path::PathBuf, time::Duration};

use crate::LegId;

/// Names one command, so that [`crate::EventKind::Failed`] can refer to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommandId(pub u64);

/// Names one playback.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlayId(pub u64);

/// Names one recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordId(pub u64);

/// Names one conference; it exists while a leg is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConferenceId(pub u64);

/// One imperative. See the crate's rules for what each promises.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Start a leg: INVITE to a gateway or to a registered phone.
    Originate(Originate),
    /// Answer an incoming leg with 180.
    Ring { leg: LegId },
    /// Answer an incoming leg with 183 and our description: what it is to hear it hears from now on,
    /// before the answer (early media, RFC 3960). Told as [`crate::EventKind::Ringing`].
    Progress { leg: LegId },
    /// Answer an incoming leg with 200.
    Answer { leg: LegId },
    /// End a leg in whatever state it is: CANCEL, a final refusal, or BYE.
    Hangup { leg: LegId, cause: Cause },
    /// Let two answered legs hear each other.
    Bridge { a: LegId, b: LegId, on_end: OnEnd },
    /// Let a leg hear the early media of an outgoing one, one way: what it says goes nowhere. `leg` is
    /// answered, or has been sent `Progress`; `of` has told of early media. It ends by whatever gives
    /// `leg` another place, and with `of`: then `leg` is parked in silence.
    HearEarly { leg: LegId, of: LegId },
    /// Take a leg out of its bridge and let it hear `hear`. It is answered or has been sent `Progress`.
    Park { leg: LegId, hear: Hear },
    /// Let a bridged leg hear `hear` and its peer silence. The bridge stays.
    Hold { leg: LegId, hear: Hear },
    /// End a hold: both legs of the bridge hear each other again.
    Resume { leg: LegId },
    /// Let nobody hear a leg, wherever it is, until this is ended; it hears as before.
    Mute { leg: LegId, on: bool },
    /// Let a supervisor's leg take part in the bridge or the conference that `agent` is in. Repeated
    /// with another `monitor` it changes how, without a gap. When that bridge ends, or `agent` leaves
    /// that conference, the supervisor is parked.
    Supervise {
        leg: LegId,
        agent: LegId,
        monitor: Monitor,
    },
    /// Let a leg join a conference, in which each hears all the others. It leaves by `Bridge`,
    /// `Park`, another conference or its end.
    Confer {
        leg: LegId,
        conference: ConferenceId,
    },
    /// Play a prompt to a leg that is answered or has been sent `Progress`, `times` times (at least
    /// once).
    Play {
        leg: LegId,
        play: PlayId,
        prompt: String,
        times: u32,
    },
    /// End a playback early. The end is told as [`crate::EventKind::PlayDone`].
    StopPlay { leg: LegId, play: PlayId },
    /// Press keys at the far end: 0-9, *, #, A-D. The way they go, as events or as tones, is the
    /// one that was negotiated.
    SendDtmf { leg: LegId, digits: String },
    /// Pass the keys of a leg on to nobody, or again to whoever hears it; they are told either way. A
    /// key that has begun is passed on to its end, and tones are sound, which goes where it went.
    WithholdKeys { leg: LegId, on: bool },
    /// Listen who or what has answered, from now on; once for a leg.
    Classify { leg: LegId, params: Classify },
    /// Listen for announcements of the network in the early media of an outgoing leg, until its answer;
    /// what else is said there is nobody's greeting.
    ListenEarly { leg: LegId },
    /// Tell when the far end of an answered leg begins to speak and when it pauses, over and over from
    /// now on; said again, it begins anew. It takes the place of a `Classify`, as that takes its.
    ListenForSpeech { leg: LegId, params: Speech },
    /// End that.
    StopListening { leg: LegId },
    /// Record a leg: left channel what it says, right channel what it hears. A leg that is not
    /// answered yet is recorded from its first packet, early media included.
    StartRecord {
        leg: LegId,
        record: RecordId,
        path: PathBuf,
    },
    /// Keep what follows out of a recording, as silence of the same length (card numbers and the
    /// like).
    PauseRecord { leg: LegId, record: RecordId },
    /// End such a pause.
    ResumeRecord { leg: LegId, record: RecordId },
    /// Finish a recording. The file is complete when [`crate::EventKind::RecordDone`] arrives.
    StopRecord { leg: LegId, record: RecordId },
    /// Let the phone at a leg take up the call that it holds by itself, as if that were done there
    /// ([`PhoneKey::Talk`]). Its effect is [`crate::EventKind::FarEndHolds`].
    TakeUp { leg: LegId },
    /// Ask the far end of an answered leg to call `to` instead of us (REFER), or to take our place
    /// towards the far end of `replaces`. Told as [`crate::EventKind::TransferProgress`]; the leg
    /// stays up until it is hung up.
    Refer {
        leg: LegId,
        to: String,
        replaces: Option<LegId>,
    },
    /// Tell the far end how the transfer went that it asked for
    /// ([`crate::EventKind::TransferAsked`]).
    TransferResult { leg: LegId, sip_status: u16 },
}

/// A key of a phone that the switch can press.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PhoneKey {
    /// Takes the call that rings there, or takes up the one that the phone holds by itself.
    Talk,
    /// The phone holds the call that it talks in, by itself.
    Hold,
}

/// A leg to be started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Originate {
    /// Chosen by the caller.
    pub leg: LegId,
    pub to: Target,
    pub caller: CallerId,
    /// CANCEL after this long without a final answer.
    pub ring_timeout: Duration,
}

/// Where a leg goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A number behind a configured gateway.
    Gateway { gateway: String, number: String },
    /// A phone registered with us under this extension.
    Phone { extension: String },
}

/// What the called party sees.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CallerId {
    pub number: String,
    pub name: Option<String>,
    /// The called party is not to see them; the network may (RFC 3323).
    pub withheld: bool,
}

/// What becomes of the other leg when one leg of a bridge ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnEnd {
    /// The survivor is parked in silence.
    Park,
    /// The survivor is hung up.
    HangupPeer,
}

/// How a supervisor takes part in a call. Both sides are heard in every mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Monitor {
    /// Heard by nobody.
    Listen,
    /// Heard by the agent.
    Whisper,
    /// Heard by both.
    Barge,
}

/// Thresholds of answer classification, in milliseconds; what makes no sense is brought to the
/// nearest value that does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Classify {
    /// A verdict is given after this at the latest.
    pub budget_ms: u32,
    /// Silence at the beginning after which listening on is no use.
    pub initial_silence_ms: u32,
    /// A greeting that is this long from its first word to its last is a machine's.
    pub longest_greeting_ms: u32,
    /// Silence after a short greeting for this long is a person.
    pub after_greeting_ms: u32,
    /// More words than this are a machine.
    pub most_words: u32,
    /// How long to wait for the beep of a machine; 0 does not wait.
    pub beep_budget_ms: u32,
}

impl Default for Classify {
    fn default() -> Self {
        Self {
            budget_ms: 8_000,
            initial_silence_ms: 2_500,
            longest_greeting_ms: 6_000,
            after_greeting_ms: 800,
            most_words: 10,
            beep_budget_ms: 0,
        }
    }
}

/// What counts as speech. A level is the mean of the absolute values of the linear 16-bit samples of 20 ms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Speech {
    /// Sound of this level or more is voice; where it lasts a tenth of a second it is speech.
    pub voice_level: u16,
    /// Sound below this level is silence.
    pub silence_level: u16,
    /// Silence that is a pause; milliseconds.
    pub pause_ms: u32,
}

impl Default for Speech {
    fn default() -> Self {
        Self {
            voice_level: 200,
            silence_level: 200,
            pause_ms: 200,
        }
    }
}

/// What a parked or held leg hears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hear {
    Silence,
    /// A prompt in a loop.
    Music(String),
}

/// Why the house ends a leg; each maps to one SIP status before the answer and one Q.850 cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// Q.850 16: normal clearing.
    Normal,
    /// Q.850 17, 486: busy.
    Busy,
    /// Q.850 19, 480: nobody answered.
    NoAnswer,
    /// Q.850 21, 603: declined.
    Declined,
    /// Q.850 1, 404: no such number here.
    Unallocated,
    /// Q.850 42, 503: we are overloaded.
    Congestion,
}
