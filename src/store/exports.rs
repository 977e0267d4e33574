//! Files of leads to take away (OUT-083).

use engine::{lead_query::Asked, time::Millis};
use serde::{Deserialize, Serialize};
use sqlx::FromRow;

use crate::{Db, Doc, Result, Tx, doc, new_id, on};

/// What is to be written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ask {
    pub search: Asked,
    /// Field codes in the order wanted; empty: every field that may be exported.
    pub columns: Vec<String>,
    /// Hidden fields in full.
    pub reveal: bool,
}

#[derive(Debug, Clone, PartialEq, FromRow, Serialize)]
pub struct Export {
    pub id: String,
    pub orgi: String,
    pub batch_id: String,
    pub title: String,
    /// `xlsx` or `csv`.
    pub format: String,
    #[sqlx(try_from = "String")]
    pub query: Doc<Ask>,
    /// `queued`, `succeeded` or `failed`.
    pub state: String,
    pub rows: i64,
    pub error_code: Option<String>,
    pub job_id: Option<String>,
    pub created_by: String,
    pub created_at: i64,
    pub finished_at: Option<i64>,
}

#[derive(Debug, Clone)]
pub struct NewExport<'a> {
    pub orgi: &'a str,
    pub batch_id: &'a str,
    pub title: &'a str,
    pub format: &'a str,
    pub ask: &'a Ask,
    pub created_by: &'a str,
}

/// Records an export. Enqueue `work::Work::ExportLeads` in the same write.
///
/// # Errors
/// When the database fails.
pub async fn create(tx: &mut Tx, new: &NewExport<'_>, now: Millis) -> Result<String> {
    let id = new_id("exp");
    let ask = doc::text("export", new.ask)?;
    on!(tx.conn(), c => sqlx::query(
        "INSERT INTO exports (id, orgi, batch_id, title, format, query, state, created_by, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, 'queued', $7, $8)"
    ).bind(&id).bind(new.orgi).bind(new.batch_id).bind(new.title).bind(new.format).bind(ask)
        .bind(new.created_by).bind(now.0).execute(c).await.map(|_| ()))?;
    Ok(id)
}

/// # Errors
/// When the database fails.
pub async fn get(db: &Db, id: &str) -> Result<Option<Export>> {
    Ok(
        on!(db.read(), c => sqlx::query_as("SELECT * FROM exports WHERE id = $1")
        .bind(id).fetch_optional(c).await)?,
    )
}

/// # Errors
/// When the database fails.
pub async fn succeed(tx: &mut Tx, id: &str, rows: i64, now: Millis) -> Result<()> {
    on!(tx.conn(), c => sqlx::query(
        "UPDATE exports SET state = 'succeeded', rows = $2, finished_at = $3 WHERE id = $1"
    ).bind(id).bind(rows).bind(now.0).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// # Errors
/// When the database fails.
pub async fn fail(tx: &mut Tx, id: &str, code: &str, now: Millis) -> Result<()> {
    on!(tx.conn(), c => sqlx::query(
        "UPDATE exports SET state = 'failed', error_code = $2, finished_at = $3 WHERE id = $1"
    ).bind(id).bind(code).bind(now.0).execute(c).await.map(|_| ()))?;
    Ok(())
}
