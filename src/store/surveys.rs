//! The house's satisfaction surveys (满意度调查, VOX-205 to VOX-209).

use std::collections::BTreeMap;

use engine::{survey::Survey, time::Millis};
use serde::Serialize;

use crate::{Db, Doc, Result, Tx, doc, on};

#[derive(Debug, Clone, PartialEq, Serialize, sqlx::FromRow)]
pub struct Row {
    pub id: String,
    pub name: String,
    #[sqlx(try_from = "String")]
    pub survey: Doc<Survey>,
}

/// All of a tenant, by name.
///
/// # Errors
/// When the database refuses or a stored survey cannot be read.
pub async fn list(db: &Db, orgi: &str) -> Result<Vec<Row>> {
    Ok(on!(db.read(), c => sqlx::query_as(
        "SELECT id, name, survey FROM surveys WHERE orgi = $1 ORDER BY name")
        .bind(orgi).fetch_all(c).await)?)
}

/// Adds a survey, or changes the one with this id; `false`: another tenant has that id.
///
/// # Errors
/// `NAME_TAKEN`.
pub async fn put(tx: &mut Tx, orgi: &str, row: &Row, now: Millis) -> Result<bool> {
    let survey = doc::text("survey", &row.survey.0)?;
    let rows = on!(tx.conn(), c => sqlx::query(
        "INSERT INTO surveys (id, orgi, name, survey, created_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, survey = excluded.survey
         WHERE surveys.orgi = excluded.orgi")
        .bind(&row.id).bind(orgi).bind(&row.name).bind(&survey).bind(now.0)
        .execute(c).await.map(|done| done.rows_affected()))
    .map_err(|error| crate::Error::from(error).unique_as("NAME_TAKEN"))?;
    Ok(rows == 1)
}

/// `false`: there is no such survey.
///
/// # Errors
/// When the database refuses.
pub async fn delete(tx: &mut Tx, orgi: &str, id: &str) -> Result<bool> {
    let rows = on!(tx.conn(), c => sqlx::query("DELETE FROM surveys WHERE orgi = $1 AND id = $2")
        .bind(orgi).bind(id).execute(c).await.map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// All surveys as the floor wants them.
///
/// # Errors
/// When the database refuses or a stored survey cannot be read.
pub async fn specs(db: &Db) -> Result<BTreeMap<String, Survey>> {
    let rows: Vec<Row> = on!(db.read(), c => sqlx::query_as(
        "SELECT id, name, survey FROM surveys").fetch_all(c).await)?;
    Ok(rows.into_iter().map(|row| (row.id, row.survey.0)).collect())
}

#[cfg(test)]
mod tests {
    use engine::survey::{Answer, Asked};

    use super::*;
    use crate::{
        calls, campaign_report, dials, hopper, sample::NOW, sample_floor as floor, testing::on_both,
    };

    #[tokio::test]
    async fn surveys_are_kept_and_what_was_answered_stands_with_the_call() {
        on_both(|home| async move {
            let db = &home.db;
            let row = Row {
                id: "nps".into(),
                name: "推荐".into(),
                survey: Doc(Survey {
                    prompt: "how-likely".into(),
                    ..Survey::default()
                }),
            };
            let mut tx = db.begin().await.unwrap();
            assert!(put(&mut tx, "o", &row, NOW).await.unwrap());
            assert!(put(&mut tx, "o", &row, NOW).await.unwrap());
            let foreign = put(&mut tx, "p", &row, NOW).await.unwrap();
            assert!(!foreign, "the id is another tenant's");
            tx.commit().await.unwrap();
            let mut tx = db.begin().await.unwrap();
            let twin = Row {
                id: "other".into(),
                ..row.clone()
            };
            let taken = put(&mut tx, "o", &twin, NOW).await.unwrap_err();
            assert_eq!(taken.code(), Some("NAME_TAKEN"));
            tx.rollback().await.unwrap();
            assert_eq!(list(db, "o").await.unwrap(), std::slice::from_ref(&row));
            assert_eq!(specs(db).await.unwrap()["nps"], row.survey.0);

            let (campaign, _) = floor::campaign(db, 2).await;
            let drawn = hopper::draw(db, floor::NODE, &campaign, None, 2, NOW).await;
            let leads = drawn.unwrap().leads;
            for (number, (lead, answer)) in leads.iter().zip([Some(3), None]).enumerate() {
                let open = floor::attempt(number as u64 + 1, &campaign, lead);
                dials::open(db, floor::NODE, &open).await.unwrap();
                let mut close = floor::close(&open, engine::outcome::Outcome::Connected, None);
                close.asked = Some(Asked {
                    survey: "nps".into(),
                    answer: answer.map(|score| Answer { key: '0', score }),
                });
                dials::close(db, &close).await.unwrap();
                let call = calls::get(db, "o", &open.call.id.to_string()).await;
                let call = call.unwrap().unwrap();
                assert_eq!(call.survey.as_deref(), Some("nps"));
                assert_eq!(call.score, answer.map(i64::from));
                assert_eq!(call.survey_key, answer.map(|_| "0".into()));
            }
            let sums = campaign_report::surveys(db, &campaign).await.unwrap();
            let expected = campaign_report::Surveys {
                asked: 2,
                dissatisfied: 1,
                unanswered: 1,
                ..campaign_report::Surveys::default()
            };
            assert_eq!(sums, expected);
            let report = campaign_report::of(db, &campaign).await.unwrap();
            assert_eq!(report.surveys, expected);
            let mut tx = db.begin().await.unwrap();
            assert!(delete(&mut tx, "o", "nps").await.unwrap());
            assert!(!delete(&mut tx, "o", "nps").await.unwrap());
            tx.commit().await.unwrap();
        })
        .await;
    }
}
