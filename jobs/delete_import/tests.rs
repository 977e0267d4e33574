use std::fmt::Write as _;

use store::{
    batches, leads,
    testing::{about, on_both},
    work::Work,
};

use super::*;
use crate::testing::{self, enqueue, start, take, ticket};

/// An import of so many rows, every tenth of them without a number.
pub async fn imported(house: &House, batch: &str, rows: usize) -> Import {
    let mut csv = String::from("姓名,号码\n");
    for n in 0..rows {
        match n % 10 {
            3 => writeln!(csv, "客户{n},none").unwrap(),
            _ => writeln!(csv, "客户{n},{}", 13_000_000_000 + n).unwrap(),
        }
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("data.csv");
    std::fs::write(&path, csv).unwrap();
    testing::import(house, batch, &path).await
}

async fn ask(house: &House, import: &str) -> String {
    let mut tx = house.db.begin().await.unwrap();
    removal::begin_import(&mut tx, import).await.unwrap();
    tx.commit().await.unwrap();
    let import = import.to_owned();
    enqueue(house, Work::DeleteImport { import }).await
}

#[tokio::test]
async fn a_deletion_that_was_interrupted_ends_as_one_that_was_not() {
    on_both(|home| async move {
        let (house, guard) = testing::house(home);
        let batch = testing::batch(&house, &["姓名", "号码"]).await;
        let import = imported(&house, &batch, 4_000).await;
        assert_eq!((import.good, import.invalid), (3_600, 400));
        let upload = house.data_dir.join(&import.file_path);
        assert!(upload.exists());
        let job = ask(&house, &import.id).await;
        // A start that dies after its first chunk: what it wrote stays, its lease runs out.
        let dead = take(&house, &job).await.unwrap();
        let mut tx = house.db.begin().await.unwrap();
        let step = removal::import_some(&mut tx, &import, -1, CHUNK, house.now()).await;
        let removed = step.unwrap().removed;
        ticket(&dead)
            .progress(&mut tx, "deleting", removed, 3_600)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        assert_eq!(
            leads::count(&house.db, &batch).await.unwrap(),
            3_600 - removed
        );
        start(&house, &job).await.unwrap();
        let done = jobs::get(&house.db, &job).await.unwrap().unwrap();
        assert_eq!(done.state, "succeeded", "{:?}", done.error_text);
        assert_eq!(done.result.0, json!({"removed": 3_600, "kept": 0}));
        assert_eq!(leads::count(&house.db, &batch).await.unwrap(), 0);
        assert_eq!(imports::get(&house.db, &import.id).await.unwrap(), None);
        assert!(!upload.exists(), "its file went with it");
        drop(guard);
    })
    .await;
}

#[tokio::test]
async fn what_is_in_use_stays_and_so_does_its_import() {
    on_both(|home| async move {
        let (house, _guard) = testing::house(home);
        let batch = testing::batch(&house, &["姓名", "号码"]).await;
        let import = imported(&house, &batch, 50).await;
        let first = leads::page(&house.db, &batch, -1, 1)
            .await
            .unwrap()
            .remove(0);
        about(
            &house.db,
            &first.id,
            "UPDATE leads SET alloc_status = 'agent' WHERE id = $1",
        )
        .await;
        let job = ask(&house, &import.id).await;
        start(&house, &job).await.unwrap();
        let done = jobs::get(&house.db, &job).await.unwrap().unwrap();
        assert_eq!(done.result.0, json!({"removed": 44, "kept": 1}));
        let stays = imports::get(&house.db, &import.id).await.unwrap().unwrap();
        assert_eq!(stays.state, "succeeded");
        let rejects = store::rejects::page(&house.db, &import.id, 0, 10)
            .await
            .unwrap();
        assert_eq!(rejects.len(), 5, "what it says of rows stays with it");
    })
    .await;
}

#[tokio::test]
async fn a_cancelled_deletion_leaves_what_is_left_as_it_was() {
    on_both(|home| async move {
        let (house, _guard) = testing::house(home);
        let batch = testing::batch(&house, &["姓名", "号码"]).await;
        let import = imported(&house, &batch, 50).await;
        let job = ask(&house, &import.id).await;
        let mut tx = house.db.begin().await.unwrap();
        jobs::cancel(&mut tx, &job, house.now()).await.unwrap();
        tx.commit().await.unwrap();
        start(&house, &job).await.unwrap();
        let stays = imports::get(&house.db, &import.id).await.unwrap().unwrap();
        assert_eq!(stays.state, "succeeded");
        assert_eq!(leads::count(&house.db, &batch).await.unwrap(), 45);
        let found = batches::get(&house.db, "o", &batch).await.unwrap().unwrap();
        assert_eq!(found.state, "ready");
    })
    .await;
}
