//! What stands on the lists.

use engine::time::Millis;
use serde::Serialize;

use super::{
    four,
    lists::{HOUSE, ensure_house, next_version},
};
use crate::{Db, Result, Tx, doc, on};

/// Entries that one request may add.
pub const ENTRIES_MOST: usize = 5_000;

/// A number, or the beginning of numbers, that is not called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow)]
pub struct Entry {
    pub list_id: String,
    pub number: String,
    pub is_prefix: bool,
    pub reason: String,
    pub source: String,
    /// The list's version with which it came.
    pub version: i64,
    pub created_at: i64,
    /// From then on it forbids nothing.
    pub expires_at: Option<i64>,
}

impl Entry {
    /// The cursor of [`page`]: the number, with `*` behind the beginning of numbers.
    #[must_use]
    pub fn key(&self) -> String {
        match self.is_prefix {
            true => format!("{}*", self.number),
            false => self.number.clone(),
        }
    }
}

/// An entry to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEntry {
    pub number: String,
    pub is_prefix: bool,
    pub reason: String,
    pub source: String,
    pub expires_at: Option<Millis>,
}

const COLUMNS: &str = "list_id, number, is_prefix, reason, source, version, created_at, expires_at";

/// Puts a number on the house's list for ever; leads with it are flagged. What is there stays.
///
/// # Errors
/// When the database refuses.
pub async fn add(
    tx: &mut Tx,
    orgi: &str,
    number: &str,
    reason: &str,
    by: Option<&str>,
    now: Millis,
) -> Result<()> {
    ensure_house(tx, orgi, now).await?;
    let entry = NewEntry {
        number: number.into(),
        is_prefix: false,
        reason: reason.into(),
        source: String::new(),
        expires_at: None,
    };
    add_many(tx, orgi, HOUSE, &[entry], by, now).await?;
    Ok(())
}

/// Puts entries on a list; one call is one version of it. Tells of each whether it is new. One that is
/// there already stays, and holds for the longer of the two times. `None`: there is no such list.
///
/// # Errors
/// When the database refuses; then nothing is written.
pub async fn add_many(
    tx: &mut Tx,
    orgi: &str,
    list: &str,
    entries: &[NewEntry],
    by: Option<&str>,
    now: Millis,
) -> Result<Option<Vec<bool>>> {
    if list == HOUSE {
        ensure_house(tx, orgi, now).await?;
    }
    let Some(version) = next_version(tx, orgi, list, now).await? else {
        return Ok(None);
    };
    let mut told = Vec::with_capacity(entries.len());
    for entry in entries {
        let expires = entry.expires_at.map(|at| at.0);
        let is_new = on!(tx.conn(), c => sqlx::query(
            "INSERT INTO dnc (orgi, list_id, number, is_prefix, reason, source, version, created_by,
                 created_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING")
            .bind(orgi).bind(list).bind(&entry.number).bind(entry.is_prefix).bind(&entry.reason)
            .bind(&entry.source).bind(version).bind(by).bind(now.0).bind(expires)
            .execute(c).await.map(|done| done.rows_affected() == 1))?;
        if !is_new {
            on!(tx.conn(), c => sqlx::query(
                "UPDATE dnc SET expires_at = $5
                 WHERE orgi = $1 AND list_id = $2 AND number = $3 AND is_prefix = $4
                     AND expires_at IS NOT NULL
                     AND ($5 IS NULL OR expires_at < $5)")
                .bind(orgi).bind(list).bind(&entry.number).bind(entry.is_prefix).bind(expires)
                .execute(c).await.map(|_| ()))?;
        }
        // A flag has no end: only what holds for ever is one.
        if list == HOUSE && !entry.is_prefix && expires.is_none() {
            flag(tx, orgi, &entry.number, true).await?;
        }
        told.push(is_new);
    }
    Ok(Some(told))
}

/// Who takes an entry off a list, and why.
#[derive(Debug, Clone, Copy)]
pub struct Removal<'a> {
    pub reason: &'a str,
    pub by: &'a str,
}

/// Takes an entry off a list; what it was and why it went is kept. `false`: it was not there.
///
/// # Errors
/// When the database refuses; then nothing is written.
pub async fn remove(
    tx: &mut Tx,
    orgi: &str,
    list: &str,
    (number, is_prefix): (&str, bool),
    why: Removal<'_>,
    now: Millis,
) -> Result<bool> {
    let sql = format!(
        "DELETE FROM dnc WHERE orgi = $1 AND list_id = $2 AND number = $3 AND is_prefix = $4
         RETURNING {COLUMNS}"
    );
    let found: Option<Entry> = on!(tx.conn(), c => sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(orgi).bind(list).bind(number).bind(is_prefix).fetch_optional(c).await)?;
    let Some(entry) = found else {
        return Ok(false);
    };
    next_version(tx, orgi, list, now).await?;
    on!(tx.conn(), c => sqlx::query(
        "INSERT INTO dnc_removed (id, orgi, list_id, number, is_prefix, entry, reason, removed_by,
             removed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)")
        .bind(crate::new_id("dnr")).bind(orgi).bind(list).bind(number).bind(is_prefix)
        .bind(doc::text("dnc entry", &entry)?).bind(why.reason).bind(why.by).bind(now.0)
        .execute(c).await.map(|_| ()))?;
    if list == HOUSE && !is_prefix {
        flag(tx, orgi, number, false).await?;
    }
    Ok(true)
}

async fn flag(tx: &mut Tx, orgi: &str, number: &str, listed: bool) -> Result<()> {
    on!(tx.conn(), c => sqlx::query("UPDATE leads SET dnc = $3 WHERE orgi = $1 AND phone = $2")
        .bind(orgi).bind(number).bind(listed).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// A page of a list, by number, after `after`.
///
/// # Errors
/// When the database refuses.
pub async fn page(db: &Db, orgi: &str, list: &str, after: &str, limit: u32) -> Result<Vec<Entry>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM dnc WHERE orgi = $1 AND list_id = $2
             AND (number || CASE WHEN is_prefix THEN '*' ELSE '' END) > $3
         ORDER BY number || CASE WHEN is_prefix THEN '*' ELSE '' END LIMIT $4"
    );
    Ok(on!(db.read(), c => sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(orgi).bind(list).bind(after).bind(i64::from(limit)).fetch_all(c).await)?)
}

/// Every entry of any list that is, or begins, a number in one of these spellings, at most four.
///
/// # Errors
/// When the database refuses.
pub async fn holding(db: &Db, orgi: &str, spellings: &[String]) -> Result<Vec<Entry>> {
    let [a, b, c, d] = four(spellings);
    let sql = format!(
        "SELECT {COLUMNS} FROM dnc
         WHERE orgi = $1 AND ((is_prefix = FALSE AND number IN ($2, $3, $4, $5))
             OR (is_prefix AND number IN (
                 substr(CAST($2 AS TEXT), 1, length(number)), substr(CAST($3 AS TEXT), 1, length(number)),
                 substr(CAST($4 AS TEXT), 1, length(number)), substr(CAST($5 AS TEXT), 1, length(number)))))
         ORDER BY list_id, number LIMIT 1000"
    );
    Ok(on!(db.read(), k => sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(orgi).bind(a).bind(b).bind(c).bind(d).fetch_all(k).await)?)
}

/// How often an entry for this number was taken off a list.
///
/// # Errors
/// When the database refuses.
pub async fn removed(db: &Db, orgi: &str, number: &str) -> Result<i64> {
    Ok(on!(db.read(), c => sqlx::query_scalar(
        "SELECT COUNT(*) FROM dnc_removed WHERE orgi = $1 AND number = $2")
        .bind(orgi).bind(number).fetch_one(c).await)?)
}
