//! Rows of ten columns from .xlsx into the database: the whole import (unpack, parse, check,
//! normalise, find duplicates, write), to SQLite and to PostgreSQL, against calamine alone reading
//! the same file, and against what one would write in Python: openpyxl read-only with executemany,
//! and pandas with to_sql, into the same table of the same SQLite schema.
//!
//! `cargo bench -p jobs --bench import [rows...]`, 100,000 and 1,000,000 where nothing is said; `distinct
//! [rows...]`: a workbook in which no text stands twice, to SQLite, for its memory. Each
//! runs in a process of its own, so that its peak memory (VmHWM) is nobody else's. PostgreSQL is the
//! server that PACELINE_TEST_PG names, or a private one; Python is PACELINE_BENCH_PYTHON, and left
//! out without it.

use std::{
    fs::File,
    io::BufReader,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use ::jobs::sheet::{Flow, Part};
use calamine::{Reader, Xlsx};
use engine::{field::Field, time::Millis};
use store::{
    Db, batches, fields, files,
    imports::{self, NewImport},
    jobs, leads,
    testing::{self, Home},
    work::{self, By, Work},
};
use tokio::sync::oneshot::{self, error::TryRecvError};

#[path = "import/books.rs"]
mod books;

use books::{TITLES, write, write_distinct};

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ROWS: [u32; 2] = [100_000, 1_000_000];
const MEMORY_MAX_KB: u64 = 512 * 1024;
const OPENPYXL: &str = include_str!("import/openpyxl.py");
const PANDAS: &str = include_str!("import/pandas.py");

fn main() {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| a != "--bench")
        .collect();
    match arguments.first().map(String::as_str) {
        Some("worker") => worker(&arguments[1], &arguments[2]),
        Some("calamine") => calamine(Path::new(&arguments[1])),
        Some("reader") => reader(Path::new(&arguments[1])),
        first => {
            let asked: Vec<u32> = arguments
                .iter()
                .filter_map(|rows| rows.parse().ok())
                .collect();
            let runtime = tokio::runtime::Runtime::new().expect("a runtime");
            for &rows in if asked.is_empty() { &ROWS[..] } else { &asked } {
                match first {
                    Some("distinct") => runtime.block_on(distinct(rows)),
                    _ => runtime.block_on(compare(rows)),
                }
            }
        }
    }
}

async fn compare(rows: u32) {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let file = dir.path().join("leads.xlsx");
    write(&file, rows);
    let size = std::fs::metadata(&file).expect("the file is there").len();
    println!(
        "{rows} rows x {} columns, {:.1} MB",
        TITLES.len(),
        size as f64 / 1e6
    );
    let bare = child(&["calamine", &file.display().to_string()]);
    let tell = |name: &str, said: &Said| {
        println!(
            "| {name:26} | {said} | {:5.2} |",
            said.seconds / bare.seconds
        );
    };
    tell("calamine alone", &bare);
    let lite = testing::sqlite().await;
    let ours = import(&lite, &file, rows).await;
    tell("paceline to SQLite", &ours);
    drop(lite);
    let pg = import(&testing::postgres().await, &file, rows).await;
    tell("paceline to PostgreSQL", &pg);
    for (name, script) in [
        ("openpyxl, executemany", OPENPYXL),
        ("pandas, to_sql", PANDAS),
    ] {
        match python(script, &file).await {
            Some(said) => tell(name, &said),
            None => println!("| {name:26} | PACELINE_BENCH_PYTHON names no interpreter |"),
        }
    }
    let lite = testing::sqlite().await;
    tell(
        "to SQLite, others writing",
        &beside(&lite, &file, rows).await,
    );
    for said in [&ours, &pg] {
        assert!(
            said.peak_kb < MEMORY_MAX_KB,
            "the worker took {} kB",
            said.peak_kb
        );
    }
}

/// No text stands twice: the table of shared texts is as long as it can be.
async fn distinct(rows: u32) {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let file = dir.path().join("distinct.xlsx");
    write_distinct(&file, rows);
    let size = std::fs::metadata(&file).expect("the file is there").len();
    println!(
        "{rows} rows x {} distinct texts, {:.1} MB",
        TITLES.len(),
        size as f64 / 1e6
    );
    let bare = child(&["calamine", &file.display().to_string()]);
    println!("| {:26} | {bare} |", "calamine alone");
    let ours = child(&["reader", &file.display().to_string()]);
    println!(
        "| {:26} | {ours} | {:5.2} |",
        "our reader alone",
        ours.seconds / bare.seconds
    );
    let lite = testing::sqlite().await;
    let (import, job) = prepare(&lite, &file, rows).await;
    let rest = format!("{}\n{job}", lite.data_dir.display());
    let said = child(&["worker", &lite.place, &rest]);
    println!(
        "| {:26} | {said} | {:5.2} |",
        "paceline to SQLite",
        said.seconds / bare.seconds
    );
    let import = imports::get(&lite.db, &import).await.expect("the database");
    assert_eq!(import.expect("the import").good, i64::from(rows));
    assert!(
        said.peak_kb < MEMORY_MAX_KB,
        "the worker took {} kB",
        said.peak_kb
    );
}

/// One whole import in a worker of its own.
async fn import(home: &Home, file: &Path, rows: u32) -> Said {
    let (import, job) = prepare(home, file, rows).await;
    let rest = format!("{}\n{job}", home.data_dir.display());
    let place = home.place.clone();
    let said = tokio::task::spawn_blocking(move || child(&["worker", &place, &rest]));
    let said = said.await.expect("the worker ends");
    check(&home.db, &import, rows).await;
    said
}

/// The same while another process writes twenty times a second, as one that records calls does.
async fn beside(home: &Home, file: &Path, rows: u32) -> Said {
    let db = Db::connect(&home.place).await.expect("the database");
    let (stop, mut stopped) = oneshot::channel::<()>();
    let writing = tokio::spawn(async move {
        let mut waits = Vec::new();
        while stopped.try_recv() == Err(TryRecvError::Empty) {
            let start = Instant::now();
            leads::previewed(&db, "nobody")
                .await
                .expect("a turn to write");
            waits.push(start.elapsed());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        waits
    });
    let said = import(home, file, rows).await;
    drop(stop);
    let mut waits = writing.await.expect("the writes end");
    waits.sort_unstable();
    let at = |share: usize| waits[(waits.len() - 1) * share / 100];
    println!(
        "another writer waited {:?} in the median, {:?} at the 99th percentile, {:?} at most",
        at(50),
        at(99),
        at(100)
    );
    said
}

async fn python(script: &str, file: &Path) -> Option<Said> {
    let interpreter = std::env::var("PACELINE_BENCH_PYTHON").ok()?;
    let home = testing::sqlite().await;
    home.db.close().await;
    let place = Path::new(&home.place).join("paceline.db");
    let output = Command::new(interpreter)
        .args(["-c", script])
        .arg(file)
        .arg(place)
        .output()
        .expect("the interpreter runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    Some(Said::read(&String::from_utf8_lossy(&output.stdout)))
}

/// What a child process says of itself.
struct Said {
    seconds: f64,
    peak_kb: u64,
}

impl Said {
    fn read(text: &str) -> Self {
        let mut words = text.split_whitespace();
        let mut word = || words.next().expect("seconds and kB");
        Self {
            seconds: word().parse().expect("seconds"),
            peak_kb: word().parse().expect("kB"),
        }
    }
}

impl std::fmt::Display for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:7.2} s | {:4} MB", self.seconds, self.peak_kb / 1024)
    }
}

fn child(arguments: &[&str]) -> Said {
    let output = Command::new(std::env::current_exe().expect("this program"))
        .args(arguments)
        .output()
        .expect("the child runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {errors}");
    Said::read(&String::from_utf8_lossy(&output.stdout))
}

fn say(took: Duration) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak = peak
        .and_then(|text| text.split_whitespace().next())
        .unwrap_or("0");
    println!("{} {peak}", took.as_secs_f64());
}

fn calamine(path: &Path) {
    let start = Instant::now();
    let file = BufReader::with_capacity(256 * 1024, File::open(path).expect("the file"));
    let mut book = Xlsx::new(file).expect("a workbook");
    let name = book.sheet_names()[0].clone();
    let mut cells = book.worksheet_cells_reader(&name).expect("a sheet");
    let mut count = 0_u64;
    while cells.next_cell().expect("a cell").is_some() {
        count += 1;
    }
    assert!(count > 0);
    say(start.elapsed());
}

fn reader(path: &Path) {
    let start = Instant::now();
    let mut count = 0_u64;
    ::jobs::sheet::read(path, &mut |part| {
        count += u64::from(matches!(part, Part::Row(_)));
        Ok(Flow::On)
    })
    .expect("a sheet");
    assert!(count > 0);
    say(start.elapsed());
}

#[tokio::main]
async fn worker(place: &str, rest: &str) {
    let (data_dir, job) = rest.split_once('\n').expect("directory and job");
    let db = Db::connect(place).await.expect("the database");
    let start = Instant::now();
    let watched = db.clone();
    let job = job.to_owned();
    let done = async move {
        loop {
            let row = jobs::get(&watched, &job)
                .await
                .expect("the database answers");
            let row = row.expect("the job is there");
            if row.finished_at.is_some() {
                assert_eq!(row.state, "succeeded", "{:?}", row.error_text);
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        say(start.elapsed());
    };
    ::jobs::run_worker(db, data_dir.into(), done)
        .await
        .expect("the worker ends well");
}

async fn prepare(home: &Home, file: &Path, rows: u32) -> (String, String) {
    let db = &home.db;
    let import = &imports::new_import_id();
    let kept = home.data_dir.join(files::upload(import, "leads.xlsx"));
    std::fs::create_dir_all(kept.parent().expect("it has one")).expect("the data directory");
    std::fs::copy(file, kept).expect("the file is kept");
    let now = Millis(0);
    let mut tx = db.begin().await.expect("a write");
    let new = batches::NewBatch {
        orgi: "o",
        creater: "u",
        name: "bench",
        batch_type: "temporary",
        description: "",
    };
    let batch = batches::create(&mut tx, &new, now).await.expect("a batch");
    let titles = TITLES.map(str::to_owned);
    fields::add_titles(&mut tx, &batch, &titles, now)
        .await
        .expect("fields");
    let all = fields::list_in(&mut tx, &batch).await.expect("fields");
    let phone = all
        .into_iter()
        .find(|field| field.title == "号码")
        .expect("a phone field");
    let phone = Field {
        is_phone: true,
        ..phone
    };
    fields::update(&mut tx, &batch, &phone, now)
        .await
        .expect("a phone field");
    batches::save_template(&mut tx, &batch, now)
        .await
        .expect("a template");
    let new = NewImport {
        id: import,
        orgi: "o",
        batch_id: &batch,
        creater: "u",
        title: "bench",
        file_name: "leads.xlsx",
        file_path: &files::upload(import, "leads.xlsx"),
        sha256: "",
        bytes: i64::from(rows),
        options: &imports::Options::default(),
    };
    imports::create(&mut tx, &new, now)
        .await
        .expect("an import");
    let by = By {
        orgi: "o",
        user: "u",
        batch: Some(&batch),
    };
    let work = Work::ImportBatch {
        import: import.clone(),
    };
    let job = work::enqueue(&mut tx, work, by, now).await.expect("a job");
    tx.commit().await.expect("written");
    (import.clone(), job)
}

async fn check(db: &Db, import: &str, rows: u32) {
    let import = imports::get(db, import).await.expect("the database");
    let import = import.expect("the import");
    let sum = import.good + import.invalid + import.duplicate;
    assert_eq!(sum, i64::from(rows), "{import:?}");
    assert!(import.invalid > 0 && import.duplicate > 0, "{import:?}");
}
