//! Stores an import's rows: a statement for many of them, sorted as they will be read.

use std::sync::OnceLock;

use engine::{import_row::NewLead, time::Millis};
use sqlx::{Sqlite, SqliteConnection, query::Query, sqlite::SqliteArguments};

use super::{id_of, tuples::Tuples};
use crate::{Result, Tx, doc, imports, segments};

/// Rows of one SQLite statement; it is prepared once.
const ROWS: usize = 100;
/// Bytes that are sent to PostgreSQL at once, and what the last row of them may take beyond.
const PART: usize = 64 * 1024;
const ROW: usize = 4 * 1024;
const COLUMNS: &str = "(orgi, creater, batch_id, import_id, created_at, updated_at,
    id, row_no, position, phone, phone_raw, key_value, phones, data, dnc)";
const FIELDS: i16 = 15;

type Insert<'q> = Query<'q, Sqlite, SqliteArguments>;

/// A row to store. `row_no` is the sheet's, from 1.
#[derive(Debug, Clone)]
pub struct NewRow {
    pub row_no: i64,
    pub lead: NewLead,
    pub dnc: bool,
}

/// Where new rows belong.
#[derive(Debug, Clone)]
pub struct Origin<'a> {
    pub orgi: &'a str,
    pub creater: &'a str,
    pub batch_id: &'a str,
    pub import_id: &'a str,
    pub ordinal: i64,
}

/// Stores rows.
///
/// # Errors
/// When a row of this import is there already, or the database fails.
pub async fn add(tx: &mut Tx, origin: &Origin<'_>, rows: Vec<NewRow>, now: Millis) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let positions = rows
        .iter()
        .map(|row| imports::position(origin.ordinal, row.row_no));
    let positions: Vec<i64> = positions.collect();
    segments::dirty(tx, origin.batch_id, &positions).await?;
    match tx {
        Tx::Lite(c) => lite(c, origin, rows, now).await,
        Tx::Pg(c) => postgres(c, origin, rows, now).await,
    }
}

/// The next statement is bound while SQLite's thread carries out the one before.
async fn lite(
    c: &mut SqliteConnection,
    origin: &Origin<'_>,
    rows: Vec<NewRow>,
    now: Millis,
) -> Result<()> {
    let mut rows = rows.into_iter().peekable();
    let mut bind = || {
        let more = rows.peek().is_some();
        more.then(|| bound(rows.by_ref().take(ROWS).collect(), origin, now))
    };
    let mut next = bind();
    while let Some(query) = next.transpose()? {
        let (done, bound) = tokio::join!(query.execute(&mut *c), async { bind() });
        done?;
        next = bound;
    }
    Ok(())
}

fn bound<'q>(rows: Vec<NewRow>, origin: &Origin<'q>, now: Millis) -> Result<Insert<'q>> {
    static FULL: OnceLock<String> = OnceLock::new();
    let full = rows.len() == ROWS;
    let mut query = if full {
        sqlx::query(FULL.get_or_init(|| statement(ROWS)).as_str())
    } else {
        sqlx::query(sqlx::AssertSqlSafe(statement(rows.len()))).persistent(false)
    };
    for NewRow { row_no, lead, dnc } in rows {
        let position = imports::position(origin.ordinal, row_no);
        query = query
            .bind(id_of(position))
            .bind(row_no)
            .bind(position)
            .bind(lead.phone)
            .bind(lead.phone_raw)
            .bind(lead.key_value)
            .bind(doc::text("phones", &lead.phones)?)
            .bind(lead.data.into_text())
            .bind(dnc);
    }
    Ok(query
        .bind(origin.orgi)
        .bind(origin.creater)
        .bind(origin.batch_id)
        .bind(origin.import_id)
        .bind(now.0))
}

/// The parameters have no numbers: SQLite looks up a numbered one among all of a statement, which
/// takes longer than to store the rows.
fn statement(rows: usize) -> String {
    let values = vec!["(?, ?, ?, ?, ?, ?, ?, ?, ?)"; rows].join(", ");
    format!(
        "INSERT INTO leads {COLUMNS}
         SELECT origin.*, origin.at, row.* FROM (VALUES {values}) AS row,
             (SELECT ?, ?, ?, ?, ? AS at) AS origin"
    )
}

/// A part of the rows is written down while PostgreSQL stores the one before.
async fn postgres(
    c: &mut sqlx::PgConnection,
    origin: &Origin<'_>,
    rows: Vec<NewRow>,
    now: Millis,
) -> Result<()> {
    let copy = format!("COPY leads {COLUMNS} FROM STDIN (FORMAT binary)");
    let mut copying = c.copy_in_raw(&copy).await?;
    let mut tuples = Tuples::new(PART + ROW);
    for row in rows {
        put(&mut tuples, origin, row, now)?;
        if tuples.len() > PART {
            copying.send(tuples.take()).await?;
        }
    }
    copying.send(tuples.end()).await?;
    copying.finish().await?;
    Ok(())
}

/// A row in the order of [`COLUMNS`].
fn put(tuples: &mut Tuples, origin: &Origin<'_>, row: NewRow, now: Millis) -> Result<()> {
    let NewRow { row_no, lead, dnc } = row;
    let position = imports::position(origin.ordinal, row_no);
    tuples.row(FIELDS);
    tuples.text(origin.orgi);
    tuples.text(origin.creater);
    tuples.text(origin.batch_id);
    tuples.text(origin.import_id);
    tuples.int(now.0);
    tuples.int(now.0);
    tuples.text(&id_of(position));
    tuples.int(row_no);
    tuples.int(position);
    tuples.text(&lead.phone);
    tuples.text(&lead.phone_raw);
    tuples.text(&lead.key_value);
    tuples.text(&doc::text("phones", &lead.phones)?);
    tuples.text(&lead.data.into_text());
    tuples.truth(dnc);
    Ok(())
}
