//! A caller is put through to one phone: an extension of the house, or a number outside.

use super::{Call, Cause, Command, Floor, Phase, Role, Why};
use crate::{
    destination::Destination,
    ids::{AgentId, CallId, GatewayId, LegId},
    route::{self, Outbound, Side},
    time::Millis,
};

const RING_MS: i64 = 30_000;
/// The phone itself ends its ringing; this guards against one that never tells.
const GUARD_MS: i64 = 1_000;

/// How a number outside is reached now.
#[derive(Debug, Clone)]
pub(super) struct WayOut {
    pub gateway: GatewayId,
    /// As it is dialled.
    pub number: String,
    pub rule: Outbound,
}

impl Floor {
    /// Rings one extension. An agent who is signed in there and in no call is reserved; who does not
    /// come to the phone gets a message.
    pub(super) fn ring_extension(&mut self, id: CallId, extension: String, now: Millis) {
        let mut agents = self.agents.values();
        let agent = agents.find(|one| one.machine.is_signed_in() && one.extension == extension);
        let agent = agent.map(|agent| (agent.spec.id.clone(), self.is_reachable(agent)));
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        call.way.is_served = true;
        match agent {
            Some((agent, true)) if self.reserve(id, &agent, now) => {
                self.ring_back(id);
                self.ring_agent(id, &agent, now);
            }
            None if self.registered.contains(&extension) => {
                self.ring_back(id);
                let leg = self.begin_reaching(id, RING_MS, now);
                let caller = self.calls.get(&id).map(|call| call.caller.clone());
                self.commands.push_back(Command::RingPhone {
                    leg,
                    extension,
                    caller: caller.unwrap_or_default(),
                    ring_ms: RING_MS,
                });
            }
            _ => self.greet(id, extension),
        }
    }

    fn reserve(&mut self, id: CallId, agent: &AgentId, now: Millis) -> bool {
        self.step(agent, now, |machine| machine.ring(id, now))
            .is_ok()
    }

    fn ring_agent(&mut self, id: CallId, agent: &AgentId, now: Millis) {
        let until = now.plus(RING_MS + GUARD_MS);
        if let Some(call) = self.calls.get_mut(&id) {
            call.way.is_direct = true;
            call.times.offered = Some(now);
            call.agent = Some(agent.clone());
            call.phase = Phase::Offered {
                agent: agent.clone(),
                until,
            };
        }
        self.pop_up(agent, id);
        if self.take_nailed_up(id, agent) {
            self.join(id, now);
            return;
        }
        let leg = self.ring_for(id, agent, RING_MS);
        if let Some(call) = self.calls.get_mut(&id) {
            call.agent_leg = Some(leg);
        }
        let over = Why::OfferIsOver(id, agent.clone());
        self.timers.set(until, over);
    }

    /// The caller hears that it rings.
    fn ring_back(&mut self, id: CallId) {
        let leg = self.calls.get(&id).and_then(|call| call.customer);
        if let Some(leg) = leg {
            let music = Some("ringback".to_owned());
            self.commands.push_back(Command::Park { leg, music });
        }
    }

    fn begin_reaching(&mut self, id: CallId, ring_ms: i64, now: Millis) -> LegId {
        let leg = LegId(self.numbers.take());
        self.legs.insert(leg, Role::AgentFor(id));
        if let Some(call) = self.calls.get_mut(&id) {
            call.agent_leg = Some(leg);
            call.phase = Phase::Reaching;
        }
        let over = Why::ReachingIsOver(id, leg);
        self.timers.set(now.plus(ring_ms + GUARD_MS), over);
        leg
    }

    /// Puts the caller through to a number outside, by the first outbound route that takes it.
    pub(super) fn put_through(&mut self, id: CallId, number: &str, now: Millis) {
        let Some(way) = self.way_out(number, now) else {
            self.hear(id, "sorry", Destination::Hangup);
            return;
        };
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        call.way.is_served = true;
        let own = call.caller.clone();
        if let Some(gateway) = self.gateways.get_mut(&way.gateway) {
            let _ = gateway.state.admit(now);
        }
        if let Some(call) = self.calls.get_mut(&id) {
            call.way.out = Some(way.gateway.clone());
        }
        self.ring_back(id);
        let ring_ms = i64::from(way.rule.ring_timeout_s) * 1000;
        let leg = self.begin_reaching(id, ring_ms, now);
        self.commands.push_back(Command::Dial {
            leg,
            gateway: way.gateway,
            number: way.number,
            caller: way.rule.caller.unwrap_or(own),
            ring_ms,
        });
    }

    /// How a number outside is reached, by a gateway that takes one more call now.
    pub(super) fn way_out(&mut self, number: &str, now: Millis) -> Option<WayOut> {
        let walk = route::walk(&self.routes, number, Side::Inside, now);
        let route::End::Out { number, rule } = walk.end else {
            return None;
        };
        let mut freest = None;
        for (id, gateway) in &mut self.gateways {
            let is_meant = rule.gateway.as_ref().is_none_or(|meant| meant == id);
            if is_meant && !gateway.gone && gateway.state.room(now).is_ok() {
                freest = freest.max(Some((gateway.state.free_for_dialling(), id.clone())));
            }
        }
        let (_, gateway) = freest?;
        Some(WayOut {
            gateway,
            number,
            rule,
        })
    }

    /// The phone that was rung for the caller was not picked up.
    pub(super) fn not_reached_for(&mut self, id: CallId, now: Millis) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        if let Some(leg) = call.agent_leg.take()
            && self.legs.remove(&leg).is_some()
        {
            let cause = Cause::NoAnswer;
            self.commands.push_back(Command::Hangup { leg, cause });
        }
        self.free_way_out(id, now);
        self.hear(id, "sorry", Destination::Hangup);
    }

    pub(super) fn reaching_due(&mut self, id: CallId, leg: LegId, now: Millis) {
        let rings = |call: &Call| call.phase == Phase::Reaching && call.agent_leg == Some(leg);
        if self.calls.get(&id).is_some_and(rings) {
            self.not_reached_for(id, now);
        }
    }

    fn free_way_out(&mut self, id: CallId, now: Millis) {
        let out = self.calls.get_mut(&id).and_then(|call| call.way.out.take());
        if let Some(gateway) = out.and_then(|out| self.gateways.get_mut(&out)) {
            let _ = gateway.state.release(false, now);
        }
    }

    /// The channel of a call that is over.
    pub(super) fn give_way_out_back(&mut self, call: &Call, now: Millis) {
        let out = call.way.out.as_ref();
        if let Some(gateway) = out.and_then(|out| self.gateways.get_mut(out)) {
            let _ = gateway.state.release(false, now);
        }
    }
}
