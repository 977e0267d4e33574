//! Days on which the house calls nobody.

use serde::Serialize;

use crate::{Db, Result, Tx, on};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow)]
pub struct Holiday {
    /// `YYYY-MM-DD`, on the called party's calendar.
    pub day: String,
    pub name: String,
}

/// All of a tenant, in order.
///
/// # Errors
/// When the database refuses.
pub async fn list(db: &Db, orgi: &str) -> Result<Vec<Holiday>> {
    Ok(on!(db.read(), c => sqlx::query_as(
        "SELECT day, name FROM holidays WHERE orgi = $1 ORDER BY day")
        .bind(orgi).fetch_all(c).await)?)
}

/// # Errors
/// When the database refuses.
pub async fn put(tx: &mut Tx, orgi: &str, holiday: &Holiday) -> Result<()> {
    on!(tx.conn(), c => sqlx::query(
        "INSERT INTO holidays (orgi, day, name) VALUES ($1, $2, $3)
         ON CONFLICT (orgi, day) DO UPDATE SET name = excluded.name")
        .bind(orgi).bind(&holiday.day).bind(&holiday.name).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// `false`: it was none.
///
/// # Errors
/// When the database refuses.
pub async fn delete(tx: &mut Tx, orgi: &str, day: &str) -> Result<bool> {
    let rows = on!(tx.conn(), c => sqlx::query("DELETE FROM holidays WHERE orgi = $1 AND day = $2")
        .bind(orgi).bind(day).execute(c).await.map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}
