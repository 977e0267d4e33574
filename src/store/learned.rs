//! What the pacer of a campaign has learned, kept for its next day.

use engine::{floor::Learned, time::Millis};
use serde::Deserialize;

use crate::{Db, Result, doc, on};

/// Keeps it instead of what was kept before.
///
/// # Errors
/// When the database refuses.
pub async fn keep(db: &Db, campaign: &str, learned: &Learned, now: Millis) -> Result<()> {
    let learned = doc::text("learned", learned)?;
    on!(db.write(), c => sqlx::query(
        "INSERT INTO learned (campaign_id, learned, at)
         SELECT id, $2, $3 FROM campaigns WHERE id = $1
         ON CONFLICT (campaign_id) DO UPDATE SET learned = excluded.learned, at = excluded.at"
    ).bind(campaign).bind(learned).bind(now.0).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// `None` when nothing was kept, or by another version of the pacer.
///
/// # Errors
/// When the database fails, or what was kept is damaged.
pub async fn of(db: &Db, campaign: &str) -> Result<Option<Learned>> {
    #[derive(Deserialize)]
    struct Head {
        version: u32,
    }
    let text: Option<String> = on!(db.read(), c => sqlx::query_scalar(
        "SELECT learned FROM learned WHERE campaign_id = $1"
    ).bind(campaign).fetch_optional(c).await)?;
    let Some(text) = text else { return Ok(None) };
    let head: Head = doc::parse("learned", &text)?;
    if head.version != Learned::VERSION {
        return Ok(None);
    }
    doc::parse("learned", &text).map(Some)
}

#[cfg(test)]
mod tests {
    use engine::pacing::Pacer;

    use super::*;
    use crate::{sample::NOW, sample_floor as floor, testing::on_both};

    #[tokio::test]
    async fn what_was_kept_last_comes_back_and_another_version_does_not() {
        on_both(|home| async move {
            let db = &home.db;
            let (campaign, _) = floor::campaign(db, 1).await;
            assert_eq!(of(db, &campaign).await.unwrap(), None);
            let learned = |ring_s| Learned {
                version: Learned::VERSION,
                pacer: Pacer::new(ring_s),
            };
            for ring_s in [20.0, 30.0] {
                keep(db, &campaign, &learned(ring_s), NOW).await.unwrap();
            }
            // Floats come back to the last digit but one.
            let text = serde_json::to_string(&learned(30.0)).unwrap();
            let written: Learned = serde_json::from_str(&text).unwrap();
            assert_eq!(of(db, &campaign).await.unwrap(), Some(written));
            let old = Learned {
                version: 0,
                ..learned(30.0)
            };
            keep(db, &campaign, &old, NOW).await.unwrap();
            assert_eq!(of(db, &campaign).await.unwrap(), None);
            // A campaign that is gone keeps nothing.
            keep(db, "cmp_gone", &learned(20.0), NOW).await.unwrap();
            assert_eq!(of(db, "cmp_gone").await.unwrap(), None);
        })
        .await;
    }
}
