//! Who is signed in. A session is known by the hash of its token; the token itself is not kept.

use super::Role;
use crate::{Db, Result, on};

/// A session when it begins.
#[derive(Debug, Clone)]
pub struct NewSession<'a> {
    /// SHA-256 of the token, hex.
    pub token_hash: &'a str,
    pub user_id: &'a str,
    /// What a page sends along with each write.
    pub csrf: &'a str,
    pub now: i64,
    pub expires_at: i64,
}

/// A session that holds, with its user.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Session {
    pub token_hash: String,
    pub csrf: String,
    pub seen_at: i64,
    pub expires_at: i64,
    pub user_id: String,
    pub orgi: String,
    pub username: String,
    pub display_name: String,
    #[sqlx(try_from = "String")]
    pub role: Role,
    pub department_id: Option<String>,
    /// The agent this user is, when the user is one.
    pub agent_id: Option<String>,
}

/// # Errors
/// When the database does not answer.
pub async fn open(db: &Db, session: &NewSession<'_>) -> Result<()> {
    Ok(on!(db.write(), c => sqlx::query(
        "INSERT INTO sessions (token_hash, user_id, csrf, created_at, seen_at, expires_at)
         VALUES ($1, $2, $3, $4, $4, $5)")
        .bind(session.token_hash)
        .bind(session.user_id)
        .bind(session.csrf)
        .bind(session.now)
        .bind(session.expires_at)
        .execute(c)
        .await
        .map(|_| ()))?)
}

/// The session of this token, unless it has expired or its user was disabled.
///
/// # Errors
/// When the database does not answer.
pub async fn find(db: &Db, token_hash: &str, now: i64) -> Result<Option<Session>> {
    Ok(on!(db.read(), c => sqlx::query_as(
        "SELECT s.token_hash, s.csrf, s.seen_at, s.expires_at, u.id AS user_id, u.orgi, u.username,
            u.display_name, u.role, u.department_id, a.id AS agent_id
         FROM sessions s
         JOIN users u ON u.id = s.user_id
         LEFT JOIN agents a ON a.user_id = u.id
         WHERE s.token_hash = $1 AND s.expires_at > $2 AND u.disabled = FALSE")
        .bind(token_hash)
        .bind(now)
        .fetch_optional(c)
        .await)?)
}

/// # Errors
/// When the database does not answer.
pub async fn touch(db: &Db, token_hash: &str, now: i64) -> Result<()> {
    Ok(
        on!(db.write(), c => sqlx::query("UPDATE sessions SET seen_at = $2 WHERE token_hash = $1")
        .bind(token_hash)
        .bind(now)
        .execute(c)
        .await
        .map(|_| ()))?,
    )
}

/// # Errors
/// When the database does not answer.
pub async fn close(db: &Db, token_hash: &str) -> Result<()> {
    Ok(
        on!(db.write(), c => sqlx::query("DELETE FROM sessions WHERE token_hash = $1")
        .bind(token_hash)
        .execute(c)
        .await
        .map(|_| ()))?,
    )
}

/// Ends every session of a user but one (or, with an empty `except`, all).
///
/// # Errors
/// When the database does not answer.
pub async fn close_others(db: &Db, user_id: &str, except: &str) -> Result<()> {
    Ok(
        on!(db.write(), c => sqlx::query("DELETE FROM sessions WHERE user_id = $1 AND token_hash <> $2")
        .bind(user_id)
        .bind(except)
        .execute(c)
        .await
        .map(|_| ()))?,
    )
}

/// Forgets sessions that have expired.
///
/// # Errors
/// When the database does not answer.
pub async fn purge(db: &Db, now: i64) -> Result<()> {
    Ok(
        on!(db.write(), c => sqlx::query("DELETE FROM sessions WHERE expires_at <= $1")
        .bind(now)
        .execute(c)
        .await
        .map(|_| ()))?,
    )
}
