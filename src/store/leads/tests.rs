use engine::import_row::{NewLead, Values};

use super::*;
use crate::{
    sample::{self, NOW},
    tasks,
    testing::{self, on_both},
};

#[tokio::test]
async fn leads_are_paged_in_order_of_creation_across_imports() {
    on_both(|home| async move {
        let (batch, fields) = sample::batch(&home.db, "一").await;
        let first = sample::leads(&home.db, &batch, &fields, 3).await;
        let second = sample::leads(&home.db, &batch, &fields, 2).await;
        let page = page(&home.db, &batch, -1, 4).await.unwrap();
        let imports: Vec<&str> = page.iter().map(|lead| lead.import_id.as_str()).collect();
        assert_eq!(imports, [&first, &first, &first, &second]);
        let rest = super::page(&home.db, &batch, page[3].position, 4)
            .await
            .unwrap();
        assert_eq!(rest.len(), 1);
        assert_eq!(count(&home.db, &batch).await.unwrap(), 5);
        let snaps = segments::snaps(&home.db, &batch, -1, i64::MAX, 10)
            .await
            .unwrap();
        assert_eq!(snaps[4].id, rest[0].id);
    })
    .await;
}

#[tokio::test]
async fn a_row_of_an_import_is_stored_once() {
    on_both(|home| async move {
        let (batch, fields) = sample::batch(&home.db, "一").await;
        let import = sample::leads(&home.db, &batch, &fields, 2).await;
        let before = page(&home.db, &batch, -1, 10).await.unwrap();
        let origin = Origin {
            orgi: "o",
            creater: "u",
            batch_id: &batch,
            import_id: &import,
            ordinal: 1,
        };
        let again = NewLead {
            phone: "1".into(),
            phone_raw: "1".into(),
            phones: vec!["1".into()],
            key_value: "1".into(),
            data: Values::default(),
        };
        let rows = (2..5).map(|row_no| NewRow {
            row_no,
            lead: again.clone(),
            dnc: true,
        });
        let mut tx = home.db.begin().await.unwrap();
        let added = add(&mut tx, &origin, rows.collect(), NOW).await;
        assert!(matches!(added, Err(Error::Database(_))), "{added:?}");
        drop(tx);
        assert_eq!(page(&home.db, &batch, -1, 10).await.unwrap(), before);
    })
    .await;
}

#[tokio::test]
async fn a_patch_changes_and_empties_fields_and_moves_the_snapshot() {
    on_both(|home| async move {
        let (batch, fields) = sample::batch(&home.db, "一").await;
        sample::leads(&home.db, &batch, &fields, 1).await;
        let lead = page(&home.db, &batch, -1, 1).await.unwrap().remove(0);
        let version = batches::get(&home.db, "o", &batch).await.unwrap().unwrap();
        let mut tx = home.db.begin().await.unwrap();
        let change = [
            (fields[0].code.clone(), String::new()),
            ("fnew".into(), "x".into()),
        ]
        .into();
        assert!(patch(&mut tx, &lead.id, &change, NOW).await.unwrap());
        assert!(!patch(&mut tx, "led_gone", &change, NOW).await.unwrap());
        tx.commit().await.unwrap();
        let lead = get(&home.db, "o", &lead.id).await.unwrap().unwrap();
        assert_eq!(lead.data.0, [("fnew".to_owned(), "x".to_owned())].into());
        let now = batches::get(&home.db, "o", &batch).await.unwrap().unwrap();
        assert_eq!(now.snapshot_version, version.snapshot_version + 1);
    })
    .await;
}

#[tokio::test]
async fn an_allocated_lead_is_not_deleted() {
    on_both(|home| async move {
        let (batch, fields) = sample::batch(&home.db, "一").await;
        sample::leads(&home.db, &batch, &fields, 2).await;
        let leads = page(&home.db, &batch, -1, 2).await.unwrap();
        on!(home.db.write(), c => sqlx::query(
            "UPDATE leads SET alloc_status = 'queue' WHERE id = $1"
        ).bind(&leads[0].id).execute(c).await.map(|_| ()))
        .unwrap();
        let mut tx = home.db.begin().await.unwrap();
        let error = delete(&mut tx, "o", &leads[0].id, NOW).await.unwrap_err();
        assert_eq!(error.code(), Some("ROW_IN_USE"));
        assert!(delete(&mut tx, "o", &leads[1].id, NOW).await.unwrap());
        assert!(!delete(&mut tx, "o", &leads[1].id, NOW).await.unwrap());
        tx.commit().await.unwrap();
        // One that was taken back is its task's until then: the counts go on adding up.
        let task = testing::task_of_department(&home.db, "o", &[leads[0].id.clone()], "d").await;
        on!(home.db.write(), c => sqlx::query(
            "UPDATE leads SET alloc_status = 'recycled' WHERE id = $1"
        ).bind(&leads[0].id).execute(c).await.map(|_| ()))
        .unwrap();
        on!(home.db.write(), c => sqlx::query(
            "UPDATE tasks SET to_dept = 0, unallocated = 1 WHERE id = $1"
        ).bind(&task).execute(c).await.map(|_| ()))
        .unwrap();
        let mut tx = home.db.begin().await.unwrap();
        assert!(delete(&mut tx, "o", &leads[0].id, NOW).await.unwrap());
        tx.commit().await.unwrap();
        let task = tasks::get(&home.db, &task).await.unwrap().unwrap();
        assert_eq!((task.filtered, task.unallocated), (0, 0));
    })
    .await;
}

#[tokio::test]
async fn known_keys_are_found_among_many() {
    on_both(|home| async move {
        let (batch, fields) = sample::batch(&home.db, "一").await;
        sample::leads(&home.db, &batch, &fields, 2_000).await;
        let keys = (0..3_000)
            .map(|n| (13_800_001_000_i64 + n).to_string())
            .collect();
        let mut tx = home.db.begin().await.unwrap();
        let known = with_keys(&mut tx, ("o", &batch), keys, ANYWHERE)
            .await
            .unwrap();
        assert_eq!(known.len(), 1_002);
        let none = dnc_among(&mut tx, "o", vec!["13800000002".into()])
            .await
            .unwrap();
        assert!(none.is_empty());
    })
    .await;
}

/// Two agents, two processes.
#[tokio::test]
async fn two_who_change_other_fields_of_a_lead_at_once_both_do() {
    on_both(|home| async move {
        let db = &home.db;
        let (batch, fields) = sample::batch(db, "一").await;
        sample::leads(db, &batch, &fields, 1).await;
        let id = page(db, &batch, -1, 1).await.unwrap().remove(0).id;
        let set = |at: usize| BTreeMap::from([(fields[at].code.clone(), "new".to_owned())]);
        let mut tx = db.begin().await.unwrap();
        patch(&mut tx, &id, &set(0), NOW).await.unwrap();
        let (other, of, change) = (db.clone(), id.clone(), set(1));
        let patching = tokio::spawn(async move {
            let mut tx = other.begin().await.unwrap();
            patch(&mut tx, &of, &change, NOW).await.unwrap();
            tx.commit().await.unwrap();
        });
        crate::testing::until_it_waits(db, &patching).await;
        tx.commit().await.unwrap();
        patching.await.unwrap();
        let lead = find(db, &id).await.unwrap().unwrap();
        for field in &fields {
            assert_eq!(lead.data[&field.code], "new");
        }
    })
    .await;
}
