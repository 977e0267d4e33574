//! Recordings that are to have the name that their queue gives them (VOX-048).
//!
//! A move is noted in the write that makes the call complete: closed, and its recording ended. Whoever moves the
//! file tells so afterwards, and one write gives the call the new name and forgets the move. So at any moment the
//! books know the file by the name that it has.

use engine::{
    queue::{Settings, recording_name::Recorded},
    time::Millis,
};

use crate::{Db, Result, Tx, doc, on};

const SEALED: &str = ".wav.sealed";

/// A file that is to have another name, or has it already; both below the recordings directory.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Move {
    pub call: String,
    pub from: String,
    pub to: String,
}

#[derive(sqlx::FromRow)]
struct Complete {
    recording: String,
    queue_id: String,
    agent_id: Option<String>,
    caller: String,
    callee: String,
    at: i64,
    settings: String,
}

/// Notes the move of a call's recording, where the call is complete and its queue has a name for it.
pub(crate) async fn plan(tx: &mut Tx, call: &str) -> Result<()> {
    let found: Option<Complete> = on!(tx.conn(), c => sqlx::query_as(
        "SELECT c.recording, c.queue_id, c.agent_id, c.caller, c.callee, q.settings,
                COALESCE(c.answered_at, c.started_at) AS at
         FROM calls c JOIN queues q ON q.id = c.queue_id
         WHERE c.id = $1 AND c.state = 'closed' AND c.recording IS NOT NULL
             AND c.recording_ms IS NOT NULL")
        .bind(call).fetch_optional(c).await)?;
    let Some(name) = found.and_then(|complete| name(call, &complete)) else {
        return Ok(());
    };
    on!(tx.conn(), c => sqlx::query(
        "INSERT INTO recording_moves (call_id, file) VALUES ($1, $2) ON CONFLICT DO NOTHING")
        .bind(call).bind(name).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// `None`: there is none, or it is the present one; also where a stored queue cannot be read: that keeps no call from its end.
fn name(call: &str, complete: &Complete) -> Option<String> {
    let settings: Settings = doc::parse("queue", &complete.settings).ok()?;
    let recorded = Recorded {
        call: call.parse().ok()?,
        queue: &complete.queue_id,
        agent: complete.agent_id.as_deref(),
        caller: &complete.caller,
        called: &complete.callee,
        at: Millis(complete.at),
    };
    let name = settings.recording_name().ok()??.name(&recorded)?;
    let ending = match complete.recording.ends_with(SEALED) {
        true => SEALED,
        false => ".wav",
    };
    let name = name + ending;
    (name != complete.recording).then_some(name)
}

/// What a node's files are to be called, in the order of their calls: those behind the call `after`, which
/// may be empty, at most `most`.
///
/// # Errors
/// When the database refuses.
pub async fn planned(db: &Db, node: &str, after: &str, most: u16) -> Result<Vec<Move>> {
    Ok(on!(db.read(), c => sqlx::query_as(
        "SELECT m.call_id AS call, c.recording AS \"from\", m.file AS \"to\"
         FROM recording_moves m JOIN calls c ON c.id = m.call_id
         WHERE c.node = $1 AND c.recording IS NOT NULL AND m.call_id > $3
         ORDER BY m.call_id LIMIT $2")
        .bind(node).bind(i64::from(most)).bind(after).fetch_all(c).await)?)
}

/// The file has its new name.
///
/// # Errors
/// When the database refuses; then the books know the file by both names, as before.
pub async fn done(db: &Db, moved: &Move) -> Result<()> {
    let mut tx = db.begin().await?;
    on!(tx.conn(), c => sqlx::query(
        "UPDATE calls SET recording = $3 WHERE id = $1 AND recording = $2")
        .bind(&moved.call).bind(&moved.from).bind(&moved.to).execute(c).await.map(|_| ()))?;
    forget(&mut tx, &moved.call).await?;
    tx.commit().await
}

/// The file keeps the name that it has.
///
/// # Errors
/// When the database refuses.
pub async fn give_up(db: &Db, call: &str) -> Result<()> {
    let mut tx = db.begin().await?;
    forget(&mut tx, call).await?;
    tx.commit().await
}

async fn forget(tx: &mut Tx, call: &str) -> Result<()> {
    on!(tx.conn(), c => sqlx::query("DELETE FROM recording_moves WHERE call_id = $1")
        .bind(call).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// The name by which a call's recording is found that has left the one that was on the books a moment ago.
///
/// # Errors
/// When the database refuses.
pub async fn name_now(db: &Db, call: &str) -> Result<Option<String>> {
    let name: Option<Option<String>> = on!(db.read(), c => sqlx::query_scalar(
        "SELECT COALESCE(m.file, c.recording)
         FROM calls c LEFT JOIN recording_moves m ON m.call_id = c.id WHERE c.id = $1")
        .bind(call).fetch_optional(c).await)?;
    Ok(name.flatten())
}

#[cfg(test)]
mod tests;
