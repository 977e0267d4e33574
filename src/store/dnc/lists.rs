//! The lists themselves.

use engine::time::Millis;
use serde::Serialize;

use crate::{Db, Error, Result, Tx, on};

/// The list of every tenant that holds for all that it dials, and that opt-outs go on.
pub const HOUSE: &str = "house";

/// A DNC list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow)]
pub struct List {
    pub id: String,
    pub name: String,
    /// `house`: it holds for everything; `campaigns`: for those that are named.
    pub scope: String,
    pub source: String,
    /// Rises with every change of its entries.
    pub version: i64,
    pub entries: i64,
    pub created_at: i64,
    pub updated_at: i64,
}

/// What a list is to be.
#[derive(Debug, Clone, Copy)]
pub struct NewList<'a> {
    pub name: &'a str,
    /// None: it holds for the whole house.
    pub campaigns: Option<&'a [String]>,
    pub source: &'a str,
}

const SELECT: &str = "SELECT id, name, scope, source, version, created_at, updated_at,
        (SELECT COUNT(*) FROM dnc d WHERE d.orgi = l.orgi AND d.list_id = l.id) AS entries
    FROM dnc_lists l";

/// The lists of a tenant, by id.
///
/// # Errors
/// When the database refuses.
pub async fn list(db: &Db, orgi: &str) -> Result<Vec<List>> {
    let sql = format!("{SELECT} WHERE orgi = $1 ORDER BY id");
    Ok(on!(db.read(), c => sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(orgi).fetch_all(c).await)?)
}

/// A list, and the campaigns that it is bound to.
///
/// # Errors
/// When the database refuses.
pub async fn get(db: &Db, orgi: &str, id: &str) -> Result<Option<(List, Vec<String>)>> {
    let sql = format!("{SELECT} WHERE orgi = $1 AND id = $2");
    let found: Option<List> = on!(db.read(), c => sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(orgi).bind(id).fetch_optional(c).await)?;
    let campaigns: Vec<String> = on!(db.read(), c => sqlx::query_scalar(
        "SELECT campaign_id FROM dnc_campaigns WHERE orgi = $1 AND list_id = $2
         ORDER BY campaign_id")
        .bind(orgi).bind(id).fetch_all(c).await)?;
    Ok(found.map(|list| (list, campaigns)))
}

/// Makes a list or changes the one with this id; its entries stay.
///
/// # Errors
/// `HOUSE_LIST` for the house's own list bound to campaigns.
pub async fn put(
    tx: &mut Tx,
    orgi: &str,
    id: &str,
    new: NewList<'_>,
    by: Option<&str>,
    now: Millis,
) -> Result<()> {
    if id == HOUSE && new.campaigns.is_some() {
        return Err(Error::conflict("HOUSE_LIST"));
    }
    let scope = new.campaigns.map_or("house", |_| "campaigns");
    on!(tx.conn(), c => sqlx::query(
        "INSERT INTO dnc_lists (orgi, id, name, scope, source, created_by, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7)
         ON CONFLICT (orgi, id) DO UPDATE SET name = excluded.name, scope = excluded.scope,
             source = excluded.source, updated_at = excluded.updated_at")
        .bind(orgi).bind(id).bind(new.name).bind(scope).bind(new.source).bind(by).bind(now.0)
        .execute(c).await.map(|_| ()))?;
    on!(tx.conn(), c => sqlx::query("DELETE FROM dnc_campaigns WHERE orgi = $1 AND list_id = $2")
        .bind(orgi).bind(id).execute(c).await.map(|_| ()))?;
    for campaign in new.campaigns.unwrap_or_default() {
        on!(tx.conn(), c => sqlx::query(
            "INSERT INTO dnc_campaigns (orgi, list_id, campaign_id) VALUES ($1, $2, $3)
             ON CONFLICT DO NOTHING")
            .bind(orgi).bind(id).bind(campaign).execute(c).await.map(|_| ()))?;
    }
    Ok(())
}

/// Drops a list with its entries. `false`: there is none.
///
/// # Errors
/// `HOUSE_LIST`: the house's own list stays.
pub async fn delete(tx: &mut Tx, orgi: &str, id: &str) -> Result<bool> {
    if id == HOUSE {
        return Err(Error::conflict("HOUSE_LIST"));
    }
    for sql in [
        "DELETE FROM dnc WHERE orgi = $1 AND list_id = $2",
        "DELETE FROM dnc_campaigns WHERE orgi = $1 AND list_id = $2",
    ] {
        on!(tx.conn(), c => sqlx::query(sql).bind(orgi).bind(id).execute(c).await.map(|_| ()))?;
    }
    let rows = on!(tx.conn(), c => sqlx::query("DELETE FROM dnc_lists WHERE orgi = $1 AND id = $2")
        .bind(orgi).bind(id).execute(c).await.map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// The house's list is there from the first use on.
pub(super) async fn ensure_house(tx: &mut Tx, orgi: &str, now: Millis) -> Result<()> {
    on!(tx.conn(), c => sqlx::query(
        "INSERT INTO dnc_lists (orgi, id, name, scope, version, created_at, updated_at)
         VALUES ($1, 'house', 'house', 'house', 0, $2, $2) ON CONFLICT DO NOTHING")
        .bind(orgi).bind(now.0).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// The list's next version; `None`: there is no such list.
pub(super) async fn next_version(
    tx: &mut Tx,
    orgi: &str,
    id: &str,
    now: Millis,
) -> Result<Option<i64>> {
    Ok(on!(tx.conn(), c => sqlx::query_scalar(
        "UPDATE dnc_lists SET version = version + 1, updated_at = $3
         WHERE orgi = $1 AND id = $2 RETURNING version")
        .bind(orgi).bind(id).bind(now.0).fetch_optional(c).await)?)
}
