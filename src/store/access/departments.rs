//! Departments (部门).

use crate::{Db, Result, on};

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
