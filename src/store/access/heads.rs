//! Heads of departments (部门负责人): they see what their department was given and hand it on
//! (OUT-130).

use sqlx::FromRow;

use crate::{Db, Result, Tx, on};

#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Head {
    pub user_id: String,
    pub username: String,
    pub display_name: String,
}

/// A department's heads, by user name.
///
/// # Errors
/// When the database fails.
pub async fn of_department(db: &Db, department: &str) -> Result<Vec<Head>> {
    Ok(on!(db.read(), c => sqlx::query_as(
        "SELECT u.id AS user_id, u.username, u.display_name
         FROM department_heads h JOIN users u ON u.id = h.user_id
         WHERE h.department_id = $1 ORDER BY u.username"
    ).bind(department).fetch_all(c).await)?)
}

/// The departments that a user heads.
///
/// # Errors
/// When the database fails.
pub async fn of_user(db: &Db, user: &str) -> Result<Vec<String>> {
    Ok(on!(db.read(), c => sqlx::query_scalar(
        "SELECT department_id FROM department_heads WHERE user_id = $1 ORDER BY department_id"
    ).bind(user).fetch_all(c).await)?)
}

/// Makes these users, and no others, the department's heads. The caller has looked the department up.
///
/// # Errors
/// `NO_SUCH_USER` when one is none of the tenant's; then drop the write.
pub async fn replace(tx: &mut Tx, orgi: &str, department: &str, users: &[String]) -> Result<()> {
    on!(tx.conn(), c => sqlx::query("DELETE FROM department_heads WHERE department_id = $1")
        .bind(department).execute(c).await.map(|_| ()))?;
    for user in users {
        let rows = on!(tx.conn(), c => sqlx::query(
            "INSERT INTO department_heads (department_id, user_id)
             SELECT $1, u.id FROM users u WHERE u.id = $2 AND u.orgi = $3"
        ).bind(department).bind(user).bind(orgi).execute(c).await
            .map(|done| done.rows_affected()))?;
        if rows == 0 {
            return Err(crate::Error::conflict("NO_SUCH_USER"));
        }
    }
    Ok(())
}
