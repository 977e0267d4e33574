//! Which node holds which lead, from the draw to the end of its dial: one short row a lead.
//!
//! On PostgreSQL whoever reserves leads locks their rows first. A write that must not touch a lead
//! in somebody's hand therefore locks it too, and asks [`reserved!`] in a statement after that: the
//! one that had to wait for the lock still sees what was there before.

use engine::time::Millis;

use crate::{Result, Tx, doc, on};

/// The condition that some node holds the lead with this id. Asked as a value and not as a join, so
/// that PostgreSQL walks the leads in the order of their index and stops where it has enough.
macro_rules! reserved {
    ($lead:literal) => {
        concat!(
            "((SELECT r.node FROM reservations r WHERE r.lead_id = ",
            $lead,
            ") IS NOT NULL)"
        )
    };
}
pub(crate) use reserved;

/// Reserves leads, those that nobody has, and returns their ids.
///
/// # Errors
/// When the database fails.
pub(crate) async fn take(
    tx: &mut Tx,
    leads: &[&str],
    campaign: &str,
    node: &str,
    now: Millis,
) -> Result<Vec<String>> {
    let each = match tx {
        Tx::Lite(_) => "json_each($1)",
        Tx::Pg(_) => "json_array_elements_text($1::json) AS each (value)",
    };
    let sql = format!(
        "INSERT INTO reservations (lead_id, campaign_id, node, reserved_at)
         SELECT value, $2, $3, $4 FROM {each} WHERE TRUE
         ON CONFLICT DO NOTHING RETURNING lead_id"
    );
    let leads = doc::text("leads", leads)?;
    Ok(
        on!(tx.conn(), c => sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
        .bind(leads).bind(campaign).bind(node).bind(now.0).fetch_all(c).await)?,
    )
}

/// The lead is in nobody's hand any more.
///
/// # Errors
/// When the database fails.
pub(crate) async fn end(tx: &mut Tx, lead: &str) -> Result<()> {
    on!(tx.conn(), c => sqlx::query("DELETE FROM reservations WHERE lead_id = $1")
        .bind(lead).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// The same, unless the lead is being dialled: then the end of the dial gives it back.
///
/// # Errors
/// When the database fails.
pub(crate) async fn end_undialled(tx: &mut Tx, lead: &str) -> Result<()> {
    on!(tx.conn(), c => sqlx::query(
        "DELETE FROM reservations WHERE lead_id = $1 AND NOT EXISTS (SELECT 1 FROM leads l
             WHERE l.id = $1 AND l.call_status = 'calling')")
        .bind(lead).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// The lead is not in this node's hand any more, unless it is being dialled. `false`: it was not.
///
/// # Errors
/// When the database fails.
pub(crate) async fn give_back(tx: &mut Tx, lead: &str, node: &str) -> Result<bool> {
    let rows = on!(tx.conn(), c => sqlx::query(
        "DELETE FROM reservations WHERE lead_id = $1 AND node = $2 AND NOT EXISTS
             (SELECT 1 FROM leads l WHERE l.id = $1 AND l.call_status = 'calling')")
        .bind(lead).bind(node).execute(c).await.map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}
