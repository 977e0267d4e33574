//! Tasks (外呼任务): what one start of a campaign, or one allocation of contacts, gave away.

mod candidates;
mod give;
mod hand_on;
mod leave;
mod recycle;
mod stale;

use std::collections::BTreeMap;

use engine::{
    draw::{Target, TargetType},
    time::Millis,
};
use serde::{Deserialize, Serialize};
use sqlx::FromRow;

pub use candidates::{Asked, Candidate, candidates, free_between, held};
pub use give::{Given, advance, give};
pub use hand_on::{Handed, hand_on};
pub(crate) use leave::{Place, leave};
pub use recycle::{
    Held, Lost, Scope, Skipped, Taken, left_behind, record_recycled, returnable, take_back,
};
pub use stale::stale;

use crate::{Db, Doc, Result, Tx, campaigns::Campaign, doc, filter_runs, new_id, on};

/// `filtered` = `to_agent` + `to_dept` + `to_ai` + `to_queue` + `unallocated` (OUT-129).
#[derive(Debug, Clone, PartialEq, FromRow, Serialize)]
pub struct Task {
    pub id: String,
    pub orgi: String,
    /// `start`, `append` (to a campaign that runs) or `other` (of contacts).
    pub kind: String,
    /// `None`: contacts given to somebody directly.
    pub campaign_id: Option<String>,
    /// Campaign's name, `_`, local date and time (OUT-124).
    pub title: String,
    /// `queued`, `allocating`, `ready` or `failed`.
    pub state: String,
    pub filter_run_id: Option<String>,
    /// Most leads it draws.
    pub extract: i64,
    #[sqlx(try_from = "String")]
    #[serde(skip)]
    pub ask: Doc<Option<ContactsAsk>>,
    /// The last contact whose lead was made.
    #[serde(skip)]
    pub seen: String,
    /// 筛选数量: available leads that matched.
    pub filtered: i64,
    pub to_agent: i64,
    pub to_dept: i64,
    pub to_ai: i64,
    pub to_queue: i64,
    pub unallocated: i64,
    /// 回收: how many were ever taken back.
    pub recycled: i64,
    pub recycled_dept: i64,
    /// Why leads that were drawn were given to nobody, and how many.
    #[sqlx(try_from = "String")]
    pub reasons: Doc<BTreeMap<String, i64>>,
    #[sqlx(try_from = "String")]
    #[serde(skip)]
    pub plan: Doc<Vec<Portion>>,
    pub job_id: Option<String>,
    pub error_code: Option<String>,
    pub created_by: Option<String>,
    pub created_at: i64,
    pub finished_at: Option<i64>,
}

/// Which contacts become leads, and whose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactsAsk {
    /// What the leads' import will be called.
    pub import: String,
    /// These; `None`: all that match `search`.
    pub contacts: Option<Vec<String>>,
    #[serde(default)]
    pub search: String,
    /// For this target; `None`: for the targets of the task's campaign.
    pub target: Option<Target>,
    /// Of the leads, 0 to 9.
    #[serde(default)]
    pub priority: i64,
}

/// A target of a task and how many leads were decided for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Portion {
    pub target_type: TargetType,
    pub target_id: String,
    pub gets: u64,
}

/// Who asks for a task, and for which.
#[derive(Debug, Clone, Copy)]
pub struct NewTask<'a> {
    /// `start` or `append`.
    pub kind: &'a str,
    pub title: &'a str,
    /// Most leads it draws; `None`: what the campaign says.
    pub extract: Option<i64>,
    pub by: &'a str,
}

/// Records a start of a campaign, with the filter run its draw will use. Enqueue
/// `work::Work::AllocateTask` in the same write. `None`: no such campaign.
///
/// # Errors
/// When the database fails.
pub async fn create(
    tx: &mut Tx,
    campaign: &Campaign,
    new: NewTask<'_>,
    now: Millis,
) -> Result<Option<String>> {
    let run = filter_runs::create(tx, &campaign.orgi, &campaign.filter_id, now).await?;
    let Some(run) = run else { return Ok(None) };
    let id = new_id("tsk");
    let extract = new.extract.unwrap_or(campaign.extract_count);
    on!(tx.conn(), c => sqlx::query(
        "INSERT INTO tasks (id, orgi, kind, campaign_id, title, state, filter_run_id, extract,
             created_by, created_at)
         VALUES ($1, $2, $3, $4, $5, 'queued', $6, $7, $8, $9)"
    ).bind(&id).bind(&campaign.orgi).bind(new.kind).bind(&campaign.id).bind(new.title).bind(&run)
        .bind(extract).bind(new.by).bind(now.0).execute(c).await.map(|_| ()))?;
    Ok(Some(id))
}

/// Records an allocation of contacts; `ask` says which, and for whom. Enqueue
/// `work::Work::AllocateContacts` in the same write.
///
/// # Errors
/// When the database fails.
pub async fn create_other(
    tx: &mut Tx,
    orgi: &str,
    campaign: Option<&str>,
    title: &str,
    ask: &ContactsAsk,
    (by, now): (&str, Millis),
) -> Result<String> {
    let id = new_id("tsk");
    let ask = doc::text("ask", ask)?;
    on!(tx.conn(), c => sqlx::query(
        "INSERT INTO tasks (id, orgi, kind, campaign_id, title, state, ask, created_by, created_at)
         VALUES ($1, $2, 'other', $3, $4, 'queued', $5, $6, $7)"
    ).bind(&id).bind(orgi).bind(campaign).bind(title).bind(ask).bind(by).bind(now.0)
        .execute(c).await.map(|_| ()))?;
    Ok(id)
}

/// # Errors
/// When the database fails.
pub async fn get(db: &Db, id: &str) -> Result<Option<Task>> {
    Ok(
        on!(db.read(), c => sqlx::query_as("SELECT * FROM tasks WHERE id = $1")
        .bind(id).fetch_optional(c).await)?,
    )
}

/// What contacts a task allocates, where it is one that does.
///
/// # Errors
/// When the database fails.
pub async fn ask_of(tx: &mut Tx, id: &str) -> Result<Option<ContactsAsk>> {
    let ask: Option<Option<String>> = on!(tx.conn(), c => sqlx::query_scalar(
        "SELECT ask FROM tasks WHERE id = $1"
    ).bind(id).fetch_optional(c).await)?;
    let ask = ask.flatten();
    Ok(ask
        .map(|ask| doc::parse("ask", &ask))
        .transpose()?
        .flatten())
}

/// A campaign's tasks, newest first, those before the id `before`.
///
/// # Errors
/// When the database fails.
pub async fn list(db: &Db, campaign: &str, before: Option<&str>, limit: i64) -> Result<Vec<Task>> {
    Ok(on!(db.read(), c => sqlx::query_as(
        "SELECT * FROM tasks WHERE campaign_id = $1 AND ($2 = '' OR id < $2)
         ORDER BY id DESC LIMIT $3"
    ).bind(campaign).bind(before.unwrap_or_default()).bind(limit).fetch_all(c).await)?)
}

/// Whether the campaign's newest start still gives its leads away: they are dialled only when all of
/// them have their targets. What is appended later is dialled as it comes.
///
/// # Errors
/// When the database fails.
pub async fn is_starting(db: &Db, campaign: &str) -> Result<bool> {
    let state: Option<String> = on!(db.read(), c => sqlx::query_scalar(
        "SELECT state FROM tasks WHERE campaign_id = $1 AND kind = 'start'
         ORDER BY created_at DESC, id DESC LIMIT 1"
    ).bind(campaign).fetch_optional(c).await)?;
    Ok(state.is_some_and(|state| state == "queued" || state == "allocating"))
}

/// What a draw came to.
#[derive(Debug, Clone, Copy)]
pub struct Decision<'a> {
    pub filtered: i64,
    pub plan: &'a [Portion],
    pub reasons: &'a BTreeMap<String, i64>,
}

/// Writes down, once, who gets how many. `false`: it was decided before.
///
/// # Errors
/// When the database fails.
pub async fn decide(tx: &mut Tx, id: &str, decision: Decision<'_>) -> Result<bool> {
    let plan = doc::text("plan", decision.plan)?;
    let reasons = doc::text("reasons", decision.reasons)?;
    let rows = on!(tx.conn(), c => sqlx::query(
        "UPDATE tasks SET state = 'allocating', filtered = $2, unallocated = $2, plan = $3,
             reasons = $4
         WHERE id = $1 AND state = 'queued'"
    ).bind(id).bind(decision.filtered).bind(plan).bind(reasons).execute(c).await
        .map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// Records that the contacts up to this one have their leads. `false`: another worker has done it.
///
/// # Errors
/// When the database fails.
pub async fn saw(tx: &mut Tx, id: &str, from: &str, to: &str, duplicates: i64) -> Result<bool> {
    let reasons: Option<String> = on!(tx.conn(), c => sqlx::query_scalar(
        "SELECT reasons FROM tasks WHERE id = $1 AND seen = $2 AND state = 'queued'"
    ).bind(id).bind(from).fetch_optional(c).await)?;
    let Some(reasons) = reasons else {
        return Ok(false);
    };
    let mut reasons: BTreeMap<String, i64> = doc::parse("reasons", &reasons)?;
    if duplicates > 0 {
        *reasons.entry("duplicate".into()).or_default() += duplicates;
    }
    let reasons = doc::text("reasons", &reasons)?;
    let rows = on!(tx.conn(), c => sqlx::query(
        "UPDATE tasks SET seen = $3, reasons = $4 WHERE id = $1 AND seen = $2"
    ).bind(id).bind(from).bind(to).bind(reasons).execute(c).await
        .map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// # Errors
/// When the database fails.
pub async fn ready(tx: &mut Tx, id: &str, now: Millis) -> Result<()> {
    on!(tx.conn(), c => sqlx::query(
        "UPDATE tasks SET state = 'ready', finished_at = $2 WHERE id = $1 AND state = 'allocating'"
    ).bind(id).bind(now.0).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// # Errors
/// When the database fails.
pub async fn fail(tx: &mut Tx, id: &str, code: &str, now: Millis) -> Result<()> {
    on!(tx.conn(), c => sqlx::query("DELETE FROM task_draws WHERE task_id = $1")
        .bind(id).execute(c).await.map(|_| ()))?;
    on!(tx.conn(), c => sqlx::query(
        "UPDATE tasks SET state = 'failed', error_code = $2, finished_at = $3 WHERE id = $1"
    ).bind(id).bind(code).bind(now.0).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// How many of some leads went to targets of each type.
fn of(counts: &[(TargetType, i64)], kind: TargetType) -> i64 {
    counts
        .iter()
        .filter(|one| one.0 == kind)
        .map(|one| one.1)
        .sum()
}
