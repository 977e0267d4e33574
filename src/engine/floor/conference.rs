//! Conferences: somebody is called into a talk and heard by all from the answer on (AGT-159), what
//! becomes of it when its agent hangs up (AGT-160), and who is in a call now (AGT-161).

use serde::Serialize;

use super::{
    Cause, Floor, Monitor, OrderRefused,
    party::{Party, Round, Who},
    talk::second_is_up,
};
use crate::{
    destination::Destination,
    ids::{AgentId, CallId},
    time::Millis,
};

/// Who is in a call now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InCall {
    pub call_id: CallId,
    /// All hear one another.
    pub conference: bool,
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
    /// `customer`, `agent`, `extension`, `outside`, or `supervisor`.
    pub kind: &'static str,
    /// The number, the agent's number, the extension, or the supervisor.
    pub name: String,
    /// `checking`, `ringing` or `up`; of a supervisor `listen`, `whisper` or `barge`.
    pub state: &'static str,
}

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
        if self.calls[&call].parties.second.is_some() {
            return Err(second_is_up());
        }
        let by = Who::Agent(id.clone());
        let who = self.find(&by, call, to, now)?;
        let mut second = self.call_party(call, who, now)?;
        second.by = Some(by);
        let there = match (&second.who, second.is_up()) {
            (Who::Agent(agent), true) => Some(agent.clone()),
            _ => None,
        };
        if let Some(agent) = there {
            let _ = self.step(&agent, now, |machine| machine.answer(now));
        }
        if let Some(call) = self.calls.get_mut(&call) {
            let parties = &mut call.parties;
            parties.held = false;
            parties.second = Some(second);
            parties.round = Round::Customer;
            parties.joins_all = true;
            parties.ends_all = ends_all;
        }
        if !self.join_all(call, now) {
            self.arrange(call);
            self.show_round(call, now);
        }
        Ok(())
    }

    /// Who was called into a talk is heard by all, once up. False when nobody was.
    pub(super) fn join_all(&mut self, id: CallId, now: Millis) -> bool {
        let Some(call) = self.calls.get_mut(&id) else {
            return false;
        };
        let is_up = call.parties.second.as_ref().is_some_and(Party::is_up);
        let joins = is_up && std::mem::take(&mut call.parties.joins_all);
        if joins {
            self.go_round(id, Round::All, now);
        }
        joins
    }

    /// The agent hangs up on a conference: the others stay, unless it was to end for all.
    pub(super) fn leave_conference(&mut self, id: CallId, now: Millis) {
        let ends = self.calls.get(&id).is_some_and(|call| {
            let parties = &call.parties;
            parties.ends_all && parties.round == Round::All
        });
        match ends {
            true => self.leave(id, Cause::Normal, now),
            false => self.hand_over(id, now),
        }
    }

    /// Who is in a call now; `None` for one that is not up.
    #[must_use]
    pub fn who_is_in(&self, id: CallId) -> Option<InCall> {
        let call = self.calls.get(&id)?;
        let parties = &call.parties;
        let member = |kind, name: &str, state| Member {
            kind,
            name: name.to_owned(),
            state,
        };
        let mut members = Vec::new();
        if call.customer.is_some() {
            let state = match call.times.answered {
                Some(_) => "up",
                None => "ringing",
            };
            members.push(member("customer", call.number(), state));
        }
        if let Some(agent) = &call.agent {
            let state = match call.phase {
                super::Phase::Talking | super::Phase::Joining => "up",
                _ => "ringing",
            };
            members.push(member("agent", agent.as_str(), state));
        }
        for party in [&parties.second, &parties.other].into_iter().flatten() {
            members.push(member(
                party.who.kind(),
                party.who.name(),
                party.reach.as_str(),
            ));
        }
        let here = self.supervisors.values().filter(|seen| seen.call == id);
        members.extend(here.map(|seen| {
            let state = match (seen.up, seen.monitor) {
                (false, _) => "ringing",
                (true, Monitor::Listen) => "listen",
                (true, Monitor::Whisper) => "whisper",
                (true, Monitor::Barge) => "barge",
            };
            member("supervisor", &seen.by, state)
        }));
        Some(InCall {
            call_id: id,
            conference: parties.second.is_some() && parties.round == Round::All,
            held: parties.held,
            muted: parties.muted,
            ends_all: parties.ends_all,
            members,
        })
    }
}
