//! Which rows of an import have their lead already, and where.

use std::{
    collections::{BTreeMap, HashMap},
    ops::RangeInclusive,
};

use engine::time::Millis;
use sqlx::FromRow;

use crate::{Doc, Result, Tx, doc, imports::DupScope, on, reservations::reserved};

/// The first lead of a key.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Known {
    pub id: String,
    pub position: i64,
}

const SELECT: &str = concat!(
    "SELECT id, position, phone, phone_raw, key_value, phones, data, dnc, dial_count, preview_count, edited_at,
         updated_at, (call_status = 'calling' OR ",
    reserved!("leads.id"),
    ") AS busy FROM leads "
);

/// What an update changes of a lead, as it is now.
#[derive(Debug, Clone, PartialEq, FromRow)]
pub struct Earlier {
    pub id: String,
    pub position: i64,
    pub phone: String,
    pub phone_raw: String,
    pub key_value: String,
    #[sqlx(try_from = "String")]
    pub phones: Doc<Vec<String>>,
    #[sqlx(try_from = "String")]
    pub data: Doc<BTreeMap<String, String>>,
    pub dnc: bool,
    pub dial_count: i64,
    pub preview_count: i64,
    pub edited_at: Option<i64>,
    pub updated_at: i64,
    /// It is being dialled or about to be.
    pub busy: bool,
}

/// Whether all leads of a batch are at these positions.
///
/// # Errors
/// When the database fails.
pub async fn are_within(tx: &mut Tx, batch: &str, positions: RangeInclusive<i64>) -> Result<bool> {
    let (first, last): (Option<i64>, Option<i64>) = on!(tx.conn(), c => sqlx::query_as(
        "SELECT (SELECT MIN(position) FROM leads WHERE batch_id = $1),
                (SELECT MAX(position) FROM leads WHERE batch_id = $1)"
    ).bind(batch).fetch_one(c).await)?;
    let outside = |position: i64| !positions.contains(&position);
    Ok(!first.is_some_and(outside) && !last.is_some_and(outside))
}

/// Every position there is.
pub const ANYWHERE: RangeInclusive<i64> = i64::MIN..=i64::MAX;

/// Which of these keys the batch's leads at these positions have, with the first lead of each.
///
/// # Errors
/// When the database fails.
pub async fn with_keys(
    tx: &mut Tx,
    (orgi, batch): (&str, &str),
    keys: Vec<String>,
    within: RangeInclusive<i64>,
) -> Result<HashMap<String, Known>> {
    if keys.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<(String, String, i64)> = match tx {
        Tx::Lite(c) => {
            sqlx::query_as(
                "SELECT key_value, id, position FROM leads
                 WHERE batch_id = $1 AND key_value <> phone
                     AND key_value IN (SELECT value FROM json_each($2))
                 UNION ALL SELECT key_value, id, position FROM leads INDEXED BY leads_phone
                 WHERE orgi = $3 AND phone IN (SELECT value FROM json_each($2))
                     AND batch_id = $1 AND key_value = phone",
            )
            .bind(batch)
            .bind(doc::text("keys", &keys)?)
            .bind(orgi)
            .fetch_all(&mut **c)
            .await?
        }
        Tx::Pg(c) => {
            sqlx::query_as(
                // One look-up a key: a planner that has not yet seen how a batch grows would rather
                // read all of it. OFFSET 0 keeps it from taking the two apart.
                "SELECT l.* FROM UNNEST($2::text[]) AS k (key), LATERAL (
                     (SELECT key_value, id, position FROM leads
                      WHERE batch_id = $1 AND key_value = k.key AND key_value <> phone OFFSET 0)
                     UNION ALL (SELECT key_value, id, position FROM leads
                      WHERE orgi = $3 AND phone = k.key AND batch_id = $1 AND key_value = phone
                      OFFSET 0)) AS l",
            )
            .bind(batch)
            .bind(keys)
            .bind(orgi)
            .fetch_all(&mut **c)
            .await?
        }
    };
    let mut known: HashMap<String, Known> = HashMap::with_capacity(rows.len());
    let rows = rows
        .into_iter()
        .filter(|(_, _, position)| within.contains(position));
    for (key, id, position) in rows {
        let lead = Known { id, position };
        let first = known.entry(key).or_insert_with(|| lead.clone());
        if lead.position < first.position {
            *first = lead;
        }
    }
    Ok(known)
}

/// Which of these numbers are leads in other batches of the tenant, with the first lead of each:
/// in campaigns that run or pause, or, for [`DupScope::All`], all; only those that were imported or
/// dialled at `since` or later.
///
/// # Errors
/// When the database fails.
pub async fn elsewhere(
    tx: &mut Tx,
    (orgi, batch): (&str, &str),
    scope: DupScope,
    since: Option<Millis>,
    phones: Vec<String>,
) -> Result<HashMap<String, String>> {
    let narrowed = match scope {
        DupScope::File | DupScope::Batch => return Ok(HashMap::new()),
        DupScope::Campaign => {
            "AND (created_at >= $3 OR last_dial_at >= $3) AND campaign_id IN
                 (SELECT id FROM campaigns WHERE orgi = $1 AND state IN ('running', 'paused'))"
        }
        DupScope::All => "AND (created_at >= $3 OR last_dial_at >= $3)",
    };
    let since = since.map_or(0, |since| since.0);
    let rows: Vec<(String, String)> = match tx {
        Tx::Lite(c) => {
            let sql = format!(
                "SELECT phone, MIN(id) FROM leads INDEXED BY leads_phone
                 WHERE orgi = $1 AND phone IN (SELECT value FROM json_each($4)) AND batch_id <> $2
                     {narrowed} GROUP BY phone"
            );
            sqlx::query_as(sqlx::AssertSqlSafe(sql))
                .bind(orgi)
                .bind(batch)
                .bind(since)
                .bind(doc::text("phones", &phones)?)
                .fetch_all(&mut **c)
                .await?
        }
        Tx::Pg(c) => {
            // One look-up a number, as in [`with_keys`].
            let sql = format!(
                "SELECT l.phone, MIN(l.id) FROM UNNEST($4::text[]) AS k (phone), LATERAL (
                     SELECT phone, id FROM leads
                     WHERE orgi = $1 AND phone = k.phone AND batch_id <> $2 {narrowed} OFFSET 0) AS l
                 GROUP BY l.phone"
            );
            sqlx::query_as(sqlx::AssertSqlSafe(sql))
                .bind(orgi)
                .bind(batch)
                .bind(since)
                .bind(phones)
                .fetch_all(&mut **c)
                .await?
        }
    };
    Ok(rows.into_iter().collect())
}

/// These leads as they are, kept from changing until the write ends.
///
/// # Errors
/// When the database fails or a stored lead cannot be read.
pub async fn hold(tx: &mut Tx, ids: Vec<String>) -> Result<HashMap<String, Earlier>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<Earlier> = match tx {
        Tx::Lite(c) => {
            let sql = format!("{SELECT} WHERE id IN (SELECT value FROM json_each($1))");
            sqlx::query_as(sqlx::AssertSqlSafe(sql))
                .bind(doc::text("ids", &ids)?)
                .fetch_all(&mut **c)
                .await?
        }
        Tx::Pg(c) => {
            sqlx::query("SELECT 1 FROM leads WHERE id = ANY($1) ORDER BY id FOR UPDATE")
                .bind(&ids)
                .execute(&mut **c)
                .await?;
            let sql = format!("{SELECT} WHERE id = ANY($1)");
            sqlx::query_as(sqlx::AssertSqlSafe(sql))
                .bind(ids)
                .fetch_all(&mut **c)
                .await?
        }
    };
    Ok(rows.into_iter().map(|row| (row.id.clone(), row)).collect())
}

/// The same by position within a batch.
///
/// # Errors
/// When the database fails or a stored lead cannot be read.
pub async fn hold_at(
    tx: &mut Tx,
    batch: &str,
    positions: Vec<i64>,
) -> Result<HashMap<i64, Earlier>> {
    let rows: Vec<Earlier> = match tx {
        Tx::Lite(c) => {
            let sql = format!(
                "{SELECT} WHERE batch_id = $1 AND position IN (SELECT value FROM json_each($2))"
            );
            sqlx::query_as(sqlx::AssertSqlSafe(sql))
                .bind(batch)
                .bind(doc::text("positions", &positions)?)
                .fetch_all(&mut **c)
                .await?
        }
        Tx::Pg(c) => {
            sqlx::query(
                "SELECT 1 FROM leads WHERE batch_id = $1 AND position = ANY($2) ORDER BY id
                 FOR UPDATE",
            )
            .bind(batch)
            .bind(&positions)
            .execute(&mut **c)
            .await?;
            let sql = format!("{SELECT} WHERE batch_id = $1 AND position = ANY($2)");
            sqlx::query_as(sqlx::AssertSqlSafe(sql))
                .bind(batch)
                .bind(positions)
                .fetch_all(&mut **c)
                .await?
        }
    };
    Ok(rows.into_iter().map(|row| (row.position, row)).collect())
}
