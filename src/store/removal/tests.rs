use super::*;
use crate::{
    leads,
    sample::{self, NOW},
    testing::{about, on_both},
};

#[tokio::test]
async fn an_import_goes_but_for_what_was_given_away_or_dialled() {
    on_both(|home| async move {
        let db = &home.db;
        let (batch, fields) = sample::batch(db, "一").await;
        let id = sample::leads(db, &batch, &fields, 6).await;
        let rows = leads::page(db, &batch, -1, 10).await.unwrap();
        about(db, &rows[0].id, "UPDATE leads SET alloc_status = 'agent' WHERE id = $1").await;
        about(db, &rows[1].id, "UPDATE leads SET dial_count = 1 WHERE id = $1").await;
        about(
            db,
            &rows[2].id,
            "UPDATE leads SET alloc_status = 'recycled', task_id = 'tsk_1' WHERE id = $1",
        )
        .await;
        about(
            db,
            "tsk_1",
            "INSERT INTO tasks (id, orgi, kind, title, state, filtered, unallocated, recycled, created_at)
             VALUES ($1, 'o', 'other', '', 'ready', 5, 5, 1, 1)",
        )
        .await;
        let mut tx = db.begin().await.unwrap();
        let gone = import(&mut tx, &id, NOW).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!((gone.removed, gone.kept, gone.files.len()), (4, 2, 0));
        let stays = crate::imports::get(db, &id).await.unwrap().unwrap();
        assert_eq!(stays.state, "succeeded", "as before");
        let task = crate::tasks::get(db, "tsk_1").await.unwrap().unwrap();
        assert_eq!((task.filtered, task.unallocated), (4, 4), "its counts open as many");
        about(db, &batch, "UPDATE leads SET alloc_status = 'unallocated', dial_count = 0 WHERE batch_id = $1").await;
        let mut tx = db.begin().await.unwrap();
        let gone = import(&mut tx, &id, NOW).await.unwrap();
        assert_eq!((gone.removed, gone.kept), (2, 0));
        assert_eq!(gone.files, [format!("files/rejects-{id}.xlsx"), "uploads/a.csv".into()]);
        assert_eq!(import(&mut tx, &id, NOW).await.unwrap(), Deleted::default());
    })
    .await;
}

#[tokio::test]
async fn what_is_being_deleted_takes_nothing_and_is_as_before_when_it_is_given_up() {
    on_both(|home| async move {
        let db = &home.db;
        let (batch, fields) = sample::batch(db, "一").await;
        let id = sample::leads(db, &batch, &fields, 3).await;
        let mut tx = db.begin().await.unwrap();
        assert!(begin_import(&mut tx, &id).await.unwrap().is_some());
        let again = begin_import(&mut tx, &id).await.unwrap_err();
        assert_eq!(again.code(), Some("IMPORT_RUNNING"));
        let undo = crate::undo::begin(&mut tx, &id, "u").await.unwrap_err();
        assert_eq!(undo.code(), Some("IMPORT_RUNNING"));
        let in_use = begin_batch(&mut tx, &batch).await.unwrap_err();
        assert_eq!(in_use.code(), Some("BATCH_IN_USE"));
        give_import_up(&mut tx, &id).await.unwrap();
        assert!(begin_batch(&mut tx, &batch).await.unwrap());
        assert!(!begin_batch(&mut tx, &batch).await.unwrap(), "once");
        assert!(!batches::archive(&mut tx, &batch, NOW).await.unwrap());
        let new = crate::filters::NewFilter {
            orgi: "o",
            creater: "u",
            name: "f",
            over: crate::filters::Over::Batch(&batch),
            description: "",
            form: &Vec::new().into(),
            zone: crate::filters::ZONE,
        };
        let refused = crate::filters::create(&mut tx, &new, NOW)
            .await
            .unwrap_err();
        assert_eq!(refused.code(), Some("NO_SUCH_BATCH"));
        give_batch_up(&mut tx, &batch, NOW).await.unwrap();
        tx.commit().await.unwrap();
        let back = batches::get(db, "o", &batch).await.unwrap().unwrap();
        assert_eq!((back.state.as_str(), back.rows), ("ready", 3));
    })
    .await;
}

#[tokio::test]
async fn what_is_large_is_for_a_job() {
    on_both(|home| async move {
        let db = &home.db;
        let (batch, fields) = sample::batch(db, "一").await;
        let id = sample::leads(db, &batch, &fields, 3).await;
        let mut tx = db.begin().await.unwrap();
        let few = begin_import(&mut tx, &id).await.unwrap().unwrap();
        assert!(!is_large_import(&mut tx, &few).await.unwrap());
        assert!(!is_large_batch(&mut tx, &batch).await.unwrap());
        on!(tx.conn(), c => sqlx::query("UPDATE imports SET invalid = 5001 WHERE id = $1")
            .bind(&id).execute(c).await.map(|_| ()))
        .unwrap();
        let many = Import {
            invalid: FEW + 1,
            ..few
        };
        assert!(is_large_import(&mut tx, &many).await.unwrap());
        assert!(is_large_batch(&mut tx, &batch).await.unwrap());
    })
    .await;
}
