//! Callers who were promised a call back: each promise is kept once, by the node that gave it,
//! however often its process ends.

use engine::{
    floor::{CallBack, CloseCall, OpenCall},
    ids::{CallId, LegId},
    time::Millis,
};
use serde::Serialize;

use crate::{Db, Result, Tx, access::FIRST_ORGI, calls, dnc, on};

/// A promise as lists show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow)]
pub struct Promise {
    /// The call that is to be.
    pub call_id: String,
    pub queue_id: String,
    pub number: String,
    /// The number that was called.
    pub called: String,
    pub waits_since: i64,
    pub promised_at: i64,
    pub expires_at: i64,
    /// `waiting`, `called` or `closed`.
    pub state: String,
    pub called_at: Option<i64>,
    pub closed_at: Option<i64>,
    pub outcome: Option<String>,
    /// Somebody wants it off; the node that keeps it has not said so yet.
    pub cancel_asked_at: Option<i64>,
}

/// Which promises a page shows; `None` means any.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    pub state: Option<String>,
    pub queue: Option<String>,
}

const COLUMNS: &str =
    "call_id, queue_id, number, called, waits_since, promised_at, expires_at, state,
    called_at, closed_at, outcome, cancel_asked_at";

/// Writes a promise down and opens its call. `false`, and nothing is written, while the number waits
/// for another. Asked again, because the answer to the first time was lost, it says what it said.
///
/// # Errors
/// When the database refuses; then nothing is written.
pub async fn promise(db: &Db, node: &str, promise: &CallBack) -> Result<bool> {
    let mut tx = db.begin().await?;
    let call = promise.call.id.to_string();
    let rows = on!(tx.conn(), c => sqlx::query(
        "INSERT INTO call_backs (call_id, orgi, queue_id, number, called, priority, waits_since,
             promised_at, expires_at, node, state)
         VALUES ($1, COALESCE((SELECT orgi FROM queues WHERE id = $2), $10), $2, $3, $4, $5, $6, $7,
             $8, $9, 'waiting')
         ON CONFLICT DO NOTHING")
        .bind(&call).bind(promise.queue.as_str()).bind(&promise.call.callee)
        .bind(&promise.call.caller).bind(i64::from(promise.priority)).bind(promise.waits_since.0)
        .bind(promise.call.started_at.0).bind(promise.until.0).bind(node)
        .bind(FIRST_ORGI)
        .execute(c).await.map(|done| done.rows_affected()))?;
    if rows == 1 {
        calls::open(&mut tx, node, &promise.call).await?;
        tx.commit().await?;
        return Ok(true);
    }
    tx.rollback().await?;
    let known: Option<String> = on!(db.read(), c => sqlx::query_scalar(
        "SELECT call_id FROM call_backs WHERE call_id = $1").bind(&call).fetch_optional(c).await)?;
    Ok(known.is_some())
}

/// Takes a promise in hand for this leg, unless another has been, a DNC list forbids the number, or somebody
/// wants it off:
/// from now on it is not called again. Asked again for the same leg, it says what it said.
///
/// # Errors
/// When the database refuses; then nothing has changed.
pub async fn take(
    db: &Db,
    call: CallId,
    leg: LegId,
    spellings: &[String],
    now: Millis,
) -> Result<bool> {
    let mut tx = db.begin().await?;
    let (call, leg) = (call.to_string(), leg.to_string());
    let orgi: Option<String> = on!(tx.conn(), c => sqlx::query_scalar(
        "UPDATE call_backs SET state = 'called', leg = $2, called_at = $3
         WHERE call_id = $1 AND ((state = 'waiting' AND cancel_asked_at IS NULL)
             OR (state = 'called' AND leg = $2))
         RETURNING orgi")
        .bind(&call).bind(&leg).bind(now.0).fetch_optional(c).await)?;
    let Some(orgi) = orgi else {
        tx.rollback().await?;
        return Ok(false);
    };
    let listed = dnc::forbidding!(tx.conn(), &orgi, "", dnc::four(spellings), now)?;
    tx.commit().await?;
    Ok(listed.is_none())
}

/// Asks whichever node keeps a promise to take it back; from now on it is not taken in hand. `false`: it does
/// not wait any more.
///
/// # Errors
/// When the database refuses.
pub async fn ask_cancel(db: &Db, orgi: &str, call: &str, now: Millis) -> Result<bool> {
    let rows = on!(db.write(), c => sqlx::query(
        "UPDATE call_backs SET cancel_asked_at = COALESCE(cancel_asked_at, $3)
         WHERE orgi = $1 AND call_id = $2 AND state = 'waiting'")
        .bind(orgi).bind(call).bind(now.0).execute(c).await.map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// The promises that this node keeps and somebody wants off.
///
/// # Errors
/// When the database refuses, or what is stored is no call.
pub async fn unwanted(db: &Db, node: &str) -> Result<Vec<CallId>> {
    let ids: Vec<String> = on!(db.read(), c => sqlx::query_scalar(
        "SELECT call_id FROM call_backs
         WHERE node = $1 AND state = 'waiting' AND cancel_asked_at IS NOT NULL ORDER BY call_id")
        .bind(node).fetch_all(c).await)?;
    let parsed = ids.iter().map(|id| id.parse::<CallId>());
    Ok(parsed
        .collect::<std::result::Result<_, _>>()
        .map_err(|error| sqlx::Error::Decode(Box::new(error)))?)
}

/// A call is over; where it was promised, the promise is kept.
pub(crate) async fn close(tx: &mut Tx, call: &CloseCall) -> Result<()> {
    on!(tx.conn(), c => sqlx::query(
        "UPDATE call_backs SET state = 'closed', closed_at = $2, outcome = $3
         WHERE call_id = $1 AND state <> 'closed'")
        .bind(call.id.to_string()).bind(call.times.ended.map(|at| at.0))
        .bind(call.outcome.as_str()).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// What a dead process had in hand is not called again: the phone may have rung.
pub(crate) async fn recover(tx: &mut Tx, node: &str, now: Millis) -> Result<()> {
    on!(tx.conn(), c => sqlx::query(
        "UPDATE call_backs SET state = 'closed', closed_at = $2, outcome = 'recovered'
         WHERE node = $1 AND state = 'called'")
        .bind(node).bind(now.0).execute(c).await.map(|_| ()))?;
    Ok(())
}

#[derive(sqlx::FromRow)]
struct Waiting {
    call_id: String,
    queue_id: String,
    number: String,
    called: String,
    priority: i64,
    waits_since: i64,
    promised_at: i64,
    expires_at: i64,
}

/// What a node has promised and is still to keep, in the order of the promises.
///
/// # Errors
/// When the database refuses, or what is stored is no call.
pub async fn waiting(db: &Db, node: &str) -> Result<Vec<CallBack>> {
    let rows: Vec<Waiting> = on!(db.read(), c => sqlx::query_as(
        "SELECT call_id, queue_id, number, called, priority, waits_since, promised_at, expires_at
         FROM call_backs WHERE node = $1 AND state = 'waiting' ORDER BY call_id")
        .bind(node).fetch_all(c).await)?;
    rows.into_iter().map(CallBack::try_from).collect()
}

impl TryFrom<Waiting> for CallBack {
    type Error = crate::Error;

    fn try_from(row: Waiting) -> Result<Self> {
        let queue = engine::ids::QueueId::from(row.queue_id);
        Ok(Self {
            call: OpenCall {
                id: row
                    .call_id
                    .parse()
                    .map_err(|error| sqlx::Error::Decode(Box::new(error)))?,
                mode: None,
                is_test: false,
                campaign: None,
                task: None,
                lead: None,
                queue: Some(queue.clone()),
                agent: None,
                gateway: None,
                caller: row.called,
                callee: row.number,
                is_call_back: true,
                is_ordered: false,
                tenant: None,
                started_at: Millis(row.promised_at),
            },
            queue,
            priority: u8::try_from(row.priority).unwrap_or_default(),
            waits_since: Millis(row.waits_since),
            until: Millis(row.expires_at),
        })
    }
}

/// Promises of a tenant, newest first, before `before` (a call id: ids rise with time).
///
/// # Errors
/// When the database refuses.
pub async fn page(
    db: &Db,
    orgi: &str,
    wanted: &Wanted,
    before: Option<&str>,
    limit: u32,
) -> Result<Vec<Promise>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM call_backs
         WHERE orgi = $1 AND ($2 IS NULL OR state = $2) AND ($3 IS NULL OR queue_id = $3)
           AND ($4 IS NULL OR call_id < $4)
         ORDER BY call_id DESC LIMIT $5"
    );
    Ok(on!(db.read(), c => sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(orgi).bind(&wanted.state).bind(&wanted.queue).bind(before).bind(i64::from(limit))
        .fetch_all(c).await)?)
}

/// # Errors
/// When the database refuses.
pub async fn find(db: &Db, orgi: &str, call: &str) -> Result<Option<Promise>> {
    let sql = format!("SELECT {COLUMNS} FROM call_backs WHERE orgi = $1 AND call_id = $2");
    Ok(on!(db.read(), c => sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(orgi).bind(call).fetch_optional(c).await)?)
}

#[cfg(test)]
mod tests;
