//! What agents write to each other (座席消息, AGT-156, AGT-157).

use engine::time::Millis;
use serde::Serialize;

use crate::{Db, Result, Tx, new_id, on};

/// Messages are kept this long; milliseconds.
pub const KEPT_MS: i64 = 90 * 86_400_000;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow)]
pub struct Message {
    pub id: String,
    /// `None`: somebody who is no agent.
    pub from_agent: Option<String>,
    pub from_name: String,
    /// `agent`, `queue` or `all`.
    pub to_kind: String,
    /// The agent or the queue.
    pub to_id: Option<String>,
    pub text: String,
    pub sent_at: i64,
}

/// What is written to whom.
#[derive(Debug, Clone, Copy)]
pub struct NewMessage<'a> {
    pub from_agent: Option<&'a str>,
    pub from_name: &'a str,
    pub to_kind: &'a str,
    pub to_id: Option<&'a str>,
    pub text: &'a str,
}

const COLUMNS: &str = "id, from_agent, from_name, to_kind, to_id, text, sent_at";

/// Keeps a message; those that have been kept long enough go.
///
/// # Errors
/// When the database refuses.
pub async fn add(tx: &mut Tx, orgi: &str, new: NewMessage<'_>, now: Millis) -> Result<Message> {
    on!(tx.conn(), c => sqlx::query("DELETE FROM agent_messages WHERE sent_at <= $1")
        .bind(now.0 - KEPT_MS).execute(c).await.map(|_| ()))?;
    let message = Message {
        id: new_id("msg"),
        from_agent: new.from_agent.map(Into::into),
        from_name: new.from_name.into(),
        to_kind: new.to_kind.into(),
        to_id: new.to_id.map(Into::into),
        text: new.text.into(),
        sent_at: now.0,
    };
    on!(tx.conn(), c => sqlx::query(
        "INSERT INTO agent_messages (id, orgi, from_agent, from_name, to_kind, to_id, text, sent_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)")
        .bind(&message.id).bind(orgi).bind(&message.from_agent).bind(&message.from_name)
        .bind(&message.to_kind).bind(&message.to_id).bind(&message.text).bind(message.sent_at)
        .execute(c).await.map(|_| ()))?;
    Ok(message)
}

/// Messages of a tenant, newest first, before `before` (an id: ids rise with time). `agent`: those that
/// this one has sent, or that went to this one, to one of the own queues, or to all.
///
/// # Errors
/// When the database refuses.
pub async fn page(
    db: &Db,
    orgi: &str,
    agent: Option<&str>,
    before: Option<&str>,
    limit: u32,
    now: Millis,
) -> Result<Vec<Message>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM agent_messages
         WHERE orgi = $1 AND sent_at > $2 AND ($3 IS NULL OR id < $3)
           AND ($4 IS NULL OR from_agent = $4 OR to_kind = 'all'
             OR (to_kind = 'agent' AND to_id = $4)
             OR (to_kind = 'queue' AND to_id IN
                 (SELECT queue_id FROM queue_agents WHERE agent_id = $4)))
         ORDER BY id DESC LIMIT $5"
    );
    Ok(on!(db.read(), c => sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(orgi).bind(now.0 - KEPT_MS).bind(before).bind(agent).bind(i64::from(limit))
        .fetch_all(c).await)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        agents::{self, Agent},
        queues::{self, Queue},
        sample::NOW,
        testing::on_both,
    };

    async fn staffed(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        for id in ["1", "2", "3"] {
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
        let queue = Queue {
            id: "sales".into(),
            name: "sales".into(),
            code: String::new(),
            settings: engine::queue::Settings::default(),
            agents: vec!["2".into()],
        };
        queues::put(&mut tx, "o", &queue, NOW).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn write(db: &Db, to: (&str, Option<&str>), text: &str, at: Millis) {
        let new = NewMessage {
            from_agent: Some("1"),
            from_name: "韩梅梅",
            to_kind: to.0,
            to_id: to.1,
            text,
        };
        let mut tx = db.begin().await.unwrap();
        add(&mut tx, "o", new, at).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn seen(db: &Db, agent: Option<&str>, now: Millis) -> Vec<String> {
        let rows = page(db, "o", agent, None, 10, now).await.unwrap();
        rows.into_iter().map(|row| row.text).collect()
    }

    #[tokio::test]
    async fn a_message_is_seen_by_whom_it_is_for_and_goes_after_ninety_days() {
        on_both(|home| async move {
            let db = &home.db;
            staffed(db).await;
            write(db, ("agent", Some("3")), "to three", NOW).await;
            write(db, ("queue", Some("sales")), "to sales", NOW.plus(1_000)).await;
            write(db, ("all", None), "to all", NOW.plus(2_000)).await;
            let now = NOW.plus(3_000);
            let all = ["to all", "to sales", "to three"];
            assert_eq!(seen(db, Some("1"), now).await, all, "the sender");
            assert_eq!(seen(db, Some("2"), now).await, ["to all", "to sales"]);
            assert_eq!(seen(db, Some("3"), now).await, ["to all", "to three"]);
            assert_eq!(seen(db, None, now).await, all);
            let late = NOW.plus(KEPT_MS + 1_500);
            assert_eq!(seen(db, None, late).await, ["to all"]);
            write(db, ("all", None), "late", late).await;
            let left: i64 = on!(db.read(), c => sqlx::query_scalar(
                "SELECT COUNT(*) FROM agent_messages").fetch_one(c).await)
            .unwrap();
            assert_eq!(left, 2);
            let first = page(db, "o", None, None, 1, late).await.unwrap();
            let rest = page(db, "o", None, Some(&first[0].id), 9, late).await;
            assert_eq!(rest.unwrap()[0].text, "to all");
        })
        .await;
    }
}
