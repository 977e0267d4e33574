use super::*;
use crate::{
    sample::{self, NOW},
    testing::on_both,
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
