//! The columns that were asked for last, up to a bound; whole batches go first that were asked for
//! longest ago.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use store::segments::Segment;

use crate::frame::Part;

/// Most that is kept, in bytes.
const KEPT_MAX: usize = 192 * 1024 * 1024;

/// Columns of segments in memory. Clones share them.
#[derive(Debug, Clone)]
pub struct Snapshots {
    kept: Arc<Mutex<Kept>>,
    most: usize,
}

#[derive(Debug, Default)]
struct Kept {
    batches: HashMap<String, Batch>,
    bytes: usize,
    turn: u64,
}

#[derive(Debug, Default)]
struct Batch {
    segments: HashMap<i64, Entry>,
    bytes: usize,
    /// When it was asked for last.
    turn: u64,
}

#[derive(Debug)]
struct Entry {
    version: i64,
    positions: Arc<Vec<i64>>,
    parts: HashMap<String, Arc<Part>>,
}

/// What is known of a segment.
#[derive(Debug, Default)]
pub struct Known {
    pub positions: Option<Arc<Vec<i64>>>,
    pub parts: HashMap<String, Arc<Part>>,
}

impl Default for Snapshots {
    fn default() -> Self {
        Self::with_bound(KEPT_MAX)
    }
}

impl Snapshots {
    #[must_use]
    pub fn with_bound(most: usize) -> Self {
        Self {
            kept: Arc::default(),
            most,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is kept of these columns in this version.
    #[must_use]
    pub fn get(&self, batch: &str, segment: Segment, codes: &[String]) -> Known {
        let mut kept = self.lock();
        kept.turn += 1;
        let turn = kept.turn;
        let Some(batch) = kept.batches.get_mut(batch) else {
            return Known::default();
        };
        batch.turn = turn;
        let entry = batch.segments.get(&segment.block);
        let Some(entry) = entry.filter(|entry| entry.version == segment.version) else {
            return Known::default();
        };
        let parts = codes.iter().filter_map(|code| {
            let part = entry.parts.get(code)?;
            Some((code.clone(), Arc::clone(part)))
        });
        Known {
            positions: Some(Arc::clone(&entry.positions)),
            parts: parts.collect(),
        }
    }

    /// Keeps columns of a segment; those of another version of it are dropped.
    pub fn put(
        &self,
        batch: &str,
        segment: Segment,
        positions: &Arc<Vec<i64>>,
        parts: &HashMap<String, Arc<Part>>,
    ) {
        let mut kept = self.lock();
        kept.turn += 1;
        let turn = kept.turn;
        let one = kept.batches.entry(batch.to_owned()).or_default();
        one.turn = turn;
        let old = one.segments.remove(&segment.block);
        let before = old.as_ref().map_or(0, Entry::bytes);
        let mut entry = old
            .filter(|old| old.version == segment.version)
            .unwrap_or_else(|| Entry {
                version: segment.version,
                positions: Arc::clone(positions),
                parts: HashMap::new(),
            });
        for (code, part) in parts {
            entry.parts.insert(code.clone(), Arc::clone(part));
        }
        let after = entry.bytes();
        one.segments.insert(segment.block, entry);
        one.bytes = one.bytes + after - before;
        kept.bytes = kept.bytes + after - before;
        while kept.bytes > self.most {
            kept.forget_oldest();
        }
    }

    /// How much is kept, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.lock().bytes
    }
}

impl Kept {
    fn forget_oldest(&mut self) {
        let oldest = self.batches.iter().min_by_key(|(_, batch)| batch.turn);
        let Some(name) = oldest.map(|(name, _)| name.clone()) else {
            self.bytes = 0;
            return;
        };
        let gone = self.batches.remove(&name);
        self.bytes -= gone.map_or(0, |batch| batch.bytes);
    }
}

impl Entry {
    fn bytes(&self) -> usize {
        let parts: usize = self.parts.values().map(|part| part.bytes()).sum();
        parts + 8 * self.positions.len()
    }
}
