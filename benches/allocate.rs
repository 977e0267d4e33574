//! A start of a campaign gives 100,000 leads to ten queues: the whole job (filter, draw, divide,
//! write) on SQLite, in call order and by a field.
//!
//! `cargo bench -p jobs --bench allocate [leads]`.

use std::time::{Duration, Instant};

use engine::{
    campaign::{Mode, Settings},
    draw::{Division, ListOrder, Share, Target, TargetType},
    field::Field,
    import_row::NewLead,
    time::Millis,
};
use jobs::{House, Ticket};
use store::{
    Db, batches, campaigns, fields, filters,
    imports::{self, NewImport},
    leads::{self, NewRow, Origin},
    targets, tasks,
    work::{self, By, Work},
};

const LEADS: i64 = 100_000;
const CHUNK: usize = 4_000;

#[tokio::main]
async fn main() {
    let asked = std::env::args().find_map(|text| text.parse().ok());
    let count = asked.unwrap_or(LEADS);
    println!("| allocate to 10 queues evenly | leads | time |");
    println!("|---|---|---|");
    let by_field = ListOrder::Field {
        field: "f1".into(),
        descending: true,
    };
    for order in [ListOrder::Creation, by_field] {
        let name = if order.field().is_some() {
            "by a field"
        } else {
            "in order of creation"
        };
        let took = allocate(count, order).await;
        println!("| {name} | {count} | {:.2} s |", took.as_secs_f64());
    }
}

async fn allocate(count: i64, list_order: ListOrder) -> Duration {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let place = dir.path().join("db").display().to_string();
    let db = Db::open(&place).await.expect("the database");
    let (batch, all) = batch(&db).await;
    fill(&db, &batch, &all, count).await;
    let (_stop, stopped) = tokio::sync::watch::channel(false);
    let house = House::new(db.clone(), dir.path().to_path_buf(), stopped);
    let (task, job) = start(&db, &batch, count, list_order).await;

    let began = Instant::now();
    let taken = store::jobs::take(&db, work::queue::ALLOCATE, "bench", 1, house.now())
        .await
        .expect("the database")
        .expect("the job");
    assert_eq!(taken.job, job);
    let ticket = Ticket {
        job: taken.job,
        fence: taken.fence,
    };
    house
        .perform(&ticket, &taken.work)
        .await
        .expect("it is allocated");
    let took = began.elapsed();

    let task = tasks::get(&db, &task)
        .await
        .expect("the database")
        .expect("the task");
    assert_eq!((task.state.as_str(), task.to_queue), ("ready", count));
    took
}

async fn batch(db: &Db) -> (String, Vec<Field>) {
    let mut tx = db.begin().await.expect("a write");
    let new = batches::NewBatch {
        orgi: "o",
        creater: "u",
        name: "bench",
        batch_type: "temporary",
        description: "",
    };
    let id = batches::create(&mut tx, &new, Millis(0))
        .await
        .expect("a batch");
    let titles = ["余额".to_owned(), "号码".to_owned()];
    fields::add_titles(&mut tx, &id, &titles, Millis(0))
        .await
        .expect("fields");
    let phone = fields::list_in(&mut tx, &id)
        .await
        .expect("fields")
        .remove(1);
    let phone = Field {
        is_phone: true,
        ..phone
    };
    fields::update(&mut tx, &id, &phone, Millis(0))
        .await
        .expect("a phone field");
    batches::save_template(&mut tx, &id, Millis(0))
        .await
        .expect("a template");
    tx.commit().await.expect("written");
    let all = fields::list(db, &id).await.expect("fields");
    (id, all)
}

async fn fill(db: &Db, batch: &str, all: &[Field], count: i64) {
    let import = imports::new_import_id();
    let mut tx = db.begin().await.expect("a write");
    let new = NewImport {
        id: &import,
        orgi: "o",
        batch_id: batch,
        creater: "u",
        title: "bench",
        file_name: "",
        file_path: "",
        sha256: "",
        bytes: 0,
        options: &imports::Options::default(),
    };
    imports::create(&mut tx, &new, Millis(0))
        .await
        .expect("an import");
    tx.commit().await.expect("written");
    let stored = imports::get(db, &import)
        .await
        .expect("the database")
        .expect("the import");
    let origin = Origin {
        orgi: "o",
        creater: "u",
        batch_id: batch,
        import_id: &import,
        ordinal: stored.ordinal,
    };
    let rows: Vec<NewRow> = (1..=count)
        .map(|row_no| {
            let phone = (13_000_000_000 + row_no).to_string();
            let balance = (row_no * 7_919 % 100_003).to_string();
            let lead = NewLead {
                phones: vec![phone.clone()],
                phone_raw: phone.clone(),
                key_value: phone.clone(),
                data: [
                    (all[0].code.clone(), balance),
                    (all[1].code.clone(), phone.clone()),
                ]
                .into(),
                phone,
            };
            NewRow {
                row_no,
                lead,
                dnc: false,
            }
        })
        .collect();
    for chunk in rows.chunks(CHUNK) {
        let mut tx = db.begin().await.expect("a write");
        leads::add(&mut tx, &origin, chunk.to_vec(), Millis(0))
            .await
            .expect("leads");
        tx.commit().await.expect("written");
    }
    let mut tx = db.begin().await.expect("a write");
    imports::succeed(&mut tx, &import, &[], Millis(0))
        .await
        .expect("the import");
    batches::touch(&mut tx, batch, Millis(0))
        .await
        .expect("the batch");
    tx.commit().await.expect("written");
}

async fn start(db: &Db, batch: &str, count: i64, list_order: ListOrder) -> (String, String) {
    let mut tx = db.begin().await.expect("a write");
    let new = filters::NewFilter {
        orgi: "o",
        creater: "u",
        name: "all",
        over: filters::Over::Batch(batch),
        description: "",
        form: &Default::default(),
        zone: filters::ZONE,
    };
    let filter = filters::create(&mut tx, &new, Millis(0))
        .await
        .expect("a filter");
    let settings = Settings {
        list_order,
        division: Division::Even,
        ..Settings::default()
    };
    let draft = campaigns::Draft {
        name: "bench",
        campaign_type: Mode::Predictive,
        filter_id: &filter,
        business_type: "followup",
        business_status: "",
        extract_count: count,
        default_alloc: 0,
        alloc_mode: Share::All,
        description: "",
        settings: &settings,
        own_settings: &std::collections::BTreeSet::new(),
    };
    let campaign = campaigns::create(&mut tx, "o", "u", &draft, Millis(0))
        .await
        .expect("a campaign");
    let ten: Vec<Target> = (0..10)
        .map(|n| Target::new(TargetType::Queue, format!("que_{n}"), 0))
        .collect();
    targets::replace(&mut tx, &campaign, &ten, Millis(0))
        .await
        .expect("targets");
    tx.commit().await.expect("written");
    let campaign = campaigns::find(db, &campaign)
        .await
        .expect("the database")
        .expect("it");
    let new = tasks::NewTask {
        kind: "start",
        title: "bench",
        extract: None,
        by: "u",
    };
    let mut tx = db.begin().await.expect("a write");
    let task = tasks::create(&mut tx, &campaign, new, Millis(0))
        .await
        .expect("a task");
    let task = task.expect("the campaign is there");
    let work = Work::AllocateTask { task: task.clone() };
    let by = By {
        orgi: "o",
        user: "u",
        batch: None,
    };
    let job = work::enqueue(&mut tx, work, by, Millis(0))
        .await
        .expect("a job");
    tx.commit().await.expect("written");
    (task, job)
}
