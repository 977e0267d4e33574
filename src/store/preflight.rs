//! What a pre-flight looks at, a stretch of leads at a time, and what it came to.

use std::collections::{BTreeMap, BTreeSet};

use engine::{
    campaign::Columns,
    draw::LATE,
    gate::{Facts, Said},
    phone,
    preflight::{Candidate, Hold, Summary},
    time::Millis,
};
use serde::Serialize;
use sqlx::FromRow;

use crate::{
    Db, Doc, Result, Tx,
    db::Reading,
    dnc, doc, filter_runs,
    hopper::{self, Book, Past},
    on,
    reservations::reserved,
};

/// Which leads are looked at.
#[derive(Debug, Clone)]
pub enum Over {
    /// Those that a filter run selected: a start would draw from them.
    Run(String),
    /// Those that a task gave away and that its campaign still has.
    Task(String),
}

/// Whose leads they are, and by what they are looked at.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    pub orgi: &'a str,
    /// Its own DNC lists hold beside those of the house.
    pub campaign: &'a str,
    pub columns: &'a Columns,
    /// The country whose numbers are written without a country code.
    pub home: &'a str,
    /// When today began.
    pub day_start: Millis,
    pub now: Millis,
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
    appoint_at: Option<i64>,
    attempts: i64,
    attempts_today: i64,
    live: i64,
    listed: bool,
    data: String,
    consent: Option<String>,
}

/// `$5` the campaign, `$6` now.
///
/// A lead that was never dialled has no attempts: nothing is counted for it.
const COLUMNS: &str = concat!(
    "l.position, l.phone, l.voided, l.alloc_status, l.call_status,
    l.next_dial_at, l.call_rank, l.appointed, l.appoint_at, ",
    reserved!("l.id"),
    " AS is_reserved,
    l.dnc, l.data, (SELECT i.consent FROM imports i WHERE i.id = l.import_id) AS consent,
    EXISTS (SELECT 1 FROM dnc d JOIN dnc_lists t ON t.orgi = d.orgi AND t.id = d.list_id
        WHERE d.orgi = l.orgi AND (d.expires_at IS NULL OR d.expires_at > $6)
            AND (t.scope = 'house' OR EXISTS (SELECT 1 FROM dnc_campaigns k
                WHERE k.orgi = d.orgi AND k.list_id = d.list_id AND k.campaign_id = $5))
            AND ((d.is_prefix = FALSE AND d.number = l.phone)
                OR (d.is_prefix AND d.number = substr(l.phone, 1, length(d.number))))) AS listed,
    CASE WHEN l.dial_count = 0 THEN 0 ELSE
        (SELECT COUNT(*) FROM attempts a WHERE a.lead_id = l.id AND a.counted) END AS attempts,
    (SELECT COUNT(*) FROM attempts a WHERE a.orgi = l.orgi AND a.number = l.phone
         AND a.reserved_at >= $2 AND a.counted) AS attempts_today,
    (SELECT COUNT(*) FROM attempts a WHERE a.orgi = l.orgi AND a.number = l.phone
         AND a.state = 'open') AS live"
);

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
            let all = complete(db, scene, rows, to_be_drawn).await?;
            Ok(Some((all, last)))
        }
        Over::Task(task) => {
            let rows = of_task(db, task, scene, after, limit).await?;
            let Some(last) = rows.last().map(|row| row.position) else {
                return Ok(None);
            };
            let all = complete(db, scene, rows, allocated).await?;
            Ok(Some((all, last)))
        }
    }
}

/// Whose a row's lead is, and when it is due.
type Stands = fn(&Row) -> (Hold, Option<i64>);

/// Adds what the rows alone do not tell: what was done to their numbers and people, and holidays.
async fn complete(
    db: &Db,
    scene: Scene<'_>,
    rows: Vec<Row>,
    stands: Stands,
) -> Result<Vec<Candidate>> {
    let mut conn = db.reading().await?;
    let said = rows
        .iter()
        .map(|row| hopper::said(&row.data, scene.columns));
    let said: Vec<Said> = said.collect();
    let numbers: Vec<&str> = rows.iter().map(|row| row.phone.as_str()).collect();
    let persons: Vec<&str> = said
        .iter()
        .filter_map(|said| said.person.as_deref())
        .collect();
    let (orgi, now) = (scene.orgi, scene.now);
    let of_number = hopper::pasts(&mut conn, orgi, Book::Number, &numbers, now).await?;
    let of_person = if persons.is_empty() {
        BTreeMap::new()
    } else {
        hopper::pasts(&mut conn, orgi, Book::Person, &persons, now).await?
    };
    let holidays = hopper::holidays(&mut conn, orgi, now).await?;
    let listed = listed_in_other_spellings(&mut conn, scene, &rows).await?;
    let of =
        |pasts: &BTreeMap<String, Past>, key: &str| pasts.get(key).map(|past| past.history.clone());
    let candidates = rows.into_iter().zip(said).map(|(mut row, said)| {
        row.listed |= listed.contains(&row.position);
        let person = said.person.clone().unwrap_or_default();
        let known = Facts {
            of_number: of(&of_number, &row.phone).unwrap_or_default(),
            of_person: of(&of_person, &person).unwrap_or_default(),
            said,
            holidays: holidays.clone(),
            ..Facts::default()
        };
        let (hold, due) = stands(&row);
        candidate(row, hold, due, known)
    });
    Ok(candidates.collect())
}

/// The rows whose number the lists know in another way of writing it.
async fn listed_in_other_spellings(
    conn: &mut Reading,
    scene: Scene<'_>,
    rows: &[Row],
) -> Result<BTreeSet<i64>> {
    let others = rows.iter().filter(|row| !row.listed).flat_map(|row| {
        let all = phone::spellings(&row.phone, scene.home).into_iter();
        all.skip(1).map(|number| (row.position, number))
    });
    let others: Vec<(i64, String)> = others.collect();
    dnc::listed_among(conn, (scene.orgi, scene.campaign), &others, scene.now).await
}

/// One lead, as its campaign would look at it; one that no campaign has, as a start would.
///
/// # Errors
/// When the database fails.
pub async fn lead(db: &Db, scene: Scene<'_>, id: &str) -> Result<Option<Candidate>> {
    let looks: [(&str, Stands); 2] = [
        ("AND l.campaign_id IS NOT NULL", allocated),
        ("", to_be_drawn),
    ];
    for (whose, stands) in looks {
        let sql = format!(
            "SELECT {COLUMNS} FROM leads l WHERE l.orgi = $1 AND l.id = $3 {whose} LIMIT $4"
        );
        let row: Option<Row> = on!(db.read(), c => sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .bind(scene.orgi).bind(scene.day_start.0).bind(id).bind(1_i64).bind(scene.campaign)
            .bind(scene.now.0).fetch_optional(c).await)?;
        if let Some(row) = row {
            let found = complete(db, scene, vec![row], stands).await?;
            return Ok(found.into_iter().next());
        }
    }
    Ok(None)
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
    // PostgreSQL walks along the index for each place of an array; of a query's rows it would guess from
    // its figures how many there are, and a table that was just filled has none.
    let (batches, positions) = match db {
        Db::Lite { .. } => (
            "IN (SELECT batch_id FROM filter_hits WHERE run_id = $3)",
            "IN (SELECT value FROM json_each($4))",
        ),
        Db::Pg(_) => (
            "= ANY(ARRAY(SELECT DISTINCT batch_id FROM filter_hits WHERE run_id = $3))",
            "= ANY(ARRAY(SELECT value::bigint FROM json_array_elements_text($4::json)))",
        ),
    };
    let sql = format!(
        "SELECT {COLUMNS} FROM leads l
         WHERE l.orgi = $1 AND l.batch_id {batches} AND l.position {positions}"
    );
    let hits = doc::text("positions", hits)?;
    Ok(on!(db.read(), c => sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(scene.orgi).bind(scene.day_start.0).bind(run).bind(hits).bind(scene.campaign)
        .bind(scene.now.0).fetch_all(c).await)?)
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
         ORDER BY l.position LIMIT $7"
    );
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    Ok(on!(db.read(), c => sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(scene.orgi).bind(scene.day_start.0).bind(task).bind(after).bind(scene.campaign)
        .bind(scene.now.0).bind(limit).fetch_all(c).await)?)
}

/// Whose it is, and when it is due.
fn to_be_drawn(row: &Row) -> (Hold, Option<i64>) {
    let free = matches!(row.alloc_status.as_str(), "unallocated" | "recycled");
    let hold = match row.call_status.as_str() {
        "calling" => Hold::Dialling,
        _ if row.is_reserved => Hold::Reserved,
        _ if free => Hold::Open,
        _ => Hold::InUse,
    };
    // A start makes it due at once, but for an appointment.
    (hold, row.appoint_at.filter(|_| row.appointed))
}

fn allocated(row: &Row) -> (Hold, Option<i64>) {
    let hold = match row.call_status.as_str() {
        "calling" => Hold::Dialling,
        _ if row.is_reserved => Hold::Reserved,
        // Out of calling: the gate says so.
        _ if row.voided || row.dnc || row.listed => Hold::Open,
        _ if row.next_dial_at.is_none() => Hold::Done,
        _ => Hold::Open,
    };
    // One that was never dialled is drawn by its rank, which says so when it is to wait.
    let due = match row.call_rank {
        Some(rank) if row.call_status == "notcall" && !row.appointed => {
            (rank > LATE).then(|| rank - LATE)
        }
        _ => row.next_dial_at,
    };
    (hold, due)
}

fn candidate(row: Row, hold: Hold, due: Option<i64>, known: Facts) -> Candidate {
    let count = |number: i64| u32::try_from(number).unwrap_or(u32::MAX);
    let has_number = !row.phone.is_empty();
    Candidate {
        has_number,
        hold,
        facts: Facts {
            voided: row.voided,
            dnc: row.dnc || row.listed,
            attempts: count(row.attempts),
            attempts_today: count(row.attempts_today),
            live: row.live > 0,
            number: row.phone,
            consent: hopper::consent(row.consent.as_deref()),
            ..known
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
