//! Messages that callers have left (语音留言, VOX-204, RPT-018, RPT-019).

use std::collections::HashSet;

use engine::{floor::VoiceMessage, ids::SoundId, time::Millis};
use serde::Serialize;
use sqlx::QueryBuilder;

use crate::{Db, Result, Tx, access::FIRST_ORGI, on};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow)]
pub struct Voicemail {
    pub id: String,
    pub call_id: String,
    /// A queue or an extension.
    pub mailbox: String,
    pub queue_id: Option<String>,
    pub caller: String,
    pub callee: String,
    pub left_at: i64,
    pub ms: i64,
    /// Under the voicemails directory.
    pub file: String,
    /// `unread`, `read` or `called_back`.
    pub state: String,
    pub handled_by: Option<String>,
    pub handled_at: Option<i64>,
}

/// Which messages a page shows; `None` means any.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    pub state: Option<String>,
    pub mailbox: Option<String>,
    /// Those in the mailboxes of this agent: the own extension and the own queues.
    pub agent: Option<String>,
}

/// Files asked for in one statement.
const AT_ONCE: usize = 500;

/// The state of a message that is still being left.
const LEAVING: &str = "leaving";

const COLUMNS: &str = "id, call_id, mailbox, queue_id, caller, callee, left_at, ms, file, state,
    handled_by, handled_at";

/// A mailbox is the agent's when it is the agent's extension or a queue that the agent is in.
fn of_agent(agent: &str) -> String {
    format!(
        "({agent} IS NULL OR mailbox IN (SELECT queue_id FROM queue_agents WHERE agent_id = {agent}
             UNION SELECT extension FROM agents WHERE id = {agent}))"
    )
}

/// A caller is leaving a message: its file is on the books, and in nobody's list yet.
///
/// # Errors
/// When the database refuses.
pub async fn begin(db: &Db, message: &VoiceMessage) -> Result<()> {
    put(db, message, LEAVING).await
}

/// Keeps a message, whether its beginning was noted or not. Twice is once.
///
/// # Errors
/// When the database refuses.
pub async fn keep(db: &Db, message: &VoiceMessage) -> Result<()> {
    put(db, message, "unread").await
}

async fn put(db: &Db, message: &VoiceMessage, state: &str) -> Result<()> {
    on!(db.write(), c => sqlx::query(
        "INSERT INTO voicemails (id, orgi, call_id, mailbox, queue_id, caller, callee, left_at, ms,
             file, state)
         VALUES ($1, COALESCE((SELECT orgi FROM calls WHERE id = $2), $10), $2, $3, $4, $5, $6, $7,
             $8, $9, $11)
         ON CONFLICT (id) DO UPDATE SET ms = excluded.ms, file = excluded.file,
             state = excluded.state
         WHERE voicemails.state = $12")
        .bind(id_of(message.sound)).bind(message.call.to_string())
        .bind(&message.mailbox).bind(message.queue.as_ref().map(|queue| queue.as_str()))
        .bind(&message.caller).bind(&message.called).bind(message.at.0).bind(message.ms)
        .bind(&message.file).bind(FIRST_ORGI).bind(state).bind(LEAVING)
        .execute(c).await.map(|_| ()))?;
    Ok(())
}

/// What a caller began to leave came to nothing.
///
/// # Errors
/// When the database refuses.
pub async fn forget(db: &Db, sound: SoundId) -> Result<()> {
    on!(db.write(), c => sqlx::query("DELETE FROM voicemails WHERE id = $1 AND state = $2")
        .bind(id_of(sound)).bind(LEAVING).execute(c).await.map(|_| ()))?;
    Ok(())
}

fn id_of(sound: SoundId) -> String {
    format!("vm_{:013x}", sound.0)
}

/// What callers were leaving when an earlier process of this node was killed: message and file.
///
/// # Errors
/// When the database refuses.
pub async fn interrupted(db: &Db, node: &str) -> Result<Vec<(SoundId, String)>> {
    let rows: Vec<(String, String)> = on!(db.read(), c => sqlx::query_as(
        "SELECT v.id, v.file FROM voicemails v JOIN calls k ON k.id = v.call_id
         WHERE v.state = $1 AND k.node = $2")
        .bind(LEAVING).bind(node).fetch_all(c).await)?;
    let number = |id: &str| u64::from_str_radix(id.strip_prefix("vm_")?, 16).ok();
    let rows = rows.into_iter();
    Ok(rows
        .filter_map(|(id, file)| Some((SoundId(number(&id)?), file)))
        .collect())
}

/// What was left until then is a message of this length.
///
/// # Errors
/// When the database refuses.
pub async fn complete(db: &Db, sound: SoundId, ms: i64) -> Result<()> {
    on!(db.write(), c => sqlx::query(
        "UPDATE voicemails SET state = 'unread', ms = $2 WHERE id = $1 AND state = $3")
        .bind(id_of(sound)).bind(ms).bind(LEAVING).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// Messages of a tenant, newest first, before `before` (an id: ids rise with time).
///
/// # Errors
/// When the database refuses.
pub async fn page(
    db: &Db,
    orgi: &str,
    wanted: &Wanted,
    before: Option<&str>,
    limit: u32,
) -> Result<Vec<Voicemail>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM voicemails
         WHERE orgi = $1 AND state <> 'leaving' AND ($2 IS NULL OR state = $2) AND ($3 IS NULL OR mailbox = $3)
           AND {} AND ($5 IS NULL OR id < $5)
         ORDER BY id DESC LIMIT $6",
        of_agent("$4")
    );
    Ok(on!(db.read(), c => sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(orgi).bind(&wanted.state).bind(&wanted.mailbox).bind(&wanted.agent).bind(before)
        .bind(i64::from(limit)).fetch_all(c).await)?)
}

/// One message; `agent`: only when it is in one of this agent's mailboxes.
///
/// # Errors
/// When the database refuses.
pub async fn find(db: &Db, orgi: &str, id: &str, agent: Option<&str>) -> Result<Option<Voicemail>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM voicemails
         WHERE orgi = $1 AND id = $2 AND state <> 'leaving' AND {}",
        of_agent("$3")
    );
    Ok(on!(db.read(), c => sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(orgi).bind(id).bind(agent).fetch_optional(c).await)?)
}

/// Says what was done about a message, and by whom.
///
/// # Errors
/// When the database refuses.
pub async fn mark(tx: &mut Tx, id: &str, state: &str, by: &str, now: Millis) -> Result<()> {
    on!(tx.conn(), c => sqlx::query(
        "UPDATE voicemails SET state = $2, handled_by = $3, handled_at = $4 WHERE id = $1")
        .bind(id).bind(state).bind(by).bind(now.0).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// Those of the files that a message is in.
///
/// # Errors
/// When the database fails.
pub async fn known(db: &Db, files: &[String]) -> Result<HashSet<String>> {
    let mut found = HashSet::new();
    for some in files.chunks(AT_ONCE) {
        let rows: Vec<String> = on!(db.read(), c => {
            let mut query = QueryBuilder::new("SELECT file FROM voicemails WHERE file IN (");
            let mut list = query.separated(", ");
            for file in some {
                list.push_bind(file.clone());
            }
            query.push(")");
            query.build_query_scalar().fetch_all(c).await
        })?;
        found.extend(rows);
    }
    Ok(found)
}

/// The messages in these files are too old: their files are about to go.
///
/// # Errors
/// When the database fails.
pub async fn expired(db: &Db, files: &[String]) -> Result<u64> {
    let mut gone = 0;
    for some in files.chunks(AT_ONCE) {
        gone += on!(db.write(), c => {
            let mut query = QueryBuilder::new("DELETE FROM voicemails WHERE file IN (");
            let mut list = query.separated(", ");
            for file in some {
                list.push_bind(file.clone());
            }
            query.push(")");
            query.build().execute(c).await.map(|done| done.rows_affected())
        })?;
    }
    Ok(gone)
}

/// # Errors
/// When the database refuses.
pub async fn delete(tx: &mut Tx, orgi: &str, id: &str) -> Result<bool> {
    let rows = on!(tx.conn(), c => sqlx::query(
        "DELETE FROM voicemails WHERE orgi = $1 AND id = $2")
        .bind(orgi).bind(id).execute(c).await.map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

#[cfg(test)]
mod tests {
    use engine::{floor::OpenCall, ids::CallId};

    use super::*;
    use crate::{
        agents::{self, Agent},
        calls,
        queues::{self, Queue},
        sample::NOW,
        sample_floor::inbound as sample_call,
        testing::on_both,
    };

    fn message(number: u64, mailbox: &str) -> VoiceMessage {
        VoiceMessage {
            sound: SoundId(number),
            call: CallId(number),
            mailbox: mailbox.into(),
            queue: None,
            caller: "13900001111".into(),
            called: "4001".into(),
            at: NOW,
            ms: 7_000,
            file: format!("{number}.wav"),
        }
    }

    #[tokio::test]
    async fn a_message_is_in_no_list_until_it_is_left_and_outlives_its_process() {
        on_both(|home| async move {
            let db = &home.db;
            let listed = || async {
                let page = page(db, FIRST_ORGI, &Wanted::default(), None, 10).await;
                page.unwrap()
                    .iter()
                    .map(|one| (one.id.clone(), one.ms))
                    .collect::<Vec<_>>()
            };
            for number in 1..=4 {
                let call = OpenCall {
                    id: CallId(number),
                    ..sample_call()
                };
                calls::open_inbound(db, "here", &call).await.unwrap();
                let begun = VoiceMessage {
                    ms: 0,
                    ..message(number, "sales")
                };
                begin(db, &begun).await.unwrap();
            }
            assert_eq!(listed().await, []);
            let id = id_of(SoundId(1));
            assert_eq!(find(db, FIRST_ORGI, &id, None).await.unwrap(), None);
            keep(db, &message(1, "sales")).await.unwrap();
            forget(db, SoundId(2)).await.unwrap();
            // One that is kept is not forgotten.
            forget(db, SoundId(1)).await.unwrap();
            let open = interrupted(db, "here").await.unwrap();
            let files = [3, 4].map(|n| (SoundId(n), format!("{n}.wav")));
            assert_eq!(open, files);
            assert_eq!(interrupted(db, "there").await.unwrap(), []);
            complete(db, SoundId(3), 1_500).await.unwrap();
            let kept = [(3, 1_500), (1, 7_000)].map(|(n, ms)| (id_of(SoundId(n)), ms));
            assert_eq!(listed().await, kept);
        })
        .await;
    }

    #[tokio::test]
    async fn an_agent_hears_what_was_left_for_the_agent_and_the_agents_queues() {
        on_both(|home| async move {
            let db = &home.db;
            let mut tx = db.begin().await.unwrap();
            let agent = Agent {
                id: "1".into(),
                user_id: None,
                name: "one".into(),
                extension: "8001".into(),
                wrap_up_s: None,
                auto_ready: false,
                keep_leg: false,
            };
            agents::put(&mut tx, FIRST_ORGI, &agent, NOW).await.unwrap();
            let queue = Queue {
                id: "sales".into(),
                name: "sales".into(),
                code: String::new(),
                settings: engine::queue::Settings::default(),
                agents: vec!["1".into()],
            };
            queues::put(&mut tx, FIRST_ORGI, &queue, NOW).await.unwrap();
            tx.commit().await.unwrap();
            for (number, mailbox) in [(1, "sales"), (2, "care"), (3, "8001")] {
                let message = message(number, mailbox);
                keep(db, &message).await.unwrap();
                keep(db, &message).await.unwrap();
            }
            let all = page(db, FIRST_ORGI, &Wanted::default(), None, 10).await;
            assert_eq!(all.unwrap().len(), 3);
            let own = Wanted {
                agent: Some("1".into()),
                ..Wanted::default()
            };
            let own = page(db, FIRST_ORGI, &own, None, 10).await.unwrap();
            let boxes: Vec<_> = own.iter().map(|one| one.mailbox.as_str()).collect();
            assert_eq!(boxes, ["8001", "sales"]);
            let foreign = page(db, FIRST_ORGI, &Wanted::default(), None, 10)
                .await
                .unwrap()
                .remove(1);
            let hidden = find(db, FIRST_ORGI, &foreign.id, Some("1")).await.unwrap();
            assert_eq!(hidden, None);
            assert!(
                find(db, FIRST_ORGI, &foreign.id, None)
                    .await
                    .unwrap()
                    .is_some()
            );

            let mut tx = db.begin().await.unwrap();
            mark(&mut tx, &own[1].id, "read", "usr_1", NOW)
                .await
                .unwrap();
            tx.commit().await.unwrap();
            let read = find(db, FIRST_ORGI, &own[1].id, Some("1"))
                .await
                .unwrap()
                .unwrap();
            assert_eq!(read.handled_by.as_deref(), Some("usr_1"));
            let unread = Wanted {
                state: Some("unread".into()),
                ..Wanted::default()
            };
            assert_eq!(
                page(db, FIRST_ORGI, &unread, None, 10).await.unwrap().len(),
                2
            );
            let mut tx = db.begin().await.unwrap();
            assert!(!delete(&mut tx, "other", &read.id).await.unwrap());
            assert!(delete(&mut tx, FIRST_ORGI, &read.id).await.unwrap());
        })
        .await;
    }
}
