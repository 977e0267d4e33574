//! Robots (机器人) and the leads they hold, and the campaigns that are a robot's task (OUT-212 to
//! OUT-223).

use serde::Serialize;
use sqlx::{AssertSqlSafe, FromRow};

use crate::{Db, Result, Tx, campaigns::Campaign, on};

/// Leads by what came of them. The other numbers add up to `assigned` (OUT-213).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, FromRow, Serialize)]
pub struct Held {
    pub assigned: i64,
    pub notcall: i64,
    pub calling: i64,
    pub success: i64,
    pub failed: i64,
    pub exception: i64,
}

/// A robot that was given leads.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Robot {
    pub id: String,
    /// Running campaigns that give it leads.
    pub running_tasks: i64,
    #[sqlx(flatten)]
    pub leads: Held,
}

/// A robot campaign whose only target is one robot.
#[derive(Debug, Clone, PartialEq, FromRow)]
pub struct RobotTask {
    #[sqlx(flatten)]
    pub campaign: Campaign,
    pub robot: String,
}

const HELD: &str = "COUNT(*) AS assigned,
    COUNT(CASE WHEN l.call_status = 'notcall' THEN 1 END) AS notcall,
    COUNT(CASE WHEN l.call_status = 'calling' THEN 1 END) AS calling,
    COUNT(CASE WHEN l.call_status = 'success' THEN 1 END) AS success,
    COUNT(CASE WHEN l.call_status = 'failed' THEN 1 END) AS failed,
    COUNT(CASE WHEN l.call_status = 'exception' THEN 1 END) AS exception";

const TASK: &str = "SELECT c.*, t.target_id AS robot FROM campaigns c
    JOIN targets t ON t.campaign_id = c.id AND t.target_type = 'robot'
    WHERE c.orgi = $1 AND c.campaign_type = 'robot'
        AND (SELECT COUNT(*) FROM targets o WHERE o.campaign_id = c.id) = 1";

/// The tenant's robots that hold leads, by id.
///
/// # Errors
/// When the database fails.
pub async fn list(db: &Db, orgi: &str) -> Result<Vec<Robot>> {
    let sql = format!(
        "SELECT l.alloc_target AS id, {HELD},
             (SELECT COUNT(*) FROM targets t JOIN campaigns c ON c.id = t.campaign_id
              WHERE c.orgi = $1 AND c.state = 'running' AND t.target_type = 'robot'
                  AND t.target_id = l.alloc_target) AS running_tasks
         FROM leads l WHERE l.orgi = $1 AND l.alloc_type = 'robot' AND l.alloc_target IS NOT NULL
         GROUP BY l.alloc_target ORDER BY l.alloc_target"
    );
    Ok(on!(db.read(), c => sqlx::query_as(AssertSqlSafe(sql)).bind(orgi).fetch_all(c).await)?)
}

/// The leads that a campaign's robots hold.
///
/// # Errors
/// When the database fails.
pub async fn held(db: &Db, campaign: &str) -> Result<Held> {
    let sql = format!("SELECT {HELD} FROM leads l WHERE l.campaign_id = $1");
    Ok(on!(db.read(), c => sqlx::query_as(AssertSqlSafe(sql)).bind(campaign).fetch_one(c).await)?)
}

/// # Errors
/// When the database fails or the stored settings cannot be read.
pub async fn task(db: &Db, orgi: &str, id: &str) -> Result<Option<RobotTask>> {
    let sql = format!("{TASK} AND c.id = $2");
    Ok(
        on!(db.read(), c => sqlx::query_as(AssertSqlSafe(sql)).bind(orgi).bind(id)
        .fetch_optional(c).await)?,
    )
}

/// The tenant's robot tasks, newest first, those before the id `before`.
///
/// # Errors
/// As [`task`].
pub async fn tasks(
    db: &Db,
    orgi: &str,
    before: Option<&str>,
    limit: i64,
) -> Result<Vec<RobotTask>> {
    let sql = format!("{TASK} AND ($2 = '' OR c.id < $2) ORDER BY c.id DESC LIMIT $3");
    Ok(
        on!(db.read(), c => sqlx::query_as(AssertSqlSafe(sql)).bind(orgi)
        .bind(before.unwrap_or_default()).bind(limit).fetch_all(c).await)?,
    )
}

/// Whether another campaign that runs or pauses gives leads to a robot of this one (OUT-223).
///
/// # Errors
/// When the database fails.
pub async fn are_busy(tx: &mut Tx, orgi: &str, campaign: &str) -> Result<bool> {
    let others: i64 = on!(tx.conn(), c => sqlx::query_scalar(
        "SELECT COUNT(*) FROM campaigns c JOIN targets t ON t.campaign_id = c.id
         WHERE c.orgi = $1 AND c.id <> $2 AND c.state IN ('running', 'paused')
             AND t.target_type = 'robot' AND t.target_id IN (SELECT o.target_id FROM targets o
                 WHERE o.campaign_id = $2 AND o.target_type = 'robot')"
    ).bind(orgi).bind(campaign).fetch_one(c).await)?;
    Ok(others > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        leads, sample,
        testing::{about, on_both},
    };

    #[tokio::test]
    async fn a_robots_numbers_add_up() {
        on_both(|home| async move {
            let db = &home.db;
            let (batch, fields) = sample::batch(db, "一").await;
            sample::leads(db, &batch, &fields, 3).await;
            let rows = leads::page(db, &batch, -1, 5).await.unwrap();
            for (lead, sql) in rows.iter().zip([
                "UPDATE leads SET alloc_type = 'robot', alloc_target = '201' WHERE id = $1",
                "UPDATE leads SET alloc_type = 'robot', alloc_target = '201',
                     call_status = 'failed' WHERE id = $1",
                "UPDATE leads SET alloc_type = 'robot', alloc_target = '202',
                     call_status = 'exception' WHERE id = $1",
            ]) {
                about(db, &lead.id, sql).await;
            }
            let robots = list(db, &rows[0].orgi).await.unwrap();
            let [first, second] = robots.as_slice() else {
                panic!("{robots:?}");
            };
            let of = |held: &Held| (held.assigned, held.notcall, held.failed, held.exception);
            assert_eq!((first.id.as_str(), of(&first.leads)), ("201", (2, 1, 1, 0)));
            assert_eq!(of(&second.leads), (1, 0, 0, 1));
            assert!(list(db, "other").await.unwrap().is_empty());
        })
        .await;
    }
}
