use engine::import_row::Choice;
use store::{
    dictionaries,
    imports::{self, Options},
    mappings,
    previews::{self, NewPreview, Outcome},
    testing::on_both,
    work::Work,
};

use crate::testing::{self, code_of, house, perform, upload_with};

mod same;

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
        assert_eq!((third.good, third.duplicates, third.existing), (0, 3, 3));
    })
    .await;
}

/// What a field may name, and what of it is there: a dry run, its import and an export agree.
#[tokio::test]
async fn a_row_that_names_a_record_that_is_not_there_is_refused() {
    on_both(|home| async move {
        let (house, _guard) = house(home);
        let batch = testing::batch(&house, &["姓名", "号码", "介绍人"]).await;
        let mut tx = house.db.begin().await.unwrap();
        let draft = store::contacts::Draft {
            name: "张三",
            phone: "13900139000",
            phone_raw: "13900139000",
            note: "",
        };
        let contact = store::contacts::create(&mut tx, "o", draft, ("u", house.now()));
        let contact = contact.await.unwrap();
        let fields = store::fields::list_in(&mut tx, &batch).await.unwrap();
        let by = fields.into_iter().find(|field| field.title == "介绍人");
        let by = engine::field::Field {
            association: Some(engine::field::Association {
                table: "contacts".into(),
                column: "name".into(),
            }),
            ..by.unwrap()
        };
        store::fields::update(&mut tx, &batch, &by, house.now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let text = format!(
            "姓名,号码,介绍人\na,13800138000,{contact}\nb,13800138001,con_0\nc,13800138002,\n"
        );
        let told = look(&house, &batch, &text, &Options::default()).await;
        assert_eq!((told.good, told.invalid), (2, 1));
        let problem = &told.problems[0];
        assert_eq!(
            (problem.code.as_str(), problem.column_title.as_str()),
            ("NO_SUCH_RECORD", "介绍人")
        );
        assert_eq!(problem.cells, ["b", "13800138001", "con_0"]);

        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("list.csv");
        std::fs::write(&file, &text).unwrap();
        let done = testing::import(&house, &batch, &file).await;
        assert_eq!((done.good, done.invalid), (2, 1));
        let rejects = store::rejects::page(&house.db, &done.id, 0, 10).await;
        assert_eq!(rejects.unwrap()[0].code, "NO_SUCH_RECORD");

        let ask = store::exports::Ask {
            search: engine::lead_query::Asked {
                batch: Some(batch.clone()),
                ..engine::lead_query::Asked::default()
            },
            columns: Vec::new(),
            reveal: false,
        };
        let new = store::exports::NewExport {
            orgi: "o",
            batch_id: &batch,
            title: "导出",
            format: "csv",
            ask: &ask,
            created_by: "u",
        };
        let mut tx = house.db.begin().await.unwrap();
        let export = store::exports::create(&mut tx, &new, house.now()).await;
        let export = export.unwrap();
        tx.commit().await.unwrap();
        let work = Work::ExportLeads {
            export: export.clone(),
        };
        testing::run(&house, work).await.unwrap();
        let file = store::files::export(&house.data_dir, &export, "csv");
        let file = std::fs::read_to_string(file).unwrap();
        let lines: Vec<&str> = file.trim_start_matches('\u{feff}').lines().collect();
        assert_eq!(lines[0], "姓名,号码,介绍人,介绍人 (关联 shown)");
        assert_eq!(lines[1], format!("a,13800138000,{contact},张三"));
    })
    .await;
}

/// The values of a column of choices: counted, each sent where the uploader says, remembered for the next
/// file, and taken back with the import.
#[tokio::test]
async fn values_of_a_file_become_choices_as_the_uploader_says() {
    on_both(|home| async move {
        let (house, _guard) = house(home);
        let batch = testing::batch(&house, &["号码", "意向"]).await;
        let wish = code_of(&house.db, &batch, "意向").await;
        let dictionary = wishes(&house, &batch).await;
        let text = "号码,意向\n13800138000,高\n13800138001,高\n13800138002,高意向\n\
                    13800138003,新\n13800138004,?\n13800138005,坏\n";
        let first = look(&house, &batch, text, &Options::default()).await;
        assert_eq!((first.good, first.invalid), (1, 5));
        let values = |outcome: &Outcome| -> Vec<(String, i64, Option<String>)> {
            let values = outcome.choices[0].values.iter();
            values
                .map(|one| (one.value.clone(), one.rows, one.code.clone()))
                .collect()
        };
        let of = |value: &str, rows, code: Option<&str>| {
            (value.to_owned(), rows, code.map(str::to_owned))
        };
        let counted = [
            of("高", 2, None),
            of("?", 1, None),
            of("坏", 1, None),
            of("新", 1, None),
            of("高意向", 1, Some("high")),
        ];
        assert_eq!(values(&first), counted);

        let said = [
            ("高", Choice::To("high".into())),
            ("新", Choice::Add),
            ("?", Choice::Empty),
            ("坏", Choice::Error),
        ];
        let said = said.map(|(value, choice)| (value.to_owned(), choice));
        let options = Options {
            choices: [(wish.clone(), said.into())].into(),
            ..Options::default()
        };
        let tables = ["leads", "dictionaries", "mappings"];
        let before = store::testing::dump(&house.db, &tables).await;
        let second = look(&house, &batch, text, &options).await;
        assert_eq!((second.good, second.invalid), (5, 1));
        assert_eq!(second.problems[0].cells, ["13800138005", "坏"]);
        assert_eq!(values(&second)[0], of("高", 2, Some("high")));
        assert_eq!(store::testing::dump(&house.db, &tables).await, before);

        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("list.csv");
        std::fs::write(&file, text).unwrap();
        let (id, job) = upload_with(&house, &batch, &file, &options).await;
        perform(&house, &job, &Work::ImportBatch { import: id.clone() })
            .await
            .unwrap();
        let done = imports::get(&house.db, &id).await.unwrap().unwrap();
        assert_eq!((done.good, done.invalid), (5, 1));
        let leads = store::leads::page(&house.db, &batch, -1, 10).await.unwrap();
        let kept: Vec<Option<&str>> = leads
            .iter()
            .map(|lead| lead.data.get(&wish).map(String::as_str))
            .collect();
        let high = Some("high");
        assert_eq!(kept, [high, high, high, Some("新"), None]);
        let items = async || {
            let kept = dictionaries::get(&house.db, "o", &dictionary).await;
            let kept = kept.unwrap().unwrap();
            let items = kept.items.iter();
            items.map(|item| item.code.clone()).collect::<Vec<String>>()
        };
        let all = items().await;
        assert_eq!(all, ["high", "low", "新"]);

        // The next file with this header is read so without a word.
        let third = look(&house, &batch, text, &Options::default()).await;
        assert_eq!((third.duplicates, third.invalid), (5, 1));

        let mut tx = house.db.begin().await.unwrap();
        store::undo::begin(&mut tx, &id, "u").await.unwrap();
        tx.commit().await.unwrap();
        testing::run(&house, Work::UndoImport { import: id.clone() })
            .await
            .unwrap();
        let all = items().await;
        assert_eq!(all, ["high", "low"]);
        assert_eq!(
            mappings::of_batch(&house.db, &batch).await.unwrap().len(),
            0
        );
    })
    .await;
}

/// Binds the field 意向 to a dictionary whose codes are kept.
async fn wishes(house: &crate::House, batch: &str) -> String {
    let choice = |code: &str, label: &str| dictionaries::Choice {
        code: code.into(),
        label: label.into(),
        enabled: true,
        sort: 0,
    };
    let draft = dictionaries::Draft {
        name: "意向",
        description: "",
        items: &[choice("high", "高意向"), choice("low", "低意向")],
    };
    let mut tx = house.db.begin().await.unwrap();
    let dictionary = dictionaries::create(&mut tx, "o", "u", &draft, house.now())
        .await
        .unwrap();
    for field in store::fields::list_in(&mut tx, batch).await.unwrap() {
        if field.title == "意向" {
            let field = engine::field::Field {
                dictionary: Some(dictionary.clone()),
                replace: true,
                ..field
            };
            store::fields::update(&mut tx, batch, &field, house.now())
                .await
                .unwrap();
        }
    }
    tx.commit().await.unwrap();
    dictionary
}
