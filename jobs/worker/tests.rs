use std::time::Instant;

use store::{
    jobs::Job,
    testing::{Home, on_both},
    work::By,
};

use super::*;
use crate::testing;

/// Runs a real worker over the home until the test has seen what it waits for.
struct Worker {
    stop: watch::Sender<bool>,
    task: tokio::task::JoinHandle<Result<(), JobError>>,
}

impl Worker {
    fn start(home: &Home) -> Self {
        let (stop, mut stopped) = watch::channel(false);
        let until = async move {
            let _ = stopped.wait_for(|stop| *stop).await;
        };
        let task = tokio::spawn(run_worker(home.db.clone(), home.data_dir.clone(), until));
        Self { stop, task }
    }

    async fn end(self) {
        self.stop.send(true).unwrap();
        self.task.await.unwrap().unwrap();
    }
}

async fn until(db: &Db, job: &str, seen: impl Fn(&Job) -> bool) -> Job {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let row = jobs::get(db, job).await.unwrap().unwrap();
        if seen(&row) {
            return row;
        }
        assert!(Instant::now() < deadline, "still {row:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queued_job_is_done_once_and_its_entry_is_gone() {
    on_both(|home| async move {
        let worker = Worker::start(&home);
        let db = home.db.clone();
        let (house, _guard) = testing::house(home);
        let batch = testing::batch(&house, &["号码"]).await;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("data.csv");
        std::fs::write(&path, "号码\n13800138000\nx\n").unwrap();
        let (import, job) = testing::upload(&house, &batch, &path, "skip_in_batch").await;
        let done = until(&db, &job, |job| job.finished_at.is_some()).await;
        assert_eq!((done.state.as_str(), done.attempts), ("succeeded", 1));
        let import = imports::get(&db, &import).await.unwrap().unwrap();
        assert_eq!((import.good, import.invalid), (1, 1));
        // The import asks for its rejects' sheet by itself.
        let jobs = jobs::list(&db, "o", Some(&batch), None, 10).await.unwrap();
        let sheet = jobs.iter().find(|job| job.kind == "rejects_sheet").unwrap();
        until(&db, &sheet.id, |job| job.state == "succeeded").await;
        assert!(store::files::rejects(&house.data_dir, &import.id).exists());
        worker.end().await;
        let mut tx = db.begin().await.unwrap();
        let swept = work::sweep(&mut tx, house.now().plus(60_000)).await.unwrap();
        assert_eq!(swept, 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_that_may_pass_is_tried_again_later() {
    on_both(|home| async move {
        let (house, _guard) = testing::house(home);
        let campaign = "cmp_gone".to_owned();
        let work = Work::CampaignReport { campaign };
        let job = testing::enqueue(&house, work.clone()).await;
        let fence = jobs::claim(&house.db, &job, 1, house.now()).await.unwrap().unwrap();
        let ticket = Ticket { job: job.clone(), fence };
        let entry = Entry { job: job.clone(), run: 1, work };
        let error = JobError::Panicked("boom".into());
        house.retry(entry.clone(), &ticket, &error).await.unwrap();
        let row = jobs::get(&house.db, &job).await.unwrap().unwrap();
        assert_eq!((row.state.as_str(), row.run, row.attempts), ("queued", 2, 1));
        assert_eq!(row.error_code.as_deref(), Some("PANICKED"));
        // A campaign that is gone is nobody's passing trouble.
        house.start(Entry { run: 2, ..entry }).await.unwrap();
        let row = jobs::get(&house.db, &job).await.unwrap().unwrap();
        assert_eq!((row.state.as_str(), row.attempts), ("failed", 2));
        assert_eq!(row.error_code.as_deref(), Some("NO_SUCH_CAMPAIGN"));
    })
    .await;
}

#[tokio::test]
async fn a_job_and_what_it_works_on_are_one_write() {
    on_both(|home| async move {
        let db = home.db.clone();
        let mut tx = db.begin().await.unwrap();
        let work = Work::CampaignReport { campaign: "c".into() };
        let by = By { orgi: "o", user: "u", batch: None };
        let job = work::enqueue(&mut tx, work, by, clock::now()).await.unwrap();
        tx.rollback().await.unwrap();
        assert_eq!(jobs::get(&db, &job).await.unwrap(), None);
        let worker = Worker::start(&home);
        worker.end().await;
    })
    .await;
}

#[test]
fn delays_grow() {
    let delays: Vec<u64> = (1..=3).map(|start| retry_delay(start).as_secs()).collect();
    assert_eq!(delays, [5, 20, 80]);
}
