//! A page of leads by three conditions among a million, on SQLite and on PostgreSQL.
//!
//! `cargo bench -p store --features testing --bench lists [rows]`. Every search is asked nine times; the median and the
//! slowest stand in the table. PostgreSQL is what `PACELINE_TEST_PG` names, or a private server.

use std::time::{Duration, Instant};

use engine::{
    draw::TargetType,
    field::Field,
    filter::{self, Condition, Tree, Value},
    lead_query::{Appointment, CallStatus, Keyword, Query, Sort, Span},
    time::Millis,
};
use store::{Db, Either, lead_search, testing};

const ROWS: i64 = 1_000_000;
const PAGE: i64 = 50;
const ASKED: usize = 9;
const DAY: i64 = 86_400_000;

#[tokio::main]
async fn main() {
    let rows = std::env::args().filter_map(|word| word.parse().ok()).next();
    let rows = rows.unwrap_or(ROWS);
    for home in [testing::sqlite().await, testing::postgres().await] {
        let began = Instant::now();
        fill(&home.db, rows).await;
        let name = match home.db {
            Db::Lite { .. } => "SQLite",
            Db::Pg(_) => "PostgreSQL",
        };
        println!(
            "\n{name}: {rows} leads, made in {:.0} s",
            began.elapsed().as_secs_f64()
        );
        println!(
            "{:<58}{:>8}{:>10}{:>10}{:>10}",
            "search", "fit", "median ms", "worst ms", "count ms"
        );
        for (title, query) in searches() {
            measure(&home.db, title, &query).await;
        }
        home.db.close().await;
    }
}

/// Half of the leads were given away, a tenth was dialled, a hundredth has an appointment.
async fn fill(db: &Db, rows: i64) {
    let (series, hex) = match db {
        Db::Lite { .. } => (
            "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < $1)",
            "printf('%016x', n)",
        ),
        Db::Pg(_) => (
            "WITH s AS (SELECT generate_series(1, $1) AS n)",
            "lpad(to_hex(n), 16, '0')",
        ),
    };
    let sql = format!(
        "INSERT INTO leads (id, orgi, creater, batch_id, import_id, row_no, position, phone,
             phone_raw, key_value, data, alloc_status, alloc_type, alloc_target, alloc_at, task_id,
             campaign_id, call_status, dial_count, appointed, appoint_at, last_dial_at,
             next_dial_at, created_at, updated_at)
         {series} SELECT 'led_' || {hex}, 'o', 'u', CASE WHEN n % 10 = 0 THEN 'b2' ELSE 'b1' END,
             'i', n, n, CAST(13000000000 + n * 7919 % 999999999 AS TEXT),
             '', CAST(n AS TEXT),
             '{{\"name\":\"客户' || n || '\",\"age\":\"' || (18 + n % 60) || '\",\"city\":\"城市' || (n % 300)
                 || '\",\"addr\":\"中山路' || (n % 9973) || '号\",\"plan\":\"套餐' || (n % 7)
                 || '\",\"note\":\"备注备注备注备注 ' || (n % 101) || '\"}}',
             CASE WHEN n % 2 = 0 THEN 'agent' ELSE 'unallocated' END,
             CASE WHEN n % 2 = 0 THEN 'agent' END,
             CASE WHEN n % 2 = 0 THEN CAST(1000 + n % 40 AS TEXT) END,
             CASE WHEN n % 2 = 0 THEN 1 END,
             CASE WHEN n % 2 = 0 THEN 't' || (n % 4) END,
             CASE WHEN n % 2 = 0 THEN 'c1' END,
             CASE WHEN n % 1000 = 0 THEN 'success' WHEN n % 10 = 2 THEN 'failed' ELSE 'notcall' END,
             CASE WHEN n % 10 = 2 THEN 1 ELSE 0 END, n % 100 = 2,
             CASE WHEN n % 100 = 2 THEN n * 1000 END, CASE WHEN n % 10 = 2 THEN n * 900 END,
             CASE WHEN n % 2 = 0 THEN n END, 1, 1
         FROM s"
    );
    run(db, &sql, Some(rows)).await;
    if matches!(db, Db::Pg(_)) {
        run(db, "VACUUM ANALYZE leads", None).await;
    }
}

async fn run(db: &Db, sql: &str, rows: Option<i64>) {
    let sql = sqlx::AssertSqlSafe(sql.to_owned());
    let done = match db.write() {
        Either::Lite(c) => match rows {
            Some(rows) => sqlx::query(sql).bind(rows).execute(c).await.map(|_| ()),
            None => sqlx::query(sql).execute(c).await.map(|_| ()),
        },
        Either::Pg(c) => match rows {
            Some(rows) => sqlx::query(sql).bind(rows).execute(c).await.map(|_| ()),
            None => sqlx::query(sql).execute(c).await.map(|_| ()),
        },
    };
    done.expect("the statement runs");
}

fn test(code: &str, op: &str, value: &str) -> Option<filter::Test> {
    let fields = [Field::of_header(code, code)];
    let condition = Condition {
        field: Some(code.into()),
        op: Some(op.into()),
        value: Value::One(value.into()),
        ..Condition::default()
    };
    match filter::compile(
        &filter::Form::Rows(vec![condition]),
        &filter::columns(&fields),
        Default::default(),
    ) {
        Ok(Tree::Test(test)) => Some(test),
        other => panic!("one test, not {other:?}"),
    }
}

fn searches() -> Vec<(&'static str, Query)> {
    let batch = || Query {
        batch: Some("b1".into()),
        ..Query::default()
    };
    let days = |from: i64, to: i64| Span {
        from: Some(Millis(from * DAY)),
        to: Some(Millis(to * DAY)),
    };
    vec![
        (
            "batch, notcall, given to agents (many)",
            Query {
                call_status: vec![CallStatus::Notcall],
                alloc_type: Some(TargetType::Agent),
                ..batch()
            },
        ),
        (
            "the same, newest first, without a batch (many)",
            Query {
                call_status: vec![CallStatus::Notcall],
                alloc_type: Some(TargetType::Agent),
                voided: Some(false),
                sort: Sort::CreatedDown,
                ..Query::default()
            },
        ),
        (
            "batch, success, campaign (none)",
            Query {
                call_status: vec![CallStatus::Success],
                campaign: Some("c1".into()),
                ..batch()
            },
        ),
        (
            "one agent, failed, dialled in two days",
            Query {
                targets: vec![(TargetType::Agent, "1002".into())],
                call_status: vec![CallStatus::Failed],
                dialled: days(1, 3),
                ..Query::default()
            },
        ),
        (
            "campaign, failed, dialled in two days, by last dial",
            Query {
                campaign: Some("c1".into()),
                call_status: vec![CallStatus::Failed],
                dialled: days(1, 3),
                sort: Sort::LastDial,
                ..Query::default()
            },
        ),
        (
            "task, appointed, appointed in one day, by appointment",
            Query {
                task: Some("t2".into()),
                appointment: Some(Appointment::Made),
                appointed: days(2, 3),
                sort: Sort::Appointment,
                ..Query::default()
            },
        ),
        (
            "number beginning 1300001, batch, notcall",
            Query {
                keyword: Some(Keyword::Phone("1300001".into())),
                call_status: vec![CallStatus::Notcall],
                ..batch()
            },
        ),
        (
            "number beginning 130 (many), batch, success (few)",
            Query {
                keyword: Some(Keyword::Phone("130".into())),
                call_status: vec![CallStatus::Success],
                ..batch()
            },
        ),
        (
            "batch, notcall, age over 40 (many)",
            Query {
                call_status: vec![CallStatus::Notcall],
                field: test("age", "gt", "40"),
                ..batch()
            },
        ),
        (
            "batch, notcall, city is one of 300 (some)",
            Query {
                call_status: vec![CallStatus::Notcall],
                field: test("city", "eq", "城市77"),
                ..batch()
            },
        ),
        (
            "batch, notcall, name is one of a million",
            Query {
                call_status: vec![CallStatus::Notcall],
                field: test("name", "eq", "客户777777"),
                ..batch()
            },
        ),
        (
            "batch, notcall, text in any field, one of a million",
            Query {
                call_status: vec![CallStatus::Notcall],
                keyword: Some(Keyword::Text("客户777777".into())),
                ..batch()
            },
        ),
        (
            "campaign, notcall, voided no, by next dial (many)",
            Query {
                campaign: Some("c1".into()),
                call_status: vec![CallStatus::Notcall],
                voided: Some(false),
                sort: Sort::NextDial,
                ..Query::default()
            },
        ),
    ]
}

async fn measure(db: &Db, title: &str, query: &Query) {
    let mut times = Vec::new();
    for _ in 0..ASKED {
        let began = Instant::now();
        lead_search::page(db, "o", query, None, PAGE + 1)
            .await
            .expect("a page");
        times.push(began.elapsed());
    }
    times.sort();
    let began = Instant::now();
    let fit = lead_search::count(db, "o", query, 100_001)
        .await
        .expect("a count");
    let counted = began.elapsed();
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    println!(
        "{title:<58}{:>8}{:>10.1}{:>10.1}{:>10.1}",
        if fit > 100_000 {
            ">100000".into()
        } else {
            fit.to_string()
        },
        ms(times[ASKED / 2]),
        ms(times[ASKED - 1]),
        ms(counted)
    );
}
