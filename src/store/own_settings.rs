//! Campaigns follow the outbound settings in what they do not set themselves (OUT-154).

use std::collections::BTreeSet;

use engine::{
    campaign::Settings,
    settings::{Own, own},
    time::Millis,
};
use sqlx::FromRow;

use crate::{Doc, Result, Tx, doc, on, settings};

#[derive(FromRow)]
struct Follower {
    id: String,
    campaign_type: String,
    #[sqlx(try_from = "String")]
    settings: Doc<Settings>,
    #[sqlx(try_from = "String")]
    own_settings: Doc<BTreeSet<Own>>,
    /// Of whoever made it.
    department_id: Option<String>,
}

/// Gives each of a tenant's campaigns what the wider levels say by now, in the write that changed them.
/// A campaign that is changed by it has a new revision. Returns how many are.
///
/// # Errors
/// When the database fails or what is stored cannot be read.
pub async fn follow(tx: &mut Tx, orgi: &str, now: Millis) -> Result<usize> {
    let levels = settings::levels_in(tx, orgi).await?;
    // As they are when nobody changes them: the whole of their settings is written again.
    let lock = match tx {
        Tx::Lite(_) => "",
        Tx::Pg(_) => "FOR UPDATE OF c",
    };
    let sql = format!(
        "SELECT c.id, c.campaign_type, c.settings, c.own_settings, u.department_id
         FROM campaigns c LEFT JOIN users u ON u.id = c.creater WHERE c.orgi = $1 ORDER BY c.id {lock}"
    );
    let campaigns: Vec<Follower> = on!(tx.conn(), c => sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(orgi).fetch_all(c).await)?;
    let mut changed = 0;
    for campaign in campaigns {
        let above = levels.above(campaign.department_id.as_deref());
        let mode = doc::parse("campaign_type", &format!("\"{}\"", campaign.campaign_type))?;
        let mut settings = campaign.settings.0.clone();
        own::follow(&mut settings, &campaign.own_settings, &above, Some(mode));
        if settings == campaign.settings.0 {
            continue;
        }
        let text = doc::text("settings", &settings)?;
        on!(tx.conn(), c => sqlx::query(
            "UPDATE campaigns SET settings = $2, revision = revision + 1, updated_at = $3
             WHERE id = $1"
        ).bind(&campaign.id).bind(text).bind(now.0).execute(c).await.map(|_| ()))?;
        changed += 1;
    }
    Ok(changed)
}

#[cfg(test)]
mod tests {
    use engine::settings::Overrides;

    use super::*;
    use crate::{
        campaigns,
        sample::NOW,
        sample_floor,
        settings::{Scope, save},
        testing::{about, on_both, until_it_waits},
    };

    #[tokio::test]
    async fn a_campaign_follows_in_what_is_not_its_own() {
        on_both(|home| async move {
            let db = &home.db;
            let (id, _) = sample_floor::campaign(db, 1).await;
            let own = r#"UPDATE campaigns SET own_settings = '["max_attempts"]' WHERE id = $1"#;
            about(db, &id, own).await;
            let wide = Overrides {
                ring_timeout: Some(44),
                max_attempts: Some(9),
                ..Overrides::default()
            };
            for (value, ring, changes) in [
                (&wide, 44, 1),
                (&wide, 44, 0),
                (&Overrides::default(), 30, 1),
            ] {
                let mut tx = db.begin().await.unwrap();
                save(&mut tx, "o", Scope::Tenant, value, "u", NOW)
                    .await
                    .unwrap();
                assert_eq!(follow(&mut tx, "o", NOW).await.unwrap(), changes);
                tx.commit().await.unwrap();
                let now = campaigns::find(db, &id).await.unwrap().unwrap();
                assert_eq!(
                    (now.settings.ring_timeout_s, now.settings.retry.max_attempts),
                    (ring, 3)
                );
            }
            let now = campaigns::find(db, &id).await.unwrap().unwrap();
            assert_eq!(now.revision, 3);
            let mut tx = db.begin().await.unwrap();
            save(&mut tx, "p", Scope::Tenant, &wide, "u", NOW)
                .await
                .unwrap();
            assert_eq!(follow(&mut tx, "p", NOW).await.unwrap(), 0, "another's");
        })
        .await;
    }

    /// A supervisor changes the campaign while the outbound settings are changed.
    #[tokio::test]
    async fn what_a_campaign_is_changed_to_meanwhile_stays() {
        on_both(|home| async move {
            let db = &home.db;
            let (id, _) = sample_floor::campaign(db, 1).await;
            let old = campaigns::find(db, &id).await.unwrap().unwrap();
            let mut settings = old.settings.0.clone();
            settings.retry.max_attempts = 7;
            let draft = campaigns::Draft {
                name: "改名",
                campaign_type: old.mode().unwrap(),
                filter_id: &old.filter_id,
                business_type: &old.business_type,
                business_status: &old.business_status,
                extract_count: old.extract_count,
                default_alloc: old.default_alloc,
                alloc_mode: old.share(),
                description: &old.description,
                settings: &settings,
                own_settings: &[Own::MaxAttempts].into(),
            };
            let mut tx = db.begin().await.unwrap();
            campaigns::save(&mut tx, &id, old.revision, &draft, NOW)
                .await
                .unwrap();
            let other = db.clone();
            let following = tokio::spawn(async move {
                let wide = Overrides {
                    ring_timeout: Some(44),
                    ..Overrides::default()
                };
                let mut tx = other.begin().await.unwrap();
                save(&mut tx, "o", Scope::Tenant, &wide, "u", NOW)
                    .await
                    .unwrap();
                follow(&mut tx, "o", NOW).await.unwrap();
                tx.commit().await.unwrap();
            });
            until_it_waits(db, &following).await;
            tx.commit().await.unwrap();
            following.await.unwrap();
            let now = campaigns::find(db, &id).await.unwrap().unwrap();
            assert_eq!(
                (now.settings.ring_timeout_s, now.settings.retry.max_attempts),
                (44, 7)
            );
        })
        .await;
    }
}
