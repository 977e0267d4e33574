//! Filter forms (筛选表单).

use engine::{filter::Condition, time::Millis};
use serde::Serialize;
use sqlx::FromRow;

use crate::{Db, Doc, Error, Result, Tx, doc, new_id, on};

#[derive(Debug, Clone, PartialEq, FromRow, Serialize)]
pub struct Filter {
    pub id: String,
    pub orgi: String,
    pub creater: String,
    pub name: String,
    /// `batch`.
    pub filter_type: String,
    pub batch_id: String,
    pub description: String,
    #[sqlx(try_from = "String")]
    pub conditions: Doc<Vec<Condition>>,
    pub created_at: i64,
    pub updated_at: i64,
}

#[derive(Debug, Clone)]
pub struct NewFilter<'a> {
    pub orgi: &'a str,
    pub creater: &'a str,
    pub name: &'a str,
    pub batch_id: &'a str,
    pub description: &'a str,
    pub conditions: &'a [Condition],
}

/// # Errors
/// `NAME_TAKEN`; `NO_SUCH_BATCH`.
pub async fn create(tx: &mut Tx, new: &NewFilter<'_>, now: Millis) -> Result<String> {
    let id = new_id("flt");
    let conditions = doc::text("filter", new.conditions)?;
    let rows = on!(tx.conn(), c => sqlx::query(
        "INSERT INTO filters (id, orgi, creater, name, filter_type, batch_id, description,
             conditions, created_at, updated_at)
         SELECT $1, $2, $3, $4, 'batch', b.id, $6, $7, $8, $8 FROM batches b
         WHERE b.id = $5 AND b.orgi = $2"
    ).bind(&id).bind(new.orgi).bind(new.creater).bind(new.name).bind(new.batch_id)
        .bind(new.description).bind(conditions).bind(now.0).execute(c).await
        .map(|done| done.rows_affected()))
    .map_err(|error| Error::from(error).unique_as("NAME_TAKEN"))?;
    if rows == 1 {
        Ok(id)
    } else {
        Err(Error::conflict("NO_SUCH_BATCH"))
    }
}

/// # Errors
/// When the database fails.
pub async fn get(db: &Db, orgi: &str, id: &str) -> Result<Option<Filter>> {
    Ok(
        on!(db.read(), c => sqlx::query_as("SELECT * FROM filters WHERE orgi = $1 AND id = $2")
        .bind(orgi).bind(id).fetch_optional(c).await)?,
    )
}

/// The tenant's filters, newest first, those before the id `before`.
///
/// # Errors
/// When the database fails.
pub async fn list(db: &Db, orgi: &str, before: Option<&str>, limit: i64) -> Result<Vec<Filter>> {
    Ok(on!(db.read(), c => sqlx::query_as(
        "SELECT * FROM filters WHERE orgi = $1 AND ($2 = '' OR id < $2) ORDER BY id DESC LIMIT $3"
    ).bind(orgi).bind(before.unwrap_or_default()).bind(limit).fetch_all(c).await)?)
}

/// Saves name, description and conditions (OUT-098). `false`: no such filter.
///
/// # Errors
/// `NAME_TAKEN`.
pub async fn save(
    tx: &mut Tx,
    id: &str,
    name: &str,
    description: &str,
    conditions: &[Condition],
    now: Millis,
) -> Result<bool> {
    let conditions = doc::text("filter", conditions)?;
    let rows = on!(tx.conn(), c => sqlx::query(
        "UPDATE filters SET name = $2, description = $3, conditions = $4, updated_at = $5
         WHERE id = $1"
    ).bind(id).bind(name).bind(description).bind(conditions).bind(now.0).execute(c).await
        .map(|done| done.rows_affected()))
    .map_err(|error| Error::from(error).unique_as("NAME_TAKEN"))?;
    Ok(rows == 1)
}

/// Deletes a filter with its runs.
///
/// # Errors
/// `FILTER_IN_USE` while a campaign uses it.
pub async fn delete(tx: &mut Tx, id: &str) -> Result<bool> {
    let used: i64 = on!(tx.conn(), c => sqlx::query_scalar(
        "SELECT COUNT(*) FROM campaigns WHERE filter_id = $1"
    ).bind(id).fetch_one(c).await)?;
    if used > 0 {
        return Err(Error::conflict("FILTER_IN_USE"));
    }
    on!(tx.conn(), c => sqlx::query("DELETE FROM filter_runs WHERE filter_id = $1")
        .bind(id).execute(c).await.map(|_| ()))?;
    let rows = on!(tx.conn(), c => sqlx::query("DELETE FROM filters WHERE id = $1")
        .bind(id).execute(c).await.map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}
