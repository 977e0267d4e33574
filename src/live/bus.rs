//! The event channel's source: every event gets a number, recent ones can be asked for again.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use engine::time::Millis;
use serde::Serialize;
use serde_json::Value;
use tokio::sync::broadcast;

/// Events kept for a client that resumes (RST-019).
const KEPT: usize = 20_000;
const KEPT_MS: i64 = 5 * 60_000;

/// One event on its way out.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Envelope {
    /// `agent:<id>`, `campaign:<id>`, `queue:<id>`, `gateway:<id>`, `job:<id>`, `call:<id>`.
    pub topic: String,
    pub event: String,
    pub data: Value,
    pub ts: Millis,
    /// Rises by one with every event of this process.
    pub seq: u64,
}

/// The client asked for events that are no longer kept: it has to read the state anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("events since {0} are no longer kept")]
pub struct Gap(pub u64);

/// Publishes events; cheap to clone.
#[derive(Debug, Clone)]
pub struct Bus {
    sender: broadcast::Sender<Arc<Envelope>>,
    kept: Arc<Mutex<Kept>>,
}

#[derive(Debug, Default)]
struct Kept {
    seq: u64,
    events: VecDeque<Arc<Envelope>>,
}

impl Default for Bus {
    fn default() -> Self {
        Self {
            sender: broadcast::channel(4096).0,
            kept: Arc::default(),
        }
    }
}

impl Bus {
    pub fn publish(&self, topic: String, event: &str, data: Value, ts: Millis) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.seq += 1;
        let envelope = Arc::new(Envelope {
            topic,
            event: event.to_owned(),
            data,
            ts,
            seq: kept.seq,
        });
        kept.events.push_back(Arc::clone(&envelope));
        while kept.events.len() > KEPT
            || kept
                .events
                .front()
                .is_some_and(|oldest| ts.since(oldest.ts) > KEPT_MS)
        {
            kept.events.pop_front();
        }
        // Nobody listening is no error.
        let _ = self.sender.send(envelope);
    }

    /// Everything from now on, of all topics; the reader filters by what it may see.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<Envelope>> {
        self.sender.subscribe()
    }

    /// The number of the newest event; 0 before the first.
    #[must_use]
    pub fn last_seq(&self) -> u64 {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).seq
    }

    /// Everything after `seq` that is still kept.
    ///
    /// # Errors
    /// [`Gap`] when events after `seq` have been forgotten, or `seq` is of another process.
    pub fn since(&self, seq: u64) -> Result<Vec<Arc<Envelope>>, Gap> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let oldest = kept.events.front().map_or(kept.seq + 1, |event| event.seq);
        if seq > kept.seq || seq + 1 < oldest {
            return Err(Gap(seq));
        }
        Ok(kept
            .events
            .iter()
            .filter(|event| event.seq > seq)
            .cloned()
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_resumes_where_it_left_off_or_is_told_of_the_gap() {
        let bus = Bus::default();
        for number in 1..=3 {
            bus.publish("call:1".into(), "tick", Value::from(number), Millis(number));
        }
        let seqs = |since| -> Vec<u64> {
            bus.since(since)
                .unwrap()
                .iter()
                .map(|event| event.seq)
                .collect()
        };
        assert_eq!(seqs(1), [2, 3]);
        assert_eq!(seqs(3), [0_u64; 0]);
        assert_eq!(bus.since(9), Err(Gap(9)));
        bus.publish("call:1".into(), "late", Value::Null, Millis(KEPT_MS + 2));
        assert_eq!(bus.since(0), Err(Gap(0)));
        assert_eq!(seqs(1), [2, 3, 4]);
    }
}
