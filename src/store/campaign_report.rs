//! What a campaign did, in sums. Test calls are in none of them (OUT-220).

use std::collections::BTreeMap;

use serde::Serialize;
use sqlx::FromRow;

use crate::{Db, Result, on};

/// Sums over a campaign's leads, attempts and calls. Times are milliseconds.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Report {
    pub campaign_id: String,
    pub leads: Leads,
    pub attempts: Attempts,
    pub calls: Calls,
    /// Closed attempts by outcome, dialled or not.
    pub outcomes: BTreeMap<String, i64>,
    /// Calls by disposition; `""`: none was given.
    pub dispositions: BTreeMap<String, i64>,
    /// What listening to answers came to: human, machine, fax, network or unsure.
    pub verdicts: BTreeMap<String, i64>,
    pub checks: Checks,
    pub surveys: Surveys,
    pub agents: Vec<AgentSum>,
}

/// What callers said who were asked how it was (RPT-054).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, FromRow, Serialize)]
pub struct Surveys {
    pub asked: i64,
    pub satisfied: i64,
    pub fair: i64,
    pub dissatisfied: i64,
    /// 未评价: asked, and nothing said that the survey knows.
    pub unanswered: i64,
}

/// Answers that were taken for machines, of a predictive campaign.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Checks {
    /// Brought to nobody.
    pub turned_away: u64,
    /// Brought to an agent all the same, who said what they were.
    pub checked: u64,
    /// Of the checked, persons.
    pub mistaken: u64,
}

#[derive(Debug, Clone, PartialEq, Default, FromRow, Serialize)]
pub struct Leads {
    /// Allocated to the campaign now.
    pub allocated: i64,
    /// Never dialled.
    pub untouched: i64,
    /// With a next time to dial.
    pub pending: i64,
    /// Nothing further is planned.
    pub closed: i64,
    pub connected: i64,
}

#[derive(Debug, Clone, PartialEq, Default, FromRow, Serialize)]
pub struct Attempts {
    /// With an INVITE, or about to have one.
    pub dialled: i64,
    /// Closed before an INVITE left: too late, or our own side did not take them.
    pub undialled: i64,
    pub open: i64,
    pub answered: i64,
    /// Of these, taken for persons.
    pub persons: i64,
    /// Taken for machines.
    pub machines: i64,
    /// Answered and handed to an agent or a robot.
    pub connected: i64,
    pub abandoned: i64,
    /// Hung up on by a robot to which nobody said anything.
    pub silent: i64,
}

#[derive(Debug, Clone, PartialEq, Default, FromRow, Serialize)]
pub struct Calls {
    pub calls: i64,
    pub bridged: i64,
    pub talk_ms: i64,
    pub wait_ms: i64,
    pub recorded: i64,
}

#[derive(Debug, Clone, PartialEq, Default, FromRow, Serialize)]
pub struct AgentSum {
    pub agent_id: String,
    pub calls: i64,
    pub talk_ms: i64,
    #[sqlx(flatten)]
    pub surveys: Surveys,
}

/// The columns of [`Surveys`] over calls.
const SURVEYS: &str = "COUNT(survey) AS asked,
    COUNT(CASE WHEN survey IS NOT NULL AND score = 1 THEN 1 END) AS satisfied,
    COUNT(CASE WHEN survey IS NOT NULL AND score = 2 THEN 1 END) AS fair,
    COUNT(CASE WHEN survey IS NOT NULL AND score = 3 THEN 1 END) AS dissatisfied,
    COUNT(CASE WHEN survey IS NOT NULL AND score IS NULL THEN 1 END) AS unanswered";

/// What the campaign's callers said how it was.
///
/// # Errors
/// When the database fails.
pub async fn surveys(db: &Db, campaign: &str) -> Result<Surveys> {
    let sql = format!("SELECT {SURVEYS} FROM calls WHERE campaign_id = $1 AND mode <> 'test'");
    Ok(on!(db.read(), c => sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(campaign).fetch_one(c).await)?)
}

/// # Errors
/// When the database fails.
pub async fn of(db: &Db, campaign: &str) -> Result<Report> {
    let leads: Leads = on!(db.read(), c => sqlx::query_as(
        "SELECT COUNT(*) AS allocated,
             CAST(COALESCE(SUM(CASE WHEN dial_count = 0 THEN 1 ELSE 0 END), 0) AS BIGINT) AS untouched,
             CAST(COALESCE(SUM(CASE WHEN next_dial_at IS NOT NULL THEN 1 ELSE 0 END), 0) AS BIGINT)
                 AS pending,
             CAST(COALESCE(SUM(CASE WHEN next_dial_at IS NULL THEN 1 ELSE 0 END), 0) AS BIGINT)
                 AS closed,
             CAST(COALESCE(SUM(CASE WHEN outcome = 'connected' THEN 1 ELSE 0 END), 0) AS BIGINT)
                 AS connected
         FROM leads WHERE campaign_id = $1"
    ).bind(campaign).fetch_one(c).await)?;
    let attempts: Attempts = on!(db.read(), c => sqlx::query_as(
        "SELECT CAST(COALESCE(SUM(CASE WHEN dialled THEN 1 ELSE 0 END), 0) AS BIGINT) AS dialled,
             CAST(COALESCE(SUM(CASE WHEN dialled THEN 0 ELSE 1 END), 0) AS BIGINT) AS undialled,
             CAST(COALESCE(SUM(CASE WHEN state = 'open' THEN 1 ELSE 0 END), 0) AS BIGINT) AS open,
             CAST(COALESCE(SUM(CASE WHEN answered_at IS NOT NULL THEN 1 ELSE 0 END), 0) AS BIGINT)
                 AS answered,
             CAST(COALESCE(SUM(CASE WHEN answer_class = 'person' THEN 1 ELSE 0 END), 0) AS BIGINT)
                 AS persons,
             CAST(COALESCE(SUM(CASE WHEN answer_class = 'machine' THEN 1 ELSE 0 END), 0) AS BIGINT)
                 AS machines,
             CAST(COALESCE(SUM(CASE WHEN outcome = 'connected' THEN 1 ELSE 0 END), 0) AS BIGINT)
                 AS connected,
             CAST(COALESCE(SUM(CASE WHEN outcome = 'abandoned' THEN 1 ELSE 0 END), 0) AS BIGINT)
                 AS abandoned,
             CAST(COALESCE(SUM(CASE WHEN outcome = 'silent' THEN 1 ELSE 0 END), 0) AS BIGINT)
                 AS silent
         FROM attempts WHERE campaign_id = $1 AND mode <> 'test'"
    ).bind(campaign).fetch_one(c).await)?;
    let calls: Calls = on!(db.read(), c => sqlx::query_as(
        "SELECT COUNT(*) AS calls,
             CAST(COALESCE(SUM(CASE WHEN bridged_at IS NOT NULL THEN 1 ELSE 0 END), 0) AS BIGINT)
                 AS bridged,
             CAST(COALESCE(SUM(talk_ms), 0) AS BIGINT) AS talk_ms,
             CAST(COALESCE(SUM(wait_ms), 0) AS BIGINT) AS wait_ms,
             CAST(COALESCE(SUM(CASE WHEN recording IS NOT NULL THEN 1 ELSE 0 END), 0) AS BIGINT)
                 AS recorded
         FROM calls WHERE campaign_id = $1 AND mode <> 'test'"
    ).bind(campaign).fetch_one(c).await)?;
    let outcomes: Vec<(String, i64)> = on!(db.read(), c => sqlx::query_as(
        "SELECT COALESCE(outcome, ''), COUNT(*) FROM attempts
         WHERE campaign_id = $1 AND state = 'closed' AND mode <> 'test' GROUP BY 1"
    ).bind(campaign).fetch_all(c).await)?;
    let dispositions: Vec<(String, i64)> = on!(db.read(), c => sqlx::query_as(
        "SELECT COALESCE(disposition, ''), COUNT(*) FROM calls
         WHERE campaign_id = $1 AND bridged_at IS NOT NULL GROUP BY 1"
    ).bind(campaign).fetch_all(c).await)?;
    let verdicts: Vec<(String, i64)> = on!(db.read(), c => sqlx::query_as(
        "SELECT verdict, COUNT(*) FROM calls
         WHERE campaign_id = $1 AND verdict IS NOT NULL GROUP BY 1"
    ).bind(campaign).fetch_all(c).await)?;
    let life = crate::books::life(db, campaign).await?;
    let by_agent = format!(
        "SELECT agent_id, COUNT(*) AS calls, CAST(COALESCE(SUM(talk_ms), 0) AS BIGINT) AS talk_ms, {SURVEYS}
         FROM calls WHERE campaign_id = $1 AND agent_id IS NOT NULL GROUP BY agent_id
         ORDER BY agent_id"
    );
    let agents: Vec<AgentSum> = on!(db.read(), c => sqlx::query_as(sqlx::AssertSqlSafe(by_agent))
        .bind(campaign).fetch_all(c).await)?;
    Ok(Report {
        campaign_id: campaign.into(),
        leads,
        attempts,
        calls,
        outcomes: outcomes.into_iter().collect(),
        dispositions: dispositions.into_iter().collect(),
        verdicts: verdicts.into_iter().collect(),
        checks: Checks {
            turned_away: life.turned_away,
            checked: life.checked,
            mistaken: life.mistaken,
        },
        surveys: surveys(db, campaign).await?,
        agents,
    })
}
