//! What may happen to the floor. Every input comes with the time it happened.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crate::{
    agent::Unready,
    campaign,
    classification::Finding,
    desk,
    disposition::Disposition,
    gate::{self, Block, Facts, Used},
    gateway,
    ids::{
        AgentId, AttemptId, CallId, CampaignId, GatewayId, LeadId, LegId, QueueId, SoundId, TaskId,
    },
    ivr::Menus,
    queue,
    robot::Speech,
    route::Rule,
    settings::Rules,
    survey::Survey,
    time::Millis,
};

#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// The configuration as it stands now; what is gone is gone.
    Configured(Box<Configuration>),
    /// A campaign was started, changed, paused or stopped.
    Campaign(Box<CampaignSpec>),
    /// What a campaign had learned when it was last on a floor; comes right after it.
    Learned {
        campaign: CampaignId,
        learned: Box<super::Learned>,
    },
    /// Leads that the store reserved for this floor. `undone` counts the leads without a final
    /// state; `None` when there are more than were drawn.
    Drawn {
        campaign: CampaignId,
        leads: Vec<Lead>,
        undone: Option<u64>,
        next_due: Option<Millis>,
    },
    /// Fresh facts for the gate; `None`: the lead is no longer ours.
    Checked {
        lead: LeadId,
        facts: Option<Box<Facts>>,
    },
    /// The attempt row is durable: the INVITE may leave.
    AttemptOpened {
        attempt: AttemptId,
    },
    /// The store refused the attempt row: another attempt on the number is up, the lead is gone, or
    /// the number was put on a DNC list meanwhile.
    AttemptRefused {
        attempt: AttemptId,
        block: Block,
    },
    /// A gateway answers when it is asked (OPTIONS), or it does not; the same where we register, when
    /// its registrar has us, or has not.
    GatewayAnswers {
        gateway: GatewayId,
        up: bool,
    },
    /// Another INVITE left for a leg that was dialled: after a challenge or a redirect.
    LegSentAgain {
        leg: LegId,
    },
    /// An address guessed passwords or looked for phones, and is not listened to for a while.
    Banned {
        source: String,
        seconds: u64,
    },
    /// A phone's call was refused because it broke a limit.
    PhoneLimited {
        extension: String,
        why: &'static str,
    },
    /// The agent's event channel came up or went down (AGT-024).
    Presence {
        agent: AgentId,
        connected: bool,
    },
    /// A lead was offered for preview on the agent's own list.
    PreviewLead {
        agent: AgentId,
        campaign: CampaignId,
        lead: Option<Box<Lead>>,
    },
    Phone {
        extension: String,
        registered: bool,
    },
    /// The switch did not take a leg at all.
    LegRefused {
        leg: LegId,
        why: Refusal,
    },
    /// The far end rings; `early`: and sends sound before its answer. Or we ring.
    LegRinging {
        leg: LegId,
        early: bool,
    },
    LegAnswered {
        leg: LegId,
    },
    /// Listening to an answer, or to early media, came to this.
    Classified {
        leg: LegId,
        finding: Finding,
    },
    /// A machine begins to record.
    Beep {
        leg: LegId,
    },
    /// Somebody speaks to a robot, or has paused.
    Speech {
        leg: LegId,
        speech: Speech,
    },
    LegEnded {
        leg: LegId,
        ended: Ended,
    },
    Incoming {
        leg: LegId,
        from: String,
        to: String,
        gateway: Option<GatewayId>,
        /// The extension, where a phone of ours calls.
        phone: Option<String>,
        /// The leg whose place it wants (RFC 3891).
        replaces: Option<LegId>,
    },
    /// A far end holds the call (RFC 3264 section 8.4), or no longer does.
    FarEndHolds {
        leg: LegId,
        on: bool,
    },
    /// A phone asks for a transfer (REFER): to a number, or to the far end of `replaces`.
    TransferAsked {
        leg: LegId,
        to: String,
        replaces: Option<LegId>,
    },
    Bridged {
        leg: LegId,
    },
    /// The hook of a telephone was tapped.
    HookFlash {
        leg: LegId,
    },
    /// The far end pressed a key.
    Key {
        leg: LegId,
        key: char,
        /// Whoever hears the leg was not passed it.
        withheld: bool,
    },
    /// Whether a DNC list lets an outside number be called for a call.
    NumberChecked {
        leg: LegId,
        allowed: bool,
        /// How often the numbers that were asked about were shown today.
        callers: Vec<Used>,
    },
    /// What was promised before this process and is still to be kept; comes before anything else.
    CallBacks(Vec<super::CallBack>),
    /// Somebody wanted a promised call back off, at another node.
    CallBackOff {
        call: CallId,
    },
    /// Whether a promise to call back is written down; it is not while the number waits for another.
    Promised {
        call: CallId,
        kept: bool,
    },
    PlayDone {
        leg: LegId,
        sound: SoundId,
    },
    /// A prompt could not be played.
    PlayFailed {
        leg: LegId,
        sound: SoundId,
    },
    /// A recording has begun, into this file.
    RecordStarted {
        sound: SoundId,
        file: String,
    },
    RecordDone {
        sound: SoundId,
        file: String,
        ms: i64,
        error: Option<String>,
    },
    /// A leg fell silent.
    MediaTimeout {
        leg: LegId,
    },
    /// Somebody set the wall clock: it shows so much more than it would have, or less.
    ClockMoved {
        by_ms: i64,
    },
    /// The process is about to end: no new dials.
    Drain,
}

/// Agents, queues, gateways, routes and voice menus.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Configuration {
    pub agents: Vec<AgentSpec>,
    pub queues: Vec<QueueSpec>,
    pub gateways: Vec<GatewaySpec>,
    /// In the order in which they are tried.
    pub routes: Vec<Rule>,
    pub menus: Menus,
    /// Every extension of the house.
    pub extensions: BTreeSet<String>,
    /// The house's own numbers.
    pub numbers: Vec<gate::pool::Number>,
    pub phone_callers: PhoneCallers,
    pub phone_gateways: PhoneGateways,
    /// Extensions of tenants in which numbers do not lead outside by themselves (AGT-144).
    pub inside_only: BTreeSet<String>,
    /// Extensions of tenants whose phones send no calls on (3xx).
    pub keep_calls: BTreeSet<String>,
    /// The house's satisfaction surveys, by their ids.
    pub surveys: BTreeMap<String, Survey>,
}

/// Extension to the numbers that its phone shows outside.
pub type PhoneCallers = BTreeMap<String, Vec<String>>;

/// Extension to the gateway that it is bound to (VOX-019).
pub type PhoneGateways = BTreeMap<String, GatewayId>;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentSpec {
    pub id: AgentId,
    pub name: String,
    pub extension: String,
    pub queues: BTreeSet<QueueId>,
    /// Overrides the queue's wrap-up.
    pub wrap_up_ms: Option<i64>,
    /// Goes from UNREADY.WAIT to READY once the phone is registered.
    pub auto_ready: bool,
    /// A telephone outside stays on the line between calls (AGT-115).
    pub keep_leg: bool,
    /// The agent sees numbers masked, unless the campaign says otherwise (OUT-153).
    pub phone_mask: bool,
    /// What the agent's tenant sets for its desks.
    pub desk: Arc<desk::Settings>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueSpec {
    pub id: QueueId,
    pub name: String,
    pub settings: queue::Settings,
    /// What differs for single agents; who is in the queue the agents say.
    pub members: BTreeMap<AgentId, queue::Member>,
    /// Which change of the stored queue this is.
    pub revision: i64,
}

impl QueueSpec {
    /// A queue whose agents are all alike.
    #[must_use]
    pub fn new(id: QueueId, name: impl Into<String>, settings: queue::Settings) -> Self {
        Self {
            id,
            name: name.into(),
            settings,
            members: BTreeMap::new(),
            revision: 0,
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct GatewaySpec {
    pub id: GatewayId,
    pub name: String,
    pub settings: gateway::Settings,
}

#[derive(Debug, Clone, PartialEq)]
pub struct CampaignSpec {
    pub id: CampaignId,
    pub name: String,
    pub mode: campaign::Mode,
    pub state: campaign::State,
    /// Where answered predictive calls wait.
    pub queue: Option<QueueId>,
    pub settings: campaign::Settings,
    /// What the outbound settings say where the campaign stands.
    pub rules: Rules,
    /// What was counted before this process started.
    pub counts: crate::pacing::Counts,
    /// What was booked before this process started; read when the campaign first comes to the floor.
    pub ledger: crate::ledger::Ledger,
}

/// A lead as the dialler needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lead {
    pub id: LeadId,
    pub task: Option<TaskId>,
    pub batch: String,
    /// E.164 or as it is dialled.
    pub number: String,
    /// The lead's next number, when nobody can have this one.
    pub next_number: Option<String>,
    /// Dials so far, counted as attempts or not.
    pub dials: u32,
}

/// What an agent may ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AgentOrder {
    /// `extension` overrides the agent's own (AGT-007). `nailed_up`: one leg for the whole shift.
    SignIn {
        extension: Option<String>,
        nailed_up: bool,
    },
    SignOut,
    Ready,
    NotReady {
        sub: Unready,
        reason: Option<String>,
    },
    /// The next lead of a preview campaign.
    NextPreview {
        campaign: CampaignId,
    },
    /// A lead of the agent's own list that the agent has picked; then no other is offered by itself.
    /// `dial`: as soon as it is on the screen (OUT-190, OUT-202).
    Pick {
        campaign: CampaignId,
        lead: LeadId,
        dial: bool,
    },
    /// Dial the previewed lead.
    DialPreview,
    /// Leave the previewed lead for later.
    SkipPreview,
    /// Take a call that rings elsewhere, at the own phone (抢接, AGT-138 to AGT-142).
    PickUp {
        what: super::PickUp,
    },
    /// Let the customer say how it was; the agent's part ends (AGT-068).
    Survey,
    /// In a call.
    InCall(super::CallOrder),
    Hangup,
    FinishWrapUp,
    Dispose {
        call: CallId,
        disposition: Disposition,
    },
}

/// Why the switch did not take a leg.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The gateway is down, unknown or full.
    Gateway,
    /// Our own limit: overloaded, draining, or the phone is gone.
    Ours,
    /// Nobody can dial this number.
    BadNumber,
}

/// How a leg ended, in the words of the network.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Ended {
    pub by: By,
    pub sip_status: Option<u16>,
    pub q850: Option<u8>,
    pub reason: Option<String>,
    /// A phone sends its calls on: to what was dialled there for that.
    pub forwards_to: Option<String>,
    pub quality: Quality,
}

/// What was counted on a leg's sound, and how it sounded.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Quality {
    pub packets_received: u64,
    pub packets_sent: u64,
    /// Of those that were sent to us, as gaps in their numbers tell.
    pub packets_lost: u64,
    /// Interarrival jitter (RFC 3550 §6.4.1).
    pub jitter_ms: f64,
    /// There and back; `None` without a report of the far end.
    pub round_trip_ms: Option<f64>,
    /// Packets of ours that the far end reports as lost.
    pub reported_lost: Option<u64>,
    /// Jitter of ours that the far end reports.
    pub reported_jitter_ms: Option<f64>,
    /// Estimated, 1.0 to 4.5; `None` for less than a second of sound.
    pub mos: Option<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum By {
    #[default]
    Us,
    Them,
    Network,
}
