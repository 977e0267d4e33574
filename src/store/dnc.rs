//! DNC lists (黑名单): numbers that are not called, each list for the whole house or for campaigns.
//!
//! Nothing but [`remove`] takes an entry off a list: no import, no later disposition.

mod entries;
mod lists;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use engine::{gate::Listed, time::Millis};

pub use entries::{
    ENTRIES_MOST, Entry, NewEntry, Removal, add, add_many, holding, page, remove, removed,
};
pub use lists::{HOUSE, List, NewList, delete, get, list, put};

use crate::{
    Db, Result, Tx,
    db::{Conn, Reading},
    doc, on,
};

/// The entry that forbids calling any of these spellings of a number for a campaign, if there is one;
/// on a connection or in a transaction alike.
macro_rules! forbidding {
    ($conn:expr, $orgi:expr, $campaign:expr, $spellings:expr, $now:expr) => {{
        let [a, b, c, d] = $spellings;
        $crate::on!($conn, k => sqlx::query_as::<_, $crate::dnc::Found>($crate::dnc::FORBIDDING)
            .bind($orgi).bind($campaign).bind($now.0).bind(a).bind(b).bind(c).bind(d)
            .fetch_optional(k).await)
    }};
}
pub(crate) use forbidding;

#[derive(Debug, sqlx::FromRow)]
pub(crate) struct Found {
    list_id: String,
    version: i64,
    number: String,
    is_prefix: bool,
    expires_at: Option<i64>,
}

impl From<Found> for Listed {
    fn from(found: Found) -> Self {
        Self {
            list: found.list_id,
            version: found.version,
            entry: match found.is_prefix {
                true => found.number + "*",
                false => found.number,
            },
            until: found.expires_at.map(Millis),
        }
    }
}

/// `$1` tenant, `$2` campaign, `$3` now, `$4` to `$7` spellings of the number.
pub(crate) const FORBIDDING: &str = "
    SELECT d.list_id, l.version, d.number, d.is_prefix, d.expires_at
    FROM dnc d JOIN dnc_lists l ON l.orgi = d.orgi AND l.id = d.list_id
    WHERE d.orgi = $1 AND d.number IN ($4, $5, $6, $7) AND d.is_prefix = FALSE
        AND (d.expires_at IS NULL OR d.expires_at > $3)
        AND (l.scope = 'house' OR EXISTS (SELECT 1 FROM dnc_campaigns c
            WHERE c.orgi = d.orgi AND c.list_id = d.list_id AND c.campaign_id = $2))
    UNION ALL
    SELECT d.list_id, l.version, d.number, d.is_prefix, d.expires_at
    FROM dnc d JOIN dnc_lists l ON l.orgi = d.orgi AND l.id = d.list_id
    WHERE d.orgi = $1 AND d.is_prefix
        AND d.number IN (
            substr(CAST($4 AS TEXT), 1, length(d.number)), substr(CAST($5 AS TEXT), 1, length(d.number)),
            substr(CAST($6 AS TEXT), 1, length(d.number)), substr(CAST($7 AS TEXT), 1, length(d.number)))
        AND (d.expires_at IS NULL OR d.expires_at > $3)
        AND (l.scope = 'house' OR EXISTS (SELECT 1 FROM dnc_campaigns c
            WHERE c.orgi = d.orgi AND c.list_id = d.list_id AND c.campaign_id = $2))
    LIMIT 1";

/// Of these numbers, each with a key, the keys of those that a list forbids calling for a campaign.
///
/// # Errors
/// When the database refuses.
pub(crate) async fn listed_among(
    conn: &mut Reading,
    (orgi, campaign): (&str, &str),
    numbers: &[(i64, String)],
    now: Millis,
) -> Result<BTreeSet<i64>> {
    if numbers.is_empty() {
        return Ok(BTreeSet::new());
    }
    let asked = match conn {
        Reading::Lite(_) => "SELECT value ->> 0 AS at, value ->> 1 AS number FROM json_each($4)",
        Reading::Pg(_) => {
            "SELECT (value ->> 0)::bigint AS at, value ->> 1 AS number
             FROM json_array_elements($4::json) AS each (value)"
        }
    };
    let sql = format!(
        "SELECT DISTINCT s.at FROM ({asked}) AS s
             JOIN dnc d ON (d.is_prefix = FALSE AND d.number = s.number)
                 OR (d.is_prefix AND d.number = substr(s.number, 1, length(d.number)))
             JOIN dnc_lists l ON l.orgi = d.orgi AND l.id = d.list_id
         WHERE d.orgi = $1 AND (d.expires_at IS NULL OR d.expires_at > $3)
             AND (l.scope = 'house' OR EXISTS (SELECT 1 FROM dnc_campaigns c
                 WHERE c.orgi = d.orgi AND c.list_id = d.list_id AND c.campaign_id = $2))"
    );
    let numbers = doc::text("numbers", numbers)?;
    let keys: Vec<i64> = on!(conn.conn(), c => sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
        .bind(orgi).bind(campaign).bind(now.0).bind(numbers).fetch_all(c).await)?;
    Ok(keys.into_iter().collect())
}

/// Four spellings for [`FORBIDDING`]; what is missing repeats the first.
pub(crate) fn four(spellings: &[String]) -> [&str; 4] {
    let first = spellings.first().map_or("", String::as_str);
    std::array::from_fn(|place| spellings.get(place).map_or(first, String::as_str))
}

/// Whether the number was put on a list since the gate looked, in the write that opens its attempt.
pub(crate) async fn forbids(
    tx: &mut Tx,
    lead: &str,
    campaign: &str,
    spellings: &[String],
    now: Millis,
) -> Result<bool> {
    let found: Option<(String, bool)> = on!(tx.conn(), c => sqlx::query_as(
        "SELECT orgi, dnc FROM leads WHERE id = $1").bind(lead).fetch_optional(c).await)?;
    let Some((orgi, flagged)) = found else {
        return Ok(false);
    };
    let listed = forbidding!(tx.conn(), &orgi, campaign, four(spellings), now)?;
    Ok(flagged || listed.is_some())
}

/// The same for a number that is no lead's.
pub(crate) async fn forbids_number(
    tx: &mut Tx,
    campaign: &str,
    spellings: &[String],
    now: Millis,
) -> Result<bool> {
    let orgi: Option<String> = on!(tx.conn(), c => sqlx::query_scalar(
        "SELECT orgi FROM campaigns WHERE id = $1").bind(campaign).fetch_optional(c).await)?;
    let orgi = orgi.unwrap_or_default();
    let listed = forbidding!(tx.conn(), &orgi, campaign, four(spellings), now)?;
    Ok(listed.is_some())
}

/// Whether a list of the house forbids calling an agent's own telephone outside.
///
/// # Errors
/// When the database refuses.
pub async fn forbids_phone(
    db: &Db,
    agent: &str,
    spellings: &[String],
    now: Millis,
) -> Result<bool> {
    let orgi: Option<String> = on!(db.read(), c => sqlx::query_scalar(
        "SELECT orgi FROM agents WHERE id = $1").bind(agent).fetch_optional(c).await)?;
    let Some(orgi) = orgi else {
        return Ok(true);
    };
    Ok(forbidding!(db.read(), &orgi, "", four(spellings), now)?.is_some())
}

/// Whether a list forbids calling a number beside a call that is up: a transfer or a question to it.
///
/// # Errors
/// When the database refuses.
pub async fn forbids_beside(
    db: &Db,
    call: &str,
    campaign: &str,
    spellings: &[String],
    now: Millis,
) -> Result<bool> {
    let orgi: Option<String> = on!(db.read(), c => sqlx::query_scalar(
        "SELECT orgi FROM calls WHERE id = $1").bind(call).fetch_optional(c).await)?;
    // A call that nobody knows lends no right to call anybody.
    let Some(orgi) = orgi else {
        return Ok(true);
    };
    Ok(forbidding!(db.read(), &orgi, campaign, four(spellings), now)?.is_some())
}
