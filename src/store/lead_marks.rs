//! Marks that people put on a lead: an appointment, out, and in again (OUT-190 to OUT-193).

use engine::time::Millis;
use sqlx::FromRow;

use crate::{Db, Result, Tx, on, reservations};

/// Makes an appointment: at that time the lead is dialled next, whatever becomes of a dial that is under
/// way. Until then no floor holds it. `false`: no such lead.
///
/// # Errors
/// `LEAD_VOIDED` when the lead was taken out.
pub async fn appoint(tx: &mut Tx, lead: &str, at: Millis, note: &str, now: Millis) -> Result<bool> {
    let rows = on!(tx.conn(), c => sqlx::query(
        "UPDATE leads SET appointed = TRUE, appoint_at = $2, appoint_note = $3, reminded_at = NULL,
             next_dial_at = CASE WHEN campaign_id IS NULL THEN NULL ELSE $2 END,
             blocked = NULL, updated_at = $4
         WHERE id = $1 AND NOT voided"
    ).bind(lead).bind(at.0).bind(note).bind(now.0).execute(c).await
        .map(|done| done.rows_affected()))?;
    reservations::end_undialled(tx, lead).await?;
    or_voided(tx, lead, rows).await
}

/// Forgets an appointment. The lead is due at once, in its old place in the list, when it waited for it
/// and was never dialled; one that was dialled waits for nothing more. `false`: no such lead.
///
/// # Errors
/// When the database fails.
pub async fn disappoint(tx: &mut Tx, lead: &str, now: Millis) -> Result<bool> {
    let rows = on!(tx.conn(), c => sqlx::query(
        "UPDATE leads SET appointed = FALSE, appoint_at = NULL, appoint_note = NULL,
             reminded_at = NULL, updated_at = $2,
             call_rank = COALESCE(call_rank, position),
             next_dial_at = CASE WHEN next_dial_at = appoint_at
                 THEN CASE WHEN call_status = 'notcall' THEN $2 END ELSE next_dial_at END
         WHERE id = $1"
    ).bind(lead).bind(now.0).execute(c).await.map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// Takes a lead out: nobody dials it, also when a floor holds it already. Twice is once.
/// `false`: no such lead.
///
/// # Errors
/// When the database fails.
pub async fn void(tx: &mut Tx, lead: &str, reason: &str, by: &str, now: Millis) -> Result<bool> {
    let rows = on!(tx.conn(), c => sqlx::query(
        "UPDATE leads SET voided = TRUE, void_reason = $2, voided_by = $3, voided_at = $4,
             parked_dial_at = CASE WHEN voided THEN parked_dial_at ELSE next_dial_at END,
             next_dial_at = NULL, updated_at = $4
         WHERE id = $1"
    ).bind(lead).bind(reason).bind(by).bind(now.0).execute(c).await
        .map(|done| done.rows_affected()))?;
    reservations::end_undialled(tx, lead).await?;
    Ok(rows == 1)
}

/// Takes a lead in again, due when it was. `false`: no such lead.
///
/// # Errors
/// When the database fails.
pub async fn restore(tx: &mut Tx, lead: &str, now: Millis) -> Result<bool> {
    let rows = on!(tx.conn(), c => sqlx::query(
        "UPDATE leads SET voided = FALSE, void_reason = NULL, voided_by = NULL, voided_at = NULL,
             next_dial_at = CASE WHEN campaign_id IS NULL THEN NULL
                 ELSE COALESCE(next_dial_at, parked_dial_at) END,
             parked_dial_at = NULL, blocked = NULL, updated_at = $2
         WHERE id = $1"
    ).bind(lead).bind(now.0).execute(c).await.map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

async fn or_voided(tx: &mut Tx, lead: &str, rows: u64) -> Result<bool> {
    if rows == 1 {
        return Ok(true);
    }
    let there: i64 = on!(tx.conn(), c => sqlx::query_scalar(
        "SELECT COUNT(*) FROM leads WHERE id = $1"
    ).bind(lead).fetch_one(c).await)?;
    match there {
        0 => Ok(false),
        _ => Err(crate::Error::conflict("LEAD_VOIDED")),
    }
}

/// An agent's appointment whose time has come.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Due {
    pub lead_id: String,
    pub agent_id: String,
    pub campaign_id: Option<String>,
    pub appoint_at: i64,
    pub appoint_note: Option<String>,
}

/// Agents' appointments that have come and that nobody was told of yet; with this they are told of.
/// What is older than `oldest` is let be.
///
/// # Errors
/// When the database fails.
pub async fn remind(db: &Db, oldest: Millis, now: Millis) -> Result<Vec<Due>> {
    let waiting: Option<i64> = on!(db.read(), c => sqlx::query_scalar(
        "SELECT appoint_at FROM leads
         WHERE appointed AND reminded_at IS NULL AND appoint_at <= $1 AND appoint_at >= $2
             AND alloc_type = 'agent' AND NOT voided LIMIT 1"
    ).bind(now.0).bind(oldest.0).fetch_optional(c).await)?;
    if waiting.is_none() {
        return Ok(Vec::new());
    }
    Ok(on!(db.write(), c => sqlx::query_as(
        "UPDATE leads SET reminded_at = $1
         WHERE appointed AND reminded_at IS NULL AND appoint_at <= $1 AND appoint_at >= $2
             AND alloc_type = 'agent' AND alloc_target IS NOT NULL AND NOT voided
         RETURNING id AS lead_id, alloc_target AS agent_id, campaign_id, appoint_at, appoint_note"
    ).bind(now.0).bind(oldest.0).fetch_all(c).await)?)
}

#[cfg(test)]
mod tests;
