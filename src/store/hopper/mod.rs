//! The hopper: leads that a floor has reserved and will dial, and those it gives back.
//!
//! A lead without `next_dial_at` has its final state. Leads that come back, and those with an
//! appointment, are drawn when that time has come, the earliest first; then those that were never dialled, by `call_rank`, which
//! `engine::draw` gave them. Each of the two has an index of its own with nothing in it but what may
//! be drawn, so that a draw reads as many rows as it takes, however long the list is.

mod draw;
mod left;
mod pick;

#[cfg(test)]
mod plans;
#[cfg(test)]
mod tests;

use engine::{
    draw::late,
    gate::{Block, Facts},
    time::Millis,
};

pub use draw::{Drawn, draw};
pub use left::{Left, UNDONE_MOST, what_is_left};
pub use pick::pick;

use crate::{Db, Result, on};

/// Fresh facts for the gate; `None` when the lead is no longer this node's to dial.
///
/// # Errors
/// When the database refuses.
pub async fn facts(
    db: &Db,
    node: &str,
    lead: &str,
    number: &str,
    day_start: Millis,
) -> Result<Option<Facts>> {
    let row: Option<(bool, bool, i64, i64, i64)> = on!(db.read(), c => sqlx::query_as(
        "SELECT l.voided,
                (l.dnc OR EXISTS (SELECT 1 FROM dnc d WHERE d.orgi = l.orgi AND d.number = $3)),
                (SELECT COUNT(*) FROM attempts a WHERE a.lead_id = l.id AND a.counted),
                (SELECT COUNT(*) FROM attempts a WHERE a.orgi = l.orgi AND a.number = $3
                     AND a.reserved_at >= $4 AND a.counted),
                (SELECT COUNT(*) FROM attempts a WHERE a.orgi = l.orgi AND a.number = $3
                     AND a.state = 'open')
         FROM leads l WHERE l.id = $1 AND l.reserved_by = $2 AND l.call_status <> 'calling'")
        .bind(lead).bind(node).bind(number).bind(day_start.0).fetch_optional(c).await)?;
    Ok(
        row.map(|(voided, dnc, attempts, attempts_today, live)| Facts {
            dnc,
            voided,
            attempts: u32::try_from(attempts).unwrap_or(u32::MAX),
            attempts_today: u32::try_from(attempts_today).unwrap_or(u32::MAX),
            live: live > 0,
        }),
    )
}

/// The gate said no: the verdict stays with the lead, no attempt is counted.
///
/// # Errors
/// When the database refuses.
pub async fn block(
    db: &Db,
    lead: &str,
    block: Block,
    retry_at: Option<Millis>,
    now: Millis,
) -> Result<()> {
    on!(db.write(), c => sqlx::query(
        "UPDATE leads SET blocked = $2, next_dial_at = $3, reserved_by = NULL,
             reserved_at = NULL, updated_at = $4, call_rank = $5, call_key = ''
         WHERE id = $1")
        .bind(lead).bind(block.as_str()).bind(retry_at.map(|at| at.0)).bind(now.0)
        .bind(retry_at.map(late))
        .execute(c).await.map(|_| ()))?;
    Ok(())
}

/// Gives a lead back; `retry_at` keeps it away for a while.
///
/// # Errors
/// When the database refuses.
pub async fn release(db: &Db, lead: &str, retry_at: Option<Millis>) -> Result<()> {
    on!(db.write(), c => sqlx::query(
        "UPDATE leads SET reserved_by = NULL, reserved_at = NULL,
             next_dial_at = COALESCE($2, next_dial_at), call_rank = COALESCE($3, call_rank)
         WHERE id = $1 AND call_status <> 'calling'")
        .bind(lead).bind(retry_at.map(|at| at.0)).bind(retry_at.map(late)).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// Gives back every lead of a campaign that this node holds and does not dial.
///
/// # Errors
/// When the database refuses.
pub async fn release_all(db: &Db, node: &str, campaign: &str) -> Result<()> {
    on!(db.write(), c => sqlx::query(
        "UPDATE leads SET reserved_by = NULL, reserved_at = NULL
         WHERE campaign_id = $1 AND reserved_by = $2 AND call_status <> 'calling'")
        .bind(campaign).bind(node).execute(c).await.map(|_| ()))?;
    Ok(())
}
