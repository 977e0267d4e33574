//! Calls that are dialled at the phones: to another phone, an agent, a queue, or outside, by the
//! routes. Where the phone, or its agent, talks with a customer, such a call asks somebody.

use super::{
    Call, Command, Floor, OrderRefused, Phase, Role, agents::Agent, inbound::Entry, party::Who,
    phone_orders::cause_of,
};
use crate::{
    agent::State,
    destination::Destination,
    ids::{AgentId, CallId, LegId, QueueId},
    phone,
    route::{self, Side},
    time::Millis,
};

impl Floor {
    /// A phone of ours calls. It has been authenticated, and has kept the limits on phones.
    pub(super) fn phone_calls(
        &mut self,
        leg: LegId,
        phone: String,
        to: &str,
        replaces: Option<LegId>,
        now: Millis,
    ) {
        let done = match (replaces, picked_up(to)) {
            (Some(replaced), _) => self.take_place(leg, phone, replaced, now),
            (None, Some(whose)) => self.pick_up_by_code(leg, phone, whose, now),
            (None, None) => match self.talk_at_phone(&phone, now) {
                Some((by, call)) => self.ask_from_phone(leg, &by, call, to, now),
                None => self.dial_from_phone(leg, phone, to, now),
            },
        };
        if let Err(refused) = done {
            self.legs.remove(&leg);
            let cause = cause_of(&refused);
            self.commands.push_back(Command::Hangup { leg, cause });
        }
    }

    /// The talk of a phone, or of the agent at it, in which it can ask somebody.
    fn talk_at_phone(&mut self, phone: &str, now: Millis) -> Option<(Who, CallId)> {
        if let Some(agent) = self.agent_at(phone) {
            let call = self.talking(agent).ok()?;
            return Some((Who::Agent(agent.clone()), call));
        }
        let who = Who::Extension(phone.to_owned());
        let mut calls = self.calls.values();
        if let Some(call) = calls.find(|call| call.holder().as_ref() == Some(&who)) {
            return Some((who, call.id));
        }
        let called = |call: &&Call| call.way.from_phone.as_deref() == Some(phone);
        let id = self.calls.values().find(called)?.id;
        self.turn_round(id, now).then_some((who, id))
    }

    /// Who is signed in at a phone.
    pub(super) fn agent_at(&self, phone: &str) -> Option<&AgentId> {
        let at_it = |(_, agent): &(&AgentId, &Agent)| {
            agent.machine.is_signed_in() && agent.extension == phone
        };
        self.agents.iter().find(at_it).map(|(id, _)| id)
    }

    /// Whether a phone can begin or take a call now.
    pub(super) fn phone_is_free(&self, phone: &str) -> Result<(), OrderRefused> {
        let busy = |id: &AgentId| {
            let state = self.agents[id].machine.state();
            matches!(state, State::Busy { .. })
        };
        if self.in_use.contains(phone) || self.agent_at(phone).is_some_and(busy) {
            return Err(OrderRefused::new("BUSY", "that phone is in a call"));
        }
        Ok(())
    }

    /// Where a number leads that is dialled at a phone: to a phone or an agent of that number, and
    /// else where the routes say. `*5` and `*6` before a number, and `#` after it, name an extension
    /// and a queue (AGT-136, AGT-137). `by` transfers, or asks.
    pub(super) fn dialled_at_phone(
        &self,
        by: &Who,
        number: &str,
        now: Millis,
    ) -> Option<Destination> {
        let entry = self.entry_at_phone(number, now)?;
        let only_speaks = entry.prompt.is_some() && entry.then == Destination::Hangup;
        let is_outside = matches!(entry.then, Destination::Number { .. });
        let bars = is_outside && self.leads_out(number, now) && !self.may_lead_outside(by);
        (!only_speaks && !bars).then_some(entry.then)
    }

    /// Whether it is a number that the routes take outside, and none that one of them replaces.
    fn leads_out(&self, number: &str, now: Millis) -> bool {
        let number = number.strip_suffix('#').unwrap_or(number);
        let end = route::walk(&self.routes, number, Side::Inside, now).end;
        matches!(end, route::End::Out { .. })
    }

    /// Whether a number of nobody in the house is called outside for this one by itself (AGT-144).
    fn may_lead_outside(&self, by: &Who) -> bool {
        match by {
            Who::Agent(agent) => self
                .agents
                .get(agent)
                .is_some_and(|agent| agent.spec.desk.numbers_lead_outside),
            Who::Extension(phone) => !self.inside_only.contains(phone),
            Who::Outside(_) => false,
        }
    }

    /// The queue of this id, or whose number this is by the routes (VOX-113).
    pub(super) fn queue_of(&self, number: &str, now: Millis) -> Option<QueueId> {
        let queue = QueueId::from(number);
        if self.queues.contains_key(&queue) {
            return Some(queue);
        }
        match route::walk(&self.routes, number, Side::Inside, now).end {
            route::End::To { then, .. } => then.queue().cloned(),
            route::End::Out { .. } | route::End::Nowhere => None,
        }
    }

    /// What a number names that is dialled at a phone, before the routes are asked: a phone or an agent of
    /// that number, or what `*5` or `*6` leads to, `Some(None)` where that is nothing. `None`: the routes
    /// say where it goes.
    #[must_use]
    pub fn named_at_phone(&self, number: &str, now: Millis) -> Option<Option<Destination>> {
        let number = number.strip_suffix('#').unwrap_or(number);
        if let Some(queue) = number.strip_prefix("*6") {
            let queue = self.queue_of(queue, now);
            return Some(queue.map(|queue| Destination::Queue { queue }));
        }
        let named = number.strip_prefix("*5");
        let extension = named.unwrap_or(number).to_owned();
        if self.registered.contains(&extension) || self.agent_at(&extension).is_some() {
            return Some(Some(Destination::Extension { extension }));
        }
        if named.is_some() {
            return Some(None);
        }
        let agent = AgentId::from(number);
        let is_agent = self.agents.contains_key(&agent);
        is_agent.then_some(Some(Destination::Agent { agent }))
    }

    /// Where a call of its own goes, which hears what the route says and has the route's priority.
    fn entry_at_phone(&self, number: &str, now: Millis) -> Option<Entry> {
        if let Some(named) = self.named_at_phone(number, now) {
            return named.map(Entry::from);
        }
        let number = number.strip_suffix('#').unwrap_or(number);
        match route::walk(&self.routes, number, Side::Inside, now).end {
            route::End::To {
                prompt,
                listening,
                then,
                priority,
            } => Some(Entry {
                prompt,
                listening,
                then,
                priority,
            }),
            route::End::Out { .. } => {
                let number = number.to_owned();
                Some(Destination::Number { number }.into())
            }
            route::End::Nowhere => None,
        }
    }

    fn dial_from_phone(
        &mut self,
        leg: LegId,
        phone: String,
        to: &str,
        now: Millis,
    ) -> Result<(), OrderRefused> {
        if self.draining {
            let text = "no new calls: the server is shutting down";
            return Err(OrderRefused::new("DRAINING", text));
        }
        self.phone_is_free(&phone)?;
        let unknown = || OrderRefused::new("BAD_NUMBER", "that number leads nowhere");
        let entry = self.entry_at_phone(to, now).ok_or_else(unknown)?;
        let mut unrecorded = true;
        match &entry.then {
            Destination::Extension { extension } => self.phone_is_free(extension)?,
            Destination::Number { number } => {
                self.is_not_denied(&phone::spellings(number, &self.home_of(None)))?;
                unrecorded = !self.way_out(number, &[], now)?.rule.record;
            }
            Destination::Agent { .. } => {}
            Destination::Callback => return Err(unknown()),
            _ => unrecorded = false,
        }
        let mut call = Call::new(
            CallId(self.numbers.take()),
            phone.clone(),
            to.to_owned(),
            now,
        );
        call.customer = Some(leg);
        call.phase = Phase::Answering;
        call.priority = entry.priority;
        call.way.listening = entry.listening;
        call.way.unrecorded = unrecorded;
        self.in_use.insert(phone.clone());
        call.way.from_phone = Some(phone);
        self.legs.insert(leg, Role::Customer(call.id));
        let open = Command::OpenCall(Box::new(call.beginning()));
        self.commands.push_back(open);
        let id = call.id;
        self.calls.insert(id, call);
        self.take_in(id, entry.prompt, entry.then, now);
        Ok(())
    }

    /// A phone without an agent is rung for a call; it is in no other one.
    pub(super) fn use_phone(&mut self, id: CallId, phone: &str, now: Millis) {
        if let Some(call) = self.calls.get_mut(&id) {
            call.way.to_phone = Some(phone.to_owned());
            call.way.rings_since = Some(now);
            self.in_use.insert(phone.to_owned());
        }
    }

    /// The phone that was rung for a call is free again.
    pub(super) fn free_rung_phone(&mut self, id: CallId) -> Option<String> {
        let phone = self.calls.get_mut(&id)?.way.to_phone.take()?;
        self.in_use.remove(&phone);
        Some(phone)
    }

    /// The phones of a call that is over are free.
    pub(super) fn free_phones(&mut self, call: &Call) {
        let phones = [&call.way.from_phone, &call.way.to_phone];
        for phone in phones.into_iter().flatten() {
            self.in_use.remove(phone);
        }
    }
}

/// `*7` before a number asks for the call that rings there (AGT-138, AGT-139), `*` alone, or with
/// nothing after the 7, for one that rings in the group (AGT-140).
fn picked_up(to: &str) -> Option<&str> {
    let code = to.strip_suffix('#').unwrap_or(to);
    match code {
        "*" => Some(""),
        code => code.strip_prefix("*7"),
    }
}
