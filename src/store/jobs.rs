//! Pieces of batch work, and how far they are.

use engine::time::Millis;
use serde::Serialize;
use sqlx::FromRow;

use crate::{Db, Result, Tx, filter_runs, imports, on, tasks};

/// A job. The queue library holds its turn; this row holds its progress and its end.
#[derive(Debug, Clone, PartialEq, FromRow, Serialize)]
pub struct Job {
    pub id: String,
    pub orgi: String,
    /// `read_template`, `import_batch`, `run_filter`, `allocate_task`, `recycle_task`,
    /// `rejects_sheet` or `campaign_report`.
    pub kind: String,
    /// Id of the batch, import, filter run, task or campaign it works on.
    pub subject: String,
    pub batch_id: Option<String>,
    /// `queued`, `running`, `succeeded`, `failed` or `cancelled`.
    pub state: String,
    pub stage: String,
    /// Of `total`; a total of 0 is not known.
    pub done: i64,
    pub total: i64,
    #[serde(skip)]
    pub run: i64,
    /// Starts so far.
    pub attempts: i64,
    pub error_code: Option<String>,
    pub error_text: Option<String>,
    pub created_by: Option<String>,
    pub created_at: i64,
    pub started_at: Option<i64>,
    pub updated_at: i64,
    pub finished_at: Option<i64>,
}

/// Most starts of one job (OUT-010).
pub const ATTEMPTS_MAX: i64 = 3;

/// # Errors
/// When the database fails.
pub async fn get(db: &Db, id: &str) -> Result<Option<Job>> {
    Ok(
        on!(db.read(), c => sqlx::query_as("SELECT * FROM job_runs WHERE id = $1")
        .bind(id).fetch_optional(c).await)?,
    )
}

/// The tenant's jobs, newest first, those before the id `before`; of one batch when `batch` names
/// it (OUT-018).
///
/// # Errors
/// When the database fails.
pub async fn list(
    db: &Db,
    orgi: &str,
    batch: Option<&str>,
    before: Option<&str>,
    limit: i64,
) -> Result<Vec<Job>> {
    Ok(on!(db.read(), c => sqlx::query_as(
        "SELECT * FROM job_runs
         WHERE orgi = $1 AND ($2 = '' OR batch_id = $2) AND ($3 = '' OR id < $3)
         ORDER BY id DESC LIMIT $4"
    ).bind(orgi).bind(batch.unwrap_or_default()).bind(before.unwrap_or_default()).bind(limit)
        .fetch_all(c).await)?)
}

/// Every tenant's jobs that moved since `since`.
///
/// # Errors
/// When the database fails.
pub async fn changed_since(db: &Db, since: Millis) -> Result<Vec<Job>> {
    Ok(on!(db.read(), c => sqlx::query_as(
        "SELECT * FROM job_runs WHERE updated_at >= $1 ORDER BY updated_at LIMIT 1000"
    ).bind(since.0).fetch_all(c).await)?)
}

/// The tenant's jobs that moved since `since`, for whoever shows progress.
///
/// # Errors
/// When the database fails.
pub async fn changed(db: &Db, orgi: &str, since: Millis) -> Result<Vec<Job>> {
    Ok(on!(db.read(), c => sqlx::query_as(
        "SELECT * FROM job_runs WHERE orgi = $1 AND updated_at >= $2 ORDER BY updated_at LIMIT 200"
    ).bind(orgi).bind(since.0).fetch_all(c).await)?)
}

/// Starts a job, unless it is over or this queue entry is stale. Returns the number of this start,
/// the fence for every later write.
///
/// # Errors
/// When the database fails.
pub async fn claim(db: &Db, id: &str, run: i64, now: Millis) -> Result<Option<i64>> {
    Ok(on!(db.write(), c => sqlx::query_scalar(
        "UPDATE job_runs SET state = 'running', attempts = attempts + 1, updated_at = $3,
             started_at = COALESCE(started_at, $3)
         WHERE id = $1 AND run = $2 AND state IN ('queued', 'running')
         RETURNING attempts"
    ).bind(id).bind(run).bind(now.0).fetch_optional(c).await)?)
}

/// Shows how far the job is. `false`: a later start has taken over, or the job was cancelled; stop
/// and write nothing.
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
        "UPDATE job_runs SET stage = $3, done = $4, total = $5, updated_at = $6
         WHERE id = $1 AND attempts = $2 AND state = 'running'"
    ).bind(id).bind(fence).bind(stage).bind(done).bind(total).bind(now.0).execute(c).await
        .map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// Ends a job well. `false`: a later start has taken over.
///
/// # Errors
/// When the database fails.
pub async fn succeed(tx: &mut Tx, id: &str, fence: i64, now: Millis) -> Result<bool> {
    let rows = on!(tx.conn(), c => sqlx::query(
        "UPDATE job_runs SET state = 'succeeded', error_code = NULL, error_text = NULL,
             updated_at = $3, finished_at = $3
         WHERE id = $1 AND attempts = $2 AND state = 'running'"
    ).bind(id).bind(fence).bind(now.0).execute(c).await.map(|done| done.rows_affected()))?;
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
        "UPDATE job_runs SET state = 'failed', error_code = $3, error_text = $4, updated_at = $5,
             finished_at = $5
         WHERE id = $1 AND attempts = $2 AND state = 'running'"
    ).bind(id).bind(fence).bind(code).bind(text).bind(now.0).execute(c).await
        .map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// Puts a job back after a failure that may pass. Returns the run that the next queue entry
/// carries; entries of earlier runs are stale from now on.
///
/// # Errors
/// When the database fails.
pub async fn put_back(
    tx: &mut Tx,
    id: &str,
    fence: i64,
    (code, text): (&str, &str),
    now: Millis,
) -> Result<Option<i64>> {
    Ok(on!(tx.conn(), c => sqlx::query_scalar(
        "UPDATE job_runs SET state = 'queued', run = run + 1, error_code = $3, error_text = $4,
             updated_at = $5
         WHERE id = $1 AND attempts = $2 AND state = 'running' RETURNING run"
    ).bind(id).bind(fence).bind(code).bind(text).bind(now.0).fetch_optional(c).await)?)
}

/// Puts a job back because its worker shuts down: this start does not count.
///
/// # Errors
/// When the database fails.
pub async fn yield_back(tx: &mut Tx, id: &str, fence: i64, now: Millis) -> Result<Option<i64>> {
    Ok(on!(tx.conn(), c => sqlx::query_scalar(
        "UPDATE job_runs SET state = 'queued', run = run + 1, attempts = attempts - 1,
             updated_at = $3
         WHERE id = $1 AND attempts = $2 AND state = 'running' RETURNING run"
    ).bind(id).bind(fence).bind(now.0).fetch_optional(c).await)?)
}

/// Cancels a job, and what it works on fails with `CANCELLED`; a running one stops at its next
/// chunk. What it has written stays. `false`: it is over.
///
/// # Errors
/// When the database fails.
pub async fn cancel(tx: &mut Tx, id: &str, now: Millis) -> Result<bool> {
    let cancelled: Option<(String, String)> = on!(tx.conn(), c => sqlx::query_as(
        "UPDATE job_runs SET state = 'cancelled', updated_at = $2, finished_at = $2
         WHERE id = $1 AND state IN ('queued', 'running') RETURNING kind, subject"
    ).bind(id).bind(now.0).fetch_optional(c).await)?;
    let Some((kind, subject)) = cancelled else {
        return Ok(false);
    };
    let (code, text) = ("CANCELLED", "the job was cancelled");
    match kind.as_str() {
        "import_batch" => imports::fail(tx, &subject, code, text, now).await?,
        "run_filter" => filter_runs::fail(tx, &subject, code, text, now).await?,
        "allocate_task" => tasks::fail(tx, &subject, code, now).await?,
        _ => {}
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        sample::NOW,
        testing::on_both,
        work::{self, By, Work},
    };

    async fn queued(db: &Db) -> String {
        let mut tx = db.begin().await.unwrap();
        let work = Work::CampaignReport {
            campaign: "cmp_1".into(),
        };
        let by = By {
            orgi: "o",
            user: "u",
            batch: Some("bat_1"),
        };
        let id = work::enqueue(&mut tx, work, by, NOW).await.unwrap();
        tx.commit().await.unwrap();
        id
    }

    #[tokio::test]
    async fn a_later_start_fences_an_earlier_one() {
        on_both(|home| async move {
            let id = queued(&home.db).await;
            let first = claim(&home.db, &id, 1, NOW).await.unwrap().unwrap();
            let second = claim(&home.db, &id, 1, NOW).await.unwrap().unwrap();
            assert_eq!((first, second), (1, 2));
            let mut tx = home.db.begin().await.unwrap();
            assert!(
                !progress(&mut tx, &id, first, "s", (1, 2), NOW)
                    .await
                    .unwrap()
            );
            assert!(!succeed(&mut tx, &id, first, NOW).await.unwrap());
            assert!(!fail(&mut tx, &id, first, "C", "t", NOW).await.unwrap());
            assert_eq!(
                put_back(&mut tx, &id, first, ("C", "t"), NOW)
                    .await
                    .unwrap(),
                None
            );
            assert!(
                progress(&mut tx, &id, second, "s", (1, 2), NOW)
                    .await
                    .unwrap()
            );
            assert!(succeed(&mut tx, &id, second, NOW).await.unwrap());
            tx.commit().await.unwrap();
            assert_eq!(claim(&home.db, &id, 1, NOW).await.unwrap(), None);
            let job = get(&home.db, &id).await.unwrap().unwrap();
            assert_eq!(
                (job.state.as_str(), job.done, job.total),
                ("succeeded", 1, 2)
            );
            assert_eq!(
                (job.kind.as_str(), job.subject.as_str()),
                ("campaign_report", "cmp_1")
            );
        })
        .await;
    }

    #[tokio::test]
    async fn a_job_that_was_put_back_answers_only_its_new_entry() {
        on_both(|home| async move {
            let id = queued(&home.db).await;
            let fence = claim(&home.db, &id, 1, NOW).await.unwrap().unwrap();
            let mut tx = home.db.begin().await.unwrap();
            let run = put_back(&mut tx, &id, fence, ("C", "t"), NOW)
                .await
                .unwrap();
            tx.commit().await.unwrap();
            assert_eq!(run, Some(2));
            assert_eq!(claim(&home.db, &id, 1, NOW).await.unwrap(), None);
            let fence = claim(&home.db, &id, 2, NOW).await.unwrap().unwrap();
            assert_eq!(fence, 2);
            let mut tx = home.db.begin().await.unwrap();
            assert_eq!(yield_back(&mut tx, &id, fence, NOW).await.unwrap(), Some(3));
            tx.commit().await.unwrap();
            assert_eq!(get(&home.db, &id).await.unwrap().unwrap().attempts, 1);
        })
        .await;
    }

    #[tokio::test]
    async fn a_cancelled_job_stops_and_stays_listed() {
        on_both(|home| async move {
            let id = queued(&home.db).await;
            let fence = claim(&home.db, &id, 1, NOW).await.unwrap().unwrap();
            let mut tx = home.db.begin().await.unwrap();
            assert!(cancel(&mut tx, &id, Millis(5_000)).await.unwrap());
            assert!(!cancel(&mut tx, &id, NOW).await.unwrap());
            assert!(
                !progress(&mut tx, &id, fence, "s", (0, 0), NOW)
                    .await
                    .unwrap()
            );
            tx.commit().await.unwrap();
            let listed = list(&home.db, "o", Some("bat_1"), None, 10).await.unwrap();
            assert_eq!(
                (listed[0].id.as_str(), listed[0].state.as_str()),
                (id.as_str(), "cancelled")
            );
            assert!(
                list(&home.db, "o", Some("bat_2"), None, 10)
                    .await
                    .unwrap()
                    .is_empty()
            );
            assert!(
                list(&home.db, "o", None, Some(&id), 10)
                    .await
                    .unwrap()
                    .is_empty()
            );
            assert_eq!(
                changed(&home.db, "o", Millis(5_000)).await.unwrap().len(),
                1
            );
            assert!(
                changed(&home.db, "o", Millis(5_001))
                    .await
                    .unwrap()
                    .is_empty()
            );
        })
        .await;
    }

    #[tokio::test]
    async fn stored_work_can_be_read_by_its_words() {
        let text = r#"{"job":"job_1","run":2,"work":{"import_batch":{"import":"imp_1"}}}"#;
        let entry: work::Entry = serde_json::from_str(text).unwrap();
        assert_eq!(
            entry.work,
            Work::ImportBatch {
                import: "imp_1".into()
            }
        );
        assert_eq!(serde_json::to_string(&entry).unwrap(), text);
    }
}
