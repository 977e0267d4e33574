use engine::filter::{Condition, Connector, Value};
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
