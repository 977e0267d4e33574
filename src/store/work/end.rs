//! What becomes of the thing a job works on when the job ends without having done it, and when it is
//! asked for again.

use engine::time::Millis;

use super::Work;
use crate::{
    Result, Tx, batches, campaigns, exports, filter_runs, imports, on, previews, removal, sources,
    tasks, undo,
};

/// The job has failed for good or was cancelled, and so has what it worked on. What was written stays.
///
/// # Errors
/// When the database fails.
pub async fn fail(tx: &mut Tx, work: &Work, code: &str, text: &str, now: Millis) -> Result<()> {
    match work {
        Work::ImportBatch { import } => {
            imports::fail(tx, import, code, text, now).await?;
            touch_batch_of(tx, import, now).await
        }
        Work::UndoImport { import } => undo::give_up(tx, import).await,
        Work::DeleteImport { import } => {
            removal::give_import_up(tx, import).await?;
            touch_batch_of(tx, import, now).await
        }
        Work::DeleteBatch { batch } => removal::give_batch_up(tx, batch, now).await,
        Work::DryRun { preview } => previews::fail(tx, preview, code, text, now).await,
        Work::RunFilter { run } | Work::Preflight { run: Some(run), .. } => {
            filter_runs::fail(tx, run, code, text, now).await
        }
        Work::AllocateTask { task } => {
            filter_runs::fail_of_task(tx, task, (code, text), now).await?;
            tasks::fail(tx, task, code, now).await?;
            campaigns::take_start_back(tx, task, now).await
        }
        Work::AllocateContacts { task } => {
            if let Some(ask) = tasks::ask_of(tx, task).await? {
                imports::fail(tx, &ask.import, code, text, now).await?;
                touch_batch_of(tx, &ask.import, now).await?;
            }
            tasks::fail(tx, task, code, now).await
        }
        Work::PullSource { source } => {
            sources::told(tx, source, "failed", Some((code, text)), now).await
        }
        Work::ExportLeads { export } => exports::fail(tx, export, code, now).await,
        // Nothing but the job itself says how these are.
        Work::ReadTemplate { .. }
        | Work::RecycleTask(_)
        | Work::RecycleStale { .. }
        | Work::SweepFiles
        | Work::RejectsSheet { .. }
        | Work::Preflight { run: None, .. }
        | Work::BuildSnapshot { .. }
        | Work::CampaignReport { .. } => Ok(()),
    }
}

/// Some of its rows may be there.
async fn touch_batch_of(tx: &mut Tx, import: &str, now: Millis) -> Result<()> {
    let batch: Option<String> = on!(tx.conn(), c => sqlx::query_scalar(
        "SELECT batch_id FROM imports WHERE id = $1"
    ).bind(import).fetch_optional(c).await)?;
    match batch {
        Some(batch) => batches::touch(tx, &batch, now).await,
        None => Ok(()),
    }
}

/// Opens what a failed job works on, so that the job can be done again. `false`: that cannot be, a new
/// job has to be asked for.
///
/// # Errors
/// When the database fails.
pub async fn reopen(tx: &mut Tx, work: &Work) -> Result<bool> {
    let (sql, subject) = match work {
        Work::ImportBatch { import } => (
            "UPDATE imports SET state = 'queued', error_code = NULL, error_text = NULL,
                 finished_at = NULL
             WHERE id = $1 AND state = 'failed'
                 AND EXISTS (SELECT 1 FROM batches b WHERE b.id = batch_id AND b.state = 'ready')",
            import,
        ),
        Work::RunFilter { run } | Work::Preflight { run: Some(run), .. } => (
            "UPDATE filter_runs SET state = 'queued', error_code = NULL, error_text = NULL,
                 finished_at = NULL
             WHERE id = $1 AND state = 'failed'",
            run,
        ),
        Work::DryRun { preview } => (
            "UPDATE previews SET state = 'queued', error_code = NULL, error_text = NULL,
                 finished_at = NULL
             WHERE id = $1 AND state = 'failed'",
            preview,
        ),
        Work::ExportLeads { export } => (
            "UPDATE exports SET state = 'queued', error_code = NULL, finished_at = NULL
             WHERE id = $1 AND state = 'failed'",
            export,
        ),
        // The campaign's start belongs to it: start the campaign again. An undo and a deletion look anew
        // whether anything is in their way.
        Work::AllocateTask { .. }
        | Work::AllocateContacts { .. }
        | Work::UndoImport { .. }
        | Work::DeleteImport { .. }
        | Work::DeleteBatch { .. } => {
            return Ok(false);
        }
        Work::ReadTemplate { .. }
        | Work::RecycleTask(_)
        | Work::RecycleStale { .. }
        | Work::SweepFiles
        | Work::RejectsSheet { .. }
        | Work::Preflight { run: None, .. }
        | Work::CampaignReport { .. }
        | Work::BuildSnapshot { .. }
        | Work::PullSource { .. } => return Ok(true),
    };
    let rows = on!(tx.conn(), c => sqlx::query(sql).bind(subject).execute(c).await
        .map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

#[cfg(test)]
mod tests;
