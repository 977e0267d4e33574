//! Which legs a call has had: one record each, kept with its CDR.

use super::{
    Floor, Times,
    party::{Party, Reach},
};
use crate::{
    ids::{AgentId, CallId, LegId},
    time::Millis,
};

/// A call that is sent round and round keeps no more records than this.
const MOST: usize = 64;

/// One leg of a call besides the customer's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegRecord {
    pub leg: LegId,
    /// `agent`, `extension`, `outside` or `supervisor`.
    pub kind: &'static str,
    /// The agent's number, the extension, or the number that was dialled.
    pub party: String,
    pub started: Millis,
    pub answered: Option<Millis>,
    /// Since when it had the customer.
    pub joined: Option<Millis>,
    pub ended: Option<Millis>,
    /// Why it ended, in a word; `call_over` with its call.
    pub why: &'static str,
}

/// The legs of one call, oldest first.
#[derive(Debug, Clone, Default)]
pub(super) struct LegLog(Vec<LegRecord>);

impl LegLog {
    fn begin(&mut self, leg: LegId, kind: &'static str, party: &str, now: Millis) {
        if self.0.len() < MOST {
            self.0.push(LegRecord {
                leg,
                kind,
                party: party.to_owned(),
                started: now,
                answered: None,
                joined: None,
                ended: None,
                why: "call_over",
            });
        }
    }

    fn open(&mut self, leg: LegId) -> Option<&mut LegRecord> {
        let mut newest_first = self.0.iter_mut().rev();
        newest_first.find(|record| record.leg == leg && record.ended.is_none())
    }

    /// Another leg has one's place.
    pub fn exchange(&mut self, old: LegId, leg: LegId, now: Millis) {
        let Some(record) = self.open(old) else { return };
        record.ended = Some(now);
        record.why = "replaced";
        let joined = record.joined.map(|_| now);
        let (kind, party) = (record.kind, record.party.clone());
        self.begin(leg, kind, &party, now);
        if let Some(record) = self.open(leg) {
            record.answered = Some(now);
            record.joined = joined;
        }
    }

    /// Since when a leg is there.
    pub fn since(&self, leg: LegId) -> Option<Millis> {
        let mut newest_first = self.0.iter().rev();
        let record = newest_first.find(|record| record.leg == leg && record.ended.is_none());
        record.map(|record| record.started)
    }

    /// Every time in it.
    pub fn times(&mut self) -> impl Iterator<Item = &mut Millis> {
        self.0.iter_mut().flat_map(|record| {
            let later = [&mut record.answered, &mut record.joined, &mut record.ended];
            later.into_iter().flatten().chain([&mut record.started])
        })
    }

    /// What is still open ends with the call.
    pub fn closed(&self, times: &Times) -> Vec<LegRecord> {
        let closed = self.0.iter().cloned().map(|record| LegRecord {
            ended: record.ended.or(times.ended),
            ..record
        });
        closed.collect()
    }
}

impl Floor {
    pub(super) fn leg_began(&mut self, id: CallId, party: &Party, now: Millis) {
        if let Some(call) = self.calls.get_mut(&id) {
            let who = &party.who;
            call.log.begin(party.leg, who.kind(), who.name(), now);
            if party.reach == Reach::Up {
                self.leg_up(id, party.leg, now);
            }
        }
    }

    pub(super) fn agent_leg_began(&mut self, id: CallId, agent: &AgentId, now: Millis) {
        if let Some(call) = self.calls.get_mut(&id)
            && let Some(leg) = call.agent_leg
        {
            call.log.begin(leg, "agent", agent.as_str(), now);
        }
    }

    pub(super) fn offer_leg_began(&mut self, id: CallId, agent: &AgentId, leg: LegId, now: Millis) {
        if let Some(call) = self.calls.get_mut(&id) {
            call.log.begin(leg, "agent", agent.as_str(), now);
        }
    }

    pub(super) fn phone_leg_began(&mut self, id: CallId, leg: LegId, phone: &str, now: Millis) {
        if let Some(call) = self.calls.get_mut(&id) {
            call.log.begin(leg, "extension", phone, now);
        }
    }

    pub(super) fn outside_leg_began(&mut self, id: CallId, leg: LegId, number: &str, now: Millis) {
        if let Some(call) = self.calls.get_mut(&id) {
            call.log.begin(leg, "outside", number, now);
        }
    }

    pub(super) fn supervisor_began(&mut self, id: CallId, leg: LegId, phone: &str, now: Millis) {
        if let Some(call) = self.calls.get_mut(&id) {
            call.log.begin(leg, "supervisor", phone, now);
        }
    }

    pub(super) fn leg_up(&mut self, id: CallId, leg: LegId, now: Millis) {
        let call = self.calls.get_mut(&id);
        if let Some(record) = call.and_then(|call| call.log.open(leg)) {
            record.answered.get_or_insert(now);
        }
    }

    /// The leg has the customer from now on.
    pub(super) fn leg_joined(&mut self, id: CallId, leg: LegId, now: Millis) {
        let call = self.calls.get_mut(&id);
        if let Some(record) = call.and_then(|call| call.log.open(leg)) {
            record.answered.get_or_insert(now);
            record.joined.get_or_insert(now);
        }
    }

    pub(super) fn leg_over(&mut self, id: CallId, leg: LegId, why: &'static str, now: Millis) {
        let call = self.calls.get_mut(&id);
        if let Some(record) = call.and_then(|call| call.log.open(leg)) {
            record.ended = Some(now);
            record.why = why;
        }
    }
}
