//! Open event channels: how many there are, and which agents have one.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use engine::ids::AgentId;

#[derive(Debug, Default)]
pub struct Channels {
    open: Mutex<Open>,
    /// Whoever counts and tells holds it: what is told last is what is so.
    turn: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct Open {
    all: usize,
    agents: HashMap<AgentId, usize>,
}

impl Channels {
    /// A channel opens; `tell` is told its agent.
    pub async fn enter<T>(&self, agent: Option<&AgentId>, tell: impl FnOnce(AgentId) -> T)
    where
        T: Future<Output = ()>,
    {
        let _turn = self.turn.lock().await;
        self.count(agent);
        if let Some(agent) = agent {
            tell(agent.clone()).await;
        }
    }

    /// A channel closes; `tell` is told its agent when it was the last one of theirs.
    pub async fn leave<T>(&self, agent: Option<AgentId>, tell: impl FnOnce(AgentId) -> T)
    where
        T: Future<Output = ()>,
    {
        let _turn = self.turn.lock().await;
        if let Some(agent) = self.discount(agent) {
            tell(agent).await;
        }
    }

    fn count(&self, agent: Option<&AgentId>) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.all += 1;
        if let Some(agent) = agent {
            *open.agents.entry(agent.clone()).or_default() += 1;
        }
    }

    fn discount(&self, agent: Option<AgentId>) -> Option<AgentId> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
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
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.all > 0
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::{mpsc, oneshot};

    use super::*;

    #[tokio::test]
    async fn an_agent_is_gone_with_its_last_page() {
        let channels = Channels::default();
        let agent = AgentId::from("1001");
        let (sender, mut told) = mpsc::unbounded_channel();
        let tell = |agent| {
            sender.send(agent).expect("somebody listens");
            std::future::ready(())
        };
        let nothing = |_| std::future::ready(());
        channels.enter(Some(&agent), nothing).await;
        channels.enter(Some(&agent), nothing).await;
        channels.enter(None, nothing).await;
        channels.leave(Some(agent.clone()), tell).await;
        assert!(told.try_recv().is_err());
        channels.leave(Some(agent.clone()), tell).await;
        assert_eq!(told.try_recv(), Ok(agent));
        assert!(channels.any());
        channels.leave(None, tell).await;
        assert!(!channels.any());
    }

    /// A page that is loaded again leaves and enters at once.
    #[tokio::test]
    async fn what_is_told_last_is_what_is_so() {
        let channels = Channels::default();
        let agent = AgentId::from("1001");
        let (sender, mut told) = mpsc::unbounded_channel();
        let tell = |present: bool| {
            sender.send(present).expect("somebody listens");
            std::future::ready(())
        };
        channels.enter(Some(&agent), |_| tell(true)).await;
        let (go_on, held_up) = oneshot::channel::<()>();
        let leaves = channels.leave(Some(agent.clone()), |_| async {
            held_up.await.expect("to go on");
            tell(false).await;
        });
        let enters = async {
            channels.enter(Some(&agent), |_| tell(true)).await;
        };
        let then = async {
            tokio::task::yield_now().await;
            go_on.send(()).expect("it waits");
        };
        tokio::join!(leaves, enters, then);
        let said: Vec<bool> = std::iter::from_fn(|| told.try_recv().ok()).collect();
        assert_eq!(said, [true, false, true]);
    }
}
