//! Attempts: one row a dial, written before the INVITE leaves.

use engine::{
    draw::late,
    floor::{CloseAttempt, CloseCall, OpenAttempt},
    outcome::Outcome,
    time::Millis,
};
use serde::Serialize;

use crate::{Db, Result, Tx, dnc, doc, leads, on, reservations, segments};

/// The lead is being dialled now. `false`: it is no longer this node's.
pub(crate) async fn take_lead(tx: &mut Tx, node: &str, open: &OpenAttempt) -> Result<bool> {
    let lead = open.call.lead.as_ref().map(|lead| lead.as_str());
    let rows = on!(tx.conn(), c => sqlx::query(
        "UPDATE leads SET call_status = 'calling', dial_count = dial_count + 1,
             last_dial_at = $3, blocked = NULL, blocked_basis = NULL, updated_at = $3
         WHERE id = $1 AND call_status <> 'calling' AND EXISTS
             (SELECT 1 FROM reservations r WHERE r.lead_id = $1 AND r.node = $2)")
        .bind(lead).bind(node).bind(open.call.started_at.0)
        .execute(c).await.map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// Writes the attempt. `false`: the number is in another live attempt.
pub(crate) async fn insert(tx: &mut Tx, node: &str, open: &OpenAttempt) -> Result<bool> {
    if open.call.is_test {
        return insert_test(tx, node, open).await;
    }
    let call = &open.call;
    let verdict = doc::text("verdict", &open.verdict)?;
    let rows = on!(tx.conn(), c => sqlx::query(
        "INSERT INTO attempts (id, orgi, lead_id, batch_id, task_id, campaign_id, mode, agent_id,
             queue_id, caller, number, gateway_id, verdict, node, state, reserved_at, call_id, person)
         SELECT $1, l.orgi, l.id, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 'open', $14, $15, $16
         FROM leads l WHERE l.id = $2
         ON CONFLICT DO NOTHING")
        .bind(open.attempt.to_string())
        .bind(call.lead.as_ref().map(|lead| lead.as_str()))
        .bind(&open.batch)
        .bind(call.task.as_ref().map(|task| task.as_str()))
        .bind(call.campaign.as_ref().map(|campaign| campaign.as_str()))
        .bind(call.mode.map(|mode| mode.as_str()))
        .bind(call.agent.as_ref().map(|agent| agent.as_str()))
        .bind(call.queue.as_ref().map(|queue| queue.as_str()))
        .bind(&call.caller).bind(&open.number).bind(open.gateway.as_str()).bind(&verdict)
        .bind(node).bind(call.started_at.0).bind(call.id.to_string())
        .bind(&open.verdict.facts.said.person)
        .execute(c).await.map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// The attempt of a test call: no lead's, and counted nowhere (OUT-220).
async fn insert_test(tx: &mut Tx, node: &str, open: &OpenAttempt) -> Result<bool> {
    let call = &open.call;
    let verdict = doc::text("verdict", &open.verdict)?;
    let rows = on!(tx.conn(), c => sqlx::query(
        "INSERT INTO attempts (id, orgi, lead_id, batch_id, campaign_id, mode, caller, number,
             gateway_id, verdict, node, state, reserved_at, call_id, counted)
         SELECT $1, k.orgi, '', '', k.id, 'test', $3, $4, $5, $6, $7, 'open', $8, $9, FALSE
         FROM campaigns k WHERE k.id = $2
         ON CONFLICT DO NOTHING")
        .bind(open.attempt.to_string())
        .bind(call.campaign.as_ref().map(|campaign| campaign.as_str()))
        .bind(&call.caller).bind(&open.number).bind(open.gateway.as_str()).bind(&verdict)
        .bind(node).bind(call.started_at.0).bind(call.id.to_string())
        .execute(c).await.map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// Whether this very attempt is written and open.
pub(crate) async fn is_open(db: &Db, node: &str, open: &OpenAttempt) -> Result<bool> {
    let rows: i64 = on!(db.read(), c => sqlx::query_scalar(
        "SELECT COUNT(*) FROM attempts WHERE id = $1 AND node = $2 AND state = 'open'")
        .bind(open.attempt.to_string()).bind(node).fetch_one(c).await)?;
    Ok(rows == 1)
}

/// Closes an attempt and gives its lead its next step.
pub(crate) async fn close(tx: &mut Tx, close: &CloseAttempt, call: &CloseCall) -> Result<()> {
    let ended = call.times.ended.unwrap_or_default();
    on!(tx.conn(), c => sqlx::query(
        "UPDATE attempts SET state = 'closed', ringing_at = $2, answered_at = $3, bridged_at = $4,
             ended_at = $5, sip_status = $6, q850 = $7, reason = $8, outcome = $9, counted = $10,
             agent_id = $11, transport = $12, answer_class = $13, abandoned = $14,
             gateway_id = COALESCE($15, gateway_id), dialled = $16
         WHERE id = $1 AND state = 'open'")
        .bind(close.id.to_string())
        .bind(call.times.ringing.map(|at| at.0))
        .bind(call.times.answered.map(|at| at.0))
        .bind(call.times.bridged.map(|at| at.0))
        .bind(ended.0)
        .bind(call.sip_status.map(i64::from))
        .bind(call.q850.map(i64::from))
        .bind(&call.reason)
        .bind(call.outcome.as_str())
        .bind(close.counted)
        .bind(call.agent.as_ref().map(|agent| agent.as_str()))
        .bind(call.transport.as_str()).bind(call.answer_class.as_str()).bind(call.abandoned)
        .bind(call.gateway.as_ref().map(|gateway| gateway.as_str())).bind(close.dialled)
        .execute(c).await.map(|_| ()))?;
    if close.suppress {
        opt_out(tx, close, ended).await?;
    }
    settle(tx, close, call.outcome, ended).await
}

/// The called party's side said that it wants no such calls.
async fn opt_out(tx: &mut Tx, close: &CloseAttempt, now: Millis) -> Result<()> {
    let found: Option<(String, String)> = on!(tx.conn(), c => sqlx::query_as(
        "SELECT orgi, number FROM attempts WHERE id = $1")
        .bind(close.id.to_string()).fetch_optional(c).await)?;
    if let Some((orgi, number)) = found {
        dnc::add(tx, &orgi, &number, "refused as unwanted (607)", None, now).await?;
    }
    Ok(())
}

/// The lead's next step after an attempt. An appointment that is still to come stands, also one that was
/// made during the call.
pub(crate) async fn settle(
    tx: &mut Tx,
    close: &CloseAttempt,
    outcome: Outcome,
    now: Millis,
) -> Result<()> {
    let failed = i64::from(close.dialled && !outcome.is_success());
    let rows = on!(tx.conn(), c => sqlx::query(
        "UPDATE leads SET call_status = $2, outcome = $3,
             next_dial_at = CASE WHEN appointed AND appoint_at > $6 THEN appoint_at ELSE $4 END,
             fail_count = fail_count + $5, updated_at = $6,
             call_rank = $7, call_key = '', dial_count = dial_count - $8
         WHERE id = $1 AND call_status = 'calling'")
        .bind(close.lead.as_str()).bind(close.status.as_str()).bind(outcome.as_str())
        .bind(close.next_dial_at.map(|at| at.0)).bind(failed).bind(now.0)
        .bind(close.next_dial_at.map(late)).bind(i64::from(close.given_back))
        .execute(c).await.map(|done| done.rows_affected()))?;
    if rows == 1 {
        reservations::end(tx, close.lead.as_str()).await?;
    }
    match &close.number {
        Some(number) if rows == 1 => go_on_with(tx, close.lead.as_str(), number).await,
        _ => Ok(()),
    }
}

/// From now on the lead is dialled at this one of its numbers.
async fn go_on_with(tx: &mut Tx, lead: &str, number: &str) -> Result<()> {
    let orgi: String = on!(tx.conn(), c => sqlx::query_scalar(
        "SELECT orgi FROM leads WHERE id = $1").bind(lead).fetch_one(c).await)?;
    let listed = leads::dnc_among(tx, &orgi, vec![number.to_owned()]).await?;
    let (batch, position): (String, i64) = on!(tx.conn(), c => sqlx::query_as(
        "UPDATE leads SET phone = $2, dnc = $3 WHERE id = $1 RETURNING batch_id, position")
        .bind(lead).bind(number).bind(listed.contains(number))
        .fetch_one(c).await)?;
    segments::dirty(tx, &batch, &[position]).await
}

/// An attempt as lists show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow)]
pub struct Attempt {
    pub id: String,
    pub lead_id: String,
    pub task_id: Option<String>,
    pub campaign_id: String,
    /// preview, predictive, robot or test.
    pub mode: String,
    pub is_test: bool,
    pub agent_id: Option<String>,
    pub caller: String,
    pub number: String,
    pub gateway_id: String,
    pub state: String,
    pub reserved_at: i64,
    pub ringing_at: Option<i64>,
    pub answered_at: Option<i64>,
    pub bridged_at: Option<i64>,
    pub ended_at: Option<i64>,
    pub sip_status: Option<i64>,
    pub q850: Option<i64>,
    pub reason: Option<String>,
    pub outcome: Option<String>,
    /// What the network did; `outcome` is what came of it.
    pub transport: Option<String>,
    /// Who answered.
    pub answer_class: Option<String>,
    pub call_id: String,
    /// FALSE: no INVITE left.
    pub dialled: bool,
    pub counted: bool,
}

/// Attempts of a tenant, newest first, of one lead or campaign when given, before `before`
/// (an attempt id: ids rise with time).
///
/// # Errors
/// When the database refuses.
pub async fn page(
    db: &Db,
    orgi: &str,
    lead: Option<&str>,
    campaign: Option<&str>,
    before: Option<&str>,
    limit: u32,
) -> Result<Vec<Attempt>> {
    Ok(on!(db.read(), c => sqlx::query_as(
        "SELECT id, lead_id, task_id, campaign_id, mode, (mode = 'test') AS is_test, agent_id, caller, number, gateway_id,
                state, reserved_at, ringing_at, answered_at, bridged_at, ended_at, sip_status,
                q850, reason, outcome, transport, answer_class, call_id, dialled, counted
         FROM attempts
         WHERE orgi = $1 AND ($2 IS NULL OR lead_id = $2) AND ($3 IS NULL OR campaign_id = $3)
           AND ($4 IS NULL OR id < $4)
         ORDER BY id DESC LIMIT $5")
        .bind(orgi).bind(lead).bind(campaign).bind(before).bind(i64::from(limit))
        .fetch_all(c).await)?)
}
