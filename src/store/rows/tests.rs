use super::*;
use crate::{
    sample::{self, NOW},
    testing::on_both,
    undo,
};

fn row(external: &str, phone: &str, name: &str) -> Row {
    Row {
        external_id: Some(external.to_owned()).filter(|id| !id.is_empty()),
        priority: None,
        lead: NewLead {
            phone: phone.into(),
            phone_raw: phone.into(),
            phones: vec![phone.into()],
            key_value: phone.into(),
            data: [("name".to_owned(), name.to_owned())].into(),
        },
    }
}

fn on<'a>(batch: &'a str, day: &'a str) -> Push<'a> {
    Push {
        orgi: "o",
        creater: "u",
        batch,
        day,
        title: "t",
        phones: &[],
        invalid: 0,
    }
}

#[tokio::test]
async fn rows_are_created_changed_or_known_and_positions_stay_dense() {
    use Status::{Created, Duplicate, KeyTaken, Updated};
    on_both(|home| async move {
        let db = &home.db;
        let (batch, _) = sample::batch(db, "一").await;
        let send = async |day, rows: Vec<Row>| {
            let mut tx = db.begin().await.unwrap();
            let pushed = push(&mut tx, on(&batch, day), rows, NOW).await.unwrap();
            tx.commit().await.unwrap();
            pushed
        };
        let statuses = |outcomes: &[Outcome]| -> Vec<Status> {
            outcomes.iter().map(|one| one.status).collect()
        };
        let (import, first) = send(
            "d1",
            vec![
                row("a", "13800000001", "一"),
                row("b", "13800000002", "二"),
                row("", "13800000001", "again"),
                row("a", "13800000001", "一改"),
            ],
        )
        .await;
        assert_eq!(statuses(&first), [Created, Created, Duplicate, Updated]);
        assert_eq!(first[2].lead, first[0].lead);
        let (same, second) = send(
            "d1",
            vec![
                row("a", "13800000009", "号码改了"),
                row("b", "13800000009", "taken"),
                row("", "13800000003", "三"),
                row("c", "13800000001", "free again"),
            ],
        )
        .await;
        assert_eq!(same, import);
        // A key that a push sets free is free for the next one.
        assert_eq!(statuses(&second), [Updated, KeyTaken, Created, Duplicate]);
        let page = leads::page(db, &batch, -1, 100).await.unwrap();
        let rows: Vec<(i64, &str, Option<&str>)> = page
            .iter()
            .map(|lead| {
                (
                    lead.row_no,
                    lead.phone.as_str(),
                    lead.external_id.as_deref(),
                )
            })
            .collect();
        assert_eq!(
            rows,
            [
                (1, "13800000009", Some("a")),
                (2, "13800000002", Some("b")),
                (3, "13800000003", None),
            ]
        );
        assert_eq!(page[0].data["name"], "号码改了");
        let kept = imports::get(db, &import).await.unwrap().unwrap();
        assert_eq!((kept.good, kept.updated, kept.duplicate), (3, 2, 2));
        let (other, third) = send("d2", vec![row("c", "13800000001", "free")]).await;
        assert_ne!(other, import, "a day has an import of its own");
        assert_eq!(statuses(&third), [Created]);
    })
    .await;
}

#[tokio::test]
async fn an_archived_batch_takes_no_rows() {
    on_both(|home| async move {
        let (batch, _) = sample::batch(&home.db, "一").await;
        let mut tx = home.db.begin().await.unwrap();
        assert!(batches::archive(&mut tx, &batch, NOW).await.unwrap());
        let rows = vec![row("a", "13800000001", "")];
        let error = push(&mut tx, on(&batch, "d"), rows, NOW).await.unwrap_err();
        assert_eq!(error.code(), Some("BATCH_NOT_READY"));
    })
    .await;
}

#[tokio::test]
async fn a_push_keeps_the_numbers_it_leaves_out_and_leaves_a_lead_that_is_dialled() {
    on_both(|home| async move {
        let db = &home.db;
        let (batch, _) = sample::batch(db, "一").await;
        let phones = ["mobile".to_owned(), "backup".to_owned()];
        let numbers = |mobile: &str, backup: Option<&str>| {
            let backup = backup.map(|number| ("backup".to_owned(), number.to_owned()));
            let mut row = row("a", mobile, "一");
            row.lead
                .phones
                .extend(backup.clone().map(|(_, number)| number));
            let mobile = ("mobile".to_owned(), mobile.to_owned());
            row.lead.data = [mobile].into_iter().chain(backup).collect();
            row
        };
        let send = async |rows: Vec<Row>| {
            let mut tx = db.begin().await.unwrap();
            let from = Push {
                phones: &phones,
                ..on(&batch, "d")
            };
            let (_, outcomes) = push(&mut tx, from, rows, NOW).await.unwrap();
            tx.commit().await.unwrap();
            outcomes
                .into_iter()
                .map(|one| one.status)
                .collect::<Vec<_>>()
        };
        let lead = async || leads::page(db, &batch, -1, 1).await.unwrap().remove(0);
        let first = vec![
            numbers("13800000001", Some("13900000001")),
            numbers("13800000002", None),
        ];
        assert_eq!(send(first).await, [Status::Created, Status::Updated]);
        assert_eq!(lead().await.phones.0, ["13800000002", "13900000001"]);
        let again = vec![numbers("13800000003", None)];
        assert_eq!(send(again.clone()).await, [Status::Updated]);
        assert_eq!(lead().await.phones.0, ["13800000003", "13900000001"]);
        let calling = "UPDATE leads SET call_status = 'calling' WHERE id = $1";
        crate::testing::about(db, &lead().await.id, calling).await;
        let busy = vec![numbers("13800000004", None)];
        assert_eq!(send(busy).await, [Status::Busy]);
        assert_eq!(lead().await.phone, "13800000003");
    })
    .await;
}

#[tokio::test]
async fn what_a_push_changed_of_an_import_is_as_before_once_it_is_undone() {
    on_both(|home| async move {
        let db = &home.db;
        let (batch, fields) = sample::batch(db, "一").await;
        let import = sample::leads(db, &batch, &fields, 1).await;
        let lead = async || leads::page(db, &batch, -1, 1).await.unwrap().remove(0);
        let before = lead().await;
        let named = "UPDATE leads SET external_id = 'a' WHERE id = $1";
        crate::testing::about(db, &before.id, named).await;
        let mut tx = db.begin().await.unwrap();
        let rows = vec![row("a", "13800000009", "改")];
        let (day, _) = push(&mut tx, on(&batch, "d"), rows, NOW).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(lead().await.key_value, "13800000009");
        let of = async |id: &str| imports::get(db, id).await.unwrap().unwrap();
        let usage = undo::usage(db, &of(&import).await).await.unwrap();
        assert_eq!(
            usage.imported_over, 1,
            "the import is not undone before the push"
        );
        let mut tx = db.begin().await.unwrap();
        undo::begin(&mut tx, &day, "u").await.unwrap();
        let done = undo::restore_some(&mut tx, &of(&day).await, 10)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        assert_eq!(done.restored, 1);
        let after = lead().await;
        let values = |lead: &leads::Lead| {
            let data = lead.data.0.clone();
            (lead.phone.clone(), lead.key_value.clone(), data)
        };
        assert_eq!(values(&after), values(&before));
    })
    .await;
}
