//! Whose turn it is (OUT-012, OUT-013).
//!
//! Between tenants: the one whose best due job has the highest priority, then the one that has waited
//! longest for a start in this lane, so that a thousand imports of one tenant do not make another
//! wait for all of them. Within a tenant: priority, then `run_after`, then age. A tenant that has as
//! many jobs running as it may is passed over.

use engine::time::Millis;
use sqlx::FromRow;

use crate::{Db, Result, Tx, doc, on, work, work::Work};

/// A job that nobody renewed for this long is free to be taken again. OUT-012 names 60 s, renewed every
/// 15 s; here it is 15 s, renewed every 3 s and with every write of progress, so that the job of a worker
/// that died stands still for a quarter of the time. Five renewals have to fail in a row before a live
/// worker loses its job, one more than there, and the fence keeps a late one from writing either way; a
/// renewal is one small update.
pub const LEASE_MS: i64 = 15_000;

/// A job that has been started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    pub job: String,
    /// The number of this start: later writes carry it and are refused once it is old.
    pub fence: i64,
    /// Starts so far, this one included.
    pub attempts: i64,
    pub max_attempts: i64,
    pub work: Work,
}

#[derive(FromRow)]
struct Row {
    id: String,
    fence: i64,
    attempts: i64,
    max_attempts: i64,
    payload: String,
}

/// Starts the job of this lane whose turn it is. At most `per_tenant` jobs of one tenant run at once,
/// over all lanes and workers.
///
/// # Errors
/// When the database fails.
pub async fn take(
    db: &Db,
    lane: &str,
    worker: &str,
    per_tenant: i64,
    now: Millis,
) -> Result<Option<Taken>> {
    let mut tx = db.begin().await?;
    if let Tx::Pg(pg) = &mut tx {
        // Two at once would each see room for one more job of a tenant.
        sqlx::query("SELECT pg_advisory_xact_lock(7236271)")
            .execute(&mut **pg)
            .await?;
    }
    let row: Option<Row> = on!(tx.conn(), c => sqlx::query_as(
        "UPDATE job_runs SET state = 'running', attempts = attempts + 1, fence = fence + 1,
             started_at = COALESCE(started_at, $2), taken_at = $2, updated_at = $2,
             locked_by = $4, locked_until = $5
         WHERE (state = 'queued' OR (state = 'running' AND locked_until < $2)) AND id = (
             SELECT j.id FROM job_runs j
             WHERE j.lane = $1
                 AND ((j.state = 'queued' AND j.run_after <= $2)
                     OR (j.state = 'running' AND j.locked_until < $2))
                 AND j.orgi = (
                     SELECT d.orgi FROM job_runs d
                     WHERE d.lane = $1
                         AND ((d.state = 'queued' AND d.run_after <= $2)
                             OR (d.state = 'running' AND d.locked_until < $2))
                     GROUP BY d.orgi
                     HAVING (SELECT COUNT(*) FROM job_runs r WHERE r.orgi = d.orgi
                         AND r.state = 'running' AND r.locked_until >= $2) < $3
                     ORDER BY MAX(d.priority) DESC,
                         (SELECT COALESCE(MAX(s.taken_at), 0) FROM job_runs s
                          WHERE s.orgi = d.orgi AND s.lane = $1),
                         MIN(d.created_at)
                     LIMIT 1)
             ORDER BY j.priority DESC, j.run_after, j.created_at, j.id LIMIT 1)
         RETURNING id, fence, attempts, max_attempts, payload"
    ).bind(lane).bind(now.0).bind(per_tenant).bind(worker).bind(now.0 + LEASE_MS)
        .fetch_optional(c).await)?;
    tx.commit().await?;
    row.map(|row| {
        Ok(Taken {
            work: doc::parse("work", &row.payload)?,
            job: row.id,
            fence: row.fence,
            attempts: row.attempts,
            max_attempts: row.max_attempts,
        })
    })
    .transpose()
}

/// Keeps a job for another [`LEASE_MS`]. `false`: it is no longer this start's.
///
/// # Errors
/// When the database fails.
pub async fn renew(db: &Db, id: &str, fence: i64, now: Millis) -> Result<bool> {
    let rows = on!(db.write(), c => sqlx::query(
        "UPDATE job_runs SET locked_until = $3
         WHERE id = $1 AND fence = $2 AND state = 'running'"
    ).bind(id).bind(fence).bind(now.0 + LEASE_MS).execute(c).await
        .map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// Wakes the lanes that have a job to start and no entry that says so: a lease that ran out, a
/// tenant's slot that came free. Returns how many.
///
/// # Errors
/// When the database fails.
pub async fn wake_idle(db: &Db, per_tenant: i64, now: Millis) -> Result<usize> {
    let mut lanes: Vec<String> = on!(db.read(), c => sqlx::query_scalar(
        "SELECT d.lane FROM job_runs d
         WHERE (d.state = 'queued' AND d.run_after <= $1)
             OR (d.state = 'running' AND d.locked_until < $1)
         GROUP BY d.lane, d.orgi
         HAVING (SELECT COUNT(*) FROM job_runs r WHERE r.orgi = d.orgi AND r.state = 'running'
             AND r.locked_until >= $1) < $2"
    ).bind(now.0).bind(per_tenant).fetch_all(c).await)?;
    lanes.sort_unstable();
    lanes.dedup();
    let mut woken = 0;
    for lane in lanes {
        let mut tx = db.begin().await?;
        if !work::is_woken(&mut tx, &lane).await? {
            work::wake(&mut tx, &lane, None).await?;
            tx.commit().await?;
            woken += 1;
        }
    }
    Ok(woken)
}
