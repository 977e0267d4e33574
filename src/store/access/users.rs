//! Users: who may sign in.

use super::Role;
use crate::{Db, Error, Result, Tx, on};

#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct User {
    pub id: String,
    pub orgi: String,
    pub username: String,
    /// PHC string.
    pub password_hash: String,
    pub display_name: String,
    #[sqlx(try_from = "String")]
    pub role: Role,
    pub department_id: Option<String>,
    pub disabled: bool,
    pub created_at: i64,
}

const COLUMNS: &str =
    "id, orgi, username, password_hash, display_name, role, department_id, disabled, created_at";

/// # Errors
/// `USERNAME_TAKEN`, `NO_SUCH_DEPARTMENT`.
pub async fn add(db: &Db, user: &User) -> Result<()> {
    on!(db.write(), c => sqlx::query(
        "INSERT INTO users (id, orgi, username, password_hash, display_name, role, department_id,
            disabled, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)")
        .bind(&user.id)
        .bind(&user.orgi)
        .bind(&user.username)
        .bind(&user.password_hash)
        .bind(&user.display_name)
        .bind(user.role.as_str())
        .bind(&user.department_id)
        .bind(user.disabled)
        .bind(user.created_at)
        .execute(c)
        .await
        .map(|_| ()))
    .map_err(refused)
}

/// Adds the user when the house has none at all; `false` when somebody is there already.
///
/// # Errors
/// When the database does not answer.
pub async fn add_first(db: &Db, user: &User) -> Result<bool> {
    let rows = on!(db.write(), c => sqlx::query(
        "INSERT INTO users (id, orgi, username, password_hash, display_name, role, department_id,
            disabled, created_at)
         SELECT $1, $2, $3, $4, $5, $6, NULL, FALSE, $7 WHERE NOT EXISTS (SELECT 1 FROM users)")
        .bind(&user.id)
        .bind(&user.orgi)
        .bind(&user.username)
        .bind(&user.password_hash)
        .bind(&user.display_name)
        .bind(user.role.as_str())
        .bind(user.created_at)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// Writes everything but id, tenant, name and time of creation.
///
/// # Errors
/// `NO_SUCH_DEPARTMENT`; `Ok(false)` when the user is gone.
pub async fn update(db: &Db, user: &User) -> Result<bool> {
    let mut tx = db.begin().await?;
    let is_there = update_in(&mut tx, user).await?;
    tx.commit().await?;
    Ok(is_there)
}

/// The same as a part of a larger write.
///
/// # Errors
/// As [`update`].
pub async fn update_in(tx: &mut Tx, user: &User) -> Result<bool> {
    let rows = on!(tx.conn(), c => sqlx::query(
        "UPDATE users SET password_hash = $3, display_name = $4, role = $5, department_id = $6,
            disabled = $7 WHERE orgi = $1 AND id = $2")
        .bind(&user.orgi)
        .bind(&user.id)
        .bind(&user.password_hash)
        .bind(&user.display_name)
        .bind(user.role.as_str())
        .bind(&user.department_id)
        .bind(user.disabled)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))
    .map_err(refused)?;
    Ok(rows == 1)
}

/// # Errors
/// When the database does not answer.
pub async fn get(db: &Db, orgi: &str, id: &str) -> Result<Option<User>> {
    Ok(on!(db.read(), c => sqlx::query_as(sqlx::AssertSqlSafe(
        format!("SELECT {COLUMNS} FROM users WHERE orgi = $1 AND id = $2")))
        .bind(orgi)
        .bind(id)
        .fetch_optional(c)
        .await)?)
}

/// # Errors
/// When the database does not answer.
pub async fn by_username(db: &Db, username: &str) -> Result<Option<User>> {
    Ok(on!(db.read(), c => sqlx::query_as(sqlx::AssertSqlSafe(
        format!("SELECT {COLUMNS} FROM users WHERE username = $1")))
        .bind(username)
        .fetch_optional(c)
        .await)?)
}

/// Users in the order of their creation, after the one with id `after`.
///
/// # Errors
/// When the database does not answer.
pub async fn list(db: &Db, orgi: &str, after: &str, limit: i64) -> Result<Vec<User>> {
    Ok(on!(db.read(), c => sqlx::query_as(sqlx::AssertSqlSafe(
        format!("SELECT {COLUMNS} FROM users WHERE orgi = $1 AND id > $2 ORDER BY id LIMIT $3")))
        .bind(orgi)
        .bind(after)
        .bind(limit)
        .fetch_all(c)
        .await)?)
}

/// Administrators who can sign in.
///
/// # Errors
/// When the database does not answer.
pub async fn admins(db: &Db, orgi: &str) -> Result<i64> {
    Ok(on!(db.read(), c => sqlx::query_scalar(
        "SELECT COUNT(*) FROM users WHERE orgi = $1 AND role = 'admin' AND disabled = FALSE")
        .bind(orgi)
        .fetch_one(c)
        .await)?)
}

fn refused(error: sqlx::Error) -> Error {
    Error::from(error)
        .unique_as("USERNAME_TAKEN")
        .reference_as("NO_SUCH_DEPARTMENT")
}
