//! The floor: all agents, calls and queues now.
//!
//! One machine, driven from outside: hand in what happened with [`Floor::handle`], drain
//! [`Floor::poll_command`], and call [`Floor::handle_wake`] when [`Floor::next_wake`] says so.

mod admission;
mod agents;
mod announce;
mod answered;
mod audience;
mod back_in_line;
mod call_back;
mod callers;
mod calls;
mod came_to;
mod campaigns;
mod clock;
mod command;
mod conference;
mod configure;
mod consult;
mod dialling;
mod direct;
mod early_media;
mod ended;
mod event;
mod force;
mod forward;
mod hidden;
mod hook_flash;
mod in_call;
mod inbound;
mod input;
mod introduce;
mod ivr;
mod keys;
mod learning;
mod leg_log;
mod leg_quality;
mod line;
mod listening;
mod look;
mod members;
mod next_gateway;
mod offers;
mod orders;
mod outside;
mod pace;
mod parties;
mod party;
mod phone_calls;
mod phone_codes;
mod phone_orders;
mod pick_up;
mod presence;
mod preview;
mod promise;
mod queues;
mod recording;
mod refer;
mod remote;
mod robot;
mod supervise;
mod survey;
mod take_over;
mod taking;
mod talk;
mod test_call;
#[cfg(test)]
mod tests;
mod timers;
mod transfer;
mod turn_round;
mod two_parties;
mod unanswered;
mod view;
mod voicemail;
mod waiting;
mod way;
mod way_out;

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

pub use command::*;
pub use conference::{InCall, Member};
pub use event::Event;
pub use force::Forced;
pub use in_call::CallOrder;
pub use input::*;
pub use learning::Learned;
pub use leg_log::LegRecord;
pub use members::MemberOrder;
pub use orders::OrderRefused;
pub use outside::OutsideLimits;
pub use pick_up::PickUp;
pub use supervise::{Monitor, SupervisorOrder};
pub use test_call::TestCall;
pub use timers::Why;
pub use two_parties::TwoParties;
pub use view::*;
pub use voicemail::VoiceMessage;
pub use way::Exit;

pub use crate::classification::AnswerClass;
use crate::{
    gateway,
    ids::{
        AgentId, AttemptId, CallId, CampaignId, GatewayId, LeadId, LegId, Numbers, QueueId, SoundId,
    },
    ivr::Menus,
    route::Rule,
    survey::Survey,
    time::Millis,
};
use admission::UnderWay;
use agents::Agent;
use callers::Callers;
use calls::{Call, Phase, Role};
use campaigns::Campaign;
use dialling::Dial;
use outside::Outside;
use queues::Queue;
use remote::Remote;
use supervise::Supervisor;
use timers::Timers;

/// See the module.
#[derive(Debug, Clone)]
pub struct Floor {
    numbers: Numbers,
    commands: VecDeque<Command>,
    timers: Timers,
    agents: BTreeMap<AgentId, Agent>,
    queues: BTreeMap<QueueId, Queue>,
    gateways: BTreeMap<GatewayId, Gateway>,
    /// Gateways that do not answer or have no address, as the switch tells it; the configuration may
    /// come later.
    down: BTreeSet<GatewayId>,
    routes: Vec<Rule>,
    menus: Arc<Menus>,
    /// Every extension of the house, whether its phone is there or not.
    extensions: BTreeSet<String>,
    /// Those whose numbers do not lead outside by themselves.
    inside_only: BTreeSet<String>,
    /// Those whose phones send no calls on.
    keep_calls: BTreeSet<String>,
    callers: Callers,
    surveys: BTreeMap<String, Arc<Survey>>,
    campaigns: BTreeMap<CampaignId, Campaign>,
    calls: BTreeMap<CallId, Call>,
    legs: BTreeMap<LegId, Role>,
    /// Those whose far end holds by itself.
    holding: BTreeSet<LegId>,
    /// Agents' legs that were hung up after their call: their end still tells how they sounded.
    parting: BTreeMap<LegId, (CallId, AgentId)>,
    attempts: BTreeMap<AttemptId, CallId>,
    dials: BTreeMap<LeadId, Dial>,
    /// Dials that the store may not know of yet.
    under_way: UnderWay,
    /// Messages that are being recorded.
    messages: BTreeMap<SoundId, VoiceMessage>,
    /// Extensions whose phone can be rung.
    registered: BTreeSet<String>,
    outside: Outside,
    supervisors: BTreeMap<LegId, Supervisor>,
    /// Agents' telephones outside.
    remote: BTreeMap<LegId, Remote>,
    /// Extensions whose phone is in a call of which no agent's state tells.
    in_use: BTreeSet<String>,
    /// The switch is spared new dials until then: it has refused one for itself.
    spared_until: Millis,
    draining: bool,
}

#[derive(Debug, Clone)]
struct Gateway {
    name: String,
    state: gateway::Gateway,
    /// Gone from the configuration; kept until its last call is over.
    gone: bool,
}

impl Floor {
    /// An empty floor. `started` makes its numbers differ from those of every earlier process.
    #[must_use]
    pub fn new(started: Millis) -> Self {
        Self {
            numbers: Numbers::since(started),
            commands: VecDeque::new(),
            timers: Timers::default(),
            agents: BTreeMap::new(),
            queues: BTreeMap::new(),
            gateways: BTreeMap::new(),
            down: BTreeSet::new(),
            routes: Vec::new(),
            menus: Arc::default(),
            extensions: BTreeSet::new(),
            inside_only: BTreeSet::new(),
            keep_calls: BTreeSet::new(),
            callers: Callers::default(),
            surveys: BTreeMap::new(),
            campaigns: BTreeMap::new(),
            calls: BTreeMap::new(),
            legs: BTreeMap::new(),
            holding: BTreeSet::new(),
            parting: BTreeMap::new(),
            attempts: BTreeMap::new(),
            dials: BTreeMap::new(),
            under_way: UnderWay::default(),
            messages: BTreeMap::new(),
            registered: BTreeSet::new(),
            outside: Outside::default(),
            supervisors: BTreeMap::new(),
            remote: BTreeMap::new(),
            in_use: BTreeSet::new(),
            spared_until: Millis(0),
            draining: false,
        }
    }

    /// Takes in what happened.
    pub fn handle(&mut self, input: Input, now: Millis) {
        match input {
            Input::Configured(configuration) => self.configure(*configuration, now),
            Input::Learned { campaign, learned } => self.remember(&campaign, *learned),
            Input::Campaign(spec) => self.campaign_changed(*spec, now),
            Input::Drawn {
                campaign,
                leads,
                undone,
                next_due,
            } => {
                self.drawn(&campaign, leads, undone, next_due, now);
            }
            Input::Checked { lead, facts } => self.checked(&lead, facts.as_deref(), now),
            Input::AttemptOpened { attempt } => self.attempt_opened(attempt, now),
            Input::AttemptRefused { attempt, block } => {
                self.attempt_refused(attempt, block, now);
            }
            Input::GatewayAnswers { gateway, up } => self.gateway_answers(&gateway, up, now),
            Input::LegSentAgain { leg } => self.leg_sent_again(leg, now),
            Input::Banned { source, seconds } => self.tell(Event::Banned { source, seconds }),
            Input::PhoneLimited { extension, why } => {
                self.tell(Event::PhoneLimited { extension, why });
            }
            Input::Presence { agent, connected } => self.presence(&agent, connected, now),
            Input::PreviewLead {
                agent,
                campaign,
                lead,
            } => {
                self.preview_lead(&agent, campaign, lead.map(|lead| *lead), now);
            }
            Input::Phone {
                extension,
                registered,
            } => self.phone(&extension, registered, now),
            Input::LegRefused { leg, why } => self.leg_refused(leg, why, now),
            Input::LegRinging { leg, early } => self.leg_ringing(leg, early, now),
            Input::LegAnswered { leg } => self.leg_answered(leg, now),
            Input::Classified { leg, finding } => self.classified(leg, finding, now),
            Input::Beep { leg } => self.beep(leg, now),
            Input::Speech { leg, speech } => self.speech(leg, speech, now),
            Input::LegEnded { leg, ended } => self.leg_ended(leg, ended, now),
            Input::Incoming {
                leg,
                from,
                to,
                gateway,
                phone,
                replaces,
            } => match phone {
                Some(phone) => self.phone_calls(leg, phone, &to, replaces, now),
                // Nobody outside has a say in who is in a call of the house.
                None if replaces.is_some() => self.commands.push_back(Command::Hangup {
                    leg,
                    cause: Cause::Declined,
                }),
                None => self.incoming(leg, from, to, gateway, now),
            },
            Input::FarEndHolds { leg, on } => self.far_end_holds(leg, on, now),
            Input::TransferAsked { leg, to, replaces } => {
                self.transfer_asked(leg, &to, replaces, now);
            }
            Input::Bridged { leg } => self.bridged(leg, now),
            Input::NumberChecked {
                leg,
                allowed,
                callers,
            } => {
                self.choose_shown(leg, callers, now);
                self.number_checked(leg, allowed, now);
            }
            Input::CallBacks(promises) => self.remember_promises(promises),
            // One that is being made goes on; the store has not let it be taken back then.
            Input::CallBackOff { call } => drop(self.cancel_call_back(call, now)),
            Input::Promised { call, kept } => self.promised(call, kept, now),
            Input::PlayDone { leg, sound } => self.play_over(leg, sound, Heard::Played, now),
            Input::PlayFailed { leg, sound } => self.play_over(leg, sound, Heard::Failed, now),
            Input::RecordStarted { sound, file } => self.record_started(sound, file),
            Input::RecordDone {
                sound,
                file,
                ms,
                error,
            } => self.recorded(sound, file, ms, error),
            Input::HookFlash { leg } => self.hook_flash(leg, now),
            Input::Key { leg, key, withheld } => self.key(leg, key, withheld, now),
            Input::MediaTimeout { leg } => self.media_timeout(leg),
            Input::ClockMoved { by_ms } => self.clock_moved(by_ms, now),
            Input::Drain => self.drain(now),
        }
        self.settle(now);
    }

    /// What is to be done next; `None` when everything has been said.
    pub fn poll_command(&mut self) -> Option<Command> {
        self.commands.pop_front()
    }

    /// When to call [`Self::handle_wake`], and why.
    #[must_use]
    pub fn next_wake(&self) -> Option<(Millis, Why)> {
        let pacing = self
            .campaigns
            .iter()
            .filter(|(_, campaign)| !self.draining && campaign.is_running())
            .map(|(id, campaign)| (campaign.next_pace, Why::PacingDue(id.clone())))
            .min();
        [self.timers.first(), pacing].into_iter().flatten().min()
    }

    /// Whether the store still owes an answer about a lead: one that is drawn, with the gate, whose
    /// attempt is being written, or that is to go on by another gateway.
    #[must_use]
    pub fn awaits_store(&self) -> bool {
        let is_asked = |call: &Call| matches!(call.phase, Phase::Opening | Phase::Asking);
        !self.dials.is_empty()
            || self.calls.values().any(is_asked)
            || self.campaigns.values().any(|campaign| campaign.drawing)
    }

    /// Does whatever is due.
    pub fn handle_wake(&mut self, now: Millis) {
        while let Some(why) = self.timers.pop_due(now) {
            match why {
                Why::CallWouldBeAbandoned(call) => self.abandon_due(call, now),
                Why::WaitIsOver(call) => self.wait_due(call, now),
                Why::NobodyIsThere(call) => self.nobody_due(call, now),
                Why::TierOpens(call) => self.tier_due(call, now),
                Why::VerdictIsDue(call) => self.verdict_is_due(call, now),
                Why::BeepIsDue(call) => self.beep_is_due(call, now),
                Why::AnnouncementDue(call) => self.announcement_due(call, now),
                Why::ReachingIsOver(call, leg) => self.reaching_due(call, leg, now),
                Why::MessageIsLong(call) => self.end_message(call),
                Why::CodeIsOver(call) => self.code_due(call, now),
                Why::NumberIsDialled(call) => self.number_due(call, now),
                Why::SurveyIsOver(call) => self.survey_due(call, now),
                Why::ChoiceIsDue(call) => self.choice_due(call, now),
                Why::SpeechIsDue(call) => self.speech_due(call, now),
                Why::CallBackIsOld(call) => self.call_back_old(call, now),
                Why::OfferIsOver(call, agent) => self.offer_due(call, &agent, now),
                Why::RingingIsOver(call, leg) => self.ringing_due(call, leg, now),
                Why::RestIsOver(_) => self.touch_all(now),
                Why::GatewayRested(gateway) => self.gateway_rested(&gateway, now),
                Why::WrapUpOver(agent) => self.wrap_up_due(&agent, now),
                Why::PreviewDue(agent) => self.preview_due(&agent, now),
                Why::AgentAbsent(agent) => self.agent_absent(&agent, now),
                Why::CallBackDue(_) | Why::PacingDue(_) => {}
            }
        }
        self.settle(now);
    }

    /// After every input: waiting calls find their agents, campaigns their lines.
    fn settle(&mut self, now: Millis) {
        self.route(now);
        self.pace(now);
    }

    fn drain(&mut self, now: Millis) {
        self.draining = true;
        self.let_promises_rest(now);
        let campaigns: Vec<CampaignId> = self.campaigns.keys().cloned().collect();
        for id in campaigns {
            self.quiet(&id, now);
        }
    }

    fn tell(&mut self, event: Event) {
        self.commands.push_back(Command::Tell(event));
    }
}
