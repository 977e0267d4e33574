//! A list of leads as a finished allocation leaves it, made by the database itself.

use sqlx::{AssertSqlSafe, Connection, PgConnection};
use store::{Db, on};

pub const NOW: i64 = 1_700_000_000_000;

/// Numbers of the list begin here; the rest says which lead it is.
const FIRST: i64 = 10_000_000_000;

/// The place in call order of the lead with this number.
pub fn rank_of(number: &str) -> i64 {
    number.parse::<i64>().expect("a number") - FIRST
}

/// A database of its own on a server.
pub struct Database {
    pub place: String,
    server: String,
    name: String,
}

impl Database {
    pub async fn make(server: &str) -> Self {
        let name = format!("bench_{}", std::process::id());
        let (base, _) = server.rsplit_once('/').expect("the URL ends in /database");
        let create = format!("CREATE DATABASE {name} TEMPLATE template0 LC_COLLATE 'C'");
        run(server, create).await;
        Self {
            place: format!("{base}/{name}"),
            server: server.into(),
            name,
        }
    }

    pub async fn drop(self) {
        run(
            &self.server,
            format!("DROP DATABASE {} WITH (FORCE)", self.name),
        )
        .await;
    }
}

async fn run(server: &str, sql: String) {
    let mut admin = PgConnection::connect(server).await.expect("the server");
    sqlx::query(AssertSqlSafe(sql))
        .execute(&mut admin)
        .await
        .expect("the order");
}

/// Makes the leads and everything that points to them, and returns their campaign.
pub async fn fill(db: &Db, leads: i64) -> String {
    let indexes = take_indexes(db).await;
    let numbers = match db {
        Db::Lite { .. } => {
            "WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers
                 WHERE n + 1 < $1)"
        }
        Db::Pg(_) => "WITH numbers (n) AS (SELECT generate_series(0, $1 - 1))",
    };
    let id = match db {
        Db::Lite { .. } => "printf('led_%016x', n)",
        Db::Pg(_) => "'led_' || lpad(to_hex(n), 16, '0')",
    };
    let sql = format!(
        "INSERT INTO leads (id, orgi, creater, batch_id, import_id, row_no, position, phone,
             phone_raw, key_value, data, alloc_status, alloc_type, alloc_target, alloc_at, task_id,
             campaign_id, next_dial_at, call_rank, created_at, updated_at)
         {numbers} SELECT {id}, 'main', 'usr_1', 'bat_1', 'imp_1', n, n, CAST({FIRST} + n AS TEXT),
             CAST({FIRST} + n AS TEXT), CAST({FIRST} + n AS TEXT),
             '{{\"f1\":\"客户\",\"f2\":\"' || CAST(n AS TEXT) || '\",\"f3\":\"杭州\",\"f4\":\"2026-01-02\"}}',
             'queue', 'queue', 'que_' || CAST(n % 10 AS TEXT), {NOW}, 'tsk_1', 'cmp_1', {NOW}, n,
             {NOW}, {NOW} FROM numbers"
    );
    on!(db.write(), c => sqlx::query(AssertSqlSafe(sql)).bind(leads).execute(c).await.map(|_| ()))
        .expect("the leads");
    for index in indexes {
        on!(db.write(), c => sqlx::query(AssertSqlSafe(index)).execute(c).await.map(|_| ()))
            .expect("the index");
    }
    let settle: &[&str] = match db {
        Db::Lite { .. } => &["PRAGMA wal_checkpoint(TRUNCATE)"],
        Db::Pg(_) => &["VACUUM (ANALYZE) leads", "CHECKPOINT"],
    };
    for sql in settle {
        on!(db.write(), c => sqlx::query(*sql).execute(c).await.map(|_| ())).expect("the list");
    }
    "cmp_1".into()
}

pub fn ids_of(leads: &[engine::floor::Lead]) -> Vec<String> {
    leads.iter().map(|lead| lead.id.to_string()).collect()
}

/// Dials these leads: nobody answers, and they come back after an hour. The two writes of each dial
/// are made for all of them at once.
pub async fn dial(db: &Db, leads: &[String]) {
    let ids = serde_json::to_string(leads).expect("ids");
    let each = match db {
        Db::Lite { .. } => "SELECT value FROM json_each($1)",
        Db::Pg(_) => "SELECT value FROM json_array_elements_text($1::json) AS each (value)",
    };
    let calling = format!(
        "UPDATE leads SET call_status = 'calling', dial_count = dial_count + 1, last_dial_at = {NOW}
         WHERE id IN ({each})"
    );
    let failed = format!(
        "UPDATE leads SET call_status = 'failed', outcome = 'no_answer', fail_count = fail_count + 1,
             next_dial_at = {NOW} + 3600000, call_rank = NULL WHERE id IN ({each})"
    );
    let back = format!("DELETE FROM reservations WHERE lead_id IN ({each})");
    for sql in [calling, failed, back] {
        on!(db.write(), c => sqlx::query(AssertSqlSafe(sql)).bind(&ids).execute(c).await.map(|_| ()))
            .expect("the leads are dialled");
    }
}

/// An index is cheaper to make than to keep while ten million rows come in. Drops those of the
/// leads and returns how to make them again.
async fn take_indexes(db: &Db) -> Vec<String> {
    let found: Vec<(String, String)> = match db {
        Db::Lite { writer, .. } => sqlx::query_as(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'leads'
                 AND sql IS NOT NULL",
        )
        .fetch_all(writer)
        .await
        .expect("the indexes"),
        Db::Pg(pool) => sqlx::query_as(
            "SELECT indexname::text, indexdef FROM pg_indexes WHERE tablename = 'leads'
                 AND indexname <> ALL (SELECT conname FROM pg_constraint)",
        )
        .fetch_all(pool)
        .await
        .expect("the indexes"),
    };
    let mut again = Vec::new();
    for (name, sql) in found {
        on!(db.write(), c => sqlx::query(AssertSqlSafe(format!("DROP INDEX {name}")))
            .execute(c).await.map(|_| ()))
        .expect("the index goes");
        again.push(sql);
    }
    again
}
