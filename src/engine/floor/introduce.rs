//! Before a caller has the agent, the agent's number is announced (播报工号, VOX-020, VOX-021).

use super::{Command, Floor, Phase};
use crate::{ids::CallId, speech, time::Millis};

impl Floor {
    /// An agent of a queue has taken the call.
    pub(super) fn taken_up(&mut self, id: CallId, now: Millis) {
        if let Some(call) = self.calls.get_mut(&id) {
            let waited = !call.way.is_direct && !call.way.is_call_back;
            call.way.taken_from = call.queue.clone().filter(|_| waited);
        }
        match self.introduction(id) {
            Some(words) => self.introduce(id, words, now),
            None => self.join(id, now),
        }
    }

    /// What the caller hears first, where the queue wants it. Whom we have called does not wait for that.
    fn introduction(&self, id: CallId) -> Option<Vec<String>> {
        let call = self.calls.get(&id)?;
        let is_caller = call.is_inbound() && call.customer.is_some() && !call.way.is_direct;
        let queue = self
            .queues
            .get(call.queue.as_ref().filter(|_| is_caller)?)?;
        let words = speech::agent(call.agent.as_ref()?.as_str());
        (queue.settings.announce_agent && !words.is_empty()).then_some(words)
    }

    /// The agent has the call, and nobody hears anybody yet.
    fn introduce(&mut self, id: CallId, words: Vec<String>, now: Millis) {
        self.hush(id);
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        call.phase = Phase::Introducing;
        let (customer, own, agent) = (call.customer, call.agent_leg, call.agent.clone());
        if let Some(leg) = customer {
            self.commands.push_back(Command::Park { leg, music: None });
        }
        if let Some(own) = own {
            self.leg_up(id, own, now);
        }
        if let Some(agent) = agent {
            self.has_customer(id, &agent);
            let _ = self.step(&agent, now, |machine| machine.answer(now));
        }
        self.say(id, words);
    }

    /// A word has been said; after the last one the two hear each other.
    pub(super) fn go_on_introducing(&mut self, id: CallId, now: Millis) {
        let is_done =
            |call: &super::Call| call.phase == Phase::Introducing && call.way.saying.is_none();
        if self.calls.get(&id).is_some_and(is_done) {
            self.join(id, now);
        }
    }
}
