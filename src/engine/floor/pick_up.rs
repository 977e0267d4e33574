//! Call pickup (抢接, AGT-138 to AGT-142): somebody takes a call that rings at another phone.

use super::{Call, Cause, Command, Floor, OrderRefused, Phase, Role, Why};
use crate::{
    ids::{AgentId, CallId, LegId, QueueId},
    time::Millis,
};

/// A phone rings at least this long before others may take its call (AGT-142).
const RINGS_FIRST_MS: i64 = 5_000;
/// A phone that takes a call has it within this.
const TAKES_MS: i64 = 10_000;

impl Floor {
    /// `*7` and a number: an extension counts before a queue (AGT-141).
    pub(super) fn pick_up_by_code(
        &mut self,
        leg: LegId,
        phone: String,
        whose: &str,
        now: Millis,
    ) -> Result<(), OrderRefused> {
        let is_extension = self.registered.contains(whose) || self.agent_at(whose).is_some();
        let queue = QueueId::from(whose);
        let rings = |call: &Call| match is_extension {
            true => self.rings_at(call, whose),
            false => {
                call.queue.as_ref() == Some(&queue) && matches!(call.phase, Phase::Offered { .. })
            }
        };
        let ringing = self.calls.values().filter(|call| rings(call));
        let oldest = ringing.filter_map(|call| Some((call.rings_since()?, call.id)));
        let oldest = oldest.min();
        let (since, id) = oldest.ok_or_else(nothing_rings)?;
        if now.since(since) < RINGS_FIRST_MS {
            let text = "a call may be taken after five seconds of ringing";
            return Err(OrderRefused::new("TOO_EARLY", text));
        }
        self.take_ringing(id, leg, phone, now)
    }

    fn rings_at(&self, call: &Call, phone: &str) -> bool {
        let at_it = |agent: &AgentId| {
            let agent = self.agents.get(agent);
            agent.is_some_and(|agent| agent.extension == phone)
        };
        match &call.phase {
            Phase::Offered { agent, .. } => {
                at_it(agent) || call.also_rung.iter().any(|rung| at_it(&rung.agent))
            }
            Phase::Reaching => call.way.to_phone.as_deref() == Some(phone),
            _ => false,
        }
    }

    /// An INVITE that names a ringing leg takes that leg's call (RFC 3891 section 3).
    pub(super) fn take_place(
        &mut self,
        leg: LegId,
        phone: String,
        replaced: LegId,
        now: Millis,
    ) -> Result<(), OrderRefused> {
        let id = match self.legs.get(&replaced) {
            Some(Role::AgentFor(id)) => *id,
            _ => return Err(nothing_rings()),
        };
        let rings = |call: &Call| matches!(call.phase, Phase::Offered { .. } | Phase::Reaching);
        match self.calls.get(&id).is_some_and(rings) {
            true => self.take_ringing(id, leg, phone, now),
            false => Err(nothing_rings()),
        }
    }

    fn take_ringing(
        &mut self,
        id: CallId,
        leg: LegId,
        phone: String,
        now: Millis,
    ) -> Result<(), OrderRefused> {
        self.phone_is_free(&phone)?;
        let call = self.calls.get(&id).ok_or_else(nothing_rings)?;
        let (is_reached, dialled) = (call.phase == Phase::Reaching, call.mode.is_some());
        let agent = self.agent_at(&phone).cloned();
        // A person whom we called is for an agent, and so is a promised call back.
        if agent.is_none() && (dialled || call.way.is_call_back) {
            return Err(OrderRefused::new(
                "NO_SUCH_AGENT",
                "no agent is signed in there",
            ));
        }
        if is_reached && call.way.out.is_some() {
            return Err(nothing_rings());
        }
        if let Some(agent) = &agent {
            self.step(agent, now, |machine| machine.ring(id, now))?;
        }
        if is_reached {
            self.stop_reaching(id, now);
        } else {
            self.withdraw_offer(id, now);
        }
        self.legs.insert(leg, Role::AgentFor(id));
        let until = now.plus(TAKES_MS);
        let is_extension = agent.is_none();
        if let Some(call) = self.calls.get_mut(&id) {
            call.agent_leg = Some(leg);
            call.way.is_served |= is_extension;
            call.way.is_direct = call.queue.is_none() || call.way.is_direct;
            call.phase = match &agent {
                Some(agent) => Phase::Offered {
                    agent: agent.clone(),
                    until,
                },
                None => Phase::Reaching,
            };
            call.agent.clone_from(&agent);
        }
        match agent {
            Some(agent) => {
                self.pop_up(&agent, id);
                self.offer_leg_began(id, &agent, leg, now);
                self.timers.set(until, Why::OfferIsOver(id, agent));
            }
            None => self.timers.set(until, Why::ReachingIsOver(id, leg)),
        }
        if is_extension {
            self.use_phone(id, &phone, now);
            self.phone_leg_began(id, leg, &phone, now);
        }
        self.commands.push_back(Command::Answer { leg });
        Ok(())
    }

    /// The phone that rings for a call is let off.
    fn stop_reaching(&mut self, id: CallId, now: Millis) {
        self.free_rung_phone(id);
        let leg = self
            .calls
            .get_mut(&id)
            .and_then(|call| call.agent_leg.take());
        if let Some(leg) = leg.filter(|leg| self.legs.remove(leg).is_some()) {
            let cause = Cause::NoAnswer;
            self.commands.push_back(Command::Hangup { leg, cause });
            self.leg_over(id, leg, "withdrawn", now);
        }
    }
}

impl Call {
    /// Since when a phone rings for it.
    fn rings_since(&self) -> Option<Millis> {
        match self.phase {
            Phase::Offered { .. } => self.times.offered,
            Phase::Reaching => self.way.rings_since,
            _ => None,
        }
    }
}

fn nothing_rings() -> OrderRefused {
    OrderRefused::new("NO_SUCH_CALL", "no call rings there")
}
