//! Conferences: somebody is called into a talk and heard by all from the answer on (AGT-159), what
//! becomes of it when its agent hangs up (AGT-160), and who is in a call now (AGT-161).

use serde::Serialize;

use super::{
    Call, Cause, Floor, Monitor, OrderRefused,
    party::{Party, Round, Who},
    talk::second_is_up,
};
use crate::{
    destination::Destination,
    ids::{AgentId, CallId, LegId},
    time::Millis,
};

/// Who is in a call now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InCall {
    pub call_id: CallId,
    /// All hear one another.
    pub conference: bool,
    /// Since when they do; `None` before.
    pub since: Option<Millis>,
    /// The customer hears music.
    pub held: bool,
    /// The agent is not heard.
    pub muted: bool,
    /// When the agent hangs up, it is over for all.
    pub ends_all: bool,
    pub members: Vec<Member>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Member {
    /// Names its leg; `None` while it has none.
    pub id: Option<LegId>,
    /// `customer`, `agent`, `extension`, `outside`, or `supervisor`.
    pub kind: &'static str,
    /// The number, the agent's number, the extension, or the supervisor.
    pub name: String,
    /// `checking`, `ringing` or `up`; of a supervisor `listen`, `whisper` or `barge`.
    pub state: &'static str,
    /// It may only listen.
    pub muted: bool,
}

/// Parties of a conference, supervisors not counted (AGT-162).
const MOST: usize = 32;

impl Floor {
    /// Calls somebody into the talk of an agent, who goes on with the customer until the answer.
    pub(super) fn invite(
        &mut self,
        id: &AgentId,
        to: Destination,
        ends_all: bool,
        now: Millis,
    ) -> Result<(), OrderRefused> {
        let call = self.talking(id)?;
        let by = Who::Agent(id.clone());
        self.invite_into(&by, call, to, ends_all, now)
    }

    /// The same for a talk that somebody else may change. `by`: for whom outside numbers count.
    pub(super) fn invite_into(
        &mut self,
        by: &Who,
        call: CallId,
        to: Destination,
        ends_all: bool,
        now: Millis,
    ) -> Result<(), OrderRefused> {
        self.has_room(call)?;
        let who = self.find(by, call, to, now)?;
        let mut second = self.call_party(call, who, now)?;
        second.by = Some(by.clone());
        let there = match (&second.who, second.is_up()) {
            (Who::Agent(agent), true) => Some(agent.clone()),
            _ => None,
        };
        if let Some(agent) = there {
            let _ = self.step(&agent, now, |machine| machine.answer(now));
        }
        let is_up = second.is_up();
        let is_conference = self.calls[&call].parties.round == Round::All;
        if let Some(call) = self.calls.get_mut(&call) {
            let parties = &mut call.parties;
            parties.take_up();
            let earlier = parties.second.replace(second);
            parties.guests.extend(earlier);
            parties.joins_all = true;
            parties.ends_all |= ends_all;
        }
        if is_up {
            self.join_all(call, now);
        } else if is_conference {
            self.tell_call(call);
        } else {
            self.arrange(call);
            self.show_round(call, now);
        }
        Ok(())
    }

    /// Whether one more can be called into a talk.
    fn has_room(&self, id: CallId) -> Result<(), OrderRefused> {
        let parties = &self.calls[&id].parties;
        let called = parties.called().count();
        if called > 0 && parties.round != Round::All && !parties.joins_all {
            return Err(second_is_up());
        }
        // The customer, and whoever has them.
        if called + 2 >= MOST {
            let text = format!("a conference has at most {MOST} parties");
            return Err(OrderRefused::new("CONFERENCE_FULL", text));
        }
        Ok(())
    }

    /// Who was called into a talk is heard by all, once up. False when nobody was.
    pub(super) fn join_all(&mut self, id: CallId, now: Millis) -> bool {
        let Some(call) = self.calls.get_mut(&id) else {
            return false;
        };
        let parties = &mut call.parties;
        let is_up = parties.called().any(Party::is_up);
        let joins = is_up && (parties.joins_all || parties.round == Round::All);
        if joins {
            parties.joins_all = false;
            self.go_round(id, Round::All, now);
        }
        joins
    }

    /// Lets go of everybody who was called.
    pub(super) fn drop_called(&mut self, id: CallId, now: Millis) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        let parties = &mut call.parties;
        let others: Vec<Party> = std::iter::from_fn(|| parties.take_second()).collect();
        for party in others {
            self.drop_party(id, &party, "cancelled", now);
        }
    }

    /// Whoever has the customer hangs up on a conference: the others stay, unless it was to end for all.
    pub(super) fn leave_conference(&mut self, id: CallId, now: Millis) {
        let ends = self.calls.get(&id).is_some_and(|call| {
            let parties = &call.parties;
            call.way.ends_all || (parties.ends_all && parties.round == Round::All)
        });
        match ends {
            true => self.leave(id, Cause::Normal, now),
            false => self.hand_over(id, now),
        }
    }

    /// Every conference, and every call that was ordered for two, with who is in it (CTI-064); newest first.
    #[must_use]
    pub fn conferences(&self) -> Vec<InCall> {
        let newest_first = self.calls.values().rev();
        let is_one = |call: &&Call| call.way.is_ordered || call.parties.conferred.is_some();
        let all = newest_first.filter(is_one);
        all.filter_map(|call| self.who_is_in(call.id)).collect()
    }

    /// Who is in a call now; `None` for one that is not up.
    #[must_use]
    pub fn who_is_in(&self, id: CallId) -> Option<InCall> {
        let call = self.calls.get(&id)?;
        let parties = &call.parties;
        let member = |leg: Option<LegId>, kind, name: &str, state| Member {
            id: leg,
            kind,
            name: name.to_owned(),
            state,
            muted: leg.is_some_and(|leg| call.is_muted(leg)),
        };
        let mut members = Vec::new();
        if let Some(leg) = call.customer {
            let state = match call.times.answered {
                Some(_) => "up",
                None => "ringing",
            };
            let kind = match (call.way.is_ordered, &call.way.from_phone) {
                (false, _) => "customer",
                (true, Some(_)) => "extension",
                (true, None) => "outside",
            };
            members.push(member(Some(leg), kind, call.number(), state));
        }
        if let Some(agent) = &call.agent {
            let state = match call.phase {
                super::Phase::Talking | super::Phase::Joining => "up",
                _ => "ringing",
            };
            members.push(member(call.agent_leg, "agent", agent.as_str(), state));
        } else if let Some((kind, name)) = call.put_through_to() {
            members.push(member(call.agent_leg, kind, name, "up"));
        }
        for party in parties.other.iter().chain(parties.called()) {
            members.push(member(
                Some(party.leg),
                party.who.kind(),
                party.who.name(),
                party.reach.as_str(),
            ));
        }
        let here = self.supervisors.iter().filter(|(_, seen)| seen.call == id);
        members.extend(here.map(|(leg, seen)| {
            let state = match (seen.up, seen.monitor) {
                (false, _) => "ringing",
                (true, Monitor::Listen) => "listen",
                (true, Monitor::Whisper) => "whisper",
                (true, Monitor::Barge) => "barge",
            };
            member(Some(*leg), "supervisor", &seen.by, state)
        }));
        Some(InCall {
            call_id: id,
            conference: call.way.is_ordered
                || (parties.second.is_some() && parties.round == Round::All),
            since: match call.way.is_ordered {
                true => call.times.bridged,
                false => parties.conferred,
            },
            held: parties.held,
            muted: parties.muted,
            ends_all: parties.ends_all || call.way.ends_all,
            members,
        })
    }
}
