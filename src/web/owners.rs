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
/// What is not there is asked for again after this at first, then after as long as it has been missing: what is
/// about to be written is soon known, and what is gone costs little.
const SOON: Duration = Duration::from_millis(50);
/// Most things that are remembered.
const MOST: usize = 10_000;

#[derive(Debug, Default)]
pub struct Owners {
    known: Mutex<HashMap<String, Answer>>,
}

/// What the database said last, and until when that holds.
#[derive(Debug)]
struct Answer {
    owner: Option<String>,
    /// Since when there has been this answer.
    since: Instant,
    until: Instant,
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
            Ok(owner) => {
                let is_theirs = owner.as_deref() == Some(tenant);
                self.remember(topic, owner);
                is_theirs
            }
            Err(error) => {
                tracing::warn!(%error, "nobody can say whose an event is: it is not told");
                false
            }
        }
    }

    fn remembered(&self, topic: &str, tenant: &str) -> Option<bool> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = known.get(topic)?;
        let holds = Instant::now() < answer.until;
        holds.then(|| answer.owner.as_deref() == Some(tenant))
    }

    fn remember(&self, topic: &str, owner: Option<String>) {
        let now = Instant::now();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.clear();
        }
        let before = known.get(topic).filter(|before| before.owner == owner);
        let since = before.map_or(now, |before| before.since);
        let holds = match owner {
            Some(_) => KNOWN,
            None => now.duration_since(since).clamp(SOON, KNOWN),
        };
        let until = now + holds;
        let answer = Answer {
            owner,
            since,
            until,
        };
        known.insert(topic.to_owned(), answer);
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    /// When the database is asked in an hour of an event each 10 ms, in milliseconds.
    async fn asked(owners: &Owners, owner_from: Option<u64>) -> Vec<u64> {
        let mut asked = Vec::new();
        for at in (0..3_600_000).step_by(10) {
            if owners.remembered("call:1", "main").is_none() {
                asked.push(at);
                let owner = owner_from.filter(|from| *from <= at).map(|_| "main".into());
                owners.remember("call:1", owner);
            }
            advance(Duration::from_millis(10)).await;
        }
        asked
    }

    #[tokio::test(start_paused = true)]
    async fn a_thing_that_is_gone_is_asked_for_ever_more_seldom() {
        let asked = asked(&Owners::default(), None).await;
        assert_eq!(asked[..6], [0, 50, 100, 200, 400, 800]);
        assert!(asked.len() < 80, "{} times in an hour", asked.len());
    }

    #[tokio::test(start_paused = true)]
    async fn a_thing_that_is_written_a_moment_later_is_known_a_moment_later() {
        let owners = Owners::default();
        let asked = asked(&owners, Some(120)).await;
        assert_eq!(asked[..5], [0, 50, 100, 200, 60_200]);
        assert_eq!(owners.remembered("call:1", "main"), Some(true));
        assert_eq!(owners.remembered("call:1", "other"), Some(false));
    }
}
