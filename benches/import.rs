//! 200,000 rows of ten columns from .xlsx into SQLite: the whole import (unpack, parse, check,
//! normalise, find duplicates, write) against calamine alone reading the same file.
//!
//! `cargo bench -p jobs --bench import [rows]`. The import runs in a process of its own, so that its
//! peak memory (VmHWM) is the worker's and nobody else's.

use std::{
    fs::File,
    io::BufReader,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use calamine::{Reader, Xlsx};
use engine::{field::Field, time::Millis};
use rust_xlsxwriter::Workbook;
use store::{
    Db, batches, fields, files,
    imports::{self, NewImport},
    jobs,
    work::{self, By, Work},
};

const ROWS: u32 = 200_000;
const TITLES: [&str; 10] = [
    "姓名",
    "号码",
    "年龄",
    "城市",
    "地址",
    "套餐",
    "余额",
    "生日",
    "客户意向",
    "备注",
];
const MEMORY_MAX_KB: u64 = 400 * 1024;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.get(1).map(String::as_str) {
        Some("worker") => worker(&arguments[2], &arguments[3]),
        Some("calamine") => calamine(Path::new(&arguments[2])),
        other => compare(other.and_then(|rows| rows.parse().ok()).unwrap_or(ROWS)),
    }
}

fn compare(rows: u32) {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let place = dir.path().join("db").display().to_string();
    let data_dir = dir.path().join("data");
    let import = imports::new_import_id();
    let file = data_dir.join(files::upload(&import, "leads.xlsx"));
    std::fs::create_dir_all(file.parent().expect("it has one")).expect("the data directory");
    write(&file, rows);
    let size = std::fs::metadata(&file).expect("the file is there").len();
    println!(
        "{rows} rows x {} columns, {:.1} MB",
        TITLES.len(),
        size as f64 / 1e6
    );

    let file_text = file.display().to_string();
    let bare = child(&["calamine", &file_text]);
    println!("calamine alone   {bare}");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let job = runtime.block_on(prepare(&place, &import, rows));
    let whole = child(&["worker", &place, &format!("{}\n{job}", data_dir.display())]);
    println!("whole import     {whole}");
    let ratio = whole.seconds / bare.seconds;
    println!("ratio            {ratio:.1}");
    runtime.block_on(check(&place, &import, rows));
    assert!(
        whole.peak_kb < MEMORY_MAX_KB,
        "the worker took {} kB",
        whole.peak_kb
    );
}

/// What a child process says of itself.
struct Said {
    seconds: f64,
    peak_kb: u64,
}

impl std::fmt::Display for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{:6.2} s   peak {:4} MB",
            self.seconds,
            self.peak_kb / 1024
        )
    }
}

fn child(arguments: &[&str]) -> Said {
    let output = Command::new(std::env::current_exe().expect("this program"))
        .args(arguments)
        .output()
        .expect("the child runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {errors}");
    let text = String::from_utf8_lossy(&output.stdout);
    let mut words = text.split_whitespace();
    let seconds = words
        .next()
        .and_then(|word| word.parse().ok())
        .expect("seconds");
    let peak_kb = words.next().and_then(|word| word.parse().ok()).expect("kB");
    Said { seconds, peak_kb }
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

async fn prepare(place: &str, import: &str, rows: u32) -> String {
    let db = Db::open(place).await.expect("the database");
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
        import: import.into(),
    };
    let job = work::enqueue(&mut tx, work, by, now).await.expect("a job");
    tx.commit().await.expect("written");
    db.close().await;
    job
}

async fn check(place: &str, import: &str, rows: u32) {
    let db = Db::open(place).await.expect("the database");
    let import = imports::get(&db, import)
        .await
        .expect("the database")
        .expect("the import");
    assert_eq!(
        import.good + import.invalid + import.duplicate,
        i64::from(rows)
    );
    println!(
        "{} good, {} invalid, {} duplicate",
        import.good, import.invalid, import.duplicate
    );
}

/// Texts and numbers as people keep them; one number in a thousand is bad, one in five hundred twice.
fn write(path: &Path, rows: u32) {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet_with_low_memory().expect("a sheet");
    for (column, title) in (0..).zip(TITLES) {
        sheet.write(0, column, title).expect("a title");
    }
    for n in 1..=rows {
        let phone = 13_000_000_000 + u64::from(if n % 500 == 0 { n - 1 } else { n });
        sheet.write(n, 0, format!("客户{n}")).expect("a cell");
        match n % 1_000 {
            7 => sheet.write(n, 1, "1.38E+10").expect("a cell"),
            even if even % 2 == 0 => sheet.write(n, 1, phone).expect("a cell"),
            _ => sheet.write(n, 1, phone.to_string()).expect("a cell"),
        };
        sheet.write(n, 2, 18 + n % 60).expect("a cell");
        sheet
            .write(n, 3, ["北京", "上海", "深圳", "杭州"][n as usize % 4])
            .expect("a cell");
        sheet
            .write(n, 4, format!("中关村大街{n}号"))
            .expect("a cell");
        sheet
            .write(n, 5, ["A", "B", "C"][n as usize % 3])
            .expect("a cell");
        sheet
            .write(n, 6, f64::from(n % 10_000) / 100.0)
            .expect("a cell");
        sheet
            .write(n, 7, format!("19{:02}-0{}-1{}", n % 100, n % 9 + 1, n % 9))
            .expect("a cell");
        if n % 7 == 0 {
            sheet.write(n, 8, "有意向").expect("a cell");
        }
        sheet.write(n, 9, "晚上再联系").expect("a cell");
    }
    book.save(path).expect("the file is written");
}
