use engine::filter::{Condition, Connector, Form, Value};
use store::{filter_runs, leads, testing::on_both, work::Work};

use super::*;
use crate::testing;

fn row(field: &str, op: &str, value: &str) -> Condition {
    Condition {
        field: Some(field.into()),
        op: Some(op.into()),
        value: Value::One(value.into()),
        connector: Connector::And,
    }
}

async fn result(house: &House, filter: &str) -> FilterRun {
    let mut tx = house.db.begin().await.unwrap();
    let run = filter_runs::create(&mut tx, "o", filter, house.now())
        .await
        .unwrap()
        .unwrap();
    tx.commit().await.unwrap();
    testing::run(house, Work::RunFilter { run: run.clone() })
        .await
        .unwrap();
    filter_runs::get(&house.db, &run).await.unwrap().unwrap()
}

#[tokio::test]
async fn the_sample_filters_find_what_the_manual_shows() {
    on_both(|home| async move {
        let (house, _guard) = testing::house(home);
        let batch = testing::sample(&house).await;
        let phone = testing::code_of(&house.db, &batch, "号码").await;
        let wish = testing::code_of(&house.db, &batch, "客户意向").await;
        for (form, matched) in [
            (vec![], 999),
            (vec![row(&phone, "gt", "1")], 999),
            (vec![row(&wish, "like", "意向")], 1),
            (vec![row(&wish, "is_null", "")], 998),
            (
                vec![row(&phone, "le", "18618616010"), row(&wish, "ne", "有意向")],
                9,
            ),
        ] {
            let filter = testing::filter(&house, &batch, &form).await;
            let run = result(&house, &filter).await;
            assert_eq!(
                (run.state.as_str(), run.matched),
                ("succeeded", matched),
                "{form:?}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn hits_are_paged_in_order_of_creation() {
    on_both(|home| async move {
        let (house, _guard) = testing::house(home);
        let batch = testing::sample(&house).await;
        let filter = testing::filter(&house, &batch, &[]).await;
        let run = result(&house, &filter).await;
        let first = filter_runs::page(&house.db, &run.id, -1, 10).await.unwrap();
        let second = filter_runs::page(&house.db, &run.id, first[9].position, 10)
            .await
            .unwrap();
        assert_eq!(first[0].phone, "18618616001");
        assert_eq!(second[0].phone, "18618616011");
        assert_eq!(
            filter_runs::remaining(&mut house.db.reading().await.unwrap(), &run.id)
                .await
                .unwrap(),
            999
        );
    })
    .await;
}

#[tokio::test]
async fn only_the_newest_runs_keep_their_hits() {
    on_both(|home| async move {
        let (house, _guard) = testing::house(home);
        let batch = testing::sample(&house).await;
        let filter = testing::filter(&house, &batch, &[]).await;
        let mut runs = Vec::new();
        for _ in 0..5 {
            runs.push(result(&house, &filter).await.id);
        }
        let mut kept = Vec::new();
        for run in &runs {
            kept.push(
                filter_runs::page(&house.db, run, -1, 1)
                    .await
                    .unwrap()
                    .len(),
            );
        }
        assert_eq!(kept, [0, 0, 1, 1, 1]);
    })
    .await;
}

#[tokio::test]
async fn an_edit_is_seen_by_the_next_run() {
    on_both(|home| async move {
        let (house, _guard) = testing::house(home);
        let batch = testing::sample(&house).await;
        let wish = testing::code_of(&house.db, &batch, "客户意向").await;
        let filter = testing::filter(&house, &batch, &[row(&wish, "eq", "有意向")]).await;
        let before = result(&house, &filter).await;
        let lead = leads::page(&house.db, &batch, -1, 1)
            .await
            .unwrap()
            .remove(0);
        let mut tx = house.db.begin().await.unwrap();
        let change = [(wish.clone(), "有意向".to_owned())].into();
        assert!(
            leads::patch(&mut tx, &lead.id, &change, house.now())
                .await
                .unwrap()
        );
        tx.commit().await.unwrap();
        let after = result(&house, &filter).await;
        assert_eq!((before.matched, after.matched), (1, 2));
        assert!(after.snapshot_version > before.snapshot_version);
    })
    .await;
}

#[tokio::test]
async fn a_filter_that_cannot_be_understood_fails_at_once() {
    on_both(|home| async move {
        let (house, _guard) = testing::house(home);
        let batch = testing::batch(&house, &["号码"]).await;
        let phone = fields::list(&house.db, &batch)
            .await
            .unwrap()
            .remove(0)
            .code;
        for (form, code) in [
            (row("nobody", "eq", "1"), "UNKNOWN_FIELD"),
            (row(&phone, "resembles", "1"), "UNKNOWN_OPERATOR"),
        ] {
            let filter = testing::filter(&house, &batch, &[form]).await;
            let mut tx = house.db.begin().await.unwrap();
            let run = filter_runs::create(&mut tx, "o", &filter, house.now())
                .await
                .unwrap();
            tx.commit().await.unwrap();
            let work = Work::RunFilter {
                run: run.clone().unwrap(),
            };
            let job = testing::enqueue(&house, work).await;
            testing::start(&house, &job).await.unwrap();
            let run = filter_runs::get(&house.db, &run.unwrap())
                .await
                .unwrap()
                .unwrap();
            assert_eq!(
                (run.state.as_str(), run.error_code.as_deref()),
                ("failed", Some(code))
            );
        }
    })
    .await;
}

/// A batch of a business type with these people: name title, rows of name and number.
async fn people(house: &House, title: &str, kind: &str, rows: &[(&str, u64)]) -> String {
    let batch = testing::batch(house, &[title, "号码"]).await;
    let mut lines = format!("{title},号码\n");
    for (name, number) in rows {
        lines.push_str(&format!("{name},{number}\n"));
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("people.csv");
    std::fs::write(&path, lines).unwrap();
    testing::import(house, &batch, &path).await;
    let mut tx = house.db.begin().await.unwrap();
    batches::set_business_type(&mut tx, &batch, kind, house.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    batch
}

async fn unsaved(house: &House, over: Over<'_>, form: &Form, count_only: bool) -> FilterRun {
    let new = filter_runs::Unsaved {
        orgi: "o",
        by: "u",
        over,
        form,
        zone: store::filters::ZONE,
        count_only,
    };
    let mut tx = house.db.begin().await.unwrap();
    let run = filter_runs::create_unsaved(&mut tx, &new, house.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    testing::run(house, Work::RunFilter { run: run.clone() })
        .await
        .unwrap();
    filter_runs::get(&house.db, &run).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_business_filter_looks_at_every_batch_of_its_type() {
    on_both(|home| async move {
        let (house, _guard) = testing::house(home);
        let one = [("张三", 13_800_000_001), ("李四", 13_800_000_002)];
        let two = [("张五", 13_800_000_003), ("王六", 13_800_000_004)];
        people(&house, "姓名", "followup", &one).await;
        people(&house, "Name", "followup", &two).await;
        people(&house, "姓名", "marketing", &one).await;
        let form = Form::Rows(vec![row("name", "prefix", "张")]);
        let run = unsaved(&house, Over::Business("followup"), &form, false).await;
        assert_eq!((run.matched, run.versions.len()), (2, 2));
        let page = filter_runs::page(&house.db, &run.id, -1, 10).await.unwrap();
        let phones: Vec<&str> = page.iter().map(|lead| lead.phone.as_str()).collect();
        assert_eq!(phones, ["13800000001", "13800000003"]);
        let mut reading = house.db.reading().await.unwrap();
        let left = filter_runs::remaining(&mut reading, &run.id).await.unwrap();
        assert_eq!(left, 2);
    })
    .await;
}

#[tokio::test]
async fn calls_are_seen_without_a_new_snapshot_and_a_count_keeps_no_hits() {
    on_both(|home| async move {
        let (house, _guard) = testing::house(home);
        let batch = testing::sample(&house).await;
        let form = Form::Rows(vec![row("dial_count", "ge", "1")]);
        let before = unsaved(&house, Over::Batch(&batch), &form, true).await;
        let lead = leads::page(&house.db, &batch, 0, 1)
            .await
            .unwrap()
            .remove(0);
        store::testing::mark_dialled(&house.db, &lead.id).await;
        let after = unsaved(&house, Over::Batch(&batch), &form, true).await;
        assert_eq!((before.matched, after.matched), (0, 1));
        assert_eq!(before.versions, after.versions);
        let kept = filter_runs::page(&house.db, &after.id, -1, 10)
            .await
            .unwrap();
        assert!(kept.is_empty());
        let never = Form::Rows(vec![row("days_since_contact", "is_null", "")]);
        let never = unsaved(&house, Over::Batch(&batch), &never, true).await;
        assert_eq!(never.matched, 999);
    })
    .await;
}

/// An attempt on a lead: its class of answer, its outcome, and how many days ago it was answered.
macro_rules! attempt {
    ($class:literal, $outcome:literal, $days:literal) => {
        concat!(
            "INSERT INTO attempts (id, orgi, lead_id, batch_id, campaign_id, mode, caller, number,
                 gateway_id, verdict, node, state, reserved_at, answered_at, answer_class, outcome, call_id)
             SELECT 'att_' || id, orgi, id, batch_id, 'cmp_1', 'predictive', '1', phone, 'gw', '{}', 'n',
                 'closed', 1, created_at - 86400000 * ",
            $days,
            ", '",
            $class,
            "', '",
            $outcome,
            "', 'call_' || id FROM leads WHERE id = $1"
        )
    };
}

/// Only a person who answers is a contact, and who never was one is longer ago than any number of days.
#[tokio::test]
async fn days_since_contact_are_since_somebody_answered() {
    on_both(|home| async move {
        let (house, _guard) = testing::house(home);
        let batch = testing::sample(&house).await;
        let leads = leads::page(&house.db, &batch, 0, 6).await.unwrap();
        let attempts = [
            attempt!("person", "connected", 20),
            attempt!("person", "abandoned", 1),
            attempt!("unknown", "connected", 2),
            attempt!("machine", "machine", 3),
            attempt!("unknown", "abandoned", 4),
        ];
        for (lead, attempt) in leads.iter().zip(attempts) {
            let dialled = "UPDATE leads SET dial_count = 1, call_status = 'failed',
                last_dial_at = created_at - 86400000 * 5 WHERE id = $1";
            store::testing::about(&house.db, &lead.id, dialled).await;
            store::testing::about(&house.db, &lead.id, attempt).await;
        }
        let count = async |field: &str, op: &str, value: &str| {
            let form = Form::Rows(vec![row(field, op, value)]);
            unsaved(&house, Over::Batch(&batch), &form, true)
                .await
                .matched
        };
        // The first, the two whom nobody reached, and all who were never dialled.
        assert_eq!(count("days_since_contact", "ge", "15").await, 999 - 2);
        assert_eq!(count("days_since_contact", "le", "15").await, 2);
        assert_eq!(count("days_since_contact", "between", "19,21").await, 1);
        assert_eq!(count("days_since_contact", "is_null", "").await, 999 - 3);
        assert_eq!(count("days_since_dial", "le", "6").await, 5);
        assert_eq!(count("days_since_dial", "ge", "15").await, 999 - 5);
        assert_eq!(count("days_since_dial", "is_null", "").await, 999 - 5);
    })
    .await;
}

#[tokio::test]
async fn a_filter_whose_field_was_deleted_says_so() {
    on_both(|home| async move {
        let (house, _guard) = testing::house(home);
        let batch = testing::sample(&house).await;
        let wish = testing::code_of(&house.db, &batch, "客户意向").await;
        let filter = testing::filter(&house, &batch, &[]).await;
        let saved = store::filters::get(&house.db, "o", &filter)
            .await
            .unwrap()
            .unwrap();
        let mut tx = house.db.begin().await.unwrap();
        fields::delete(&mut tx, &batch, &wish, house.now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        // The field is still named by a run that was asked for before it went.
        let form = Form::Rows(vec![row(&wish, "eq", "x")]);
        let was = engine::filter::Known {
            code: wish.clone(),
            title: "客户意向".into(),
            kind: engine::filter::Kind::Text,
            multi: false,
        };
        let columns = columns(&fields::list(&house.db, &batch).await.unwrap());
        let found = troubles(&form, &columns, &[was]);
        assert_eq!((found[0].code, found[0].blocks), ("FIELD_DELETED", true));
        assert!(found[0].message.contains("客户意向"));
        assert!(troubles(&saved.conditions, &columns, &saved.known).is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_run_fixes_its_days_once() {
    on_both(|home| async move {
        let (house, _guard) = testing::house(home);
        let batch = testing::sample(&house).await;
        let form = Form::Rows(vec![row("created_at", "today", "")]);
        let run = unsaved(&house, Over::Batch(&batch), &form, true).await;
        assert_eq!(run.matched, 999);
        let resolved = run.resolved().unwrap().unwrap();
        let day = resolved.today.to_string();
        let fixed = resolved.form.conditions()[0].clone();
        assert_eq!(fixed.op.as_deref(), Some("between"));
        assert_eq!(fixed.value, Value::Many(vec![day.clone(), day]));
    })
    .await;
}
