use std::time::Instant;

use store::{
    imports,
    jobs::Job,
    testing::{Home, on_both},
    work::By,
};

use super::*;
use crate::{clock, testing};

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
    let limit = Duration::from_secs(180);
    let found = within(limit, db, job, seen).await;
    found.unwrap_or_else(|row| panic!("still {row:?}"))
}

/// The job as it was wanted, or as it still was at the end.
async fn within(
    limit: Duration,
    db: &Db,
    job: &str,
    seen: impl Fn(&Job) -> bool,
) -> Result<Job, Job> {
    let deadline = Instant::now() + limit;
    loop {
        let row = jobs::get(db, job).await.unwrap().unwrap();
        if seen(&row) {
            return Ok(row);
        }
        if Instant::now() > deadline {
            return Err(row);
        }
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
        let jobs = jobs::list(&db, "o", which(&batch), None, 10).await.unwrap();
        let sheet = jobs.iter().find(|job| job.kind == "rejects_sheet").unwrap();
        until(&db, &sheet.id, |job| job.state == "succeeded").await;
        assert!(store::files::rejects(&house.data_dir, &import.id).exists());
        worker.end().await;
        let mut tx = db.begin().await.unwrap();
        let swept = work::sweep(&mut tx, house.now().plus(60_000))
            .await
            .unwrap();
        // The import's, and one or both of those that its sheet and the snapshot left in their lane.
        assert!((2..=3).contains(&swept), "{swept}");
    })
    .await;
}

fn which(batch: &str) -> jobs::Which<'_> {
    jobs::Which {
        batch,
        ..jobs::Which::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_that_may_pass_is_tried_again_later() {
    on_both(|home| async move {
        let (house, _guard) = testing::house(home);
        let campaign = "cmp_gone".to_owned();
        let job = testing::enqueue(&house, Work::CampaignReport { campaign }).await;
        let taken = testing::take(&house, &job).await.unwrap();
        let error = JobError::Panicked("boom".into());
        let before = house.now();
        house
            .retry(&taken, &testing::ticket(&taken), &error)
            .await
            .unwrap();
        let row = jobs::get(&house.db, &job).await.unwrap().unwrap();
        assert_eq!((row.state.as_str(), row.attempts), ("queued", 1));
        assert!(row.run_after >= before.0 + 5_000, "5 s after the first");
        assert_eq!(row.error_code.as_deref(), Some("PANICKED"));
        // A campaign that is gone is nobody's passing trouble.
        testing::start(&house, &job).await.unwrap();
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
        let work = Work::CampaignReport {
            campaign: "c".into(),
        };
        let by = By {
            orgi: "o",
            user: "u",
            batch: None,
        };
        let job = work::enqueue(&mut tx, work, by, clock::now())
            .await
            .unwrap();
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

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_shuts_down_leaves_its_job_to_the_next() {
    on_both(|home| async move {
        let worker = Worker::start(&home);
        let db = home.db.clone();
        let (house, guard) = testing::house(home);
        let batch = testing::batch(&house, &["号码"]).await;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("data.csv");
        let rows: Vec<String> = (0..200_000)
            .map(|n| format!("{}", 13_800_000_000_u64 + n))
            .collect();
        std::fs::write(&path, format!("号码\n{}\n", rows.join("\n"))).unwrap();
        let (import, job) = testing::upload(&house, &batch, &path, "skip_in_batch").await;
        until(&db, &job, |job| job.done >= 1_000).await;
        worker.end().await;
        let left = jobs::get(&db, &job).await.unwrap().unwrap();
        assert_eq!((left.state.as_str(), left.attempts), ("queued", 0));
        let worker = Worker::start(guard.home());
        let done = until(&db, &job, |job| job.finished_at.is_some()).await;
        assert_eq!((done.state.as_str(), done.attempts), ("succeeded", 1));
        worker.end().await;
        let import = imports::get(&db, &import).await.unwrap().unwrap();
        assert_eq!((import.good, import.duplicate), (200_000, 0));
    })
    .await;
}

/// The queue library stops looking after what it does in the database as soon as it is asked to end and has
/// a job in hand; a write that it had begun would then stand in that job's way.
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_ends_whatever_it_is_about_to_do() {
    const TIMES: u64 = 60;
    on_both(|home| async move {
        let (house, guard) = testing::house(home);
        for nth in 0..TIMES {
            testing::enqueue(&house, Work::SweepFiles).await;
            let worker = Worker::start(guard.home());
            // Not to be seen from outside: the moments between its first looks.
            tokio::time::sleep(Duration::from_millis(nth % 20 * 2)).await;
            let ended = tokio::time::timeout(Duration::from_secs(20), worker.end()).await;
            ended.unwrap_or_else(|_| panic!("the worker hangs, {nth}"));
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_import_stops_and_says_so() {
    on_both(|home| async move {
        let (house, _guard) = testing::house(home);
        let batch = testing::batch(&house, &["号码"]).await;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("data.csv");
        std::fs::write(&path, "号码\n13800138000\n").unwrap();
        let (import, job) = testing::upload(&house, &batch, &path, "skip_in_batch").await;
        let mut tx = house.db.begin().await.unwrap();
        assert!(jobs::cancel(&mut tx, &job, house.now()).await.unwrap());
        tx.commit().await.unwrap();
        testing::start(&house, &job).await.unwrap();
        let import = imports::get(&house.db, &import).await.unwrap().unwrap();
        assert_eq!((import.state.as_str(), import.good), ("failed", 0));
        assert_eq!(import.error_code.as_deref(), Some("CANCELLED"));
    })
    .await;
}

/// A sheet with so many good rows, in the batch.
async fn many(house: &House, batch: &str, rows: u64) -> (String, String) {
    many_with(house, batch, rows, "skip_in_batch").await
}

async fn many_with(house: &House, batch: &str, rows: u64, policy: &str) -> (String, String) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("data.csv");
    let rows: Vec<String> = (0..rows)
        .map(|n| format!("{}", 13_800_000_000_u64 + n))
        .collect();
    std::fs::write(&path, format!("号码\n{}\n", rows.join("\n"))).unwrap();
    testing::upload(house, batch, &path, policy).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_import_stops_at_a_chunk_and_goes_on_behind_it() {
    on_both(|home| async move {
        let worker = Worker::start(&home);
        let (house, _guard) = testing::house(home);
        let db = &house.db;
        let batch = testing::batch(&house, &["号码"]).await;
        let (import, job) = many(&house, &batch, 200_000).await;
        until(db, &job, |job| job.done >= 1_000).await;
        let mut tx = db.begin().await.unwrap();
        assert!(jobs::pause(&mut tx, &job, house.now()).await.unwrap());
        tx.commit().await.unwrap();
        // The lane is free for others as soon as the paused job has stopped.
        let (other, others) = {
            let batch = testing::batch(&house, &["号码"]).await;
            many(&house, &batch, 10).await
        };
        until(db, &others, |job| job.state == "succeeded").await;
        let paused = jobs::get(db, &job).await.unwrap().unwrap();
        assert_eq!((paused.state.as_str(), paused.attempts), ("paused", 0));
        let so_far = imports::get(db, &import).await.unwrap().unwrap();
        assert!((1_000..200_000).contains(&so_far.good), "{}", so_far.good);
        assert_eq!(so_far.good, paused.done, "whole chunks only");
        let mut tx = db.begin().await.unwrap();
        assert!(jobs::resume(&mut tx, &job, house.now()).await.unwrap());
        tx.commit().await.unwrap();
        let done = until(db, &job, |job| job.finished_at.is_some()).await;
        assert_eq!((done.state.as_str(), done.attempts), ("succeeded", 1));
        let import = imports::get(db, &import).await.unwrap().unwrap();
        assert_eq!((import.good, import.duplicate), (200_000, 0));
        let other = imports::get(db, &other).await.unwrap().unwrap();
        assert_eq!(other.good, 10);
        worker.end().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_import_is_done_again_when_it_is_asked_for() {
    on_both(|home| async move {
        let (house, _guard) = testing::house(home);
        let db = &house.db;
        let batch = testing::batch(&house, &["号码"]).await;
        let (import, job) = many(&house, &batch, 10).await;
        let path = house
            .data_dir
            .join(imports::get(db, &import).await.unwrap().unwrap().file_path);
        let sheet = std::fs::read(&path).unwrap();
        std::fs::write(&path, "no header\n").unwrap();
        testing::start(&house, &job).await.unwrap();
        let failed = jobs::get(db, &job).await.unwrap().unwrap();
        assert_eq!(failed.error_code.as_deref(), Some("PHONE_COLUMN_MISSING"));
        std::fs::write(&path, sheet).unwrap();
        let mut tx = db.begin().await.unwrap();
        assert!(jobs::retry(&mut tx, &job, house.now()).await.unwrap());
        tx.commit().await.unwrap();
        testing::start(&house, &job).await.unwrap();
        let done = jobs::get(db, &job).await.unwrap().unwrap();
        assert_eq!((done.state.as_str(), done.error_code), ("succeeded", None));
        let import = imports::get(db, &import).await.unwrap().unwrap();
        assert_eq!((import.state.as_str(), import.good), ("succeeded", 10));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_workers_do_no_job_twice() {
    const JOBS: usize = 12;
    on_both(|home| async move {
        let mut workers = [process(&home), process(&home)];
        let (house, _guard) = testing::house(home);
        let db = &house.db;
        let mut jobs = Vec::new();
        for _ in 0..JOBS {
            let batch = testing::batch(&house, &["号码"]).await;
            jobs.push(many(&house, &batch, 3_000).await);
        }
        for (import, job) in &jobs {
            let done = until(db, job, |job| job.finished_at.is_some()).await;
            assert_eq!((done.state.as_str(), done.attempts), ("succeeded", 1));
            let import = imports::get(db, import).await.unwrap().unwrap();
            assert_eq!((import.good, import.duplicate), (3_000, 0));
        }
        for worker in &mut workers {
            worker.kill();
        }
    })
    .await;
}

/// What [`a_killed_worker_leaves_nothing_undone`] starts as a process of its own.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a part of another test"]
async fn child() {
    let place = std::env::var("PACELINE_TEST_PLACE").expect("started by the test");
    let data_dir = std::env::var("PACELINE_TEST_DATA").expect("started by the test");
    let db = Db::open(&place).await.unwrap();
    run_worker(db, data_dir.into(), std::future::pending())
        .await
        .unwrap();
}

/// A worker's process, which ends with its test.
struct Process(std::process::Child);

impl Process {
    fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    fn signal(&self, name: &str) {
        let signal = format!("-{name}");
        let id = self.0.id().to_string();
        let sent = std::process::Command::new("kill")
            .args([signal, id])
            .status();
        assert!(sent.unwrap().success());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have been killed before.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn process(home: &Home) -> Process {
    let child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "worker::tests::child", "--ignored"])
        .env("PACELINE_TEST_PLACE", &home.place)
        .env("PACELINE_TEST_DATA", &home.data_dir)
        .stdout(std::process::Stdio::null())
        .spawn();
    Process(child.unwrap())
}

/// A worker that sleeps for longer than its lease, in the middle of a write, and wakes up beside the one
/// that has its job now. On PostgreSQL alone: with SQLite nobody else could write meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_wakes_up_late_does_no_chunk_twice() {
    const ROWS: u64 = 120_000;
    let home = store::testing::postgres().await;
    let first = process(&home);
    let (house, guard) = testing::house(home);
    let db = &house.db;
    let batch = testing::batch(&house, &["号码"]).await;
    // Whatever is done twice would be there twice.
    let (import, job) = many_with(&house, &batch, ROWS, "keep_all").await;
    until(db, &job, |job| job.done >= 2_000).await;
    first.signal("STOP");
    let asleep = until(db, &job, |_| true).await;
    assert_eq!(asleep.state, "running", "over too soon: {asleep:?}");
    let second = process(guard.home());
    let taken = async || within(Duration::from_secs(25), db, &job, |job| job.attempts == 2).await;
    let mut is_taken = taken().await.is_ok();
    // Asleep between its word on the job and the end of the write, it keeps everybody from the job.
    for _ in 0..8 {
        if is_taken {
            break;
        }
        let before = until(db, &job, |_| true).await.done;
        first.signal("CONT");
        until(db, &job, |job| job.done > before).await;
        first.signal("STOP");
        is_taken = taken().await.is_ok();
    }
    assert!(is_taken, "another worker takes the job");
    first.signal("CONT");
    let done = until(db, &job, |job| job.finished_at.is_some()).await;
    assert_eq!((done.state.as_str(), done.attempts), ("succeeded", 2));
    for mut worker in [first, second] {
        assert!(worker.0.try_wait().unwrap().is_none(), "a worker died");
    }
    let import = imports::get(db, &import).await.unwrap().unwrap();
    assert_eq!((import.good as u64, import.invalid), (ROWS, 0));
    let leads = store::leads::page(db, &batch, -1, 1_000_000).await.unwrap();
    let numbers: std::collections::BTreeSet<&str> =
        leads.iter().map(|lead| lead.phone.as_str()).collect();
    assert_eq!((leads.len() as u64, numbers.len() as u64), (ROWS, ROWS));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_worker_leaves_nothing_undone() {
    const ROWS: u64 = 60_000;
    on_both(|home| async move {
        let mut first = process(&home);
        let spare = home.db.clone();
        let (place, data_dir) = (home.place.clone(), home.data_dir.clone());
        let (house, guard) = testing::house(home);
        let batch = testing::batch(&house, &["姓名", "号码"]).await;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("data.csv");
        let mut text = String::from("姓名,号码\n");
        for n in 0..ROWS {
            text.push_str(&format!("n{n},{}\n", 13_800_000_000 + n));
        }
        std::fs::write(&path, text).unwrap();
        let (import, job) = testing::upload(&house, &batch, &path, "skip_in_batch").await;
        until(&spare, &job, |job| job.done >= 2_000).await;
        first.kill();
        let left = jobs::get(&spare, &job).await.unwrap().unwrap();
        assert_eq!(left.state, "running", "killed in the middle");

        let killed = Instant::now();
        let mut second = process(guard.home());
        until(&spare, &job, |job| job.attempts == 2).await;
        println!("{place}: taken over after {:?}", killed.elapsed());
        let done = until(&spare, &job, |job| job.finished_at.is_some()).await;
        second.kill();
        assert_eq!((done.state.as_str(), done.attempts), ("succeeded", 2));
        let import = imports::get(&spare, &import).await.unwrap().unwrap();
        assert_eq!(u64::try_from(import.good).unwrap(), ROWS);
        assert_eq!((import.duplicate, import.invalid), (0, 0));
        let count = store::leads::count(&spare, &batch).await.unwrap();
        assert_eq!(u64::try_from(count).unwrap(), ROWS);
        assert!(data_dir.exists());
    })
    .await;
}
