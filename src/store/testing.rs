//! Databases for tests: a SQLite file in a directory of its own, and a fresh database on a
//! PostgreSQL server.
//!
//! The server is the one `PACELINE_TEST_PG` names (a `postgres://` URL whose user may create
//! databases) or, without it, a private one from Debian's package, started once a test process and
//! ended with it. A test that cannot have PostgreSQL fails; it is never skipped.

mod dump;
mod each;
mod inbound;

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, OnceLock},
    time::Duration,
};

use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tempfile::TempDir;

pub use dump::dump;
pub use each::each;
pub use inbound::inbound;

use crate::Db;

/// A database and a data directory, both gone when the test is over.
#[derive(Debug)]
pub struct Home {
    pub db: Db,
    /// What [`Db::open`] took: another process of the same test opens it too.
    pub place: String,
    pub data_dir: PathBuf,
    dir: Arc<TempDir>,
}

/// Runs a test on SQLite, then on PostgreSQL.
///
/// # Panics
/// When the test does, or when a database cannot be had.
pub async fn on_both<F, Fut>(test: F)
where
    F: Fn(Home) -> Fut,
    Fut: Future<Output = ()>,
{
    for home in [sqlite().await, postgres().await] {
        // An `async move` body captures the fields it names, so the directory would go too early.
        let dir = Arc::clone(&home.dir);
        test(home).await;
        drop(dir);
    }
}

/// # Panics
/// When the temporary directory cannot be used.
pub async fn sqlite() -> Home {
    let dir = TempDir::new().expect("a temporary directory");
    let place = dir.path().join("db").display().to_string();
    home(dir, place).await
}

/// # Panics
/// When PostgreSQL cannot be had.
pub async fn postgres() -> Home {
    let dir = TempDir::new().expect("a temporary directory");
    let server = tokio::task::spawn_blocking(server)
        .await
        .expect("the server starts");
    let name = format!("t_{}", uuid::Uuid::new_v4().simple());
    let (base, _) = server.rsplit_once('/').expect("the URL ends in /database");
    let mut admin = connect(&server).await;
    let create = format!("CREATE DATABASE {name} TEMPLATE template0 LC_COLLATE 'C'");
    sqlx::query(AssertSqlSafe(create))
        .execute(&mut admin)
        .await
        .expect("PACELINE_TEST_PG's user may create databases");
    home(dir, format!("{base}/{name}")).await
}

async fn home(dir: TempDir, place: String) -> Home {
    let db = Db::open(&place)
        .await
        .unwrap_or_else(|error| panic!("{place}: {error:?}"));
    let data_dir = dir.path().join("data");
    std::fs::create_dir_all(&data_dir).expect("the data directory");
    Home {
        db,
        place,
        data_dir,
        dir: Arc::new(dir),
    }
}

/// Waits until the server takes connections.
async fn connect(url: &str) -> PgConnection {
    let mut last = None;
    for _ in 0..300 {
        match PgConnection::connect(url).await {
            Ok(connection) => return connection,
            Err(error) => last = Some(error),
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("no PostgreSQL at {url}: {last:?}");
}

/// The server's URL.
fn server() -> String {
    static SERVER: OnceLock<(String, Option<Child>)> = OnceLock::new();
    SERVER
        .get_or_init(|| match std::env::var("PACELINE_TEST_PG") {
            Ok(url) => (url, None),
            Err(_) => {
                let (url, child) = start();
                (url, Some(child))
            }
        })
        .0
        .clone()
}

/// Starts a server that lives as long as this process: its guard reads our end of a pipe.
fn start() -> (String, Child) {
    let bin = binaries().expect(
        "PostgreSQL is not installed: apt-get install postgresql, or set PACELINE_TEST_PG to a server",
    );
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("a free port")
        .port();
    let dir = std::env::temp_dir().join(format!("paceline-pg-{}-{port}", std::process::id()));
    std::fs::create_dir_all(&dir).expect("a directory for PostgreSQL");
    let child = Command::new("sh")
        .arg("-c")
        .arg(script(&bin, &dir, port))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("a shell");
    (
        format!("postgres://postgres@127.0.0.1:{port}/postgres"),
        child,
    )
}

/// PostgreSQL refuses to run as root, so root becomes `postgres` first.
fn script(bin: &Path, dir: &Path, port: u16) -> String {
    let (bin, dir) = (bin.display(), dir.display());
    format!(
        "trap '' INT TERM HUP
        as=''
        if [ \"$(id -u)\" = 0 ]; then as='runuser -u postgres --'; chown postgres '{dir}'; fi
        cd '{dir}' || exit 1
        $as '{bin}/initdb' -D '{dir}/data' -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync \
            > '{dir}/log' 2>&1
        $as '{bin}/postgres' -D '{dir}/data' -p {port} -k '{dir}' -c listen_addresses=127.0.0.1 \
            -c fsync=off -c synchronous_commit=off -c full_page_writes=off \
            -c max_connections=300 >> '{dir}/log' 2>&1 < /dev/null &
        cat > /dev/null
        $as '{bin}/pg_ctl' -D '{dir}/data' -m immediate stop
        cd /
        rm -rf '{dir}'"
    )
}

/// Debian's newest PostgreSQL.
fn binaries() -> Option<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .filter(|bin| bin.join("initdb").exists())
        .collect();
    found.sort();
    found.pop()
}

/// Waits until somebody waits for a row that another write has, or until this write is over: then the
/// other one may be committed. On SQLite a write begins when the one before is over: nothing to wait for.
///
/// # Panics
/// When neither comes, or the database fails.
pub async fn until_it_waits<T>(db: &Db, write: &tokio::task::JoinHandle<T>) {
    let Db::Pg(pool) = db else { return };
    let either = async {
        loop {
            let waits: bool = sqlx::query_scalar(
                "SELECT EXISTS (SELECT 1 FROM pg_stat_activity
                     WHERE datname = current_database() AND wait_event_type = 'Lock')",
            )
            .fetch_one(pool)
            .await
            .expect("the server tells");
            if waits || write.is_finished() {
                break;
            }
        }
    };
    let long = Duration::from_secs(60);
    tokio::time::timeout(long, either)
        .await
        .expect("the write waits or ends");
}

/// Makes a lead look as if it had been dialled once.
///
/// # Panics
/// When the database fails.
pub async fn mark_dialled(db: &Db, lead: &str) {
    crate::on!(db.write(), c => sqlx::query(
        "UPDATE leads SET dial_count = 1, call_status = 'failed' WHERE id = $1"
    ).bind(lead).execute(c).await.map(|_| ()))
    .expect("the lead is marked");
}

/// Makes a batch's leads so many days older.
///
/// # Panics
/// When the database fails.
pub async fn age(db: &Db, batch: &str, days: i64) {
    crate::on!(db.write(), c => sqlx::query(
        "UPDATE leads SET created_at = created_at - $2 WHERE batch_id = $1"
    ).bind(batch).bind(days * 86_400_000).execute(c).await.map(|_| ()))
    .expect("the leads are older");
}

/// Gives a job the next turn: its lease is over, it is due, and no other goes before it. Returns its
/// lane.
///
/// # Panics
/// When the database fails or there is no such job.
pub async fn hurry(db: &Db, job: &str) -> String {
    crate::on!(db.write(), c => sqlx::query_scalar(
        "UPDATE job_runs SET locked_until = 0, run_after = 0, priority = 99 WHERE id = $1
         RETURNING lane"
    ).bind(job).fetch_one(c).await)
    .expect("the job is hurried")
}

/// Runs a statement about one row; `$1` is its id.
///
/// # Panics
/// When the database refuses.
pub async fn about(db: &Db, id: &str, sql: &'static str) {
    crate::on!(db.write(), c => sqlx::query(sql).bind(id).execute(c).await.map(|_| ()))
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
}

/// A task of a preview campaign that gave these leads to a department; its id.
///
/// # Panics
/// When the database refuses.
pub async fn task_of_department(db: &Db, orgi: &str, leads: &[String], department: &str) -> String {
    let id = crate::new_id("tsk");
    let given = i64::try_from(leads.len()).expect("a few");
    crate::on!(db.write(), c => sqlx::query(
        "INSERT INTO tasks (id, orgi, title, state, filtered, to_dept, created_at)
         VALUES ($1, $2, 'task', 'ready', $3, $3, 1)"
    ).bind(&id).bind(orgi).bind(given).execute(c).await.map(|_| ()))
    .expect("a task");
    for lead in leads {
        crate::on!(db.write(), c => sqlx::query(
            "UPDATE leads SET alloc_status = 'dept', alloc_type = 'department', alloc_target = $2,
                 alloc_at = 1, next_dial_at = 1, call_rank = position, task_id = $3 WHERE id = $1"
        ).bind(lead).bind(department).bind(&id).execute(c).await.map(|_| ()))
        .expect("a lead");
    }
    id
}

/// Makes a lead one of this campaign's.
///
/// # Panics
/// When the database refuses.
pub async fn into_campaign(db: &Db, lead: &str, campaign: &str) {
    crate::on!(db.write(), c => sqlx::query("UPDATE leads SET campaign_id = $2 WHERE id = $1")
        .bind(lead).bind(campaign).execute(c).await.map(|_| ()))
    .expect("the lead is the campaign's");
}

/// Makes a lead one of this task, which the user started.
///
/// # Panics
/// When the database refuses.
pub async fn started_by(db: &Db, task: &str, lead: &str, user: &str) {
    crate::on!(db.write(), c => sqlx::query("UPDATE tasks SET created_by = $2 WHERE id = $1")
        .bind(task).bind(user).execute(c).await.map(|_| ()))
    .expect("the task is the user's");
    crate::on!(db.write(), c => sqlx::query("UPDATE leads SET task_id = $2 WHERE id = $1")
        .bind(lead).bind(task).execute(c).await.map(|_| ()))
    .expect("the lead is the task's");
}
