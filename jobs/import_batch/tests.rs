use std::path::PathBuf;

use engine::field::Field;
use rust_xlsxwriter::Workbook;
use store::{
    dictionaries, fields, files, jobs,
    leads::{self, Lead},
    rejects,
    testing::on_both,
    work::Work,
};
use tempfile::TempDir;

use super::*;
use crate::sheet;
use crate::testing::{self, batch, code_of, import, perform, upload};

fn book(dir: &TempDir, rows: &[&[&str]]) -> PathBuf {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (row, cells) in (0..).zip(rows) {
        for (column, text) in (0..).zip(*cells) {
            sheet.write(row, column, *text).unwrap();
        }
    }
    let path = dir.path().join("data.xlsx");
    book.save(&path).unwrap();
    path
}

async fn all(house: &House, batch: &str) -> Vec<Lead> {
    leads::page(&house.db, batch, -1, 100_000).await.unwrap()
}

async fn now(house: &House, id: &str) -> Import {
    imports::get(&house.db, id).await.unwrap().unwrap()
}

#[tokio::test]
async fn good_rows_become_leads_and_bad_ones_rejects_with_a_sheet() {
    on_both(|home| async move {
        let (house, _guard) = testing::house(home);
        let batch = batch(&house, &["姓名", "号码"]).await;
        let dir = TempDir::new().unwrap();
        let path = book(
            &dir,
            &[
                &["号码", "姓名", "备注"],
                &["138-0013-8000", "张三", "x"],
                &["1.38E+10", "=cmd()", ""],
                &["", "", ""],
                &["１３８００１３８００１", "李四", ""],
                &["13800138000", "张三", ""],
            ],
        );
        let import = import(&house, &batch, &path).await;
        assert_eq!(import.state, "succeeded");
        assert_eq!((import.good, import.invalid, import.duplicate), (2, 1, 1));
        assert_eq!(import.warnings.0, ["column \"备注\" is unknown, ignored"]);
        let leads = all(&house, &batch).await;
        let phones: Vec<&str> = leads.iter().map(|lead| lead.phone.as_str()).collect();
        assert_eq!(phones, ["13800138000", "13800138001"]);
        assert_eq!(leads[0].phone_raw, "138-0013-8000");
        assert_eq!(
            leads[0].data[&code_of(&house.db, &batch, "姓名").await],
            "张三"
        );
        let rejects = rejects::page(&house.db, &import.id, 0, 10).await.unwrap();
        assert_eq!(rejects.len(), 1);
        assert_eq!(
            (rejects[0].row_no, rejects[0].column_title.as_str()),
            (3, "号码")
        );
        assert_eq!(rejects[0].code, "PHONE_SCIENTIFIC");
        assert_eq!(rejects[0].cells.0, ["1.38E+10", "=cmd()", ""]);

        testing::run(
            &house,
            Work::RejectsSheet {
                import: import.id.clone(),
            },
        )
        .await
        .unwrap();
        let file = files::rejects(&house.data_dir, &import.id);
        let rows = sheet::peek::sheet(&file, "rejects");
        assert_eq!(rows[0][..3], ["号码", "姓名", "备注"]);
        assert_eq!(rows[1][..2], ["1.38E+10", "'=cmd()"]);
        assert_eq!(rows[1][3..6], ["3", "号码", "PHONE_SCIENTIFIC"]);
    })
    .await;
}

#[tokio::test]
async fn every_kind_of_file_is_imported() {
    on_both(|home| async move {
        let (house, _guard) = testing::house(home);
        let dir = TempDir::new().unwrap();
        let text = "姓名,号码,客户意向\n张三,13800138000,有意向\n李四,010-12345678,\n王五,12,\n";
        let gb18030 = dir.path().join("gb.csv");
        std::fs::write(&gb18030, encoding_rs::GB18030.encode(text).0).unwrap();
        let utf8 = dir.path().join("utf8.csv");
        std::fs::write(&utf8, text).unwrap();
        let xls = testing::fixture("leads.xls");
        for path in [gb18030, utf8, xls] {
            let batch = batch(&house, &["姓名", "号码", "客户意向"]).await;
            let import = import(&house, &batch, &path).await;
            assert_eq!((import.good, import.invalid), (2, 1), "{}", path.display());
            let leads = all(&house, &batch).await;
            assert_eq!(leads[0].phone, "13800138000");
            assert_eq!(
                leads[0].data[&code_of(&house.db, &batch, "客户意向").await],
                "有意向"
            );
            assert_eq!(leads[1].phone, "01012345678");
        }
    })
    .await;
}

/// What a person may upload by mistake or on purpose: each ends the job with its own code, and the
/// house goes on.
#[tokio::test]
async fn bad_files_fail_with_a_clear_code() {
    on_both(|home| async move {
        let (house, _guard) = testing::house(home);
        let batch = batch(&house, &["姓名", "号码"]).await;
        let dir = TempDir::new().unwrap();
        let write = |name: &str, bytes: &[u8]| {
            let path = dir.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            path
        };
        let good = book(&dir, &[&["姓名", "号码"], &["张三", "13800138000"]]);
        let whole = std::fs::read(&good).unwrap();
        let wide: Vec<String> = (0..200).map(|at| format!("c{at}")).collect();
        let line = |titles: &[String]| titles.join(",") + ",号码\n";
        let cases = [
            (write("a.xlsx", b"\x89PNG\r\n\x1a\n"), "NOT_A_SPREADSHEET"),
            (write("b.xlsx", &whole[..whole.len() / 2]), "FILE_DAMAGED"),
            (
                write("c.csv", "姓名\n张三\n".as_bytes()),
                "PHONE_COLUMN_MISSING",
            ),
            (write("d.csv", line(&wide).as_bytes()), "TOO_MANY_COLUMNS"),
            (write("e.csv", b"\n"), "PHONE_COLUMN_MISSING"),
            (testing::fixture("encrypted.xlsx"), "FILE_ENCRYPTED"),
        ];
        for (path, code) in cases {
            let (id, job) = upload(&house, &batch, &path, "skip_in_batch").await;
            testing::start(&house, &job).await.unwrap();
            let job = jobs::get(&house.db, &job).await.unwrap().unwrap();
            assert_eq!((job.state.as_str(), job.attempts), ("failed", 1), "{code}");
            assert_eq!(job.error_code.as_deref(), Some(code));
            let import = now(&house, &id).await;
            assert_eq!((import.state.as_str(), import.good), ("failed", 0));
            assert_eq!(import.error_code.as_deref(), Some(code));
            assert!(import.error_text.is_some_and(|text| text.len() > 10));
        }
        let fits = write(
            "f.csv",
            (line(&wide[..199]) + &",".repeat(199) + "13800138000\n").as_bytes(),
        );
        assert_eq!(import(&house, &batch, &fits).await.good, 1);
    })
    .await;
}

#[tokio::test]
async fn duplicates_are_skipped_updated_or_kept() {
    on_both(|home| async move {
        let (house, _guard) = testing::house(home);
        let dir = TempDir::new().unwrap();
        for (policy, good, duplicate, updated, names) in [
            ("skip_in_batch", 1, 2, 0, vec!["old", "b"]),
            ("update_in_batch", 1, 0, 2, vec!["c", "b"]),
            ("keep_all", 3, 0, 0, vec!["old", "a", "b", "c"]),
        ] {
            let batch = batch(&house, &["姓名", "号码"]).await;
            let first = book(&dir, &[&["姓名", "号码"], &["old", "13800138000"]]);
            import(&house, &batch, &first).await;
            let second = book(
                &dir,
                &[
                    &["姓名", "号码"],
                    &["a", "13800138000"],
                    &["b", "13800138001"],
                    &["c", "+86 13800138000"],
                ],
            );
            let (id, job) = upload(&house, &batch, &second, policy).await;
            perform(&house, &job, &Work::ImportBatch { import: id.clone() })
                .await
                .unwrap();
            let done = now(&house, &id).await;
            assert_eq!(
                (done.good, done.duplicate, done.updated),
                (good, duplicate, updated)
            );
            let code = code_of(&house.db, &batch, "姓名").await;
            let leads = all(&house, &batch).await;
            let found: Vec<&str> = leads.iter().map(|lead| lead.data[&code].as_str()).collect();
            assert_eq!(found, names, "{policy}");
        }
    })
    .await;
}

#[tokio::test]
async fn numbers_that_must_not_be_called_are_flagged() {
    on_both(|home| async move {
        let (house, _guard) = testing::house(home);
        let batch = batch(&house, &["号码"]).await;
        let mut tx = house.db.begin().await.unwrap();
        store::dnc::add(&mut tx, "o", "13800138000", "test", None, house.now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let dir = TempDir::new().unwrap();
        let path = book(&dir, &[&["号码"], &["13800138000"], &["13800138001"]]);
        import(&house, &batch, &path).await;
        let flags: Vec<bool> = all(&house, &batch)
            .await
            .iter()
            .map(|lead| lead.dnc)
            .collect();
        assert_eq!(flags, [true, false]);
    })
    .await;
}

/// A worker that dies between two chunks or in the middle of one: the next one goes on, and every
/// row is there once.
#[tokio::test]
async fn an_interrupted_import_goes_on_where_it_was() {
    on_both(|home| async move {
        let (house, guard) = testing::house(home);
        let batch = batch(&house, &["姓名", "号码"]).await;
        let dir = TempDir::new().unwrap();
        let mut text = String::from("姓名,号码\n");
        for n in 0..3_500_u64 {
            let phone = if n % 100 == 0 {
                "x".into()
            } else {
                (13_800_000_000 + n).to_string()
            };
            text.push_str(&format!("n{n},{phone}\n"));
        }
        let path = dir.path().join("data.csv");
        std::fs::write(&path, text).unwrap();
        let (id, job) = upload(&house, &batch, &path, "skip_in_batch").await;

        // The first start writes one chunk, then its process is gone in the middle of the second.
        let ticket = testing::ticket(&testing::take(&house, &job).await.unwrap());
        let fields = fields::list(&house.db, &batch).await.unwrap();
        let (chunks, mut received) = mpsc::channel(8);
        let kept = house.data_dir.join(now(&house, &id).await.file_path);
        let source = import_source::of(&house.db, &batch, kept, imports::Options::default())
            .await
            .unwrap();
        let from = read::From {
            cursor: 0,
            keeps_cells: false,
        };
        tokio::task::spawn_blocking(move || read(&source, from, &chunks, |_| ()))
            .await
            .unwrap()
            .unwrap();
        let one = received.recv().await.unwrap();
        let two = received.recv().await.unwrap();
        let again = received.recv().await.unwrap();
        let import = now(&house, &id).await;
        let writer = write::Writer::new(&house, &ticket, &import, &fields);
        writer.write(&mut [one].into(), || None).await.unwrap();
        let mut lost = house.db.begin().await.unwrap();
        imports::advance(&mut lost, &id, two.from, two.to, imports::Counts::default())
            .await
            .unwrap();
        drop(lost);
        let cursor = now(&house, &id).await.row_cursor;
        assert_eq!(cursor, 1_001);

        // The second start is told to shut down after nothing more; the third does the rest.
        guard.stop.send(true).unwrap();
        testing::start(&house, &job).await.unwrap();
        let waiting = jobs::get(&house.db, &job).await.unwrap().unwrap();
        assert_eq!((waiting.state.as_str(), waiting.attempts), ("queued", 1));
        guard.stop.send(false).unwrap();
        testing::start(&house, &job).await.unwrap();

        let done = now(&house, &id).await;
        assert_eq!(
            (done.state.as_str(), done.good, done.invalid),
            ("succeeded", 3_465, 35)
        );
        assert_eq!(all(&house, &batch).await.len(), 3_465);
        assert_eq!(
            rejects::page(&house.db, &id, 0, 100).await.unwrap().len(),
            35
        );
        let job = jobs::get(&house.db, &job).await.unwrap().unwrap();
        assert_eq!(
            (job.state.as_str(), job.done, job.total),
            ("succeeded", 3_500, 3_500)
        );

        // The worker that was believed dead comes back and is refused.
        let late = writer.write(&mut [again].into(), || None).await;
        let late = late.unwrap_err();
        assert!(matches!(late, JobError::Superseded));
        assert_eq!(all(&house, &batch).await.len(), 3_465);
    })
    .await;
}

/// An edit between two starts does not split an import.
#[tokio::test]
async fn an_interrupted_import_goes_on_as_it_was_begun() {
    on_both(|home| async move {
        let (house, _guard) = testing::house(home);
        let batch = batch(&house, &["姓名", "号码", "客户意向"]).await;
        let choice = dictionaries::Choice {
            code: "c-1".into(),
            label: "有".into(),
            enabled: true,
            sort: 0,
        };
        let draft = dictionaries::Draft {
            name: "意向",
            description: "",
            items: &[choice],
        };
        let at = house.now();
        let mut tx = house.db.begin().await.unwrap();
        let dictionary = dictionaries::create(&mut tx, "o", "u", &draft, at)
            .await
            .unwrap();
        let fields = fields::list_in(&mut tx, &batch).await.unwrap();
        let wish = Field {
            dictionary: Some(dictionary),
            replace: true,
            ..fields[2].clone()
        };
        fields::update(&mut tx, &batch, &wish, at).await.unwrap();
        tx.commit().await.unwrap();
        let dir = TempDir::new().unwrap();
        let mut text = String::from("姓名,号码,客户意向\n");
        for n in 0..2_500_u64 {
            text.push_str(&format!("n{n},{},有\n", 13_800_000_000 + n));
        }
        let path = dir.path().join("data.csv");
        std::fs::write(&path, text).unwrap();
        let (id, job) = upload(&house, &batch, &path, "skip_in_batch").await;

        // The first start dies when one chunk is in.
        let ticket = testing::ticket(&testing::take(&house, &job).await.unwrap());
        let import = now(&house, &id).await;
        let source = begin(&house, &ticket, &import).await.unwrap();
        let writer = write::Writer::new(&house, &ticket, &import, &source.fields);
        let (chunks, mut received) = mpsc::channel(8);
        let from = read::From {
            cursor: 0,
            keeps_cells: false,
        };
        tokio::task::spawn_blocking(move || read(&source, from, &chunks, |_| ()))
            .await
            .unwrap()
            .unwrap();
        let one = received.recv().await.unwrap();
        writer.write(&mut [one].into(), || None).await.unwrap();

        // Another title, and a field less.
        let mut tx = house.db.begin().await.unwrap();
        let renamed = Field {
            title: "称呼".into(),
            ..fields[0].clone()
        };
        fields::update(&mut tx, &batch, &renamed, at).await.unwrap();
        fields::delete(&mut tx, &batch, &wish.code, at)
            .await
            .unwrap();
        tx.commit().await.unwrap();

        testing::start(&house, &job).await.unwrap();
        let done = now(&house, &id).await;
        assert_eq!((done.state.as_str(), done.good), ("succeeded", 2_500));
        for lead in all(&house, &batch).await {
            assert!(lead.data[&fields[0].code].starts_with('n'), "{lead:?}");
            assert_eq!(lead.data[&wish.code], "c-1", "{lead:?}");
        }
        // The next one is read with what there is by then.
        let next = book(&dir, &[&["称呼", "号码"], &["李", "13900000000"]]);
        let next = testing::import(&house, &batch, &next).await;
        assert_eq!(next.good, 1, "{next:?}");
    })
    .await;
}

#[tokio::test]
async fn a_start_that_kills_its_process_again_and_again_is_given_up() {
    on_both(|home| async move {
        let (house, _guard) = testing::house(home);
        let batch = batch(&house, &["号码"]).await;
        let dir = TempDir::new().unwrap();
        let path = book(&dir, &[&["号码"], &["13800138000"]]);
        let (id, job) = upload(&house, &batch, &path, "skip_in_batch").await;
        for _ in 0..3 {
            testing::take(&house, &job).await.unwrap();
        }
        testing::start(&house, &job).await.unwrap();
        let job = jobs::get(&house.db, &job).await.unwrap().unwrap();
        assert_eq!(job.error_code.as_deref(), Some("WORKER_DIED"));
        assert_eq!(now(&house, &id).await.state, "failed");
    })
    .await;
}

#[tokio::test]
async fn a_template_gives_the_batch_its_fields() {
    on_both(|home| async move {
        let (house, _guard) = testing::house(home);
        let batch = batch(&house, &["号码"]).await;
        let dir = TempDir::new().unwrap();
        let path = book(&dir, &[&[" 号码", "姓名", "客户意向"]]);
        std::fs::copy(&path, house.data_dir.join("t.xlsx")).unwrap();
        let read = |file: &str| Work::ReadTemplate {
            batch: batch.clone(),
            file_path: file.into(),
            file_name: file.into(),
            header_row: None,
            sheet: None,
        };
        let before = fields::list(&house.db, &batch).await.unwrap();
        testing::run(&house, read("t.xlsx")).await.unwrap();
        let after = fields::list(&house.db, &batch).await.unwrap();
        let titles: Vec<&str> = after.iter().map(|field| field.title.as_str()).collect();
        assert_eq!(titles, ["号码", "姓名", "客户意向"]);
        assert_eq!(after[0], before[0]);
        let path = book(&dir, &[&["a", "", "b"]]);
        std::fs::copy(&path, house.data_dir.join("bad.xlsx")).unwrap();
        let error = testing::run(&house, read("bad.xlsx")).await.unwrap_err();
        assert_eq!(error.code(), "TEMPLATE_HEADER_INVALID");
        assert!(error.text().contains("B1"));
    })
    .await;
}

#[tokio::test]
async fn new_leads_get_the_priority_of_their_import_and_old_ones_keep_theirs() {
    on_both(|home| async move {
        let (house, _guard) = testing::house(home);
        let batch = batch(&house, &["姓名", "号码"]).await;
        let dir = TempDir::new().unwrap();
        let first = book(&dir, &[&["号码", "姓名"], &["13800138000", "张三"]]);
        import(&house, &batch, &first).await;
        let more = book(
            &dir,
            &[
                &["号码", "姓名"],
                &["13800138000", "李四"],
                &["13800138001", "王五"],
            ],
        );
        let options = imports::Options {
            dup_policy: imports::DupPolicy::Update,
            priority: 8,
            ..imports::Options::default()
        };
        let (id, job) = testing::upload_with(&house, &batch, &more, &options).await;
        let work = Work::ImportBatch { import: id };
        perform(&house, &job, &work).await.unwrap();
        let leads = all(&house, &batch).await;
        let priorities: Vec<i64> = leads.iter().map(|lead| lead.priority).collect();
        assert_eq!(priorities, [0, 8]);
    })
    .await;
}
