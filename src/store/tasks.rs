//! Tasks (外呼任务): one start of a campaign each, and what its draw gave away.

use engine::{
    draw::{Target, TargetType},
    time::Millis,
};
use serde::{Deserialize, Serialize};
use sqlx::FromRow;

use crate::{Db, Doc, Result, Tx, doc, filter_runs, new_id, on};

/// `filtered` = `to_agent` + `to_dept` + `to_ai` + `to_queue` + `unallocated` (OUT-129).
#[derive(Debug, Clone, PartialEq, FromRow, Serialize)]
pub struct Task {
    pub id: String,
    pub orgi: String,
    pub campaign_id: String,
    /// Campaign's name, `_`, local date and time (OUT-124).
    pub title: String,
    /// `queued`, `allocating`, `ready` or `failed`.
    pub state: String,
    pub filter_run_id: Option<String>,
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
    #[sqlx(try_from = "String")]
    #[serde(skip)]
    pub plan: Doc<Vec<Portion>>,
    #[serde(skip)]
    pub hit_cursor: i64,
    pub job_id: Option<String>,
    pub error_code: Option<String>,
    pub created_by: Option<String>,
    pub created_at: i64,
    pub finished_at: Option<i64>,
}

/// What one target still gets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Portion {
    pub target_type: TargetType,
    pub target_id: String,
    pub left: u64,
}

/// Records a start of a campaign, with the filter run its draw will use. Enqueue
/// `work::Work::AllocateTask` in the same write. `None`: no such campaign.
///
/// # Errors
/// When the database fails.
pub async fn create(
    tx: &mut Tx,
    campaign: &crate::campaigns::Campaign,
    title: &str,
    by: &str,
    now: Millis,
) -> Result<Option<String>> {
    let run = filter_runs::create(tx, &campaign.orgi, &campaign.filter_id, now).await?;
    let Some(run) = run else { return Ok(None) };
    let id = new_id("tsk");
    on!(tx.conn(), c => sqlx::query(
        "INSERT INTO tasks
             (id, orgi, campaign_id, title, state, filter_run_id, created_by, created_at)
         VALUES ($1, $2, $3, $4, 'queued', $5, $6, $7)"
    ).bind(&id).bind(&campaign.orgi).bind(&campaign.id).bind(title).bind(&run).bind(by).bind(now.0)
        .execute(c).await.map(|_| ()))?;
    Ok(Some(id))
}

/// # Errors
/// When the database fails.
pub async fn get(db: &Db, id: &str) -> Result<Option<Task>> {
    Ok(
        on!(db.read(), c => sqlx::query_as("SELECT * FROM tasks WHERE id = $1")
        .bind(id).fetch_optional(c).await)?,
    )
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

/// How many leads the task's filter run offers now; nobody else can take them within this write.
///
/// # Errors
/// When the database fails.
pub async fn available(tx: &mut Tx, run: &str) -> Result<i64> {
    filter_runs::remaining(tx, run).await
}

/// Decides, once, what each target gets. `false`: it was decided before.
///
/// # Errors
/// When the database fails.
pub async fn decide(tx: &mut Tx, id: &str, filtered: i64, plan: &[Portion]) -> Result<bool> {
    let plan = doc::text("plan", plan)?;
    let rows = on!(tx.conn(), c => sqlx::query(
        "UPDATE tasks SET state = 'allocating', filtered = $2, unallocated = $2, plan = $3
         WHERE id = $1 AND state = 'queued'"
    ).bind(id).bind(filtered).bind(plan).execute(c).await.map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// The next available hits of a run after the position `after`: position and lead.
///
/// # Errors
/// When the database fails.
pub async fn next_hits(
    tx: &mut Tx,
    run: &str,
    after: i64,
    limit: i64,
) -> Result<Vec<(i64, String)>> {
    let limit = usize::try_from(limit).unwrap_or_default();
    filter_runs::free_after(tx, run, after, limit).await
}

/// Gives leads to a target. Returns how many were still free.
///
/// # Errors
/// When the database fails.
pub async fn give(
    tx: &mut Tx,
    task: &Task,
    target: &Target,
    leads: Vec<String>,
    now: Millis,
) -> Result<i64> {
    const SET: &str = "UPDATE leads SET alloc_status = $1, alloc_type = $2, alloc_target = $3,
             alloc_at = $4, task_id = $5, campaign_id = $6, call_status = 'notcall',
             next_dial_at = $4, blocked = NULL, updated_at = $4
         WHERE alloc_status IN ('unallocated', 'recycled') AND reserved_by IS NULL AND ";
    let status = target.target_type.alloc_status();
    let kind = target.target_type.as_str();
    let rows = match tx {
        Tx::Lite(c) => sqlx::query(sqlx::AssertSqlSafe(format!(
            "{SET} id IN (SELECT value FROM json_each($7))"
        )))
        .bind(status)
        .bind(kind)
        .bind(&target.target_id)
        .bind(now.0)
        .bind(&task.id)
        .bind(&task.campaign_id)
        .bind(doc::text("leads", &leads)?)
        .execute(&mut **c)
        .await?
        .rows_affected(),
        Tx::Pg(c) => sqlx::query(sqlx::AssertSqlSafe(format!("{SET} id = ANY($7)")))
            .bind(status)
            .bind(kind)
            .bind(&target.target_id)
            .bind(now.0)
            .bind(&task.id)
            .bind(&task.campaign_id)
            .bind(leads)
            .execute(&mut **c)
            .await?
            .rows_affected(),
    };
    Ok(i64::try_from(rows).unwrap_or(i64::MAX))
}

/// Records a chunk of the allocation in the write that gave the leads: the cursor moves from `from`
/// to `to`. `false`: another worker has done it.
///
/// # Errors
/// When the database fails.
pub async fn advance(
    tx: &mut Tx,
    id: &str,
    from: i64,
    to: i64,
    plan: &[Portion],
    given: &[(TargetType, i64)],
) -> Result<bool> {
    let of = |kind| {
        given
            .iter()
            .filter(|one| one.0 == kind)
            .map(|one| one.1)
            .sum::<i64>()
    };
    let plan = doc::text("plan", plan)?;
    let rows = on!(tx.conn(), c => sqlx::query(
        "UPDATE tasks SET hit_cursor = $3, plan = $4, to_agent = to_agent + $5,
             to_dept = to_dept + $6, to_ai = to_ai + $7, to_queue = to_queue + $8,
             unallocated = unallocated - $5 - $6 - $7 - $8
         WHERE id = $1 AND hit_cursor = $2 AND state = 'allocating'"
    ).bind(id).bind(from).bind(to).bind(plan).bind(of(TargetType::Agent))
        .bind(of(TargetType::Department)).bind(of(TargetType::Robot)).bind(of(TargetType::Queue))
        .execute(c).await.map(|done| done.rows_affected()))?;
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
    on!(tx.conn(), c => sqlx::query(
        "UPDATE tasks SET state = 'failed', error_code = $2, finished_at = $3 WHERE id = $1"
    ).bind(id).bind(code).bind(now.0).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// A lead that can be taken back, with who has it.
#[derive(Debug, Clone, FromRow)]
pub struct Returnable {
    pub id: String,
    pub alloc_type: String,
    /// Department to give it back to, where there is one.
    pub department: Option<String>,
}

/// The task's leads that were never dialled and are not being dialled (OUT-133), at most `limit`.
/// `target` and `lead` narrow it down.
///
/// # Errors
/// When the database fails.
pub async fn returnable(
    tx: &mut Tx,
    task: &str,
    target: Option<&str>,
    lead: Option<&str>,
    after: &str,
    limit: i64,
) -> Result<Vec<Returnable>> {
    Ok(on!(tx.conn(), c => sqlx::query_as(
        "SELECT l.id, l.alloc_type,
             CASE WHEN l.alloc_type = 'department' THEN l.alloc_target ELSE u.department_id END
                 AS department
         FROM leads l
         LEFT JOIN agents a ON l.alloc_type = 'agent' AND a.id = l.alloc_target
         LEFT JOIN users u ON u.id = a.user_id
         WHERE l.task_id = $1 AND ($2 = '' OR l.alloc_target = $2) AND ($3 = '' OR l.id = $3)
             AND l.id > $4 AND l.alloc_status IN ('agent', 'dept', 'ai', 'queue')
             AND l.call_status = 'notcall' AND l.dial_count = 0 AND l.reserved_by IS NULL
         ORDER BY l.id LIMIT $5"
    ).bind(task).bind(target.unwrap_or_default()).bind(lead.unwrap_or_default()).bind(after)
        .bind(limit).fetch_all(c).await)?)
}

/// Takes one lead back to the pool, or to a department.
///
/// # Errors
/// When the database fails.
pub async fn take_back(
    tx: &mut Tx,
    lead: &str,
    department: Option<&str>,
    now: Millis,
) -> Result<bool> {
    let (status, kind) = match department {
        Some(_) => ("recycled_dept", Some("department")),
        None => ("recycled", None),
    };
    let rows = on!(tx.conn(), c => sqlx::query(
        "UPDATE leads SET alloc_status = $2, alloc_type = $3, alloc_target = $4, campaign_id = NULL,
             next_dial_at = NULL, updated_at = $5
         WHERE id = $1 AND call_status = 'notcall' AND reserved_by IS NULL"
    ).bind(lead).bind(status).bind(kind).bind(department).bind(now.0).execute(c).await
        .map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// Records what was taken back from targets of each type (OUT-134).
///
/// # Errors
/// When the database fails.
pub async fn record_recycled(
    tx: &mut Tx,
    id: &str,
    taken: &[(TargetType, i64)],
    to_department: bool,
) -> Result<()> {
    let of = |kind| {
        taken
            .iter()
            .filter(|one| one.0 == kind)
            .map(|one| one.1)
            .sum::<i64>()
    };
    let all: i64 = taken.iter().map(|one| one.1).sum();
    on!(tx.conn(), c => sqlx::query(
        "UPDATE tasks SET to_agent = to_agent - $2, to_dept = to_dept - $3, to_ai = to_ai - $4,
             to_queue = to_queue - $5, unallocated = unallocated + $6, recycled = recycled + $7,
             recycled_dept = recycled_dept + $8
         WHERE id = $1"
    ).bind(id).bind(of(TargetType::Agent)).bind(of(TargetType::Department))
        .bind(of(TargetType::Robot)).bind(of(TargetType::Queue)).bind(all)
        .bind(if to_department { 0 } else { all }).bind(if to_department { all } else { 0 })
        .execute(c).await.map(|_| ()))?;
    Ok(())
}
