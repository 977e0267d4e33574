use std::path::Path;

use engine::{
    lead_query::{Asked, Keyword},
    settings::Overrides,
};
use proptest::{collection::vec, prelude::*};
use store::{
    exports::{Ask, NewExport},
    leads,
    settings::{self, Scope},
    testing::{each, on_both},
    work::Work,
};

use super::*;
use crate::testing::{self, batch, code_of, house, import};

/// What is odd in cells: formulas, quotes, line ends, numbers that are no numbers, other scripts.
const ODD: [&str; 16] = [
    "=1+1",
    "+86",
    "-5",
    "@cmd",
    "007",
    "1.38E+10",
    "a,b",
    "say \"yes\"",
    "two\nlines",
    "李国栋",
    "٣٤",
    "😀 wide",
    "x\ty",
    "'abc",
    "2026-01-02",
    "",
];

/// Puts an export into the books and does it; where its file is.
async fn export(house: &House, batch: &str, format: &str, ask: Ask) -> PathBuf {
    let mut tx = house.db.begin().await.unwrap();
    let new = NewExport {
        orgi: "o",
        batch_id: batch,
        title: "导出",
        format,
        ask: &ask,
        created_by: "u",
    };
    let id = exports::create(&mut tx, &new, house.now()).await.unwrap();
    tx.commit().await.unwrap();
    testing::run(house, Work::ExportLeads { export: id.clone() })
        .await
        .unwrap();
    let done = exports::get(&house.db, &id).await.unwrap().unwrap();
    assert_eq!(done.state, "succeeded");
    files::export(&house.data_dir, &id, format)
}

fn all_of(batch: &str) -> Ask {
    Ask {
        search: Asked {
            batch: Some(batch.into()),
            ..Asked::default()
        },
        columns: Vec::new(),
        reveal: true,
    }
}

const TITLES: [&str; 5] = ["姓名", "号码", "备注", "生日", "标签"];

/// A batch with a text, a number, a text, a date and several values.
async fn people(house: &House) -> String {
    let batch = batch(house, &TITLES).await;
    let mut tx = house.db.begin().await.unwrap();
    for field in fields::list_in(&mut tx, &batch).await.unwrap() {
        let field = Field {
            to_date: field.title == "生日",
            multi: field.title == "标签",
            max_len: 2_000,
            ..field
        };
        fields::update(&mut tx, &batch, &field, house.now())
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
    batch
}

async fn rows(house: &House, batch: &str) -> Vec<Vec<String>> {
    let mut codes = Vec::new();
    for title in TITLES {
        codes.push(code_of(&house.db, batch, title).await);
    }
    let leads = leads::page(&house.db, batch, -1, 1_000).await.unwrap();
    let row = |lead: leads::Lead| {
        let cell = |code: &String| lead.data.get(code).cloned().unwrap_or_default();
        codes.iter().map(cell).chain([lead.phone.clone()]).collect()
    };
    leads.into_iter().map(row).collect()
}

/// What may stand in a cell, often what is odd.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        2 => proptest::sample::select(&ODD[..]).prop_map(str::to_owned),
        2 => "[ \t]?[=+@'\",;\\n\u{4e00}-\u{4e20}a-z0-9-]{0,9}[ \u{3000}]?",
        1 => "\\PC{0,12}",
    ]
}

/// Cells of a lead beside its number.
fn cells() -> impl Strategy<Value = [String; 4]> {
    let day = prop_oneof![
        Just(String::new()),
        (1900..2100, 1..=12, 1..=28).prop_map(|(y, m, d)| format!("{y}-{m:02}-{d:02}")),
        (2000..2030, 1..=12, 1..=28, 0..24, 0..60)
            .prop_map(|(y, mo, d, h, mi)| format!("{y}/{mo}/{d} {h:02}:{mi:02}")),
    ];
    let labels = vec("[a-z\u{4e00}-\u{4e20}]{1,3}", 0..4);
    (
        text(),
        text(),
        day,
        labels.prop_map(|labels| labels.join(",")),
    )
        .prop_map(|(name, note, day, labels)| [name, note, day, labels])
}

fn sheet(path: &Path, rows: &[[String; 4]]) {
    let mut writer = csv::Writer::from_path(path).unwrap();
    writer.write_record(TITLES).unwrap();
    for (number, [name, note, day, labels]) in (18_618_616_000_u64..).zip(rows) {
        let phone = number.to_string();
        writer
            .write_record([name, phone.as_str(), note, day, labels])
            .unwrap();
    }
    writer.flush().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_exported_and_imported_again_is_the_same_row_by_row() {
    on_both(|home| async move {
        let (house, _guard) = house(home);
        each(14, vec(cells(), 1..40), async |made: Vec<[String; 4]>| {
            let first = people(&house).await;
            let dir = tempfile::tempdir().unwrap();
            let source = dir.path().join("odd.csv");
            sheet(&source, &made);
            let good = import(&house, &first, &source).await.good;
            assert_eq!(good, made.len() as i64);
            let before = rows(&house, &first).await;
            for format in ["xlsx", "csv"] {
                let file = export(&house, &first, format, all_of(&first)).await;
                let second = people(&house).await;
                assert_eq!(import(&house, &second, &file).await.good, good, "{format}");
                assert_eq!(rows(&house, &second).await, before, "{format}");
            }
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn a_file_hides_what_is_hidden_and_has_what_was_searched() {
    on_both(|home| async move {
        let (house, guard) = house(home);
        let batch = batch(&house, &["姓名", "号码", "备注"]).await;
        let dir = tempfile::tempdir().unwrap();
        let source = dir.path().join("a.csv");
        std::fs::write(
            &source,
            "姓名,号码,备注\n李雷,18618616001,x\n韩梅梅,18618616002,=y\n",
        )
        .unwrap();
        import(&house, &batch, &source).await;
        let mut tx = house.db.begin().await.unwrap();
        for field in fields::list_in(&mut tx, &batch).await.unwrap() {
            let field = Field {
                hidden: field.title == "号码",
                no_exchange: field.title == "姓名",
                ..field
            };
            fields::update(&mut tx, &batch, &field, house.now())
                .await
                .unwrap();
        }
        tx.commit().await.unwrap();
        let ask = Ask {
            search: Asked {
                batch: Some(batch.clone()),
                keyword: Some("韩梅".into()),
                ..Asked::default()
            },
            reveal: false,
            ..all_of(&batch)
        };
        let file = export(&house, &batch, "csv", ask.clone()).await;
        let text = std::fs::read_to_string(file).unwrap();
        assert_eq!(text, "\u{feff}号码,备注\n186****6002,'=y\n");
        let query = query(
            &Export {
                query: store::Doc(ask),
                id: String::new(),
                orgi: "o".into(),
                batch_id: batch.clone(),
                title: String::new(),
                format: "csv".into(),
                state: "queued".into(),
                rows: 0,
                error_code: None,
                job_id: None,
                created_by: "u".into(),
                created_at: 0,
                finished_at: None,
            },
            &[],
        );
        assert_eq!(query.unwrap().keyword, Some(Keyword::Text("韩梅".into())));
        drop(guard);
    })
    .await;
}

#[test]
fn codes_are_written_as_labels() {
    let column = |multi| Column {
        field: Field {
            code: "wish".into(),
            multi,
            ..Field::default()
        },
        labels: [
            ("1".to_owned(), "有意向".to_owned()),
            ("2".to_owned(), "无".to_owned()),
        ]
        .into(),
        masked: false,
        is_related: false,
    };
    let cells = |text: &str| Cells {
        values: [("wish".to_owned(), text.to_owned())].into(),
        related: BTreeMap::new(),
    };
    assert_eq!(column(false).text(&cells("1")), "有意向");
    assert_eq!(column(false).text(&cells("9")), "9");
    assert_eq!(column(true).text(&cells("1,2")), "有意向,无");
}

#[tokio::test]
async fn numbers_that_the_settings_hide_leave_the_house_masked() {
    on_both(|home| async move {
        let (house, _guard) = testing::house(home);
        let batch = testing::sample(&house).await;
        let ask = |reveal| Ask {
            reveal,
            ..all_of(&batch)
        };
        let first = async |reveal| {
            let path = export(&house, &batch, "csv", ask(reveal)).await;
            let text = std::fs::read_to_string(path).unwrap();
            text.lines().nth(1).unwrap().to_owned()
        };
        assert!(first(false).await.contains("18618616001"));
        let hide = async |scope: Scope<'_>, phone_mask| {
            let value = Overrides {
                phone_mask,
                ..Overrides::default()
            };
            let mut tx = house.db.begin().await.unwrap();
            settings::save(&mut tx, "o", scope, &value, "u", house.now())
                .await
                .unwrap();
            tx.commit().await.unwrap();
        };
        hide(Scope::Tenant, Some(true)).await;
        let masked = first(false).await;
        assert!(
            masked.contains("186****6001") && !masked.contains("18618616001"),
            "{masked}"
        );
        assert!(first(true).await.contains("18618616001"), "in full");
        let lead = leads::page(&house.db, &batch, -1, 1)
            .await
            .unwrap()
            .remove(0);
        let of_campaign = "UPDATE leads SET campaign_id = 'cmp_1' WHERE id = $1";
        store::testing::about(&house.db, &lead.id, of_campaign).await;
        hide(Scope::Campaign("cmp_1"), Some(false)).await;
        assert!(
            first(false).await.contains("18618616001"),
            "the campaign's word"
        );
    })
    .await;
}
