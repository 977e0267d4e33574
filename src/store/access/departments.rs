//! Departments (部门).

use crate::{Db, Error, Result, Tx, on};

#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Department {
    pub id: String,
    pub orgi: String,
    pub name: String,
}

/// # Errors
/// `NAME_TAKEN` when the tenant has a department of this name.
pub async fn add(db: &Db, department: &Department) -> Result<()> {
    on!(db.write(), c => sqlx::query("INSERT INTO departments (id, orgi, name) VALUES ($1, $2, $3)")
        .bind(&department.id)
        .bind(&department.orgi)
        .bind(&department.name)
        .execute(c)
        .await
        .map(|_| ()))
    .map_err(|error| crate::Error::from(error).unique_as("NAME_TAKEN"))
}

/// # Errors
/// When the database does not answer.
pub async fn get(db: &Db, orgi: &str, id: &str) -> Result<Option<Department>> {
    Ok(
        on!(db.read(), c => sqlx::query_as("SELECT id, orgi, name FROM departments WHERE orgi = $1 AND id = $2")
        .bind(orgi)
        .bind(id)
        .fetch_optional(c)
        .await)?,
    )
}

/// All of a tenant's departments, by name.
///
/// # Errors
/// When the database does not answer.
pub async fn list(db: &Db, orgi: &str) -> Result<Vec<Department>> {
    Ok(
        on!(db.read(), c => sqlx::query_as("SELECT id, orgi, name FROM departments WHERE orgi = $1 ORDER BY name")
        .bind(orgi)
        .fetch_all(c)
        .await)?,
    )
}

/// Whether the tenant has any department.
///
/// # Errors
/// When the database does not answer.
pub async fn are_there(db: &Db, orgi: &str) -> Result<bool> {
    let one: Option<String> = on!(db.read(), c => sqlx::query_scalar(
        "SELECT id FROM departments WHERE orgi = $1 LIMIT 1"
    ).bind(orgi).fetch_optional(c).await)?;
    Ok(one.is_some())
}

/// Gives a department another name. `false`: there is none.
///
/// # Errors
/// `NAME_TAKEN` when the tenant has another department of this name.
pub async fn rename(db: &Db, orgi: &str, id: &str, name: &str) -> Result<bool> {
    let rows = on!(db.write(), c => sqlx::query(
        "UPDATE departments SET name = $3 WHERE orgi = $1 AND id = $2"
    ).bind(orgi).bind(id).bind(name).execute(c).await.map(|done| done.rows_affected()))
    .map_err(|error| Error::from(error).unique_as("NAME_TAKEN"))?;
    Ok(rows == 1)
}

/// Deletes a department with its heads and its outbound settings. `false`: there is none.
///
/// # Errors
/// `DEPARTMENT_IN_USE` while users belong to it, it has leads, or a campaign gives it some.
pub async fn delete(tx: &mut Tx, orgi: &str, id: &str) -> Result<bool> {
    let used: i64 = on!(tx.conn(), c => sqlx::query_scalar(
        "SELECT (SELECT COUNT(*) FROM users WHERE department_id = $1)
             + (SELECT COUNT(*) FROM leads WHERE alloc_type = 'department' AND alloc_target = $1)
             + (SELECT COUNT(*) FROM targets WHERE target_type = 'department' AND target_id = $1)"
    ).bind(id).fetch_one(c).await)?;
    if used > 0 {
        return Err(Error::conflict("DEPARTMENT_IN_USE"));
    }
    on!(tx.conn(), c => sqlx::query(
        "DELETE FROM outbound_settings WHERE orgi = $1 AND scope = 'department' AND scope_id = $2"
    ).bind(orgi).bind(id).execute(c).await.map(|_| ()))?;
    let rows = on!(tx.conn(), c => sqlx::query(
        "DELETE FROM departments WHERE orgi = $1 AND id = $2"
    ).bind(orgi).bind(id).execute(c).await.map(|done| done.rows_affected()))
    .map_err(|error| Error::from(error).reference_as("DEPARTMENT_IN_USE"))?;
    Ok(rows == 1)
}
