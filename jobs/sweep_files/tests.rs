use std::{fs::File, path::PathBuf};

use store::{jobs, testing::on_both, work::Work};

use super::*;
use crate::testing::{self, enqueue, start};

/// Makes a file that was last written so many days ago.
fn aged(house: &House, path: &str, days: u32) -> PathBuf {
    let path = house.data_dir.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let file = File::create(&path).unwrap();
    file.set_modified(clock(house.now()) - DAY * days - Duration::from_secs(60))
        .unwrap();
    path
}

#[tokio::test]
async fn files_go_when_their_days_are_over_and_uploads_when_nothing_names_them() {
    on_both(|home| async move {
        let (house, _guard) = testing::house(home);
        let batch = testing::batch(&house, &["姓名", "号码"]).await;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("data.csv");
        std::fs::write(&path, "姓名,号码\n李,13800138000\n").unwrap();
        let import = testing::import(&house, &batch, &path).await;
        let named = aged(&house, &import.file_path, 400);
        let template = Work::ReadTemplate {
            batch: batch.clone(),
            file_path: "uploads/template.xlsx".into(),
            file_name: "t.xlsx".into(),
            header_row: None,
            sheet: None,
        };
        let mut tx = house.db.begin().await.unwrap();
        store::work::enqueue(&mut tx, template, testing::by(&batch), house.now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let data = |path: &str, days| aged(&house, path, days);
        let template = data("uploads/template.xlsx", 400);
        let unnamed = data("uploads/imp_gone.xlsx", 2);
        let half = data("uploads/imp_half.part", 2);
        let fresh = data("uploads/imp_new.xlsx", 0);
        let old = data("files/export-exp_1.csv", 31);
        let young = data("files/report-job_1.xlsx", 29);
        let sweep = async || {
            let job = enqueue(&house, Work::SweepFiles).await;
            start(&house, &job).await.unwrap();
            let job = jobs::get(&house.db, &job).await.unwrap().unwrap();
            assert_eq!(job.state, "succeeded", "{:?}", job.error_text);
            (job.result["files"].clone(), job.result["uploads"].clone())
        };
        assert_eq!(sweep().await, (json!(1), json!(2)));
        for (path, stays) in [
            (&named, true),
            (&template, true),
            (&unnamed, false),
            (&half, false),
            (&fresh, true),
            (&old, false),
            (&young, true),
        ] {
            assert_eq!(path.exists(), stays, "{}", path.display());
        }
        let rules = FileRules { keep_days: 7 };
        house_settings::put(&house.db, &rules, Millis(1))
            .await
            .unwrap();
        assert_eq!(sweep().await, (json!(1), json!(0)));
        assert!(!young.exists());
        let kept = data("files/report-job_2.xlsx", 4_000);
        let rules = FileRules { keep_days: 0 };
        house_settings::put(&house.db, &rules, Millis(2))
            .await
            .unwrap();
        assert_eq!(sweep().await, (json!(0), json!(0)));
        assert!(kept.exists(), "none goes by its age");
    })
    .await;
}
