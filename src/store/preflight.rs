//! What a pre-flight looks at, a stretch of leads at a time, and what it came to.

use engine::{
    draw::LATE,
    gate::Facts,
    preflight::{Candidate, Hold, Summary},
    time::Millis,
};
use serde::Serialize;
use sqlx::FromRow;

use crate::{Db, Doc, Result, Tx, doc, filter_runs, on};

/// Which leads are looked at.
#[derive(Debug, Clone)]
pub enum Over {
    /// Those that a filter run selected: a start would draw from them.
    Run(String),
    /// Those that a task gave away and that its campaign still has.
    Task(String),
}

/// Whose leads they are, and when their day began.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    pub orgi: &'a str,
    pub day_start: Millis,
}

#[derive(FromRow)]
struct Row {
    position: i64,
    phone: String,
    voided: bool,
    dnc: bool,
    alloc_status: String,
    call_status: String,
    is_reserved: bool,
    next_dial_at: Option<i64>,
    call_rank: Option<i64>,
    appointed: bool,
    attempts: i64,
    attempts_today: i64,
    live: i64,
}

/// A lead that was never dialled has no attempts: nothing is counted for it.
const COLUMNS: &str = "l.position, l.phone, l.voided, l.alloc_status, l.call_status,
    l.reserved_by IS NOT NULL AS is_reserved, l.next_dial_at, l.call_rank, l.appointed,
    (l.dnc OR EXISTS (SELECT 1 FROM dnc d WHERE d.orgi = l.orgi AND d.number = l.phone)) AS dnc,
    CASE WHEN l.dial_count = 0 THEN 0 ELSE
        (SELECT COUNT(*) FROM attempts a WHERE a.lead_id = l.id AND a.counted) END AS attempts,
    (SELECT COUNT(*) FROM attempts a WHERE a.orgi = l.orgi AND a.number = l.phone
         AND a.reserved_at >= $2 AND a.counted) AS attempts_today,
    (SELECT COUNT(*) FROM attempts a WHERE a.orgi = l.orgi AND a.number = l.phone
         AND a.state = 'open') AS live";

/// The next leads after the position `after` (-1: from the start), at most `limit` of them and none
/// when there are no more, with the position that the stretch after them begins behind.
///
/// # Errors
/// When the database fails.
pub async fn stretch(
    db: &Db,
    over: &Over,
    scene: Scene<'_>,
    after: i64,
    limit: usize,
) -> Result<Option<(Vec<Candidate>, i64)>> {
    match over {
        Over::Run(run) => {
            let mut conn = db.reading().await?;
            let hits = filter_runs::hits_after(&mut conn, run, after, limit).await?;
            drop(conn);
            let Some(&last) = hits.last() else {
                return Ok(None);
            };
            let rows = of_run(db, run, scene, &hits).await?;
            Ok(Some((rows.into_iter().map(to_be_drawn).collect(), last)))
        }
        Over::Task(task) => {
            let rows = of_task(db, task, scene, after, limit).await?;
            let Some(last) = rows.last().map(|row| row.position) else {
                return Ok(None);
            };
            Ok(Some((rows.into_iter().map(allocated).collect(), last)))
        }
    }
}

/// One lead, as its campaign would look at it; one that no campaign has, as a start would.
///
/// # Errors
/// When the database fails.
pub async fn lead(db: &Db, scene: Scene<'_>, id: &str) -> Result<Option<Candidate>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM leads l WHERE l.orgi = $1 AND l.id = $3 AND l.campaign_id IS NOT NULL"
    );
    let claimed: Option<Row> = on!(db.read(), c => sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(scene.orgi).bind(scene.day_start.0).bind(id).fetch_optional(c).await)?;
    if let Some(row) = claimed {
        return Ok(Some(allocated(row)));
    }
    let sql = format!("SELECT {COLUMNS} FROM leads l WHERE l.orgi = $1 AND l.id = $3");
    let row: Option<Row> = on!(db.read(), c => sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(scene.orgi).bind(scene.day_start.0).bind(id).fetch_optional(c).await)?;
    Ok(row.map(to_be_drawn))
}

/// The tasks of a campaign.
///
/// # Errors
/// When the database fails.
pub async fn tasks(db: &Db, campaign: &str) -> Result<Vec<Over>> {
    let ids: Vec<String> = on!(db.read(), c => sqlx::query_scalar(
        "SELECT id FROM tasks WHERE campaign_id = $1 ORDER BY id"
    ).bind(campaign).fetch_all(c).await)?;
    Ok(ids.into_iter().map(Over::Task).collect())
}

async fn of_run(db: &Db, run: &str, scene: Scene<'_>, hits: &[i64]) -> Result<Vec<Row>> {
    let each = match db {
        Db::Lite { .. } => "SELECT value FROM json_each($4)",
        Db::Pg(_) => "SELECT value::bigint FROM json_array_elements_text($4::json)",
    };
    let sql = format!(
        "SELECT {COLUMNS} FROM leads l
         WHERE l.orgi = $1 AND l.batch_id IN (SELECT batch_id FROM filter_hits WHERE run_id = $3)
             AND l.position IN ({each})"
    );
    let hits = doc::text("positions", hits)?;
    Ok(on!(db.read(), c => sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(scene.orgi).bind(scene.day_start.0).bind(run).bind(hits).fetch_all(c).await)?)
}

async fn of_task(
    db: &Db,
    task: &str,
    scene: Scene<'_>,
    after: i64,
    limit: usize,
) -> Result<Vec<Row>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM leads l
         WHERE l.orgi = $1 AND l.task_id = $3 AND l.position > $4 AND l.campaign_id IS NOT NULL
         ORDER BY l.position LIMIT $5"
    );
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    Ok(on!(db.read(), c => sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(scene.orgi).bind(scene.day_start.0).bind(task).bind(after).bind(limit)
        .fetch_all(c).await)?)
}

fn to_be_drawn(row: Row) -> Candidate {
    let free = matches!(row.alloc_status.as_str(), "unallocated" | "recycled");
    let hold = match row.call_status.as_str() {
        "calling" => Hold::Dialling,
        _ if row.is_reserved => Hold::Reserved,
        _ if free => Hold::Open,
        _ => Hold::InUse,
    };
    // A start makes it due at once, but for an appointment.
    let due = row.next_dial_at.filter(|_| row.appointed);
    candidate(row, hold, due)
}

fn allocated(row: Row) -> Candidate {
    let hold = match row.call_status.as_str() {
        "calling" => Hold::Dialling,
        _ if row.is_reserved => Hold::Reserved,
        // Out of calling: the gate says so.
        _ if row.voided || row.dnc => Hold::Open,
        _ if row.next_dial_at.is_none() => Hold::Done,
        _ => Hold::Open,
    };
    // One that was never dialled is drawn by its rank, which says so when it is to wait.
    let due = match row.call_rank {
        Some(rank) if row.call_status == "notcall" => (rank > LATE).then(|| rank - LATE),
        _ => row.next_dial_at,
    };
    candidate(row, hold, due)
}

fn candidate(row: Row, hold: Hold, due: Option<i64>) -> Candidate {
    let count = |number: i64| u32::try_from(number).unwrap_or(u32::MAX);
    Candidate {
        has_number: !row.phone.is_empty(),
        hold,
        facts: Facts {
            voided: row.voided,
            dnc: row.dnc,
            attempts: count(row.attempts),
            attempts_today: count(row.attempts_today),
            live: row.live > 0,
        },
        due: due.map(Millis),
        appointed: row.appointed,
    }
}

/// What a pre-flight came to.
#[derive(Debug, Clone, PartialEq, FromRow, Serialize)]
pub struct Preflight {
    pub job_id: String,
    pub campaign_id: String,
    #[sqlx(try_from = "String")]
    pub result: Doc<Summary>,
    pub at: i64,
}

/// Keeps a result; that of the same job is replaced.
///
/// # Errors
/// When the database fails.
pub async fn keep(
    tx: &mut Tx,
    job: &str,
    orgi: &str,
    campaign: &str,
    result: &Summary,
    now: Millis,
) -> Result<()> {
    let result = doc::text("preflight", result)?;
    on!(tx.conn(), c => sqlx::query(
        "INSERT INTO preflights (job_id, orgi, campaign_id, result, at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (job_id) DO UPDATE SET result = excluded.result, at = excluded.at"
    ).bind(job).bind(orgi).bind(campaign).bind(result).bind(now.0).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// # Errors
/// When the database fails.
pub async fn get(db: &Db, campaign: &str, job: &str) -> Result<Option<Preflight>> {
    Ok(on!(db.read(), c => sqlx::query_as(
        "SELECT job_id, campaign_id, result, at FROM preflights
         WHERE campaign_id = $1 AND job_id = $2"
    ).bind(campaign).bind(job).fetch_optional(c).await)?)
}

#[cfg(test)]
mod tests;
