//! What people may order of a job. `false`: the order does not fit its state.

use engine::time::Millis;

use crate::{
    Error, Result, Tx, doc, on,
    work::{self, Work},
};

/// Cancels a job, and what it works on fails with `CANCELLED`; a running one stops at its next
/// chunk. What it has written stays.
///
/// # Errors
/// When the database fails.
pub async fn cancel(tx: &mut Tx, id: &str, now: Millis) -> Result<bool> {
    let cancelled: Option<String> = on!(tx.conn(), c => sqlx::query_scalar(
        "UPDATE job_runs SET state = 'cancelled', locked_by = NULL, locked_until = NULL,
             updated_at = $2, finished_at = $2
         WHERE id = $1 AND state IN ('queued', 'running', 'paused') RETURNING payload"
    ).bind(id).bind(now.0).fetch_optional(c).await)?;
    let Some(payload) = cancelled else {
        return Ok(false);
    };
    // Jobs that were queued before their work was kept in the row have ended long ago.
    if !payload.is_empty() {
        let work: Work = doc::parse("work", &payload)?;
        work::fail(tx, &work, "CANCELLED", "the job was cancelled", now).await?;
    }
    Ok(true)
}

/// Lets a running job stop at its next chunk; this start does not count. What it has written stays.
///
/// # Errors
/// When the database fails.
pub async fn pause(tx: &mut Tx, id: &str, now: Millis) -> Result<bool> {
    let rows = on!(tx.conn(), c => sqlx::query(
        "UPDATE job_runs SET state = 'paused', attempts = attempts - 1, locked_by = NULL,
             locked_until = NULL, updated_at = $2
         WHERE id = $1 AND state = 'running'"
    ).bind(id).bind(now.0).execute(c).await.map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// Queues a paused job; it goes on behind its last chunk.
///
/// # Errors
/// When the database fails.
pub async fn resume(tx: &mut Tx, id: &str, now: Millis) -> Result<bool> {
    let lane: Option<String> = on!(tx.conn(), c => sqlx::query_scalar(
        "UPDATE job_runs SET state = 'queued', run_after = $2, updated_at = $2
         WHERE id = $1 AND state = 'paused' RETURNING lane"
    ).bind(id).bind(now.0).fetch_optional(c).await)?;
    woken(tx, lane).await
}

/// Queues a job that failed, with all its attempts again, and opens what it works on. It goes on
/// behind its last chunk.
///
/// # Errors
/// `JOB_NOT_RETRYABLE` when what it works on cannot be opened again: a new job has to be asked for.
pub async fn retry(tx: &mut Tx, id: &str, now: Millis) -> Result<bool> {
    let job: Option<(String, String)> = on!(tx.conn(), c => sqlx::query_as(
        "UPDATE job_runs SET state = 'queued', attempts = 0, run_after = $2, error_code = NULL,
             error_text = NULL, finished_at = NULL, updated_at = $2
         WHERE id = $1 AND state = 'failed' AND payload <> '' RETURNING lane, payload"
    ).bind(id).bind(now.0).fetch_optional(c).await)?;
    let Some((lane, payload)) = job else {
        return Ok(false);
    };
    if !work::reopen(tx, &doc::parse("work", &payload)?).await? {
        return Err(Error::conflict("JOB_NOT_RETRYABLE"));
    }
    woken(tx, Some(lane)).await
}

/// Changes the priority, 0 to 9, of a job that is not over.
///
/// # Errors
/// When the database fails.
pub async fn prioritise(tx: &mut Tx, id: &str, priority: i64, now: Millis) -> Result<bool> {
    let rows = on!(tx.conn(), c => sqlx::query(
        "UPDATE job_runs SET priority = $2, updated_at = $3
         WHERE id = $1 AND state IN ('queued', 'running', 'paused')"
    ).bind(id).bind(priority.clamp(0, 9)).bind(now.0).execute(c).await
        .map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

async fn woken(tx: &mut Tx, lane: Option<String>) -> Result<bool> {
    let Some(lane) = lane else {
        return Ok(false);
    };
    work::wake(tx, &lane, None).await?;
    Ok(true)
}
