//! What holds between any two inputs, whatever happened.

use std::collections::{BTreeMap, BTreeSet};

use super::super::{
    Call, Floor, Phase, Role,
    party::{Party, Who},
};
use crate::{
    agent::State,
    ids::{AgentId, CallId, LeadId},
};

/// Panics, naming what does not hold.
pub fn hold(floor: &Floor) {
    agents_and_calls_agree(floor);
    legs_and_calls_agree(floor);
    nobody_is_called_twice_at_once(floor);
    parties_fit_their_calls(floor);
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
            assert!(agents_of(call).contains(&id), "{id} and {call:?}");
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

/// Everybody who is reserved for a call, talks in it or is asked about it.
fn agents_of(call: &Call) -> Vec<&AgentId> {
    let others = call.also_rung.iter().map(|rung| &rung.agent);
    let called = call.parties.called();
    let asked = called.filter_map(|party| match &party.who {
        Who::Agent(agent) => Some(agent),
        _ => None,
    });
    call.agent.iter().chain(others).chain(asked).collect()
}

/// A second party is there only while there is a talk, and somebody always has the customer.
fn parties_fit_their_calls(floor: &Floor) {
    let mut in_use: BTreeSet<&str> = BTreeSet::new();
    for call in floor.calls.values() {
        let parties = &call.parties;
        let talks = call.phase == Phase::Talking;
        let two = call.agent.is_some() && parties.other.is_some();
        assert!(!two, "{} has two of one kind", call.id);
        assert!(talks || parties.second.is_none(), "{call:?}");
        // Who was put through without an agent is let go when the other one hangs up.
        let has = call.agent.is_some() || parties.other.is_some() || call.way.is_served;
        assert!(
            has || !(talks || call.phase == Phase::Transferring),
            "{call:?}"
        );
        let phones = [&call.way.from_phone, &call.way.to_phone];
        for name in phones.into_iter().flatten() {
            assert!(in_use.insert(name), "{name} is in two calls");
        }
        assert!(parties.second.is_some() || parties.guests.is_empty());
        for party in parties.all() {
            if let Who::Extension(name) = &party.who {
                assert!(in_use.insert(name), "{name} is in two calls");
            }
        }
    }
    for supervisor in floor.supervisors.values() {
        let name = supervisor.extension.as_str();
        assert!(in_use.insert(name), "{name} is in two calls");
        assert!(floor.calls.contains_key(&supervisor.call), "{supervisor:?}");
    }
    let known: BTreeSet<&str> = floor.in_use.iter().map(String::as_str).collect();
    assert_eq!(known, in_use, "phones in use");
}

/// Every leg of a call leads back to it, and every leg has something to live for.
fn legs_and_calls_agree(floor: &Floor) {
    for (leg, role) in &floor.legs {
        let of = |call: &CallId| floor.calls.get(call);
        let is_known = match role {
            Role::Customer(call) => of(call).is_some_and(|call| {
                let out = call.way.out.as_ref();
                let asked = call.phase == Phase::Asking && out.is_some_and(|out| out.leg == *leg);
                asked || call.customer == Some(*leg)
            }),
            Role::AgentFor(call) => of(call).is_some_and(|call| {
                let rings = call.also_rung.iter().any(|rung| rung.leg == *leg);
                rings || call.agent_leg == Some(*leg)
            }),
            Role::NailedUp(agent) => {
                let up = floor.agents[agent].nailed_up;
                up.is_some_and(|(up, _)| up == *leg)
            }
            Role::Party(call) => of(call).is_some_and(|call| {
                let mut parties = call.parties.all();
                parties.any(|party| party.leg == *leg)
            }),
            Role::Own(call) => of(call).is_some_and(|call| {
                let second = call.parties.second.as_ref();
                let via = second.and_then(|second| second.via.as_ref());
                via.is_some_and(|via| via.leg == *leg)
            }),
            // It is answered at once, and then has a place or none.
            Role::TakesOver(_) => true,
            Role::Supervisor => floor.supervisors.contains_key(leg),
        };
        assert!(is_known, "{leg} is {role:?}");
    }
    for call in floor.calls.values() {
        let own = [call.customer, call.agent_leg].into_iter().flatten();
        let parties = call.parties.all().map(|party| party.leg);
        for leg in own.chain(parties) {
            assert!(floor.legs.contains_key(&leg), "{} has {leg}", call.id);
        }
        let waits_for_an_agent = call.way.is_call_back && call.is_waiting();
        let early = matches!(
            call.phase,
            Phase::AgentFirst | Phase::Opening | Phase::Asking
        );
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
        let on_it = |call: &&Call| call.holds_channel && call.gateway.as_ref() == Some(id);
        let goes_out = |call: &&Call| {
            let out = call.way.out.as_ref();
            out.and_then(|out| out.channel.as_ref()) == Some(id)
        };
        let calls = floor.calls.values().filter(on_it).count();
        let calls = calls + floor.calls.values().filter(goes_out).count();
        let remote = floor.remote.values();
        let outside = remote.filter(|remote| remote.channel.as_ref() == Some(id));
        let calls = calls + outside.count();
        let parties = floor.calls.values().flat_map(|call| call.parties.all());
        let with_channel = |party: &&Party| party.channel.as_ref() == Some(id);
        let calls = calls + parties.filter(with_channel).count();
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
    assert!(floor.supervisors.is_empty() && floor.in_use.is_empty());
    for gateway in floor.gateways.values() {
        assert_eq!(gateway.state.in_use, 0);
    }
    for agent in floor.agents.values() {
        let busy = matches!(agent.machine.state(), State::Busy { .. });
        assert!(!busy, "agent {} is still busy", agent.spec.id);
    }
}
