//! Column mappings that uploaders confirmed, to be used again for files with the same header.

use std::collections::BTreeMap;

use engine::{mapping::Mapping, time::Millis};

use crate::{Db, Result, Tx, doc, on};

/// Headers that are remembered of a batch; the oldest go.
const KEPT: i64 = 200;

/// What is remembered of a batch, by the signature of the header.
///
/// # Errors
/// When the database fails.
pub async fn of_batch(db: &Db, batch: &str) -> Result<BTreeMap<String, Mapping>> {
    let rows: Vec<(String, String)> = on!(db.read(), c => sqlx::query_as(
        "SELECT signature, mapping FROM mappings WHERE batch_id = $1"
    ).bind(batch).fetch_all(c).await)?;
    let mut mappings = BTreeMap::new();
    for (signature, mapping) in rows {
        mappings.insert(signature, doc::parse("mapping", &mapping)?);
    }
    Ok(mappings)
}

/// Remembers a mapping in place of an earlier one for the same header.
///
/// # Errors
/// When the database fails.
pub async fn remember(
    tx: &mut Tx,
    batch: &str,
    signature: &str,
    mapping: &Mapping,
    now: Millis,
) -> Result<()> {
    let mapping = doc::text("mapping", mapping)?;
    on!(tx.conn(), c => sqlx::query(
        "INSERT INTO mappings (batch_id, signature, mapping, updated_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (batch_id, signature)
         DO UPDATE SET mapping = excluded.mapping, updated_at = excluded.updated_at"
    ).bind(batch).bind(signature).bind(mapping).bind(now.0).execute(c).await.map(|_| ()))?;
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
            let of = |code: &str| Mapping::from([("A".to_owned(), code.to_owned())]);
            let mut tx = home.db.begin().await.unwrap();
            for (signature, code) in [("one", "f1"), ("two", ""), ("one", "f2")] {
                remember(&mut tx, &batch, signature, &of(code), NOW)
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
