//! What people may order of a job. `false`: the order does not fit its state.

use engine::time::Millis;

use crate::{Error, Result, Tx, filter_runs, imports, on, tasks, undo, work};

/// Cancels a job, and what it works on fails with `CANCELLED`; a running one stops at its next
/// chunk. What it has written stays.
///
/// # Errors
/// When the database fails.
pub async fn cancel(tx: &mut Tx, id: &str, now: Millis) -> Result<bool> {
    let cancelled: Option<(String, String)> = on!(tx.conn(), c => sqlx::query_as(
        "UPDATE job_runs SET state = 'cancelled', locked_by = NULL, locked_until = NULL,
             updated_at = $2, finished_at = $2
         WHERE id = $1 AND state IN ('queued', 'running', 'paused') RETURNING kind, subject"
    ).bind(id).bind(now.0).fetch_optional(c).await)?;
    let Some((kind, subject)) = cancelled else {
        return Ok(false);
    };
    let (code, text) = ("CANCELLED", "the job was cancelled");
    match kind.as_str() {
        "import_batch" => imports::fail(tx, &subject, code, text, now).await?,
        "undo_import" => undo::give_up(tx, &subject).await?,
        "run_filter" => filter_runs::fail(tx, &subject, code, text, now).await?,
        "allocate_task" | "allocate_contacts" => tasks::fail(tx, &subject, code, now).await?,
        "export_leads" => crate::exports::fail(tx, &subject, code, now).await?,
        _ => {}
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
    let job: Option<(String, String, String)> = on!(tx.conn(), c => sqlx::query_as(
        "UPDATE job_runs SET state = 'queued', attempts = 0, run_after = $2, error_code = NULL,
             error_text = NULL, finished_at = NULL, updated_at = $2
         WHERE id = $1 AND state = 'failed' AND payload <> '' RETURNING lane, kind, subject"
    ).bind(id).bind(now.0).fetch_optional(c).await)?;
    let Some((lane, kind, subject)) = job else {
        return Ok(false);
    };
    let open = match kind.as_str() {
        "import_batch" => Some(
            "UPDATE imports SET state = 'queued', error_code = NULL, error_text = NULL,
                 finished_at = NULL
             WHERE id = $1 AND state = 'failed'
                 AND EXISTS (SELECT 1 FROM batches b WHERE b.id = batch_id AND b.state = 'ready')",
        ),
        "run_filter" => Some(
            "UPDATE filter_runs SET state = 'queued', error_code = NULL, error_text = NULL,
                 finished_at = NULL
             WHERE id = $1 AND state = 'failed'",
        ),
        // The campaign's start belongs to it: start the campaign again. An undo looks anew whether
        // anything is in its way.
        "allocate_task" | "allocate_contacts" | "undo_import" => {
            return Err(Error::conflict("JOB_NOT_RETRYABLE"));
        }
        _ => None,
    };
    if let Some(sql) = open {
        let rows = on!(tx.conn(), c => sqlx::query(sql).bind(&subject).execute(c).await
            .map(|done| done.rows_affected()))?;
        if rows == 0 {
            return Err(Error::conflict("JOB_NOT_RETRYABLE"));
        }
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
