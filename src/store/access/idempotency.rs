//! Answers kept for requests that come twice (OUT-015, RST-003).

use crate::{Db, Result, on};

/// Answers are kept this long.
const KEPT_MS: i64 = 24 * 3_600_000;
/// A first request that has not answered by then died with its process.
const RUNNING_MS: i64 = 120_000;

/// What a key says about a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// Never: the caller runs it and then calls [`finish`] or [`forget`].
    Never,
    /// The first one still runs.
    Running,
    /// It was answered.
    Answered { status: i64, response: String },
    /// The key was used with another request.
    Otherwise,
}

/// Claims a key for a request.
///
/// # Errors
/// When the database does not answer.
pub async fn begin(db: &Db, orgi: &str, key: &str, body_hash: &str, now: i64) -> Result<Seen> {
    let claimed = on!(db.write(), c => sqlx::query(
        "INSERT INTO idempotency (orgi, key, body_hash, created_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (orgi, key) DO UPDATE SET body_hash = excluded.body_hash, status = NULL,
            response = NULL, created_at = excluded.created_at
         WHERE idempotency.created_at < $5
            OR (idempotency.status IS NULL AND idempotency.created_at < $6)")
        .bind(orgi)
        .bind(key)
        .bind(body_hash)
        .bind(now)
        .bind(now - KEPT_MS)
        .bind(now - RUNNING_MS)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    if claimed == 1 {
        return Ok(Seen::Never);
    }
    let row: Option<(String, Option<i64>, Option<String>)> = on!(db.read(), c => sqlx::query_as(
        "SELECT body_hash, status, response FROM idempotency WHERE orgi = $1 AND key = $2")
        .bind(orgi)
        .bind(key)
        .fetch_optional(c)
        .await)?;
    Ok(match row {
        Some((hash, _, _)) if hash != body_hash => Seen::Otherwise,
        Some((_, Some(status), Some(response))) => Seen::Answered { status, response },
        // Forgotten a moment ago: the caller asks again.
        _ => Seen::Running,
    })
}

/// Keeps the answer.
///
/// # Errors
/// When the database does not answer.
pub async fn finish(db: &Db, orgi: &str, key: &str, status: i64, response: &str) -> Result<()> {
    Ok(on!(db.write(), c => sqlx::query(
        "UPDATE idempotency SET status = $3, response = $4 WHERE orgi = $1 AND key = $2")
        .bind(orgi)
        .bind(key)
        .bind(status)
        .bind(response)
        .execute(c)
        .await
        .map(|_| ()))?)
}

/// Gives a key free: the request had no lasting effect.
///
/// # Errors
/// When the database does not answer.
pub async fn forget(db: &Db, orgi: &str, key: &str) -> Result<()> {
    Ok(
        on!(db.write(), c => sqlx::query("DELETE FROM idempotency WHERE orgi = $1 AND key = $2")
        .bind(orgi)
        .bind(key)
        .execute(c)
        .await
        .map(|_| ()))?,
    )
}

/// Forgets answers that are older than a day.
///
/// # Errors
/// When the database does not answer.
pub async fn purge(db: &Db, now: i64) -> Result<()> {
    Ok(
        on!(db.write(), c => sqlx::query("DELETE FROM idempotency WHERE created_at < $1")
        .bind(now - KEPT_MS)
        .execute(c)
        .await
        .map(|_| ()))?,
    )
}
