//! Call pickup (抢接, AGT-138 to AGT-142): which ringing call somebody means who takes one that rings at
//! another phone. How it is taken: `taking`.

use std::collections::BTreeSet;

use super::{
    Call, Floor, OrderRefused, Phase, Role,
    party::{Reach, Who},
    taking::Taker,
};
use crate::{
    ids::{AgentId, CallId, LegId, QueueId},
    time::Millis,
};

/// A phone rings at least this long before others may take its call (AGT-142); milliseconds.
const RINGS_FIRST_MS: i64 = 5_000;

/// Which ringing call is wanted; of several the one that has rung longest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PickUp {
    /// It rings for this agent.
    Agent(AgentId),
    /// It rings at this phone.
    Extension(String),
    /// It is offered to the agents of this queue.
    Queue(QueueId),
    /// A queue of whoever takes it offers it, or it rings for a colleague of one of these.
    Group,
}

impl Floor {
    /// An agent takes a call in the console: the agent's own phone rings for it.
    pub(super) fn pick_up(
        &mut self,
        agent: &AgentId,
        what: &PickUp,
        now: Millis,
    ) -> Result<(), OrderRefused> {
        let seen = &self.agents[agent];
        if !seen.machine.is_signed_in() {
            let text = "sign in before taking calls";
            return Err(OrderRefused::new("ILLEGAL_TRANSITION", text));
        }
        let phone = seen.extension.clone();
        self.phone_is_free(&phone)?;
        if !self.is_reachable(seen) {
            let text = format!("the phone of extension {phone} is not registered");
            return Err(OrderRefused::new("PHONE_NOT_REGISTERED", text));
        }
        let id = self.ringing(what, &phone, now)?;
        let taker = Taker::Agent {
            agent: agent.clone(),
            phone,
            leg: None,
        };
        self.take_ringing(id, taker, now)
    }

    /// `*7` and a number: an extension that there is counts before a queue, whether its phone is
    /// registered or not (AGT-141); nothing after `*`: the group (AGT-140). A queue goes by its id or by
    /// its number, as for `*6`.
    pub(super) fn pick_up_by_code(
        &mut self,
        leg: LegId,
        phone: String,
        whose: &str,
        now: Millis,
    ) -> Result<(), OrderRefused> {
        let is_extension = || self.extensions.contains(whose) || self.agent_at(whose).is_some();
        let what = match whose {
            "" => PickUp::Group,
            whose if is_extension() => PickUp::Extension(whose.to_owned()),
            whose => PickUp::Queue(self.queue_of(whose, now).ok_or_else(nothing_rings)?),
        };
        let id = self.ringing(&what, &phone, now)?;
        let taker = self.taker_at(phone, leg);
        self.take_ringing(id, taker, now)
    }

    /// An INVITE that names a leg takes that leg's call while it rings, as `*7` would, and its place when it
    /// is up (RFC 3891 section 3).
    pub(super) fn take_place(
        &mut self,
        leg: LegId,
        phone: String,
        replaced: LegId,
        now: Millis,
    ) -> Result<(), OrderRefused> {
        let call = match self.legs.get(&replaced) {
            Some(Role::AgentFor(id) | Role::Party(id)) => self.calls.get(id),
            _ => None,
        };
        match call.and_then(|call| Some((call.id, call.rings_since()?))) {
            Some((id, since)) => {
                has_rung_enough(since, now)?;
                let taker = self.taker_at(phone, leg);
                self.take_ringing(id, taker, now)
            }
            None => self.order_take_over(leg, &phone, replaced),
        }
    }

    fn taker_at(&self, phone: String, leg: LegId) -> Taker {
        match self.agent_at(&phone).cloned() {
            Some(agent) => Taker::Agent {
                agent,
                phone,
                leg: Some(leg),
            },
            None => Taker::Phone { phone, leg },
        }
    }

    /// The call that has rung longest of those that are meant, once others may have it.
    fn ringing(&self, what: &PickUp, by: &str, now: Millis) -> Result<CallId, OrderRefused> {
        let group = match what {
            PickUp::Group => self.queues_at(by),
            _ => BTreeSet::new(),
        };
        let is_meant = |call: &Call| match what {
            PickUp::Agent(agent) => call.rings_for().any(|rung| rung == agent),
            PickUp::Extension(phone) => self.rings_at(call, phone),
            PickUp::Queue(queue) => call.offered_by() == Some(queue),
            PickUp::Group => self.rings_among(call, &group),
        };
        let ringing = self.calls.values().filter(|call| is_meant(call));
        let oldest = ringing.filter_map(|call| Some((call.rings_since()?, call.id)));
        let (since, id) = oldest.min().ok_or_else(nothing_rings)?;
        has_rung_enough(since, now)?;
        Ok(id)
    }

    /// The queues of whoever is at a phone, or whose phone it is.
    fn queues_at(&self, phone: &str) -> BTreeSet<&QueueId> {
        let here = self.agent_at(phone).map(|id| &self.agents[id]);
        let mut all = self.agents.values();
        let agent = here.or_else(|| all.find(|agent| agent.spec.extension == phone));
        agent.map_or_else(BTreeSet::new, |agent| agent.spec.queues.iter().collect())
    }

    fn rings_at(&self, call: &Call, phone: &str) -> bool {
        let is_there = |agent: &AgentId| {
            let agent = self.agents.get(agent);
            agent.is_some_and(|agent| agent.extension == phone)
        };
        call.rung_phone() == Some(phone) || call.rings_for().any(is_there)
    }

    fn rings_among(&self, call: &Call, group: &BTreeSet<&QueueId>) -> bool {
        let is_colleague = |agent: &AgentId| {
            let agent = self.agents.get(agent);
            agent.is_some_and(|agent| agent.spec.queues.iter().any(|id| group.contains(id)))
        };
        let near = |phone: &str| !group.is_disjoint(&self.queues_at(phone));
        match call.offered_by() {
            Some(queue) => group.contains(queue),
            None => call.rings_for().any(is_colleague) || call.rung_phone().is_some_and(near),
        }
    }
}

impl Call {
    /// Since when a phone rings that others may take the call from.
    pub(super) fn rings_since(&self) -> Option<Millis> {
        match self.phase {
            Phase::Offered { .. } => self.times.offered,
            Phase::Reaching if self.reached_outside().is_none() => self.way.rings_since,
            Phase::Transferring => match &self.parties.other {
                Some(other) if matches!(other.who, Who::Outside(_)) => None,
                Some(other) => self.log.since(other.leg),
                None => self.log.since(self.agent_leg?),
            },
            _ => None,
        }
    }

    /// Whose phones ring for it.
    fn rings_for(&self) -> impl Iterator<Item = &AgentId> {
        let rings = matches!(self.phase, Phase::Offered { .. } | Phase::Transferring);
        let first = self.agent.iter().filter(move |_| rings);
        first.chain(self.also_rung.iter().map(|rung| &rung.agent))
    }

    /// The phone without an agent that rings for it.
    fn rung_phone(&self) -> Option<&str> {
        match (&self.phase, &self.parties.other) {
            (Phase::Reaching, _) => self.way.to_phone.as_deref(),
            (Phase::Transferring, Some(other)) if other.reach == Reach::Ringing => {
                match &other.who {
                    Who::Extension(phone) => Some(phone),
                    Who::Agent(_) | Who::Outside(_) => None,
                }
            }
            _ => None,
        }
    }

    /// The queue that offers it to its agents.
    fn offered_by(&self) -> Option<&QueueId> {
        let is_offered = matches!(self.phase, Phase::Offered { .. }) && !self.way.is_direct;
        self.queue.as_ref().filter(|_| is_offered)
    }
}

fn has_rung_enough(since: Millis, now: Millis) -> Result<(), OrderRefused> {
    if now.since(since) < RINGS_FIRST_MS {
        let text = "a call may be taken after five seconds of ringing";
        return Err(OrderRefused::new("TOO_EARLY", text));
    }
    Ok(())
}

pub(super) fn nothing_rings() -> OrderRefused {
    OrderRefused::new("NO_SUCH_CALL", "no call rings there")
}
