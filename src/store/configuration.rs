//! A number that rises with every change of what the floors work by, so that each node hears of what was
//! saved at another.

use engine::time::Millis;

use crate::{Db, Result, Tx, on};

const NAME: &str = "configuration";

/// Says that this write changes agents, queues, gateways, routes or what else a floor and its switch read. Call it
/// last: from here on other such writes wait for the end of this one.
///
/// # Errors
/// When the database fails.
pub async fn changed(tx: &mut Tx, now: Millis) -> Result<()> {
    on!(tx.conn(), c => sqlx::query(
        "INSERT INTO house_settings (name, value, updated_at) VALUES ($1, '1', $2)
         ON CONFLICT (name) DO UPDATE SET updated_at = excluded.updated_at,
             value = CAST(CAST(house_settings.value AS BIGINT) + 1 AS TEXT)")
        .bind(NAME).bind(now.0).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// How many such writes there were; 0 before the first.
///
/// # Errors
/// When the database fails.
pub async fn revision(db: &Db) -> Result<i64> {
    let revision: Option<i64> = on!(db.read(), c => sqlx::query_scalar(
        "SELECT CAST(value AS BIGINT) FROM house_settings WHERE name = $1")
        .bind(NAME).fetch_optional(c).await)?;
    Ok(revision.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{sample::NOW, testing::on_both};

    #[tokio::test]
    async fn every_write_that_ends_well_counts_once() {
        on_both(|home| async move {
            let db = &home.db;
            assert_eq!(revision(db).await.unwrap(), 0);
            for ends_well in [true, false, true] {
                let mut tx = db.begin().await.unwrap();
                changed(&mut tx, NOW).await.unwrap();
                match ends_well {
                    true => tx.commit().await.unwrap(),
                    false => tx.rollback().await.unwrap(),
                }
            }
            assert_eq!(revision(db).await.unwrap(), 2);
        })
        .await;
    }
}
