//! The house's own numbers (号码池, VOX-198 to VOX-200): what holds of each, and who shows them.

use std::collections::BTreeMap;

use engine::{
    campaign::{self, Mode},
    floor::PhoneCallers,
    gate::pool::Number,
    time::Millis,
};
use serde::Serialize;

use crate::{Db, Result, Tx, campaigns::Campaign, doc, on, queues, targets};

/// A number as lists show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow)]
pub struct Row {
    pub number: String,
    /// The only gateway through which it is shown; `None`: any.
    pub gateway_id: Option<String>,
    /// Where it belongs, for people.
    pub area: Option<String>,
    /// Calls out a day that may show it; `None`: any number.
    pub daily_limit: Option<i64>,
    pub enabled: bool,
    pub created_at: i64,
}

const COLUMNS: &str = "number, gateway_id, area, daily_limit, enabled, created_at";

/// All of a tenant, by number.
///
/// # Errors
/// When the database refuses.
pub async fn list(db: &Db, orgi: &str) -> Result<Vec<Row>> {
    let sql = format!("SELECT {COLUMNS} FROM numbers WHERE orgi = $1 ORDER BY number");
    Ok(on!(db.read(), c => sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(orgi).fetch_all(c).await)?)
}

/// Adds a number; `false`: it is there already, and nothing has changed.
///
/// # Errors
/// When the database refuses.
pub async fn add(tx: &mut Tx, orgi: &str, row: &Row) -> Result<bool> {
    let rows = on!(tx.conn(), c => sqlx::query(
        "INSERT INTO numbers (orgi, number, gateway_id, area, daily_limit, enabled, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING")
        .bind(orgi).bind(&row.number).bind(&row.gateway_id).bind(&row.area).bind(row.daily_limit)
        .bind(row.enabled).bind(row.created_at).execute(c).await.map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// Changes what holds of a number; `false`: there is no such number.
///
/// # Errors
/// When the database refuses.
pub async fn change(tx: &mut Tx, orgi: &str, row: &Row) -> Result<bool> {
    let rows = on!(tx.conn(), c => sqlx::query(
        "UPDATE numbers SET gateway_id = $3, area = $4, daily_limit = $5, enabled = $6
         WHERE orgi = $1 AND number = $2")
        .bind(orgi).bind(&row.number).bind(&row.gateway_id).bind(&row.area).bind(row.daily_limit)
        .bind(row.enabled).execute(c).await.map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// `false`: there is no such number.
///
/// # Errors
/// When the database refuses.
pub async fn delete(tx: &mut Tx, orgi: &str, number: &str) -> Result<bool> {
    let rows = on!(tx.conn(), c => sqlx::query(
        "DELETE FROM numbers WHERE orgi = $1 AND number = $2")
        .bind(orgi).bind(number).execute(c).await.map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// All numbers as the floor wants them.
///
/// # Errors
/// When the database refuses.
pub async fn specs(db: &Db) -> Result<Vec<Number>> {
    let sql = format!("SELECT {COLUMNS} FROM numbers ORDER BY orgi, number");
    let rows: Vec<Row> = on!(db.read(), c => sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .fetch_all(c).await)?;
    let spec = |row: Row| Number {
        number: row.number,
        gateway: row.gateway_id.map(Into::into),
        daily_limit: row
            .daily_limit
            .map(|most| u32::try_from(most).unwrap_or(u32::MAX)),
        enabled: row.enabled,
    };
    Ok(rows.into_iter().map(spec).collect())
}

/// Which numbers the phone of an extension shows; `false`: there is no such extension.
///
/// # Errors
/// When the database refuses.
pub async fn bind(tx: &mut Tx, orgi: &str, extension: &str, callers: &[String]) -> Result<bool> {
    let text = doc::text("caller numbers", callers)?;
    let rows = on!(tx.conn(), c => sqlx::query(
        "UPDATE extensions SET caller_ids = $3 WHERE orgi = $1 AND extension = $2")
        .bind(orgi).bind(extension).bind(&text).execute(c).await.map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// What every extension shows; one that shows nothing of its own is left out.
///
/// # Errors
/// When the database refuses or what is stored cannot be read.
pub async fn of_phones(db: &Db) -> Result<PhoneCallers> {
    let rows: Vec<(String, String)> = on!(db.read(), c => sqlx::query_as(
        "SELECT extension, caller_ids FROM extensions WHERE caller_ids <> '[]' ORDER BY extension")
        .fetch_all(c).await)?;
    let mut all = BTreeMap::new();
    for (extension, text) in rows {
        all.insert(extension, doc::parse("caller numbers", &text)?);
    }
    Ok(all)
}

/// A campaign's settings with the numbers that it shows: its own, else those of its queues and of the
/// phones of its agents (OUT-256); and with its gateway, else that of its queue (VOX-040).
///
/// # Errors
/// When the database refuses or what is stored cannot be read.
pub async fn settings_of(db: &Db, campaign: &Campaign) -> Result<campaign::Settings> {
    let mut settings = campaign.settings.0.clone();
    let has_gateway = settings.gateway.is_some() || campaign.mode()? != Mode::Predictive;
    if !settings.caller_ids.is_empty() && has_gateway {
        return Ok(settings);
    }
    let shows_own = !settings.caller_ids.is_empty();
    let queues = queues::list(db, &campaign.orgi).await?;
    let phones: Vec<(String, String)> = on!(db.read(), c => sqlx::query_as(
        "SELECT a.id, e.caller_ids FROM agents a JOIN extensions e ON e.extension = a.extension
         WHERE a.orgi = $1").bind(&campaign.orgi).fetch_all(c).await)?;
    for target in targets::list(db, &campaign.id).await? {
        let queue = queues.iter().find(|queue| queue.id == target.target_id);
        let phone = phones.iter().find(|(agent, _)| *agent == target.target_id);
        let of_queue = queue.filter(|_| target.target_type.as_str() == "queue" && !has_gateway);
        if let (None, Some(queue)) = (&settings.gateway, of_queue) {
            settings.gateway.clone_from(&queue.settings.gateway);
        }
        if shows_own {
            continue;
        }
        let shown: Vec<String> = match (target.target_type.as_str(), queue, phone) {
            ("queue", Some(queue), _) => queue.settings.caller_ids.clone(),
            ("agent", _, Some((_, text))) => doc::parse("caller numbers", text)?,
            _ => Vec::new(),
        };
        settings.caller_ids.extend(shown);
    }
    Ok(settings)
}

/// A call out shows the number: it counts for today.
///
/// # Errors
/// When the database refuses.
pub async fn shown(db: &Db, call: &str, number: &str, at: Millis) -> Result<()> {
    const HOUR: i64 = 3_600_000;
    on!(db.write(), c => sqlx::query(
        "INSERT INTO caller_hours (orgi, caller, hour, outside, last_at)
         SELECT orgi, $2, $3, 1, $4 FROM calls WHERE id = $1
         ON CONFLICT (orgi, caller, hour) DO UPDATE SET outside = caller_hours.outside + 1,
             last_at = CASE WHEN caller_hours.last_at > excluded.last_at
                 THEN caller_hours.last_at ELSE excluded.last_at END")
        .bind(call).bind(number).bind(at.0.div_euclid(HOUR) * HOUR).bind(at.0)
        .execute(c).await.map(|_| ()))?;
    Ok(())
}

/// How often each number that was shown since then was, by whomever.
///
/// # Errors
/// When the database refuses.
pub async fn used(db: &Db, orgi: &str, since: Millis) -> Result<BTreeMap<String, i64>> {
    const HOUR: i64 = 3_600_000;
    let rows: Vec<(String, i64)> = on!(db.read(), c => sqlx::query_as(
        "SELECT caller, CAST(SUM(dials + outside) AS BIGINT) FROM caller_hours
         WHERE orgi = $1 AND hour >= $2 GROUP BY caller")
        .bind(orgi).bind(since.0.div_euclid(HOUR) * HOUR).fetch_all(c).await)?;
    Ok(rows.into_iter().collect())
}

#[cfg(test)]
mod tests;
