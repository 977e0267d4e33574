//! Rows that were not imported, and why.

use serde::Serialize;
use sqlx::{FromRow, QueryBuilder};

use crate::{Db, Doc, Result, Tx, doc, on};

#[derive(Debug, Clone, PartialEq, FromRow, Serialize)]
pub struct Reject {
    /// As the spreadsheet shows it, from 1.
    pub row_no: i64,
    pub column_title: String,
    pub code: String,
    pub reason: String,
    /// The row as it was.
    #[sqlx(try_from = "String")]
    pub cells: Doc<Vec<String>>,
}

#[derive(Debug, Clone)]
pub struct NewReject {
    pub row_no: i64,
    pub column_title: String,
    pub code: &'static str,
    pub reason: String,
    pub cells: Vec<String>,
}

/// Stores at most 5,000 rejects; those that are there stay.
///
/// # Errors
/// When the database fails.
pub async fn add(tx: &mut Tx, import: &str, rejects: &[NewReject]) -> Result<()> {
    if rejects.is_empty() {
        return Ok(());
    }
    let mut rows = Vec::with_capacity(rejects.len());
    for reject in rejects {
        rows.push((reject, doc::text("reject", &reject.cells)?));
    }
    on!(tx.conn(), c => {
        let mut query = QueryBuilder::new(
            "INSERT INTO rejects (import_id, row_no, column_title, code, reason, cells) ",
        );
        query.push_values(rows, |mut row, (reject, cells)| {
            row.push_bind(import.to_owned())
                .push_bind(reject.row_no)
                .push_bind(reject.column_title.clone())
                .push_bind(reject.code)
                .push_bind(reject.reason.clone())
                .push_bind(cells);
        });
        query.push(" ON CONFLICT (import_id, row_no) DO NOTHING");
        query.build().execute(c).await.map(|_| ())
    })?;
    Ok(())
}

/// An import's rejects in sheet order, those after the row `after` (0: from the start).
///
/// # Errors
/// When the database fails.
pub async fn page(db: &Db, import: &str, after: i64, limit: i64) -> Result<Vec<Reject>> {
    Ok(on!(db.read(), c => sqlx::query_as(
        "SELECT row_no, column_title, code, reason, cells FROM rejects
         WHERE import_id = $1 AND row_no > $2 ORDER BY row_no LIMIT $3"
    ).bind(import).bind(after).bind(limit).fetch_all(c).await)?)
}
