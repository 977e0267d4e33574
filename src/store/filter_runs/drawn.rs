//! What a task had to draw from: of the hits of its run, those that were free.

use std::collections::BTreeMap;

use engine::time::Millis;
use roaring::RoaringBitmap;

use super::hits::{bytes_of, low_bits};
use crate::{Result, Tx, filter_runs::block_of, new_id, on};

/// Positions, a bit each.
#[derive(Debug, Clone, Default)]
pub struct Places(BTreeMap<i64, RoaringBitmap>);

impl Places {
    #[must_use]
    pub fn len(&self) -> u64 {
        self.0.values().map(RoaringBitmap::len).sum()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Extend<i64> for Places {
    fn extend<I: IntoIterator<Item = i64>>(&mut self, positions: I) {
        for position in positions {
            let block = self.0.entry(block_of(position)).or_default();
            block.insert(low_bits(position));
        }
    }
}

/// Keeps what of the run's hits a task had to draw from, as a run of its own, in place of what was kept
/// before.
///
/// # Errors
/// When the database fails.
pub async fn keep_drawn(
    tx: &mut Tx,
    task: &str,
    run: &str,
    places: &Places,
    now: Millis,
) -> Result<()> {
    on!(tx.conn(), c => sqlx::query(
        "DELETE FROM filter_runs WHERE purpose = 'drawn'
             AND id IN (SELECT drawn_run_id FROM tasks WHERE id = $1)"
    ).bind(task).execute(c).await.map(|_| ()))?;
    let id = new_id("run");
    let count = i64::try_from(places.len()).unwrap_or(i64::MAX);
    on!(tx.conn(), c => sqlx::query(
        "INSERT INTO filter_runs (id, orgi, filter_id, batch_id, business_type, title, conditions,
             zone, known, purpose, resolved, versions, snapshot_version, state, matched, created_at,
             finished_at)
         SELECT $2, orgi, filter_id, batch_id, business_type, title, conditions, zone, known, 'drawn',
             resolved, versions, snapshot_version, 'succeeded', $3, $4, $4
         FROM filter_runs WHERE id = $1"
    ).bind(run).bind(&id).bind(count).bind(now.0).execute(c).await.map(|_| ()))?;
    for (block, low) in &places.0 {
        let bytes = bytes_of(low.clone())?;
        let count = i64::try_from(low.len()).unwrap_or(i64::MAX);
        on!(tx.conn(), c => sqlx::query(
            "INSERT INTO filter_hits (run_id, batch_id, block, count, positions)
             SELECT $3, batch_id, block, $4, $5 FROM filter_hits WHERE run_id = $1 AND block = $2"
        ).bind(run).bind(block).bind(&id).bind(count).bind(bytes).execute(c).await.map(|_| ()))?;
    }
    on!(tx.conn(), c => sqlx::query("UPDATE tasks SET drawn_run_id = $2 WHERE id = $1")
        .bind(task).bind(&id).execute(c).await.map(|_| ()))?;
    Ok(())
}
