//! What the floor wants done. A command returns nothing; its effect is the next input.

use serde::Serialize;

use super::{Quality, event::Event};
use crate::{
    campaign::Mode,
    classification::{AnswerClass, Finding, Thresholds},
    disposition::{Disposition, Step},
    gate::{Ask, Block, Verdict},
    ids::{
        AgentId, AttemptId, CallId, CampaignId, GatewayId, LeadId, LegId, QueueId, SoundId, TaskId,
    },
    outcome::{CallStatus, Outcome, Transport},
    robot::Listens,
    survey::Asked,
    time::Millis,
};

#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    // To the store.
    /// Reserve up to `count` due leads for this floor.
    Draw {
        campaign: CampaignId,
        count: u32,
    },
    /// Reserve the next lead of this agent's own list, or the one that the agent picked.
    DrawPreview {
        agent: AgentId,
        campaign: CampaignId,
        lead: Option<LeadId>,
    },
    /// Read fresh facts for the gate.
    Check {
        lead: LeadId,
        ask: Box<Ask>,
    },
    /// Write the attempt, its call and the lead's new state, all or nothing.
    OpenAttempt(Box<OpenAttempt>),
    /// The gate said no: not an attempt.
    Block {
        lead: LeadId,
        block: Block,
        retry_at: Option<Millis>,
        /// What the verdict stands on: a list and its version, zones, packs.
        basis: Option<String>,
    },
    /// Give a reserved lead back untouched; `retry_at` keeps it away for a while.
    Release {
        lead: LeadId,
        retry_at: Option<Millis>,
    },
    /// Give back every lead reserved for a campaign that is not being dialled.
    ReleaseAll {
        campaign: CampaignId,
    },
    /// Ask the DNC lists whether an outside number may be called for a call.
    CheckNumber {
        leg: LegId,
        call: CallId,
        campaign: Option<CampaignId>,
        /// Every way in which the lists may write it.
        spellings: Vec<String>,
        /// How often were these shown since then?
        callers: Vec<String>,
        day_start: Millis,
    },
    /// A call out shows a number of the pool; it counts for today.
    Shown {
        call: CallId,
        caller: String,
        at: Millis,
    },
    OpenCall(Box<OpenCall>),
    /// Ask the DNC lists whether an agent's telephone outside may be called.
    CheckPhone {
        leg: LegId,
        agent: AgentId,
        /// Every way in which the lists may write it.
        spellings: Vec<String>,
    },
    /// Write down that a caller was promised a call back, and open its call, all or nothing.
    Promise(Box<CallBack>),
    /// Take a promise in hand: whoever looks later, it is not called again. The DNC lists are asked in
    /// the same write.
    TakeCallBack {
        leg: LegId,
        call: CallId,
        /// Every way in which the lists may write the number.
        spellings: Vec<String>,
        /// How often were these shown since then?
        callers: Vec<String>,
        day_start: Millis,
    },
    /// Close a call and, when it was dialled, its attempt and the lead's step, all or nothing.
    CloseCall(Box<CloseCall>),
    Dispose {
        call: CallId,
        lead: Option<LeadId>,
        disposition: Disposition,
        step: Step,
    },
    /// The call is being recorded into this file.
    NameRecording {
        call: CallId,
        file: String,
    },
    Recorded {
        call: CallId,
        file: String,
        ms: i64,
        error: Option<String>,
    },
    /// How an agent's leg of a call sounded, when it is over.
    AgentLegOver {
        call: CallId,
        quality: Quality,
    },
    /// A caller is leaving a message.
    BeginMessage(Box<super::VoiceMessage>),
    /// It came to nothing.
    ForgetMessage {
        sound: SoundId,
    },
    /// A caller has left a message.
    KeepMessage(Box<super::VoiceMessage>),
    AgentChanged(Box<AgentChange>),
    /// Keep what a campaign has learned, instead of what was kept before.
    Keep {
        campaign: CampaignId,
        learned: Box<super::Learned>,
    },
    /// Every lead of the campaign has its final state.
    FinishCampaign {
        campaign: CampaignId,
    },

    // To the switch.
    Dial {
        leg: LegId,
        gateway: GatewayId,
        number: String,
        caller: String,
        ring_ms: i64,
    },
    RingPhone {
        leg: LegId,
        extension: String,
        caller: String,
        ring_ms: i64,
    },
    Ring {
        leg: LegId,
    },
    /// Ring at an incoming leg with sound, before the answer.
    Progress {
        leg: LegId,
    },
    Answer {
        leg: LegId,
    },
    /// Let a leg hear the early media of a dialled one, one way.
    HearEarly {
        leg: LegId,
        of: LegId,
    },
    /// Let a phone take up the call that it holds by itself.
    TakeUp {
        leg: LegId,
    },
    /// Tell a phone how the transfer went that it asked for (RFC 3515).
    TransferResult {
        leg: LegId,
        sip_status: u16,
    },
    Hangup {
        leg: LegId,
        cause: Cause,
    },
    Bridge {
        a: LegId,
        b: LegId,
    },
    Park {
        leg: LegId,
        music: Option<String>,
    },
    /// The leg is heard by nobody, or is heard again.
    Mute {
        leg: LegId,
        on: bool,
    },
    SendDtmf {
        leg: LegId,
        digits: String,
    },
    /// The leg's keys are passed on to nobody who hears it, or are again.
    WithholdKeys {
        leg: LegId,
        on: bool,
    },
    /// Let a leg join the conference of a call.
    Confer {
        leg: LegId,
        call: CallId,
    },
    /// Let a supervisor's leg take part in what the leg `agent` is in.
    Supervise {
        leg: LegId,
        agent: LegId,
        monitor: super::Monitor,
    },
    Play {
        leg: LegId,
        sound: SoundId,
        prompt: String,
    },
    /// Listen who or what has answered, and with `awaits_beep` when it begins to record.
    Classify {
        leg: LegId,
        thresholds: Thresholds,
        awaits_beep: bool,
    },
    /// Listen for announcements of the network in what a far end sends before its answer.
    ListenEarly {
        leg: LegId,
    },
    /// Tell when the far end of a leg begins to speak and when it pauses.
    ListenForSpeech {
        leg: LegId,
        listens: Box<Listens>,
    },
    /// End that.
    StopListening {
        leg: LegId,
    },
    /// End a prompt before its end.
    StopPlay {
        leg: LegId,
        sound: SoundId,
    },
    Record {
        leg: LegId,
        sound: SoundId,
        call: CallId,
    },
    /// Record what a caller leaves for others.
    RecordMessage {
        leg: LegId,
        sound: SoundId,
    },
    /// Nobody needs this message.
    DropRecording {
        file: String,
    },
    /// What follows is silence in the recording, or is kept again.
    PauseRecord {
        leg: LegId,
        sound: SoundId,
        on: bool,
    },
    StopRecord {
        leg: LegId,
        sound: SoundId,
    },

    /// To whoever listens.
    Tell(Event),
}

/// Why we hang up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    Normal,
    Busy,
    NoAnswer,
    Declined,
    Unallocated,
    Congestion,
}

#[derive(Debug, Clone, PartialEq)]
pub struct OpenAttempt {
    pub attempt: AttemptId,
    pub verdict: Verdict,
    pub call: OpenCall,
    pub batch: String,
    pub gateway: GatewayId,
    pub number: String,
    /// Every way in which DNC lists may write it: they are asked once more in the same write.
    pub spellings: Vec<String>,
}

/// The beginning of a CDR.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenCall {
    pub id: CallId,
    /// `None` for an inbound call.
    pub mode: Option<Mode>,
    /// A test call of the campaign: it counts for nothing.
    pub is_test: bool,
    pub campaign: Option<CampaignId>,
    pub task: Option<TaskId>,
    pub lead: Option<LeadId>,
    pub queue: Option<QueueId>,
    pub agent: Option<AgentId>,
    pub gateway: Option<GatewayId>,
    pub caller: String,
    pub callee: String,
    /// We call back somebody who did not want to wait.
    pub is_call_back: bool,
    /// Somebody ordered it between two parties.
    pub is_ordered: bool,
    /// Whose call it is, where neither its lead, its queue nor its campaign says.
    pub tenant: Option<String>,
    pub started_at: Millis,
}

/// A caller was promised to be called back, in the caller's turn.
#[derive(Debug, Clone, PartialEq)]
pub struct CallBack {
    /// The call that is to be: `callee` is whom we call, `caller` the number that was called.
    pub call: OpenCall,
    pub queue: QueueId,
    /// The caller's own, on top of the queue's; 0 to 9.
    pub priority: u8,
    /// The place in the line goes by it.
    pub waits_since: Millis,
    /// Not called after this.
    pub until: Millis,
}

/// The whole CDR, with what follows for the attempt and the lead.
#[derive(Debug, Clone, PartialEq)]
pub struct CloseCall {
    pub id: CallId,
    pub queue: Option<QueueId>,
    /// The one that carried it, or refused it last.
    pub gateway: Option<GatewayId>,
    pub agent: Option<AgentId>,
    pub extension: Option<String>,
    pub times: Times,
    pub hangup_side: &'static str,
    pub sip_status: Option<u16>,
    pub q850: Option<u8>,
    pub reason: Option<String>,
    pub outcome: Outcome,
    pub transport: Transport,
    pub answer_class: AnswerClass,
    /// What listening to the answer came to, where it was listened to.
    pub finding: Option<Finding>,
    pub abandoned: bool,
    /// When waiting ended without an agent: the person is lost.
    pub gave_up: Option<Millis>,
    /// What a lost person heard, or a machine recorded.
    pub message: Option<Message>,
    pub wait_ms: Option<i64>,
    pub talk_ms: Option<i64>,
    /// Of the customer's leg.
    pub quality: Quality,
    /// The key that led out of a queue.
    pub exit: Option<super::Exit>,
    /// What the caller chose in the voice menus, in order.
    pub choices: Vec<crate::ivr::Choice>,
    /// What the caller was asked about the call, and what came of it.
    pub asked: Option<Asked>,
    /// Every leg besides the customer's.
    pub legs: Vec<super::LegRecord>,
    pub attempt: Option<CloseAttempt>,
}

/// A recorded message to a person whom no agent took in time, or to a machine after its beep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub prompt: String,
    pub heard: Heard,
}

/// How much of a message was heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// To its end.
    Played,
    /// The person hung up before its end.
    CutShort,
    /// It could not be played.
    Failed,
}

impl Heard {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Played => "played",
            Self::CutShort => "cut_short",
            Self::Failed => "failed",
        }
    }
}

/// What an attempt leaves behind.
#[derive(Debug, Clone, PartialEq)]
pub struct CloseAttempt {
    pub id: AttemptId,
    pub lead: LeadId,
    /// FALSE: no INVITE left; it was too late for one, or our own side did not take it.
    pub dialled: bool,
    /// FALSE: our side failed, not an attempt on the lead.
    pub counted: bool,
    /// TRUE: our own side did not take it or wanted it no more, so it is none of the dials that a lead gets.
    pub given_back: bool,
    pub status: CallStatus,
    pub next_dial_at: Option<Millis>,
    /// The lead goes on with this number: nobody can have the one that was dialled.
    pub number: Option<String>,
    /// The called party wants no more calls: the number goes on the house's DNC list.
    pub suppress: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Times {
    pub started: Millis,
    pub ringing: Option<Millis>,
    pub answered: Option<Millis>,
    /// The person's greeting was over; where nobody listens for it there is none.
    pub greeted: Option<Millis>,
    pub queued: Option<Millis>,
    pub offered: Option<Millis>,
    pub bridged: Option<Millis>,
    pub ended: Option<Millis>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct AgentChange {
    pub agent: AgentId,
    pub extension: String,
    pub from: &'static str,
    pub to: &'static str,
    pub sub: Option<&'static str>,
    pub reason: Option<String>,
    pub at: Millis,
    /// Time spent in `from`.
    pub ms: i64,
}
