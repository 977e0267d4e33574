use store::{
    imports::{self, Options},
    mappings,
    previews::{self, NewPreview, Outcome},
    testing::on_both,
    work::Work,
};

use crate::testing::{self, code_of, house, perform, upload_with};

/// Looks at a file as an upload would.
async fn look(house: &crate::House, batch: &str, text: &str, options: &Options) -> Outcome {
    let id = previews::new_preview_id();
    let path = store::files::upload(&id, "list.csv");
    let kept = house.data_dir.join(&path);
    std::fs::create_dir_all(kept.parent().unwrap()).unwrap();
    std::fs::write(&kept, text).unwrap();
    let new = NewPreview {
        id: &id,
        orgi: "o",
        batch_id: batch,
        creater: "u",
        file_name: "list.csv",
        file_path: &path,
        sha256: "",
        bytes: 0,
        options,
    };
    let mut tx = house.db.begin().await.unwrap();
    previews::create(&mut tx, &new, house.now()).await.unwrap();
    tx.commit().await.unwrap();
    testing::run(
        house,
        Work::DryRun {
            preview: id.clone(),
        },
    )
    .await
    .unwrap();
    previews::outcome(&house.db, &id).await.unwrap().unwrap()
}

const LIST: &str = "姓名,手机\n张三,13800138000\n李四,13800138001\n李四,13800138001\n王五,12\n,\n";

#[tokio::test]
async fn a_dry_run_counts_and_writes_nothing_and_its_mapping_is_remembered() {
    on_both(|home| async move {
        let (house, _guard) = house(home);
        let batch = testing::batch(&house, &["姓名", "号码"]).await;
        let phone = code_of(&house.db, &batch, "号码").await;

        let first = look(&house, &batch, LIST, &Options::default()).await;
        let blocked = first.blocked.as_ref().unwrap();
        assert_eq!(blocked.code, "PHONE_COLUMN_MISSING");
        let suggested = &first.columns[1];
        assert_eq!(suggested.field.as_ref(), Some(&phone));
        assert_eq!(
            (suggested.reason.as_str(), suggested.applies),
            ("synonym", false)
        );

        let options = Options {
            mapping: [("手机".to_owned(), phone.clone())].into(),
            ..Options::default()
        };
        let second = look(&house, &batch, LIST, &options).await;
        assert_eq!(second.blocked, None);
        assert_eq!(
            (
                second.rows,
                second.good,
                second.invalid,
                second.duplicates,
                second.existing
            ),
            (4, 2, 1, 1, 0)
        );
        assert_eq!(second.problems[0].code, "PHONE_LENGTH");
        assert_eq!(second.problems[0].cells, ["王五", "12"]);
        assert_eq!(second.examples[0].values["姓名"], "张三");
        assert!(
            mappings::of_batch(&house.db, &batch)
                .await
                .unwrap()
                .is_empty()
        );

        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("list.csv");
        std::fs::write(&file, LIST).unwrap();
        let (id, job) = upload_with(&house, &batch, &file, &options).await;
        perform(&house, &job, &Work::ImportBatch { import: id.clone() })
            .await
            .unwrap();
        let done = imports::get(&house.db, &id).await.unwrap().unwrap();
        assert_eq!((done.good, done.invalid, done.duplicate), (2, 1, 1));

        // Now the header is known, and so are the numbers.
        let third = look(&house, &batch, LIST, &Options::default()).await;
        assert_eq!(third.columns[1].reason, "remembered");
        assert_eq!((third.good, third.existing), (2, 2));
    })
    .await;
}
