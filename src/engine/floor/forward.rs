//! A phone that is rung sends its call on: whoever has it has set that there, always, when busy or when
//! nobody answers, and it refuses with a 3xx (RFC 3261 section 21.3). Whether the call goes, the house
//! decides, as if that phone had dialled the number itself: by the routes, past the DNC lists and what is
//! barred, within its limits on outside numbers, showing what it shows. Else the phone has declined.
//!
//! So it is with a call that is for one phone: for an extension, for an agent, or of a customer who is sent
//! to somebody, and with who is asked. A queue rings its next agent, whoever takes a call that rings
//! elsewhere gives it back, and a phone that is rung for its own agent's sake is not there.

use std::collections::BTreeMap;

use super::{
    Call, Floor, OrderRefused, Phase, Role,
    offers::NotTaken,
    party::{Party, Reach, Who},
    phone_orders::cause_of,
};
use crate::{
    destination::Destination,
    ids::{CallId, LegId},
    time::Millis,
};

/// Phones that may send a call on one after the other.
const MOST: usize = 3;

/// In the record of a leg: the call went where the phone sent it, or was not to go there.
const WENT: &str = "forwarded";
const DID_NOT: &str = "not_forwarded";

/// Whose phones have sent a call on, one after the other, by the leg that it came to thereby.
#[derive(Debug, Clone, Default)]
pub(super) struct SentOn {
    by: BTreeMap<LegId, Vec<Who>>,
    /// For the leg that is begun next.
    next: Vec<Who>,
}

impl SentOn {
    /// A leg is begun.
    pub fn begin(&mut self, leg: LegId) {
        if !self.next.is_empty() {
            self.by.insert(leg, std::mem::take(&mut self.next));
        }
    }

    /// The same number is called on another leg.
    pub fn exchange(&mut self, old: LegId, leg: LegId) {
        if let Some(by) = self.by.remove(&old) {
            self.by.insert(leg, by);
        }
    }

    /// Whose phone sent the call to this leg.
    pub fn by(&self, leg: LegId) -> Option<&Who> {
        self.all_by(leg).last()
    }

    fn all_by(&self, leg: LegId) -> &[Who] {
        self.by.get(&leg).map_or(&[], Vec::as_slice)
    }
}

impl Call {
    /// Calls to outside numbers that one has had made for it, or that one's phone has sent there.
    pub(super) fn outside_for(&self, by: &Who) -> usize {
        let is_of = |party: &&Party| {
            let sent = self.sent_on.by(party.leg) == Some(by);
            matches!(party.who, Who::Outside(_)) && (sent || party.by.as_ref() == Some(by))
        };
        let out = self.way.out.as_ref();
        let out = out.filter(|out| self.sent_on.by(out.leg) == Some(by));
        self.parties.all().filter(is_of).count() + usize::from(out.is_some())
    }
}

/// For whom a phone was rung.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rung {
    /// For a caller, it alone.
    Caller,
    /// For a customer who was sent to it.
    Customer,
    /// For somebody who asks, or calls it into a talk.
    Asker,
}

impl Floor {
    /// A phone has refused and says where it sends its calls. False where that makes no difference, or where
    /// the call is not to go there: then the phone has declined.
    pub(super) fn sent_on(&mut self, role: &Role, leg: LegId, to: &str, now: Millis) -> bool {
        let (Role::AgentFor(id) | Role::Party(id)) = *role else {
            return false;
        };
        let Some((rung, by)) = self.rung_alone(id, leg) else {
            return false;
        };
        let went = self.where_sent(&by, id, leg, to, now);
        let went = went.and_then(|to| match rung {
            Rung::Caller => self.caller_goes_on(id, leg, by, to, now),
            Rung::Customer => self.customer_goes_on(id, leg, by, to, now),
            Rung::Asker => self.asker_goes_on(id, leg, by, to, now),
        });
        let Err(refused) = went else { return true };
        self.leg_over(id, leg, DID_NOT, now);
        let is_reached = |call: &Call| call.phase == Phase::Reaching;
        let is_reached = self.calls.get(&id).is_some_and(is_reached);
        if is_reached {
            self.not_reached_for(id, cause_of(&refused), now);
        }
        is_reached
    }

    /// Whose phone has this leg, where it rings alone, and for whom.
    fn rung_alone(&self, id: CallId, leg: LegId) -> Option<(Rung, Who)> {
        let call = self.calls.get(&id)?;
        let is_first = call.agent_leg == Some(leg);
        let agent = || call.agent.clone().map(Who::Agent);
        let is_direct = is_first && call.way.picked_from.is_none();
        match &call.phase {
            Phase::Reaching if is_direct => {
                let phone = call.way.to_phone.clone()?;
                return Some((Rung::Caller, Who::Extension(phone)));
            }
            Phase::Offered { .. } if is_direct && call.way.is_direct => {
                return Some((Rung::Caller, agent()?));
            }
            Phase::Transferring if is_first => return Some((Rung::Customer, agent()?)),
            _ => {}
        }
        let mut parties = call.parties.all();
        let party = parties.find(|party| party.leg == leg && party.reach == Reach::Ringing)?;
        let is_there = !matches!(party.who, Who::Outside(_));
        match &call.phase {
            _ if !is_there => None,
            Phase::Transferring => Some((Rung::Customer, party.who.clone())),
            Phase::Talking => Some((Rung::Asker, party.who.clone())),
            _ => None,
        }
    }

    /// What a phone means that sends a call on, where the call may go there.
    fn where_sent(
        &self,
        by: &Who,
        id: CallId,
        leg: LegId,
        to: &str,
        now: Millis,
    ) -> Result<Destination, OrderRefused> {
        let refused = |text: &str| Err(OrderRefused::new("NOT_FORWARDED", text));
        if !self.may_send_on(by) {
            return refused("the phones of this tenant send no calls on");
        }
        let nowhere = || OrderRefused::new("BAD_NUMBER", "that number leads nowhere");
        let to = self.dialled_at_phone(by, to, now).ok_or_else(nowhere)?;
        let before = self.calls[&id].sent_on.all_by(leg);
        let goes_to = self.rung_by(&to);
        let in_a_circle = goes_to.is_some_and(|who| who == *by || before.contains(&who));
        if in_a_circle || before.len() >= MOST {
            return refused("the call has been sent on too often");
        }
        match &to {
            Destination::Extension { extension } => self.phone_is_free(extension)?,
            Destination::Callback | Destination::Hangup => return Err(nowhere()),
            _ => {}
        }
        Ok(to)
    }

    fn may_send_on(&self, by: &Who) -> bool {
        match by {
            Who::Agent(agent) => {
                let agent = self.agents.get(agent);
                agent.is_some_and(|agent| agent.spec.desk.phones_forward)
            }
            Who::Extension(phone) => !self.keep_calls.contains(phone),
            Who::Outside(_) => false,
        }
    }

    /// Whose phone a destination rings, where that is one.
    fn rung_by(&self, to: &Destination) -> Option<Who> {
        match to {
            Destination::Extension { extension } => Some(match self.agent_at(extension) {
                Some(agent) => Who::Agent(agent.clone()),
                None => Who::Extension(extension.clone()),
            }),
            Destination::Agent { agent } => Some(Who::Agent(agent.clone())),
            _ => None,
        }
    }

    /// The legs that are begun now come from this phone.
    fn comes_from(&mut self, id: CallId, leg: LegId, by: Who) {
        if let Some(call) = self.calls.get_mut(&id) {
            let before = call.sent_on.all_by(leg);
            call.sent_on.next = before.iter().cloned().chain([by]).collect();
        }
    }

    fn comes_from_nobody(&mut self, id: CallId) {
        if let Some(call) = self.calls.get_mut(&id) {
            call.sent_on.next.clear();
        }
    }

    fn caller_goes_on(
        &mut self,
        id: CallId,
        leg: LegId,
        by: Who,
        to: Destination,
        now: Millis,
    ) -> Result<(), OrderRefused> {
        let is_outside = matches!(to, Destination::Number { .. });
        if let Destination::Number { number } = &to {
            self.may_call_outside(&by, id, number, now)?;
        }
        self.leg_over(id, leg, WENT, now);
        if let Who::Agent(agent) = &by {
            self.end_offer(id, agent, NotTaken::Rejected, now);
        }
        self.free_rung_phone(id);
        self.comes_from(id, leg, by.clone());
        if let Some(call) = self.calls.get_mut(&id) {
            call.agent_leg = None;
            call.way.is_direct = false;
            // A talk of two phones is not kept; whether one with a number outside is, its route says.
            call.way.unrecorded &= !is_outside;
        }
        self.send(id, to, now);
        self.comes_from_nobody(id);
        if let Who::Agent(agent) = &by {
            self.let_go_of(agent, now);
        }
        Ok(())
    }

    fn customer_goes_on(
        &mut self,
        id: CallId,
        leg: LegId,
        by: Who,
        to: Destination,
        now: Millis,
    ) -> Result<(), OrderRefused> {
        let waits = match &to {
            Destination::Queue { queue } => self.queues.contains_key(queue),
            Destination::Ivr { menu } => self.menus.contains_key(menu),
            _ => false,
        };
        let who = match waits {
            true => None,
            false => Some(self.find(&by, id, to.clone(), now)?),
        };
        self.comes_from(id, leg, by.clone());
        self.stop_transfer(id, WENT, now);
        match who {
            Some(who) => self.ring_for_sent(id, who, by, now),
            None => self.wait_for_sent(id, to, now),
        }
        self.comes_from_nobody(id);
        Ok(())
    }

    /// Rings for a customer; who had them before gets them back where nobody comes.
    fn ring_for_sent(&mut self, id: CallId, who: Who, by: Who, now: Millis) {
        let Ok(mut party) = self.call_party(id, who, now) else {
            return self.transfer_went_wrong(id, now);
        };
        party.by = Some(by);
        let call = self.calls.get_mut(&id);
        let from = call.and_then(|call| call.parties.from.take());
        self.send_to(id, party, from, now);
    }

    fn asker_goes_on(
        &mut self,
        id: CallId,
        leg: LegId,
        by: Who,
        to: Destination,
        now: Millis,
    ) -> Result<(), OrderRefused> {
        let who = self.find(&by, id, to, now)?;
        self.comes_from(id, leg, by);
        let called = self.call_party(id, who, now);
        self.comes_from_nobody(id);
        let called = called?;
        let (next, is_up) = (called.leg, called.is_up());
        let call = self.calls.get_mut(&id);
        let Some(party) = call.and_then(|call| call.parties.with(leg)) else {
            return Ok(());
        };
        let asked = Party {
            by: party.by.take(),
            via: party.via.take(),
            asked_on: party.asked_on.take(),
            flashed: party.flashed,
            ..called
        };
        let gone = std::mem::replace(party, asked);
        self.drop_party(id, &gone, WENT, now);
        if is_up {
            self.party_answered(id, next, now);
        } else {
            self.arrange(id);
        }
        self.show_round(id, now);
        Ok(())
    }
}
