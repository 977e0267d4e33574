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
        cells: Vec::new(),
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
        is_keyed: false,
        titles: &[],
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
            let pushed = push(&mut tx, on(&batch, day), rows, Vec::new(), NOW)
                .await
                .unwrap();
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
        let error = push(&mut tx, on(&batch, "d"), rows, Vec::new(), NOW)
            .await
            .unwrap_err();
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
            let (_, outcomes) = push(&mut tx, from, rows, Vec::new(), NOW).await.unwrap();
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
        let (day, _) = push(&mut tx, on(&batch, "d"), rows, Vec::new(), NOW)
            .await
            .unwrap();
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

/// A row with numbers in these phone fields; its key is the first.
fn with_numbers(external: &str, numbers: &[(&str, &str)]) -> Row {
    let mut row = row(external, numbers[0].1, "一");
    row.lead.phones = numbers.iter().map(|(_, number)| (*number).into()).collect();
    let data = numbers.iter();
    let data = data.map(|(code, number)| ((*code).to_owned(), (*number).to_owned()));
    row.lead.data = data.collect();
    row
}

#[tokio::test]
async fn key_and_flag_are_those_of_the_numbers_that_result() {
    const LISTED: &str = "13800000001";
    const BACKUP: &str = "13900000001";
    on_both(|home| async move {
        let db = &home.db;
        let (batch, _) = sample::batch(db, "一").await;
        let phones = ["mobile".to_owned(), "backup".to_owned()];
        let mut tx = db.begin().await.unwrap();
        crate::dnc::add(&mut tx, "o", LISTED, "asked", None, NOW)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let send = async |rows: Vec<Row>| {
            let mut tx = db.begin().await.unwrap();
            let from = Push {
                phones: &phones,
                ..on(&batch, "d")
            };
            let (_, outcomes) = push(&mut tx, from, rows, Vec::new(), NOW).await.unwrap();
            tx.commit().await.unwrap();
            let statuses = outcomes.into_iter().map(|one| one.status);
            statuses.collect::<Vec<_>>()
        };
        let there = async || -> Vec<(String, String, bool)> {
            let page = leads::page(db, &batch, -1, 10).await.unwrap();
            let leads = page.into_iter();
            leads
                .map(|lead| (lead.phone, lead.key_value, lead.dnc))
                .collect()
        };
        let is = |phone: &str, dnc| (phone.to_owned(), phone.to_owned(), dnc);
        let both = [("mobile", LISTED), ("backup", BACKUP)];
        let clean = [("mobile", "13800000002"), ("backup", LISTED)];
        let first = vec![with_numbers("a", &both), with_numbers("b", &clean)];
        assert_eq!(send(first).await, [Status::Created, Status::Created]);
        let as_before = [is(LISTED, true), is("13800000002", false)];
        assert_eq!(there().await, as_before);
        // Without their first numbers, those of before stay the first.
        let part = vec![
            with_numbers("a", &[("backup", BACKUP)]),
            with_numbers("b", &[("backup", LISTED)]),
        ];
        assert_eq!(send(part).await, [Status::Updated, Status::Updated]);
        assert_eq!(there().await, as_before);
        let again = vec![with_numbers("c", &[("mobile", LISTED)])];
        assert_eq!(send(again).await, [Status::Duplicate]);
        // Within one push, too; a backup alone becomes the first number where there was none.
        let new = vec![
            with_numbers("d", &[("backup", "13900000004")]),
            with_numbers("d", &[("mobile", "13800000004")]),
            with_numbers("d", &[("backup", LISTED)]),
            with_numbers("e", &[("mobile", "13800000004")]),
        ];
        use Status::{Created, Duplicate, Updated};
        assert_eq!(send(new).await, [Created, Updated, Updated, Duplicate]);
        // Another first number is another key, and nobody's flag.
        let corrected = vec![with_numbers("a", &[("mobile", "13800000003")])];
        assert_eq!(send(corrected).await, [Status::Updated]);
        let after = [
            is("13800000003", false),
            is("13800000002", false),
            is("13800000004", false),
        ];
        assert_eq!(there().await, after);
    })
    .await;
}

#[tokio::test]
async fn a_key_field_stays_the_key() {
    on_both(|home| async move {
        let db = &home.db;
        let (batch, _) = sample::batch(db, "一").await;
        let phones = ["mobile".to_owned(), "backup".to_owned()];
        let keyed = |numbers: &[(&str, &str)]| {
            let mut row = with_numbers("a", numbers);
            row.lead.key_value = "k-1".into();
            row
        };
        for numbers in [
            &[("mobile", "13800000001"), ("backup", "13900000001")][..],
            &[("backup", "13900000002")],
        ] {
            let mut tx = db.begin().await.unwrap();
            let from = Push {
                phones: &phones,
                is_keyed: true,
                ..on(&batch, "d")
            };
            let rows = vec![keyed(numbers)];
            push(&mut tx, from, rows, Vec::new(), NOW).await.unwrap();
            tx.commit().await.unwrap();
        }
        let lead = leads::page(db, &batch, -1, 2).await.unwrap().remove(0);
        assert_eq!(lead.key_value, "k-1");
        assert_eq!(lead.phones.0, ["13800000001", "13900000002"]);
    })
    .await;
}

/// Two processes: the day is being undone while rows come.
#[tokio::test]
async fn a_day_that_is_being_undone_stays_so_beside_a_push() {
    on_both(|home| async move {
        let db = &home.db;
        let (batch, _) = sample::batch(db, "一").await;
        let send = async |db: crate::Db, batch: String, rows: Vec<Row>| {
            let mut tx = db.begin().await.unwrap();
            let (day, _) = push(&mut tx, on(&batch, "d"), rows, Vec::new(), NOW)
                .await
                .unwrap();
            tx.commit().await.unwrap();
            day
        };
        let day = send(db.clone(), batch.clone(), vec![row("a", "13800000001", "")]).await;
        let mut tx = db.begin().await.unwrap();
        undo::begin(&mut tx, &day, "u").await.unwrap();
        let more = vec![row("b", "13800000002", "")];
        let pushing = tokio::spawn(send(db.clone(), batch, more));
        crate::testing::until_it_waits(db, &pushing).await;
        tx.commit().await.unwrap();
        let other = pushing.await.unwrap();
        assert_ne!(other, day, "what is undone takes no more rows");
        let of = async |id: &str| imports::get(db, id).await.unwrap().unwrap();
        assert_eq!(of(&day).await.state, "undoing");
        assert_eq!(
            (of(&other).await.state.as_str(), of(&other).await.good),
            ("succeeded", 1)
        );
        let mut tx = db.begin().await.unwrap();
        imports::succeed(&mut tx, &day, &[], NOW).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(of(&day).await.state, "undoing");
    })
    .await;
}

#[tokio::test]
async fn rows_that_are_refused_are_kept_with_what_they_said() {
    on_both(|home| async move {
        let db = &home.db;
        let (batch, _) = sample::batch(db, "一").await;
        let titles = |all: &[&str]| -> Vec<String> { all.iter().map(|&one| one.into()).collect() };
        let refused = |cells: &[&str]| Refused {
            column: "号码".into(),
            code: "PHONE_INVALID",
            reason: "no".into(),
            cells: titles(cells),
        };
        let one = titles(&["external_id", "姓名", "号码"]);
        let send = async |titles: &[String], rows, refused| {
            let mut tx = db.begin().await.unwrap();
            let from = Push {
                titles,
                ..on(&batch, "d")
            };
            let pushed = push(&mut tx, from, rows, refused, NOW).await.unwrap();
            tx.commit().await.unwrap();
            pushed
        };
        let (import, none) = send(&one, Vec::new(), vec![refused(&["x", "李", "1"])]).await;
        assert!(none.is_empty());
        // Another lead's key, and a field that has come meanwhile.
        let two = titles(&["external_id", "号码", "城市"]);
        let taken = Row {
            cells: titles(&["b", "13800000001", "上海"]),
            ..row("b", "13800000001", "二")
        };
        let rows = vec![
            row("a", "13800000001", "一"),
            row("b", "13800000002", "二"),
            taken,
        ];
        let (same, outcomes) = send(&two, rows, vec![refused(&["y", "2", "北京"])]).await;
        assert_eq!((&same, outcomes[2].status), (&import, Status::KeyTaken));
        let kept = rejects::page(db, &import, 0, 10).await.unwrap();
        let told: Vec<(i64, &str, Vec<String>)> = kept
            .iter()
            .map(|reject| (reject.row_no, reject.code.as_str(), reject.cells.0.clone()))
            .collect();
        assert_eq!(
            told,
            [
                (1, "PHONE_INVALID", titles(&["x", "李", "1"])),
                (2, "PHONE_INVALID", titles(&["y", "", "2", "北京"])),
                (3, "KEY_TAKEN", titles(&["b", "", "13800000001", "上海"])),
            ]
        );
        let all = mappings::titles_of(db, &import).await.unwrap();
        assert_eq!(all.unwrap(), ["external_id", "姓名", "号码", "城市"]);
        let day = imports::get(db, &import).await.unwrap().unwrap();
        assert_eq!((day.good, day.invalid, day.row_cursor), (2, 3, 2));
    })
    .await;
}
