//! Rows that an import left out because their lead was there already.

use serde::Serialize;
use sqlx::{FromRow, QueryBuilder};

use crate::{Db, Result, Tx, on};

/// A row, and the lead that was first.
#[derive(Debug, Clone, PartialEq, Eq, FromRow, Serialize)]
pub struct Duplicate {
    /// As the spreadsheet shows it, from 1.
    pub row_no: i64,
    pub lead_id: String,
    /// The same import's row that the lead came from; `None` when it came from elsewhere.
    pub of_row: Option<i64>,
    /// Name of the lead's batch; `None` when the lead is gone.
    pub batch: Option<String>,
}

/// Stores at most 5,000 pairs of row and lead; those that are there stay.
///
/// # Errors
/// When the database fails.
pub async fn add(tx: &mut Tx, import: &str, rows: &[(i64, String)]) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    on!(tx.conn(), c => {
        let mut query = QueryBuilder::new("INSERT INTO duplicates (import_id, row_no, lead_id) ");
        query.push_values(rows, |mut row, (row_no, lead)| {
            row.push_bind(import.to_owned()).push_bind(*row_no).push_bind(lead.clone());
        });
        query.push(" ON CONFLICT DO NOTHING");
        query.build().execute(c).await.map(|_| ())
    })?;
    Ok(())
}

/// An import's duplicates in sheet order, those after the row `after` (0: from the start).
///
/// # Errors
/// When the database fails.
pub async fn page(db: &Db, import: &str, after: i64, limit: i64) -> Result<Vec<Duplicate>> {
    Ok(on!(db.read(), c => sqlx::query_as(
        "SELECT d.row_no, d.lead_id, b.name AS batch,
             CASE WHEN l.import_id = d.import_id THEN l.row_no END AS of_row
         FROM duplicates d LEFT JOIN leads l ON l.id = d.lead_id
         LEFT JOIN batches b ON b.id = l.batch_id
         WHERE d.import_id = $1 AND d.row_no > $2 ORDER BY d.row_no LIMIT $3"
    ).bind(import).bind(after).bind(limit).fetch_all(c).await)?)
}
