//! Filter forms (筛选表单).

use engine::{filter::Condition, time::Millis};
use serde::Serialize;
use sqlx::FromRow;

use crate::{Db, Doc, Error, Result, Tx, doc, new_id, on};

#[derive(Debug, Clone, PartialEq, FromRow, Serialize)]
pub struct Filter {
    pub id: String,
    pub orgi: String,
    pub creater: String,
    pub name: String,
    /// `batch`.
    pub filter_type: String,
    pub batch_id: String,
    pub description: String,
    #[sqlx(try_from = "String")]
    pub conditions: Doc<Vec<Condition>>,
    pub created_at: i64,
    pub updated_at: i64,
}

#[derive(Debug, Clone)]
pub struct NewFilter<'a> {
    pub orgi: &'a str,
    pub creater: &'a str,
    pub name: &'a str,
    pub batch_id: &'a str,
    pub description: &'a str,
    pub conditions: &'a [Condition],
}

/// # Errors
/// `NAME_TAKEN`; `NO_SUCH_BATCH`.
pub async fn create(tx: &mut Tx, new: &NewFilter<'_>, now: Millis) -> Result<String> {
    let id = new_id("flt");
    let conditions = doc::text("filter", new.conditions)?;
    let rows = on!(tx.conn(), c => sqlx::query(
        "INSERT INTO filters (id, orgi, creater, name, filter_type, batch_id, description,
             conditions, created_at, updated_at)
         SELECT $1, $2, $3, $4, 'batch', b.id, $6, $7, $8, $8 FROM batches b
         WHERE b.id = $5 AND b.orgi = $2"
    ).bind(&id).bind(new.orgi).bind(new.creater).bind(new.name).bind(new.batch_id)
        .bind(new.description).bind(conditions).bind(now.0).execute(c).await
        .map(|done| done.rows_affected()))
    .map_err(|error| Error::from(error).unique_as("NAME_TAKEN"))?;
    if rows == 1 {
        Ok(id)
    } else {
        Err(Error::conflict("NO_SUCH_BATCH"))
    }
}

/// # Errors
/// When the database fails.
pub async fn get(db: &Db, orgi: &str, id: &str) -> Result<Option<Filter>> {
    Ok(
        on!(db.read(), c => sqlx::query_as("SELECT * FROM filters WHERE orgi = $1 AND id = $2")
        .bind(orgi).bind(id).fetch_optional(c).await)?,
    )
}

/// The tenant's filters, newest first, those before the id `before`.
///
/// # Errors
/// When the database fails.
pub async fn list(db: &Db, orgi: &str, before: Option<&str>, limit: i64) -> Result<Vec<Filter>> {
    Ok(on!(db.read(), c => sqlx::query_as(
        "SELECT * FROM filters WHERE orgi = $1 AND ($2 = '' OR id < $2) ORDER BY id DESC LIMIT $3"
    ).bind(orgi).bind(before.unwrap_or_default()).bind(limit).fetch_all(c).await)?)
}

/// Saves name, description and conditions (OUT-098). `false`: no such filter.
///
/// # Errors
/// `NAME_TAKEN`.
pub async fn save(
    tx: &mut Tx,
    id: &str,
    name: &str,
    description: &str,
    conditions: &[Condition],
    now: Millis,
) -> Result<bool> {
    let conditions = doc::text("filter", conditions)?;
    let rows = on!(tx.conn(), c => sqlx::query(
        "UPDATE filters SET name = $2, description = $3, conditions = $4, updated_at = $5
         WHERE id = $1"
    ).bind(id).bind(name).bind(description).bind(conditions).bind(now.0).execute(c).await
        .map(|done| done.rows_affected()))
    .map_err(|error| Error::from(error).unique_as("NAME_TAKEN"))?;
    Ok(rows == 1)
}

/// Deletes a filter with its runs.
///
/// # Errors
/// `FILTER_IN_USE` while a campaign uses it.
pub async fn delete(tx: &mut Tx, id: &str) -> Result<bool> {
    let used: i64 = on!(tx.conn(), c => sqlx::query_scalar(
        "SELECT COUNT(*) FROM campaigns WHERE filter_id = $1"
    ).bind(id).fetch_one(c).await)?;
    if used > 0 {
        return Err(Error::conflict("FILTER_IN_USE"));
    }
    on!(tx.conn(), c => sqlx::query("DELETE FROM filter_runs WHERE filter_id = $1")
        .bind(id).execute(c).await.map(|_| ()))?;
    let rows = on!(tx.conn(), c => sqlx::query("DELETE FROM filters WHERE id = $1")
        .bind(id).execute(c).await.map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

#[cfg(test)]
mod tests {
    use engine::filter::{Connector, Value};

    use super::*;
    use crate::{
        filter_runs,
        sample::{self, NOW},
        testing::on_both,
    };

    #[tokio::test]
    async fn conditions_come_back_as_they_were_saved() {
        on_both(|home| async move {
            let (batch, _) = sample::batch(&home.db, "一").await;
            let id = sample::filter(&home.db, &batch, "f", &[]).await;
            let form = [
                Condition {
                    field: Some("phone".into()),
                    op: Some("in".into()),
                    value: Value::Many(vec!["1".into(), "2".into()]),
                    connector: Connector::Or,
                },
                Condition::default(),
            ];
            let mut tx = home.db.begin().await.unwrap();
            assert!(save(&mut tx, &id, "g", "说明", &form, NOW).await.unwrap());
            tx.commit().await.unwrap();
            let filter = get(&home.db, "o", &id).await.unwrap().unwrap();
            assert_eq!(filter.conditions.0, form);
            assert_eq!(list(&home.db, "o", None, 10).await.unwrap(), [filter]);
            assert_eq!(get(&home.db, "other", &id).await.unwrap(), None);
        })
        .await;
    }

    #[test]
    fn values_are_taken_as_the_form_sends_them() {
        let read = |text: &str| serde_json::from_str::<Condition>(text).unwrap();
        assert_eq!(read("{}"), Condition::default());
        assert_eq!(
            read(r#"{"field":null,"op":null,"value":null}"#),
            Condition::default()
        );
        assert_eq!(read(r#"{"value":18}"#).value, Value::One("18".into()));
        assert_eq!(
            read(r#"{"value":[1,"a",true,2.5],"connector":"OR"}"#),
            Condition {
                value: Value::Many(vec!["1".into(), "a".into(), "true".into(), "2.5".into()]),
                connector: Connector::Or,
                ..Condition::default()
            }
        );
    }

    #[tokio::test]
    async fn a_filter_belongs_to_a_batch_of_its_tenant() {
        on_both(|home| async move {
            let (batch, _) = sample::batch(&home.db, "一").await;
            let mut tx = home.db.begin().await.unwrap();
            let new = NewFilter {
                orgi: "other",
                creater: "u",
                name: "f",
                batch_id: &batch,
                description: "",
                conditions: &[],
            };
            let error = create(&mut tx, &new, NOW).await.unwrap_err();
            assert_eq!(error.code(), Some("NO_SUCH_BATCH"));
        })
        .await;
    }

    #[tokio::test]
    async fn a_run_keeps_its_conditions_and_starts_over_cleanly() {
        on_both(|home| async move {
            let (batch, fields) = sample::batch(&home.db, "一").await;
            sample::leads(&home.db, &batch, &fields, 3).await;
            let leads = crate::leads::page(&home.db, &batch, -1, 3).await.unwrap();
            let positions: Vec<i64> = leads.into_iter().map(|lead| lead.position).collect();
            let filter = sample::filter(&home.db, &batch, "f", &[]).await;
            let mut tx = home.db.begin().await.unwrap();
            let run = filter_runs::create(&mut tx, "o", &filter, NOW)
                .await
                .unwrap()
                .unwrap();
            assert_eq!(
                filter_runs::create(&mut tx, "other", &filter, NOW)
                    .await
                    .unwrap(),
                None
            );
            filter_runs::start(&mut tx, &run, 1).await.unwrap();
            filter_runs::add_hits(&mut tx, &run, &batch, &positions)
                .await
                .unwrap();
            filter_runs::start(&mut tx, &run, 2).await.unwrap();
            filter_runs::add_hits(&mut tx, &run, &batch, &positions[1..])
                .await
                .unwrap();
            filter_runs::succeed(&mut tx, &run, 2, NOW).await.unwrap();
            tx.commit().await.unwrap();
            let hits = filter_runs::page(&home.db, &run, -1, 10).await.unwrap();
            assert_eq!(hits.len(), 2);
            assert_eq!(hits[0].position, positions[1]);
            let runs = filter_runs::list(&home.db, &filter, None, 10)
                .await
                .unwrap();
            assert_eq!((runs[0].snapshot_version, runs[0].matched), (2, 2));
            let mut tx = home.db.begin().await.unwrap();
            assert!(delete(&mut tx, &filter).await.unwrap());
        })
        .await;
    }
}
