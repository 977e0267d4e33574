//! The agents on the floor, and what every change of their state brings with it.

use super::{AgentChange, AgentSpec, AnswerClass, Call, Command, Event, Floor, Why};
use crate::{
    agent::{IllegalTransition, Machine, State},
    campaign::{self, Mode},
    ids::{AgentId, CallId, CampaignId, GatewayId, LeadId, LegId},
    phone,
    time::Millis,
};

#[derive(Debug, Clone)]
pub(super) struct Agent {
    pub spec: AgentSpec,
    pub machine: Machine,
    /// The extension of this shift.
    pub extension: String,
    /// A leg that is up for the whole shift; false while it rings.
    pub nailed_up: Option<(LegId, bool)>,
    /// Gateways that refused to call the agent's telephone outside, since it answered last.
    pub refused_by: Vec<GatewayId>,
    /// Since when the agent's event channel is down; `None` while it is up or never was.
    pub absent_since: Option<Millis>,
    /// Offers in a row that rang out.
    pub no_answers: u32,
    /// No offers before this moment: the phone did not take the last one.
    pub rests_until: Millis,
    /// Gone from the configuration: signed out as soon as the call is over.
    pub gone: bool,
    /// A supervisor has signed the agent out, as soon as the call is over.
    pub signs_out: bool,
    /// The preview campaign the agent works through, and the lead on the screen.
    pub previewing: Option<CampaignId>,
    /// The lead that the agent picked; true: it is dialled at once.
    pub picked: Option<(LeadId, bool)>,
    pub preview: Option<super::Lead>,
    pub last_call: Option<LastCall>,
    pub signed_in_at: Option<Millis>,
    /// Signed in to be ready at once, and the phone was not there yet.
    pub awaits_phone: bool,
    pub busy_ms: i64,
    /// Time in conversations since sign-in; milliseconds.
    pub talk_ms: i64,
    pub calls: u64,
}

/// The call a disposition may be for.
#[derive(Debug, Clone)]
pub(super) struct LastCall {
    pub id: CallId,
    pub campaign: Option<CampaignId>,
    pub lead: Option<LeadId>,
    /// Attempts on the lead, this one included.
    pub attempts: u32,
    /// The agent has to say what came of it before the next call.
    pub required: bool,
    pub disposed: bool,
    /// It was taken for a machine: what the agent says of it tells whether that was right.
    pub as_machine: bool,
    /// Nobody has said yet what it was; of several agents whom it has had the first one's word counts.
    pub is_unsaid: bool,
}

impl LastCall {
    /// The agent still has to say what came of it.
    pub fn is_owed(&self) -> bool {
        self.required && !self.disposed
    }
}

impl Agent {
    pub fn new(spec: AgentSpec) -> Self {
        Self {
            extension: spec.extension.clone(),
            spec,
            machine: Machine::default(),
            nailed_up: None,
            refused_by: Vec::new(),
            absent_since: None,
            no_answers: 0,
            rests_until: Millis(0),
            gone: false,
            signs_out: false,
            previewing: None,
            picked: None,
            preview: None,
            last_call: None,
            signed_in_at: None,
            awaits_phone: false,
            busy_ms: 0,
            talk_ms: 0,
            calls: 0,
        }
    }
}

impl Floor {
    pub(super) fn wrap_up_due(&mut self, id: &AgentId, now: Millis) {
        let Some(agent) = self.agents.get(id) else {
            return;
        };
        let due = matches!(
            agent.machine.state(),
            State::WrapUp { until: Some(until), .. } if *until <= now
        );
        if due {
            let _ = self.step(id, now, |machine| machine.wrap_up_over(now));
            self.go_on_previewing(id);
        }
    }

    /// After-call work as the campaign, the agent and the queue want it; see [`Machine::call_over`].
    pub(super) fn wrap_up_of(&self, id: &AgentId, call: &Call) -> Option<i64> {
        let agent = self.agents.get(id)?;
        let owed = |last: &LastCall| last.id == call.id && last.is_owed();
        if agent.last_call.as_ref().is_some_and(owed) {
            return Some(0);
        }
        let of_member = self.member(call.queue.as_ref(), id).wrap_up_ms;
        let of_queue = call.queue.as_ref().and_then(|queue| self.queues.get(queue));
        let default = crate::queue::Settings::default().wrap_up_ms;
        let ms = of_member
            .or(agent.spec.wrap_up_ms)
            .unwrap_or_else(|| of_queue.map_or(default, |queue| queue.settings.wrap_up_ms));
        Some(ms)
    }

    /// Somebody hears what was taken for a machine: what they say of it tells whether it was one.
    pub(super) fn is_to_be_judged(&mut self, call: &Call) {
        let agent = call.agent.as_ref().and_then(|id| self.agents.get_mut(id));
        let last = agent.and_then(|agent| agent.last_call.as_mut());
        if let Some(last) = last.filter(|last| last.id == call.id) {
            last.as_machine = call.class == AnswerClass::Machine;
        }
    }

    pub(super) fn disposition_required(&self, campaign: Option<&CampaignId>) -> bool {
        let settings: Option<&campaign::Settings> = campaign
            .and_then(|id| self.campaigns.get(id))
            .map(|seen| &seen.spec.settings);
        settings.is_some_and(|settings| settings.disposition_required)
    }

    /// Whether the agent sees the call's number masked: the campaign's word counts before the
    /// agent's (OUT-154).
    pub(super) fn masks_number(&self, id: &AgentId, call: &Call) -> bool {
        let campaign = call.campaign.as_ref();
        let of_campaign = campaign.and_then(|id| self.campaigns.get(id)?.spec.rules.phone_mask);
        let of_agent = || {
            self.agents
                .get(id)
                .is_some_and(|agent| agent.spec.phone_mask)
        };
        of_campaign.unwrap_or_else(of_agent)
    }

    /// The call's number as its agent sees it.
    pub(super) fn number_for(&self, id: &AgentId, call: &Call) -> String {
        if self.masks_number(id, call) {
            phone::mask(call.number())
        } else {
            call.number().to_owned()
        }
    }

    /// Opens the pop-up of a call on its agent's screen.
    pub(super) fn pop_up(&mut self, id: &AgentId, call: CallId) {
        let Some(call) = self.calls.get(&call) else {
            return;
        };
        let popup = Event::Popup {
            agent: id.clone(),
            call_id: call.id,
            direction: call.direction(),
            number: self.number_for(id, call),
            masked: self.masks_number(id, call),
            lead_id: call.lead.clone(),
            campaign_id: call.campaign.clone(),
            queue_id: call.queue.clone(),
            taken_for_machine: call.class == AnswerClass::Machine,
        };
        self.tell(popup);
    }

    /// Opens the pop-up of a call that its agent dialled, at the dial or at the answer, as the
    /// campaign's rules want it (OUT-153).
    pub(super) fn pop_up_dialled(&mut self, id: CallId, at_dial: bool) {
        let Some(call) = self.calls.get(&id) else {
            return;
        };
        let campaign = call.campaign.as_ref().and_then(|id| self.campaigns.get(id));
        let wanted = campaign.is_some_and(|seen| seen.spec.rules.popup_on_dial == at_dial);
        if let (true, Some(Mode::Preview), Some(agent)) = (wanted, call.mode, call.agent.clone()) {
            self.pop_up(&agent, id);
        }
    }

    /// The one door through which an agent's state changes: the change is stored and told.
    pub(super) fn step(
        &mut self,
        id: &AgentId,
        now: Millis,
        change: impl FnOnce(&mut Machine) -> Result<(), IllegalTransition>,
    ) -> Result<(), IllegalTransition> {
        let Some(agent) = self.agents.get_mut(id) else {
            return Ok(());
        };
        let before = agent.machine.clone();
        change(&mut agent.machine)?;
        agent.awaits_phone = false;
        if agent.machine.state() == before.state() {
            return Ok(());
        }
        let spent = now.since(before.since());
        if matches!(before.state(), State::Busy { .. } | State::WrapUp { .. }) {
            agent.busy_ms += spent;
        }
        if before.is_talking() {
            agent.talk_ms += spent;
        }
        let state = agent.machine.state().clone();
        let wrap_up_until = match state {
            State::WrapUp { until, .. } => until,
            _ => None,
        };
        self.commands
            .push_back(Command::AgentChanged(Box::new(AgentChange {
                agent: id.clone(),
                extension: agent.extension.clone(),
                from: before.state().name(),
                to: state.name(),
                sub: state.sub_name(),
                reason: state.reason().map(str::to_owned),
                at: now,
                ms: spent,
            })));
        self.commands.push_back(Command::Tell(Event::AgentState {
            agent: id.clone(),
            state: state.name(),
            sub_state: state.sub_name(),
            reason: state.reason().map(str::to_owned),
            since: now,
            call_id: agent.machine.call(),
            wrap_up_until,
        }));
        if let Some(until) = wrap_up_until {
            self.timers.set(until, Why::WrapUpOver(id.clone()));
        }
        self.agent_changed(id, &before, now);
        self.touch_all(now);
        Ok(())
    }
}
