//! What holds between any two inputs, whatever happened.

use std::collections::{BTreeMap, BTreeSet};

use super::super::{Floor, Phase, Role};
use crate::{
    agent::State,
    ids::{AgentId, CallId, LeadId},
};

/// Panics, naming what does not hold.
pub fn hold(floor: &Floor) {
    agents_and_calls_agree(floor);
    legs_and_calls_agree(floor);
    nobody_is_called_twice_at_once(floor);
    channels_are_counted(floor);
    campaigns_know_their_calls(floor);
}

/// No agent is busy without a call, in two calls, or in one that does not know it.
fn agents_and_calls_agree(floor: &Floor) {
    for (id, agent) in &floor.agents {
        if let State::Busy { call, .. } = agent.machine.state() {
            let call = floor
                .calls
                .get(call)
                .expect("a call that an agent is busy with");
            assert!(agents_of(call).any(|one| one == id), "{id} and {call:?}");
        }
        let is_previewing = matches!(agent.machine.state(), State::Preview { .. });
        assert_eq!(is_previewing, agent.preview.is_some(), "preview of {id}");
    }
    let mut seen: BTreeSet<&AgentId> = BTreeSet::new();
    for call in floor.calls.values() {
        let is_offered = matches!(call.phase, Phase::Offered { .. });
        assert!(is_offered || call.also_rung.is_empty(), "{call:?}");
        for agent in agents_of(call) {
            assert!(seen.insert(agent), "agent {agent} is in two calls");
            let on = floor.agents[agent].machine.call();
            assert_eq!(on, Some(call.id), "{} has agent {agent}", call.id);
        }
    }
}

/// Everybody who is reserved for a call or talks in it.
fn agents_of(call: &super::super::Call) -> impl Iterator<Item = &AgentId> {
    let others = call.also_rung.iter().map(|rung| &rung.agent);
    call.agent.iter().chain(others)
}

/// Every leg of a call leads back to it, and every leg has something to live for.
fn legs_and_calls_agree(floor: &Floor) {
    for (leg, role) in &floor.legs {
        let of = |call: &CallId| floor.calls.get(call);
        let is_known = match role {
            Role::Customer(call) => of(call).is_some_and(|call| call.customer == Some(*leg)),
            Role::AgentFor(call) => of(call).is_some_and(|call| {
                let rings = call.also_rung.iter().any(|rung| rung.leg == *leg);
                rings || call.agent_leg == Some(*leg)
            }),
            Role::NailedUp(agent) => {
                let up = floor.agents[agent].nailed_up;
                up.is_some_and(|(up, _)| up == *leg)
            }
        };
        assert!(is_known, "{leg} is {role:?}");
    }
    for call in floor.calls.values() {
        let legs = [call.customer, call.agent_leg];
        for leg in legs.into_iter().flatten() {
            assert!(floor.legs.contains_key(&leg), "{} has {leg}", call.id);
        }
        let waits_for_an_agent = call.way.is_call_back && call.is_waiting();
        let early = matches!(call.phase, Phase::AgentFirst | Phase::Opening);
        let has_customer = !early && !waits_for_an_agent;
        assert_eq!(call.customer.is_some(), has_customer, "{call:?}");
    }
}

fn nobody_is_called_twice_at_once(floor: &Floor) {
    let mut leads: BTreeMap<&LeadId, u32> = BTreeMap::new();
    for lead in floor.calls.values().filter_map(|call| call.lead.as_ref()) {
        *leads.entry(lead).or_default() += 1;
    }
    for (lead, calls) in leads {
        assert_eq!(calls, 1, "lead {lead} is in several calls");
    }
    for (attempt, call) in &floor.attempts {
        assert_eq!(floor.calls[call].attempt, Some(*attempt));
    }
}

fn channels_are_counted(floor: &Floor) {
    for (id, gateway) in &floor.gateways {
        let on_it =
            |call: &&super::super::Call| call.holds_channel && call.gateway.as_ref() == Some(id);
        let goes_out = |call: &&super::super::Call| call.way.out.as_ref() == Some(id);
        let calls = floor.calls.values().filter(on_it).count();
        let calls = calls + floor.calls.values().filter(goes_out).count();
        assert_eq!(gateway.state.in_use as usize, calls, "channels of {id}");
    }
}

fn campaigns_know_their_calls(floor: &Floor) {
    for (id, campaign) in &floor.campaigns {
        let calls: BTreeSet<_> = floor
            .calls
            .values()
            .filter(|call| call.attempt.is_some() && call.campaign.as_ref() == Some(id))
            .map(|call| call.id)
            .collect();
        assert_eq!(campaign.calls, calls, "calls of {id}");
        let checking = floor
            .dials
            .values()
            .filter(|dial| dial.call.is_none() && !dial.probe && dial.campaign == *id)
            .count();
        assert_eq!(campaign.checking as usize, checking, "checks of {id}");
    }
}

/// Nothing is left over when every call has ended.
pub fn nothing_is_left(floor: &Floor) {
    assert!(floor.calls.is_empty(), "calls: {:?}", floor.calls);
    assert!(floor.attempts.is_empty(), "attempts");
    assert!(floor.messages.is_empty(), "messages");
    assert!(floor.dials.is_empty(), "dials: {:?}", floor.dials);
    let nailed = |role: &Role| matches!(role, Role::NailedUp(_));
    assert!(floor.legs.values().all(nailed), "legs: {:?}", floor.legs);
    for gateway in floor.gateways.values() {
        assert_eq!(gateway.state.in_use, 0);
    }
    for agent in floor.agents.values() {
        let busy = matches!(agent.machine.state(), State::Busy { .. });
        assert!(!busy, "agent {} is still busy", agent.spec.id);
    }
}
