//! Agents, their queues, and what they are doing now.

use std::collections::BTreeMap;

use engine::{
    floor::{AgentChange, AgentSpec},
    time::Millis,
};
use serde::Serialize;

use crate::{Db, Result, Tx, on};

/// An agent as configured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow)]
pub struct Agent {
    /// Agent number (座席工号), chosen by the administrator.
    pub id: String,
    pub user_id: Option<String>,
    pub name: String,
    pub extension: String,
    /// Seconds; `None`: the queue decides.
    pub wrap_up_s: Option<i64>,
    pub auto_ready: bool,
}

/// Adds an agent or changes the one with this number.
///
/// # Errors
/// `USER_IS_AGENT` when the user is another agent already.
pub async fn put(tx: &mut Tx, orgi: &str, agent: &Agent, now: Millis) -> Result<()> {
    on!(tx.conn(), c => sqlx::query(
        "INSERT INTO agents (id, orgi, user_id, name, extension, wrap_up_s, auto_ready, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (id) DO UPDATE SET user_id = excluded.user_id, name = excluded.name,
             extension = excluded.extension, wrap_up_s = excluded.wrap_up_s,
             auto_ready = excluded.auto_ready")
        .bind(&agent.id).bind(orgi).bind(&agent.user_id).bind(&agent.name)
        .bind(&agent.extension).bind(agent.wrap_up_s).bind(agent.auto_ready).bind(now.0)
        .execute(c).await.map(|_| ()))
    .map_err(|error| crate::Error::from(error).unique_as("USER_IS_AGENT"))
}

/// # Errors
/// When the database refuses.
pub async fn list(db: &Db, orgi: &str) -> Result<Vec<Agent>> {
    Ok(on!(db.read(), c => sqlx::query_as(
        "SELECT id, user_id, name, extension, wrap_up_s, auto_ready
         FROM agents WHERE orgi = $1 ORDER BY id")
        .bind(orgi).fetch_all(c).await)?)
}

/// # Errors
/// When the database refuses.
pub async fn of_user(db: &Db, user_id: &str) -> Result<Option<Agent>> {
    Ok(on!(db.read(), c => sqlx::query_as(
        "SELECT id, user_id, name, extension, wrap_up_s, auto_ready
         FROM agents WHERE user_id = $1")
        .bind(user_id).fetch_optional(c).await)?)
}

/// # Errors
/// When the database refuses.
pub async fn delete(tx: &mut Tx, orgi: &str, id: &str) -> Result<bool> {
    on!(tx.conn(), c => sqlx::query("DELETE FROM agent_now WHERE agent_id = $1")
        .bind(id).execute(c).await.map(|_| ()))?;
    let rows = on!(tx.conn(), c => sqlx::query("DELETE FROM agents WHERE orgi = $1 AND id = $2")
        .bind(orgi).bind(id).execute(c).await.map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// All agents with their queues, as the floor wants them.
///
/// # Errors
/// When the database refuses.
pub async fn specs(db: &Db) -> Result<Vec<AgentSpec>> {
    let agents: Vec<Agent> = on!(db.read(), c => sqlx::query_as(
        "SELECT id, user_id, name, extension, wrap_up_s, auto_ready FROM agents ORDER BY id")
        .fetch_all(c).await)?;
    let members: Vec<(String, String)> = on!(db.read(), c => sqlx::query_as(
        "SELECT agent_id, queue_id FROM queue_agents").fetch_all(c).await)?;
    let mut queues: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (agent, queue) in members {
        queues.entry(agent).or_default().push(queue);
    }
    Ok(agents
        .into_iter()
        .map(|agent| AgentSpec {
            queues: queues
                .remove(&agent.id)
                .unwrap_or_default()
                .into_iter()
                .map(Into::into)
                .collect(),
            id: agent.id.into(),
            name: agent.name,
            extension: agent.extension,
            wrap_up_ms: agent.wrap_up_s.map(|s| s * 1000),
            auto_ready: agent.auto_ready,
        })
        .collect())
}

/// Writes down a change of state (AGT-022, AGT-023).
///
/// # Errors
/// When the database refuses; then neither the state nor the log changed.
pub async fn changed(db: &Db, change: &AgentChange) -> Result<()> {
    let mut tx = db.begin().await?;
    on!(tx.conn(), c => sqlx::query(
        "INSERT INTO agent_now (agent_id, extension, state, sub_state, reason, since)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (agent_id) DO UPDATE SET extension = excluded.extension,
             state = excluded.state, sub_state = excluded.sub_state,
             reason = excluded.reason, since = excluded.since")
        .bind(change.agent.as_str()).bind(&change.extension).bind(change.to)
        .bind(change.sub).bind(&change.reason).bind(change.at.0)
        .execute(c).await.map(|_| ()))?;
    on!(tx.conn(), c => sqlx::query(
        "INSERT INTO agent_states (agent_id, at, extension, from_state, to_state, reason, ms)
         VALUES ($1, $2, $3, $4, $5, $6, $7)")
        .bind(change.agent.as_str()).bind(change.at.0).bind(&change.extension)
        .bind(change.from).bind(change.to).bind(&change.reason).bind(change.ms)
        .execute(c).await.map(|_| ()))?;
    tx.commit().await
}
