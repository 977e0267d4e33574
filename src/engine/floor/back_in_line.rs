//! An agent who has taken a caller out of a queue leaves before the two hear each other: while the agent's
//! number is announced, or as they are joined. The caller waits on at the old place, and the agent counts
//! as one who rejected the call.

use super::{Floor, Phase, offers::NotTaken};
use crate::{
    ids::{AgentId, CallId},
    time::Millis,
};

impl Floor {
    /// False where nobody was on the way to a caller of a queue.
    pub(super) fn goes_back_in_line(&mut self, id: CallId, now: Millis) -> bool {
        let call = self.calls.get_mut(&id);
        let Some(call) =
            call.filter(|call| matches!(call.phase, Phase::Introducing | Phase::Joining))
        else {
            return false;
        };
        let Some(queue) = call.way.taken_from.take() else {
            return false;
        };
        let before = call.clone();
        let (agent, leg) = (call.agent.take(), call.agent_leg.take());
        call.tried.extend(agent.clone());
        self.end_pause(id);
        self.hush(id);
        if let Some(leg) = leg {
            self.leg_over(id, leg, "rejected", now);
        }
        self.drop_agent_leg(&before);
        if let Some(agent) = agent {
            self.had_nobody(&agent, id);
            self.rests(&agent, Some(&queue), NotTaken::Rejected, now);
            let _ = self.step(&agent, now, |machine| machine.call_over(None, now));
            self.go_on_previewing(&agent);
            self.let_go_of(&agent, now);
        }
        self.wait_on(id, queue, now);
        true
    }

    /// The agent has no customer to say anything of.
    fn had_nobody(&mut self, agent: &AgentId, id: CallId) {
        let Some(agent) = self.agents.get_mut(agent) else {
            return;
        };
        if agent.last_call.take_if(|last| last.id == id).is_some() {
            agent.calls = agent.calls.saturating_sub(1);
        }
    }
}
