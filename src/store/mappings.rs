//! Column mappings that uploaders confirmed, to be used again for files with the same header.

use std::collections::BTreeMap;

use engine::{import_row::Choices, mapping::Mapping, time::Millis};

use serde::{Deserialize, Serialize};
use sqlx::FromRow;

use crate::{Db, Result, Tx, doc, on};

/// Headers that are remembered of a batch; the oldest go.
const KEPT: i64 = 200;

/// What is remembered of a batch, by the signature of the header.
///
/// # Errors
/// When the database fails.
pub async fn of_batch(db: &Db, batch: &str) -> Result<BTreeMap<String, Remembered>> {
    let rows: Vec<(String, String, String)> = on!(db.read(), c => sqlx::query_as(
        "SELECT signature, mapping, choices FROM mappings WHERE batch_id = $1"
    ).bind(batch).fetch_all(c).await)?;
    let mut mappings = BTreeMap::new();
    for (signature, mapping, choices) in rows {
        let remembered = Remembered {
            mapping: doc::parse("mapping", &mapping)?,
            choices: doc::parse("choices", &choices)?,
        };
        mappings.insert(signature, remembered);
    }
    Ok(mappings)
}

/// What is remembered for one header: which column fills which field, and what becomes of values in
/// columns of choices.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Remembered {
    pub mapping: Mapping,
    pub choices: Choices,
}

/// The same as it is kept.
#[derive(Debug, Clone, PartialEq, FromRow, Serialize, Deserialize)]
struct Row {
    signature: String,
    mapping: String,
    choices: String,
    updated_at: i64,
}

/// What an import's mapping took the place of, kept with the import.
#[derive(Debug, Serialize, Deserialize)]
struct Before {
    /// The header, and when its mapping was written.
    signature: String,
    at: i64,
    /// What was remembered in its place, and what went because there were too many.
    gone: Vec<Row>,
}

/// Remembers a mapping that was confirmed with an import, in place of an earlier one for the same header;
/// the undo of the import brings that back.
///
/// # Errors
/// When the database fails.
pub async fn remember(
    tx: &mut Tx,
    (batch, import): (&str, &str),
    (signature, remembered): (&str, &Remembered),
    now: Millis,
) -> Result<()> {
    let was = rows(tx, batch).await?;
    put(tx, batch, signature, remembered, now).await?;
    let kept = rows(tx, batch).await?;
    let before = Before {
        signature: signature.into(),
        at: now.0,
        gone: was.into_iter().filter(|row| !kept.contains(row)).collect(),
    };
    let before = doc::text("mapping", &before)?;
    on!(tx.conn(), c => sqlx::query("UPDATE imports SET mapping_before = $2 WHERE id = $1")
        .bind(import).bind(before).execute(c).await.map(|_| ()))?;
    Ok(())
}

async fn rows(tx: &mut Tx, batch: &str) -> Result<Vec<Row>> {
    Ok(on!(tx.conn(), c => sqlx::query_as(
        "SELECT signature, mapping, choices, updated_at FROM mappings WHERE batch_id = $1 ORDER BY signature"
    ).bind(batch).fetch_all(c).await)?)
}

/// Forgets what an import was confirmed with, unless the header was given another mapping since.
///
/// # Errors
/// When the database fails.
pub async fn take_back(tx: &mut Tx, batch: &str, import: &str) -> Result<()> {
    let before: Option<Option<String>> = on!(tx.conn(), c => sqlx::query_scalar(
        "SELECT mapping_before FROM imports WHERE id = $1"
    ).bind(import).fetch_optional(c).await)?;
    let Some(before) = before.flatten() else {
        return Ok(());
    };
    let before: Before = doc::parse("mapping", &before)?;
    let taken = on!(tx.conn(), c => sqlx::query(
        "DELETE FROM mappings WHERE batch_id = $1 AND signature = $2 AND updated_at = $3"
    ).bind(batch).bind(&before.signature).bind(before.at).execute(c).await
        .map(|done| done.rows_affected()))?;
    let back = if taken == 1 { before.gone } else { Vec::new() };
    for row in back {
        on!(tx.conn(), c => sqlx::query(
            "INSERT INTO mappings (batch_id, signature, mapping, choices, updated_at)
             VALUES ($1, $2, $3, $4, $5) ON CONFLICT (batch_id, signature) DO NOTHING"
        ).bind(batch).bind(&row.signature).bind(&row.mapping).bind(&row.choices)
            .bind(row.updated_at).execute(c).await.map(|_| ()))?;
    }
    on!(tx.conn(), c => sqlx::query("UPDATE imports SET mapping_before = NULL WHERE id = $1")
        .bind(import).execute(c).await.map(|_| ()))?;
    Ok(())
}

async fn put(
    tx: &mut Tx,
    batch: &str,
    signature: &str,
    remembered: &Remembered,
    now: Millis,
) -> Result<()> {
    let mapping = doc::text("mapping", &remembered.mapping)?;
    let choices = doc::text("choices", &remembered.choices)?;
    on!(tx.conn(), c => sqlx::query(
        "INSERT INTO mappings (batch_id, signature, mapping, choices, updated_at)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (batch_id, signature) DO UPDATE SET mapping = excluded.mapping,
             choices = excluded.choices, updated_at = excluded.updated_at"
    ).bind(batch).bind(signature).bind(mapping).bind(choices).bind(now.0).execute(c).await
        .map(|_| ()))?;
    on!(tx.conn(), c => sqlx::query(
        "DELETE FROM mappings WHERE batch_id = $1 AND signature NOT IN (
             SELECT signature FROM mappings WHERE batch_id = $1
             ORDER BY updated_at DESC, signature LIMIT $2)"
    ).bind(batch).bind(KEPT).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// Keeps the titles of an imported file.
///
/// # Errors
/// When the database fails.
pub async fn note_titles(tx: &mut Tx, import: &str, titles: &[String]) -> Result<()> {
    let titles = doc::text("titles", titles)?;
    on!(tx.conn(), c => sqlx::query("UPDATE imports SET titles = $2 WHERE id = $1")
        .bind(import).bind(titles).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// The titles of an imported file; `None`: they were not kept, so they stand in its first row.
///
/// # Errors
/// When the database fails.
pub async fn titles_of(db: &Db, import: &str) -> Result<Option<Vec<String>>> {
    let titles: Option<Option<String>> = on!(db.read(), c => sqlx::query_scalar(
        "SELECT titles FROM imports WHERE id = $1"
    ).bind(import).fetch_optional(c).await)?;
    titles
        .flatten()
        .map(|titles| doc::parse("titles", &titles))
        .transpose()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        sample::{self, NOW},
        testing::on_both,
    };

    #[tokio::test]
    async fn the_last_mapping_of_a_header_is_remembered() {
        on_both(|home| async move {
            let (batch, _) = sample::batch(&home.db, "一").await;
            let of = |code: &str| Remembered {
                mapping: Mapping::from([("A".to_owned(), code.to_owned())]),
                ..Remembered::default()
            };
            let mut tx = home.db.begin().await.unwrap();
            for (signature, code) in [("one", "f1"), ("two", ""), ("one", "f2")] {
                let of_import = (batch.as_str(), "imp");
                remember(&mut tx, of_import, (signature, &of(code)), NOW)
                    .await
                    .unwrap();
            }
            tx.commit().await.unwrap();
            let kept = of_batch(&home.db, &batch).await.unwrap();
            assert_eq!(
                kept,
                [("one".into(), of("f2")), ("two".into(), of(""))].into()
            );
        })
        .await;
    }
}
