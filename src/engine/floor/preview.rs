//! Preview dialling: the agent sees the lead, then dials it (OUT-202 to OUT-208).

use super::{
    Call, Cause, Command, Event, Floor, Lead, OrderRefused, Phase, Role, Why, agents::Agent,
    dialling::Dial, talk::RINGBACK,
};
use crate::{
    agent::State,
    campaign::Mode,
    gate::Block,
    ids::{AgentId, CallId, CampaignId, LeadId, LegId},
    time::Millis,
};

/// A skipped lead goes behind the others.
const SKIPPED_MS: i64 = 10 * 60_000;
/// A lead stays on a screen no longer than this (OUT-206).
const LOCKED_MS: i64 = 5 * 60_000;
/// A countdown that finds the limit on calls reached is tried again after this.
const FULL_MS: i64 = 1_000;
/// The agent's phone rings at most this long.
const RING_MS: i64 = 20_000;

impl Floor {
    pub(super) fn next_preview(
        &mut self,
        id: &AgentId,
        campaign: CampaignId,
        picked: Option<(LeadId, bool)>,
        now: Millis,
    ) -> Result<(), OrderRefused> {
        let running = self
            .campaigns
            .get(&campaign)
            .is_some_and(|seen| seen.spec.mode == Mode::Preview && seen.is_running());
        if !running || self.draining {
            let text = "this is not a running preview campaign";
            return Err(OrderRefused::new("CAMPAIGN_NOT_RUNNING", text));
        }
        let state = self.agents[id].machine.state();
        if !matches!(
            state,
            State::Ready | State::Unready { .. } | State::Preview { .. }
        ) {
            let text = format!("an agent who is {} cannot preview a lead", state.name());
            return Err(OrderRefused::new("ILLEGAL_TRANSITION", text));
        }
        self.put_back(id, Some(SKIPPED_MS), now);
        if let Some(agent) = self.agents.get_mut(id) {
            agent.previewing = Some(campaign.clone());
            agent.picked.clone_from(&picked);
        }
        self.commands.push_back(Command::DrawPreview {
            agent: id.clone(),
            campaign,
            lead: picked.map(|(lead, _)| lead),
        });
        Ok(())
    }

    pub(super) fn preview_lead(
        &mut self,
        id: &AgentId,
        campaign: CampaignId,
        lead: Option<Lead>,
        now: Millis,
    ) {
        let wanted = self.agents.get(id).is_some_and(|agent| {
            let other =
                |picked: &(LeadId, bool)| lead.as_ref().is_some_and(|lead| lead.id != picked.0);
            agent.previewing.as_ref() == Some(&campaign)
                && agent.preview.is_none()
                && !agent.picked.as_ref().is_some_and(other)
        });
        let Some(lead) = lead else {
            if wanted {
                self.nothing_to_preview(id, campaign);
            }
            return;
        };
        let countdown_s = self
            .campaigns
            .get(&campaign)
            .map_or(0, |seen| seen.spec.settings.preview_countdown_s);
        let dial_at = (countdown_s > 0).then(|| now.plus(i64::from(countdown_s) * 1000));
        let lead_id = lead.id.clone();
        let shown = wanted
            && self
                .step(id, now, |machine| {
                    machine.preview(lead_id.clone(), dial_at, now)
                })
                .is_ok();
        if !shown {
            self.commands.push_back(Command::Release {
                lead: lead_id,
                retry_at: None,
            });
            return;
        }
        if let Some(agent) = self.agents.get_mut(id) {
            agent.preview = Some(lead);
        }
        let told = lead_id.clone();
        for at in dial_at.into_iter().chain([now.plus(LOCKED_MS)]) {
            self.timers.set(at, Why::PreviewDue(id.clone()));
        }
        let of_campaign = self.campaigns.get(&campaign);
        let of_campaign = of_campaign.and_then(|seen| seen.spec.rules.phone_mask);
        let of_agent = self
            .agents
            .get(id)
            .is_some_and(|agent| agent.spec.phone_mask);
        self.tell(Event::Preview {
            agent: id.clone(),
            lead_id,
            campaign_id: campaign,
            countdown_s,
            masked: of_campaign.unwrap_or(of_agent),
        });
        let at_once = |agent: &Agent| agent.picked.as_ref().is_some_and(|(_, dial)| *dial);
        if self.agents.get(id).is_some_and(at_once)
            && let Err(refused) = self.dial_preview(id, now)
        {
            self.tell(Event::DialRefused {
                agent: id.clone(),
                lead_id: told,
                code: refused.code,
            });
        }
    }

    fn nothing_to_preview(&mut self, id: &AgentId, campaign_id: CampaignId) {
        if let Some(agent) = self.agents.get_mut(id) {
            agent.previewing = None;
        }
        let agent = id.clone();
        self.tell(Event::PreviewEmpty { agent, campaign_id });
    }

    /// The countdown is over, or the lead has been looked at for too long.
    pub(super) fn preview_due(&mut self, id: &AgentId, now: Millis) {
        let Some(agent) = self.agents.get(id) else {
            return;
        };
        let State::Preview { dial_at, .. } = agent.machine.state() else {
            return;
        };
        let shown_for = now.since(agent.machine.since());
        if dial_at.is_some_and(|at| at <= now) && self.dial_preview(id, now).is_ok() {
            return;
        }
        if shown_for >= LOCKED_MS {
            self.end_preview(id, None, now);
        }
    }

    /// Rings the agent's phone first: the customer is bothered only when the agent is there.
    pub(super) fn dial_preview(&mut self, id: &AgentId, now: Millis) -> Result<(), OrderRefused> {
        let agent = &self.agents[id];
        let (Some(lead), Some(campaign)) = (agent.preview.clone(), agent.previewing.clone()) else {
            return Err(OrderRefused::new("NO_PREVIEW", "there is no lead to dial"));
        };
        if !self.is_reachable(agent) {
            let text = format!(
                "the phone of extension {} is not registered",
                agent.extension
            );
            return Err(OrderRefused::new("PHONE_NOT_REGISTERED", text));
        }
        if self.ceiling_room(&campaign) == Some(0) {
            // The countdown is tried again; who pressed a key may press it again.
            self.timers
                .set(now.plus(FULL_MS), Why::PreviewDue(id.clone()));
            let text = "as many calls are up as the outbound settings allow";
            return Err(OrderRefused::new("CONCURRENCY_LIMIT", text));
        }
        let call_id = CallId(self.numbers.take());
        self.step(id, now, |machine| machine.dial(call_id, now))?;
        if let Some(agent) = self.agents.get_mut(id) {
            agent.preview = None;
        }
        let mut call = Call::new(call_id, String::new(), lead.number.clone(), now);
        call.mode = Some(Mode::Preview);
        call.campaign = Some(campaign.clone());
        call.agent = Some(id.clone());
        call.lead = Some(lead.id.clone());
        call.phase = Phase::AgentFirst;
        let dial = Dial {
            campaign,
            lead: lead.clone(),
            call: Some(call_id),
            probe: false,
            asked: 0,
        };
        self.dials.insert(lead.id, dial);
        self.reach_agent_first(id, call, now);
        Ok(())
    }

    fn reach_agent_first(&mut self, id: &AgentId, mut call: Call, now: Millis) {
        let agent = &self.agents[id];
        let call_id = call.id;
        if let Some((leg, _)) = agent.nailed_up {
            call.agent_leg = Some(leg);
            self.calls.insert(call_id, call);
            self.agent_leg_began(call_id, id, now);
            self.agent_first_answered(call_id, now);
            return;
        }
        let leg = LegId(self.numbers.take());
        call.agent_leg = Some(leg);
        self.legs.insert(leg, Role::AgentFor(call_id));
        let caller = self.number_for(id, &call);
        self.calls.insert(call_id, call);
        self.ring_telephone(leg, id, Some(call_id), caller, RING_MS);
        self.agent_leg_began(call_id, id, now);
    }

    /// The agent's phone is up: the gate may look at the lead.
    pub(super) fn agent_first_answered(&mut self, call: CallId, now: Millis) {
        let Some(call) = self.calls.get(&call) else {
            return;
        };
        let (id, lead, leg) = (call.id, call.lead.clone(), call.agent_leg);
        if let Some(leg) = leg {
            self.leg_up(id, leg, now);
            let music = Some(RINGBACK.to_owned());
            self.commands.push_back(Command::Park { leg, music });
        }
        if let Some(lead) = lead {
            self.check(&lead, now);
        }
    }

    /// The preview call will not be dialled: the agent is free again.
    pub(super) fn preview_refused(&mut self, call: CallId, block: Option<Block>, now: Millis) {
        let Some(call) = self.calls.remove(&call) else {
            return;
        };
        self.drop_agent_leg(&call);
        let Some(agent) = call.agent.clone() else {
            return;
        };
        let _ = self.step(&agent, now, |machine| machine.call_over(None, now));
        if let Some(lead_id) = call.lead {
            let code = block.map_or("phone", Block::as_str);
            self.tell(Event::DialRefused {
                agent: agent.clone(),
                lead_id,
                code,
            });
        }
        if block.is_some() {
            self.go_on_previewing(&agent);
        } else if let Some(agent) = self.agents.get_mut(&agent) {
            // No phone: whoever comes back to it asks for the next lead.
            agent.previewing = None;
        }
        self.let_go_of(&agent, now);
    }

    pub(super) fn skip_preview(&mut self, id: &AgentId, now: Millis) -> Result<(), OrderRefused> {
        if self.agents[id].preview.is_none() {
            return Err(OrderRefused::new("NO_PREVIEW", "there is no lead to skip"));
        }
        self.put_back(id, Some(SKIPPED_MS), now);
        self.go_on_previewing(id);
        Ok(())
    }

    /// Ends previewing: the lead goes behind the others, nothing more is offered.
    pub(super) fn leave_preview(&mut self, id: &AgentId, now: Millis) {
        self.end_preview(id, Some(SKIPPED_MS), now);
    }

    fn end_preview(&mut self, id: &AgentId, keep_away_ms: Option<i64>, now: Millis) {
        self.put_back(id, keep_away_ms, now);
        if let Some(agent) = self.agents.get_mut(id) {
            agent.previewing = None;
        }
    }

    /// The campaign is no longer dialled: its leads leave the screens, and no phone rings for one.
    pub(super) fn take_back_previews(&mut self, campaign: &CampaignId, now: Millis) {
        let on_screens: Vec<AgentId> = self
            .agents
            .iter()
            .filter(|(_, agent)| agent.previewing.as_ref() == Some(campaign))
            .map(|(id, _)| id.clone())
            .collect();
        for agent in on_screens {
            self.end_preview(&agent, None, now);
        }
        let ringing: Vec<CallId> = self
            .calls
            .values()
            .filter(|call| call.phase == Phase::AgentFirst)
            .filter(|call| call.campaign.as_ref() == Some(campaign))
            .map(|call| call.id)
            .collect();
        for call in ringing {
            self.call_off(call, Some(Block::Stopped), now);
        }
    }

    /// A preview call ends before its lead was dialled: the lead goes back.
    pub(super) fn call_off(&mut self, id: CallId, block: Option<Block>, now: Millis) {
        let lead = self.calls.get(&id).and_then(|call| call.lead.clone());
        if let Some(dial) = lead.and_then(|lead| self.dials.remove(&lead)) {
            self.commands.push_back(Command::Release {
                lead: dial.lead.id,
                retry_at: None,
            });
        }
        self.preview_refused(id, block, now);
    }

    /// Offers the next lead when the agent works through a preview campaign; not after one that the
    /// agent picked.
    pub(super) fn go_on_previewing(&mut self, id: &AgentId) {
        let Some(campaign) = self
            .agents
            .get(id)
            .and_then(|agent| agent.previewing.clone())
        else {
            return;
        };
        let picked = self.agents.get_mut(id).and_then(|agent| {
            let picked = agent.picked.take();
            if picked.is_some() {
                agent.previewing = None;
            }
            picked
        });
        if picked.is_some() {
            return;
        }
        self.commands.push_back(Command::DrawPreview {
            agent: id.clone(),
            campaign,
            lead: None,
        });
    }

    fn put_back(&mut self, id: &AgentId, keep_away_ms: Option<i64>, now: Millis) {
        let Some(agent) = self.agents.get_mut(id) else {
            return;
        };
        let Some(lead) = agent.preview.take() else {
            return;
        };
        let retry_at = keep_away_ms.map(|ms| now.plus(ms));
        self.commands.push_back(Command::Release {
            lead: lead.id,
            retry_at,
        });
        let _ = self.step(id, now, |machine| machine.preview_over(now));
    }

    pub(super) fn drop_agent_leg(&mut self, call: &Call) {
        let Some(leg) = call.agent_leg else { return };
        match self.legs.get(&leg) {
            Some(Role::AgentFor(_)) => {
                self.legs.remove(&leg);
                let had = call.agent.clone().filter(|_| call.times.bridged.is_some());
                if let Some(agent) = had {
                    self.parting.insert(leg, (call.id, agent));
                }
                self.commands.push_back(Command::Hangup {
                    leg,
                    cause: Cause::Normal,
                });
            }
            Some(Role::NailedUp(_)) => self.commands.push_back(Command::Park { leg, music: None }),
            _ => {}
        }
    }
}
