//! How agents' legs sounded: the CDR has the figures of the agent who had the call last.

use super::{Command, Floor, Quality};
use crate::ids::{CallId, LegId};

impl Floor {
    /// The agent's leg is over before its call is.
    pub(super) fn keep_quality(&mut self, call: CallId, leg: LegId, quality: Quality) {
        if let Some(call) = self.calls.get_mut(&call)
            && call.agent_leg == Some(leg)
            && let Some(agent) = call.agent.clone()
        {
            call.agent_quality = Some((agent, quality));
        }
    }

    /// An agent's leg that we hung up is over: how it sounded belongs to the CDR, if the CDR is that
    /// agent's in the end.
    pub(super) fn agent_has_left(&mut self, leg: LegId, quality: Quality) {
        let Some((id, agent)) = self.parting.remove(&leg) else {
            return;
        };
        match self.calls.get_mut(&id) {
            Some(call) => call.agent_quality = Some((agent, quality)),
            None => {
                let over = Command::AgentLegOver { call: id, quality };
                self.commands.push_back(over);
            }
        }
    }
}
