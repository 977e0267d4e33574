//! Who changed what, and when (OUT-261).

use crate::{Db, Result, on};

#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Entry {
    pub id: String,
    pub orgi: String,
    pub at: i64,
    pub user_id: Option<String>,
    /// Method and path: `POST campaigns/{id}/start`.
    pub action: String,
    /// What it was done to.
    pub subject: String,
    /// JSON.
    pub detail: String,
}

/// # Errors
/// When the database does not answer.
pub async fn add(db: &Db, entry: &Entry) -> Result<()> {
    Ok(on!(db.write(), c => sqlx::query(
        "INSERT INTO audit (id, orgi, at, user_id, action, subject, detail)
         VALUES ($1, $2, $3, $4, $5, $6, $7)")
        .bind(&entry.id)
        .bind(&entry.orgi)
        .bind(entry.at)
        .bind(&entry.user_id)
        .bind(&entry.action)
        .bind(&entry.subject)
        .bind(&entry.detail)
        .execute(c)
        .await
        .map(|_| ()))?)
}

/// The newest entries first, those before the one with id `before` (all when it is `None`).
///
/// # Errors
/// When the database does not answer.
pub async fn list(db: &Db, orgi: &str, before: Option<&str>, limit: i64) -> Result<Vec<Entry>> {
    Ok(on!(db.read(), c => sqlx::query_as(
        "SELECT id, orgi, at, user_id, action, subject, detail FROM audit
         WHERE orgi = $1 AND ($2 IS NULL OR id < $2) ORDER BY id DESC LIMIT $3")
        .bind(orgi)
        .bind(before)
        .bind(limit)
        .fetch_all(c)
        .await)?)
}
