use std::path::Path;

use rust_xlsxwriter::Workbook;
use store::{leads, testing::on_both, work::Work};

use super::*;
use crate::testing::{self, batch, code_of, import};

/// Writes the file of rejects again with some cells put right, as a person would in place.
fn put_right(path: &Path, to: &Path, right: &[(&str, &str)]) {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (no, row) in (0..).zip(sheet::peek::sheet(path, "rejects")) {
        for (column, text) in (0..).zip(row) {
            let fixed = right.iter().find(|(wrong, _)| *wrong == text);
            let text = fixed.map_or(text.as_str(), |(_, right)| *right);
            sheet.write(no, column, text).unwrap();
        }
    }
    book.save(to).unwrap();
}

#[tokio::test]
async fn a_file_of_rejects_put_right_in_place_imports_clean() {
    on_both(|home| async move {
        let (house, _guard) = testing::house(home);
        let batch = batch(&house, &["姓名", "号码", "备注"]).await;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("data.csv");
        let text = "姓名,号码,备注,别的\n\
            张三,13800138000,,x\n\
            李四,1.38E+10,=1+1,y\n\
            王五,13800138000,,z\n\
            赵六,12,@home,-1\n";
        std::fs::write(&path, text).unwrap();
        let first = import(&house, &batch, &path).await;
        assert_eq!((first.good, first.invalid, first.duplicate), (1, 2, 1));
        let work = Work::RejectsSheet {
            import: first.id.clone(),
        };
        testing::run(&house, work).await.unwrap();
        let file = files::rejects(&house.data_dir, &first.id);
        let found = sheet::peek::sheet(&file, "rejects");
        assert_eq!(found[0][..4], ["姓名", "号码", "备注", "别的"]);
        assert_eq!(found[0][4..], REJECT_TITLES);
        assert_eq!(found[2][..6], ["赵六", "12", "'@home", "'-1", "5", "号码"]);
        assert_eq!(found.len(), 3);

        let fixed = dir.path().join("fixed.xlsx");
        put_right(
            &file,
            &fixed,
            &[("1.38E+10", "13800138001"), ("12", "13800138002")],
        );
        let second = import(&house, &batch, &fixed).await;
        assert_eq!((second.good, second.invalid, second.duplicate), (2, 0, 0));
        assert_eq!(second.warnings.0, ["column \"别的\" is unknown, ignored"]);
        let note = code_of(&house.db, &batch, "备注").await;
        let leads = leads::page(&house.db, &batch, -1, 10).await.unwrap();
        let notes: Vec<Option<&String>> = leads.iter().map(|lead| lead.data.get(&note)).collect();
        assert_eq!(
            notes,
            [None, Some(&"=1+1".to_owned()), Some(&"@home".to_owned())]
        );
    })
    .await;
}

#[tokio::test]
async fn duplicates_are_listed_with_what_they_repeat() {
    on_both(|home| async move {
        let (house, _guard) = testing::house(home);
        let batch = batch(&house, &["姓名", "号码"]).await;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("data.csv");
        std::fs::write(&path, "姓名,号码\na,13800138000\nb,13800138000\n").unwrap();
        import(&house, &batch, &path).await;
        let mut text = String::from("姓名,号码\n");
        for n in 0..1_200 {
            text += &format!("x{n},13800138000\ny{n},1390013{:04}\n", n % 600);
        }
        std::fs::write(&path, text).unwrap();
        let second = import(&house, &batch, &path).await;
        assert_eq!((second.good, second.duplicate), (600, 1_800));
        let work = Work::RejectsSheet {
            import: second.id.clone(),
        };
        testing::run(&house, work).await.unwrap();
        let file = files::rejects(&house.data_dir, &second.id);
        let cells = sheet::peek::sheet(&file, "duplicates");
        assert_eq!(cells.len(), 1_801);
        let cell = |row: usize, column: usize| cells[row][column].clone();
        let first = leads::page(&house.db, &batch, -1, 1)
            .await
            .unwrap()
            .remove(0);
        assert_eq!((cell(1, 0), cell(1, 2)), ("x0".into(), "2".into()));
        assert!(cell(1, 3).ends_with(&first.id), "{}", cell(1, 3));
        assert_eq!(
            (cell(1_800, 0), cell(1_800, 2)),
            ("y1199".into(), "2401".into())
        );
        assert_eq!(cell(1_800, 3), "第 1201 行 row 1201");
    })
    .await;
}
