//! Leads that were given to somebody long ago and never dialled (OUT-153).

use engine::time::Millis;

use super::Held;
use crate::{Result, Tx, on, reservations::reserved};

/// The lists of leads that were never dialled, each with an index of its own.
const LISTS: [&str; 2] = ["alloc_type <> 'agent'", "alloc_type = 'agent'"];

/// Up to `limit` leads of a campaign that were given away at `before` or earlier, were never dialled
/// since, and can be: none that is reserved, voided, appointed or blocked for good.
///
/// # Errors
/// When the database fails.
pub async fn stale(tx: &mut Tx, campaign: &str, before: Millis, limit: i64) -> Result<Vec<Held>> {
    let mut found: Vec<Held> = Vec::new();
    for list in LISTS {
        let sql = format!(
            "SELECT id, position, task_id, campaign_id, alloc_type, alloc_status,
                 CAST(NULL AS TEXT) AS department
             FROM leads WHERE campaign_id = $1 AND call_status = 'notcall' AND appointed = FALSE
                 AND voided = FALSE AND next_dial_at IS NOT NULL AND call_rank IS NOT NULL
                 AND {list} AND alloc_at <= $2 AND NOT {} LIMIT $3",
            reserved!("leads.id")
        );
        let room = limit - i64::try_from(found.len()).unwrap_or(i64::MAX);
        let rows: Vec<Held> = on!(tx.conn(), c => sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .bind(campaign).bind(before.0).bind(room).fetch_all(c).await)?;
        found.extend(rows);
    }
    Ok(found)
}
