//! The blacklist (黑名单): numbers nobody may dial.

use engine::time::Millis;
use serde::Serialize;

use crate::{Db, Result, Tx, on};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow)]
pub struct Entry {
    pub number: String,
    pub reason: String,
    pub created_at: i64,
}

/// Puts a number on the list; leads with it are flagged. A number on the list stays as it is.
///
/// # Errors
/// When the database refuses.
pub async fn add(
    tx: &mut Tx,
    orgi: &str,
    number: &str,
    reason: &str,
    by: Option<&str>,
    now: Millis,
) -> Result<()> {
    on!(tx.conn(), c => sqlx::query(
        "INSERT INTO dnc (orgi, number, reason, created_by, created_at)
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING")
        .bind(orgi).bind(number).bind(reason).bind(by).bind(now.0)
        .execute(c).await.map(|_| ()))?;
    flag(tx, orgi, number, true).await
}

/// # Errors
/// When the database refuses.
pub async fn remove(tx: &mut Tx, orgi: &str, number: &str) -> Result<bool> {
    let rows = on!(tx.conn(), c => sqlx::query("DELETE FROM dnc WHERE orgi = $1 AND number = $2")
        .bind(orgi).bind(number).execute(c).await.map(|done| done.rows_affected()))?;
    flag(tx, orgi, number, false).await?;
    Ok(rows == 1)
}

async fn flag(tx: &mut Tx, orgi: &str, number: &str, listed: bool) -> Result<()> {
    on!(tx.conn(), c => sqlx::query("UPDATE leads SET dnc = $3 WHERE orgi = $1 AND phone = $2")
        .bind(orgi).bind(number).bind(listed).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// A page of the list, by number, after `after`.
///
/// # Errors
/// When the database refuses.
pub async fn page(db: &Db, orgi: &str, after: &str, limit: u32) -> Result<Vec<Entry>> {
    Ok(on!(db.read(), c => sqlx::query_as(
        "SELECT number, reason, created_at FROM dnc
         WHERE orgi = $1 AND number > $2 ORDER BY number LIMIT $3")
        .bind(orgi).bind(after).bind(i64::from(limit)).fetch_all(c).await)?)
}
