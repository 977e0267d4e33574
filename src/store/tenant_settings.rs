//! What a tenant sets for itself: one row a name, the value as JSON.

use std::collections::BTreeMap;

use engine::{survey::Choice, time::Millis};
use serde::{Deserialize, Serialize};

use crate::{Db, Result, Tx, doc, house_settings::Named, on};

/// What callers are asked after a conversation of which neither the campaign nor the queue says so
/// (VOX-209).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Surveys {
    pub survey: Choice,
}

impl Named for Surveys {
    const NAME: &'static str = "surveys";
}

/// Whose agents supervisors give orders to: the departments that are granted to their role (AGT-153).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Supervision {
    /// `None`: never set. A supervisor of a department has its agents then, and one of none has everybody.
    pub departments: Option<Vec<String>>,
}

impl Named for Supervision {
    const NAME: &'static str = "supervision";
}

impl Supervision {
    /// Whether a supervisor of the department `own` gives orders to an agent of the department `of`.
    #[must_use]
    pub fn covers(&self, own: Option<&str>, of: Option<&str>) -> bool {
        match &self.departments {
            None => own.is_none() || own == of,
            Some(granted) => of.is_some_and(|of| granted.iter().any(|id| id == of)),
        }
    }
}

/// What the tenant has set, else the default.
///
/// # Errors
/// When the database fails or what is stored cannot be read.
pub async fn get<T: Named + Default>(db: &Db, orgi: &str) -> Result<T> {
    let value: Option<String> = on!(db.read(), c => sqlx::query_scalar(
        "SELECT value FROM tenant_settings WHERE orgi = $1 AND name = $2"
    ).bind(orgi).bind(T::NAME).fetch_optional(c).await)?;
    value.map_or_else(|| Ok(T::default()), |value| doc::parse(T::NAME, &value))
}

/// What each tenant has set.
///
/// # Errors
/// As [`get`].
pub async fn all<T: Named>(db: &Db) -> Result<BTreeMap<String, T>> {
    let rows: Vec<(String, String)> = on!(db.read(), c => sqlx::query_as(
        "SELECT orgi, value FROM tenant_settings WHERE name = $1"
    ).bind(T::NAME).fetch_all(c).await)?;
    let each = rows.into_iter();
    each.map(|(orgi, value)| Ok((orgi, doc::parse(T::NAME, &value)?)))
        .collect()
}

/// # Errors
/// When the database fails.
pub async fn put<T: Named>(tx: &mut Tx, orgi: &str, value: &T, now: Millis) -> Result<()> {
    let text = doc::text(T::NAME, value)?;
    on!(tx.conn(), c => sqlx::query(
        "INSERT INTO tenant_settings (orgi, name, value, updated_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (orgi, name) DO UPDATE SET value = excluded.value,
             updated_at = CASE WHEN excluded.updated_at > tenant_settings.updated_at
                 THEN excluded.updated_at ELSE tenant_settings.updated_at + 1 END"
    ).bind(orgi).bind(T::NAME).bind(&text).bind(now.0).execute(c).await.map(|_| ()))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        campaigns,
        queues::{self, Queue},
        sample::NOW,
        sample_floor as floor, settings,
        testing::on_both,
    };

    #[test]
    fn a_list_of_departments_holds_for_every_supervisor_and_nothing_beside_it() {
        let never = Supervision::default();
        assert!(never.covers(Some("a"), Some("a")));
        assert!(!never.covers(Some("a"), Some("b")));
        assert!(!never.covers(Some("a"), None));
        assert!(never.covers(None, Some("b")) && never.covers(None, None));
        let granted = Supervision {
            departments: Some(vec!["b".into(), "c".into()]),
        };
        for own in [None, Some("a"), Some("b")] {
            assert!(granted.covers(own, Some("b")) && granted.covers(own, Some("c")));
            assert!(!granted.covers(own, Some("a")), "also the own one");
            assert!(!granted.covers(own, None));
        }
        let nobody = Supervision {
            departments: Some(Vec::new()),
        };
        assert!(!nobody.covers(None, Some("a")), "an empty list is a list");
    }

    #[tokio::test]
    async fn what_a_tenant_asks_comes_with_its_queues_that_say_nothing_and_with_its_campaigns() {
        on_both(|home| async move {
            let db = &home.db;
            let (campaign, _) = floor::campaign(db, 1).await;
            let campaign = campaigns::find(db, &campaign).await.unwrap().unwrap();
            let orgi = &*campaign.orgi;
            let mut tx = db.begin().await.unwrap();
            for (id, survey) in [("silent", None), ("never", Some(Choice::None))] {
                let queue = Queue {
                    id: id.into(),
                    name: id.into(),
                    code: String::new(),
                    settings: engine::queue::Settings {
                        survey,
                        ..engine::queue::Settings::default()
                    },
                    agents: Vec::new(),
                };
                queues::put(&mut tx, orgi, &queue, NOW).await.unwrap();
            }
            let nps = Surveys {
                survey: Choice::Named("nps".into()),
            };
            let before = settings::stamp(db).await.unwrap();
            put(&mut tx, orgi, &Surveys::default(), NOW).await.unwrap();
            put(&mut tx, orgi, &nps, NOW).await.unwrap();
            tx.commit().await.unwrap();
            assert_ne!(settings::stamp(db).await.unwrap(), before);
            assert_eq!(get::<Surveys>(db, orgi).await.unwrap(), nps);
            assert_eq!(get::<Surveys>(db, "p").await.unwrap(), Surveys::default());
            let asked: BTreeMap<String, Option<Choice>> = queues::specs(db)
                .await
                .unwrap()
                .into_iter()
                .map(|spec| (spec.id.to_string(), spec.settings.survey))
                .collect();
            assert_eq!(asked["silent"], Some(nps.survey.clone()));
            assert_eq!(asked["never"], Some(Choice::None));
            let rules = settings::rules(db, &campaign).await.unwrap();
            assert_eq!(rules.survey, nps.survey);
        })
        .await;
    }
}
