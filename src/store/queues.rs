//! Queues and who is in them.

use engine::{floor::QueueSpec, queue::Settings, time::Millis};
use serde::Serialize;

use crate::{Db, Result, Tx, doc, on};

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Queue {
    pub id: String,
    pub name: String,
    pub settings: Settings,
    pub agents: Vec<String>,
}

/// Adds a queue or changes the one with this id.
///
/// # Errors
/// `NAME_TAKEN`.
pub async fn put(tx: &mut Tx, orgi: &str, queue: &Queue, now: Millis) -> Result<()> {
    let settings = doc::text("queue", &queue.settings)?;
    on!(tx.conn(), c => sqlx::query(
        "INSERT INTO queues (id, orgi, name, settings, created_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, settings = excluded.settings")
        .bind(&queue.id).bind(orgi).bind(&queue.name).bind(&settings).bind(now.0)
        .execute(c).await.map(|_| ()))
    .map_err(|error| crate::Error::from(error).unique_as("NAME_TAKEN"))?;
    set_agents(tx, &queue.id, &queue.agents).await
}

/// # Errors
/// `NO_SUCH_AGENT` when one of them does not exist.
pub async fn set_agents(tx: &mut Tx, queue: &str, agents: &[String]) -> Result<()> {
    on!(tx.conn(), c => sqlx::query("DELETE FROM queue_agents WHERE queue_id = $1")
        .bind(queue).execute(c).await.map(|_| ()))?;
    for agent in agents {
        on!(tx.conn(), c => sqlx::query(
            "INSERT INTO queue_agents (queue_id, agent_id) VALUES ($1, $2)
             ON CONFLICT DO NOTHING")
            .bind(queue).bind(agent).execute(c).await.map(|_| ()))
        .map_err(|error| crate::Error::from(error).reference_as("NO_SUCH_AGENT"))?;
    }
    Ok(())
}

/// # Errors
/// When the database refuses.
pub async fn list(db: &Db, orgi: &str) -> Result<Vec<Queue>> {
    let rows: Vec<(String, String, String)> = on!(db.read(), c => sqlx::query_as(
        "SELECT id, name, settings FROM queues WHERE orgi = $1 ORDER BY name")
        .bind(orgi).fetch_all(c).await)?;
    let mut queues = Vec::with_capacity(rows.len());
    for (id, name, settings) in rows {
        let agents = on!(db.read(), c => sqlx::query_scalar(
            "SELECT agent_id FROM queue_agents WHERE queue_id = $1 ORDER BY agent_id")
            .bind(&id).fetch_all(c).await)?;
        queues.push(Queue {
            id,
            name,
            settings: doc::parse("queue", &settings)?,
            agents,
        });
    }
    Ok(queues)
}

/// # Errors
/// `QUEUE_IN_USE` while a route leads to it.
pub async fn delete(tx: &mut Tx, orgi: &str, id: &str) -> Result<bool> {
    let rows = on!(tx.conn(), c => sqlx::query("DELETE FROM queues WHERE orgi = $1 AND id = $2")
        .bind(orgi).bind(id).execute(c).await.map(|done| done.rows_affected()))
    .map_err(|error| crate::Error::from(error).reference_as("QUEUE_IN_USE"))?;
    Ok(rows == 1)
}

/// All queues as the floor wants them.
///
/// # Errors
/// When the database refuses or a stored queue cannot be read.
pub async fn specs(db: &Db) -> Result<Vec<QueueSpec>> {
    let rows: Vec<(String, String, String)> = on!(db.read(), c => sqlx::query_as(
        "SELECT id, name, settings FROM queues ORDER BY id").fetch_all(c).await)?;
    rows.into_iter()
        .map(|(id, name, settings)| {
            Ok(QueueSpec {
                id: id.into(),
                name,
                settings: doc::parse("queue", &settings)?,
            })
        })
        .collect()
}
