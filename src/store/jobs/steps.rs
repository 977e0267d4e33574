//! What a running job writes about itself. Every write carries the fence of its start.

use engine::time::Millis;
use serde_json::Value;

use super::turn::LEASE_MS;
use crate::{Result, Tx, doc, on};

/// Shows how far the job is, and keeps it for another lease. `false`: a later start has taken over,
/// or the job was paused or cancelled; stop and write nothing.
///
/// # Errors
/// When the database fails.
pub async fn progress(
    tx: &mut Tx,
    id: &str,
    fence: i64,
    stage: &str,
    (done, total): (i64, i64),
    now: Millis,
) -> Result<bool> {
    let rows = on!(tx.conn(), c => sqlx::query(
        "UPDATE job_runs SET stage = $3, done = $4, total = $5, updated_at = $6, locked_until = $7
         WHERE id = $1 AND fence = $2 AND state = 'running'"
    ).bind(id).bind(fence).bind(stage).bind(done).bind(total).bind(now.0).bind(now.0 + LEASE_MS)
        .execute(c).await.map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// Ends a job well; `result` is what it did, an object or `null`. `false`: a later start has taken
/// over.
///
/// # Errors
/// When the database fails.
pub async fn succeed(
    tx: &mut Tx,
    id: &str,
    fence: i64,
    result: &Value,
    now: Millis,
) -> Result<bool> {
    let result = doc::text("result", result)?;
    let rows = on!(tx.conn(), c => sqlx::query(
        "UPDATE job_runs SET state = 'succeeded', result = $3, error_code = NULL,
             error_text = NULL, locked_by = NULL, locked_until = NULL, updated_at = $4,
             finished_at = $4
         WHERE id = $1 AND fence = $2 AND state = 'running'"
    ).bind(id).bind(fence).bind(result).bind(now.0).execute(c).await
        .map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// Ends a job badly. `code` is stable, `text` is for people.
///
/// # Errors
/// When the database fails.
pub async fn fail(
    tx: &mut Tx,
    id: &str,
    fence: i64,
    code: &str,
    text: &str,
    now: Millis,
) -> Result<bool> {
    let rows = on!(tx.conn(), c => sqlx::query(
        "UPDATE job_runs SET state = 'failed', error_code = $3, error_text = $4, locked_by = NULL,
             locked_until = NULL, updated_at = $5, finished_at = $5,
             attempts = CASE WHEN attempts > max_attempts THEN max_attempts ELSE attempts END
         WHERE id = $1 AND fence = $2 AND state = 'running'"
    ).bind(id).bind(fence).bind(code).bind(text).bind(now.0).execute(c).await
        .map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// Puts a job back after a failure that may pass, to be taken at `later`. `false`: a later start has
/// taken over.
///
/// # Errors
/// When the database fails.
pub async fn put_back(
    tx: &mut Tx,
    id: &str,
    fence: i64,
    (code, text): (&str, &str),
    later: Millis,
    now: Millis,
) -> Result<bool> {
    let lane: Option<String> = on!(tx.conn(), c => sqlx::query_scalar(
        "UPDATE job_runs SET state = 'queued', run_after = $3, error_code = $4, error_text = $5,
             locked_by = NULL, locked_until = NULL, updated_at = $6
         WHERE id = $1 AND fence = $2 AND state = 'running' RETURNING lane"
    ).bind(id).bind(fence).bind(later.0).bind(code).bind(text).bind(now.0).fetch_optional(c)
        .await)?;
    wake(tx, lane, Some(later)).await
}

/// Puts a job back because its worker shuts down: this start does not count. `false`: a later start
/// has taken over.
///
/// # Errors
/// When the database fails.
pub async fn yield_back(tx: &mut Tx, id: &str, fence: i64, now: Millis) -> Result<bool> {
    let lane: Option<String> = on!(tx.conn(), c => sqlx::query_scalar(
        "UPDATE job_runs SET state = 'queued', attempts = attempts - 1, locked_by = NULL,
             locked_until = NULL, updated_at = $3
         WHERE id = $1 AND fence = $2 AND state = 'running' RETURNING lane"
    ).bind(id).bind(fence).bind(now.0).fetch_optional(c).await)?;
    wake(tx, lane, None).await
}

async fn wake(tx: &mut Tx, lane: Option<String>, later: Option<Millis>) -> Result<bool> {
    let Some(lane) = lane else {
        return Ok(false);
    };
    crate::work::wake(tx, &lane, later).await?;
    Ok(true)
}
