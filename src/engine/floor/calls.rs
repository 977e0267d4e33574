//! A call: one customer, perhaps an agent, and where the two stand.

use std::{collections::BTreeSet, sync::Arc};

use super::{
    AnswerClass, Ended, Message, OpenCall, Quality, TestCall, Times, forward::SentOn,
    leg_log::LegLog, offers::Rung, party::Parties, taking::PickedFrom, way::Way,
};
use crate::{
    campaign::Mode,
    classification::{Finding, Sit},
    destination::Destination,
    disposition::Step,
    gate::Facts,
    ids::{
        AgentId, AttemptId, CallId, CampaignId, GatewayId, LeadId, LegId, QueueId, SoundId, TaskId,
    },
    outcome::Outcome,
    survey::Survey,
    time::Millis,
};

/// What a leg is to the floor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Role {
    Customer(CallId),
    /// An agent's phone, rung for one call.
    AgentFor(CallId),
    /// An agent's phone, up for the whole shift.
    NailedUp(AgentId),
    /// Somebody who was called for a call.
    Party(CallId),
    /// A second call of the phone that has the customer, with which it asks somebody.
    Own(CallId),
    /// Another device of whoever has this leg, about to take it over.
    TakesOver(LegId),
    Supervisor,
}

/// Where a call stands. A phase carries what only that phase has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Phase {
    /// Preview: the agent's phone rings before the customer is dialled.
    AgentFirst,
    /// The attempt row, or the promise to call back, is being written.
    Opening,
    Dialling,
    /// The store is asked whether a call back may be made, or a dial may go on by the next gateway.
    Asking,
    /// Inbound: our 200 is on its way.
    Answering,
    /// Inbound: who was rung has answered, and our 200 is on its way.
    PickedUp,
    /// Answered; who or what it is shows in a moment.
    Listening,
    /// A machine's greeting is waited out.
    AwaitingBeep,
    /// A machine records a message.
    LeavingMessage {
        sound: SoundId,
    },
    Waiting,
    Offered {
        agent: AgentId,
        /// When the phone must have told how its ringing ended.
        until: Millis,
    },
    /// An agent has taken the call; the caller hears the agent's number.
    Introducing,
    /// Both legs are up, the bridge is on its way.
    Joining,
    Talking,
    /// There was an agent, and another is being rung, or somebody who is none.
    Transferring,
    /// The robot speaks.
    Robot {
        sound: SoundId,
    },
    /// A caller hears a prompt before going on.
    Hearing {
        sound: SoundId,
        then: Destination,
    },
    /// A robot listens, and says something or nothing.
    Dialogue {
        sound: Option<SoundId>,
    },
    /// The caller is in a voice menu, and hears a prompt of it or nothing.
    Choosing {
        sound: Option<SoundId>,
    },
    /// One phone is rung for the caller, without an agent.
    Reaching,
    /// The caller hears that a message can be left.
    Greeting {
        sound: SoundId,
        mailbox: String,
    },
    /// The caller leaves a message.
    Message {
        sound: SoundId,
    },
    /// The caller is asked how it was.
    Survey {
        sound: SoundId,
        survey: Arc<Survey>,
    },
    /// An abandoned caller hears the message.
    Sorry {
        sound: SoundId,
    },
    /// We hung up and wait for the end.
    Leaving,
}

#[derive(Debug, Clone)]
pub(super) struct Call {
    pub id: CallId,
    /// `None`: inbound.
    pub mode: Option<Mode>,
    pub campaign: Option<CampaignId>,
    pub task: Option<TaskId>,
    pub lead: Option<LeadId>,
    pub batch: String,
    /// Attempts on the lead before this one.
    pub attempts_before: u32,
    /// Dials of the lead before this one, counted or not.
    pub dials_before: u32,
    /// The lead's next number.
    pub next_number: Option<String>,
    pub attempt: Option<AttemptId>,
    /// It belongs to no lead and to no campaign.
    pub test: Option<Arc<TestCall>>,
    pub gateway: Option<GatewayId>,
    /// What the gate knew when it let the call pass.
    pub checked: Option<Arc<Facts>>,
    /// It rings at least this long, unanswered; seconds.
    pub min_ring_s: u32,
    /// A person for whom nobody is there hears the message after this.
    pub message_within_ms: Option<i64>,
    /// INVITEs of the attempt that the switch took on.
    pub invites: u32,
    /// A channel of the gateway is taken for this call.
    pub holds_channel: bool,
    pub queue: Option<QueueId>,
    pub caller: String,
    pub callee: String,
    pub phase: Phase,
    pub customer: Option<LegId>,
    pub agent: Option<AgentId>,
    pub agent_leg: Option<LegId>,
    /// Agents whose phone rings beside that of `agent`: the queue rings all.
    pub also_rung: Vec<Rung>,
    /// Agents whose phone rang for this call in vain.
    pub tried: BTreeSet<AgentId>,
    /// Since when it waits, as its queue counts; the place in the line and the tiers go by it, the longest
    /// wait goes by `times.queued`.
    pub waits_since: Option<Millis>,
    /// How long it had waited when a tier was last added to those that are asked; milliseconds.
    pub tier_asked_ms: i64,
    /// On top of the queue's.
    pub priority: u8,
    pub way: Way,
    pub parties: Parties,
    pub log: LegLog,
    pub sent_on: SentOn,
    pub times: Times,
    /// The times before the call came to a queue again.
    pub before: Option<Times>,
    pub class: AnswerClass,
    /// What listening to the answer came to.
    pub finding: Option<Finding>,
    /// It was no person, and we let go of it.
    pub let_go: bool,
    /// Nobody said anything to the robot, which hung up.
    pub silent: bool,
    pub abandoned: bool,
    /// When waiting ended without an agent: the message that follows is no waiting.
    pub gave_up: Option<Millis>,
    pub message: Option<Message>,
    /// We gave up the dial on somebody's order.
    pub cancelled: bool,
    /// It came in and was not answered.
    pub turned_away: Option<Outcome>,
    pub disposed: Option<Step>,
    pub ended: Option<Ended>,
    /// Whose leg ended before the call did, and how it sounded.
    pub agent_quality: Option<(AgentId, Quality)>,
}

impl Call {
    pub fn new(id: CallId, caller: String, callee: String, now: Millis) -> Self {
        Self {
            id,
            mode: None,
            campaign: None,
            task: None,
            lead: None,
            batch: String::new(),
            attempts_before: 0,
            dials_before: 0,
            next_number: None,
            attempt: None,
            test: None,
            gateway: None,
            checked: None,
            min_ring_s: 0,
            message_within_ms: None,
            invites: 0,
            holds_channel: false,
            queue: None,
            caller,
            callee,
            phase: Phase::Opening,
            customer: None,
            agent: None,
            agent_leg: None,
            also_rung: Vec::new(),
            tried: BTreeSet::new(),
            waits_since: None,
            tier_asked_ms: 0,
            priority: 0,
            way: Way::default(),
            parties: Parties::default(),
            log: LegLog::default(),
            sent_on: SentOn::default(),
            before: None,
            times: Times {
                started: now,
                ..Times::default()
            },
            class: AnswerClass::Unknown,
            finding: None,
            let_go: false,
            silent: false,
            abandoned: false,
            gave_up: None,
            message: None,
            cancelled: false,
            turned_away: None,
            disposed: None,
            ended: None,
            agent_quality: None,
        }
    }

    pub fn is_inbound(&self) -> bool {
        self.mode.is_none() && !self.way.is_call_back && !self.way.is_ordered
    }

    pub fn direction(&self) -> &'static str {
        if self.is_inbound() {
            "inbound"
        } else {
            "outbound"
        }
    }

    /// The customer's number, whoever called.
    pub fn number(&self) -> &str {
        if self.is_inbound() {
            &self.caller
        } else {
            &self.callee
        }
    }

    /// Sent, and neither answered nor over.
    pub fn is_in_flight(&self) -> bool {
        matches!(self.phase, Phase::Opening | Phase::Dialling | Phase::Asking)
    }

    /// A caller without an agent.
    pub fn is_waiting(&self) -> bool {
        let waits = matches!(self.phase, Phase::Waiting | Phase::Offered { .. });
        waits && !self.way.is_direct
    }

    /// The same, or somebody takes the call who may not come to the phone after all.
    pub fn is_in_line(&self) -> bool {
        let taken = matches!(self.way.picked_from, Some(PickedFrom::Queue(_)));
        self.is_waiting() || (self.phase == Phase::Reaching && taken)
    }

    /// Answered, and listened to: who or what is it, or when does it record?
    pub fn is_judged(&self) -> bool {
        matches!(
            self.phase,
            Phase::Listening | Phase::AwaitingBeep | Phase::LeavingMessage { .. }
        )
    }

    /// The agent has the customer, and a leg.
    pub fn is_talked_in_by(&self, id: &AgentId) -> bool {
        let has = self.agent.as_ref() == Some(id) && self.agent_leg.is_some();
        has && self.phase == Phase::Talking
    }

    /// A person whom we called and who has had nobody yet: the law counts the seconds.
    pub fn may_be_abandoned(&self) -> bool {
        self.mode == Some(Mode::Predictive) && self.times.bridged.is_none()
    }

    pub fn is_talking(&self) -> bool {
        matches!(
            self.phase,
            Phase::Introducing | Phase::Joining | Phase::Talking
        )
    }

    /// Hears a robot, or is heard by one.
    pub fn is_with_robot(&self) -> bool {
        matches!(self.phase, Phase::Robot { .. } | Phase::Dialogue { .. })
    }

    /// What it comes to when it met neither an agent nor a robot.
    pub fn unmet(&self) -> Outcome {
        let finding = self.finding.as_ref();
        let said = finding.filter(|_| self.class == AnswerClass::Network);
        let said = said.and_then(|finding| finding.sit);
        said.map_or_else(|| self.class.unmet(), Sit::outcome)
    }

    pub fn beginning(&self) -> OpenCall {
        OpenCall {
            id: self.id,
            mode: self.mode,
            is_test: self.test.is_some(),
            campaign: self
                .test
                .as_ref()
                .map(|test| test.campaign.clone())
                .or_else(|| self.campaign.clone()),
            task: self.task.clone(),
            lead: self.lead.clone(),
            queue: self.queue.clone(),
            agent: self.agent.clone(),
            gateway: self.gateway.clone(),
            caller: self.caller.clone(),
            callee: self.callee.clone(),
            is_call_back: self.way.is_call_back,
            is_ordered: self.way.is_ordered,
            tenant: self.way.tenant.clone(),
            started_at: self.times.started,
        }
    }
}
