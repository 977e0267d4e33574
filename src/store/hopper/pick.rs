//! Reserving the lead that an agent picked.

use engine::{floor::Lead, time::Millis};

use super::draw::Row;
use crate::{Db, Result, on};

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
    let row: Option<Row> = on!(db.write(), c => sqlx::query_as(
        "UPDATE leads SET reserved_by = $4, reserved_at = $5
         WHERE id = $1 AND campaign_id = $2 AND alloc_type = 'agent' AND alloc_target = $3
             AND reserved_by IS NULL AND voided = FALSE AND call_status <> 'calling'
             AND next_dial_at IS NOT NULL
         RETURNING id, task_id, batch_id, phone, dial_count, next_dial_at AS first_by,
             call_key AS then_by, position"
    ).bind(lead).bind(campaign).bind(agent).bind(node).bind(now.0).fetch_optional(c).await)?;
    Ok(row.map(Into::into))
}
