//! A call that rings somewhere is taken by somebody else; and put back where it was, should they not
//! come to the phone after all.

use super::{
    Call, Cause, Command, Floor, OrderRefused, Phase, Role, Why,
    party::{Party, Who},
    pick_up::nothing_rings,
};
use crate::{
    destination::Destination,
    ids::{AgentId, CallId, LegId, QueueId},
    time::Millis,
};

/// A phone that takes a call has it within this; milliseconds.
const TAKES_MS: i64 = 10_000;
/// The phone itself ends its ringing; this guards against one that never tells; milliseconds.
const GUARD_MS: i64 = 1_000;

/// Who takes a ringing call, at which phone.
#[derive(Debug, Clone)]
pub(super) enum Taker {
    /// The phone has called, or is rung where there is no leg.
    Agent {
        agent: AgentId,
        phone: String,
        leg: Option<LegId>,
    },
    /// Nobody is signed in there.
    Phone { phone: String, leg: LegId },
}

impl Taker {
    fn phone(&self) -> &str {
        let (Self::Agent { phone, .. } | Self::Phone { phone, .. }) = self;
        phone
    }
}

/// Where a call rang that somebody is taking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PickedFrom {
    Queue(QueueId),
    /// For this agent alone.
    Agent(AgentId),
    /// At a phone without an agent.
    Phone(String),
    /// At somebody to whom it was sent on: who sent it has it back.
    Transfer,
}

impl Floor {
    pub(super) fn take_ringing(
        &mut self,
        id: CallId,
        taker: Taker,
        now: Millis,
    ) -> Result<(), OrderRefused> {
        self.phone_is_free(taker.phone())?;
        let call = self.calls.get(&id).ok_or_else(nothing_rings)?;
        // A person whom we called is for an agent, and so is a promised call back.
        let is_ours = call.mode.is_some() || call.way.is_call_back;
        if is_ours && matches!(taker, Taker::Phone { .. }) {
            let text = "no agent is signed in there";
            return Err(OrderRefused::new("NO_SUCH_AGENT", text));
        }
        let from = call.rings_where().ok_or_else(nothing_rings)?;
        let is_reached = call.phase == Phase::Reaching;
        if from == PickedFrom::Transfer {
            return self.take_sent(id, taker, now);
        }
        if let Taker::Agent { agent, .. } = &taker {
            self.step(agent, now, |machine| machine.ring(id, now))?;
        }
        match is_reached {
            true => self.stop_reaching(id, now),
            false => self.withdraw_offer(id, now),
        }
        if let Some(call) = self.calls.get_mut(&id) {
            call.way.is_direct = !matches!(from, PickedFrom::Queue(_));
            call.way.picked_from = Some(from);
        }
        match taker {
            Taker::Agent { agent, leg, .. } => self.offer_to_taker(id, agent, leg, now),
            Taker::Phone { phone, leg } => self.put_through_to_taker(id, &phone, leg, now),
        }
        Ok(())
    }

    fn offer_to_taker(&mut self, id: CallId, agent: AgentId, leg: Option<LegId>, now: Millis) {
        let until = now.plus(TAKES_MS + GUARD_MS);
        if let Some(call) = self.calls.get_mut(&id) {
            call.times.offered = Some(now);
            call.agent = Some(agent.clone());
            call.phase = Phase::Offered {
                agent: agent.clone(),
                until,
            };
        }
        self.pop_up(&agent, id);
        if leg.is_none() && self.take_nailed_up(id, &agent) {
            self.agent_leg_began(id, &agent, now);
            self.join(id, now);
            return;
        }
        let leg = match leg {
            Some(leg) => self.answer_taker(id, leg),
            None => self.ring_for(id, &agent, TAKES_MS),
        };
        if let Some(call) = self.calls.get_mut(&id) {
            call.agent_leg = Some(leg);
        }
        self.offer_leg_began(id, &agent, leg, now);
        self.timers.set(until, Why::OfferIsOver(id, agent));
    }

    fn put_through_to_taker(&mut self, id: CallId, phone: &str, leg: LegId, now: Millis) {
        self.answer_taker(id, leg);
        if let Some(call) = self.calls.get_mut(&id) {
            call.agent_leg = Some(leg);
            call.phase = Phase::Reaching;
        }
        self.use_phone(id, phone, now);
        self.phone_leg_began(id, leg, phone, now);
        let over = Why::ReachingIsOver(id, leg);
        self.timers.set(now.plus(TAKES_MS), over);
    }

    fn answer_taker(&mut self, id: CallId, leg: LegId) -> LegId {
        self.legs.insert(leg, Role::AgentFor(id));
        self.commands.push_back(Command::Answer { leg });
        leg
    }

    /// Takes a call that was sent on to somebody; who sent it is still who gets it back.
    fn take_sent(&mut self, id: CallId, taker: Taker, now: Millis) -> Result<(), OrderRefused> {
        let (who, leg) = match taker {
            Taker::Agent { agent, leg, .. } => (Who::Agent(agent), leg),
            Taker::Phone { phone, leg } => (Who::Extension(phone), Some(leg)),
        };
        let party = match leg {
            Some(leg) => self.party_that_called(id, who, leg, now)?,
            None => self.call_party(id, who, now)?,
        };
        let sender = self.calls.get_mut(&id);
        let sender = sender.and_then(|call| call.parties.from.take());
        self.stop_transfer(id, "withdrawn", now);
        self.send_to(id, party, sender, now);
        if let Some(leg) = leg {
            self.commands.push_back(Command::Answer { leg });
        }
        Ok(())
    }

    fn party_that_called(
        &mut self,
        id: CallId,
        who: Who,
        leg: LegId,
        now: Millis,
    ) -> Result<Party, OrderRefused> {
        match &who {
            Who::Agent(agent) => {
                self.step(agent, now, |machine| machine.ring_for(id, now))?;
                self.pop_up(agent, id);
            }
            Who::Extension(phone) => {
                self.in_use.insert(phone.clone());
            }
            Who::Outside(_) => return Err(nothing_rings()),
        }
        let party = Party::ringing(who, leg);
        self.legs.insert(leg, Role::Party(id));
        self.leg_began(id, &party, now);
        let over = Why::RingingIsOver(id, leg);
        self.timers.set(now.plus(TAKES_MS), over);
        Ok(party)
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

    /// Whoever was taking the call does not have it: it is where it was, the caller's place in the line
    /// kept. False when nobody was.
    pub(super) fn not_taken(&mut self, id: CallId, now: Millis) -> bool {
        let call = self.calls.get_mut(&id);
        let Some((way, from)) = call.and_then(|call| {
            let from = call.way.picked_from.take()?;
            Some((&mut call.way, from))
        }) else {
            return false;
        };
        way.is_direct = false;
        match from {
            PickedFrom::Queue(queue) => self.wait_on(id, queue, now),
            PickedFrom::Agent(agent) => self.send(id, Destination::Agent { agent }, now),
            PickedFrom::Phone(extension) => {
                self.send(id, Destination::Extension { extension }, now);
            }
            PickedFrom::Transfer => {}
        }
        true
    }
}

impl Call {
    fn rings_where(&self) -> Option<PickedFrom> {
        self.rings_since()?;
        // One who was taking it may lose it to another.
        if let Some(from) = &self.way.picked_from {
            return Some(from.clone());
        }
        match &self.phase {
            Phase::Offered { agent, .. } if self.way.is_direct => {
                Some(PickedFrom::Agent(agent.clone()))
            }
            Phase::Offered { .. } => self.queue.clone().map(PickedFrom::Queue),
            Phase::Reaching => self.way.to_phone.clone().map(PickedFrom::Phone),
            _ => Some(PickedFrom::Transfer),
        }
    }
}
