//! Filter forms (筛选表单): over one batch, or over all batches of a business type.

use engine::{
    filter::{self, Column, Form, Known},
    time::Millis,
};
use serde::Serialize;
use sqlx::FromRow;

use crate::{Db, Doc, Error, Result, Tx, doc, fields, new_id, on};

/// The zone whose today a filter means when none is given.
pub const ZONE: &str = "Asia/Shanghai";

#[derive(Debug, Clone, PartialEq, FromRow, Serialize)]
pub struct Filter {
    pub id: String,
    pub orgi: String,
    pub creater: String,
    pub name: String,
    /// `batch` or `business`.
    pub filter_type: String,
    /// Of a batch filter.
    pub batch_id: Option<String>,
    /// Of a business filter: `followup` or `marketing`.
    pub business_type: Option<String>,
    pub description: String,
    #[sqlx(try_from = "String")]
    pub conditions: Doc<Form>,
    /// Whose today is meant.
    pub zone: String,
    /// The fields it asked about when it was saved.
    #[sqlx(try_from = "String")]
    #[serde(skip)]
    pub known: Doc<Vec<Known>>,
    pub created_at: i64,
    pub updated_at: i64,
}

/// What a filter selects from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over<'a> {
    Batch(&'a str),
    /// All batches of this business type whose template is saved (OUT-088).
    Business(&'a str),
}

impl<'a> Over<'a> {
    /// Of a stored filter or run.
    #[must_use]
    pub fn of(batch: Option<&'a str>, business: Option<&'a str>) -> Self {
        match batch {
            Some(batch) => Self::Batch(batch),
            None => Self::Business(business.unwrap_or_default()),
        }
    }

    #[must_use]
    pub fn batch(self) -> Option<&'a str> {
        match self {
            Self::Batch(batch) => Some(batch),
            Self::Business(_) => None,
        }
    }

    #[must_use]
    pub fn business(self) -> Option<&'a str> {
        match self {
            Self::Batch(_) => None,
            Self::Business(kind) => Some(kind),
        }
    }
}

impl Filter {
    #[must_use]
    pub fn over(&self) -> Over<'_> {
        Over::of(self.batch_id.as_deref(), self.business_type.as_deref())
    }
}

#[derive(Debug, Clone)]
pub struct NewFilter<'a> {
    pub orgi: &'a str,
    pub creater: &'a str,
    pub name: &'a str,
    pub over: Over<'a>,
    pub description: &'a str,
    pub form: &'a Form,
    pub zone: &'a str,
}

/// What can be asked of these leads.
///
/// # Errors
/// When the database fails.
pub async fn columns(tx: &mut Tx, over: Over<'_>) -> Result<Vec<Column>> {
    Ok(match over {
        Over::Batch(batch) => filter::columns(&fields::list_in(tx, batch).await?),
        Over::Business(_) => filter::business_columns(),
    })
}

/// # Errors
/// `NAME_TAKEN`; `NO_SUCH_BATCH`.
pub async fn create(tx: &mut Tx, new: &NewFilter<'_>, now: Millis) -> Result<String> {
    let id = new_id("flt");
    let known = filter::known(new.form, &columns(tx, new.over).await?);
    let (known, form) = (doc::text("filter", &known)?, doc::text("filter", new.form)?);
    let kind = new.over.batch().map_or("business", |_| "batch");
    let rows = on!(tx.conn(), c => sqlx::query(
        "INSERT INTO filters (id, orgi, creater, name, filter_type, batch_id, business_type,
             description, conditions, zone, known, created_at, updated_at)
         SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12
         WHERE $5 = 'business' OR EXISTS (SELECT 1 FROM batches
             WHERE id = $6 AND orgi = $2 AND state <> 'deleting')"
    ).bind(&id).bind(new.orgi).bind(new.creater).bind(new.name).bind(kind).bind(new.over.batch())
        .bind(new.over.business()).bind(new.description).bind(form).bind(new.zone).bind(known)
        .bind(now.0).execute(c).await.map(|done| done.rows_affected()))
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

/// The same within a write, and only while nothing else changes it.
pub(crate) async fn get_in(tx: &mut Tx, orgi: &str, id: &str) -> Result<Option<Filter>> {
    Ok(
        on!(tx.conn(), c => sqlx::query_as("SELECT * FROM filters WHERE orgi = $1 AND id = $2")
        .bind(orgi).bind(id).fetch_optional(c).await)?,
    )
}

/// Changes name, description and zone; what it asks stays, even where that can no longer be asked.
///
/// # Errors
/// `NAME_TAKEN`.
pub async fn rename(
    tx: &mut Tx,
    id: &str,
    name: &str,
    description: &str,
    zone: &str,
    now: Millis,
) -> Result<bool> {
    let rows = on!(tx.conn(), c => sqlx::query(
        "UPDATE filters SET name = $2, description = $3, zone = $4, updated_at = $5 WHERE id = $1"
    ).bind(id).bind(name).bind(description).bind(zone).bind(now.0).execute(c).await
        .map(|done| done.rows_affected()))
    .map_err(|error| Error::from(error).unique_as("NAME_TAKEN"))?;
    Ok(rows == 1)
}

/// Saves the conditions (OUT-098) and remembers what its fields are now. `false`: no such filter.
///
/// # Errors
/// When the database fails.
pub async fn save(
    tx: &mut Tx,
    filter: &Filter,
    form: &Form,
    zone: &str,
    now: Millis,
) -> Result<bool> {
    let known = filter::known(form, &columns(tx, filter.over()).await?);
    let (known, form) = (doc::text("filter", &known)?, doc::text("filter", form)?);
    let rows = on!(tx.conn(), c => sqlx::query(
        "UPDATE filters SET conditions = $2, zone = $3, known = $4, updated_at = $5 WHERE id = $1"
    ).bind(&filter.id).bind(form).bind(zone).bind(known).bind(now.0).execute(c).await
        .map(|done| done.rows_affected()))?;
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

#[cfg(test)]
mod tests;
