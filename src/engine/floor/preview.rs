//! Preview dialling: the agent sees the lead, then dials it (OUT-202 to OUT-208).

use super::{
    Call, Cause, Command, Event, Floor, Lead, OrderRefused, Phase, Role, Why, dialling::Dial,
};
use crate::{
    agent::State,
    campaign::{self, Mode},
    gate::Block,
    ids::{AgentId, CallId, CampaignId, LegId},
    time::Millis,
};

/// A skipped lead goes behind the others.
const SKIPPED_MS: i64 = 10 * 60_000;

impl Floor {
    pub(super) fn next_preview(
        &mut self,
        id: &AgentId,
        campaign: CampaignId,
        now: Millis,
    ) -> Result<(), OrderRefused> {
        let running = self.campaigns.get(&campaign).is_some_and(|seen| {
            seen.spec.mode == Mode::Preview && seen.spec.state == campaign::State::Running
        });
        if !running {
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
        self.put_back(id, now);
        if let Some(agent) = self.agents.get_mut(id) {
            agent.previewing = Some(campaign.clone());
        }
        self.commands.push_back(Command::DrawPreview {
            agent: id.clone(),
            campaign,
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
        let Some(lead) = lead else {
            if let Some(agent) = self.agents.get_mut(id) {
                agent.previewing = None;
            }
            let _ = self.step(id, now, |machine| machine.preview_over(now));
            self.tell(Event::PreviewEmpty {
                agent: id.clone(),
                campaign_id: campaign,
            });
            return;
        };
        let countdown_s = self
            .campaigns
            .get(&campaign)
            .map_or(0, |seen| seen.spec.settings.preview_countdown_s);
        let dial_at = (countdown_s > 0).then(|| now.plus(i64::from(countdown_s) * 1000));
        let lead_id = lead.id.clone();
        let wanted = self.agents.get(id).is_some_and(|agent| {
            agent.previewing.as_ref() == Some(&campaign) && agent.preview.is_none()
        });
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
        if let Some(at) = dial_at {
            self.timers.set(at, Why::PreviewDue(id.clone()));
        }
        let agent = id.clone();
        self.tell(Event::Preview {
            agent,
            lead_id,
            campaign_id: campaign,
            countdown_s,
        });
    }

    pub(super) fn preview_due(&mut self, id: &AgentId, now: Millis) {
        let due = self.agents.get(id).is_some_and(|agent| {
            matches!(
                agent.machine.state(),
                State::Preview { dial_at: Some(at), .. } if *at <= now
            )
        });
        if due {
            let _ = self.dial_preview(id, now);
        }
    }

    /// Rings the agent's phone first: the customer is bothered only when the agent is there.
    pub(super) fn dial_preview(&mut self, id: &AgentId, now: Millis) -> Result<(), OrderRefused> {
        let agent = &self.agents[id];
        let (Some(lead), Some(campaign)) = (agent.preview.clone(), agent.previewing.clone()) else {
            return Err(OrderRefused::new("NO_PREVIEW", "there is no lead to dial"));
        };
        if agent.nailed_up.is_none() && !self.registered.contains(&agent.extension) {
            let text = format!(
                "the phone of extension {} is not registered",
                agent.extension
            );
            return Err(OrderRefused::new("PHONE_NOT_REGISTERED", text));
        }
        let extension = agent.extension.clone();
        let nailed_up = agent.nailed_up;
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
        };
        self.dials.insert(lead.id.clone(), dial);
        if let Some((leg, true)) = nailed_up {
            call.agent_leg = Some(leg);
            self.calls.insert(call_id, call);
            self.check(&lead.id, now);
            return Ok(());
        }
        let leg = LegId(self.numbers.take());
        call.agent_leg = Some(leg);
        self.legs.insert(leg, Role::AgentFor(call_id));
        self.calls.insert(call_id, call);
        self.commands.push_back(Command::RingPhone {
            leg,
            extension,
            caller: lead.number,
            ring_ms: 20_000,
        });
        Ok(())
    }

    /// The agent's phone is up: the gate may look at the lead.
    pub(super) fn agent_first_answered(&mut self, call: CallId, now: Millis) {
        let Some(call) = self.calls.get(&call) else {
            return;
        };
        let (lead, leg) = (call.lead.clone(), call.agent_leg);
        if let Some(leg) = leg {
            let music = Some("ringback".to_owned());
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
        }
    }

    pub(super) fn skip_preview(&mut self, id: &AgentId, now: Millis) -> Result<(), OrderRefused> {
        if self.agents[id].preview.is_none() {
            return Err(OrderRefused::new("NO_PREVIEW", "there is no lead to skip"));
        }
        self.put_back(id, now);
        self.go_on_previewing(id);
        Ok(())
    }

    /// Ends previewing: the lead goes back, nothing more is offered.
    pub(super) fn leave_preview(&mut self, id: &AgentId, now: Millis) {
        self.put_back(id, now);
        if let Some(agent) = self.agents.get_mut(id) {
            agent.previewing = None;
        }
    }

    /// Offers the next lead when the agent works through a preview campaign.
    pub(super) fn go_on_previewing(&mut self, id: &AgentId) {
        let Some(campaign) = self
            .agents
            .get(id)
            .and_then(|agent| agent.previewing.clone())
        else {
            return;
        };
        self.commands.push_back(Command::DrawPreview {
            agent: id.clone(),
            campaign,
        });
    }

    fn put_back(&mut self, id: &AgentId, now: Millis) {
        let Some(agent) = self.agents.get_mut(id) else {
            return;
        };
        let Some(lead) = agent.preview.take() else {
            return;
        };
        let retry_at = Some(now.plus(SKIPPED_MS));
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
