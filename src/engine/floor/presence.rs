//! Whether an agent can be reached: the phone, the shift-long leg, the event channel.

use super::{Floor, Why, agents::Agent};
use crate::{agent::Unready, ids::AgentId, time::Millis};

/// How long an agent's state outlives the agent's event channel (AGT-024).
const ABSENCE_MS: i64 = 30_000;

impl Floor {
    pub(super) fn phone(&mut self, extension: &str, registered: bool, now: Millis) {
        if registered {
            self.registered.insert(extension.to_owned());
        } else {
            self.registered.remove(extension);
        }
        let waits_for_phone = |agent: &Agent| agent.awaits_phone && agent.extension == extension;
        let ready: Vec<AgentId> = self
            .agents
            .iter()
            .filter(|(_, agent)| registered && waits_for_phone(agent))
            .map(|(id, _)| id.clone())
            .collect();
        for id in ready {
            let _ = self.step(&id, now, |machine| machine.ready(now));
        }
    }

    pub(super) fn presence(&mut self, id: &AgentId, connected: bool, now: Millis) {
        let Some(agent) = self.agents.get_mut(id) else {
            return;
        };
        agent.absent_since = (!connected).then_some(now);
        if !connected {
            self.timers
                .set(now.plus(ABSENCE_MS), Why::AgentAbsent(id.clone()));
        }
    }

    pub(super) fn agent_absent(&mut self, id: &AgentId, now: Millis) {
        let gone = |since| now.since(since) >= ABSENCE_MS;
        let absent = |agent: &Agent| agent.absent_since.is_some_and(gone);
        if self.agents.get(id).is_some_and(absent) {
            self.not_reached(id, "CONNECTION_LOST", now);
        }
    }

    /// An agent who would take calls takes none from now on; a call that is up stays.
    pub(super) fn not_reached(&mut self, id: &AgentId, reason: &str, now: Millis) {
        let Some(agent) = self.agents.get(id) else {
            return;
        };
        if agent.machine.takes_calls() {
            let reason = Some(reason.to_owned());
            let _ = self.step(id, now, |machine| {
                machine.not_ready(Unready::Away, reason, now)
            });
        }
    }

    /// The agent's phone fell off its shift-long leg.
    pub(super) fn nailed_leg_ended(&mut self, id: &AgentId, now: Millis) {
        let Some(agent) = self.agents.get_mut(id) else {
            return;
        };
        agent.nailed_up = None;
        // A telephone outside that was kept on the line is called again for the next call.
        if !(agent.spec.keep_leg && agent.outside_number().is_some()) {
            self.not_reached(id, "PHONE_HUNG_UP", now);
        }
    }
}
