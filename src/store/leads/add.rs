//! Stores an import's rows: a statement for many of them, sorted as they will be read.

use std::sync::OnceLock;

use engine::{import_row::NewLead, time::Millis};
use sqlx::{Sqlite, SqliteConnection, query::Query, sqlite::SqliteArguments};

use super::id_of;
use crate::{Result, Tx, doc, imports, segments};

/// Rows of one SQLite statement; it is prepared once.
const ROWS: usize = 100;
const INSERT: &str =
    "INSERT INTO leads (orgi, creater, batch_id, import_id, created_at, updated_at,
    id, row_no, position, phone, phone_raw, key_value, phones, data, dnc) ";

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

/// Stores rows. A row of this import that is there stays as it is.
///
/// # Errors
/// When the database fails.
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
            .bind(doc::text("lead", &lead.data)?)
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
        "{INSERT} SELECT origin.*, origin.at, row.* FROM (VALUES {values}) AS row,
             (SELECT ?, ?, ?, ?, ? AS at) AS origin
         WHERE TRUE ON CONFLICT DO NOTHING"
    )
}

async fn postgres(
    c: &mut sqlx::PgConnection,
    origin: &Origin<'_>,
    rows: Vec<NewRow>,
    now: Millis,
) -> Result<()> {
    let mut columns = Columns::default();
    for NewRow { row_no, lead, dnc } in rows {
        let position = imports::position(origin.ordinal, row_no);
        columns.id.push(id_of(position));
        columns.row_no.push(row_no);
        columns.position.push(position);
        columns.phones.push(doc::text("phones", &lead.phones)?);
        columns.data.push(doc::text("lead", &lead.data)?);
        columns.phone.push(lead.phone);
        columns.phone_raw.push(lead.phone_raw);
        columns.key_value.push(lead.key_value);
        columns.dnc.push(dnc);
    }
    sqlx::query(sqlx::AssertSqlSafe(format!(
        "{INSERT} SELECT $1, $2, $3, $4, $5, $5, u.* FROM UNNEST($6::text[], $7::bigint[],
             $8::bigint[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[],
             $14::boolean[]) AS u
         ON CONFLICT DO NOTHING"
    )))
    .bind(origin.orgi)
    .bind(origin.creater)
    .bind(origin.batch_id)
    .bind(origin.import_id)
    .bind(now.0)
    .bind(columns.id)
    .bind(columns.row_no)
    .bind(columns.position)
    .bind(columns.phone)
    .bind(columns.phone_raw)
    .bind(columns.key_value)
    .bind(columns.phones)
    .bind(columns.data)
    .bind(columns.dnc)
    .execute(c)
    .await?;
    Ok(())
}

#[derive(Default)]
struct Columns {
    id: Vec<String>,
    row_no: Vec<i64>,
    position: Vec<i64>,
    phone: Vec<String>,
    phone_raw: Vec<String>,
    key_value: Vec<String>,
    phones: Vec<String>,
    data: Vec<String>,
    dnc: Vec<bool>,
}
