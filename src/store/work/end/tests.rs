use engine::{filter::Form, lead_query::Asked};

use super::*;
use crate::{
    Db, campaigns,
    exports::{self, NewExport},
    filters::Over,
    imports::Options,
    jobs::{self, take},
    previews::NewPreview,
    sample::{self, NOW},
    sample_floor,
    sources::{Place, Spec},
    testing::on_both,
    work::{By, enqueue},
};

const BY: By<'_> = By {
    orgi: "o",
    user: "u",
    batch: None,
};

async fn queue(db: &Db, work: Work) -> String {
    let mut tx = db.begin().await.unwrap();
    let job = enqueue(&mut tx, work, BY, NOW).await.unwrap();
    tx.commit().await.unwrap();
    job
}

async fn preview(db: &Db, batch: &str, id: &str) -> Work {
    let options = Options::default();
    let new = NewPreview {
        id,
        orgi: "o",
        batch_id: batch,
        creater: "u",
        file_name: "a.csv",
        file_path: "uploads/a.csv",
        sha256: "",
        bytes: 1,
        options: &options,
    };
    let mut tx = db.begin().await.unwrap();
    previews::create(&mut tx, &new, NOW).await.unwrap();
    tx.commit().await.unwrap();
    Work::DryRun { preview: id.into() }
}

async fn run(db: &Db, batch: &str) -> String {
    let new = filter_runs::Unsaved {
        orgi: "o",
        by: "u",
        over: Over::Batch(batch),
        form: &Form::default(),
        zone: crate::filters::ZONE,
        count_only: false,
    };
    let mut tx = db.begin().await.unwrap();
    let run = filter_runs::create_unsaved(&mut tx, &new, NOW)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    run
}

async fn export(db: &Db, batch: &str) -> String {
    let ask = exports::Ask {
        search: Asked::default(),
        columns: Vec::new(),
        reveal: false,
    };
    let new = NewExport {
        orgi: "o",
        batch_id: batch,
        title: "t",
        format: "csv",
        ask: &ask,
        created_by: "u",
    };
    let mut tx = db.begin().await.unwrap();
    let export = exports::create(&mut tx, &new, NOW).await.unwrap();
    tx.commit().await.unwrap();
    export
}

async fn source(db: &Db, batch: &str) -> String {
    let spec = Spec {
        from: Place::Directory {
            path: "/srv".into(),
            pattern: "*".into(),
        },
        cron: None,
        zone: "Asia/Shanghai".into(),
        options: Options::default(),
    };
    let mut tx = db.begin().await.unwrap();
    let of = ("o", batch, "u");
    sources::save(&mut tx, of, &spec, true, NOW).await.unwrap();
    tx.commit().await.unwrap();
    sources::of_batch(db, batch).await.unwrap().unwrap().id
}

/// Whether it waits or runs: nobody who looks at what the job worked on waits for ever.
#[tokio::test]
async fn what_a_cancelled_job_worked_on_has_failed() {
    on_both(|home| async move {
        let db = &home.db;
        let (batch, _) = sample::batch(db, "一").await;
        for started in [false, true] {
            let id = format!("prv_{started}");
            let dry_run = preview(db, &batch, &id).await;
            let (counted, looked) = (run(db, &batch).await, run(db, &batch).await);
            let export = export(db, &batch).await;
            let source = source(db, &batch).await;
            let all = [
                dry_run,
                Work::RunFilter {
                    run: counted.clone(),
                },
                Work::Preflight {
                    campaign: "cmp_1".into(),
                    run: Some(looked.clone()),
                },
                Work::ExportLeads {
                    export: export.clone(),
                },
                Work::PullSource {
                    source: source.clone(),
                },
            ];
            for work in all {
                let lane = work.queue();
                let job = queue(db, work).await;
                if started {
                    take(db, lane, "w", 9, NOW).await.unwrap().unwrap();
                }
                let mut tx = db.begin().await.unwrap();
                assert!(jobs::cancel(&mut tx, &job, NOW).await.unwrap());
                tx.commit().await.unwrap();
            }
            let cancelled = Some("CANCELLED");
            let found = previews::get(db, &id).await.unwrap().unwrap();
            assert_eq!(
                (found.state.as_str(), found.error_code.as_deref()),
                ("failed", cancelled)
            );
            for run in [counted, looked] {
                let found = filter_runs::get(db, &run).await.unwrap().unwrap();
                assert_eq!(
                    (found.state.as_str(), found.error_code.as_deref()),
                    ("failed", cancelled)
                );
            }
            let found = exports::get(db, &export).await.unwrap().unwrap();
            assert_eq!(
                (found.state.as_str(), found.error_code.as_deref()),
                ("failed", cancelled)
            );
            let found = sources::get(db, &source).await.unwrap().unwrap();
            assert_eq!(
                (found.last_state.as_deref(), found.last_code.as_deref()),
                (Some("failed"), cancelled)
            );
        }
    })
    .await;
}

#[tokio::test]
async fn a_filter_run_fails_with_the_start_that_waited_for_it_unless_it_was_over() {
    on_both(|home| async move {
        let db = &home.db;
        let (campaign, _) = sample_floor::campaign(db, 0).await;
        let campaign = campaigns::find(db, &campaign).await.unwrap().unwrap();
        for (is_over, state) in [(false, "failed"), (true, "succeeded")] {
            let new = tasks::NewTask {
                kind: "start",
                title: "t",
                extract: None,
                by: "u",
            };
            let mut tx = db.begin().await.unwrap();
            let task = tasks::create(&mut tx, &campaign, new, NOW)
                .await
                .unwrap()
                .unwrap();
            tx.commit().await.unwrap();
            let run = tasks::get(db, &task)
                .await
                .unwrap()
                .unwrap()
                .filter_run_id
                .unwrap();
            let mut tx = db.begin().await.unwrap();
            if is_over {
                filter_runs::succeed(&mut tx, &run, 0, NOW).await.unwrap();
            }
            let work = Work::AllocateTask { task };
            fail(&mut tx, &work, "CANCELLED", "", NOW).await.unwrap();
            tx.commit().await.unwrap();
            let run = filter_runs::get(db, &run).await.unwrap().unwrap();
            assert_eq!(run.state, state);
        }
    })
    .await;
}

#[tokio::test]
async fn what_a_failed_job_worked_on_waits_again_with_it() {
    on_both(|home| async move {
        let db = &home.db;
        let (batch, _) = sample::batch(db, "一").await;
        let job = queue(db, preview(db, &batch, "prv_1").await).await;
        let export = export(db, &batch).await;
        let work = Work::ExportLeads {
            export: export.clone(),
        };
        let exporting = queue(db, work).await;
        for _ in 0..2 {
            let taken = take(db, super::super::queue::SHEET, "w", 9, NOW).await;
            let taken = taken.unwrap().unwrap();
            let mut tx = db.begin().await.unwrap();
            let failed = jobs::fail(&mut tx, &taken.job, taken.fence, "IO", "disk", NOW).await;
            assert!(failed.unwrap());
            fail(&mut tx, &taken.work, "IO", "disk", NOW).await.unwrap();
            tx.commit().await.unwrap();
        }
        for job in [&job, &exporting] {
            let mut tx = db.begin().await.unwrap();
            assert!(jobs::retry(&mut tx, job, NOW).await.unwrap());
            tx.commit().await.unwrap();
        }
        let found = previews::get(db, "prv_1").await.unwrap().unwrap();
        assert_eq!((found.state.as_str(), found.error_code), ("queued", None));
        let found = exports::get(db, &export).await.unwrap().unwrap();
        assert_eq!((found.state.as_str(), found.error_code), ("queued", None));
    })
    .await;
}
