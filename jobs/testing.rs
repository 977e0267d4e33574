//! A house for the tests of jobs: both databases, a batch with a template, uploads.

use std::path::{Path, PathBuf};

use engine::{
    campaign::{Mode, Settings},
    draw::{Share, Target},
    field::Field,
    filter::Condition,
};
use store::{
    Db, batches, campaigns, fields, files, filters,
    imports::{self, Import, NewImport},
    jobs::Taken,
    targets, tasks,
    testing::Home,
    work::{self, By, Work},
};
use tokio::sync::watch;

use crate::{JobError, house::House, house::Ticket};

/// Keeps the databases and the wish not to stop.
pub struct Guard {
    pub stop: watch::Sender<bool>,
    home: Home,
}

impl Guard {
    pub fn home(&self) -> &Home {
        &self.home
    }
}

pub fn house(home: Home) -> (House, Guard) {
    let (stop, stopped) = watch::channel(false);
    let house = House::new(home.db.clone(), home.data_dir.clone(), stopped);
    (house, Guard { stop, home })
}

/// A batch with these titles; the field 号码 is the phone.
pub async fn batch(house: &House, titles: &[&str]) -> String {
    let now = house.now();
    let mut tx = house.db.begin().await.unwrap();
    let new = batches::NewBatch {
        orgi: "o",
        creater: "u",
        name: &store::new_id("批次"),
        batch_type: "temporary",
        description: "",
    };
    let batch = batches::create(&mut tx, &new, now).await.unwrap();
    let titles: Vec<String> = titles.iter().map(|title| (*title).to_owned()).collect();
    fields::add_titles(&mut tx, &batch, &titles, now)
        .await
        .unwrap();
    for field in fields::list_in(&mut tx, &batch).await.unwrap() {
        if field.title == "号码" {
            let field = Field {
                is_phone: true,
                ..field
            };
            fields::update(&mut tx, &batch, &field, now).await.unwrap();
        }
    }
    batches::save_template(&mut tx, &batch, now).await.unwrap();
    tx.commit().await.unwrap();
    batch
}

/// Puts a file into the batch and queues its import: import and job.
pub async fn upload(house: &House, batch: &str, file: &Path, policy: &str) -> (String, String) {
    let options = imports::Options {
        dup_policy: policy.parse().unwrap(),
        ..imports::Options::default()
    };
    upload_with(house, batch, file, &options).await
}

/// The same with other options.
pub async fn upload_with(
    house: &House,
    batch: &str,
    file: &Path,
    options: &imports::Options,
) -> (String, String) {
    let id = imports::new_import_id();
    let name = file.file_name().unwrap().to_str().unwrap();
    let path = files::upload(&id, name);
    let kept = house.data_dir.join(&path);
    std::fs::create_dir_all(kept.parent().unwrap()).unwrap();
    std::fs::copy(file, &kept).unwrap();
    let mut tx = house.db.begin().await.unwrap();
    let new = NewImport {
        id: &id,
        orgi: "o",
        batch_id: batch,
        creater: "u",
        title: "导入",
        file_name: name,
        file_path: &path,
        sha256: "",
        bytes: 0,
        options,
    };
    imports::create(&mut tx, &new, house.now()).await.unwrap();
    let work = Work::ImportBatch { import: id.clone() };
    let job = work::enqueue(&mut tx, work, by(batch), house.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    (id, job)
}

pub fn by(batch: &str) -> By<'_> {
    By {
        orgi: "o",
        user: "u",
        batch: Some(batch),
    }
}

pub async fn enqueue(house: &House, work: Work) -> String {
    let mut tx = house.db.begin().await.unwrap();
    let by = By {
        orgi: "o",
        user: "u",
        batch: None,
    };
    let job = work::enqueue(&mut tx, work, by, house.now()).await.unwrap();
    tx.commit().await.unwrap();
    job
}

/// Starts this very job, as a worker does when it has its turn; also one that runs already.
pub async fn take(house: &House, job: &str) -> Option<Taken> {
    let lane = store::testing::hurry(&house.db, job).await;
    let taken = store::jobs::take(&house.db, &lane, "test", i64::MAX, house.now()).await;
    // Once it is over, the lane's turn is another's.
    taken.unwrap().filter(|taken| taken.job == job)
}

/// The ticket of a job that was taken.
pub fn ticket(taken: &Taken) -> Ticket {
    Ticket {
        job: taken.job.clone(),
        fence: taken.fence,
    }
}

/// Starts a job, does it and records its end, without the queue. Nothing when it is over.
pub async fn start(house: &House, job: &str) -> Result<(), JobError> {
    match take(house, job).await {
        Some(taken) => house.carry_out(taken).await,
        None => Ok(()),
    }
}

/// Starts a job and does it here, without the queue; its failure is the caller's to see.
pub async fn perform(house: &House, job: &str, work: &Work) -> Result<(), JobError> {
    let taken = take(house, job).await.expect("the job may be taken");
    house.perform(&ticket(&taken), work).await
}

/// Queues and does a piece of work.
pub async fn run(house: &House, work: Work) -> Result<(), JobError> {
    let job = enqueue(house, work.clone()).await;
    perform(house, &job, &work).await
}

/// Uploads and imports a file.
pub async fn import(house: &House, batch: &str, file: &Path) -> Import {
    let (id, job) = upload(house, batch, file, "skip_in_batch").await;
    perform(house, &job, &Work::ImportBatch { import: id.clone() })
        .await
        .unwrap();
    imports::get(&house.db, &id).await.unwrap().unwrap()
}

/// The batch of OUT-032: 999 rows, the seventh with intention.
pub async fn sample(house: &House) -> String {
    let batch = batch(house, &["姓名", "号码", "客户意向"]).await;
    let mut lines = String::from("姓名,号码,客户意向\n");
    for n in 1..=999_u64 {
        let wish = if n == 7 { "有意向" } else { "" };
        lines.push_str(&format!("{n},{},{wish}\n", 18_618_616_000 + n));
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("sample.csv");
    std::fs::write(&path, lines).unwrap();
    let import = import(house, &batch, &path).await;
    assert_eq!(import.good, 999);
    batch
}

pub async fn code_of(db: &Db, batch: &str, title: &str) -> String {
    let fields = fields::list(db, batch).await.unwrap();
    fields
        .into_iter()
        .find(|field| field.title == title)
        .unwrap()
        .code
}

pub async fn filter(house: &House, batch: &str, conditions: &[Condition]) -> String {
    let mut tx = house.db.begin().await.unwrap();
    let new = filters::NewFilter {
        orgi: "o",
        creater: "u",
        name: &store::new_id("筛选"),
        over: filters::Over::Batch(batch),
        description: "",
        form: &conditions.to_vec().into(),
        zone: filters::ZONE,
    };
    let id = filters::create(&mut tx, &new, house.now()).await.unwrap();
    tx.commit().await.unwrap();
    id
}

pub struct Plan<'a> {
    pub mode: Mode,
    pub extract: i64,
    pub share: Share,
    pub targets: &'a [Target],
}

pub async fn campaign(house: &House, filter: &str, plan: &Plan<'_>) -> String {
    let now = house.now();
    let mut tx = house.db.begin().await.unwrap();
    let draft = campaigns::Draft {
        name: &store::new_id("活动"),
        campaign_type: plan.mode,
        filter_id: filter,
        business_type: "followup",
        business_status: "",
        extract_count: plan.extract,
        default_alloc: 0,
        alloc_mode: plan.share,
        description: "",
        settings: &Settings::default(),
        own_settings: &std::collections::BTreeSet::new(),
    };
    let id = campaigns::create(&mut tx, "o", "u", &draft, now)
        .await
        .unwrap();
    targets::replace(&mut tx, &id, plan.targets, now)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    id
}

/// Starts a campaign: its task, not yet allocated.
pub async fn task(house: &House, campaign: &str) -> String {
    let campaign = campaigns::find(&house.db, campaign).await.unwrap().unwrap();
    let mut tx = house.db.begin().await.unwrap();
    let new = tasks::NewTask {
        kind: "start",
        title: "任务",
        extract: None,
        by: "u",
    };
    let task = tasks::create(&mut tx, &campaign, new, house.now())
        .await
        .unwrap()
        .unwrap();
    tx.commit().await.unwrap();
    task
}

/// Where a file of `fixtures` is. Cargo says so when it runs a test: what was built in
/// another checkout, and is used here because both share a target directory, remembers that one.
pub fn fixture(name: &str) -> PathBuf {
    let here = std::env::var_os("CARGO_MANIFEST_DIR");
    let here = here.unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    Path::new(&here).join("fixtures").join(name)
}
