//! An agent's own list in numbers, and what came of the agent's dials (OUT-185, OUT-194).

use engine::{lead_query::Span, time::Millis};
use serde::Serialize;
use sqlx::FromRow;

use crate::{Db, Result, on};

/// Each number is that of a list of `GET /leads`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, FromRow, Serialize)]
pub struct Overview {
    pub assigned: i64,
    pub notcall: i64,
    /// Planned for today or overdue, and not taken out.
    pub due_today: i64,
    pub dialled_today: i64,
    pub success_today: i64,
    pub failed_today: i64,
    pub appointed: i64,
    pub appointed_today: i64,
    pub overdue: i64,
}

/// # Errors
/// When the database fails.
pub async fn overview(
    db: &Db,
    orgi: &str,
    agent: &str,
    today: Span,
    now: Millis,
) -> Result<Overview> {
    let from = today.from.unwrap_or(Millis(i64::MIN)).0;
    let to = today.to.unwrap_or(Millis(i64::MAX)).0;
    Ok(on!(db.read(), c => sqlx::query_as(
        "SELECT COUNT(*) AS assigned,
             COUNT(CASE WHEN call_status = 'notcall' THEN 1 END) AS notcall,
             COUNT(CASE WHEN next_dial_at < $4 AND NOT voided THEN 1 END) AS due_today,
             COUNT(CASE WHEN last_dial_at >= $3 AND last_dial_at < $4 THEN 1 END) AS dialled_today,
             COUNT(CASE WHEN last_dial_at >= $3 AND last_dial_at < $4
                 AND call_status = 'success' THEN 1 END) AS success_today,
             COUNT(CASE WHEN last_dial_at >= $3 AND last_dial_at < $4
                 AND call_status = 'failed' THEN 1 END) AS failed_today,
             COUNT(CASE WHEN appointed THEN 1 END) AS appointed,
             COUNT(CASE WHEN appointed AND appoint_at >= $3 AND appoint_at < $4 THEN 1 END)
                 AS appointed_today,
             COUNT(CASE WHEN appointed AND appoint_at < $5
                 AND (last_dial_at IS NULL OR last_dial_at < appoint_at) THEN 1 END) AS overdue
         FROM leads WHERE orgi = $1 AND alloc_type = 'agent' AND alloc_target = $2"
    ).bind(orgi).bind(agent).bind(from).bind(to).bind(now.0).fetch_one(c).await)?)
}

/// Leads of this campaign on the agent's list with which something is planned, besides the one that
/// is `shown`.
///
/// # Errors
/// When the database fails.
pub async fn left(db: &Db, campaign: &str, agent: &str, shown: &str) -> Result<i64> {
    Ok(on!(db.read(), c => sqlx::query_scalar(
        "SELECT COUNT(*) FROM leads WHERE campaign_id = $1 AND alloc_type = 'agent'
             AND alloc_target = $2 AND next_dial_at IS NOT NULL AND voided = FALSE AND id <> $3"
    ).bind(campaign).bind(agent).bind(shown).fetch_one(c).await)?)
}

/// A dial of an agent, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, FromRow, Serialize)]
pub struct AgentResult {
    /// The attempt's.
    pub id: String,
    pub call_id: String,
    pub lead_id: String,
    pub number: String,
    pub campaign_id: String,
    pub campaign: Option<String>,
    pub at: i64,
    pub outcome: Option<String>,
    pub disposition: Option<String>,
    pub talk_ms: Option<i64>,
    pub business_status: Option<String>,
    pub recording: Option<String>,
    pub recording_ms: Option<i64>,
}

/// An agent's dials, newest first, those before the attempt `before`. `recorded`: only those with a
/// recording.
///
/// # Errors
/// When the database fails.
pub async fn results(
    db: &Db,
    orgi: &str,
    agent: &str,
    recorded: bool,
    before: Option<&str>,
    limit: i64,
) -> Result<Vec<AgentResult>> {
    Ok(on!(db.read(), c => sqlx::query_as(
        "SELECT a.id, a.call_id, a.lead_id, a.number, a.campaign_id, m.name AS campaign,
             a.reserved_at AS at, a.outcome, k.disposition, k.talk_ms, l.business_status,
             k.recording, k.recording_ms
         FROM attempts a
         LEFT JOIN calls k ON k.id = a.call_id
         LEFT JOIN leads l ON l.id = a.lead_id
         LEFT JOIN campaigns m ON m.id = a.campaign_id
         WHERE a.orgi = $1 AND a.agent_id = $2 AND ($3 = '' OR a.id < $3)
             AND ($4 = 0 OR k.recording IS NOT NULL)
         ORDER BY a.id DESC LIMIT $5"
    ).bind(orgi).bind(agent).bind(before.unwrap_or_default()).bind(i64::from(recorded)).bind(limit)
        .fetch_all(c).await)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        leads, sample,
        testing::{about, on_both},
    };

    #[tokio::test]
    async fn what_is_left_is_planned_and_the_agents_own() {
        on_both(|home| async move {
            let db = &home.db;
            let (batch, fields) = sample::batch(db, "一").await;
            sample::leads(db, &batch, &fields, 5).await;
            let rows = leads::page(db, &batch, -1, 5).await.unwrap();
            for lead in &rows {
                let own = "UPDATE leads SET alloc_type = 'agent', alloc_target = '1001',
                    campaign_id = 'cmp_1', next_dial_at = 1 WHERE id = $1";
                about(db, &lead.id, own).await;
            }
            let count = async |agent: &str| left(db, "cmp_1", agent, &rows[0].id).await.unwrap();
            assert_eq!((count("1001").await, count("1002").await), (4, 0));
            for (lead, sql) in [
                (
                    &rows[1],
                    "UPDATE leads SET next_dial_at = NULL WHERE id = $1",
                ),
                (&rows[2], "UPDATE leads SET voided = TRUE WHERE id = $1"),
                (
                    &rows[3],
                    "UPDATE leads SET campaign_id = 'cmp_2' WHERE id = $1",
                ),
            ] {
                about(db, &lead.id, sql).await;
            }
            assert_eq!(count("1001").await, 1);
        })
        .await;
    }
}
