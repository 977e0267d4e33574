//! The floor as people see it.

use super::{
    AgentView, Call, CallState, CallView, CampaignView, Decided, Floor, GatewayView, PartyView,
    Phase, QueueView, Role, SupervisorView, View,
    agents::Agent,
    campaigns::Campaign,
    hidden::hidden_from,
    party::{Party, Round},
    supervise::Supervisor,
};
use crate::{
    agent::State,
    ids::{CallId, CampaignId, LegId, QueueId},
    time::Millis,
};

impl Floor {
    #[must_use]
    pub fn view(&self, now: Millis) -> View {
        View {
            as_of: now,
            agents: self
                .agents
                .values()
                .map(|agent| self.view_agent(agent, now))
                .collect(),
            queues: self
                .queues
                .keys()
                .map(|id| self.view_queue(id, now))
                .collect(),
            campaigns: self
                .campaigns
                .iter()
                .map(|(id, seen)| self.view_campaign(id, seen))
                .collect(),
            gateways: self
                .gateways
                .iter()
                .filter(|(_, gateway)| !gateway.gone)
                .map(|(id, gateway)| GatewayView {
                    id: id.clone(),
                    name: gateway.name.clone(),
                    in_use: gateway.state.in_use,
                    max_channels: gateway.state.settings.max_channels,
                    trouble: gateway.state.trouble(now),
                })
                .collect(),
            supervisors: self.supervisors.values().map(view_supervisor).collect(),
        }
    }

    /// What a campaign's pacer decided lately; `None` for one that the floor does not know.
    #[must_use]
    pub fn decided(&self, campaign: &CampaignId, now: Millis) -> Option<Decided> {
        let history = &self.campaigns.get(campaign)?.history;
        Some(Decided {
            records: history.records(),
            bound: history.bound(now),
        })
    }

    /// The call that a leg is up for; `None` for a leg that is gone, for an agent's phone that is up for
    /// a whole shift, and for a supervisor's.
    #[must_use]
    pub fn call_of(&self, leg: LegId) -> Option<CallId> {
        match self.legs.get(&leg)? {
            Role::Customer(call) | Role::AgentFor(call) | Role::Party(call) | Role::Own(call) => {
                Some(*call)
            }
            Role::TakesOver(old) => self.call_of(*old),
            Role::NailedUp(_) | Role::Supervisor => None,
        }
    }

    fn view_agent(&self, agent: &Agent, now: Millis) -> AgentView {
        let state = agent.machine.state();
        let running = match state {
            State::Busy { .. } | State::WrapUp { .. } => now.since(agent.machine.since()),
            _ => 0,
        };
        AgentView {
            id: agent.spec.id.clone(),
            name: agent.spec.name.clone(),
            extension: agent.extension.clone(),
            queues: agent.spec.queues.iter().cloned().collect(),
            state: state.name(),
            sub_state: state.sub_name(),
            reason: state.reason().map(str::to_owned),
            since: agent.machine.since(),
            registered: self.has_phone(&agent.extension),
            call: agent
                .machine
                .call()
                .and_then(|id| self.calls.get(&id))
                .map(|call| CallView {
                    masked: self.masks_number(&agent.spec.id, call),
                    consulted: self.is_consulted(&agent.spec.id, call.id),
                    ..view_call(call)
                }),
            preview: agent.preview.as_ref().map(|lead| lead.id.clone()),
            wrap_up_until: match state {
                State::WrapUp { until, .. } => *until,
                _ => None,
            },
            wrap_up_call: match state {
                State::WrapUp { call, .. } => Some(*call),
                _ => None,
            },
            calls_today: agent.calls,
            busy_ms: agent.busy_ms + running,
            signed_in_at: agent.signed_in_at,
            hidden: hidden_from(agent).clone(),
        }
    }

    fn view_queue(&self, id: &QueueId, now: Millis) -> QueueView {
        let waiting = || {
            self.calls
                .values()
                .filter(|call| call.is_waiting() && call.queue.as_ref() == Some(id))
        };
        let members = || {
            let of_queue =
                |agent: &&Agent| agent.machine.is_signed_in() && agent.spec.queues.contains(id);
            self.agents
                .values()
                .filter(of_queue)
                .map(|agent| agent.machine.state())
        };
        QueueView {
            id: id.clone(),
            name: self.queues[id].name.clone(),
            revision: self.queues[id].revision,
            line: self.view_line(id, now),
            waiting: count(waiting()),
            longest_wait_ms: waiting()
                .filter_map(|call| call.times.queued)
                .map(|since| now.since(since))
                .max()
                .unwrap_or_default(),
            signed_in: count(members()),
            ready: count(members().filter(|state| **state == State::Ready)),
            busy: count(members().filter(|state| matches!(state, State::Busy { .. }))),
            wrap_up: count(members().filter(|state| matches!(state, State::WrapUp { .. }))),
        }
    }

    fn view_campaign(&self, id: &CampaignId, campaign: &Campaign) -> CampaignView {
        let calls = || {
            campaign
                .calls
                .iter()
                .filter_map(|call| self.calls.get(call))
        };
        let of = |holds: fn(&Call) -> bool| count(calls().filter(|call| holds(call)));
        let counts = campaign.counts;
        CampaignView {
            id: id.clone(),
            name: campaign.spec.name.clone(),
            mode: campaign.spec.mode,
            state: campaign.spec.state,
            dialling: of(Call::is_in_flight),
            ringing: of(|call| call.is_in_flight() && call.times.ringing.is_some()),
            listening: of(Call::is_judged),
            waiting: of(Call::is_waiting),
            talking: of(|call| call.is_talking() || call.is_with_robot()),
            counts,
            outcomes: campaign.outcomes.clone(),
            blocked: campaign.blocked.clone(),
            decision: campaign.decision,
            hopper: u32::try_from(campaign.hopper.len()).unwrap_or(u32::MAX),
            undone: campaign.undone,
            abandon_rate: share(counts.abandoned, counts.answered),
        }
    }
}

fn view_call(call: &Call) -> CallView {
    CallView {
        id: call.id,
        direction: call.direction(),
        number: call.number().to_owned(),
        masked: false,
        lead_id: call.lead.clone(),
        campaign_id: call.campaign.clone(),
        queue_id: call.queue.clone(),
        answered_at: call.times.answered,
        bridged_at: call.times.bridged,
        consulted: false,
        state: CallState::of(call),
    }
}

fn view_party(call: &Call, party: &Party) -> PartyView {
    PartyView {
        id: party.leg,
        kind: party.who.kind(),
        name: party.who.name().to_owned(),
        state: party.reach.as_str(),
        muted: call.is_muted(party.leg),
    }
}

fn view_supervisor(seen: &Supervisor) -> SupervisorView {
    SupervisorView {
        by: seen.by.clone(),
        extension: seen.extension.clone(),
        agent: seen.agent.clone(),
        call_id: seen.call,
        monitor: seen.monitor,
        up: seen.up,
    }
}

impl CallState {
    pub(super) fn of(call: &Call) -> Self {
        let parties = &call.parties;
        Self {
            talking: call.phase == Phase::Talking,
            held: parties.held,
            muted: parties.muted,
            hears: match parties.round {
                Round::Customer => "customer",
                Round::Second => "second",
                Round::All => "all",
            },
            second: parties
                .second
                .as_ref()
                .map(|second| view_party(call, second)),
            guests: parties
                .guests
                .iter()
                .map(|guest| view_party(call, guest))
                .collect(),
            customer_muted: call.customer.is_some_and(|leg| call.is_muted(leg)),
        }
    }
}

fn count<T>(things: impl Iterator<Item = T>) -> u32 {
    u32::try_from(things.count()).unwrap_or(u32::MAX)
}

fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64
    }
}
