//! The hopper: leads that a floor has reserved and will dial, and those it gives back.
//!
//! A lead without `next_dial_at` has its final state. Leads that come back, and those with an
//! appointment, are drawn when that time has come, the earliest first; then those that were never dialled, by `call_rank`, which
//! `engine::draw` gave them. Each of the two has an index of its own with nothing in it but what may
//! be drawn, so that a draw reads as many rows as it takes, however long the list is.

mod draw;
mod facts;
mod left;
mod pick;

#[cfg(test)]
mod plans;
#[cfg(test)]
mod tests;

use engine::{draw::late, gate::Block, time::Millis};

pub use draw::{Drawn, draw};
pub(crate) use facts::{Book, Past, consent, holidays, pasts, said};
pub use facts::{callers_of_call, facts, facts_of_number};
pub use left::{Left, UNDONE_MOST, what_is_left};
pub use pick::pick;

use crate::{Db, Result, on, reservations};

/// The gate said no: the verdict stays with the lead, no attempt is counted. A lead that this node does
/// not hold any more, or that is being dialled, is left alone.
///
/// # Errors
/// When the database refuses.
pub async fn block(
    db: &Db,
    node: &str,
    lead: &str,
    block: Block,
    retry_at: Option<Millis>,
    basis: Option<&str>,
    now: Millis,
) -> Result<()> {
    let mut tx = db.begin().await?;
    if !reservations::give_back(&mut tx, lead, node).await? {
        return tx.rollback().await;
    }
    on!(tx.conn(), c => sqlx::query(
        "UPDATE leads SET blocked = $2, updated_at = $4, call_rank = $5, call_key = '', blocked_basis = $6,
             next_dial_at = CASE WHEN appointed AND appoint_at > $3 THEN appoint_at ELSE $3 END
         WHERE id = $1")
        .bind(lead).bind(block.as_str()).bind(retry_at.map(|at| at.0)).bind(now.0)
        .bind(retry_at.map(late)).bind(basis)
        .execute(c).await.map(|_| ()))?;
    tx.commit().await
}

/// Gives back a lead that this node holds and does not dial; `retry_at` keeps it away for a while, until
/// its appointment if that is later. One that it does not hold any more is left alone.
///
/// # Errors
/// When the database refuses.
pub async fn release(db: &Db, node: &str, lead: &str, retry_at: Option<Millis>) -> Result<()> {
    let mut tx = db.begin().await?;
    let held = reservations::give_back(&mut tx, lead, node).await?;
    if let Some(at) = retry_at.filter(|_| held) {
        on!(tx.conn(), c => sqlx::query(
            "UPDATE leads SET call_rank = $3,
                 next_dial_at = CASE WHEN appointed AND appoint_at > $2 THEN appoint_at ELSE $2 END
             WHERE id = $1")
            .bind(lead).bind(at.0).bind(late(at)).execute(c).await.map(|_| ()))?;
    }
    tx.commit().await
}

/// Gives back every lead of a campaign that this node holds and does not dial.
///
/// # Errors
/// When the database refuses.
pub async fn release_all(db: &Db, node: &str, campaign: &str) -> Result<()> {
    on!(db.write(), c => sqlx::query(
        "DELETE FROM reservations WHERE campaign_id = $1 AND node = $2 AND NOT EXISTS
             (SELECT 1 FROM leads l WHERE l.id = reservations.lead_id AND l.call_status = 'calling')")
        .bind(campaign).bind(node).execute(c).await.map(|_| ()))?;
    Ok(())
}
