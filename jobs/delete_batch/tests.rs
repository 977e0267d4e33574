use store::{
    batches, fields, leads,
    testing::{about, on_both},
    work::{Work, queue},
};

use super::*;
use crate::{
    delete_import::tests::imported,
    testing::{self, enqueue, start, take, ticket},
};

async fn ask(house: &House, batch: &str) -> String {
    // Its rejects are written down first.
    house.work_off(queue::SHEET).await.unwrap();
    let mut tx = house.db.begin().await.unwrap();
    assert!(removal::begin_batch(&mut tx, batch).await.unwrap());
    tx.commit().await.unwrap();
    let batch = batch.to_owned();
    enqueue(house, Work::DeleteBatch { batch }).await
}

#[tokio::test]
async fn a_batch_goes_with_all_that_is_its_however_often_the_worker_dies() {
    on_both(|home| async move {
        let (house, _guard) = testing::house(home);
        let batch = testing::batch(&house, &["姓名", "号码"]).await;
        let import = imported(&house, &batch, 2_500).await;
        imported(&house, &batch, 10).await;
        let job = ask(&house, &batch).await;
        let dead = take(&house, &job).await.unwrap();
        let mut tx = house.db.begin().await.unwrap();
        let step = removal::batch_some(&mut tx, &batch, CHUNK, house.now()).await;
        let removed = step.unwrap().removed;
        ticket(&dead)
            .progress(&mut tx, "deleting", removed, 0)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        start(&house, &job).await.unwrap();
        let done = jobs::get(&house.db, &job).await.unwrap().unwrap();
        assert_eq!(done.state, "succeeded", "{:?}", done.error_text);
        // The second file has the numbers of the first.
        assert_eq!(done.result.0, json!({"removed": 2_250}));
        assert_eq!(batches::get(&house.db, "o", &batch).await.unwrap(), None);
        assert!(fields::list(&house.db, &batch).await.unwrap().is_empty());
        assert_eq!(leads::count(&house.db, &batch).await.unwrap(), 0);
        let rejects = store::rejects::page(&house.db, &import.id, 0, 10).await;
        assert!(rejects.unwrap().is_empty());
        assert!(!house.data_dir.join(&import.file_path).exists());
    })
    .await;
}

#[tokio::test]
async fn a_batch_that_came_into_use_meanwhile_stays() {
    on_both(|home| async move {
        let (house, _guard) = testing::house(home);
        let batch = testing::batch(&house, &["姓名", "号码"]).await;
        imported(&house, &batch, 50).await;
        let job = ask(&house, &batch).await;
        let lead = leads::page(&house.db, &batch, -1, 1)
            .await
            .unwrap()
            .remove(0);
        about(
            &house.db,
            &lead.id,
            "UPDATE leads SET alloc_status = 'agent' WHERE id = $1",
        )
        .await;
        start(&house, &job).await.unwrap();
        let failed = jobs::get(&house.db, &job).await.unwrap().unwrap();
        assert_eq!(failed.error_code.as_deref(), Some("BATCH_IN_USE"));
        let stays = batches::get(&house.db, "o", &batch).await.unwrap().unwrap();
        assert_eq!(
            (stays.state.as_str(), stays.rows),
            ("ready", 45),
            "no write of it stays"
        );
    })
    .await;
}
