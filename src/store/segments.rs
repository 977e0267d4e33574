//! Which stretches of a batch have changed: a snapshot of its columns is kept in parts of 65,536
//! positions, and only a part whose version has risen is made anew.
//!
//! Every write of what an import brings (a lead's fields, its phone, that it is there) says so here,
//! in the same transaction. What changes with a call does not, but for the number that a lead goes on with.

use std::collections::BTreeMap;

use sqlx::FromRow;

use crate::{Db, Result, Tx, filter_runs::block_of, on};

#[derive(Debug, Clone, Copy, PartialEq, Eq, FromRow)]
pub struct Segment {
    /// Position >> 16.
    pub block: i64,
    pub version: i64,
}

/// The leads at these positions changed, came or went.
///
/// # Errors
/// When the database fails.
pub async fn dirty(tx: &mut Tx, batch: &str, positions: &[i64]) -> Result<()> {
    let mut blocks: Vec<i64> = positions.iter().map(|one| block_of(*one)).collect();
    blocks.sort_unstable();
    blocks.dedup();
    for block in blocks {
        on!(tx.conn(), c => sqlx::query(
            "INSERT INTO segments (batch_id, block, version) VALUES ($1, $2, 1)
             ON CONFLICT (batch_id, block) DO UPDATE SET version = segments.version + 1"
        ).bind(batch).bind(block).execute(c).await.map(|_| ()))?;
    }
    Ok(())
}

/// Leads from the position `first` to `last` changed or went.
///
/// # Errors
/// When the database fails.
pub async fn dirty_between(tx: &mut Tx, batch: &str, first: i64, last: i64) -> Result<()> {
    on!(tx.conn(), c => sqlx::query(
        "UPDATE segments SET version = version + 1
         WHERE batch_id = $1 AND block BETWEEN $2 AND $3"
    ).bind(batch).bind(block_of(first)).bind(block_of(last)).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// A batch's segments, in order of creation.
///
/// # Errors
/// When the database fails.
pub async fn list(db: &Db, batch: &str) -> Result<Vec<Segment>> {
    Ok(on!(db.read(), c => sqlx::query_as(
        "SELECT block, version FROM segments WHERE batch_id = $1 ORDER BY block"
    ).bind(batch).fetch_all(c).await)?)
}

/// A lead as an import left it.
#[derive(Debug, Clone, FromRow)]
pub struct Snap {
    pub position: i64,
    pub id: String,
    pub orgi: String,
    pub creater: String,
    pub import_id: String,
    pub phone: String,
    pub created_at: i64,
    /// JSON object, field code to text.
    pub data: String,
}

/// The leads of a batch at the positions after `after` and before `end`, at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn snaps(db: &Db, batch: &str, after: i64, end: i64, limit: i64) -> Result<Vec<Snap>> {
    Ok(on!(db.read(), c => sqlx::query_as(
        "SELECT position, id, orgi, creater, import_id, phone, created_at, data FROM leads
         WHERE batch_id = $1 AND position > $2 AND position < $3 ORDER BY position LIMIT $4"
    ).bind(batch).bind(after).bind(end).bind(limit).fetch_all(c).await)?)
}

/// What changes with calls.
#[derive(Debug, Clone, PartialEq, FromRow)]
pub struct History {
    pub position: i64,
    pub alloc_status: String,
    pub call_status: String,
    pub dial_count: i64,
    pub fail_count: i64,
    pub outcome: Option<String>,
    pub disposition: Option<String>,
    pub last_dial_at: Option<i64>,
    pub dnc: bool,
    pub voided: bool,
}

/// The history of a batch's leads at positions from `first` to before `end`; leads that are as they
/// were imported are left out. The index `leads_touched` has only the others.
///
/// # Errors
/// When the database fails.
pub async fn history(db: &Db, batch: &str, first: i64, end: i64) -> Result<Vec<History>> {
    Ok(on!(db.read(), c => sqlx::query_as(
        "SELECT position, alloc_status, call_status, dial_count, fail_count, outcome, disposition,
             last_dial_at, dnc, voided FROM leads
         WHERE batch_id = $1 AND position >= $2 AND position < $3
             AND (alloc_status <> 'unallocated' OR dial_count > 0 OR dnc OR voided)
         ORDER BY position"
    ).bind(batch).bind(first).bind(end).fetch_all(c).await)?)
}

/// When a person last answered the leads at these positions; leads that nobody answered are left out.
/// An answer that was listened to and was no person's is none; one that nobody listened to counts when
/// it was brought to somebody.
///
/// # Errors
/// When the database fails.
pub async fn contacts(db: &Db, batch: &str, first: i64, end: i64) -> Result<BTreeMap<i64, i64>> {
    let rows: Vec<(i64, i64)> = on!(db.read(), c => sqlx::query_as(
        "SELECT l.position, MAX(a.answered_at) FROM leads l JOIN attempts a ON a.lead_id = l.id
         WHERE l.batch_id = $1 AND l.position >= $2 AND l.position < $3 AND l.dial_count > 0
             AND (l.alloc_status <> 'unallocated' OR l.dial_count > 0 OR l.dnc OR l.voided)
             AND a.answered_at IS NOT NULL AND a.mode <> 'test'
             AND (a.answer_class = 'person' OR (a.outcome = 'connected'
                 AND COALESCE(a.answer_class, 'unknown') = 'unknown'))
         GROUP BY l.position"
    ).bind(batch).bind(first).bind(end).fetch_all(c).await)?;
    Ok(rows.into_iter().collect())
}

/// Which of these batches there are.
///
/// # Errors
/// When the database fails.
pub async fn batches_there(db: &Db) -> Result<Vec<String>> {
    Ok(on!(db.read(), c => sqlx::query_scalar("SELECT id FROM batches").fetch_all(c).await)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        leads,
        sample::{self, NOW},
        testing::{self, on_both},
    };

    async fn versions(db: &Db, batch: &str) -> Vec<i64> {
        let segments = list(db, batch).await.unwrap();
        segments.into_iter().map(|one| one.version).collect()
    }

    #[tokio::test]
    async fn a_change_dirties_its_segment_alone_and_a_call_none() {
        on_both(|home| async move {
            let (batch, fields) = sample::batch(&home.db, "一").await;
            sample::leads(&home.db, &batch, &fields, 3).await;
            sample::leads(&home.db, &batch, &fields, 3).await;
            let before = versions(&home.db, &batch).await;
            assert_eq!(before.len(), 2);
            let page = leads::page(&home.db, &batch, -1, 6).await.unwrap();
            testing::mark_dialled(&home.db, &page[0].id).await;
            assert_eq!(versions(&home.db, &batch).await, before);
            let change = [(fields[0].code.clone(), "x".to_owned())].into();
            let mut tx = home.db.begin().await.unwrap();
            leads::patch(&mut tx, &page[4].id, &change, NOW)
                .await
                .unwrap();
            tx.commit().await.unwrap();
            assert_eq!(versions(&home.db, &batch).await, [before[0], before[1] + 1]);
            let mut tx = home.db.begin().await.unwrap();
            assert!(leads::delete(&mut tx, "o", &page[1].id, NOW).await.unwrap());
            tx.commit().await.unwrap();
            let after = versions(&home.db, &batch).await;
            assert_eq!(after, [before[0] + 1, before[1] + 1]);
            let touched = history(&home.db, &batch, 0, i64::MAX).await.unwrap();
            let touched: Vec<i64> = touched.into_iter().map(|one| one.position).collect();
            assert_eq!(touched, [page[0].position]);
        })
        .await;
    }

    #[tokio::test]
    async fn history_is_read_from_its_index() {
        let home = testing::sqlite().await;
        let Db::Lite { reader, .. } = &home.db else {
            unreachable!("it is SQLite")
        };
        let plan: Vec<(i64, i64, i64, String)> = sqlx::query_as(
            "EXPLAIN QUERY PLAN SELECT position FROM leads
             WHERE batch_id = 'b' AND position >= 0 AND position < 9
                 AND (alloc_status <> 'unallocated' OR dial_count > 0 OR dnc OR voided)
             ORDER BY position",
        )
        .fetch_all(reader)
        .await
        .unwrap();
        assert!(plan[0].3.contains("leads_touched"), "{plan:?}");
    }
}
