//! Whose what is that events tell of: asked for once in a while, for all channels.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use store::{Db, owners};
use tokio::time::Instant;

/// An id that one tenant gives up may be another's afterwards.
const KNOWN: Duration = Duration::from_secs(60);
/// Most things that are remembered.
const MOST: usize = 10_000;

#[derive(Debug, Default)]
pub struct Owners {
    known: Mutex<HashMap<String, (String, Instant)>>,
}

impl Owners {
    /// Whether a topic is one of the tenant's. What is nobody's, or cannot be asked for, is not.
    pub async fn is_of(&self, db: &Db, topic: &str, tenant: &str) -> bool {
        if let Some(is_theirs) = self.remembered(topic, tenant) {
            return is_theirs;
        }
        let Some((kind, id)) = topic.split_once(':') else {
            return false;
        };
        match owners::tenant(db, kind, id).await {
            Ok(Some(owner)) => {
                let is_theirs = owner == tenant;
                self.remember(topic, owner);
                is_theirs
            }
            Ok(None) => false,
            Err(error) => {
                tracing::warn!(%error, "nobody can say whose an event is: it is not told");
                false
            }
        }
    }

    fn remembered(&self, topic: &str, tenant: &str) -> Option<bool> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let (owner, since) = known.get(topic)?;
        (since.elapsed() < KNOWN).then(|| owner == tenant)
    }

    fn remember(&self, topic: &str, owner: String) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(topic.to_owned(), (owner, Instant::now()));
    }
}
