//! Reserving the lead that an agent picked.

use engine::{floor::Lead, time::Millis};

use super::draw::{COLUMNS, Row, hold};
use crate::{Db, Result, Tx, on};

/// Reserves a lead of the agent's own list for `node`, whether it is due or not. `None`: it is not the
/// agent's, was taken out, has its final state, or is in somebody's hand.
///
/// # Errors
/// When the database refuses; then nothing is reserved.
pub async fn pick(
    db: &Db,
    node: &str,
    (campaign, agent): (&str, &str),
    lead: &str,
    now: Millis,
) -> Result<Option<Lead>> {
    let mut tx = db.begin().await?;
    let lock = match tx {
        Tx::Lite(_) => "",
        Tx::Pg(_) => "FOR UPDATE",
    };
    let sql = format!(
        "SELECT {COLUMNS} FROM leads
         WHERE id = $1 AND campaign_id = $2 AND alloc_type = 'agent' AND alloc_target = $3
             AND voided = FALSE AND call_status <> 'calling' AND next_dial_at IS NOT NULL {lock}"
    );
    let row: Option<Row> = on!(tx.conn(), c => sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(lead).bind(campaign).bind(agent).fetch_optional(c).await)?;
    let rows = row.into_iter().collect();
    let mut held = hold(&mut tx, rows, campaign, node, now).await?;
    tx.commit().await?;
    Ok(held.pop())
}
