//! Changes the imported values of many leads at once.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{Result, Tx, doc, on, segments};

/// What a lead's imported values become.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    pub id: String,
    pub phone: String,
    pub phone_raw: String,
    pub phones: Vec<String>,
    pub data: BTreeMap<String, String>,
    pub dnc: bool,
    pub updated_at: i64,
}

/// Writes new values. What nobody imports, as the allocation and the calls, stays.
///
/// # Errors
/// When the database fails.
pub async fn change(tx: &mut Tx, changes: &[Change]) -> Result<()> {
    const SET: &str = "UPDATE leads SET phone = v.phone, phone_raw = v.phone_raw,
             phones = v.phones, data = v.data, dnc = v.dnc, updated_at = v.updated_at FROM ";
    if changes.is_empty() {
        return Ok(());
    }
    let changes = doc::text("changes", changes)?;
    let changed: Vec<(String, i64)> = match tx {
        Tx::Lite(c) => {
            let sql = format!(
                "{SET} (SELECT value ->> 'id' AS id, value ->> 'phone' AS phone,
                     value ->> 'phone_raw' AS phone_raw, value -> 'phones' AS phones,
                     value -> 'data' AS data, value ->> 'dnc' AS dnc,
                     value ->> 'updated_at' AS updated_at FROM json_each($1)) AS v
                 WHERE leads.id = v.id RETURNING batch_id, position"
            );
            sqlx::query_as(sqlx::AssertSqlSafe(sql))
                .bind(changes)
                .fetch_all(&mut **c)
                .await?
        }
        Tx::Pg(c) => {
            let sql = format!(
                "{SET} (SELECT e ->> 'id' AS id, e ->> 'phone' AS phone,
                     e ->> 'phone_raw' AS phone_raw, (e -> 'phones')::text AS phones,
                     (e -> 'data')::text AS data, (e ->> 'dnc')::boolean AS dnc,
                     (e ->> 'updated_at')::bigint AS updated_at
                     FROM json_array_elements($1::json) AS e) AS v
                 WHERE leads.id = v.id RETURNING batch_id, position"
            );
            sqlx::query_as(sqlx::AssertSqlSafe(sql))
                .bind(changes)
                .fetch_all(&mut **c)
                .await?
        }
    };
    let mut positions: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for (batch, position) in changed {
        positions.entry(batch).or_default().push(position);
    }
    for (batch, positions) in positions {
        segments::dirty(tx, &batch, &positions).await?;
    }
    Ok(())
}

/// Gives leads other keys, what duplicates are decided on.
///
/// # Errors
/// When the database fails.
pub async fn set_keys(tx: &mut Tx, keys: Vec<(String, String)>) -> Result<()> {
    for (id, key) in keys {
        on!(tx.conn(), c => sqlx::query(
            "UPDATE leads SET key_value = $2 WHERE id = $1 AND key_value <> $2"
        ).bind(&id).bind(key).execute(c).await.map(|_| ()))?;
    }
    Ok(())
}
