//! Agents, their queues, and what they are doing now.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use engine::{
    floor::{AgentChange, AgentSpec},
    time::Millis,
};
use serde::Serialize;

use crate::{Db, Result, Tx, desk, on, settings};

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
    /// A telephone outside stays on the line between calls (AGT-115).
    pub keep_leg: bool,
}

/// Adds an agent or changes the one with this number.
///
/// # Errors
/// `ID_TAKEN` when another tenant has the number, `USER_IS_AGENT` when the user is another agent already.
pub async fn put(tx: &mut Tx, orgi: &str, agent: &Agent, now: Millis) -> Result<()> {
    let rows = on!(tx.conn(), c => sqlx::query(
        "INSERT INTO agents (id, orgi, user_id, name, extension, wrap_up_s, auto_ready, created_at,
             keep_leg)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (id) DO UPDATE SET user_id = excluded.user_id, name = excluded.name,
             extension = excluded.extension, wrap_up_s = excluded.wrap_up_s,
             auto_ready = excluded.auto_ready, keep_leg = excluded.keep_leg
             WHERE agents.orgi = excluded.orgi")
        .bind(&agent.id).bind(orgi).bind(&agent.user_id).bind(&agent.name)
        .bind(&agent.extension).bind(agent.wrap_up_s).bind(agent.auto_ready).bind(now.0)
        .bind(agent.keep_leg)
        .execute(c).await.map(|done| done.rows_affected()))
    .map_err(|error| crate::Error::from(error).unique_as("USER_IS_AGENT"))?;
    match rows {
        0 => Err(crate::Error::conflict("ID_TAKEN")),
        _ => Ok(()),
    }
}

/// # Errors
/// When the database refuses.
pub async fn list(db: &Db, orgi: &str) -> Result<Vec<Agent>> {
    Ok(on!(db.read(), c => sqlx::query_as(
        "SELECT id, user_id, name, extension, wrap_up_s, auto_ready, keep_leg
         FROM agents WHERE orgi = $1 ORDER BY id")
        .bind(orgi).fetch_all(c).await)?)
}

/// # Errors
/// When the database refuses.
pub async fn of_user(db: &Db, user_id: &str) -> Result<Option<Agent>> {
    Ok(on!(db.read(), c => sqlx::query_as(
        "SELECT id, user_id, name, extension, wrap_up_s, auto_ready, keep_leg
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
        "SELECT id, user_id, name, extension, wrap_up_s, auto_ready, keep_leg FROM agents ORDER BY id")
        .fetch_all(c).await)?;
    let tenants = settings::all(db).await?;
    let mut desks = desks(db).await?;
    let homes: Vec<(String, String, Option<String>)> = on!(db.read(), c => sqlx::query_as(
        "SELECT a.id, a.orgi, u.department_id FROM agents a LEFT JOIN users u ON u.id = a.user_id")
        .fetch_all(c).await)?;
    let masked: BTreeSet<String> = homes
        .into_iter()
        .filter(|(_, orgi, department)| {
            let levels = tenants.get(orgi);
            levels.is_some_and(|levels| levels.at(department.as_deref(), None).phone_mask)
        })
        .map(|(agent, ..)| agent)
        .collect();
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
            phone_mask: masked.contains(&agent.id),
            desk: desks.remove(&agent.id).unwrap_or_default(),
            id: agent.id.into(),
            name: agent.name,
            extension: agent.extension,
            wrap_up_ms: agent.wrap_up_s.map(|s| s * 1000),
            auto_ready: agent.auto_ready,
            keep_leg: agent.keep_leg,
        })
        .collect())
}

/// What each agent's tenant sets for its desks.
async fn desks(db: &Db) -> Result<BTreeMap<String, Arc<engine::desk::Settings>>> {
    let set: BTreeMap<String, Arc<engine::desk::Settings>> = desk::all(db)
        .await?
        .into_iter()
        .map(|(orgi, settings)| (orgi, settings.into()))
        .collect();
    let homes: Vec<(String, String)> = on!(db.read(), c => sqlx::query_as(
        "SELECT id, orgi FROM agents").fetch_all(c).await)?;
    let of = |(agent, orgi): (String, String)| Some((agent, Arc::clone(set.get(&orgi)?)));
    Ok(homes.into_iter().filter_map(of).collect())
}

/// Writes down a change of state on the floor of `node` (AGT-022, AGT-023).
///
/// # Errors
/// When the database refuses; then neither the state nor the log changed.
pub async fn changed(db: &Db, node: &str, change: &AgentChange) -> Result<()> {
    let mut tx = db.begin().await?;
    on!(tx.conn(), c => sqlx::query(
        "INSERT INTO agent_now (agent_id, extension, state, sub_state, reason, since, node)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (agent_id) DO UPDATE SET extension = excluded.extension,
             state = excluded.state, sub_state = excluded.sub_state,
             reason = excluded.reason, since = excluded.since, node = excluded.node")
        .bind(change.agent.as_str()).bind(&change.extension).bind(change.to)
        .bind(change.sub).bind(&change.reason).bind(change.at.0).bind(node)
        .execute(c).await.map(|_| ()))?;
    on!(tx.conn(), c => sqlx::query(
        "INSERT INTO agent_states (agent_id, at, extension, from_state, to_state, reason, ms)
         VALUES ($1, $2, $3, $4, $5, $6, $7)")
        .bind(change.agent.as_str()).bind(change.at.0).bind(&change.extension)
        .bind(change.from).bind(change.to).bind(&change.reason).bind(change.ms)
        .execute(c).await.map(|_| ()))?;
    tx.commit().await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        extensions::{self, Extension},
        gateways::{self, Gateway, Kind, NumberRule, Trunk},
        queues::{self, Queue},
        routes::{self, Route},
        sample::NOW,
        testing::on_both,
    };

    fn agent(id: &str) -> Agent {
        Agent {
            id: id.into(),
            user_id: None,
            name: "坐席".into(),
            extension: id.into(),
            wrap_up_s: Some(5),
            auto_ready: false,
            keep_leg: id == "1001",
        }
    }

    fn route(number: &str, queue: &str) -> Route {
        Route {
            id: "r".into(),
            name: "r".into(),
            position: 1,
            number: number.into(),
            rule: crate::Doc(engine::route::Kind::Queue {
                queue: queue.into(),
                priority: 0,
            }),
            enabled: true,
        }
    }

    #[tokio::test]
    async fn the_floors_configuration_is_read_back_as_it_was_set_up() {
        on_both(|home| async move {
            let db = &home.db;
            let mut tx = db.begin().await.unwrap();
            put(&mut tx, "o", &agent("1001"), NOW).await.unwrap();
            put(
                &mut tx,
                "o",
                &Agent {
                    name: "改名".into(),
                    ..agent("1001")
                },
                NOW,
            )
            .await
            .unwrap();
            let queue = Queue {
                id: "sales".into(),
                name: "销售".into(),
                code: String::new(),
                settings: engine::queue::Settings::default(),
                agents: vec!["1001".into()],
            };
            queues::put(&mut tx, "o", &queue, NOW).await.unwrap();
            let route = route("4001", "sales");
            routes::put(&mut tx, "o", &route, "usr", NOW).await.unwrap();
            let gateway = Gateway {
                id: "gw".into(),
                name: "运营商".into(),
                host: "127.0.0.1".into(),
                port: 5080,
                transport: "udp".into(),
                username: Some("u".into()),
                password: Some("p".into()),
                enabled: true,
                settings: engine::gateway::Settings::default(),
                remark: "备注".into(),
                kind: Kind::Ims,
                trunk: Trunk {
                    home_domain: Some("ims.example".into()),
                    called_rules: vec![NumberRule {
                        from: "0".into(),
                        to: "+49".into(),
                    }],
                    ..Trunk::default()
                },
            };
            gateways::put(&mut tx, "o", &gateway, NOW).await.unwrap();
            let silent = Gateway {
                password: None,
                ..gateway.clone()
            };
            gateways::put(&mut tx, "o", &silent, NOW).await.unwrap();
            tx.commit().await.unwrap();
            let specs = specs(db).await.unwrap();
            assert_eq!(
                (specs[0].name.as_str(), specs[0].wrap_up_ms),
                ("改名", Some(5_000))
            );
            assert!(specs[0].keep_leg);
            assert!(specs[0].queues.contains(&"sales".into()));
            assert_eq!(queues::list(db, "o").await.unwrap(), [queue]);
            assert_eq!(queues::specs(db).await.unwrap().len(), 1);
            let rules = routes::specs(db, None).await.unwrap();
            assert_eq!(rules[0].pattern.as_str(), "4001");
            assert_eq!(
                gateways::list(db).await.unwrap(),
                [gateway],
                "the password was kept"
            );
            assert_eq!(gateways::specs(db).await.unwrap()[0].name, "运营商");
            let mut tx = db.begin().await.unwrap();
            let without = Gateway {
                password: Some(String::new()),
                ..gateways::list(db).await.unwrap().remove(0)
            };
            gateways::put(&mut tx, "o", &without, NOW).await.unwrap();
            tx.commit().await.unwrap();
            assert_eq!(gateways::list(db).await.unwrap()[0].password, None);
            assert_eq!(gateways::user_of(db, "o", "gw").await.unwrap(), None);
        })
        .await;
    }

    #[tokio::test]
    async fn what_refers_to_nothing_or_is_in_use_is_refused_by_its_code() {
        on_both(|home| async move {
            let db = &home.db;
            let mut tx = db.begin().await.unwrap();
            let nobody = queues::set_agents(&mut tx, "none", &["9".into()]).await;
            assert_eq!(nobody.unwrap_err().code(), Some("NO_SUCH_AGENT"));
            tx.rollback().await.unwrap();
            let mut tx = db.begin().await.unwrap();
            put(&mut tx, "o", &agent("1001"), NOW).await.unwrap();
            let theirs = put(&mut tx, "p", &agent("1001"), NOW).await;
            assert_eq!(theirs.unwrap_err().code(), Some("ID_TAKEN"));
            tx.rollback().await.unwrap();
            let mut tx = db.begin().await.unwrap();
            let nowhere = routes::put(&mut tx, "o", &route("*", "none"), "usr", NOW).await;
            assert_eq!(nowhere.unwrap_err().code(), Some("NO_SUCH_QUEUE"));
        })
        .await;
    }

    #[tokio::test]
    async fn a_change_of_state_is_written_with_its_duration() {
        on_both(|home| async move {
            let db = &home.db;
            let mut tx = db.begin().await.unwrap();
            put(&mut tx, "o", &agent("1001"), NOW).await.unwrap();
            let phone = Extension {
                extension: "1001".into(),
                ha1_md5: "a".into(),
                ha1_sha256: "b".into(),
            };
            assert!(extensions::put(&mut tx, "o", &phone, NOW).await.unwrap());
            // Extensions are one book: another tenant cannot take one over.
            let theirs = Extension {
                ha1_md5: "c".into(),
                ..phone.clone()
            };
            assert!(!extensions::put(&mut tx, "p", &theirs, NOW).await.unwrap());
            tx.commit().await.unwrap();
            assert_eq!(extensions::list(db).await.unwrap(), [phone]);
            let change = AgentChange {
                agent: "1001".into(),
                extension: "1001".into(),
                from: "unready",
                to: "ready",
                sub: None,
                reason: None,
                at: NOW,
                ms: 1_500,
            };
            changed(db, "n", &change).await.unwrap();
            changed(
                db,
                "n",
                &AgentChange {
                    from: "ready",
                    to: "busy",
                    ..change
                },
            )
            .await
            .unwrap();
            let log: Vec<(String, i64)> = on!(db.read(), c => sqlx::query_as(
                "SELECT to_state, ms FROM agent_states ORDER BY to_state").fetch_all(c).await)
            .unwrap();
            assert_eq!(log, [("busy".into(), 1_500), ("ready".into(), 1_500)]);
            let now: String = on!(db.read(), c => sqlx::query_scalar(
                "SELECT state FROM agent_now").fetch_one(c).await)
            .unwrap();
            assert_eq!(now, "busy");
            let mut tx = db.begin().await.unwrap();
            assert!(delete(&mut tx, "o", "1001").await.unwrap());
            tx.commit().await.unwrap();
        })
        .await;
    }
}
