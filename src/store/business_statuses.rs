//! The dictionary of business statuses (业务状态) that each business type has (OUT-113).

use serde::Serialize;

use crate::{
    Db, Result, Tx,
    campaigns::Campaign,
    dictionaries::{self, Kept},
    on,
};

/// Which dictionary a business type has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow)]
pub struct Bound {
    /// followup or marketing.
    pub business_type: String,
    pub dictionary_id: String,
}

/// The tenant's, by type; a type without one is left out.
///
/// # Errors
/// When the database fails.
pub async fn list(db: &Db, orgi: &str) -> Result<Vec<Bound>> {
    Ok(on!(db.read(), c => sqlx::query_as(
        "SELECT business_type, dictionary_id FROM business_statuses WHERE orgi = $1
         ORDER BY business_type"
    ).bind(orgi).fetch_all(c).await)?)
}

/// # Errors
/// When the database fails.
pub async fn put(tx: &mut Tx, orgi: &str, bound: &Bound) -> Result<()> {
    on!(tx.conn(), c => sqlx::query(
        "INSERT INTO business_statuses (orgi, business_type, dictionary_id) VALUES ($1, $2, $3)
         ON CONFLICT (orgi, business_type) DO UPDATE SET dictionary_id = excluded.dictionary_id"
    ).bind(orgi).bind(&bound.business_type).bind(&bound.dictionary_id).execute(c).await
        .map(|_| ()))?;
    Ok(())
}

/// `false`: the type had none.
///
/// # Errors
/// When the database fails.
pub async fn delete(tx: &mut Tx, orgi: &str, business_type: &str) -> Result<bool> {
    let rows = on!(tx.conn(), c => sqlx::query(
        "DELETE FROM business_statuses WHERE orgi = $1 AND business_type = $2"
    ).bind(orgi).bind(business_type).execute(c).await.map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// What agents may say of a campaign's leads: the campaign's own dictionary, else that of its business
/// type. `None`: neither has one, and every text is taken.
///
/// # Errors
/// When the database fails.
pub async fn of_campaign(db: &Db, campaign: &Campaign) -> Result<Option<Kept>> {
    let own = dictionaries::get(db, &campaign.orgi, &campaign.business_status).await?;
    if own.is_some() {
        return Ok(own);
    }
    Ok(on!(db.read(), c => sqlx::query_as(
        "SELECT d.* FROM dictionaries d JOIN business_statuses b ON b.dictionary_id = d.id
             AND b.orgi = d.orgi
         WHERE b.orgi = $1 AND b.business_type = $2"
    ).bind(&campaign.orgi).bind(&campaign.business_type).fetch_optional(c).await)?)
}

/// Whether a business type or a campaign takes its statuses from this dictionary.
///
/// # Errors
/// When the database fails.
pub(crate) async fn uses(tx: &mut Tx, dictionary: &str) -> Result<bool> {
    Ok(on!(tx.conn(), c => sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM business_statuses WHERE dictionary_id = $1)
             OR EXISTS (SELECT 1 FROM campaigns k JOIN dictionaries d ON d.orgi = k.orgi
                 WHERE d.id = $1 AND k.business_status = d.id)"
    ).bind(dictionary).fetch_one(c).await)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        campaigns,
        dictionaries::{Choice, Draft},
        sample::NOW,
        sample_floor as floor,
        testing::on_both,
    };

    async fn dictionary(db: &Db, name: &str) -> String {
        let items = [Choice {
            code: "1".into(),
            label: name.into(),
            enabled: true,
            sort: 0,
        }];
        let draft = Draft {
            name,
            description: "",
            items: &items,
        };
        let mut tx = db.begin().await.unwrap();
        let id = dictionaries::create(&mut tx, "o", "u", &draft, NOW).await;
        tx.commit().await.unwrap();
        id.unwrap()
    }

    #[tokio::test]
    async fn a_campaign_has_its_own_statuses_or_those_of_its_type() {
        on_both(|home| async move {
            let db = &home.db;
            let (id, _) = floor::campaign(db, 0).await;
            let names = async || {
                let campaign = campaigns::find(db, &id).await.unwrap().unwrap();
                let kept = of_campaign(db, &campaign).await.unwrap();
                kept.map(|kept| kept.name)
            };
            let (of_type, own) = (dictionary(db, "回访").await, dictionary(db, "自己").await);
            assert_eq!(names().await, None);
            let mut tx = db.begin().await.unwrap();
            for business_type in ["followup", "marketing"] {
                let bound = Bound {
                    business_type: business_type.into(),
                    dictionary_id: of_type.clone(),
                };
                put(&mut tx, "o", &bound).await.unwrap();
                put(&mut tx, "o", &bound).await.unwrap();
            }
            assert!(delete(&mut tx, "o", "marketing").await.unwrap());
            assert!(!delete(&mut tx, "o", "marketing").await.unwrap());
            tx.commit().await.unwrap();
            assert_eq!(list(db, "o").await.unwrap().len(), 1);
            assert_eq!(names().await.as_deref(), Some("回访"));
            on!(db.write(), c => sqlx::query(
                "UPDATE campaigns SET business_status = $2 WHERE id = $1"
            ).bind(&id).bind(&own).execute(c).await.map(|_| ()))
            .unwrap();
            assert_eq!(names().await.as_deref(), Some("自己"));
            for used in [&of_type, &own] {
                let mut tx = db.begin().await.unwrap();
                let refused = dictionaries::delete(&mut tx, used).await.unwrap_err();
                assert_eq!(refused.code(), Some("DICTIONARY_IN_USE"));
            }
        })
        .await;
    }
}
