use std::collections::BTreeMap;

use engine::filter::{Condition, Form, Tree, Value, columns, compile};
use rand::{Rng, SeedableRng, rngs::StdRng};
use store::{fields, leads, testing::on_both};

use super::*;
use crate::{frame, testing};

fn question(codes: &[&str]) -> Question {
    let code = |code: &&str| ((*code).to_owned(), Code::Kept((*code).to_owned()));
    Question {
        codes: codes.iter().map(code).collect(),
        zone: "Asia/Shanghai".into(),
        today: NaiveDate::default(),
    }
}

async fn pieces(house: &House, batch: &str, codes: &[&str]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for segment in segments::list(&house.db, batch).await.unwrap() {
        pieces.push(
            piece(house, batch, segment, &question(codes))
                .await
                .unwrap(),
        );
    }
    pieces
}

async fn rows(house: &House, batch: &str, code: &str, text: &str) -> Vec<i64> {
    let form = Form::Rows(vec![Condition {
        field: Some(code.into()),
        op: Some("eq".into()),
        value: Value::One(text.into()),
        ..Condition::default()
    }]);
    let columns = columns(&fields::list(&house.db, batch).await.unwrap());
    let tree = compile(&form, &columns, NaiveDate::default()).unwrap();
    let pieces = pieces(house, batch, &[code]).await;
    frame::select(&pieces, &tree, false).unwrap().positions
}

/// Brute force: every lead is looked at.
async fn expected(house: &House, batch: &str, code: &str, text: &str) -> Vec<i64> {
    let all = leads::page(&house.db, batch, -1, 10_000).await.unwrap();
    let has = |lead: &leads::Lead| lead.data.get(code).map(String::as_str) == Some(text);
    let all = all.into_iter().filter(has);
    all.map(|lead| lead.position).collect()
}

async fn import(house: &House, batch: &str, seed: u64) {
    let random = &mut StdRng::seed_from_u64(seed);
    let mut lines = String::from("姓名,号码,客户意向\n");
    for n in 0..random.random_range(1..60_u64) {
        let wish = ["a", "b", ""][random.random_range(0..3)];
        let number = 13_800_000_000 + seed * 1_000 + n;
        lines.push_str(&format!("n{n},{number},{wish}\n"));
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("some.csv");
    std::fs::write(&path, lines).unwrap();
    testing::import(house, batch, &path).await;
}

#[tokio::test]
async fn a_snapshot_is_what_the_rows_are_after_any_change() {
    on_both(|home| async move {
        let (house, _guard) = testing::house(home);
        let batch = testing::batch(&house, &["姓名", "号码", "客户意向"]).await;
        let wish = testing::code_of(&house.db, &batch, "客户意向").await;
        let random = &mut StdRng::seed_from_u64(5);
        for step in 0..40_u64 {
            let all = leads::page(&house.db, &batch, -1, 10_000).await.unwrap();
            let one = (!all.is_empty()).then(|| &all[random.random_range(0..all.len())]);
            match (random.random_range(0..4), one) {
                (0, _) | (_, None) => import(&house, &batch, step).await,
                (1, Some(lead)) => {
                    let mut tx = house.db.begin().await.unwrap();
                    leads::delete(&mut tx, "o", &lead.id, house.now())
                        .await
                        .unwrap();
                    tx.commit().await.unwrap();
                }
                (_, Some(lead)) => {
                    let text = ["a", "b", ""][random.random_range(0..3)];
                    let change = BTreeMap::from([(wish.clone(), text.to_owned())]);
                    let mut tx = house.db.begin().await.unwrap();
                    leads::patch(&mut tx, &lead.id, &change, house.now())
                        .await
                        .unwrap();
                    tx.commit().await.unwrap();
                }
            }
            assert_eq!(
                rows(&house, &batch, &wish, "a").await,
                expected(&house, &batch, &wish, "a").await,
                "step {step}"
            );
        }
    })
    .await;
}

fn files(house: &House, batch: &str) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let folder = file::folder(&house.data_dir).join(batch);
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.clone(), std::fs::read(path).unwrap()))
        .collect();
    files.sort();
    files
}

#[tokio::test]
async fn an_edit_makes_one_segment_anew_and_a_damaged_file_is_made_again() {
    on_both(|home| async move {
        let (mut house, _guard) = testing::house(home);
        let batch = testing::batch(&house, &["姓名", "号码", "客户意向"]).await;
        let wish = testing::code_of(&house.db, &batch, "客户意向").await;
        for seed in 1..4 {
            import(&house, &batch, seed).await;
        }
        let found = rows(&house, &batch, &wish, "a").await;
        let before = files(&house, &batch);
        assert_eq!(before.len(), 3);
        let lead = leads::page(&house.db, &batch, -1, 1)
            .await
            .unwrap()
            .remove(0);
        let change = BTreeMap::from([(wish.clone(), "c".to_owned())]);
        let mut tx = house.db.begin().await.unwrap();
        leads::patch(&mut tx, &lead.id, &change, house.now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        assert_eq!(rows(&house, &batch, &wish, "c").await, [lead.position]);
        let after = files(&house, &batch);
        assert_ne!(after[0], before[0]);
        assert_eq!(after[1..], before[1..]);

        // What is read is checked; what is not read cannot do harm.
        let (path, whole) = &after[2];
        for at in [0, 9, 20, whole.len() / 2, whole.len() - 1] {
            let mut broken = whole.clone();
            broken[at] ^= 0x41;
            std::fs::write(path, &broken).unwrap();
            house.snapshots = Snapshots::default();
            let expected: Vec<i64> = found
                .iter()
                .copied()
                .filter(|one| *one != lead.position)
                .collect();
            assert_eq!(
                rows(&house, &batch, &wish, "a").await,
                expected,
                "byte {at}"
            );
        }
        for cut in [whole.len() - 1, 100, 10, 0] {
            std::fs::write(path, &whole[..cut]).unwrap();
            house.snapshots = Snapshots::default();
            let expected: Vec<i64> = found
                .iter()
                .copied()
                .filter(|one| *one != lead.position)
                .collect();
            assert_eq!(
                rows(&house, &batch, &wish, "a").await,
                expected,
                "cut {cut}"
            );
        }
        assert_eq!(std::fs::read(path).unwrap(), *whole);
    })
    .await;
}

#[tokio::test]
async fn files_of_a_batch_that_is_gone_are_removed() {
    on_both(|home| async move {
        let (house, _guard) = testing::house(home);
        let kept = testing::batch(&house, &["号码", "客户意向"]).await;
        let gone = testing::batch(&house, &["号码", "客户意向"]).await;
        for batch in [&kept, &gone] {
            import(&house, batch, 1).await;
            pieces(&house, batch, &["phone"]).await;
        }
        let mut tx = house.db.begin().await.unwrap();
        store::removal::batch(&mut tx, &gone, house.now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        sweep(&house).await.unwrap();
        let folder = file::folder(&house.data_dir);
        assert!(folder.join(&kept).exists());
        assert!(!folder.join(&gone).exists());
    })
    .await;
}

#[test]
fn memory_is_bounded_and_the_oldest_batch_goes_first() {
    let part = || Arc::new(Part::same(Some("x"), 1_000));
    let positions = Arc::new((0..1_000).collect::<Vec<i64>>());
    let kept = Snapshots::with_bound(60_000);
    let segment = |block| Segment { block, version: 1 };
    let put = |batch: &str, block| {
        let parts = HashMap::from([("a".to_owned(), part())]);
        kept.put(batch, segment(block), &positions, &parts);
    };
    let has = |batch: &str, block| kept.get(batch, segment(block), &[]).positions.is_some();
    put("bat_1", 0);
    put("bat_2", 0);
    assert!(has("bat_2", 0) && has("bat_1", 0));
    put("bat_2", 1);
    assert!(!has("bat_1", 0), "it was asked for longest ago");
    assert!(has("bat_2", 0) && has("bat_2", 1));
    assert!(kept.bytes() <= 60_000);
    for block in 0..20 {
        put("bat_3", block);
        assert!(kept.bytes() <= 60_000);
    }
    let other = Segment {
        block: 0,
        version: 2,
    };
    assert!(kept.get("bat_3", other, &[]).positions.is_none());
}

#[tokio::test]
async fn a_filter_without_conditions_needs_no_column() {
    let (house, _guard) = testing::house(store::testing::sqlite().await);
    let batch = testing::sample(&house).await;
    let pieces = pieces(&house, &batch, &[]).await;
    assert!(pieces.iter().all(|piece| piece.parts.is_empty()));
    assert_eq!(frame::select(&pieces, &Tree::All, true).unwrap().count, 999);
}
