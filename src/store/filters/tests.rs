use std::collections::BTreeMap;

use engine::filter::{Condition, Connector, Node, Resolved, Value};

use super::*;
use crate::{
    filter_runs,
    sample::{self, NOW},
    testing::on_both,
};

fn resolved() -> Resolved {
    Resolved {
        form: Form::default(),
        today: filter::today(NOW, ZONE).unwrap(),
    }
}

fn versions(batch: &str, version: i64) -> BTreeMap<String, i64> {
    [(batch.to_owned(), version)].into()
}

#[tokio::test]
async fn conditions_come_back_as_they_were_saved() {
    on_both(|home| async move {
        let (batch, _) = sample::batch(&home.db, "一").await;
        let id = sample::filter(&home.db, &batch, "f", &[]).await;
        let form = Form::Rows(vec![
            Condition {
                field: Some("phone".into()),
                op: Some("in".into()),
                value: Value::Many(vec!["1".into(), "2".into()]),
                connector: Connector::Or,
            },
            Condition::default(),
        ]);
        let mut tx = home.db.begin().await.unwrap();
        let old = get(&home.db, "o", &id).await.unwrap().unwrap();
        assert!(rename(&mut tx, &id, "g", "说明", "UTC", NOW).await.unwrap());
        assert!(save(&mut tx, &old, &form, "UTC", NOW).await.unwrap());
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
            over: Over::Batch(&batch),
            description: "",
            form: &Form::default(),
            zone: ZONE,
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
        filter_runs::start(&mut tx, &run, &resolved(), &versions(&batch, 1))
            .await
            .unwrap();
        filter_runs::add_hits(&mut tx, &run, &batch, &positions)
            .await
            .unwrap();
        filter_runs::start(&mut tx, &run, &resolved(), &versions(&batch, 2))
            .await
            .unwrap();
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

#[test]
fn both_shapes_of_a_form_are_read_and_written_again() {
    for json in [
        r#"[{"field":"a","op":"eq","value":"1","connector":"OR"}]"#,
        r#"{"all":[{"any":[{"field":"a","op":"eq","value":"1","connector":"AND"}]}]}"#,
    ] {
        let form: Form = serde_json::from_str(json).unwrap();
        assert_eq!(serde_json::to_string(&form).unwrap(), json);
    }
    let nothing: Form = serde_json::from_str("null").unwrap();
    assert_eq!(nothing, Form::default());
    let one: Form = serde_json::from_str(r#"{"field":"a","op":"is_null"}"#).unwrap();
    assert!(matches!(one, Form::Group(Node::One(_))));
    for json in [
        r#"{"all":[],"any":[]}"#,
        r#"{"all":[],"field":"a"}"#,
        r#"{"not":[]}"#,
        r#"{"all":{}}"#,
        "1",
    ] {
        assert!(serde_json::from_str::<Form>(json).is_err(), "{json}");
    }
    let deep = "{\"all\":[".repeat(10_000);
    assert!(serde_json::from_str::<Form>(&deep).is_err());
}
