//! A database as text.

use sqlx::AssertSqlSafe;

use crate::{Db, db::Either, on};

/// Every value of every row of these tables, table by table, in an order of its own.
///
/// # Panics
/// When there is no such table or the database fails.
pub async fn dump(db: &Db, tables: &[&str]) -> String {
    let mut text = String::new();
    for table in tables {
        let row = match db.read() {
            Either::Lite(pool) => {
                let columns = format!(
                    "SELECT group_concat('quote(' || name || ')', ' || '',''  || ')
                     FROM pragma_table_info('{table}')"
                );
                sqlx::query_scalar(AssertSqlSafe(columns))
                    .fetch_one(pool)
                    .await
                    .expect("a table")
            }
            Either::Pg(_) => format!("{table}::text"),
        };
        let sql = format!("SELECT {row} FROM {table} ORDER BY 1");
        let rows: Vec<String> = on!(db.read(), c => sqlx::query_scalar(AssertSqlSafe(sql))
            .fetch_all(c).await)
        .unwrap_or_else(|error| panic!("{table}: {error}"));
        text.push_str(&format!("{table}: {}\n{}\n", rows.len(), rows.join("\n")));
    }
    text
}
