//! Open event channels: how many there are, and which agents have one.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use engine::ids::AgentId;

#[derive(Debug, Default)]
pub struct Channels(Mutex<Open>);

#[derive(Debug, Default)]
struct Open {
    all: usize,
    agents: HashMap<AgentId, usize>,
}

impl Channels {
    pub fn enter(&self, agent: Option<&AgentId>) {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        open.all += 1;
        if let Some(agent) = agent {
            *open.agents.entry(agent.clone()).or_default() += 1;
        }
    }

    /// Returns the agent when this was its last channel.
    pub fn leave(&self, agent: Option<AgentId>) -> Option<AgentId> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        open.all = open.all.saturating_sub(1);
        let agent = agent?;
        let left = open.agents.get_mut(&agent)?;
        *left = left.saturating_sub(1);
        if *left > 0 {
            return None;
        }
        open.agents.remove(&agent);
        Some(agent)
    }

    #[must_use]
    pub fn any(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).all > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agent_is_gone_with_its_last_page() {
        let channels = Channels::default();
        let agent = AgentId::from("1001");
        channels.enter(Some(&agent));
        channels.enter(Some(&agent));
        channels.enter(None);
        assert_eq!(channels.leave(Some(agent.clone())), None);
        assert_eq!(channels.leave(Some(agent.clone())), Some(agent));
        assert!(channels.any());
        assert_eq!(channels.leave(None), None);
        assert!(!channels.any());
    }
}
