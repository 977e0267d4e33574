//! Queues and who is in them.

use std::collections::BTreeMap;

use engine::{
    floor::QueueSpec,
    queue::{Member, Settings},
    time::Millis,
};
use serde::Serialize;

use crate::{
    Db, Result, Tx, doc, on,
    tenant_settings::{self, Surveys},
};

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Queue {
    pub id: String,
    pub name: String,
    /// A word of the house for it (代码, VOX-039); free text.
    pub code: String,
    pub settings: Settings,
    pub agents: Vec<String>,
}

/// An agent in a queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InQueue {
    pub agent_id: String,
    pub settings: Member,
}

/// Adds a queue or changes the one with this id. What it says of agents who stay in it is kept.
///
/// # Errors
/// `ID_TAKEN` when another tenant has it, `NAME_TAKEN`, `NO_SUCH_AGENT`.
pub async fn put(tx: &mut Tx, orgi: &str, queue: &Queue, now: Millis) -> Result<()> {
    let settings = doc::text("queue", &queue.settings)?;
    let rows = on!(tx.conn(), c => sqlx::query(
        "INSERT INTO queues (id, orgi, name, settings, created_at, code) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, settings = excluded.settings,
             code = excluded.code, revision = queues.revision + 1
             WHERE queues.orgi = excluded.orgi")
        .bind(&queue.id).bind(orgi).bind(&queue.name).bind(&settings).bind(now.0).bind(&queue.code)
        .execute(c).await.map(|done| done.rows_affected()))
    .map_err(|error| crate::Error::from(error).unique_as("NAME_TAKEN"))?;
    if rows == 0 {
        return Err(crate::Error::conflict("ID_TAKEN"));
    }
    set_agents(tx, &queue.id, &queue.agents).await
}

/// Who is in a queue, and nobody else.
///
/// # Errors
/// `NO_SUCH_AGENT` when one of them does not exist.
pub async fn set_agents(tx: &mut Tx, queue: &str, agents: &[String]) -> Result<()> {
    let there: Vec<String> = on!(tx.conn(), c => sqlx::query_scalar(
        "SELECT agent_id FROM queue_agents WHERE queue_id = $1").bind(queue).fetch_all(c).await)?;
    for gone in there.iter().filter(|agent| !agents.contains(agent)) {
        on!(tx.conn(), c => sqlx::query(
            "DELETE FROM queue_agents WHERE queue_id = $1 AND agent_id = $2")
            .bind(queue).bind(gone).execute(c).await.map(|_| ()))?;
    }
    for agent in agents {
        on!(tx.conn(), c => sqlx::query(
            "INSERT INTO queue_agents (queue_id, agent_id) VALUES ($1, $2)
             ON CONFLICT DO NOTHING")
            .bind(queue).bind(agent).execute(c).await.map(|_| ()))
        .map_err(|error| crate::Error::from(error).reference_as("NO_SUCH_AGENT"))?;
    }
    Ok(())
}

/// Puts an agent in a queue, or changes what the queue says of one who is there.
///
/// # Errors
/// `NO_SUCH_AGENT`.
pub async fn put_member(tx: &mut Tx, queue: &str, member: &InQueue) -> Result<()> {
    let settings = doc::text("queue agent", &member.settings)?;
    on!(tx.conn(), c => sqlx::query(
        "INSERT INTO queue_agents (queue_id, agent_id, settings) VALUES ($1, $2, $3)
         ON CONFLICT (queue_id, agent_id) DO UPDATE SET settings = excluded.settings")
        .bind(queue).bind(&member.agent_id).bind(&settings).execute(c).await.map(|_| ()))
    .map_err(|error| crate::Error::from(error).reference_as("NO_SUCH_AGENT"))?;
    changed(tx, queue).await
}

/// Takes an agent out of a queue; `false`: the agent was not in it.
///
/// # Errors
/// When the database refuses.
pub async fn remove_member(tx: &mut Tx, queue: &str, agent: &str) -> Result<bool> {
    let rows = on!(tx.conn(), c => sqlx::query(
        "DELETE FROM queue_agents WHERE queue_id = $1 AND agent_id = $2")
        .bind(queue).bind(agent).execute(c).await.map(|done| done.rows_affected()))?;
    changed(tx, queue).await?;
    Ok(rows == 1)
}

async fn changed(tx: &mut Tx, queue: &str) -> Result<()> {
    on!(tx.conn(), c => sqlx::query("UPDATE queues SET revision = revision + 1 WHERE id = $1")
        .bind(queue).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// Everybody in a queue, by agent number.
///
/// # Errors
/// When the database refuses or what is stored cannot be read.
pub async fn members(db: &Db, queue: &str) -> Result<Vec<InQueue>> {
    let rows: Vec<(String, String)> = on!(db.read(), c => sqlx::query_as(
        "SELECT agent_id, settings FROM queue_agents WHERE queue_id = $1 ORDER BY agent_id")
        .bind(queue).fetch_all(c).await)?;
    rows.into_iter()
        .map(|(agent_id, settings)| {
            Ok(InQueue {
                agent_id,
                settings: doc::parse("queue agent", &settings)?,
            })
        })
        .collect()
}

/// # Errors
/// When the database refuses.
pub async fn list(db: &Db, orgi: &str) -> Result<Vec<Queue>> {
    let rows: Vec<(String, String, String, String)> = on!(db.read(), c => sqlx::query_as(
        "SELECT id, name, code, settings FROM queues WHERE orgi = $1 ORDER BY name")
        .bind(orgi).fetch_all(c).await)?;
    let mut queues = Vec::with_capacity(rows.len());
    for (id, name, code, settings) in rows {
        let agents = on!(db.read(), c => sqlx::query_scalar(
            "SELECT agent_id FROM queue_agents WHERE queue_id = $1 ORDER BY agent_id")
            .bind(&id).fetch_all(c).await)?;
        queues.push(Queue {
            id,
            name,
            code,
            settings: doc::parse("queue", &settings)?,
            agents,
        });
    }
    Ok(queues)
}

/// Which change of each queue of a tenant is stored.
///
/// # Errors
/// When the database refuses.
pub async fn revisions(db: &Db, orgi: &str) -> Result<BTreeMap<String, i64>> {
    let rows: Vec<(String, i64)> = on!(db.read(), c => sqlx::query_as(
        "SELECT id, revision FROM queues WHERE orgi = $1").bind(orgi).fetch_all(c).await)?;
    Ok(rows.into_iter().collect())
}

/// # Errors
/// `QUEUE_IN_USE` while a route leads to it.
pub async fn delete(tx: &mut Tx, orgi: &str, id: &str) -> Result<bool> {
    let rows = on!(tx.conn(), c => sqlx::query("DELETE FROM queues WHERE orgi = $1 AND id = $2")
        .bind(orgi).bind(id).execute(c).await.map(|done| done.rows_affected()))
    .map_err(|error| crate::Error::from(error).reference_as("QUEUE_IN_USE"))?;
    Ok(rows == 1)
}

/// All queues as the floor wants them: what one does not say of surveys, its tenant says.
///
/// # Errors
/// When the database refuses or a stored queue cannot be read.
pub async fn specs(db: &Db) -> Result<Vec<QueueSpec>> {
    let rows: Vec<(String, String, String, String, i64)> = on!(db.read(), c => sqlx::query_as(
        "SELECT orgi, id, name, settings, revision FROM queues ORDER BY id").fetch_all(c).await)?;
    let tenants = tenant_settings::all::<Surveys>(db).await?;
    let mut specs = Vec::with_capacity(rows.len());
    for (orgi, id, name, settings, revision) in rows {
        let mut settings: Settings = doc::parse("queue", &settings)?;
        let of_tenant = || tenants.get(&orgi).map(|tenant| tenant.survey.clone());
        settings.survey = settings.survey.or_else(of_tenant);
        let members = members(db, &id).await?.into_iter();
        specs.push(QueueSpec {
            id: id.into(),
            name,
            settings,
            members: members
                .map(|member| (member.agent_id.into(), member.settings))
                .collect(),
            revision,
        });
    }
    Ok(specs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        agents::{self, Agent},
        sample::NOW,
        testing::on_both,
    };

    fn queue(agents: &[&str]) -> Queue {
        Queue {
            id: "sales".into(),
            name: "sales".into(),
            code: "销售一部".into(),
            settings: Settings::default(),
            agents: agents.iter().map(|agent| (*agent).into()).collect(),
        }
    }

    #[tokio::test]
    async fn what_a_queue_says_of_an_agent_outlives_a_change_of_the_queue() {
        on_both(|home| async move {
            let db = &home.db;
            let mut tx = db.begin().await.unwrap();
            for id in ["1", "2"] {
                let agent = Agent {
                    id: id.into(),
                    user_id: None,
                    name: id.into(),
                    extension: id.into(),
                    wrap_up_s: None,
                    auto_ready: false,
                    keep_leg: false,
                };
                agents::put(&mut tx, "o", &agent, NOW).await.unwrap();
            }
            put(&mut tx, "o", &queue(&["1"]), NOW).await.unwrap();
            let member = InQueue {
                agent_id: "1".into(),
                settings: Member {
                    level: 2,
                    ring_ms: Some(7_000),
                    ..Member::default()
                },
            };
            put_member(&mut tx, "sales", &member).await.unwrap();
            put(&mut tx, "o", &queue(&["1", "2"]), NOW).await.unwrap();
            tx.commit().await.unwrap();
            let spec = specs(db).await.unwrap().remove(0);
            assert_eq!(spec.members[&"1".into()], member.settings);
            assert_eq!(spec.members[&"2".into()], Member::default());
            assert_eq!(spec.revision, 3);
            assert_eq!(revisions(db, "o").await.unwrap()["sales"], 3);

            let mut tx = db.begin().await.unwrap();
            assert!(remove_member(&mut tx, "sales", "1").await.unwrap());
            assert!(!remove_member(&mut tx, "sales", "1").await.unwrap());
            tx.commit().await.unwrap();
            let left = members(db, "sales").await.unwrap();
            assert_eq!(left.len(), 1);
            assert_eq!(left[0].agent_id, "2");
        })
        .await;
    }

    #[tokio::test]
    async fn a_queue_of_another_tenant_is_left_alone() {
        on_both(|home| async move {
            let db = &home.db;
            let mut tx = db.begin().await.unwrap();
            put(&mut tx, "o", &queue(&[]), NOW).await.unwrap();
            tx.commit().await.unwrap();
            let mut tx = db.begin().await.unwrap();
            let theirs = Queue {
                name: "theirs".into(),
                ..queue(&[])
            };
            let refused = put(&mut tx, "p", &theirs, NOW).await.unwrap_err();
            assert_eq!(refused.code(), Some("ID_TAKEN"));
            tx.rollback().await.unwrap();
            assert_eq!(list(db, "o").await.unwrap(), [queue(&[])]);
            assert!(list(db, "p").await.unwrap().is_empty());
        })
        .await;
    }

    #[tokio::test]
    async fn nobody_who_is_not_there_gets_into_a_queue() {
        on_both(|home| async move {
            let db = &home.db;
            let mut tx = db.begin().await.unwrap();
            put(&mut tx, "o", &queue(&[]), NOW).await.unwrap();
            let member = InQueue {
                agent_id: "9".into(),
                settings: Member::default(),
            };
            let refused = put_member(&mut tx, "sales", &member).await.unwrap_err();
            assert_eq!(refused.code(), Some("NO_SUCH_AGENT"));
        })
        .await;
    }
}
