//! Records of imports, filter runs and tasks (OUT-137 to OUT-145).

use std::collections::BTreeMap;

use engine::filter::{Form, Resolved};
use serde::Serialize;
use sqlx::FromRow;

use crate::{Db, Doc, Result, on, tasks::ContactsAsk};

/// 请选择批次, 请选择筛选表单, 请选择活动. Empty: any.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    pub batch: String,
    pub filter: String,
    pub campaign: String,
}

#[derive(Debug, Clone, PartialEq, Eq, FromRow, Serialize)]
pub struct ImportRecord {
    pub id: String,
    pub batch_id: String,
    pub title: String,
    pub state: String,
    pub good: i64,
    pub invalid: i64,
    pub created_at: i64,
}

/// A filter run or a task with what became of its leads. `filtered` = `to_agent` + `to_dept` +
/// `to_ai` + `to_queue` + `unallocated`.
#[derive(Debug, Clone, PartialEq, FromRow, Serialize)]
pub struct DrawRecord {
    pub id: String,
    pub title: String,
    pub state: String,
    pub batch_id: Option<String>,
    pub filter_id: Option<String>,
    pub campaign_id: Option<String>,
    pub run_id: Option<String>,
    pub task_id: Option<String>,
    /// The leads of the run are still known.
    pub is_kept: bool,
    /// The run that holds what the task had to draw from.
    pub drawn_run_id: Option<String>,
    /// Of contacts: what was asked for.
    #[sqlx(try_from = "String")]
    #[serde(skip)]
    pub ask: Doc<Option<ContactsAsk>>,
    /// What the run was asked, and on what it ran; `None`: there is no run.
    #[sqlx(try_from = "String")]
    pub conditions: Doc<Option<Form>>,
    #[sqlx(try_from = "String")]
    #[serde(skip)]
    pub resolved: Doc<Option<Resolved>>,
    pub zone: Option<String>,
    #[sqlx(try_from = "String")]
    pub versions: Doc<BTreeMap<String, i64>>,
    /// What the run selected, also what was not to be had.
    pub matched: i64,
    pub filtered: i64,
    pub to_agent: i64,
    pub to_dept: i64,
    pub to_ai: i64,
    pub to_queue: i64,
    pub unallocated: i64,
    pub recycled: i64,
    pub recycled_dept: i64,
    pub created_at: i64,
}

/// 导入记录, newest first, those before the id `before`, and how many there are in all.
///
/// # Errors
/// When the database fails.
pub async fn imports(
    db: &Db,
    orgi: &str,
    wanted: &Wanted,
    before: &str,
    limit: i64,
) -> Result<(Vec<ImportRecord>, i64)> {
    let rows = on!(db.read(), c => sqlx::query_as(
        "SELECT id, batch_id, title, state, good, invalid, created_at FROM imports
         WHERE orgi = $1 AND ($2 = '' OR batch_id = $2) AND ($3 = '' OR id < $3)
         ORDER BY id DESC LIMIT $4"
    ).bind(orgi).bind(&wanted.batch).bind(before).bind(limit).fetch_all(c).await)?;
    let all = on!(db.read(), c => sqlx::query_scalar(
        "SELECT COUNT(*) FROM imports WHERE orgi = $1 AND ($2 = '' OR batch_id = $2)"
    ).bind(orgi).bind(&wanted.batch).fetch_one(c).await)?;
    Ok((rows, all))
}

const DRAWS: &str = "r.batch_id, r.filter_id, t.campaign_id, r.id AS run_id, t.id AS task_id,
    (r.id IS NOT NULL AND (r.matched = 0
        OR EXISTS (SELECT 1 FROM filter_hits h WHERE h.run_id = r.id))) AS is_kept,
    (SELECT d.id FROM filter_runs d WHERE d.id = t.drawn_run_id) AS drawn_run_id,
    COALESCE(t.ask, 'null') AS ask, COALESCE(r.conditions, 'null') AS conditions,
    COALESCE(r.resolved, 'null') AS resolved, r.zone, COALESCE(r.versions, '{}') AS versions,
    COALESCE(r.matched, t.filtered, 0) AS matched,
    COALESCE(t.filtered, r.matched, 0) AS filtered, COALESCE(t.to_agent, 0) AS to_agent,
    COALESCE(t.to_dept, 0) AS to_dept, COALESCE(t.to_ai, 0) AS to_ai,
    COALESCE(t.to_queue, 0) AS to_queue, COALESCE(t.unallocated, r.matched, 0) AS unallocated,
    COALESCE(t.recycled, 0) AS recycled, COALESCE(t.recycled_dept, 0) AS recycled_dept";

const RUNS: &str = "FROM filter_runs r LEFT JOIN tasks t ON t.filter_run_id = r.id
    WHERE r.orgi = $1 AND r.purpose = 'hits' AND ($2 = '' OR r.batch_id = $2)
        AND ($3 = '' OR r.filter_id = $3) AND ($4 = '' OR t.campaign_id = $4)";

/// 筛选记录, as [`imports`].
///
/// # Errors
/// When the database fails.
pub async fn filters(
    db: &Db,
    orgi: &str,
    wanted: &Wanted,
    before: &str,
    limit: i64,
) -> Result<(Vec<DrawRecord>, i64)> {
    let page = format!(
        "SELECT r.id, r.title, r.state, {DRAWS}, r.created_at {RUNS}
             AND ($5 = '' OR r.id < $5) ORDER BY r.id DESC LIMIT $6"
    );
    draws(db, orgi, wanted, (page, RUNS), before, limit).await
}

const TASKS: &str = "FROM tasks t LEFT JOIN filter_runs r ON r.id = t.filter_run_id
    WHERE t.orgi = $1 AND ($2 = '' OR r.batch_id = $2)
        AND ($3 = '' OR r.filter_id = $3) AND ($4 = '' OR t.campaign_id = $4)";

/// 拨打任务记录 (`others`: 其他任务记录, of contacts), as [`imports`].
///
/// # Errors
/// When the database fails.
pub async fn tasks(
    db: &Db,
    orgi: &str,
    wanted: &Wanted,
    others: bool,
    before: &str,
    limit: i64,
) -> Result<(Vec<DrawRecord>, i64)> {
    let kind = if others { "=" } else { "<>" };
    let from = format!("{TASKS} AND t.kind {kind} 'other'");
    let page = format!(
        "SELECT t.id, t.title, t.state, {DRAWS}, t.created_at {from}
             AND ($5 = '' OR t.id < $5) ORDER BY t.id DESC LIMIT $6"
    );
    draws(db, orgi, wanted, (page, &from), before, limit).await
}

async fn draws(
    db: &Db,
    orgi: &str,
    wanted: &Wanted,
    (page, from): (String, &str),
    before: &str,
    limit: i64,
) -> Result<(Vec<DrawRecord>, i64)> {
    let count = format!("SELECT COUNT(*) {from}");
    let rows = on!(db.read(), c => sqlx::query_as(sqlx::AssertSqlSafe(page))
        .bind(orgi).bind(&wanted.batch).bind(&wanted.filter).bind(&wanted.campaign).bind(before)
        .bind(limit).fetch_all(c).await)?;
    let all = on!(db.read(), c => sqlx::query_scalar(sqlx::AssertSqlSafe(count))
        .bind(orgi).bind(&wanted.batch).bind(&wanted.filter).bind(&wanted.campaign)
        .fetch_one(c).await)?;
    Ok((rows, all))
}

#[cfg(test)]
mod tests;
